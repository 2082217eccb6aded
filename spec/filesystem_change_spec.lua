-- filesystem: creating, renaming and removing, permissions and owners, special files.

local environment = require "spec.environment"
local filesystem = require "emilua.filesystem"
local fs_helper = require "spec.fs_helper"
local helper = require "spec.helper"

local new = filesystem.path.new
local at, fails, read, shell, write = fs_helper.at, fs_helper.fails, fs_helper.read, fs_helper.shell, fs_helper.write

helper.install()
fs_helper.install()

local function stat(format, name) return shell(("stat -c %s %s"):format(format, name)) end

local function is_root() return helper.shell "id -u" == "0\n" end

describe("filesystem.create_directory", function()
    it("makes one of mode 0777 less the umask", function()
        local mask = filesystem.umask(18)
        assert.is_true(filesystem.create_directory(at "a"))
        assert.equal("755", stat("%a", "a"))
        filesystem.umask(63)
        assert.is_true(filesystem.create_directory(at "b"))
        assert.equal("700", stat("%a", "b"))
        filesystem.umask(mask)
    end)

    it("takes the mode of an existing one", function()
        shell "mkdir model; chmod 1750 model"
        assert.is_true(filesystem.create_directory(at "a", at "model"))
        assert.equal("1750", stat("%a", "a"))
        fails("ENOENT", function() filesystem.create_directory(at "b", at "no") end, at "b", at "no")
        write "f"
        fails("ENOTDIR", function() filesystem.create_directory(at "b", at "f") end, at "b", at "f")
    end)

    it("is false if a directory is there, EEXIST if something else is", function()
        shell "mkdir a; ln -s a l; touch f; ln -s no dangling"
        assert.is_false(filesystem.create_directory(at "a"))
        assert.is_false(filesystem.create_directory(at "l"))
        fails("EEXIST", function() filesystem.create_directory(at "f") end, at "f")
        fails("EEXIST", function() filesystem.create_directory(at "dangling") end, at "dangling")
    end)

    it("raises ENOENT without a parent", function()
        fails("ENOENT", function() filesystem.create_directory(at "no/a") end, at "no/a")
        fails("ENOENT", function() filesystem.create_directory(new "") end, "")
    end)
end)

describe("filesystem.mkdir", function()
    it("is plain mkdir(2)", function()
        local mask = filesystem.umask(0)
        assert.equal(0, select("#", filesystem.mkdir(at "a", filesystem.mode(7, 5, 1))))
        filesystem.umask(mask)
        assert.equal("751", stat("%a", "a"))
        fails("EEXIST", function() filesystem.mkdir(at "a", 511) end, at "a", nil, "system")
        helper.argument_error(function() filesystem.mkdir(at "b") end, 2)
        helper.EINVAL(function() filesystem.mkdir(at "b", 0.5) end, 2)
        helper.EINVAL(function() filesystem.mkdir(at "b", -1) end, 2)
    end)
end)

describe("filesystem.create_directories", function()
    it("makes every missing parent", function()
        assert.is_true(filesystem.create_directories(at "a/b/c"))
        assert.equal("directory", stat("%F", "a/b/c"))
        assert.is_false(filesystem.create_directories(at "a/b/c"))
        assert.is_true(filesystem.create_directories(at "a/b/d/"))
        assert.is_true(filesystem.create_directories(at "x//y/./z/../w/."))
        assert.equal("x\nx/y\nx/y/w\nx/y/z", shell "find x | sort")
        assert.is_false(filesystem.create_directories(new "/"))
    end)

    it("makes relative ones", function()
        local before = filesystem.current_working_directory()
        filesystem.current_working_directory(at ".")
        assert.is_true(filesystem.create_directories(new "p/q"))
        assert.is_true(filesystem.create_directories(new "r"))
        filesystem.current_working_directory(before)
        assert.equal("directory", stat("%F", "p/q"))
    end)

    it("raises for what is no directory", function()
        write "f"
        fails("EEXIST", function() filesystem.create_directories(at "f") end, at "f")
        fails("ENOTDIR", function() filesystem.create_directories(at "f/a/b") end, at "f/a/b")
        fails("ENOENT", function() filesystem.create_directories(new "") end, "")
    end)
end)

