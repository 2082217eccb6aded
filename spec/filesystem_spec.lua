-- filesystem: where paths lead, and questions about files.

local filesystem = require "emilua.filesystem"
local fs_helper = require "spec.fs_helper"
local helper = require "spec.helper"

local new = filesystem.path.new
local at, fails, shell, write = fs_helper.at, fs_helper.fails, fs_helper.shell, fs_helper.write

helper.install()
fs_helper.install()

local function is_path(text, p)
    assert.equal("filesystem.path", getmetatable(p))
    assert.equal(text, tostring(p))
end

local function cwd() return tostring(filesystem.current_working_directory()) end

describe("filesystem.absolute", function()
    it("puts the working directory in front of a relative path, and keeps the rest", function()
        is_path(cwd() .. "/no/../such/", filesystem.absolute(new "no/../such/"))
        is_path("/a/../b", filesystem.absolute(new "/a/../b"))
    end)

    it("raises EINVAL for the empty path", function()
        fails("EINVAL", function() filesystem.absolute(new "") end, "")
    end)
end)

describe("filesystem.canonical", function()
    it("resolves links, dots and dot-dots, as realpath does", function()
        shell "mkdir -p a/b; ln -s a/b l; ln -s ../l a/m; touch a/b/f"
        for _, name in ipairs { "a/./b/..", "l", "a/m/f", "l/../b/f", "a//b/" } do
            is_path(shell("realpath " .. name), filesystem.canonical(at(name)))
        end
        is_path(cwd(), filesystem.canonical(new "."))
    end)

    it("raises ENOENT for what is missing and ELOOP for a loop", function()
        shell "ln -s x y; ln -s y x; ln -s no dangling"
        fails("ENOENT", function() filesystem.canonical(at "no") end, at "no")
        fails("ENOENT", function() filesystem.canonical(at "dangling") end, at "dangling")
        fails("ELOOP", function() filesystem.canonical(at "x") end, at "x")
        fails("ENOENT", function() filesystem.canonical(new "") end, "")
    end)
end)

describe("filesystem.weakly_canonical", function()
    it("resolves the longest prefix that exists and makes the rest normal, as realpath -m does", function()
        shell "mkdir -p a/b; ln -s a/b l; touch f; ln -s no dangling"
        for _, name in ipairs { "a/b", "l/no", "l/no/../x/./y", "no/such", "l/..", "f/x" } do
            is_path(shell("realpath -m " .. name), filesystem.weakly_canonical(at(name)))
        end
        is_path(shell "pwd -P" .. "/l2/x/", filesystem.weakly_canonical(at "l2/./x/"))
        is_path(shell "pwd -P" .. "/l", filesystem.weakly_canonical(at "a/no/../../l"))
        is_path(shell "pwd -P" .. "/dangling/x", filesystem.weakly_canonical(at "dangling/x"))
        is_path("no/such", filesystem.weakly_canonical(new "no/./such"))
        is_path("", filesystem.weakly_canonical(new ""))
    end)

    it("raises other failures", function()
        shell "ln -s x y; ln -s y x"
        fails("ELOOP", function() filesystem.weakly_canonical(at "x/a") end, at "x/a")
    end)
end)

describe("filesystem.relative", function()
    it("is the way from one to the other, links resolved", function()
        shell "mkdir -p a/b c; ln -s a/b l"
        for _, row in ipairs { { "l", "c" }, { "a/no", "l" }, { "c", "c" }, { "a", "no/such" } } do
            is_path(shell(("realpath -m --relative-to=%s %s"):format(row[2], row[1])),
                filesystem.relative(at(row[1]), at(row[2])))
        end
    end)

    it("starts at the working directory without a base", function()
        is_path("lua/emilua", filesystem.relative(new "lua/emilua"))
        is_path(shell("realpath --relative-to=" .. cwd() .. " ."), filesystem.relative(at "."))
    end)

    it("raises errors with both paths", function()
        shell "ln -s x x"
        fails("ELOOP", function() filesystem.relative(at "x", at "a") end, at "x", at "a")
        fails("ELOOP", function() filesystem.relative(at "a", at "x") end, at "a", at "x")
        fails("ELOOP", function() filesystem.relative(at "x") end, at "x", cwd())
        helper.EINVAL(function() filesystem.relative(new "a", "b") end, 2)
    end)
end)

describe("filesystem.proximate", function()
    it("is the relative path, or the path where there is none", function()
        shell "mkdir a"
        is_path("../a", filesystem.proximate(at "a", at "b"))
        is_path("lua", filesystem.proximate(new "lua"))
        is_path("no/such", filesystem.proximate(new "no/such", at "a"))
        helper.EINVAL(function() filesystem.proximate(new "a", "b") end, 2)
    end)
end)

