local filesystem = require "emilua.filesystem"
local fs_helper = require "spec.fs_helper"
local helper = require "spec.helper"

local new = filesystem.path.new
local at, fails, read, shell, write = fs_helper.at, fs_helper.fails, fs_helper.read, fs_helper.shell, fs_helper.write
local copy, copy_file = filesystem.copy, filesystem.copy_file

helper.install()
fs_helper.install()

-- A tree with links, a file that is executable and one with a strange name.
local function make_tree()
    shell [[
        mkdir -p tree/sub/deep tree/empty
        echo one > tree/one; echo two > tree/sub/two; echo three > tree/sub/deep/three
        chmod 750 tree/sub; chmod 755 tree/one; ln -s one tree/link; ln -s sub tree/to_sub
        echo x > "tree/$(printf 'a\nb\377')"
    ]]
end

-- What find tells of a tree: type, permissions, content of links.
local function listing(name)
    return shell(("cd %s && find . -printf '%%y %%m %%p %%l\\n' | sort"):format(name))
end

describe("filesystem.copy_file", function()
    it("copies content and permission bits", function()
        write("a", ("x"):rep(100000) .. "\0\255")
        shell "chmod 4751 a"
        assert.is_true(copy_file(at "a", at "b"))
        assert.equal(read "a", read "b")
        assert.equal("4751", shell "stat -c %a b")
    end)

    it("follows links", function()
        write("a", "text")
        shell "ln -s a l; touch b; ln -s b m"
        assert.is_true(copy_file(at "l", at "c"))
        assert.equal("regular file", shell "stat -c %F c")
        assert.is_true(copy_file(at "l", at "m", "overwrite"))
        assert.equal("text", read "b")
    end)

    it("raises EEXIST when there is one", function()
        write("a", "new")
        write("b", "old")
        fails("EEXIST", function() copy_file(at "a", at "b") end, at "a", at "b")
        fails("EEXIST", function() copy_file(at "a", at "b", {}) end, at "a", at "b")
        assert.equal("old", read "b")
    end)

    it("skips, overwrites or updates it", function()
        for _, form in ipairs { function(x) return x end, function(x) return { existing = x } end } do
            write("a", "new")
            write("b", "older text")
            shell "touch -d '2020-01-01' b; touch -d '2021-01-01' a"
            assert.is_false(copy_file(at "a", at "b", form "skip"))
            assert.equal("older text", read "b")
            assert.is_true(copy_file(at "a", at "b", form "update"))
            assert.equal("new", read "b")
            write("b", "newer text")
            assert.is_false(copy_file(at "a", at "b", form "update"))
            assert.equal("newer text", read "b")
            assert.is_true(copy_file(at "a", at "b", form "overwrite"))
            assert.equal("new", read "b")
            shell "rm b"
            for _, existing in ipairs { "skip", "overwrite", "update" } do
                assert.is_true(copy_file(at "a", at "b", form(existing)))
                shell "rm b"
            end
        end
    end)

    it("updates what is older, not what is of the same time", function()
        write("a", "new")
        write("b", "old")
        shell "touch -r a b"
        assert.is_false(copy_file(at "a", at "b", "update"))
    end)

    it("raises EEXIST for one and the same file", function()
        write("a", "text")
        shell "ln a b; ln -s a l"
        for _, name in ipairs { "a", "b", "l" } do
            for _, existing in ipairs { "skip", "overwrite", "update" } do
                fails("EEXIST", function() copy_file(at "a", at(name), existing) end, at "a", at(name))
            end
        end
        assert.equal("text", read "a")
    end)

    it("raises for what is no regular file", function()
        shell "mkdir d; mkfifo p; touch f"
        fails("ENOTSUP", function() copy_file(at "d", at "x") end, at "d", at "x")
        fails("ENOTSUP", function() copy_file(at "p", at "x") end, at "p", at "x")
        fails("EISDIR", function() copy_file(at "f", at "d", "overwrite") end, at "f", at "d")
        fails("ENOTSUP", function() copy_file(at "f", at "p", "overwrite") end, at "f", at "p")
        fails("ENOENT", function() copy_file(at "no", at "x") end, at "no", at "x")
        fails("ENOENT", function() copy_file(at "f", at "no/x") end, at "f", at "no/x")
    end)

    it("raises EINVAL for other third arguments", function()
        for _, wrong in ipairs { "replace", 1, true } do
            helper.EINVAL(function() copy_file(at "a", at "b", wrong) end, 3)
            helper.EINVAL(function() copy_file(at "a", at "b", { existing = wrong }) end, "existing")
        end
    end)
end)

