local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local fds = require "spec.fd_helper"
local sockets = require "spec.unix_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local closing, keep, outcome = fds.closing, fds.keep, fds.outcome
local listening = sockets.listening

helper.install()

local function permissions(file)
    return (helper.shell("stat -c %a " .. file):match("%d+"))
end

for _, kind in ipairs(sockets.CONNECTED) do
    local listen, new = unix[kind].listen, unix[kind].acceptor.new

    describe("unix." .. kind .. ".listen", function()
        it("opens, binds and listens; synchronous", function()
            local file = sockets.file()
            local acceptor = listen(file)
            assert.equal(("unix.%s.acceptor"):format(kind), getmetatable(acceptor))
            assert.equal(file, tostring(acceptor.local_path))
            acceptor:close()
            os.remove(file)
        end)

        it("sets the permissions of the file, masked with 0777", closing(function()
            for mode, expected in pairs{ [0x180] = "600", [0x1b6] = "666", [0x1ff] = "777", [0x1180] = "600" } do
                local file = sockets.file()
                keep(listen(file, mode))
                assert.equal(expected, permissions(file))
                os.remove(file)
            end
        end))

        it("skips the file of an abstract name", closing(function()
            keep(listen(sockets.endpoint(), 0x180))
        end))

        it("never removes an old file, and leaves no descriptor when it fails", closing(function()
            local file = helper.write_temporary("old")
            local before = helper.holdings().count.descriptors
            helper.raises("system", "EADDRINUSE", function() listen(file, 0x180) end)
            assert.equal(before, helper.holdings().count.descriptors)
            assert.equal("old", (helper.shell("cat " .. file)))
            os.remove(file)
        end))

        it("raises EINVAL for what is no string, or no integer", function()
            for _, wrong in ipairs{ 1, {}, sockets.path("x") } do helper.EINVAL(function() listen(wrong) end, 1) end
            helper.EINVAL(function() listen() end, 1)
            for _, wrong in ipairs{ "600", {}, true, 1.5 } do helper.EINVAL(function() listen("@x", wrong) end, 2) end
        end)
    end)

    describe(("unix.%s.acceptor"):format(kind), function()
        it("accept waits for a connection and returns a socket, close-on-exec and non-blocking", closing(function()
            local acceptor, name = listening(kind)
            local accepting = spawn(function() return acceptor:accept() end)
            this_fiber.yield()
            local client = keep(unix[kind].socket.new())
            client:connect(name)
            local server = keep(accepting:join())
            assert.equal(("unix.%s.socket"):format(kind), getmetatable(server))
            assert.equal(tostring(name), tostring(server.local_path))
            assert.equal("", tostring(server.remote_path))
            local fd = keep(server:release())
            assert.is_true(fd.non_blocking and fds.is_close_on_exec(fd))
        end))

        it("accept on one that does not listen raises EINVAL of the system", closing(function()
            local acceptor = keep(new())
            helper.raises("system", "EBADF", function() acceptor:accept() end)
            acceptor:open()
            helper.raises("system", "EINVAL", function() acceptor:accept() end)
        end))

        it("serves fibers in order; cancel wakes all, interruption one", closing(function()
            local acceptor, name = listening(kind)
            local order = {}
            local function accepting(i)
                return spawn(function()
                    local result = outcome(acceptor.accept, acceptor)
                    order[#order + 1] = i
                    return type(result) == "table" and keep(result) or result
                end)
            end
            local first, second, third, fourth = accepting(1), accepting(2), accepting(3), accepting(4)
            this_fiber.yield()
            second:interrupt()
            assert.equal("interrupted", second:join())
            for _ = 1, 2 do keep(unix[kind].socket.new()):connect(name) end
            first:join()
            third:join()
            assert.same({ 2, 1, 3 }, order)
            acceptor:cancel()
            assert.equal("aborted", fourth:join())
        end))

        it("listen takes an integer or nothing", closing(function()
            local acceptor = keep(new())
            acceptor:open()
            acceptor:bind(sockets.abstract())
            for _, wrong in ipairs{ "1", {}, true, 1.5 } do
                helper.EINVAL(function() acceptor:listen(wrong) end, 2)
            end
            acceptor:listen()
            acceptor:listen(5)
            fds.check_wrong_self(acceptor, "listen")
            fds.check_wrong_self(acceptor, "accept")
        end))

        it("wait tells of a connection and accepts none", closing(function()
            local acceptor, name = listening(kind)
            local waiting = spawn(function() acceptor:wait("read") end)
            this_fiber.yield()
            keep(unix[kind].socket.new()):connect(name)
            waiting:join()
            acceptor:wait("read")
            keep(acceptor:accept())
            local again = spawn(function() return outcome(acceptor.wait, acceptor, "read") end)
            this_fiber.yield()
            again:interrupt()
            assert.equal("interrupted", again:join())
        end))

        it("wait knows three kinds, else EINVAL", closing(function()
            local acceptor = listening(kind)
            for _, wrong in ipairs{ "accept", 1, {} } do helper.EINVAL(function() acceptor:wait(wrong) end, 2) end
            local waiting = spawn(function() return outcome(acceptor.wait, acceptor, "error") end)
            this_fiber.yield()
            acceptor:cancel()
            assert.equal("aborted", waiting:join())
        end))

        it("enable_connection_aborted is a flag, false at first", closing(function()
            local acceptor = listening(kind)
            assert.is_false(acceptor:get_option("enable_connection_aborted"))
            acceptor:set_option("enable_connection_aborted", true)
            assert.is_true(acceptor:get_option("enable_connection_aborted"))
            helper.EINVAL(function() acceptor:set_option("enable_connection_aborted", 1) end, 3)
            acceptor:close()
            acceptor:open()
            assert.is_false(acceptor:get_option("enable_connection_aborted"))
        end))

        it("release hands a listening socket over", closing(function()
            local acceptor, name = listening(kind)
            local other = keep(new(acceptor:release()))
            keep(unix[kind].socket.new()):connect(name)
            keep(other:accept())
        end))

        it("a client that has gone before accept is still accepted, with its bytes", closing(function()
            local acceptor, name = listening(kind)
            local client = unix[kind].socket.new()
            client:connect(name)
            local method = kind == "stream" and client.write_some or client.send
            method(client, byte_span.append("bye"))
            client:close()
            local server = keep(acceptor:accept())
            local receive = kind == "stream" and server.read_some or server.receive
            assert.equal(3, receive(server, byte_span.new(10)))
            assert.equal("eof", outcome(receive, server, byte_span.new(10)))
        end))
    end)
end