describe("filesystem.read_symlink", function()
    it("is the content of a link, unresolved", function()
        shell "ln -s 'no//such/../x' l; ln -s . '$(printf \"\\377\")'"
        is_path("no//such/../x", filesystem.read_symlink(at "l"))
    end)

    it("raises EINVAL for what is no link", function()
        fails("EINVAL", function() filesystem.read_symlink(at ".") end, at ".")
        fails("ENOENT", function() filesystem.read_symlink(at "no") end, at "no")
    end)
end)

describe("filesystem.temp_directory_path", function()
    local function told(env)
        return (helper.child([[
            local filesystem = require "emilua.filesystem"
            local ok, p = pcall(filesystem.temp_directory_path)
            print(ok and p or tostring(p.category) .. " " .. p.code .. " " .. tostring(p.path1))
        ]], { env = env, before = "unset TMPDIR TMP TEMP TEMPDIR;" }))
    end

    it("is named by the first of TMPDIR, TMP, TEMP, TEMPDIR that is set, else /tmp", function()
        assert.equal("/tmp\n", told {})
        assert.equal("/usr\n", told { TEMPDIR = "/usr" })
        assert.equal("/var\n", told { TEMPDIR = "/usr", TEMP = "/var" })
        assert.equal("/bin\n", told { TEMPDIR = "/usr", TEMP = "/var", TMP = "/bin" })
        assert.equal("/dev\n", told { TEMPDIR = "/usr", TEMP = "/var", TMP = "/bin", TMPDIR = "/dev" })
    end)

    it("raises for what is no directory", function()
        assert.equal("generic 20 /dev/null\n", told { TMPDIR = "/dev/null" })
        assert.equal("generic 2 /no/such\n", told { TMPDIR = "/no/such" })
    end)
end)

describe("filesystem.current_working_directory", function()
    it("is asked and set", function()
        local before = filesystem.current_working_directory()
        is_path(helper.shell("pwd -P"):gsub("\n", ""), before)
        assert.equal(0, select("#", filesystem.current_working_directory(at ".")))
        is_path(shell "pwd -P", filesystem.current_working_directory())
        filesystem.current_working_directory(before)
        is_path(tostring(before), filesystem.current_working_directory())
    end)

    it("raises errors with the path", function()
        fails("ENOENT", function() filesystem.current_working_directory(at "no") end, at "no")
        write "f"
        fails("ENOTDIR", function() filesystem.current_working_directory(at "f") end, at "f")
        for _, wrong in ipairs { "x", 1, {} } do
            helper.EINVAL(function() filesystem.current_working_directory(wrong) end, 1)
        end
    end)
end)

-- A file of each type: name -> type. `d/l` names are links.
local function make_types()
    shell [[
        mkdir dir; echo hello > regular; ln -s regular to_regular; ln -s dir to_dir; mkfifo fifo; ln -s no dangling
        ln -s loop loop; ln -s /dev/null to_character ]]
    filesystem.mknod(at "socket", 0xc1a4, 0)
end

describe("filesystem.exists", function()
    it("follows links, and what is missing is no error", function()
        make_types()
        for name, answer in pairs {
            dir = true, regular = true, to_regular = true, fifo = true, socket = true, dangling = false, no = false,
            ["no/such"] = false, ["regular/x"] = false, ["."] = true,
        } do
            assert.equal(answer, filesystem.exists(at(name)), name)
        end
        assert.is_false(filesystem.exists(new ""))
    end)

    it("raises other failures", function()
        make_types()
        fails("ELOOP", function() filesystem.exists(at "loop") end, at "loop")
        local long = at(("x"):rep(300))
        fails("ENAMETOOLONG", function() filesystem.exists(long) end, long)
    end)
end)

describe("filesystem.is_*", function()
    local TYPES = {
        is_regular_file = { "regular", "to_regular" }, is_directory = { "dir", "to_dir" },
        is_symlink = { "to_regular", "to_dir", "dangling", "loop", "to_character" }, is_fifo = { "fifo" },
        is_socket = { "socket" }, is_other = { "fifo", "socket", "to_character" },
        is_character_device = { "to_character" }, is_block_device = {},
    }

    it("tells the type; only is_symlink does not follow links", function()
        make_types()
        for name, list in pairs(TYPES) do
            local is = {}
            for _, file in ipairs(list) do is[file] = true end
            for _, file in ipairs { "regular", "to_regular", "dir", "to_dir", "fifo", "socket", "to_character" } do
                assert.equal(is[file] or false, filesystem[name](at(file)), name .. " " .. file)
            end
        end
        assert.is_true(filesystem.is_symlink(at "dangling"))
    end)

    it("tells a block device", function()
        local list = helper.shell "find /dev -type b 2>/dev/null | head -n 1":gsub("\n", "")
        if list == "" then list = nil end
        if list then assert.is_true(filesystem.is_block_device(new(list))) end
        assert.is_false(filesystem.is_block_device(new "/dev/null"))
    end)

    it("raises ENOENT for a missing path", function()
        make_types()
        for name in pairs(TYPES) do
            fails("ENOENT", function() filesystem[name](at "no") end, at "no")
            if name ~= "is_symlink" then
                fails("ENOENT", function() filesystem[name](at "dangling") end, at "dangling")
            end
        end
    end)

    it("has the names of release 0.6", function()
        assert.is_true(filesystem.is_character_file(new "/dev/null"))
        assert.is_false(filesystem.is_block_file(new "/dev/null"))
    end)
end)

