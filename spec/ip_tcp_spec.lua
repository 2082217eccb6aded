local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local address = ip.address
local closing, new_socket, new_acceptor, listening = tcp.closing, tcp.new_socket, tcp.new_acceptor, tcp.listening
local wrong_argument, check_wrong_self = tcp.wrong_argument, tcp.check_wrong_self

helper.install()

-- The rules that sockets and acceptors share.
local function describe_common(class, new)
    describe(class .. ".new", function()
        it("makes a closed object", closing(function()
            local io = new()
            assert.equal(class, getmetatable(io))
            assert.equal(class, emilua.type(io))
            assert.is_false(io.is_open)
        end))

        it("makes an object that raises bad_index for an unknown key, and cannot be written to", closing(function()
            local io = new()
            helper.bad_index(function() return io.no_such_field end)
            local ok, e = pcall(function() io.field = 1 end)
            assert.is_false(ok)
            assert.is_string(e)
        end))
    end)

    describe(class .. ":open", function()
        it("opens with a family", closing(function()
            local io = new()
            assert.equal(0, select("#", io:open("v4")))
            assert.is_true(io.is_open)
            assert.is_true(io.local_address.is_v4)
            io:close()
            io:open("v6")
            assert.is_true(io.local_address.is_v6)
        end))

        it("opens with an address, which selects its family", closing(function()
            local io = new()
            io:open(address.loopback_v4())
            assert.is_true(io.local_address.is_v4)
            io:close()
            io:open(address.any_v6())
            assert.is_true(io.local_address.is_v6)
        end))

        it("raises EINVAL for a bad value", closing(function()
            local io = new()
            for _, value in ipairs{"v5", "", "V4", {}, true, byte_span.new(1)} do
                helper.EINVAL(function() io:open(value) end, 2)
            end
            helper.EINVAL(function() io:open() end, 2)
            assert.is_false(io.is_open)
        end))

        it("raises already_open on an open object", closing(function()
            local io = new()
            io:open("v4")
            helper.raises("asio.misc", "already_open", function() io:open("v4") end)
            helper.raises("asio.misc", "already_open", function() io:open("v6") end)
            assert.is_true(io.is_open)
        end))

        it("sets close-on-exec", closing(function()
            local function inherited()
                local pipe = io.popen("ls -l /proc/self/fd | grep -c socket:")
                local count = pipe:read("*n")
                pipe:close()
                return count
            end
            local before = inherited()
            new():open("v4")
            assert.equal(before, inherited())
        end))

        it("raises EINVAL for a wrong self", closing(function()
            local io = new()
            check_wrong_self(io, "open", "v4")
            check_wrong_self(io, "bind", "127.0.0.1", 0)
            check_wrong_self(io, "close")
            check_wrong_self(io, "cancel")
            check_wrong_self(io, "set_option", "debug", false)
            check_wrong_self(io, "get_option", "debug")
        end))
    end)

    describe(class .. ":bind", function()
        it("takes an address object or a string", closing(function()
            for _, where in ipairs{address.loopback_v4(), "127.0.0.1"} do
                local io = new()
                io:open("v4")
                assert.equal(0, select("#", io:bind(where, 0)))
                assert.is_true(io.local_address == address.loopback_v4())
                assert.is_true(io.local_port > 0)
            end
        end))

        it("raises the system's EINVAL for a string that is no address", closing(function()
            local io = new()
            io:open("v4")
            helper.raises("system", "EINVAL", function() io:bind("localhost", 0) end)
        end))

        it("raises EINVAL for another type", closing(function()
            local io = new()
            io:open("v4")
            for _, value in ipairs{1, true, {}, byte_span.new(1)} do
                helper.EINVAL(function() io:bind(value, 0) end, 2)
            end
        end))

        it("raises EINVAL for a port out of range or of another type", closing(function()
            local io = new()
            io:open("v4")
            for _, port in ipairs{-1, 65536, 2 ^ 32} do
                helper.EINVAL(function() io:bind("127.0.0.1", port) end, 3)
            end
            wrong_argument(function() io:bind("127.0.0.1", {}) end, 3)
            wrong_argument(function() io:bind("127.0.0.1") end, 3)
        end))

        it("raises the errors of the OS", closing(function()
            local acceptor, io = listening(), new()
            io:open("v4")
            helper.raises("system", "EADDRINUSE", function() io:bind("127.0.0.1", acceptor.local_port) end)
            helper.raises("system", "EADDRNOTAVAIL", function() io:bind("192.0.2.1", 0) end)
        end))

        it("raises EBADF on a closed object", closing(function()
            local io = new()
            helper.raises("system", "EBADF", function() io:bind("127.0.0.1", 0) end)
        end))
    end)

    describe(class .. ":close", function()
        it("is a no-op on a closed object", closing(function()
            local io = new()
            io:close()
            io:open("v4")
            assert.equal(0, select("#", io:close()))
            assert.is_false(io.is_open)
            io:close()
        end))

        it("lets the object be opened again", closing(function()
            local io = new()
            io:open("v4")
            io:bind("127.0.0.1", 0)
            local port = io.local_port
            io:close()
            io:open("v4")
            io:bind("127.0.0.1", port)
            assert.equal(port, io.local_port)
        end))
    end)

    describe(class .. ":cancel", function()
        it("is no error if nothing is pending", closing(function()
            local io = new()
            io:open("v4")
            assert.equal(0, select("#", io:cancel()))
            assert.is_true(io.is_open)
        end))

        it("raises EBADF on a closed object", closing(function()
            local io = new()
            helper.raises("system", "EBADF", function() io:cancel() end)
        end))
    end)

    describe("the properties of " .. class, function()
        it("is_open never fails", closing(function()
            local io = new()
            assert.is_false(io.is_open)
            io:open("v4")
            assert.is_true(io.is_open)
            io:close()
            assert.is_false(io.is_open)
        end))

        it("local_address and local_port raise EBADF on a closed object", closing(function()
            local io = new()
            helper.raises("system", "EBADF", function() return io.local_address end)
            helper.raises("system", "EBADF", function() return io.local_port end)
            io:open("v4")
            io:close()
            helper.raises("system", "EBADF", function() return io.local_port end)
        end))

        it("local_address and local_port of an unbound object are the wildcard and 0", closing(function()
            local io = new()
            io:open("v4")
            assert.is_true(io.local_address == address.any_v4())
            assert.equal(0, io.local_port)
        end))
    end)
end

describe_common("ip.tcp.socket", new_socket)
describe_common("ip.tcp.acceptor", new_acceptor)