describe("filesystem.create_hardlink", function()
    it("gives a file another name", function()
        write("a", "text")
        assert.equal(0, select("#", filesystem.create_hardlink(at "a", at "b")))
        filesystem.create_hard_link(at "a", at "c")
        assert.equal("3", stat("%h", "a"))
        fails("EEXIST", function() filesystem.create_hardlink(at "a", at "b") end, at "a", at "b")
        fails("ENOENT", function() filesystem.create_hardlink(at "no", at "d") end, at "no", at "d")
    end)
end)

describe("filesystem.create_symlink", function()
    it("stores the target as it is given", function()
        for i, name in ipairs { "create_symlink", "create_directory_symlink" } do
            assert.equal(0, select("#", filesystem[name](new "no//such/.", at("l" .. i))))
            assert.equal("no//such/.", shell("readlink l" .. i))
            fails("EEXIST", function() filesystem[name](new "x", at("l" .. i)) end, "x", at("l" .. i))
        end
    end)
end)

describe("filesystem.copy_symlink", function()
    it("makes a link with the content of another", function()
        shell "ln -s ../x l; touch f"
        assert.equal(0, select("#", filesystem.copy_symlink(at "l", at "m")))
        assert.equal("../x", shell "readlink m")
        fails("EINVAL", function() filesystem.copy_symlink(at "f", at "n") end, at "f", at "n")
        fails("EEXIST", function() filesystem.copy_symlink(at "l", at "f") end, at "l", at "f")
        fails("ENOENT", function() filesystem.copy_symlink(at "no", at "n") end, at "no", at "n")
    end)
end)

describe("filesystem.rename", function()
    it("replaces an existing file", function()
        write("a", "new")
        write("b", "old")
        assert.equal(0, select("#", filesystem.rename(at "a", at "b")))
        assert.equal("new", read "b")
        assert.is_false(filesystem.exists(at "a"))
        shell "mkdir d"
        fails("EISDIR", function() filesystem.rename(at "b", at "d") end, at "b", at "d")
        fails("ENOENT", function() filesystem.rename(at "no", at "d") end, at "no", at "d")
        local other = new "/dev/shm/emilua-spec"
        fails("EXDEV", function() filesystem.rename(at "b", other) end, at "b", other)
    end)
end)

describe("filesystem.remove", function()
    it("removes a file, a link or an empty directory", function()
        shell "touch f; mkdir d; ln -s d l; ln -s no dangling; mkfifo p"
        for _, name in ipairs { "f", "l", "dangling", "p", "d" } do
            assert.is_true(filesystem.remove(at(name)))
            assert.is_false(filesystem.remove(at(name)))
        end
        assert.equal("", shell "ls -A")
    end)

    it("is false for what is missing, below a file too", function()
        write "f"
        assert.is_false(filesystem.remove(at "f/x"))
    end)

    it("raises ENOTEMPTY", function()
        shell "mkdir -p d/e"
        fails("ENOTEMPTY", function() filesystem.remove(at "d") end, at "d")
    end)
end)

describe("filesystem.remove_all", function()
    it("removes a tree and counts what it removes, the root too", function()
        shell "mkdir -p d/e/f d/g; touch d/1 d/e/2 d/e/f/3; ln -s .. d/e/up"
        shell "mkdir keep; touch keep/x; ln -s ../keep d/g/k"
        local count = tonumber(shell "find d | wc -l")
        assert.equal(count, filesystem.remove_all(at "d"))
        assert.equal("keep\nkeep/x", shell "find keep")
        assert.equal(0, filesystem.remove_all(at "d"))
    end)

    it("removes a single file, and of a link the link", function()
        shell "mkdir d; touch d/x; ln -s d l; touch f"
        assert.equal(1, filesystem.remove_all(at "l"))
        assert.equal(1, filesystem.remove_all(at "f"))
        assert.equal(0, filesystem.remove_all(at "d/x/y"))
        assert.equal("x", shell "ls d")
        assert.equal(2, filesystem.remove_all(at "d/"))
    end)

    it("needs no descriptor for each level", function()
        shell [[for i in $(seq 40); do p=$(printf 'd/%.0s' $(seq 50)); mkdir -p "$p"; cd "$p"; done]]
        local output = helper.child(([[
            local filesystem = require "emilua.filesystem"
            print(filesystem.remove_all(filesystem.path.new(%q)))
        ]]):format(fs_helper.directory .. "/d"), { before = "ulimit -n 20;" })
        assert.equal("2000\n", output)
    end)
end)

