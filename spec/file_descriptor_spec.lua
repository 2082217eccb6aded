local byte_span = require "emilua.byte_span"
local filesystem = require "emilua.filesystem"
local pipe = require "emilua.pipe"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local fds = require "spec.fd_helper"

local closing, keep = fds.closing, fds.keep

helper.install()

-- A valid descriptor of a pipe.
local function new()
    local reading = fds.pipe()
    return keep(reading:release())
end

local METHODS = {
    "dup", "kcmp", "is_socket", "openat", "cap_get", "cap_set",
    "cap_rights_limit", "cap_rights_contains", "cap_rights_remove",
    "cap_ioctls_limit", "cap_ioctls_get", "cap_fcntls_limit", "cap_fcntls_get",
}

describe("file_descriptor", function()
    it("is the class name", closing(function()
        assert.equal("file_descriptor", getmetatable(new()))
    end))

    it("has no module", function()
        assert.is_false(pcall(require, "emilua.file_descriptor"))
    end)

    it("raises bad_index for an unknown key and for writing anything but non_blocking", closing(function()
        local fd = new()
        helper.bad_index(function() return fd.nothing end)
        helper.bad_index(function() fd.nothing = 1 end)
        helper.bad_index(function() fd.type = "socket" end)
        helper.bad_index(function() fd.close = print end)
    end))

    it("closes its descriptor when it is collected", closing(function()
        local reading, writing = fds.pipe()
        do
            local fd = writing:release()
            assert.equal("fifo", fd.type)
        end
        collectgarbage()
        collectgarbage()
        assert.equal("eof", fds.reader(reading):join())
    end))

    it("methods raise EINVAL for a wrong self", closing(function()
        local fd = new()
        fds.check_wrong_self(fd, "close")
        for _, name in ipairs(METHODS) do fds.check_wrong_self(fd, name) end
    end))
end)

describe("file_descriptor:close", function()
    it("closes now", closing(function()
        local reading, writing = fds.pipe()
        writing:release():close()
        assert.equal("eof", fds.reader(reading):join())
    end))

    it("is a no-op the second time", closing(function()
        local fd = new()
        fd:close()
        fd:close()
    end))
end)

describe("file_descriptor:dup", function()
    it("gives another descriptor of the same open file description", closing(function()
        local fd = new()
        local copy = keep(fd:dup())
        assert.not_equal(tostring(fd), tostring(copy))
        assert.equal(0, fd:kcmp(copy))
        fd.non_blocking = false
        assert.is_false(copy.non_blocking)
    end))

    it("sets close-on-exec", closing(function()
        local fd = new()
        assert.is_true(fds.is_close_on_exec(fd))
        assert.is_true(fds.is_close_on_exec(keep(fd:dup())))
    end))
end)

describe("tostring of a file_descriptor", function()
    it("is /dev/fd/N, N the number of the OS", closing(function()
        local fd = new()
        assert.truthy(tostring(fd):find("^/dev/fd/%d+$"))
        assert.truthy(fds.target(fd):find("^pipe:"))
    end))

    it("raises EBADF when it is dead", closing(function()
        local fd = new()
        fd:close()
        helper.raises("system", "EBADF", function() return tostring(fd) end)
    end))
end)

describe("file_descriptor:kcmp", function()
    it("is 0 for the same open file description, and orders others", closing(function()
        local a, b = new(), new()
        assert.equal(0, a:kcmp(a))
        assert.equal(3, a:kcmp(b) + b:kcmp(a))
    end))

    it("raises EINVAL for what is no descriptor", closing(function()
        local fd = new()
        for _, wrong in ipairs(fds.wrong_descriptors()) do helper.EINVAL(function() fd:kcmp(wrong) end, 2) end
        helper.EINVAL(function() fd:kcmp() end, 2)
    end))

    it("raises EBUSY for one in flight", closing(function()
        local fd, other = new(), new()
        fds.lock(other)
        helper.EBUSY(function() fd:kcmp(other) end)
        fds.unlock(other)
    end))
end)

