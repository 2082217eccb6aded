-- tls.socket (net §4.3): over a socket of this module, and over any other stream.

local asio_error = require "emilua.asio_error"
local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local ip = require "emilua.ip"
local stream = require "emilua.stream"
local tls = require "emilua.tls"
local helper = require "spec.helper"
local M = require "spec.tls_helper"

local closing, keep = M.closing, M.keep
local spawn = emilua.spawn

M.install()

local function truncated(f) return helper.raises("asio.ssl.stream", 1, f) end

-- A method with the argument that it takes.
local function call(socket, name)
    if name:find "_some$" then return socket[name](socket, byte_span.new(1)) end
    return socket[name](socket)
end

local function long_text(n)
    local parts = {}
    for i = 1, n / 8 do parts[i] = ("%08x"):format(i) end
    return table.concat(parts)
end

describe("tls.socket.new", function()
    it("takes over a TCP connection; the socket is closed afterwards", closing(function()
        local a = M.tcp_pair()
        local socket = keep(tls.socket.new(a, M.client_context()))
        assert.equal("tls.socket", getmetatable(socket))
        assert.is_false(a.is_open)
        helper.raises("system", "EBADF", function() a:read_some(byte_span.new(1)) end)
        helper.raises("system", "EBADF", function() a:write_some(byte_span.new(1)) end)
        helper.raises("system", "EBADF", function() a:set_option("tcp_no_delay", true) end)
        a:close()
        helper.bad_index(function() return a.no_such_field end)
        helper.bad_index(function() return socket.no_such_field end)
        assert.is_false(pcall(function() socket.field = 1 end))
    end))

    it("leaves a socket that can be opened again", closing(function()
        local a, b = M.tcp_pair()
        local client = keep(tls.socket.new(a, M.client_context()))
        local server = keep(tls.socket.new(b, M.server_context "server"))
        local acceptor = M.listening()
        a:connect(acceptor.local_address, acceptor.local_port)
        keep(acceptor:accept()):write_some(byte_span.append("x"))
        assert.equal(1, a:read_some(byte_span.new(9)))
        local connected, accepted = M.shake_hands(client, server)
        assert.same({ true }, connected)
        assert.same({ true }, accepted)
    end))

    it("refuses another context", closing(function()
        local a = M.tcp_pair()
        for _, value in ipairs{ false, 1, "tls", {}, a } do
            helper.EINVAL(function() tls.socket.new(a, value) end, 2)
        end
        assert.is_true(a.is_open)
    end))

    it("refuses what is no stream", closing(function()
        local write_only = { write_some = print }
        for _, value in ipairs{ false, 1, "text", {}, write_only, M.listening(), ip.address.new() } do
            helper.EINVAL(function() tls.socket.new(value) end, 1)
        end
        helper.EINVAL(function() tls.socket.new() end, 1)
    end))

    it("is EBUSY while an operation is pending, and consumes nothing", closing(function()
        local a, b = M.tcp_pair()
        local buffer = byte_span.new(1)
        local reading = spawn(function() return a:read_some(buffer) end)
        helper.turns()
        helper.EBUSY(function() tls.socket.new(a) end)
        b:write_some(byte_span.append("x"))
        assert.equal(1, reading:join())
        local socket = keep(tls.socket.new(a))
        assert.equal("tls.socket", getmetatable(socket))
    end))
end)