describe("filesystem.is_empty", function()
    it("is true of a directory without entries and of a file of size 0", function()
        make_types()
        write "empty"
        assert.is_true(filesystem.is_empty(at "dir"))
        assert.is_true(filesystem.is_empty(at "to_dir"))
        assert.is_true(filesystem.is_empty(at "empty"))
        assert.is_false(filesystem.is_empty(at "."))
        assert.is_false(filesystem.is_empty(at "regular"))
    end)

    it("raises for other types and for what is missing", function()
        make_types()
        fails("ENOTSUP", function() filesystem.is_empty(at "fifo") end, at "fifo")
        fails("ENOENT", function() filesystem.is_empty(at "no") end, at "no")
    end)
end)

describe("filesystem.equivalent", function()
    it("compares device and inode", function()
        make_types()
        shell "ln regular hard"
        assert.is_true(filesystem.equivalent(at "regular", at "hard"))
        assert.is_true(filesystem.equivalent(at "regular", at "to_regular"))
        assert.is_true(filesystem.equivalent(at "dir", at "dir/../to_dir/."))
        assert.is_false(filesystem.equivalent(at "regular", at "dir"))
        assert.is_false(filesystem.equivalent(at "regular", at "fifo"))
    end)

    it("raises ENOENT for a missing path, ENOTSUP for two others", function()
        make_types()
        fails("ENOENT", function() filesystem.equivalent(at "no", at "dir") end, at "no", at "dir")
        fails("ENOENT", function() filesystem.equivalent(at "dir", at "no") end, at "dir", at "no")
        fails("ENOTSUP", function() filesystem.equivalent(at "fifo", at "socket") end, at "fifo", at "socket")
    end)
end)

describe("filesystem.file_size", function()
    it("is the size in bytes, as stat reports it", function()
        make_types()
        assert.equal(6, filesystem.file_size(at "regular"))
        assert.equal(6, filesystem.file_size(at "to_regular"))
        shell "truncate -s 5G sparse"
        assert.equal(5 * 2 ^ 30, filesystem.file_size(at "sparse"))
    end)

    it("raises EISDIR for a directory, ENOTSUP for other types", function()
        make_types()
        fails("EISDIR", function() filesystem.file_size(at "dir") end, at "dir")
        fails("ENOTSUP", function() filesystem.file_size(at "fifo") end, at "fifo")
        fails("ENOENT", function() filesystem.file_size(at "no") end, at "no")
    end)
end)

describe("filesystem.hardlink_count", function()
    it("counts the names of a file", function()
        shell "touch a; ln a b; ln a c"
        assert.equal(3, filesystem.hardlink_count(at "b"))
        assert.equal(3, filesystem.hard_link_count(at "b"))
        fails("ENOENT", function() filesystem.hardlink_count(at "no") end, at "no")
    end)
end)

describe("filesystem.last_write_time", function()
    local clock = filesystem.clock

    it("is what stat reports", function()
        shell "touch -d '2001-02-03 04:05:06.5 UTC' f; ln -s f l"
        assert.equal(981173106.5, filesystem.last_write_time(at "f").seconds_since_unix_epoch)
        assert.equal(981173106.5, filesystem.last_write_time(at "l", nil).seconds_since_unix_epoch)
        shell "touch -d '1960-01-01 00:00:00.25 UTC' f"
        assert.equal(tonumber(shell "stat -c %.2Y f"), filesystem.last_write_time(at "f").seconds_since_unix_epoch)
    end)

    it("is set, links followed; the time of access stays", function()
        shell "touch -d '2001-02-03 04:05:06 UTC' f; ln -s f l"
        assert.equal(0, select("#", filesystem.last_write_time(at "l", clock.unix_epoch() + 1234.5)))
        assert.equal("1234.5 981173106", shell "stat -c '%.1Y %X' f")
        filesystem.last_write_time(at "f", clock.unix_epoch() - 1.5)
        assert.equal(-1.5, filesystem.last_write_time(at "f").seconds_since_unix_epoch)
        assert.equal("-1.5", shell "stat -c %.1Y f")
    end)

    it("raises errors", function()
        fails("ENOENT", function() filesystem.last_write_time(at "no") end, at "no")
        fails("ENOENT", function() filesystem.last_write_time(at "no", clock.now()) end, at "no")
        for _, wrong in ipairs { 1, "x", {}, require "emilua.time".system_clock.now() } do
            helper.EINVAL(function() filesystem.last_write_time(at ".", wrong) end, 2)
        end
    end)
end)

