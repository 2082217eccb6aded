-- libc_service: the master and the slave, and every call that is served, made by the program of spec/libc_calls.c.

local emilua = require "emilua"
local fs = require "emilua.filesystem"
local generic_error = require "emilua.generic_error"
local ip = require "emilua.ip"
local libc_service = require "emilua.libc_service"
local system = require "emilua.system"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local service = require "spec.libc_service_helper"

local fiber, call = helper.fiber, service.call

helper.install()
teardown(service.remove)

local bit = require "bit"
local O = { CREAT = 64, EXCL = 128, TRUNC = 512, APPEND = 1024, NONBLOCK = 2048, CLOEXEC = 524288, WRONLY = 1, RDWR = 2,
    DIRECTORY = 65536, NOFOLLOW = 131072, PATH = 2097152, SYNC = 1052672, TMPFILE = 4259840 }

-- `cat /file`, whose calls a slave serves.
local function cat(slave)
    local null = service.null()
    local program = system.spawn{
        program = "cat", arguments = { "cat", "/file" }, extra_fds = { [3] = slave }, stderr = null,
    }
    null:close()
    return program
end

-- A master with a call that waits, and the program that makes it.
local function waiting_call()
    local master, slave = libc_service.new()
    local program = cat(slave)
    master:receive()
    return master, program
end

-- Lets a program end.
local function finish(master, program)
    master:close()
    program:wait()
end

describe("libc_service.new", function()
    it("returns a master and a slave", function()
        local master, slave = libc_service.new()
        assert.equal("libc_service.master", getmetatable(master))
        assert.equal("libc_service.slave", getmetatable(slave))
        assert.equal("libc_service.master", emilua.type(master))
        helper.bad_index(function() return master.none end)
        assert.has_error(function() master.function_ = 1 end)
    end)
end)

describe("slave[name] = source", function()
    it("takes the names of calls", function()
        local _, slave = libc_service.new()
        for name in ([[ open openat unlink rmdir rename mkdir access eaccess stat lstat connect_unix connect_inet
            connect_inet6 bind_unix bind_inet bind_inet6 getaddrinfo ]]):gmatch "%S+" do
            slave[name] = "return -1"
            slave[name] = nil
        end
        for _, name in ipairs{ "close", "connect", "", true, 1, 2, 3 } do
            helper.bad_index(function() slave[name] = "return -1" end)
        end
    end)

    it("takes the source of a chunk", function()
        local _, slave = libc_service.new()
        for _, value in ipairs{ 1, true, {}, print } do helper.EINVAL(function() slave.open = value end, 3) end
        local e = helper.EINVAL(function() slave.open = "return return" end, 3)
        assert.truthy(e.detail:find("open:1:", 1, true))
    end)

    it("is only written", function()
        local _, slave = libc_service.new()
        slave.open = "return -1"
        helper.bad_index(function() return slave.open end)
    end)

    it("is EBADF when the slave was given away", fiber(function()
        local master, slave = libc_service.new()
        local program = system.spawn{ program = "true", extra_fds = { [3] = slave } }
        helper.EBADF(function() slave.open = "return -1" end)
        program:wait()
        master:close()
    end))
end)