describe("the methods of tls.socket", function()
    it("raise EINVAL for a wrong self", closing(function()
        local client = M.pair()
        local arguments = {
            client_handshake = {}, server_handshake = {}, shutdown = {}, close = {},
            read_some = { byte_span.new(1) }, write_some = { byte_span.new(1) },
            set_server_name = { "localhost" }, set_verify_mode = { "none" },
            set_verify_callback = { "host_name_verification", "localhost" }, set_verify_depth = { 1 },
        }
        for name, list in pairs(arguments) do M.check_wrong_self(client, name, unpack(list)) end
    end))

    it("that transfer want a byte_span", closing(function()
        local client = M.pair()
        for _, value in ipairs{ false, 1, "text", {} } do
            helper.EINVAL(function() client:read_some(value) end, 2)
            helper.EINVAL(function() client:write_some(value) end, 2)
        end
    end))

    it("set_verify_depth raises ENOTSUP", closing(function()
        local client = M.pair()
        helper.ENOTSUP(function() client:set_verify_depth(1) end)
    end))

    it("set_server_name wants a name or an address", closing(function()
        local client = M.new_pair()
        for _, value in ipairs{ "", "no name", "-", 1, {} } do
            helper.EINVAL(function() client:set_server_name(value) end, 2)
        end
        helper.EINVAL(function() client:set_server_name() end, 2)
        client:set_server_name "127.0.0.1"
    end))
end)