describe("file_descriptor:is_socket", function()
    it("is false for what is no socket", closing(function()
        assert.is_false(new():is_socket("unix"))
        assert.is_false(new():is_socket("inet", "stream", "tcp"))
    end))

    it("tells family, type and protocol; any mismatch is false", closing(function()
        local a, b = unix.seqpacket.socket.pair()
        keep(b)
        local sock = keep(a:release())
        assert.is_true(sock:is_socket("unix"))
        assert.is_true(sock:is_socket("unix", "seqpacket"))
        assert.is_false(sock:is_socket("unix", "stream"))
        assert.is_false(sock:is_socket("inet"))
        for _, case in ipairs{ { "tcp", "stream", "v4", "inet" }, { "udp", "datagram", "v6", "inet6" } } do
            local io = require "emilua.ip"[case[1]].socket.new()
            io:open(case[3])
            local fd = keep(io:release())
            assert.is_true(fd:is_socket(case[4]))
            assert.is_true(fd:is_socket(case[4], case[2]))
            assert.is_true(fd:is_socket(case[4], case[2], case[1]))
            assert.is_false(fd:is_socket(case[4], case[2] == "stream" and "datagram" or "stream"))
            assert.is_false(fd:is_socket(case[4] == "inet" and "inet6" or "inet", case[2], case[1]))
        end
    end))

    it("raises EINVAL for bad values", closing(function()
        local fd = new()
        for _, case in ipairs{
            { 2 }, { 2, "ipx" }, { 2, 1 }, { 2, {} },
            { 3, "unix", "raw" }, { 3, "inet", 1 }, { 3, "inet6", {} },
            { 4, "inet", "stream", "sctp" }, { 4, "inet", "stream", 6 },
            { 4, "unix", "stream", "tcp" }, { 4, "inet", "stream", "udp" }, { 4, "inet6", "datagram", "tcp" },
            { 4, "inet", nil, "tcp" }, { 4, "inet", "seqpacket", "tcp" },
        } do
            helper.EINVAL(function() fd:is_socket(unpack(case, 2, 4)) end, case[1])
        end
    end))
end)