describe("a slave", function()
    it("is given away once", fiber(function()
        local master, slave = libc_service.new()
        local program = system.spawn{ program = "true", extra_fds = { [9] = slave } }
        helper.EINVAL(function() system.spawn{ program = "true", extra_fds = { [3] = slave } } end, "extra_fds")
        helper.EINVAL(function() emilua.spawn_vm{ source = "", subprocess = { libc_service = slave } } end,
            "subprocess/libc_service")
        program:wait()
        master:close()
    end))

    it("is one", fiber(function()
        local m, a = libc_service.new()
        local n, b = libc_service.new()
        for _, value in ipairs{ 1, "x", true, {}, m } do
            helper.EINVAL(function() emilua.spawn_vm{ source = "", subprocess = { libc_service = value } } end,
                "subprocess/libc_service")
        end
        helper.EINVAL(function() system.spawn{ program = "true", extra_fds = { [3] = a, [4] = b } } end, "extra_fds")
        m:close()
        n:close()
    end))

    it("is consumed, whatever becomes of the program", fiber(function()
        local master, slave = libc_service.new()
        helper.raises("system", "ENOENT", function()
            system.spawn{ program = "/none/such", extra_fds = { [3] = slave } }
        end)
        helper.EBADF(function() slave.open = "return -1" end)
        helper.raises("asio.misc", "eof", function() master:receive() end)
        master:close()
    end))

    it("finds its number in the environment, and the library before others", fiber(function()
        local text = service.run({ "env" }, {}, {
            extra_fds = nil, environment = { PATH = "/usr/bin:/bin", LD_PRELOAD = "libm.so.6", A = "b" },
        })
        assert.truthy(text:find("EMILUA_LIBC_SERVICE_FD=3\n", 1, true))
        assert.truthy(text:find("/libemilua_libc_service.so:libm.so.6\n", 1, true))
        assert.truthy(text:find("A=b\n", 1, true))
        -- Who says so himself says it all.
        text = service.run({ "env" }, {}, { environment = { PATH = "/usr/bin:/bin", EMILUA_LIBC_SERVICE_FD = "no" } })
        assert.truthy(text:find("EMILUA_LIBC_SERVICE_FD=no\n", 1, true))
        assert.falsy(text:find("LD_PRELOAD", 1, true))
    end))

    it("has filters of any length that a packet may have", fiber(function()
        local master, slave = libc_service.new()
        slave.open = "--" .. ("x"):rep(4 * 1024 * 1024)
        helper.raises("system", "EMSGSIZE", function()
            system.spawn{ program = "true", extra_fds = { [3] = slave } }
        end)
        master:close()
    end))
end)

describe("master:receive", function()
    it("refuses bad arguments", fiber(function()
        local master = libc_service.new()
        for _, name in ipairs{ "receive", "arguments", "descriptors", "send", "send_with_fds", "use_slave_credentials",
            "close", "cancel" } do
            helper.EINVAL(function() master[name](io.stdout) end, 1)
            helper.EINVAL(function() master[name]({}) end, 1)
        end
        master:close()
    end))

    it("is refused outside of a run and in a forbid-suspend block", function()
        local master = libc_service.new()
        helper.EPERM(function() master:receive() end)
        helper.run(function()
            emilua.this_fiber.forbid_suspend()
            helper.raises("emilua.core", "forbid_suspend_block", function() master:receive() end)
            helper.raises("emilua.core", "forbid_suspend_block", function() master:send(0) end)
            emilua.this_fiber.allow_suspend()
            master:close()
        end)
    end)

    it("is EBUSY while a call is pending, and for a second fiber", fiber(function()
        local master, program = waiting_call()
        helper.EBUSY(function() master:receive() end)
        master:use_slave_credentials()
        finish(master, program)

        local other, slave = libc_service.new()
        local waiting = emilua.spawn(function() other:receive() end)
        helper.turns()
        helper.EBUSY(function() other:receive() end)
        waiting:interrupt()
        waiting:join()
        assert.is_true(waiting.interruption_caught)
        other:close()
        assert.truthy(slave)
    end))

    it("takes no call when it is interrupted", fiber(function()
        local master, slave = libc_service.new()
        local waiting = emilua.spawn(function() master:receive() end)
        helper.turns()
        waiting:interrupt()
        waiting:join()
        local program = cat(slave)
        master:receive()
        assert.equal("/file", tostring((master:arguments())))
        finish(master, program)
    end))

    it("is the end of file when no process of the slave is left", fiber(function()
        local master, slave = libc_service.new()
        local program = system.spawn{ program = "true", extra_fds = { [3] = slave } }
        helper.raises("asio.misc", "eof", function() master:receive() end)
        master:close()
        program:wait()
    end))

    it("ends with close and cancel", fiber(function()
        local master, slave = libc_service.new()
        for _, name in ipairs{ "cancel", "close" } do
            local waiting = emilua.spawn(function() return pcall(master.receive, master) end)
            helper.turns()
            master[name](master)
            local ok, e = waiting:join()
            assert.is_false(ok)
            helper.is_error(e, "system", "ECANCELED")
        end
        assert.is_false(master.is_open)
        master:close()
        helper.raises("system", "EBADF", function() master:receive() end)
        helper.raises("system", "EBADF", function() master:cancel() end)
        assert.truthy(slave)
    end))
end)