describe("filesystem.resize_file", function()
    it("truncates, or extends with zeros", function()
        write("f", "hello")
        assert.equal(0, select("#", filesystem.resize_file(at "f", 2)))
        assert.equal("he", read "f")
        filesystem.resize_file(at "f", 4)
        assert.equal("he\0\0", read "f")
        fails("EINVAL", function() filesystem.resize_file(at "f", -1) end, at "f")
        fails("ENOENT", function() filesystem.resize_file(at "no", 1) end, at "no")
        fails("EISDIR", function() filesystem.resize_file(at ".", 1) end, at ".")
        helper.argument_error(function() filesystem.resize_file(at "f") end, 2)
        helper.EINVAL(function() filesystem.resize_file(at "f", 0.5) end, 2)
        helper.EINVAL(function() filesystem.resize_file(at "f", 0 / 0) end, 2)
    end)
end)

describe("filesystem.chmod", function()
    it("replaces the permission bits, links followed", function()
        shell "touch f; ln -s f l"
        assert.equal(0, select("#", filesystem.chmod(at "f", filesystem.mode(7, 5, 1))))
        assert.equal("751", stat("%a", "f"))
        filesystem.chmod(at "l", filesystem.mode(6, 0, 0) + filesystem.mode "set_uid")
        assert.equal("4600", stat("%a", "f"))
        fails("ENOENT", function() filesystem.chmod(at "no", 0) end, at "no")
        helper.argument_error(function() filesystem.chmod(at "f", "7") end, 2)
    end)
end)

describe("filesystem.lchmod", function()
    it("does not follow: ENOTSUP for a link, else as chmod", function()
        shell "touch f; ln -s f l"
        filesystem.lchmod(at "f", filesystem.mode(4, 4, 0))
        assert.equal("440", stat("%a", "f"))
        fails("ENOTSUP", function() filesystem.lchmod(at "l", 511) end, at "l")
        assert.equal("440", stat("%a", "f"))
    end)
end)

describe("filesystem.chown", function()
    it("changes owner and group, and -1 leaves one unchanged", function()
        environment.need("root", is_root)
        shell "touch f; ln -s f l"
        assert.equal(0, select("#", filesystem.chown(at "f", 65534, 12)))
        assert.equal("65534:12", stat("%u:%g", "f"))
        filesystem.chown(at "l", -1, 0)
        assert.equal("65534:0", stat("%u:%g", "f"))
        filesystem.lchown(at "l", 1, -1)
        assert.equal("1:0", stat("%u:%g", "l"))
        assert.equal("65534:0", stat("%u:%g", "f"))
    end)

    it("raises errors of the system", function()
        for _, name in ipairs { "chown", "lchown" } do
            fails("ENOENT", function() filesystem[name](at "no", -1, -1) end, at "no", nil, "system")
            helper.argument_error(function() filesystem[name](at "f", "x", 1) end, 2)
            helper.argument_error(function() filesystem[name](at "f", 1) end, 3)
            helper.EINVAL(function() filesystem[name](at "f", -2, 1) end, 2)
        end
    end)
end)

describe("filesystem.umask", function()
    it("returns the mask before", function()
        local before = filesystem.umask(18)
        assert.equal(18, filesystem.umask(63))
        assert.equal("0077", (helper.shell "umask"):gsub("\n", ""))
        assert.equal(63, filesystem.umask(before))
        helper.argument_error(function() filesystem.umask() end, 1)
    end)
end)

describe("filesystem.mkfifo", function()
    it("makes a pipe with a name", function()
        local mask = filesystem.umask(0)
        assert.equal(0, select("#", filesystem.mkfifo(at "p", filesystem.mode(6, 4, 0))))
        filesystem.umask(mask)
        assert.equal("fifo 640", stat("'%F %a'", "p"))
        fails("EEXIST", function() filesystem.mkfifo(at "p", 384) end, at "p", nil, "system")
        helper.argument_error(function() filesystem.mkfifo(at "q") end, 2)
    end)
end)

