-- filesystem: the iterators of directories and their entries.

local filesystem = require "emilua.filesystem"
local fs_helper = require "spec.fs_helper"
local helper = require "spec.helper"

local new = filesystem.path.new
local at, fails, shell, write = fs_helper.at, fs_helper.fails, fs_helper.shell, fs_helper.write
local flat, recursive = filesystem.directory_iterator, filesystem.recursive_directory_iterator

helper.install()
fs_helper.install()

local function make_tree()
    shell "mkdir -p t/a/b/c t/d; touch t/1 t/a/2 t/a/b/3 t/a/b/c/4 t/d/5; ln -s ../a t/d/link"
end

-- The texts of all that an iterator yields, sorted; entries of a recursive one with their depth.
local function collect(f)
    local list = {}
    for e, depth in f do list[#list + 1] = (depth and depth .. " " or "") .. tostring(e.path) end
    table.sort(list)
    return list
end

-- The same told by find.
local function found(command)
    local list = {}
    for line in (shell(command) .. "\n"):gmatch "([^\n]+)\n" do list[#list + 1] = line end
    table.sort(list)
    return list
end

-- A recursive iterator, its handle, and a function that advances to the entry of that name.
local function start(name, opts)
    local f, handle = recursive(at(name), opts)
    return f, handle, function(wanted)
        for e in f do
            if e.path.filename == wanted then return e end
        end
    end
end

describe("filesystem.directory_iterator", function()
    it("yields the entries of a directory, without . and ..", function()
        make_tree()
        local f, handle = flat(at "t")
        assert.is_nil(handle)
        assert.same(found "find $PWD/t -mindepth 1 -maxdepth 1", collect(f))
    end)

    it("joins the argument with the names", function()
        make_tree()
        local before = filesystem.current_working_directory()
        filesystem.current_working_directory(at ".")
        assert.same({ "t/1", "t/a", "t/d" }, collect(flat(new "t")))
        assert.same({ "t/1", "t/a", "t/d" }, collect(flat(new "t/")))
        assert.same({ "./t" }, collect(flat(new ".")))
        filesystem.current_working_directory(before)
        assert.equal("/proc", ("\n" .. table.concat(collect(flat(new "/")), "\n") .. "\n"):match "\n(/proc)\n")
    end)

    it("returns nothing from the end on", function()
        local f = flat(at ".")
        assert.is_nil(f())
        assert.is_nil(f())
    end)

    it("keeps names byte by byte", function()
        local names = { "\255\254", "a\nb", " ", "\1", "caf\195\169", ("x"):rep(255) }
        for _, name in ipairs(names) do write(name) end
        local list = {}
        for e in flat(at ".") do
            list[#list + 1] = e.path.filename
            assert.is_true(filesystem.exists(new(tostring(e.path))))
        end
        table.sort(names)
        table.sort(list)
        assert.same(names, list)
    end)

    it("raises at the call what cannot be opened", function()
        write "f"
        fails("ENOENT", function() flat(at "no") end, at "no")
        fails("ENOTDIR", function() flat(at "f") end, at "f")
        fails("ENOENT", function() flat(new "") end, "")
    end)

    it("raises EINVAL for wrong options", function()
        for _, iterator in ipairs { flat, recursive } do
            for _, wrong in ipairs { 1, "x", true } do helper.EINVAL(function() iterator(at ".", wrong) end, 2) end
            helper.EINVAL(function() iterator(at ".", { skip_permission_denied = 1 }) end, "skip_permission_denied")
        end
        helper.EINVAL(function() recursive(at ".", { follow_directory_symlink = 1 }) end, "follow_directory_symlink")
    end)

    it("goes on when the directory is renamed, and ends when it is removed", function()
        shell "mkdir d; for i in $(seq 2000); do echo d/$i; done | xargs touch"
        local f = flat(at "d")
        local n = f() and 1
        shell "mv d e"
        local e = f()
        assert.equal(0, e.file_size)
        n = n + 1
        for _ in f do n = n + 1 end
        assert.equal(2000, n)
        f = flat(at "e")
        f()
        shell "rm -r e"
        for _ in f do n = n + 1 end
        assert.is_nil(f())
    end)
end)

describe("filesystem.recursive_directory_iterator", function()
    it("yields a directory before its content, with the depth", function()
        make_tree()
        local seen = {}
        for e, depth in recursive(at "t") do
            local path = tostring(e.path)
            seen[path] = depth
            if depth > 0 then assert.equal(depth - 1, seen[tostring(e.path.parent_path)]) end
        end
        assert.same(found "find $PWD/t -mindepth 1 -printf '%d %p\\n' | while read d p; do echo $((d-1)) $p; done",
            collect((recursive(at "t"))))
    end)

    it("yields what find does in a large tree", function()
        local root = filesystem.canonical(new(helper.root)) / "lua"
        assert.same(found(("find %s -mindepth 1 -printf '%%d %%p\\n'"):format(root)), (function()
            local list = {}
            for e, depth in recursive(root) do list[#list + 1] = depth + 1 .. " " .. tostring(e.path) end
            table.sort(list)
            return list
        end)())
    end)

    it("follows links to directories when told to", function()
        make_tree()
        assert.same(found "find -L $PWD/t -mindepth 1 -printf '%d %p\\n' | while read d p; do echo $((d-1)) $p; done",
            collect((recursive(at "t", { follow_directory_symlink = true }))))
    end)

    it("raises ELOOP in a loop of links, and has ended then", function()
        shell "mkdir t; ln -s . t/loop; ln -s no t/dangling; touch t/f; ln -s f t/to_f"
        local f, handle = recursive(at "t", { follow_directory_symlink = true })
        local e = helper.raises("generic", "ELOOP", function() for _ in f do end end)
        assert.is_nil(e.path1)
        assert.is_nil(f())
        helper.EINVAL(function() handle:pop() end)
    end)

    it("raises from the iterator what cannot be opened below", function()
        make_tree()
        local f = recursive(at "t")
        for e in f do
            if e.path.filename == "a" then break end
        end
        shell "mv t/a t/away; touch t/a"
        local e = helper.raises("generic", "ENOTDIR", f)
        assert.is_nil(e.path1)
        assert.is_nil(f())
    end)

    it("does not follow a link that takes a directory's place", function()
        make_tree()
        local f = recursive(at "t")
        for e in f do
            if e.path.filename == "a" then break end
        end
        shell "mv t/a t/away; ln -s away t/a"
        helper.raises("generic", "ENOTDIR", f)
    end)

    it("goes on below a directory that is renamed", function()
        make_tree()
        local _, _, to = start "t"
        to "b"
        shell "mv t u"
        assert.equal("3", to("3").path.filename)
    end)
end)

describe("the handle of a recursive iterator", function()
    it("has a class, and no unknown members", function()
        local _, handle = recursive(at ".")
        assert.equal("filesystem.recursive_directory_iterator", getmetatable(handle))
        helper.bad_index(function() return handle.no_such_thing end)
        helper.bad_index(function() handle.recursion_pending = true end)
        helper.EINVAL(function() handle.pop(1) end, 1)
        helper.EINVAL(function() handle.disable_recursion_pending({}) end, 1)
    end)

    it("disables recursion for one step", function()
        shell "mkdir -p t/a t/b; touch t/a/x t/b/x"
        local f, handle = recursive(at "t")
        f()
        assert.is_true(handle.recursion_pending)
        assert.equal(0, select("#", handle:disable_recursion_pending()))
        assert.is_false(handle.recursion_pending)
        local e, depth = f()
        assert.equal(0, depth)
        assert.is_true(handle.recursion_pending)
        local x, below = f()
        assert.equal(1, below)
        assert.equal(tostring(e.path / "x"), tostring(x.path))
        assert.is_true(handle.recursion_pending)
        assert.is_nil(f())
    end)

    it("pops to the parent's next entry, which is not lost", function()
        shell "mkdir -p t/a t/b t/c; for d in a b c; do touch t/$d/1 t/$d/2 t/$d/3; done"
        local f, handle = recursive(at "t")
        local top, below = 0, 0
        for _, depth in f do
            if depth == 0 then
                top = top + 1
            else
                below = below + 1
                assert.equal(0, select("#", handle:pop()))
            end
        end
        assert.equal(3, top)
        assert.equal(3, below)
    end)

    it("pops at depth 0 to the end", function()
        make_tree()
        local f, handle = recursive(at "t")
        f()
        handle:pop()
        assert.is_nil(f())
    end)

    it("raises EINVAL at the end", function()
        local f, handle = recursive(at ".")
        assert.is_nil(f())
        helper.EINVAL(function() handle:disable_recursion_pending() end, 1)
        helper.EINVAL(function() return handle.recursion_pending end, 1)
        helper.EINVAL(function() handle:pop() end)
    end)
end)

describe("filesystem.directory_entry", function()
    it("has a class, and no unknown members", function()
        write "f"
        local e = flat(at ".")()
        assert.equal("filesystem.directory_entry", getmetatable(e))
        assert.equal("filesystem.path", getmetatable(e.path))
        helper.bad_index(function() return e.no_such_thing end)
        helper.bad_index(function() e.path = 1 end)
        helper.EINVAL(function() e.refresh(1) end, 1)
    end)

    it("tells what the functions of the same names tell", function()
        shell "echo hello > f; ln f g; mkdir d; ln -s f l; chmod 640 f"
        for _, iterator in ipairs { flat, recursive } do
            for e in iterator(at ".") do
                for _, name in ipairs {
                    "hardlink_count", "hard_link_count", "last_write_time", "status", "symlink_status",
                } do
                    assert.is_true(filesystem[name](e.path) == e[name], name)
                end
                if e.path.filename ~= "d" then assert.equal(6, e.file_size) end
            end
        end
    end)

    it("reads values when it is asked, at the end of the iteration too", function()
        write("f", "1")
        local f = flat(at ".")
        local e = f()
        assert.equal(1, e.file_size)
        write("f", "12")
        assert.equal(0, select("#", e:refresh()))
        assert.equal(2, e.file_size)
        assert.is_nil(f())
        write("f", "123")
        assert.equal(3, e.file_size)
    end)

    it("raises errors with its path", function()
        shell "mkdir d; ln -s no l; touch f"
        for e in flat(at ".") do
            local name = e.path.filename
            if name == "d" then fails("EISDIR", function() return e.file_size end, at "./d") end
            if name == "l" then
                fails("ENOENT", function() return e.file_size end, at "./l")
                assert.equal("symlink", e.symlink_status.type)
            end
            shell("rm -r " .. name)
            fails("ENOENT", function() return e.symlink_status end, at("./" .. name))
        end
    end)
end)