describe("file_descriptor:openat", function()
    local path = filesystem.path.new
    local tree

    before_each(function()
        tree = os.tmpname()
        os.remove(tree)
        helper.shell(("mkdir TREE && echo text >TREE/file && ln -s file TREE/link && ln -s /etc TREE/out")
            :gsub("TREE", tree))
    end)

    after_each(function() helper.shell("rm -r " .. tree) end)

    local function root() return fds.open(tree) end

    local function contents(name) return (helper.shell(("cat %s/%s"):format(tree, name))) end

    local function write(fd, text)
        keep(pipe.write_stream.new(fd)):write_some(byte_span.append(text))
    end

    it("opens relative to the directory, read only if nothing else is said; close-on-exec", closing(function()
        for _, flags in ipairs{ {}, { "read_only" } } do
            local fd = keep(root():openat(path("file"), flags))
            assert.equal("regular", fd.type)
            assert.is_true(fds.is_close_on_exec(fd))
            assert.equal("text\n", fds.reader(keep(pipe.read_stream.new(fd))):join())
        end
    end))

    it("knows every flag of open(2)", closing(function()
        local dir = root()
        write(dir:openat(path("file"), { "write_only", "append", "sync_all_on_write" }), "more")
        assert.equal("text\nmore", contents("file"))
        write(dir:openat(path("file"), { "read_write", "truncate" }), "new")
        assert.equal("new", contents("file"))
        keep(dir:openat(path("made"), { "write_only", "create", "exclusive" }, 0x180))
        assert.equal("600", helper.shell("stat -c %a " .. tree .. "/made"):match("%d+"))
        helper.raises("system", "EEXIST", function()
            dir:openat(path("made"), { "write_only", "create", "exclusive" })
        end)
        assert.equal("directory", keep(dir:openat(path("."), { "directory" })).type)
        helper.raises("system", "ENOTDIR", function() dir:openat(path("file"), { "directory" }) end)
        helper.raises("system", "ELOOP", function() dir:openat(path("link"), { "no_follow" }) end)
        assert.equal("symlink", keep(dir:openat(path("link"), { "no_follow", "path" })).type)
        assert.equal("regular", keep(dir:openat(path("."), { "temporary", "read_write" }, 0x180)).type)
    end))

    it("knows the flags of openat2(2)", closing(function()
        local dir = root()
        for _, flag in ipairs{ "beneath", "in_root", "no_magiclinks", "no_symlinks", "no_xdev" } do
            keep(dir:openat(path("file"), { "read_only", "resolve_" .. flag }))
        end
        helper.raises("system", "EXDEV", function() dir:openat(path("out/passwd"), { "resolve_beneath" }) end)
        helper.raises("system", "ENOENT", function() dir:openat(path("out/passwd"), { "resolve_in_root" }) end)
        helper.raises("system", "ELOOP", function() dir:openat(path("link"), { "resolve_no_symlinks" }) end)
        keep(dir:openat(path("made"), { "write_only", "create", "resolve_beneath" }, 0x180))
        assert.equal("600", helper.shell("stat -c %a " .. tree .. "/made"):match("%d+"))
        local ok, e = pcall(dir.openat, dir, path("file"), { "resolve_cached" })
        if ok then e:close() else helper.is_error(e, "system", "EAGAIN") end
    end))

    it("restricts the default mode by the umask", closing(function()
        keep(root():openat(path("made"), { "write_only", "create" }))
        local umask = tonumber(helper.shell("umask"):match("%d+"), 8)
        local mode = tonumber(helper.shell("stat -c %a " .. tree .. "/made"):match("%d+"), 8)
        assert.equal(require("bit").band(0x1b6, require("bit").bnot(umask)), mode)
    end))

    it("raises the errors of the system", closing(function()
        helper.raises("system", "ENOENT", function() root():openat(path("none"), {}) end)
        helper.raises("system", "ENOTDIR", function() new():openat(path("file"), {}) end)
        helper.raises("system", "EINVAL", function() root():openat(path("a\0b"), {}) end)
    end))

    it("argument errors", closing(function()
        local dir, file = root(), path("file")
        for _, wrong in ipairs{ "file", 1, {} } do helper.EINVAL(function() dir:openat(wrong, {}) end, 2) end
        for _, wrong in ipairs{
            "read_only", 1, { "nothing" }, { 1 }, { "read_only", "write_only" }, { "read_write", "read_only" },
        } do
            helper.EINVAL(function() dir:openat(file, wrong) end, 3)
        end
        helper.EINVAL(function() dir:openat(file) end, 3)
        for _, wrong in ipairs{ "600", -1, 1.5, 4096, {} } do
            helper.EINVAL(function() dir:openat(file, {}, wrong) end, 4)
        end
    end))
end)

describe("file_descriptor.type", function()
    it("tells what fstat says", closing(function()
        local O_PATH, O_NOFOLLOW = 0x200000, 0x20000
        local file = helper.write_temporary("")
        assert.equal("fifo", new().type)
        assert.equal("regular", fds.open(file).type)
        assert.equal("directory", fds.open("/").type)
        assert.equal("character", fds.open("/dev/null").type)
        local a, b = unix.stream.socket.pair()
        keep(b)
        assert.equal("socket", keep(a:release()).type)
        assert.equal("symlink", fds.open("/proc/self/exe", O_PATH + O_NOFOLLOW).type)
        os.remove(file)
    end))

    it("cannot be written", closing(function()
        helper.bad_index(function() new().type = "fifo" end)
    end))
end)

describe("file_descriptor.non_blocking", function()
    it("reads and writes O_NONBLOCK", closing(function()
        local fd = new()
        assert.is_true(fd.non_blocking)
        fd.non_blocking = false
        assert.is_false(fd.non_blocking)
        fd.non_blocking = true
        assert.is_true(fd.non_blocking)
    end))

    it("raises EINVAL for no boolean", closing(function()
        local fd = new()
        for _, value in ipairs{ 1, "true", {} } do helper.EINVAL(function() fd.non_blocking = value end, 3) end
        helper.EINVAL(function() fd.non_blocking = nil end, 3)
    end))
end)

