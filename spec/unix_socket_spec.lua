local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local pipe = require "emilua.pipe"
local stream = require "emilua.stream"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local fds = require "spec.fd_helper"
local sockets = require "spec.unix_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local closing, keep, outcome, reader, write = fds.closing, fds.keep, fds.outcome, fds.reader, fds.write
local abstract, bound, listening, pair, path = sockets.abstract, sockets.bound, sockets.listening, sockets.pair,
    sockets.path

helper.install()

for _, class in ipairs(sockets.CLASSES) do
    local name, new, open = unpack(class)

    describe(name, function()
        it("new() makes a closed object of its class", function()
            local io = new()
            assert.equal(name, getmetatable(io))
            assert.is_false(io.is_open)
        end)

        it("new(fd) adopts the descriptor", closing(function()
            local fd = open():release()
            local io = keep(new(fd))
            assert.is_true(io.is_open)
            helper.bad_index(function() return fd.type end)
        end))

        it("new raises EINVAL for what is no descriptor, EBUSY for one in flight", closing(function()
            for _, wrong in ipairs(fds.wrong_descriptors()) do helper.EINVAL(function() new(wrong) end, 1) end
            local fd = keep(open():release())
            fds.lock(fd)
            helper.EBUSY(function() new(fd) end)
            fds.unlock(fd)
        end))

        it("raises bad_index for an unknown key; has no fields to write", closing(function()
            local io = new()
            helper.bad_index(function() return io.nothing end)
            assert.is_false(pcall(function() io.nothing = 1 end))
        end))

        it("methods raise EINVAL for a wrong self", closing(function()
            local io = open()
            fds.check_wrong_self(io, "open")
            fds.check_wrong_self(io, "bind", abstract())
            fds.check_wrong_self(io, "close")
            fds.check_wrong_self(io, "cancel")
            fds.check_wrong_self(io, "release")
            fds.check_wrong_self(io, "set_option", "debug", false)
            fds.check_wrong_self(io, "get_option", "debug")
            fds.check_wrong_self(new(), "assign", keep(open():release()))
        end))

        it("open creates the socket, close-on-exec and non-blocking; twice is already_open", closing(function()
            local io = open()
            helper.raises("asio.misc", "already_open", function() io:open() end)
            local fd = keep(io:release())
            assert.is_true(fd.non_blocking)
            assert.is_true(fds.is_close_on_exec(fd))
            assert.is_true(fd:is_socket("unix", name:match("%.(%a+)%.")))
            assert.is_false(fd:is_socket("inet"))
        end))

        it("bind raises EINVAL unless path is a path object", closing(function()
            local io = open()
            for _, wrong in ipairs{ "text", 1, {}, byte_span.new(1) } do
                helper.EINVAL(function() io:bind(wrong) end, 2)
            end
            helper.EINVAL(function() io:bind() end, 2)
        end))

        it("bind takes names of 107 bytes and raises ENAMETOOLONG for longer ones", closing(function()
            local prefix = tostring(abstract())
            local longest = path(prefix .. ("x"):rep(107 - #prefix))
            local io = open()
            io:bind(longest)
            assert.equal(tostring(longest), tostring(io.local_path))
            for _, length in ipairs{ 108, 109, 5000 } do
                helper.raises("system", "ENAMETOOLONG", function() open():bind(path(("x"):rep(length))) end)
                helper.raises("system", "ENAMETOOLONG", function()
                    open():bind(path("\0" .. ("x"):rep(length - 1)))
                end)
            end
        end))

        it("bind of a path with a NUL byte inside raises EINVAL of the system", closing(function()
            helper.raises("system", "EINVAL", function() open():bind(path("a\0b")) end)
        end))

        it("bind takes every byte of an abstract name, also NUL", closing(function()
            local text = tostring(abstract()) .. "\0\0tail"
            local io = open()
            io:bind(path(text))
            assert.equal(text, tostring(io.local_path))
        end))

        it("bind with an empty path lets the kernel choose", closing(function()
            local io = open()
            io:bind(path(""))
            assert.truthy(tostring(io.local_path):find("^%z%x%x%x%x%x$"))
        end))

        it("bind makes a file that close leaves; a file that exists is EADDRINUSE", closing(function()
            local file = sockets.file()
            local io = open()
            io:bind(path(file))
            assert.equal(file, tostring(io.local_path))
            io:close()
            helper.raises("system", "EADDRINUSE", function() open():bind(path(file)) end)
            assert.is_true(os.remove(file) ~= nil)
        end))

        it("bind on a closed object raises EBADF", function()
            helper.raises("system", "EBADF", function() new():bind(abstract()) end)
        end)

        it("local_path is empty when unbound, EBADF when closed", closing(function()
            assert.equal("", tostring(open().local_path))
            assert.equal("filesystem.path", getmetatable(open().local_path))
            helper.raises("system", "EBADF", function() return new().local_path end)
        end))

        it("assign adopts a descriptor; release hands it over", closing(function()
            local io = open()
            local fd = io:release()
            fd.non_blocking = false
            assert.is_false(io.is_open)
            helper.EBADF(function() io:release() end)
            io:assign(fd)
            helper.bad_index(function() return fd.type end)
            assert.is_true(keep(io:release()).non_blocking)
        end))

        it("assign checks: no descriptor, in flight, already open; nothing is consumed", closing(function()
            local io, fd = open(), keep(open():release())
            for _, wrong in ipairs(fds.wrong_descriptors()) do helper.EINVAL(function() new():assign(wrong) end, 2) end
            helper.raises("asio.misc", "already_open", function() io:assign(fd) end)
            fds.lock(fd)
            helper.EBUSY(function() new():assign(fd) end)
            fds.unlock(fd)
            assert.equal("socket", fd.type)
        end))

        it("close may be repeated and the object opened again; cancel on a closed one is EBADF", closing(function()
            local io = open()
            io:cancel()
            io:close()
            io:close()
            helper.raises("system", "EBADF", function() io:cancel() end)
            io:open()
            assert.is_true(io.is_open)
        end))

        it("debug is an option; unknown names are ENOTSUP", closing(function()
            local io = open()
            assert.is_boolean(io:get_option("debug"))
            outcome(io.set_option, io, "debug", false)
            for _, unknown in ipairs{ "nothing", "tcp_no_delay", "reuse_address" } do
                helper.ENOTSUP(function() io:get_option(unknown) end)
                helper.ENOTSUP(function() io:set_option(unknown, true) end)
            end
            for _, wrong in ipairs{ 1, "true", {} } do
                helper.EINVAL(function() io:set_option("debug", wrong) end, 3)
            end
            helper.raises("system", "EBADF", function() new():get_option("debug") end)
        end))
    end)
end

for _, kind in ipairs(sockets.KINDS) do
    local name = ("unix.%s.socket"):format(kind)
    local is_stream = kind == "stream"
    local new = unix[kind].socket.new

    -- Sends through whatever the class has, and receives what has come.
    local function put(sock, text)
        local method = is_stream and sock.write_some or sock.send
        assert.equal(#text, method(sock, byte_span.append(text)))
    end
    local get = is_stream and reader or sockets.receiver

    describe(name .. ".pair", function()
        it("makes connected, unnamed sockets, synchronously", closing(function()
            local a, b = pair(kind)
            assert.equal(name, getmetatable(a))
            assert.equal("", tostring(a.local_path))
            assert.equal("", tostring(a.remote_path))
            put(a, "there")
            put(b, "back")
            assert.equal("there", get(b):join())
            assert.equal("back", get(a):join())
            local fd = keep(a:release())
            assert.is_true(fds.is_close_on_exec(fd) and fd.non_blocking)
        end))

        it("works outside of a run", function()
            local a, b = unix[kind].socket.pair()
            a:close()
            b:close()
        end)
    end)

    describe(name .. ":connect", function()
        it("opens a closed socket and connects it", closing(function()
            local peer = kind == "datagram" and bound(kind) or listening(kind)
            local sock = keep(new())
            assert.equal(0, select("#", sock:connect(peer.local_path)))
            assert.is_true(sock.is_open)
            assert.equal(tostring(peer.local_path), tostring(sock.remote_path))
        end))

        it("raises EINVAL unless path is a path object", closing(function()
            for _, wrong in ipairs{ "text", 1, {}, byte_span.new(1) } do
                helper.EINVAL(function() new():connect(wrong) end, 2)
            end
        end))

        it("raises the errors of the system; the socket stays open", closing(function()
            local sock = keep(new())
            helper.raises("system", "ECONNREFUSED", function() sock:connect(abstract()) end)
            assert.is_true(sock.is_open)
            helper.raises("system", "ENOENT", function() sock:connect(path("/nonexistent")) end)
            helper.raises("system", "ECONNREFUSED", function() sock:connect(path("/dev/null")) end)
            helper.raises("system", "ENAMETOOLONG", function() sock:connect(path(("x"):rep(200))) end)
        end))

        it("is an interruption point", closing(function()
            local sock = keep(new())
            assert.is_true(sockets.interruption_caught(function() sock:connect(abstract()) end))
            assert.is_false(sock.is_open)
        end))
    end)

    describe("unix." .. kind .. ".dial", function()
        it("connects to a file", closing(function()
            local file = sockets.file()
            local peer
            if kind == "datagram" then
                peer = keep(new())
                peer:open()
                peer:bind(path(file))
            else
                peer = keep(unix[kind].listen(file))
            end
            local sock = keep(unix[kind].dial(file))
            assert.equal(name, getmetatable(sock))
            assert.equal(file, tostring(sock.remote_path))
            peer:close()
            os.remove(file)
        end))

        it("turns a leading @ into an abstract name", closing(function()
            local peer = kind == "datagram" and bound(kind) or listening(kind)
            local ep = tostring(peer.local_path):gsub("^%z", "@")
            local sock = keep(unix[kind].dial(ep))
            assert.equal(tostring(peer.local_path), tostring(sock.remote_path))
        end))

        it("takes only strings", closing(function()
            for _, wrong in ipairs{ 1, {}, path("x"), true } do
                helper.EINVAL(function() unix[kind].dial(wrong) end, 1)
            end
            helper.EINVAL(function() unix[kind].dial() end, 1)
        end))

        it("leaves no descriptor when it fails", closing(function()
            local before = helper.holdings().count.descriptors
            helper.raises("system", "ENOENT", function() unix[kind].dial("/nonexistent") end)
            assert.equal(before, helper.holdings().count.descriptors)
        end))
    end)

    describe(name, function()
        it("remote_path of an unconnected socket raises ENOTCONN", closing(function()
            local sock = keep(new())
            helper.raises("system", "EBADF", function() return sock.remote_path end)
            sock:open()
            helper.raises("system", "ENOTCONN", function() return sock.remote_path end)
        end))

        it("shutdown ends a direction", closing(function()
            local a, b = pair(kind)
            a:shutdown("send")
            if kind ~= "datagram" then assert.equal("eof", get(b):join()) end
            local method = is_stream and a.write_some or a.send
            helper.raises("system", "EPIPE", function() method(a, byte_span.new(1)) end)
            b:shutdown("receive")
            b:shutdown("both")
        end))

        it("shutdown raises EINVAL for another word", closing(function()
            local a = pair(kind)
            for _, wrong in ipairs{ "all", 1, {} } do helper.EINVAL(function() a:shutdown(wrong) end, 2) end
            helper.raises("system", "EBADF", function() new():shutdown("both") end)
        end))

        it("io_control knows bytes_readable", closing(function()
            local a, b = pair(kind)
            assert.equal(0, b:io_control("bytes_readable"))
            put(a, "four")
            assert.equal(4, b:io_control("bytes_readable"))
            helper.ENOTSUP(function() b:io_control("nothing") end)
        end))

        it("buffer sizes round-trip", closing(function()
            local a = pair(kind)
            for _, option in ipairs{ "send_buffer_size", "receive_buffer_size" } do
                a:set_option(option, 65536)
                assert.equal(65536, a:get_option(option))
                helper.EINVAL(function() a:set_option(option, "x") end, 3)
            end
        end))

        it("the low watermarks are options of stream sockets only", closing(function()
            local a = pair(kind)
            if is_stream then
                a:set_option("receive_low_watermark", 5)
                assert.equal(5, a:get_option("receive_low_watermark"))
                helper.raises("system", "ENOPROTOOPT", function() a:set_option("send_low_watermark", 5) end)
                assert.is_number(a:get_option("send_low_watermark"))
            else
                helper.ENOTSUP(function() a:set_option("receive_low_watermark", 5) end)
                helper.ENOTSUP(function() a:get_option("send_low_watermark") end)
            end
        end))

        it("disconnect dissolves a datagram socket's association", closing(function()
            if kind ~= "datagram" then
                helper.raises("system", "EINVAL", function() (pair(kind)):disconnect() end)
                return
            end
            local peer, sock = bound(kind), keep(new())
            sock:connect(peer.local_path)
            sock:disconnect()
            helper.raises("system", "ENOTCONN", function() return sock.remote_path end)
        end))
    end)

    describe("the peer of a " .. name, function()
        if kind == "datagram" then
            it("is unknown", closing(function()
                for _, option in ipairs{ "remote_credentials", "remote_security_label", "remote_security_labels" } do
                    helper.ENOTSUP(function() (pair(kind)):get_option(option) end)
                end
            end))
            return
        end

        it("has credentials: uid, groups and pid", closing(function()
            local peer = (pair(kind)):get_option("remote_credentials")
            assert.equal(tonumber(helper.pid()), peer.pid)
            assert.equal(helper.shell("id -u"):match("%d+"), tostring(peer.uid))
            assert.same({ tonumber(helper.shell("id -g"):match("%d+")) }, peer.groups)
            helper.raises("system", "EBADF", function() new():get_option("remote_credentials") end)
        end))

        it("has a security label where a module gives one", closing(function()
            local label = outcome((pair(kind)).get_option, pair(kind), "remote_security_label")
            local file = io.open("/proc/self/attr/current")
            local own = file and file:read("*l") or nil
            if file then file:close() end
            if own then
                assert.is_string(label)
            else
                assert.truthy(label:find("system 92", 1, true))
            end
        end))

        it("has no list of labels on Linux", closing(function()
            helper.ENOTSUP(function() (pair(kind)):get_option("remote_security_labels") end, "remote_security_labels")
        end))

        it("cannot be set", closing(function()
            helper.ENOTSUP(function() (pair(kind)):set_option("remote_credentials", true) end)
        end))
    end)
end

describe("unix.stream.socket", function()
    it("read_some and write_some raise EINVAL for what is no span and for a wrong self", closing(function()
        local a = pair("stream")
        for _, name in ipairs{ "read_some", "write_some" } do
            fds.check_wrong_self(a, name, byte_span.new(1))
            for _, wrong in ipairs{ 1, "text", {} } do helper.EINVAL(function() a[name](a, wrong) end, 2) end
            helper.raises("system", "EBADF", function()
                local sock = unix.stream.socket.new()
                sock[name](sock, byte_span.new(1))
            end)
            assert.equal(0, a[name](a, byte_span.new(0)))
        end
    end))

    it("read_some waits, and raises eof when the peer has closed", closing(function()
        local a, b = pair("stream")
        local waiting = reader(b)
        this_fiber.yield()
        write(a, "late")
        assert.equal("late", waiting:join())
        write(a, "last")
        a:close()
        assert.equal("last", reader(b):join())
        assert.equal("eof", reader(b):join())
        assert.equal(0, b:read_some(byte_span.new(0)))
    end))

    it("write_some waits while the buffer is full", closing(function()
        local a, b = pair("stream")
        local size = 4194304
        local writer = spawn(function() return stream.write_all(a, byte_span.new(size)) end)
        assert.equal(size, stream.read_all(b, byte_span.new(size)))
        assert.equal(size, writer:join())
    end))

    it("write_some raises EPIPE when the peer has closed", closing(function()
        local a, b = pair("stream")
        b:close()
        helper.raises("system", "EPIPE", function() a:write_some(byte_span.new(1)) end)
    end))

    it("serves readers in order; cancel wakes all, interruption only its fiber", closing(function()
        local a, b = pair("stream")
        local first, second, third = reader(b, 1), reader(b, 1), reader(b, 1)
        this_fiber.yield()
        second:interrupt()
        assert.equal("interrupted", second:join())
        write(a, "x")
        assert.equal("x", first:join())
        b:cancel()
        assert.equal("aborted", third:join())
        write(a, "y")
        assert.equal("y", reader(b):join())
    end))

    it("close and release abort what is pending", closing(function()
        local a, b = pair("stream")
        local first, second = reader(a), reader(b)
        this_fiber.yield()
        a:close()
        local fd = keep(b:release())
        assert.equal("aborted", first:join())
        assert.equal("aborted", second:join())
        assert.equal("eof", reader(keep(unix.stream.socket.new(fd))):join())
    end))

    it("a fiber whose operations always succeed lets others run", closing(function()
        local a, b = pair("stream")
        local turns, stop = 0, false
        local other = spawn(function()
            while not stop do
                turns = turns + 1
                this_fiber.yield()
            end
        end)
        local bs = byte_span.new(1)
        for _ = 1, 2000 do
            a:write_some(bs)
            b:read_some(bs)
        end
        stop = true
        other:join()
        assert.truthy(turns > 5)
    end))
end)

describe("connect to an acceptor whose queue is full", function()
    for _, kind in ipairs(sockets.CONNECTED) do
        it("waits for room: " .. kind, closing(function()
            local acceptor = keep(unix[kind].acceptor.new())
            acceptor:open()
            acceptor:bind(abstract())
            acceptor:listen(0)
            local name = acceptor.local_path
            local clients, done = {}, 0
            for i = 1, 5 do
                clients[i] = spawn(function()
                    local sock = keep(unix[kind].socket.new())
                    sock:connect(name)
                    done = done + 1
                end)
            end
            helper.turns(20)
            assert.truthy(done < 5)
            for _ = 1, 5 do keep(acceptor:accept()) end
            for i = 1, 5 do clients[i]:join() end
            assert.equal(5, done)
        end))

        it("can be interrupted, cancelled and closed: " .. kind, closing(function()
            local acceptor = keep(unix[kind].acceptor.new())
            acceptor:open()
            acceptor:bind(abstract())
            acceptor:listen(0)
            local name = acceptor.local_path
            keep(unix[kind].socket.new()):connect(name)
            local function connecting()
                local sock = keep(unix[kind].socket.new())
                return sock, spawn(function() return outcome(sock.connect, sock, name) end)
            end
            local _, first = connecting()
            local second_socket, second = connecting()
            local third_socket, third = connecting()
            helper.turns(3)
            first:interrupt()
            second_socket:cancel()
            third_socket:close()
            assert.equal("interrupted", first:join())
            assert.equal("aborted", second:join())
            assert.equal("aborted", third:join())
        end))
    end
end)

describe("a pipe object on a socket", function()
    it("reads and writes it", closing(function()
        local a, b = pair("stream")
        local reading, writing = keep(pipe.read_stream.new(a:release())), keep(pipe.write_stream.new(b:release()))
        write(writing, "through")
        assert.equal("through", reader(reading):join())
    end))
end)