describe("filesystem.copy", function()
    it("copies a file", function()
        write("a", "text")
        shell "mkdir d; ln -s a l"
        assert.equal(0, select("#", copy(at "a", at "b")))
        assert.equal("text", read "b")
        copy(at "a", at "d")
        assert.equal("text", read "d/a")
        copy(at "l", at "c")
        assert.equal("regular file", shell "stat -c %F c")
    end)

    it("copies a tree, as cp -rL does", function()
        make_tree()
        copy(at "tree", at "copy", { recursive = true })
        shell "cp -rL tree cp"
        assert.equal(listing "cp", listing "copy")
        shell "diff -r cp copy"
    end)

    it("copies a tree with its links, as cp -rP does", function()
        make_tree()
        copy(at "tree", at "copy", { recursive = true, symlinks = "copy" })
        shell "cp -rP tree cp"
        assert.equal(listing "cp", listing "copy")
    end)

    it("skips links", function()
        make_tree()
        copy(at "tree", at "copy", { recursive = true, symlinks = "skip" })
        shell "cp -r tree cp; find cp -type l -delete"
        assert.equal(listing "cp", listing "copy")
        copy(at "tree/link", at "none", { symlinks = "skip" })
        assert.is_false(filesystem.exists(at "none"))
    end)

    it("copies directories only", function()
        make_tree()
        copy(at "tree", at "copy", { recursive = true, symlinks = "skip", copy = "directories_only" })
        shell "cp -r tree cp; find cp ! -type d -delete"
        assert.equal(listing "cp", listing "copy")
        copy(at "tree/one", at "none", { copy = "directories_only" })
        assert.is_false(filesystem.exists(at "none"))
    end)

    it("makes links instead of copies", function()
        make_tree()
        for i, name in ipairs { "create_hardlinks", "create_hard_links" } do
            copy(at "tree", at("copy" .. i), { recursive = true, symlinks = "skip", copy = name })
            assert.equal(shell "stat -c %i tree/sub/two", shell(("stat -c %%i copy%d/sub/two"):format(i)))
        end
        copy(at "tree/one", at "link", { copy = "create_symlinks" })
        assert.equal(fs_helper.directory .. "/tree/one", shell "readlink link")
        fails("EEXIST", function() copy(at "tree/one", at "link", { copy = "create_symlinks" }) end,
            at "tree/one", at "link")
    end)

    it("without options copies one level of a directory", function()
        make_tree()
        shell "rm tree/to_sub"
        copy(at "tree", at "copy")
        shell "mkdir -m 755 cp; chmod --reference=tree cp; cp -L tree/* cp 2>/dev/null; true"
        assert.equal(listing "cp", listing "copy")
        copy(at "tree/sub", at "other", { recursive = false })
        assert.equal("two", shell "ls other")
    end)

    it("does nothing to a directory with some other option", function()
        make_tree()
        for _, opts in ipairs { { existing = "skip" }, { symlinks = "copy" }, { copy = "directories_only" } } do
            copy(at "tree", at "copy", opts)
            assert.is_false(filesystem.exists(at "copy"))
        end
    end)

    it("applies `existing` to each file", function()
        make_tree()
        copy(at "tree", at "copy", { recursive = true })
        shell "echo changed > copy/one; rm copy/sub/two"
        fails("EEXIST", function() copy(at "tree/one", at "copy/one", { recursive = true }) end,
            at "tree/one", at "copy/one")
        copy(at "tree", at "copy", { recursive = true, existing = "skip" })
        assert.equal("changed\n", read "copy/one")
        assert.equal("two\n", read "copy/sub/two")
        copy(at "tree", at "copy", { recursive = true, existing = "overwrite" })
        assert.equal("one\n", read "copy/one")
    end)

    it("raises ENOENT, EEXIST, EINVAL and EISDIR, in this order", function()
        shell "mkdir d; touch f; mkfifo p; ln -s f l; ln f h"
        fails("ENOENT", function() copy(at "no", at "x") end, at "no", at "x")
        fails("EEXIST", function() copy(at "f", at "h") end, at "f", at "h")
        fails("EEXIST", function() copy(at "f", at "l", { existing = "skip" }) end, at "f", at "l")
        fails("EINVAL", function() copy(at "p", at "x") end, at "p", at "x")
        fails("EINVAL", function() copy(at "f", at "p") end, at "f", at "p")
        fails("EISDIR", function() copy(at "d", at "f") end, at "d", at "f")
        fails("EISDIR", function() copy(at "d", at "x", { copy = "create_symlinks" }) end, at "d", at "x")
    end)

    it("raises EINVAL for a link that is neither followed, skipped nor copied to a free name", function()
        shell "touch f g; ln -s f l"
        fails("EINVAL", function() copy(at "l", at "x", { copy = "create_symlinks" }) end, at "l", at "x")
        fails("EINVAL", function() copy(at "l", at "g", { symlinks = "copy" }) end, at "l", at "g")
        copy(at "l", at "x", { symlinks = "copy" })
        assert.equal("f", shell "readlink x")
    end)

    it("carries the paths of the step that failed", function()
        make_tree()
        shell "mkfifo tree/sub/deep/pipe; rm tree/to_sub"
        local e = fails("EINVAL", function() copy(at "tree", at "copy", { recursive = true }) end,
            at "tree/sub/deep/pipe", at "copy/sub/deep/pipe")
        assert.is_nil(e.arg)
    end)

    it("does not copy a tree into itself for ever", function()
        make_tree()
        shell "rm tree/to_sub"
        fails("EINVAL", function() copy(at "tree", at "tree/sub/new", { recursive = true }) end,
            at "tree/sub/new", at "tree/sub/new/sub/new")
    end)

    it("raises EINVAL for wrong options", function()
        for _, wrong in ipairs { 1, "x", true } do helper.EINVAL(function() copy(at "a", at "b", wrong) end, 3) end
        for name, values in pairs {
            existing = { "replace", 1 }, recursive = { 1, "yes" }, symlinks = { "follow", true },
            copy = { "all", true },
        } do
            for _, wrong in ipairs(values) do
                helper.EINVAL(function() copy(at "a", at "b", { [name] = wrong }) end, name)
            end
        end
    end)

    it("takes names as they are", function()
        local name = "\255\n \1"
        write(name, "text")
        copy(at(name), at(name .. "2"))
        assert.equal("text", read(name .. "2"))
        assert.is_true(filesystem.exists(new(fs_helper.directory) / (name .. "2")))
    end)
end)