describe("file_descriptor:cap_get and cap_set", function()
    local system = require "emilua.system"

    local ENODATA = 61

    -- A file without a name.
    local function file()
        local name = helper.write_temporary("")
        local fd = fds.open(name)
        os.remove(name)
        return fd
    end

    it("sets and tells the capabilities of a file", closing(function()
        local fd = file()
        helper.raises("system", ENODATA, function() fd:cap_get() end)
        for _, text in ipairs{ "cap_net_raw=ep", "cap_net_raw,cap_perfmon=p", "cap_net_raw=ei cap_kill+ep" } do
            local caps = system.cap_from_text(text)
            fd:cap_set(caps)
            assert.equal(tostring(caps), tostring(fd:cap_get()))
        end
    end))

    it("refuses an effective vector that is neither empty nor all", closing(function()
        helper.raises("system", "EINVAL", function()
            file():cap_set(system.cap_from_text("cap_net_raw=ep cap_kill=p"))
        end)
    end))

    it("raises EINVAL for what is no set, and the errors of the system", closing(function()
        local fd, caps = file(), system.cap_from_text("cap_net_raw=ep")
        for _, wrong in ipairs{ 1, "cap_net_raw=ep", {}, true } do
            helper.EINVAL(function() fd:cap_set(wrong) end, 2)
        end
        helper.EINVAL(function() fd:cap_set() end, 2)
        assert.is_false(pcall(function() new():cap_set(caps) end))
    end))
end)

describe("the Capsicum methods", function()
    it("raise ENOSYS where there is no Capsicum", closing(function()
        local fd = new()
        for _, name in ipairs(METHODS) do
            if name:find("^cap_%a+s_") then helper.ENOSYS(function() fd[name](fd, {}) end) end
        end
    end))
end)

describe("a descriptor in flight", function()
    it("raises EBUSY, without arg, in every method, property and consumer", closing(function()
        local fd = new()
        fds.lock(fd)
        for _, name in ipairs(METHODS) do helper.EBUSY(function() fd[name](fd, {}, {}, {}) end) end
        helper.EBUSY(function() fd:close() end)
        helper.EBUSY(function() return fd.type end)
        helper.EBUSY(function() return fd.non_blocking end)
        helper.EBUSY(function() fd.non_blocking = true end)
        helper.EBUSY(function() return tostring(fd) end)
        helper.EBUSY(function() pipe.read_stream.new(fd) end)
        helper.EBUSY(function() pipe.read_stream.new():assign(fd) end)
        fds.unlock(fd)
        assert.equal("fifo", fd.type)
    end))
end)

describe("a dead descriptor", function()
    local function is_dead(fd)
        fd:close()
        for _, name in ipairs(METHODS) do helper.bad_index(function() return fd[name] end) end
        for _, name in ipairs{ "type", "non_blocking", "nothing" } do
            helper.bad_index(function() return fd[name] end)
        end
        helper.bad_index(function() fd.non_blocking = true end)
        helper.EINVAL(function() pipe.read_stream.new(fd) end, 1)
        helper.EINVAL(function() pipe.read_stream.new():assign(fd) end, 2)
        assert.equal("file_descriptor", getmetatable(fd))
    end

    it("is one that was closed", closing(function()
        local fd = new()
        fd:close()
        is_dead(fd)
    end))

    it("is one that assign or new consumed", closing(function()
        local first, second = new(), new()
        keep(pipe.read_stream.new(first))
        is_dead(first)
        keep(pipe.read_stream.new()):assign(second)
        is_dead(second)
    end))

    it("is not one whose consumer refused the other arguments or was open", closing(function()
        local fd, reading = new(), fds.pipe()
        helper.raises("asio.misc", "already_open", function() reading:assign(fd) end)
        helper.EINVAL(function() reading.assign({}, fd) end, 1)
        assert.equal("fifo", fd.type)
    end))

    it("raises EBADF in a method that was taken before", closing(function()
        local fd = new()
        local dup, is_socket = fd.dup, fd.is_socket
        fd:close()
        helper.raises("system", "EBADF", function() dup(fd) end)
        helper.raises("system", "EBADF", function() is_socket(fd, "unix") end)
    end))
end)
