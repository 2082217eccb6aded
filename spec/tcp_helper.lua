-- What the TCP specs share: objects that are closed at the end of the test, and the checks of every method.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local assert = require "luassert"
local helper = require "spec.helper"

local spawn = emilua.spawn
local address = ip.address

local tcp = {}

local opened = {}

--- Closes `io` at the end of the test; returns it.
function tcp.keep(io)
    opened[#opened + 1] = io
    return io
end

--- An `it` body that is the main fiber of a run and closes what was kept.
function tcp.closing(f)
    return helper.fiber(function()
        opened = {}
        local ok, e = pcall(f)
        for _, io in ipairs(opened) do io:close() end
        if not ok then error(e, 0) end
    end)
end

function tcp.new_socket()
    return tcp.keep(ip.tcp.socket.new())
end

function tcp.new_acceptor()
    return tcp.keep(ip.tcp.acceptor.new())
end

--- An acceptor that listens on a free port of 127.0.0.1.
function tcp.listening(backlog)
    local acceptor = tcp.new_acceptor()
    acceptor:open("v4")
    acceptor:bind(address.loopback_v4(), 0)
    acceptor:listen(backlog)
    return acceptor
end

--- Two connected sockets.
function tcp.pair()
    local acceptor, client = tcp.listening(), tcp.new_socket()
    local connecting = spawn(function() client:connect(acceptor.local_address, acceptor.local_port) end)
    local server = tcp.keep(acceptor:accept())
    connecting:join()
    acceptor:close()
    return client, server
end

--- True if this machine has an IPv6 loopback address.
function tcp.has_v6()
    local acceptor = tcp.new_acceptor()
    acceptor:open("v6")
    return (pcall(acceptor.bind, acceptor, address.loopback_v6(), 0))
end

--- Runs `f` in a fiber that is interrupted already; true if `f` was cut short by it.
function tcp.interruption_caught(f)
    local interrupted
    interrupted = spawn(function()
        interrupted:interrupt()
        f()
    end)
    interrupted:join()
    return interrupted.interruption_caught
end

--- Asserts that argument `n` is refused: by `EINVAL` with its number, or by the stock argument error.
function tcp.wrong_argument(f, n)
    local ok, e = pcall(f)
    assert.is_false(ok)
    if type(e) == "string" then
        assert.truthy(e:find("bad argument #%d to '"))
    else
        helper.is_error(e, "generic", "EINVAL", {arg = n})
    end
end

--- Asserts that this method of `io` refuses a missing and a wrong `self`, whatever else is right.
function tcp.check_wrong_self(io, name, ...)
    local method, arguments = io[name], helper.pack(...)
    for _, self in ipairs{false, 1, "text", {}, byte_span.new(1), address.new()} do
        helper.EINVAL(function() method(self, helper.unpack(arguments)) end, 1)
    end
    helper.EINVAL(function() method(nil, helper.unpack(arguments)) end, 1)
end

return tcp