describe("filesystem.mknod", function()
    it("makes a node of the type in the mode", function()
        filesystem.mknod(at "file", 0x8000 + 384, 0)
        filesystem.mknod(at "plain", 384, 0)
        filesystem.mknod(at "fifo", 0x1000 + 384, 0)
        filesystem.mknod(at "socket", 0xc000 + 384, 0)
        assert.equal("regular empty file", stat("%F", "file"))
        assert.equal("regular empty file", stat("%F", "plain"))
        assert.equal("fifo", stat("%F", "fifo"))
        assert.equal("socket", stat("%F", "socket"))
    end)

    it("adds the type by name", function()
        local made = pcall(filesystem.mknod, at "probe", 0x2000 + 384, filesystem.makedev(1, 3))
        environment.need("device nodes", made)
        filesystem.mknod(at "null", 384, filesystem.makedev(1, 3), "character")
        filesystem.mknod(at "disk", 384, filesystem.makedev(8, 1), "block")
        assert.equal("character special file 1 3", stat("'%F %t %T'", "null"))
        assert.equal("block special file 8 1", stat("'%F %t %T'", "disk"))
        assert.equal("block", filesystem.status(at "disk").type)
        assert.is_true(filesystem.is_block_device(at "disk"))
    end)

    it("raises errors", function()
        helper.EINVAL(function() filesystem.mknod(at "a", 384, 0, "fifo") end, 4)
        helper.EINVAL(function() filesystem.mknod(at "a", 384, 0, 1) end, 4)
        helper.argument_error(function() filesystem.mknod(at "a") end, 2)
        helper.argument_error(function() filesystem.mknod(at "a", 384) end, 3)
        fails("EEXIST", function() filesystem.mknod(at ".", 384, 0) end, at ".", nil, "system")
    end)
end)

describe("filesystem.makedev", function()
    it("puts the numbers of a device together, dev_major and dev_minor take them apart", function()
        for _, pair in ipairs { { 0, 0 }, { 8, 1 }, { 1, 3 }, { 4095, 1048575 }, { 259, 65536 } } do
            local device = filesystem.makedev(pair[1], pair[2])
            assert.equal(pair[1], filesystem.dev_major(device))
            assert.equal(pair[2], filesystem.dev_minor(device))
        end
        assert.equal(2049, filesystem.makedev(8, 1))
        helper.argument_error(function() filesystem.makedev(1) end, 2)
        helper.argument_error(function() filesystem.makedev("x", 1) end, 1)
        helper.argument_error(function() filesystem.dev_major() end, 1)
        helper.argument_error(function() filesystem.dev_minor({}) end, 1)
    end)
end)

describe("filesystem.mode", function()
    it("puts permissions together", function()
        assert.equal(tonumber("751", 8), filesystem.mode(7, 5, 1))
        assert.equal(0, filesystem.mode(0, 0, 0))
        assert.equal(tonumber("4000", 8), filesystem.mode "set_uid")
        assert.equal(tonumber("2000", 8), filesystem.mode "set_gid")
        assert.equal(tonumber("1000", 8), filesystem.mode "sticky_bit")
    end)

    it("raises errors", function()
        helper.EINVAL(function() filesystem.mode "sticky" end, 1)
        helper.argument_error(function() filesystem.mode() end, 1)
        helper.argument_error(function() filesystem.mode(1, "x", 1) end, 2)
        helper.argument_error(function() filesystem.mode(1, 1) end, 3)
    end)
end)

describe("filesystem.chroot", function()
    it("changes the root, not the working directory", function()
        environment.need("root", is_root)
        shell "mkdir -p jail/inside; touch outside"
        local output = helper.child(([[
            local filesystem = require "emilua.filesystem"
            local new = filesystem.path.new
            filesystem.current_working_directory(new(%q))
            filesystem.chroot(new "jail")
            print(filesystem.is_directory(new "/inside"), filesystem.exists(new "/etc"))
            print(filesystem.exists(new "outside"))
        ]]):format(fs_helper.directory))
        assert.equal("true\tfalse\ntrue\n", output)
    end)

    it("raises errors of the system with the path", function()
        environment.need("root", is_root)
        fails("ENOENT", function() filesystem.chroot(at "no") end, at "no", nil, "system")
    end)
end)

describe("a function for the master only", function()
    it("raises EPERM in another VM, before anything is looked at", function()
        local master = debug.getregistry()["emilua.import"] "core.master"
        master.is_master = false
        for _, name in ipairs { "chroot", "umask" } do
            assert.equal(1, select(2, pcall(filesystem[name])).code)
        end
        assert.equal(1, select(2, pcall(filesystem.current_working_directory, "x")).code)
        assert.is_true(pcall(filesystem.current_working_directory))
        master.is_master = true
    end)
end)