describe("filesystem.space", function()
    it("tells the sizes of a filesystem, as df does", function()
        local info = filesystem.space(new "/dev/shm")
        assert.equal("filesystem.space_info", getmetatable(info))
        assert.equal(tonumber(shell "df -B1 --output=size /dev/shm | tail -n 1"), info.capacity)
        assert.is_true(info.free <= info.capacity)
        assert.is_true(info.available <= info.free)
        helper.bad_index(function() return info.no_such_thing end)
        helper.bad_index(function() info.free = 1 end)
    end)

    it("is compared by its fields", function()
        assert.is_true(filesystem.space(new "/sys") == filesystem.space(new "/sys/kernel"))
        assert.is_false(filesystem.space(new "/sys") == filesystem.space(new "/dev/shm"))
    end)

    it("raises errors", function() fails("ENOENT", function() filesystem.space(at "no") end, at "no") end)
end)

describe("filesystem.status", function()
    it("tells type and permissions, as stat does", function()
        make_types()
        shell "chmod 4751 regular; chmod 1777 dir"
        for name, kind in pairs {
            regular = "regular", dir = "directory", fifo = "fifo", socket = "socket", to_character = "character",
        } do
            for _, link in ipairs { "", "to_" } do
                if filesystem.exists(at(link .. name)) then
                    local status = filesystem.status(at(link .. name))
                    assert.equal("filesystem.file_status", getmetatable(status))
                    assert.equal(kind, status.type)
                    assert.equal(tonumber(shell("stat -L -c %a " .. link .. name), 8), status.mode)
                end
            end
        end
    end)

    it("of a link itself is told by symlink_status", function()
        make_types()
        assert.equal("symlink", filesystem.symlink_status(at "to_regular").type)
        assert.equal("symlink", filesystem.symlink_status(at "dangling").type)
        assert.equal("regular", filesystem.symlink_status(at "regular").type)
        assert.equal(511, filesystem.symlink_status(at "loop").mode)
    end)

    it("is compared by its fields, which are only read", function()
        shell "touch a b; chmod 600 b"
        assert.is_true(filesystem.status(at "a") == filesystem.symlink_status(at "a"))
        assert.is_false(filesystem.status(at "a") == filesystem.status(at "b"))
        helper.bad_index(function() return filesystem.status(at "a").no_such_thing end)
        helper.bad_index(function() filesystem.status(at "a").type = "fifo" end)
    end)

    it("raises ENOENT for a missing path", function()
        make_types()
        fails("ENOENT", function() filesystem.status(at "no") end, at "no")
        fails("ENOENT", function() filesystem.status(at "dangling") end, at "dangling")
        fails("ENOENT", function() filesystem.symlink_status(at "no") end, at "no")
        fails("ENOTDIR", function() filesystem.status(at "regular/x") end, at "regular/x")
    end)
end)

describe("a function of filesystem", function()
    it("takes paths, no strings and nothing that holds a NUL", function()
        fs_helper.refuses_others {
            absolute = 1, canonical = 1, weakly_canonical = 1, relative = 2, proximate = 2, read_symlink = 1,
            exists = 1,
            is_regular_file = 1, is_directory = 1, is_symlink = 1, is_fifo = 1, is_socket = 1, is_other = 1,
            is_block_device = 1, is_character_device = 1, is_empty = 1, equivalent = 2, file_size = 1,
            hardlink_count = 1, last_write_time = 1, space = 1, status = 1, symlink_status = 1, create_directory = 2,
            create_directories = 1, create_hardlink = 2, create_symlink = 2, create_directory_symlink = 2,
            copy_symlink = 2, copy_file = 2, copy = 2, rename = 2, remove = 1, remove_all = 1, resize_file = 1,
            chmod = 1,
            lchmod = 1, chown = 1, lchown = 1, mkfifo = 1, mknod = 1, mkdir = 1, chroot = 1, directory_iterator = 1,
            recursive_directory_iterator = 1,
        }
    end)

    it("is allowed in a forbid-suspend block and for an interrupted fiber", helper.fiber(function()
        local emilua = require "emilua"
        local this_fiber = emilua.this_fiber
        this_fiber.forbid_suspend()
        assert.is_true(filesystem.exists(at "."))
        this_fiber.allow_suspend()
    end))
end)
