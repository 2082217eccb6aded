local emilua = require "emilua"
local asio_error = require "emilua.asio_error"
local ip = require "emilua.ip"
local helper = require "spec.helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local address = ip.address
local fiber = helper.fiber

helper.install()

describe("module emilua.ip", function()
    it("has address, host_name, tostring, toendpoint, connect and tcp", function()
        for _, name in ipairs{"host_name", "tostring", "toendpoint", "connect"} do
            assert.is_function(ip[name])
        end
        assert.is_function(ip.address.new)
        assert.is_function(ip.tcp.socket.new)
        assert.is_function(ip.tcp.acceptor.new)
    end)
end)

describe("ip.host_name", function()
    it("gives the system's host name", function()
        local file = assert(io.open("/proc/sys/kernel/hostname"))
        local expected = file:read("*l")
        file:close()
        assert.equal(expected, ip.host_name())
    end)
end)

describe("ip.tostring", function()
    it("puts address and port together", function()
        assert.equal("1.2.3.4:80", ip.tostring(address.new("1.2.3.4"), 80))
        assert.equal("[::1]:80", ip.tostring(address.loopback_v6(), 80))
        assert.equal("[2001:db8::1%3]:65535", ip.tostring(address.new("2001:db8::1%3"), 65535))
        assert.equal("0.0.0.0:0", ip.tostring(address.new(), 0))
    end)

    it("without a port gives the same as tostring", function()
        assert.equal("1.2.3.4", ip.tostring(address.new("1.2.3.4")))
        assert.equal("::1", ip.tostring(address.loopback_v6()))
        assert.equal("::1", ip.tostring(address.loopback_v6(), nil))
    end)

    it("raises EINVAL for more arguments", function()
        helper.EINVAL(function() ip.tostring(address.new(), 80, 1) end, 3)
        helper.EINVAL(function() ip.tostring(address.new(), 80, nil) end, 3)
    end)

    it("raises EINVAL for something else than an address", function()
        for _, value in ipairs{1, "1.2.3.4", {}} do
            helper.EINVAL(function() ip.tostring(value, 80) end, 1)
        end
    end)

    it("raises EINVAL for a port out of range", function()
        helper.EINVAL(function() ip.tostring(address.new(), 65536) end, 2)
        helper.EINVAL(function() ip.tostring(address.new(), -1) end, 2)
    end)
end)

describe("ip.toendpoint", function()
    it("is the inverse of ip.tostring", function()
        for _, text in ipairs{
            "1.2.3.4", "0.0.0.0", "::1", "2001:db8::1", "2001:db8::1%3", "fe80::1%1", "::ffff:1.2.3.4",
        } do
            for _, port in ipairs{0, 1, 80, 65535} do
                local a, p = ip.toendpoint(ip.tostring(address.new(text), port))
                assert.equal(2, select("#", ip.toendpoint(ip.tostring(address.new(text), port))))
                assert.equal("ip.address", getmetatable(a))
                assert.is_true(a == address.new(text))
                assert.equal(port, p)
            end
        end
    end)

    it("raises EINVAL for text of another form", function()
        for _, text in ipairs{
            "", "1.2.3.4", -- no colon
            "1.2.3.4:", "[::1]:", ":", -- empty port
            "1.2.3.4:x", "1.2.3.4:8x", "1.2.3.4:-1", "1.2.3.4:+1", "1.2.3.4: 1", "1.2.3.4:0x10", -- not digits
            "1.2.3.4:080", "1.2.3.4:00", "[::1]:01", -- leading zero
            "[::1:80", -- brackets not closed
            "[1.2.3.4]:80", -- brackets around v4
            "::1:80", "2001:db8::1:80", -- v6 without brackets
        } do
            helper.EINVAL(function() ip.toendpoint(text) end, 1)
        end
    end)

    it("raises ERANGE for a port above 65535", function()
        for _, text in ipairs{"1.2.3.4:65536", "[::1]:65536", "1.2.3.4:99999999999999999999"} do
            local e = helper.raises("generic", "ERANGE", function() ip.toendpoint(text) end, {arg = 1})
            assert.equal(1, e.arg)
        end
    end)

    it("raises the system's EINVAL, without arg, if the host is not numeric", function()
        for _, text in ipairs{"localhost:80", "1.2.3:80", "[x]:80", ":80"} do
            helper.raises("system", "EINVAL", function() ip.toendpoint(text) end)
        end
    end)
end)