describe("a call", function()
    it("is pending until it is answered", fiber(function()
        local master = libc_service.new()
        helper.EINVAL(function() return master.function_ end)
        helper.EINVAL(function() master:arguments() end)
        helper.EINVAL(function() master:descriptors() end)
        helper.EINVAL(function() master:send(0) end)
        helper.EINVAL(function() master:send_with_fds(0, {}) end)
        helper.EINVAL(function() master:use_slave_credentials() end)

        master:close()

        local other, program = waiting_call()
        assert.equal("open", other.function_)
        assert.equal("filesystem.path", getmetatable((other:arguments())))
        other:send(-1, 2)
        helper.EINVAL(function() return other.function_ end)
        finish(other, program)
        assert.equal(1, program.exit_code)
    end))

    it("is made by the slave itself when the master is lost", fiber(function()
        local master, program = waiting_call()
        finish(master, program)
        assert.equal(1, program.exit_code) -- ENOENT

        local text = call({ "closefrom", "access / 0", "access /none 0" }, {})
        assert.equal("access: 0\naccess: -1 ENOENT\n", text)
    end))
end)

describe("master:send", function()
    it("refuses what the call cannot return", fiber(function()
        local checked, eof = {}, require("emilua.asio_error").misc.eof
        local function refusing(values, last)
            return function(master)
                for _, value in ipairs(values) do helper.EINVAL(function() master:send(value) end, 2) end
                for _, errno in ipairs{ "x", {}, false, 1.5, -1, 4096, 1e9, 0 / 0, eof } do
                    helper.EINVAL(function() master:send(last, errno) end, 3)
                    helper.EINVAL(function() master:send_with_fds(last, {}, errno) end, 4)
                end
                checked[#checked + 1] = master.function_
                master:send(last)
            end
        end
        local stat = { 0, "x", false, { type = "none" }, { size = "1" }, { size = 1.5 }, { mtime = 0 / 0 } }
        call({ "unlink /a", "stat /b", "getaddrinfo host - any any" }, {
            unlink = refusing({ "x", {}, 1.5, 2 ^ 31, false, print }, 0),
            stat = refusing(stat, -1),
            getaddrinfo = refusing({ 0, "none", {}, { "127.0.0.1" }, { ip.address.loopback_v4(), 65536 } }, "fail"),
        })
        assert.same({ "unlink", "stat", "getaddrinfo" }, checked)
    end))

    it("takes errors of the categories generic and system", fiber(function()
        local errors = { 13, generic_error.ELOOP, select(2, pcall(io.open)) and
            select(2, pcall(system.spawn, { program = "/none/such" })) }
        local text = call({ "unlink /1", "unlink /2", "unlink /3", "unlink /4" }, {
            unlink = function(master, path) master:send(-1, errors[tonumber(tostring(path):match "%d")] or nil) end,
        })
        assert.equal("unlink: -1 EACCES\nunlink: -1 ELOOP\nunlink: -1 ENOENT\n", text:match "^(.*\n)unlink")
    end))

    it("does not tell whether somebody still listens", fiber(function()
        local master, slave = libc_service.new()
        local program = cat(slave)
        master:receive()
        program:kill(9)
        program:wait()
        master:send(-1, 2)
        helper.raises("asio.misc", "eof", function() master:receive() end)
        master:close()
    end))
end)

describe("master:send_with_fds", function()
    it("refuses bad arguments", fiber(function()
        local master, program = waiting_call()
        for _, value in ipairs{ 1, "x", { 1 }, { io.stdout } } do
            helper.EINVAL(function() master:send_with_fds(-1, value) end, 3)
        end
        helper.EINVAL(function() master:send_with_fds(-1) end, 3)
        local fds, fd = {}, service.file_of ""
        for i = 1, 17 do fds[i] = fd end
        helper.EINVAL(function() master:send_with_fds(-1, fds) end, 3)
        fd:close()
        helper.EINVAL(function() master:send_with_fds(-1, { fd }) end, 3)
        finish(master, program)
    end))

    it("closes what no filter takes", fiber(function()
        local text = call({ "access /a 0", "open /proc/self/fd/4 0 0" }, {
            access = function(master)
                local fd = service.file_of "text"
                master:send_with_fds(0, { fd, fd })
                fd:close()
            end,
            open = function(master) master:use_slave_credentials() end,
        })
        assert.equal("access: 0\nopen: -1 ENOENT\n", text)
    end))
end)

describe("master:use_slave_credentials", function()
    it("lets the slave make the call itself", fiber(function()
        local text, code, asked = call({ "access / 0", "access /none 0", "stat /dev/null",
            "getaddrinfo 127.0.0.1 80 any tcp", "unlink /none" }, setmetatable({}, {
            __index = function() return function(master) master:use_slave_credentials() end end,
        }))
        assert.truthy(text:find("^access: 0\naccess: %-1 ENOENT\nstat: dev=%d+ ino=%d+ mode=20666 "), text)
        assert.truthy(text:find("\ngetaddrinfo: 127.0.0.1 80 1 127.0.0.1\nunlink: -1 ENOENT\n", 1, true), text)
        assert.equal(0, code)
        assert.equal(5, #asked)
    end))
end)

describe("open", function()
    local FLAGS = {
        { "open /a 0 0", "open /a read_only" },
        { "open64 /a 1 0", "open /a write_only" },
        { "openat_cwd a/b", "open a/b read_only" },
        { "open /a " .. bit.bor(O.WRONLY, O.CREAT, O.TRUNC) .. " 4640", "open /a create+write_only+truncate 2464" },
        { "open /a " .. bit.bor(O.RDWR, O.CREAT, O.EXCL, O.APPEND) .. " 600",
            "open /a append+create+exclusive+read_write 384" },
        { "open /a " .. bit.bor(O.DIRECTORY, O.NOFOLLOW), "open /a read_only+directory+no_follow" },
        { "open /a " .. O.PATH, "open /a path" },
        { "open /a " .. bit.bor(O.SYNC, O.WRONLY), "open /a write_only+sync_all_on_write" },
        { "open /a " .. bit.bor(O.TMPFILE, O.RDWR) .. " 600", "open /a read_write+temporary 384" },
        { "creat /a", "open /a create+write_only+truncate 416" },
        { "fopen /a r", "open /a read_only" },
        { "fopen /a w", "open /a create+write_only+truncate 438" },
        { "fopen /a a+e", "open /a append+create+read_write 438" },
        { "fopen /a wx", "open /a create+exclusive+write_only+truncate 438" },
        { "opendir /a", "open /a read_only+directory" },
    }

    it("has flags, and a mode when a file may be made", fiber(function()
        local list, wanted = {}, {}
        for i, pair in ipairs(FLAGS) do
            list[i] = pair[1]:find "^%S+ %S+ %S+$" and pair[1] .. " 0" or pair[1]
            wanted[i] = pair[2]
        end
        local _, _, asked = call(list, {})
        assert.same(wanted, asked)
    end))

    it("gives the program a descriptor with the flags that it wants", fiber(function()
        local text = call({ "open /a 0 0", "open /a " .. O.CLOEXEC .. " 0", "open /a " .. O.NONBLOCK .. " 0",
            "creat /a", "fopen /a r" }, { open = service.giving "served" }, { filters = { open = service.GIVE } })
        assert.equal("open: cloexec=0 nonblock=0 served\nopen: cloexec=1 nonblock=0 served\n" ..
            "open: cloexec=0 nonblock=1 served\ncreat: cloexec=0 nonblock=0 served\nfopen: 4\n", text)
    end))

    it("gives the program an error", fiber(function()
        local text = call({ "open /a 0 0", "fopen /a r", "opendir /a" }, {
            open = function(master) master:send(-1, generic_error.EMFILE) end,
        })
        assert.equal("open: -1 EMFILE\nfopen: -1 EMFILE\nopendir: -1 EMFILE\n", text)
    end))

    it("serves directories", fiber(function()
        local text = call({ "opendir /a" }, {
            open = function(master)
                local fd = fs.open(fs.path.new "/", { "read_only" })
                master:send_with_fds(-2, { fd })
                fd:close()
            end,
        }, { filters = { open = service.GIVE } })
        assert.equal("opendir: 1\n", text)
    end))

    it("leaves what is no path to the C library", fiber(function()
        local text, _, asked = call({ "open " .. ("a"):rep(5000) .. " 0 0" }, {})
        assert.equal("open: -1 ENAMETOOLONG\n", text)
        assert.same({}, asked)
    end))
end)

describe("openat", function()
    it("brings the directory", fiber(function()
        local directory = fs.open(fs.path.new "/dev", { "path" })
        local text, _, asked = call({ "openat null 0 0", "openat /null 0 0" }, {
            openat = function(master, path, flags)
                local own = master:descriptors()
                assert.equal(0, select("#", master:descriptors()))
                local file = own:openat(path, flags)
                assert.equal("character", file.type)
                master:send_with_fds(-2, { file })
                own:close()
                file:close()
            end,
        }, {
            stdin = directory,
            filters = { openat = [[
                local openat, directory, path, flags, mode = ...
                local result, errno, fd = openat(directory, path, flags, mode)
                return fd or result, errno ]] },
        })
        directory:close()
        assert.equal("openat: cloexec=0 nonblock=0 \nopenat: -1 EACCES\n", text)
        assert.same({ "openat null read_only", "open /null read_only" }, asked)
    end))
end)

describe("calls of paths", function()
    it("are told to the master", fiber(function()
        local calls = {
            { "unlink /a", "unlink /a" }, { "unlinkat /a", "unlink /a" }, { "unlinkat_rmdir /a", "rmdir /a" },
            { "rmdir a/b", "rmdir a/b" }, { "rename /a /b", "rename /a /b" }, { "renameat a b", "rename a b" },
            { "mkdir /a", "mkdir /a 489" }, { "mkdirat /a", "mkdir /a 489" },
            { "access /a 0", "access /a f" }, { "access /a 7", "access /a r+w+x" }, { "faccessat /a 4", "access /a r" },
            { "eaccess /a 2", "eaccess /a w" }, { "faccessat_eaccess /a 1", "eaccess /a x" },
        }
        local list, wanted = {}, {}
        for i, pair in ipairs(calls) do list[i], wanted[i] = pair[1], pair[2] end
        local result = 0
        local function answer(master)
            result = result + 1
            master:send(result % 2 == 0 and -1 or result, result % 2 == 0 and 28 or 0)
        end
        local text, _, asked = call(list, {
            unlink = answer, rmdir = answer, rename = answer, mkdir = answer, access = answer, eaccess = answer,
        })
        assert.same(wanted, asked)
        local n = 0
        for name, outcome in text:gmatch "(%S+): ([^\n]*)\n" do
            n = n + 1
            assert.equal(list[n]:match "%S+", name)
            assert.equal(n % 2 == 0 and "-1 ENOSPC" or tostring(n), outcome)
        end
        assert.equal(#list, n)
    end))

    it("try both for remove", fiber(function()
        local text, _, asked = call({ "remove /a", "remove /b" }, {
            unlink = function(master, path)
                if tostring(path) == "/a" then master:send(-1, generic_error.EISDIR) else master:send(0) end
            end,
            rmdir = 0,
        })
        assert.equal("remove: 0\nremove: 0\n", text)
        assert.same({ "unlink /a", "rmdir /a", "unlink /b" }, asked)
    end))
end)

describe("stat and lstat", function()
    local ALL = {
        dev = 1, ino = 2, mode = 0x1a4, type = "fifo", nlink = 3, uid = 4, gid = 5, rdev = 6, size = 2 ^ 40,
        blksize = 7, blocks = 8, atime = 9.25, mtime = -1, ctime = 2 ^ 40,
    }

    it("take a table", fiber(function()
        local text, _, asked = call({ "stat /a", "lstat /a", "fstatat /a", "fstatat_link /a", "statx /a" },
            { stat = ALL, lstat = ALL })
        local rest = ": dev=1 ino=2 mode=10644 nlink=3 uid=4 gid=5 rdev=6 size=1099511627776 blksize=7 blocks=8 " ..
            "atime=9.250 mtime=-1 ctime=1099511627776\n"
        assert.equal("stat" .. rest .. "lstat" .. rest .. "fstatat" .. rest .. "fstatat_link" .. rest ..
            "statx: mode=10644 size=1099511627776 mtime=-1\n", text)
        assert.same({ "stat /a", "lstat /a", "stat /a", "lstat /a", "stat /a" }, asked)
    end))

    it("know all types", fiber(function()
        local list, wanted = {}, {}
        for name, bits in pairs{ regular = "100", directory = "40", symlink = "120", block = "60", character = "20",
            fifo = "10", socket = "140" } do
            list[#list + 1] = "statx /" .. name
            wanted[#wanted + 1] = "statx: mode=" .. bits .. "000 size=0 mtime=0\n"
        end
        local text = call(list, {
            stat = function(master, path) master:send{ type = tostring(path):sub(2) } end,
        })
        assert.equal(table.concat(wanted), text)
        assert.equal("statx: mode=100000 size=0 mtime=0\n", (call({ "statx /a" }, { stat = {} })))
    end))

    it("take an error", fiber(function()
        local text = call({ "stat /a", "statx /a" }, { stat = function(master) master:send(-1, 40) end })
        assert.equal("stat: -1 ELOOP\nstatx: -1 ELOOP\n", text)
    end))

    it("are the C library's with an open directory", fiber(function()
        local text, _, asked = call({ "fstatat_directory /a" }, {})
        assert.truthy(text:find "^fstatat_directory: dev=")
        assert.same({}, asked)
    end))
end)

describe("connect and bind", function()
    it("bring the socket and its address", fiber(function()
        local _, _, asked = call({ "connect_unix /a/b", "connect_unix @ab", "bind_unix c", "connect_inet 10.1.2.3 80",
            "bind_inet 0.0.0.0 65535", "connect_inet6 ::1 443", "bind_inet6 fe80::1 0" }, {})
        assert.same({ "connect_unix /a/b", "connect_unix \0ab", "bind_unix c", "connect_inet 10.1.2.3 80",
            "bind_inet 0.0.0.0 65535", "connect_inet6 ::1 443", "bind_inet6 fe80::1 0" }, asked)
    end))

    it("are done to the slave's socket", fiber(function()
        local acceptor = ip.tcp.acceptor.new()
        acceptor:open "v4"
        acceptor:bind(ip.address.loopback_v4(), 0)
        acceptor:listen()
        local bytes = emilua.byte_span.new(5)
        local reader = emilua.spawn(function()
            local peer = acceptor:accept()
            require("emilua.stream").read_all(peer, bytes)
            peer:close()
        end)
        local bound
        local text = call({ "connect_inet 192.0.2.1 80", "bind_inet 192.0.2.1 80" }, {
            connect_inet = function(master, address, port)
                assert.equal("192.0.2.1", tostring(address))
                assert.equal(80, port)
                local socket = ip.tcp.socket.new()
                socket:assign("v4", master:descriptors())
                socket:connect(ip.address.loopback_v4(), acceptor.local_port)
                socket:release():close()
                master:send(0)
            end,
            bind_inet = function(master)
                local socket = ip.tcp.acceptor.new()
                socket:assign("v4", master:descriptors())
                socket:bind(ip.address.loopback_v4(), 0)
                bound = socket.local_port
                socket:release():close()
                master:send(0)
            end,
        })
        reader:join()
        acceptor:close()
        assert.equal("hello", tostring(bytes))
        assert.equal("connect_inet: 0\nbind_inet: 0\n", text)
        assert.is_true(bound > 0)
    end))

    it("serve sockets of this machine", fiber(function()
        local name = os.tmpname()
        os.remove(name)
        local acceptor = unix.stream.listen(name)
        local bytes = emilua.byte_span.new(5)
        local reader = emilua.spawn(function()
            local peer = acceptor:accept()
            require("emilua.stream").read_all(peer, bytes)
            peer:close()
        end)
        local text = call({ "connect_unix /the/service" }, {
            connect_unix = function(master)
                local socket = unix.stream.socket.new(master:descriptors())
                socket:connect(fs.path.new(name))
                socket:release():close()
                master:send(0)
            end,
        })
        reader:join()
        acceptor:close()
        os.remove(name)
        assert.equal("hello", tostring(bytes))
        assert.equal("connect_unix: 0\n", text)
    end))
end)

describe("getaddrinfo", function()
    it("is told to the master", fiber(function()
        local _, _, asked = call({ "getaddrinfo host 80 any tcp", "getaddrinfo host - inet udp",
            "getaddrinfo - http inet6 any" }, {})
        assert.same({ "getaddrinfo host 80 tcp", "getaddrinfo host nil udp", "getaddrinfo nil http nil" }, asked)
    end))

    it("takes an address", fiber(function()
        local answers = {
            a = { ip.address.new "192.0.2.1" }, b = { ip.address.new "2001:db8::1", 8080 },
            c = { ip.address.new "fe80::1%7", 1 },
        }
        local text = call({ "getaddrinfo a 80 any tcp", "getaddrinfo a http inet udp", "getaddrinfo b 80 any any",
            "getaddrinfo c 80 inet6 tcp", "getaddrinfo b 80 inet tcp" }, {
            getaddrinfo = function(master, node) master:send(answers[node]) end,
        })
        assert.equal("getaddrinfo: 192.0.2.1 80 1 a\ngetaddrinfo: 192.0.2.1 0 2 a\n" ..
            "getaddrinfo: 2001:db8::1 8080 1 b 2001:db8::1 8080 2 -\ngetaddrinfo: fe80::1%7 1 1 c\n" ..
            "getaddrinfo: Name or service not known\n", text)
    end))

    it("takes an empty answer", fiber(function()
        assert.equal("getaddrinfo:\n", (call({ "getaddrinfo a 80 any tcp" }, {
            getaddrinfo = function(master) master:send(nil) end,
        })))
    end))

    it("takes errors by name", fiber(function()
        local names = { "again", "badflags", "fail", "family", "memory", "noname", "service", "socktype", "system" }
        local list = {}
        for i, name in ipairs(names) do list[i] = "getaddrinfo " .. name .. " - any any" end
        local text = call(list, {
            getaddrinfo = function(master, node) master:send(node, generic_error.ENOBUFS) end,
        })
        assert.equal([[
getaddrinfo: Temporary failure in name resolution
getaddrinfo: Bad value for ai_flags
getaddrinfo: Non-recoverable failure in name resolution
getaddrinfo: ai_family not supported
getaddrinfo: Memory allocation failure
getaddrinfo: Name or service not known
getaddrinfo: Servname not supported for ai_socktype
getaddrinfo: ai_socktype not supported
getaddrinfo: ENOBUFS
]], text)
    end))
end)