for kind, wrap in pairs{ ["a socket"] = false, ["a table"] = M.wrapped } do
    wrap = wrap or nil
    describe("a session over " .. kind, function()
        local function pair(client_ctx, server_ctx) return M.pair(client_ctx, server_ctx, wrap) end
        local function new_pair(client_ctx, server_ctx) return M.new_pair(client_ctx, server_ctx, wrap) end

        it("carries bytes in both directions at once, with each version", closing(function()
            for _, method in ipairs{ "tlsv12", "tlsv13" } do
                local client, server = pair(M.client_context("ca", method))
                local text = long_text(300000)
                local other = spawn(function() M.exchange(server, client, text) end)
                M.exchange(client, server, text:reverse())
                other:join()
            end
        end))

        it("has no handshake twice", closing(function()
            local client, server = pair()
            helper.EALREADY(function() client:client_handshake() end)
            helper.EALREADY(function() client:server_handshake() end)
            helper.EALREADY(function() server:server_handshake() end)
        end))

        it("transfers nothing before the handshake", closing(function()
            local client = new_pair()
            for _, name in ipairs{ "read_some", "write_some", "shutdown" } do
                local _, e = pcall(call, client, name)
                M.is_ssl(e, 274)
            end
        end))

        it("is EBUSY during the handshake", closing(function()
            local client, server = new_pair()
            local shaking = spawn(function() client:client_handshake() end)
            helper.turns(3)
            for _, name in ipairs{ "read_some", "write_some", "shutdown", "client_handshake", "server_handshake" } do
                helper.EBUSY(function() call(client, name) end)
            end
            server:server_handshake()
            shaking:join()
        end))

        it("is useless after an interrupted handshake", closing(function()
            local client = new_pair()
            local shaking = spawn(function() client:client_handshake() end)
            helper.turns(3)
            shaking:interrupt()
            shaking:join()
            assert.is_true(shaking.interruption_caught)
            for _, name in ipairs{ "read_some", "write_some", "client_handshake" } do
                local _, e = pcall(call, client, name)
                M.is_ssl(e, 274)
            end
        end))

        it("after a failed handshake raises its error again", closing(function()
            local client, server = new_pair(M.client_context "stranger")
            local connected, accepted = M.shake_hands(client, server)
            M.is_ssl(connected[2], 259)
            M.is_ssl(accepted[2], 48)
            client, server = new_pair(M.client_context "stranger")
            spawn(function() pcall(server.server_handshake, server) end)
            pcall(client.client_handshake, client)
            local _, e = pcall(client.read_some, client, byte_span.new(1))
            M.is_ssl(e, 259)
        end))

        it("reads what is there, in pieces of any size", closing(function()
            local client, server = pair()
            stream.write_all(server, "hello, world")
            local buffer = byte_span.new(5)
            assert.equal(5, client:read_some(buffer))
            assert.equal("hello", tostring(buffer))
            local rest = byte_span.new(100)
            assert.equal(7, client:read_some(rest))
        end))

        it("returns 0 for an empty span", closing(function()
            local client = pair()
            assert.equal(0, client:read_some(byte_span.new(0)))
            assert.equal(0, client:write_some(byte_span.new(0)))
        end))

        it("allows one read and one write at a time", closing(function()
            local client, server = pair()
            local reading = spawn(function() return client:read_some(byte_span.new(1)) end)
            helper.turns(3)
            helper.EBUSY(function() client:read_some(byte_span.new(1)) end)
            local writing = spawn(function() stream.write_all(client, byte_span.new(2 ^ 24)) end)
            helper.turns(3)
            helper.EBUSY(function() client:write_some(byte_span.new(1)) end)
            helper.EBUSY(function() client:shutdown() end)
            local drain = spawn(function() stream.read_all(server, byte_span.new(2 ^ 24)) end)
            writing:join()
            drain:join()
            stream.write_all(server, "x")
            assert.equal(1, reading:join())
        end))

        it("ends cleanly by shutdown", closing(function()
            local client, server = pair()
            local ending = spawn(function()
                stream.write_all(server, "last words")
                server:shutdown()
            end)
            assert.equal("last words", M.read_rest(client))
            helper.raises("asio.misc", "eof", function() client:read_some(byte_span.new(1)) end)
            client:shutdown()
            ending:join()
            helper.raises("system", "EPIPE", function() client:write_some(byte_span.new(1)) end)
            helper.raises("asio.misc", "eof", function() server:read_some(byte_span.new(1)) end)
        end))

        it("half ended by shutdown 'send' still goes the other way", closing(function()
            local client, server = pair(M.client_context("ca", "tlsv13"))
            local reading = spawn(function() return M.read_rest(client) end)
            helper.turns(3)
            helper.EBUSY(function() client:shutdown() end) -- it reads too
            client:shutdown "send"
            helper.raises("system", "EPIPE", function() client:write_some(byte_span.new(1)) end)
            assert.equal("", M.read_rest(server))
            stream.write_all(server, "still here")
            server:shutdown()
            assert.equal("still here", reading:join())
        end))

        it("shuts down nothing else", closing(function()
            local client = pair()
            for _, what in ipairs{ "receive", "both", "", 1, false } do
                helper.EINVAL(function() client:shutdown(what) end, 2)
            end
        end))

        it("drops in shutdown what the peer still sends", closing(function()
            local client, server = pair()
            local ending = spawn(function() client:shutdown() end)
            stream.write_all(server, long_text(100000))
            server:shutdown()
            ending:join()
        end))

        it("tells a truncated stream from one that has ended", closing(function()
            local client, server = pair()
            stream.write_all(server, "half of")
            server:close()
            local buffer = byte_span.new(100)
            assert.equal(7, client:read_some(buffer))
            truncated(function() client:read_some(buffer) end)
            truncated(function() client:read_some(buffer) end)
            local other
            other, server = pair()
            server:close()
            truncated(function() other:shutdown() end)
        end))

        it("closed raises EBADF, aborts what is pending, and closes again", closing(function()
            local client = pair()
            local reading = spawn(function() client:read_some(byte_span.new(1)) end)
            helper.turns(3)
            client:close()
            helper.raises("system", "ECANCELED", function() reading:join() end)
            client:close()
            for _, name in ipairs{ "read_some", "write_some", "shutdown", "client_handshake", "server_handshake" } do
                helper.raises("system", "EBADF", function() call(client, name) end)
            end
        end))

        it("closed during the handshake aborts it", closing(function()
            local client = new_pair()
            local shaking = spawn(function() client:client_handshake() end)
            helper.turns(3)
            client:close()
            helper.raises("system", "ECANCELED", function() shaking:join() end)
            helper.raises("system", "EBADF", function() client:read_some(byte_span.new(1)) end)
        end))

        it("is an interruption point", closing(function()
            local client, server = pair()
            assert.is_true(M.interruption_caught(function() client:read_some(byte_span.new(1)) end))
            assert.is_true(M.interruption_caught(function() client:write_some(byte_span.new(1)) end))
            assert.is_true(M.interruption_caught(function() client:shutdown() end))
            M.exchange(client, server, "nothing was lost")
        end))

        it("forbids what a forbid-suspend block forbids", closing(function()
            local client = pair()
            emilua.this_fiber.forbid_suspend()
            for _, name in ipairs{ "read_some", "write_some", "shutdown", "client_handshake", "server_handshake" } do
                helper.raises("emilua.core", "forbid_suspend_block", function()
                    call(client, name)
                end)
            end
            emilua.this_fiber.allow_suspend()
        end))

        it("interrupted in a read has taken nothing", closing(function()
            local client, server = pair()
            local buffer = byte_span.new(100)
            local reading = spawn(function() client:read_some(buffer) end)
            helper.turns(3)
            reading:interrupt()
            reading:join()
            assert.is_true(reading.interruption_caught)
            stream.write_all(server, "hello")
            assert.equal(5, client:read_some(buffer))
        end))

        it("interrupted in a write returns what it took, and the rest goes out later", closing(function()
            local client, server = pair()
            local data, sent = long_text(2 ^ 23), 0
            local span = byte_span.append(data)
            local writing = spawn(function()
                -- Until the network takes no more.
                while true do sent = sent + client:write_some(span:slice(sent + 1)) end
            end)
            for _ = 1, 200 do helper.turns() end
            writing:interrupt()
            writing:join()
            assert.is_true(writing.interruption_caught)
            local reading = spawn(function()
                local got = byte_span.new(#data)
                stream.read_all(server, got)
                return tostring(got) == data
            end)
            stream.write_all(client, span:slice(sent + 1))
            assert.is_true(reading:join())
        end))

        it("sends what an interrupted write has left when it reads", closing(function()
            local client, server = pair()
            local span, sent = byte_span.new(2 ^ 23), 0
            local writing = spawn(function()
                while true do sent = sent + client:write_some(span:slice(sent + 1)) end
            end)
            for _ = 1, 200 do helper.turns() end
            writing:interrupt()
            writing:join()
            local reading = spawn(function()
                stream.read_all(server, byte_span.new(sent))
                stream.write_all(server, "x")
            end)
            assert.equal(1, client:read_some(byte_span.new(1)))
            reading:join()
        end))

        it("is interrupted in a write that waits for what a read has to send", closing(function()
            local client, server = pair()
            local span, sent = byte_span.new(2 ^ 23), 0
            local function write()
                while true do sent = sent + client:write_some(span:slice(sent + 1)) end
            end
            local function interrupted(fiber)
                for _ = 1, 200 do helper.turns() end
                fiber:interrupt()
                fiber:join()
                assert.is_true(fiber.interruption_caught)
            end
            interrupted(spawn(write))
            local reading = spawn(function() client:read_some(byte_span.new(1)) end)
            helper.turns(3)
            interrupted(spawn(write))
            interrupted(reading)
            reading = spawn(function() stream.read_all(server, byte_span.new(sent)) end)
            client:shutdown "send"
            reading:join()
            assert.equal("", M.read_rest(server))
        end))

        it("agrees upon an application protocol, the server's preference first", closing(function()
            local client_ctx, server_ctx = M.client_context(), M.server_context "server"
            client_ctx:set_alpn_protocols{ "b", "a", "c" }
            server_ctx:set_alpn_protocols{ "a", "b" }
            local client, server = pair(client_ctx, server_ctx)
            assert.same({ "a", "a" }, { client.alpn_protocol, server.alpn_protocol })
            client, server = pair(nil, server_ctx)
            assert.is_nil(client.alpn_protocol)
            assert.is_nil(server.alpn_protocol)
            client = pair(client_ctx)
            assert.is_nil(client.alpn_protocol)
        end))

        it("fails when there is none in common", closing(function()
            local client_ctx, server_ctx = M.client_context(), M.server_context "server"
            client_ctx:set_alpn_protocols{ "x" }
            server_ctx:set_alpn_protocols{ "a", "b" }
            local connected, accepted = M.shake_hands(new_pair(client_ctx, server_ctx))
            M.is_ssl(connected[2], 120)
            M.is_ssl(accepted[2], 265)
        end))

        it("resumes sessions, with each version, and only with the same server name", closing(function()
            for _, method in ipairs{ "tlsv12", "tlsv13" } do
                local client_ctx, server_ctx = M.client_context("ca", method), M.server_context "server"
                local function resumed(name)
                    local client, server = new_pair(client_ctx, server_ctx)
                    client:set_server_name(name)
                    assert.is_true(M.shake_hands(client, server)[1])
                    -- The tickets of TLS 1.3 come after the handshake.
                    M.exchange(server, client, "x")
                    assert.equal(client.resumed, server.resumed)
                    return client.resumed
                end
                assert.is_false(resumed "localhost")
                assert.is_true(resumed "localhost")
                assert.is_true(resumed "localhost")
                assert.is_false(resumed "a.wild.test")
            end
        end))

        it("does not resume past a name that is to be verified", closing(function()
            local client_ctx, server_ctx = M.client_context(), M.server_context "server"
            local function shake(host)
                local client, server = new_pair(client_ctx, server_ctx)
                client:set_server_name "localhost"
                if host then client:set_verify_callback("host_name_verification", host) end
                local connected = M.shake_hands(client, server)
                if connected[1] then M.exchange(server, client, "x") end
                return connected[1] or connected[2].code
            end
            assert.is_true(shake())
            assert.is_true(shake())
            assert.equal(260, shake "other.test")
            assert.is_true(shake "localhost")
            assert.equal(260, shake "other.test")
        end))
    end)
end

describe("a session over a session", function()
    it("works", closing(function()
        local outer_client, outer_server = M.pair()
        local client = tls.socket.new(outer_client, M.client_context("ca", "tlsv12"))
        local server = tls.socket.new(outer_server, M.server_context "server")
        local shaking = spawn(function() server:server_handshake() end)
        client:client_handshake()
        shaking:join()
        local text = long_text(100000)
        M.exchange(client, server, text)
        M.exchange(server, client, text)
    end))
end)

describe("a stream in Lua", function()
    -- A table that gives the bytes of `socket` one by one, and takes them so.
    local function slow(socket)
        return {
            read_some = function(_, bs) return socket:read_some(bs:first(1)) end,
            write_some = function(_, bs) return socket:write_some(bs:first(1)) end,
            close = function() socket:close() end,
        }
    end

    it("may move single bytes", closing(function()
        local client, server = M.pair(nil, nil, slow)
        M.exchange(client, server, long_text(1000))
        M.exchange(server, client, long_text(1000))
    end))

    it("that ends is a truncated one", closing(function()
        local ending = {
            read_some = function() error(asio_error.misc.eof, 0) end,
            write_some = function(_, bs) return #bs end,
        }
        local client = tls.socket.new(ending, M.client_context())
        truncated(function() client:client_handshake() end)
    end))

    it("that raises passes its error on, unchanged", closing(function()
        local e = {}
        local client = tls.socket.new({ read_some = print, write_some = function() error(e, 0) end })
        local ok, raised = pcall(client.client_handshake, client)
        assert.is_false(ok)
        assert.equal(e, raised)
    end))

    it("that returns no counts is EINVAL", closing(function()
        local function new(read, write)
            return tls.socket.new({
                read_some = function() return read end,
                write_some = function(_, bs) return write or #bs end,
            })
        end
        for _, value in ipairs{ -1, 0.5, 1e9, "1", {}, 0 / 0 } do
            local client = new(value)
            helper.EINVAL(function() client:client_handshake() end)
            client = new(1, value)
            helper.EINVAL(function() client:client_handshake() end)
        end
    end))

    it("without close is left alone by close", closing(function()
        local client = tls.socket.new({ read_some = print, write_some = print })
        client:close()
        client:close()
        helper.raises("system", "EBADF", function() client:client_handshake() end)
    end))
end)

describe("an unreachable tls.socket", function()
    it("closes its connection", closing(function()
        local a, b = M.tcp_pair()
        do tls.socket.new(a) end
        collectgarbage()
        collectgarbage()
        helper.raises("asio.misc", "eof", function() b:read_some(byte_span.new(1)) end)
    end))
end)