describe("ip.connect", function()
    local opened

    -- Runs `f` as main fiber and closes what it opened.
    local function closing(f)
        return fiber(function()
            opened = {}
            f()
            for _, io in ipairs(opened) do io:close() end
        end)
    end

    local function listening()
        local acceptor = ip.tcp.acceptor.new()
        opened[#opened + 1] = acceptor
        acceptor:open("v4")
        acceptor:bind(address.loopback_v4(), 0)
        acceptor:listen()
        return acceptor
    end

    -- An endpoint of this machine where nobody listens: its port is bound, but not listening.
    local function refusing()
        local acceptor = ip.tcp.acceptor.new()
        opened[#opened + 1] = acceptor
        acceptor:open("v4")
        acceptor:bind(address.loopback_v4(), 0)
        return {address = acceptor.local_address, port = acceptor.local_port}
    end

    local function entry(acceptor)
        return {address = acceptor.local_address, port = acceptor.local_port}
    end

    local function new_socket()
        local sock = ip.tcp.socket.new()
        opened[#opened + 1] = sock
        return sock
    end

    it("connects to the first entry that answers, and returns its address and port", closing(function()
        local acceptor, sock = listening(), new_socket()
        local results = {refusing(), refusing(), entry(acceptor), refusing()}
        local a, port = ip.connect(sock, results)
        assert.is_true(a == address.loopback_v4())
        assert.equal(acceptor.local_port, port)
        assert.equal(port, sock.remote_port)
    end))

    it("skips an entry if condition(last_error, address, port) returns nil or false", closing(function()
        local sock = new_socket()
        local results = {refusing(), refusing(), refusing(), entry(listening())}
        local calls = {}
        local _, port = ip.connect(sock, results, function(...)
            calls[#calls + 1] = helper.pack(...)
            if #calls == 1 then return nil end
            if #calls == 3 then return false end
            return #calls
        end)
        assert.equal(results[4].port, port)
        assert.equal(4, #calls)
        for i, call in ipairs(calls) do
            assert.equal(3, call.n)
            assert.is_true(call[2] == results[i].address)
            assert.equal(results[i].port, call[3])
        end
        assert.is_nil(calls[1][1])
        assert.is_nil(calls[2][1])
        assert.is_true(calls[3][1] == asio_error.basic.connection_refused)
        assert.is_true(calls[4][1] == asio_error.basic.connection_refused)
    end))

    it("closes an open socket before each attempt", closing(function()
        local acceptor, sock = listening(), new_socket()
        sock:open("v6")
        ip.connect(sock, {refusing(), entry(acceptor)})
        assert.is_true(sock.remote_address.is_v4)
    end))

    it("leaves the socket alone if every entry is skipped", closing(function()
        local sock = new_socket()
        sock:open("v4")
        helper.raises("asio.misc", "not_found", function()
            ip.connect(sock, {refusing()}, function() return false end)
        end)
        assert.is_true(sock.is_open)
    end))

    it("raises the last connect error", closing(function()
        local sock = new_socket()
        helper.raises("system", "ECONNREFUSED", function() ip.connect(sock, {refusing(), refusing()}) end)
        local attempts = 0
        helper.raises("system", "ECONNREFUSED", function()
            ip.connect(sock, {refusing(), refusing()}, function()
                attempts = attempts + 1
                return attempts == 1
            end)
        end)
    end))

    it("raises not_found if no attempt was made", closing(function()
        local sock = new_socket()
        helper.raises("asio.misc", "not_found", function() ip.connect(sock, {}) end)
        helper.raises("asio.misc", "not_found", function()
            ip.connect(sock, {refusing()}, function() return nil end)
        end)
    end))

    it("raises EINVAL, without arg, for bad argument types", closing(function()
        local sock = new_socket()
        helper.EINVAL(function() ip.connect() end)
        helper.EINVAL(function() ip.connect(sock) end)
        helper.EINVAL(function() ip.connect(sock, "127.0.0.1") end)
        helper.EINVAL(function() ip.connect(sock, {}, true) end)
        helper.EINVAL(function() ip.connect(1, {}) end)
    end))

    it("raises the error of condition unchanged", closing(function()
        local sock = new_socket()
        local ok, e = pcall(ip.connect, sock, {refusing()}, function() error("mine", 0) end)
        assert.is_false(ok)
        assert.equal("mine", e)
    end))

    it("raises an interruption at once, without calling condition or trying further entries", closing(function()
        local sock, calls = new_socket(), 0
        local target = refusing()
        local connecting
        connecting = spawn(function()
            ip.connect(sock, {target, target, target}, function()
                calls = calls + 1
                connecting:interrupt()
                return true
            end)
        end)
        connecting:join()
        assert.is_true(connecting.interruption_caught)
        assert.equal(1, calls)
    end))

    it("raises an interruption on entry", closing(function()
        local sock, called = new_socket(), false
        local target = refusing()
        local connecting
        connecting = spawn(function()
            connecting:interrupt()
            ip.connect(sock, {target}, function() called = true end)
        end)
        connecting:join()
        assert.is_true(connecting.interruption_caught)
        assert.is_false(called)
    end))

    it("suspends: not within a forbid-suspend block", closing(function()
        local sock = new_socket()
        local target = refusing()
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() ip.connect(sock, {target}) end)
        this_fiber.allow_suspend()
        assert.is_false(sock.is_open)
    end))
end)
