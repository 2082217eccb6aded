local emilua = require "emilua"
local ip = require "emilua.ip"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local address = ip.address
local keep, closing, new_socket, new_acceptor = tcp.keep, tcp.closing, tcp.new_socket, tcp.new_acceptor
local listening, pair, interruption_caught = tcp.listening, tcp.pair, tcp.interruption_caught
local check_wrong_self = tcp.check_wrong_self

helper.install()

describe("ip.tcp.acceptor:listen", function()
    it("takes a backlog, by default the system's maximum", closing(function()
        for _, backlog in ipairs{0, 1, 100, false} do
            local acceptor = new_acceptor()
            acceptor:open("v4")
            acceptor:bind("127.0.0.1", 0)
            assert.equal(0, select("#", acceptor:listen(backlog or nil)))
            new_socket():connect(address.loopback_v4(), acceptor.local_port)
            assert.is_true(keep(acceptor:accept()).is_open)
        end
    end))

    it("raises EINVAL for another type, or a wrong self", closing(function()
        local acceptor = new_acceptor()
        acceptor:open("v4")
        for _, value in ipairs{"1", true, {}} do
            helper.EINVAL(function() acceptor:listen(value) end, 2)
        end
        check_wrong_self(acceptor, "listen")
    end))

    it("raises EBADF on a closed acceptor", closing(function()
        local acceptor = new_acceptor()
        helper.raises("system", "EBADF", function() acceptor:listen() end)
    end))
end)

describe("ip.tcp.acceptor:accept", function()
    it("returns a connected socket", closing(function()
        local acceptor, client = listening(), new_socket()
        client:connect(address.loopback_v4(), acceptor.local_port)
        local server = keep(acceptor:accept())
        assert.equal("ip.tcp.socket", getmetatable(server))
        assert.is_true(server.is_open)
        assert.equal(client.local_port, server.remote_port)
        assert.equal(acceptor.local_port, server.local_port)
    end))

    it("waits for a connection", closing(function()
        local acceptor, client = listening(), new_socket()
        local accepting = spawn(function() return acceptor:accept() end)
        this_fiber.yield()
        client:connect(address.loopback_v4(), acceptor.local_port)
        assert.equal(client.local_port, keep(accepting:join()).remote_port)
    end))

    it("returns sockets that are closed on exec", closing(function()
        local _, server = pair()
        local pipe = io.popen("ls -l /proc/self/fd | grep -c socket:")
        local inherited = pipe:read("*n")
        pipe:close()
        server:close()
        pipe = io.popen("ls -l /proc/self/fd | grep -c socket:")
        assert.equal(pipe:read("*n"), inherited)
        pipe:close()
    end))

    it("raises EINVAL of the system if it does not listen, EBADF if it is closed", closing(function()
        local acceptor = new_acceptor()
        helper.raises("system", "EBADF", function() acceptor:accept() end)
        acceptor:open("v4")
        helper.raises("system", "EINVAL", function() acceptor:accept() end)
        acceptor:bind("127.0.0.1", 0)
        helper.raises("system", "EINVAL", function() acceptor:accept() end)
    end))

    it("suspends, and is an interruption point", closing(function()
        local acceptor, client = listening(), new_socket()
        client:connect(address.loopback_v4(), acceptor.local_port)
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() acceptor:accept() end)
        this_fiber.allow_suspend()
        assert.is_true(interruption_caught(function() acceptor:accept() end))
        assert.equal(client.local_port, keep(acceptor:accept()).remote_port)
    end))

    it("raises EINVAL for a wrong self", closing(function()
        check_wrong_self(new_acceptor(), "accept")
        helper.EINVAL(function() new_acceptor().accept(new_socket()) end, 1)
    end))

    it("raises EMFILE without free descriptors; the connection is not lost", function()
        local output = helper.child([[
            local emilua, ip = require "emilua", require "emilua.ip"
            emilua.run(function()
                local acceptor, client = ip.tcp.acceptor.new(), ip.tcp.socket.new()
                acceptor:open("v4")
                acceptor:bind("127.0.0.1", 0)
                acceptor:listen()
                client:connect(ip.address.loopback_v4(), acceptor.local_port)
                local hoard, full = {}
                repeat
                    local sock = ip.tcp.socket.new()
                    full = not pcall(sock.open, sock, "v4")
                    hoard[#hoard + 1] = sock
                until full
                local ok, e = pcall(acceptor.accept, acceptor)
                print(ok, tostring(e.category), e.code)
                for _, sock in ipairs(hoard) do sock:close() end
                local server = acceptor:accept()
                print(server.remote_port == client.local_port)
            end)
        ]], {before = "ulimit -n 40;"})
        assert.equal("false\tsystem\t" .. helper.errno.EMFILE .. "\ntrue\n", output)
    end)
end)
