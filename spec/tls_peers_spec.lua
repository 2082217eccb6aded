-- TLS with openssl at the other end, and with peers that misbehave.

local asio_error = require "emilua.asio_error"
local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local generic_error = require "emilua.generic_error"
local stream = require "emilua.stream"
local tls = require "emilua.tls"
local helper = require "spec.helper"
local M = require "spec.tls_helper"

local closing, keep = M.closing, M.keep
local spawn = emilua.spawn

M.install()

-- Serves one connection: handshake, one line, the same line, shutdown. Its outcome {ok, error or socket}.
local function serve_line(acceptor, ctx)
    local server = keep(tls.socket.new(acceptor:accept(), ctx))
    return { pcall(function()
        server:server_handshake()
        local buffer = byte_span.new(100)
        local n = server:read_some(buffer)
        stream.write_all(server, buffer:first(n))
        pcall(server.shutdown, server)
        return server
    end) }
end

-- `openssl s_client` against a server with that context; its output and the outcome of serve_line.
local function s_client(ctx, arguments, input)
    local acceptor = M.listening()
    local peer = M.s_client(acceptor.local_port, arguments, input or "echo hello")
    local outcome = serve_line(acceptor, ctx)
    return peer.wait(), outcome
end

-- A client with that context at `openssl s_server`, which reverses lines; the outcome of the handshake and a line.
local function s_server(arguments, ctx, prepare)
    local peer, port = M.s_server(arguments .. " -rev")
    local client = keep(tls.socket.new(M.connect(port), ctx))
    if prepare then prepare(client) end
    local outcome = { pcall(function()
        client:client_handshake()
        stream.write_all(client, "hello\n")
        local answer = byte_span.new(6)
        stream.read_all(client, answer)
        return tostring(answer)
    end) }
    if outcome[1] then pcall(client.shutdown, client) end
    local version = client.version
    client:close()
    return outcome, peer.wait(), version
end

describe("openssl s_client", function()
    local VERIFIES = "-CAfile ca.pem -verify_return_error -verify_hostname localhost -servername localhost -quiet"

    it("speaks each version, and verifies the server", closing(function()
        for flag, version in pairs{ ["-tls1_2"] = "TLSv1.2", ["-tls1_3"] = "TLSv1.3" } do
            for _, certificate in ipairs{ "server", "rsa", "chain" } do
                local output, outcome = s_client(M.server_context(certificate), VERIFIES .. " " .. flag)
                assert.is_true(outcome[1], output)
                assert.equal(version, outcome[2].version)
                assert.equal("localhost", outcome[2].server_name)
                assert.truthy(output:find("hello\n", 1, true), output)
            end
        end
    end))

    it("is refused with an older version", closing(function()
        local output, outcome = s_client(M.server_context "server", "-tls1_1 -cipher DEFAULT@SECLEVEL=0 -quiet")
        M.is_ssl(outcome[2], 264)
        assert.truthy(output:find("alert", 1, true), output)
    end))

    it("is told what version there is", closing(function()
        local output, outcome = s_client(M.server_context("server", "tlsv13"), "-tls1_2 -quiet")
        M.is_ssl(outcome[2], 264)
        assert.truthy(output:find("alert protocol version", 1, true), output)
    end))

    it("shows its certificate", closing(function()
        for _, flag in ipairs{ "-tls1_2", "-tls1_3" } do
            local ctx = M.server_context "server"
            ctx:add_certificate_authority(M.data "ca.pem")
            ctx:set_verify_mode "fail_if_no_peer_cert"
            local _, outcome = s_client(ctx, "-quiet -cert client.pem -key client.key " .. flag)
            assert.is_true(outcome[1])
            _, outcome = s_client(ctx, "-quiet -cert self.pem -key self.key " .. flag)
            M.is_ssl(outcome[2], 259)
            _, outcome = s_client(ctx, "-quiet " .. flag)
            M.is_ssl(outcome[2], 263)
        end
    end))

    it("gets the certificate for the name that it asks for", closing(function()
        local ctx = M.server_context "server"
        ctx:use_certificate_chain(M.data "other.pem")
        ctx:use_private_key(M.data "other.key", "pem")
        for name, subject in pairs{ ["localhost"] = "server", ["other.test"] = "other" } do
            local output = s_client(ctx, "-ign_eof -servername " .. name)
            assert.truthy(output:find("subject=CN = " .. subject, 1, true), output)
        end
    end))

    it("agrees upon an application protocol, or is refused", closing(function()
        local ctx = M.server_context "server"
        ctx:set_alpn_protocols{ "h2", "http/1.1" }
        local output, outcome = s_client(ctx, "-ign_eof -alpn http/1.1,h2")
        assert.equal("h2", outcome[2].alpn_protocol)
        assert.truthy(output:find("ALPN protocol: h2", 1, true), output)
        output, outcome = s_client(ctx, "-quiet -alpn gopher")
        M.is_ssl(outcome[2], 265)
        assert.truthy(output:find("no application protocol", 1, true), output)
    end))

    it("resumes its session", closing(function()
        for _, flag in ipairs{ "-tls1_2", "-tls1_3" } do
            local ctx = M.server_context "server"
            local _, outcome = s_client(ctx, "-ign_eof -sess_out session " .. flag)
            assert.is_false(outcome[2].resumed)
            local output
            output, outcome = s_client(ctx, "-ign_eof -sess_in session " .. flag)
            assert.is_true(outcome[2].resumed)
            assert.truthy(output:find("Reused", 1, true), output)
        end
    end))

    it("is refused a renegotiation", closing(function()
        local acceptor = M.listening()
        local peer = M.s_client(acceptor.local_port, "-tls1_2 -legacy_renegotiation", "echo R")
        local server = keep(tls.socket.new(acceptor:accept(), M.server_context "server"))
        server:server_handshake()
        local ok, e = pcall(server.read_some, server, byte_span.new(100))
        assert.is_false(ok)
        server:close()
        local output = peer.wait()
        assert.truthy(output:find("no renegotiation", 1, true), output)
        assert.truthy(e == asio_error.misc.eof or tostring(e.category):find "^asio.ssl")
    end))
end)

describe("openssl s_server", function()
    it("speaks each version, and is verified", closing(function()
        for flag, version in pairs{ ["-tls1_2"] = "TLSv1.2", ["-tls1_3"] = "TLSv1.3" } do
            for _, certificate in ipairs{ "server", "rsa" } do
                local outcome, output, spoken = s_server(
                    ("-cert %s.pem -key %s.key %s"):format(certificate, certificate, flag), M.client_context(),
                    function(client) client:set_verify_callback("host_name_verification", "localhost") end)
                assert.same({ true, "olleh\n" }, outcome, output)
                assert.equal(version, spoken)
            end
        end
    end))

    -- Certificate, roots, code.
    for _, case in ipairs{
        { "expired", "ca", 257 }, { "early", "ca", 258 }, { "server", "stranger", 259 }, { "self", "ca", 259 },
        { "other", "ca", 260 }, { "client", "ca", 261 },
    } do
        it(("with certificate %s, roots %s is refused"):format(case[1], case[2]), closing(function()
            for _, flag in ipairs{ "-tls1_2", "-tls1_3" } do
                local outcome = s_server(("-cert %s.pem -key %s.key %s"):format(case[1], case[1], flag),
                    M.client_context(case[2]),
                    function(client) client:set_verify_callback("host_name_verification", "localhost") end)
                M.is_ssl(outcome[2], case[3])
            end
        end))
    end

    it("that wants a certificate is shown one", closing(function()
        for _, flag in ipairs{ "-tls1_2", "-tls1_3" } do
            local arguments = "-cert server.pem -key server.key -Verify 1 -verify_return_error -CAfile ca.pem " .. flag
            local ctx = M.client_context()
            local outcome = s_server(arguments, ctx)
            assert.is_false(outcome[1])
            M.is_ssl(outcome[2], flag == "-tls1_2" and 40 or 116)
            ctx:use_certificate(M.data "client.pem", "pem")
            ctx:use_private_key(M.data "client.key", "pem")
            assert.same({ true, "olleh\n" }, (s_server(arguments, ctx)))
        end
    end))

    it("with no application protocol in common refuses", closing(function()
        local ctx = M.client_context()
        ctx:set_alpn_protocols{ "gopher" }
        local outcome = s_server("-cert server.pem -key server.key -alpn h2", ctx)
        M.is_ssl(outcome[2], 120)
    end))

    it("with an older version only is refused", closing(function()
        local outcome = s_server("-cert server.pem -key server.key -tls1_1 -cipher DEFAULT@SECLEVEL=0",
            M.client_context())
        M.is_ssl(outcome[2], 70)
    end))
end)

describe("a peer that sends no TLS", function()
    local NONSENSE = { "GET / HTTP/1.0\r\n\r\n", ("\0"):rep(100), ("\255"):rep(20000), "SSH-2.0-OpenSSH_9.2\r\n" }

    it("fails the handshake of a server and of a client", closing(function()
        for _, text in ipairs(NONSENSE) do
            for _, role in ipairs{ "server_handshake", "client_handshake" } do
                local a, b = M.tcp_pair()
                stream.write_all(b, text)
                local socket = keep(tls.socket.new(a, role:find "server" and M.server_context "server" or nil))
                local _, e = pcall(socket[role], socket)
                M.is_ssl(e, 266)
            end
        end
    end))

    it("after the handshake fails what reads", closing(function()
        for _, text in ipairs(NONSENSE) do
            local a, b = M.tcp_pair()
            local client = keep(tls.socket.new(M.wrapped(a), M.client_context()))
            local server = keep(tls.socket.new(b, M.server_context "server"))
            assert.is_true(M.shake_hands(client, server)[1])
            stream.write_all(a, text)
            local _, e = pcall(server.read_some, server, byte_span.new(1))
            helper.is_error(e, "asio.ssl", e.code)
            assert.truthy(e.code == 266 or e.code == 267)
            local _, again = pcall(server.write_some, server, byte_span.new(1))
            assert.equal(e, again)
        end
    end))
end)

describe("a peer that says nothing", function()
    it("is left by a timeout", closing(function()
        for _, role in ipairs{ "server_handshake", "client_handshake" } do
            local a = M.tcp_pair()
            local socket = keep(tls.socket.new(a, M.server_context "server"))
            local ok, e = pcall(emilua.timeout, 0.02, socket[role], socket)
            assert.is_false(ok)
            assert.equal(generic_error.ETIMEDOUT, e)
        end
    end))
end)

-- A stream over `socket` that changes what comes: `change(position of the first byte, span)` gives how many bytes are
-- left of it, 0 for the end.
local function changed(socket, change)
    local position, ended = 0, false
    return {
        read_some = function(_, bs)
            if ended then error(asio_error.misc.eof, 0) end
            local got = socket:read_some(bs)
            local n = change(position, bs:first(got))
            ended = n < got
            if n == 0 then error(asio_error.misc.eof, 0) end
            position = position + n
            return n
        end,
        write_some = function(_, bs) return socket:write_some(bs) end,
        close = function() socket:close() end,
    }
end

-- A handshake and a line each way, with what comes to one side changed. The outcomes of both sides.
local function conversation(method, at_server, change)
    local a, b = M.tcp_pair()
    local client = keep(tls.socket.new(at_server and a or changed(a, change), M.client_context("ca", method)))
    local server = keep(tls.socket.new(at_server and changed(b, change) or b, M.server_context "server"))
    local function talk(socket, handshake)
        local outcome = { pcall(function()
            socket[handshake](socket)
            stream.write_all(socket, "hello")
            local got = byte_span.new(5)
            stream.read_all(socket, got)
            return tostring(got)
        end) }
        socket:close()
        return outcome
    end
    local serving = spawn(function() return talk(server, "server_handshake") end)
    local outcome = talk(client, "client_handshake")
    return outcome, serving:join()
end

-- How many bytes come to one side.
local function length(method, at_server)
    local sum = 0
    conversation(method, at_server, function(_, bs)
        sum = sum + #bs
        return #bs
    end)
    return sum
end

describe("a peer that closes in the middle", function()
    it("is a truncated stream, wherever it is", closing(function()
        for _, method in ipairs{ "tlsv12", "tlsv13" } do
            for _, at_server in ipairs{ false, true } do
                local total = length(method, at_server)
                for limit = 0, total - 1, 61 do
                    local client, server = conversation(method, at_server, function(position, bs)
                        return math.min(#bs, limit - position)
                    end)
                    local outcome = at_server and server or client
                    assert.is_false(outcome[1])
                    helper.is_error(outcome[2], "asio.ssl.stream", 1)
                end
            end
        end
    end))
end)

describe("a byte that is changed on the way", function()
    -- Some bytes mean nothing, as the version of a record.
    it("fails one side at least or changes nothing, wherever it is", closing(function()
        for _, method in ipairs{ "tlsv12", "tlsv13" } do
            for _, at_server in ipairs{ false, true } do
                local total = length(method, at_server)
                for place = 6, total - 1, 71 do
                    local function change(position, bs)
                        local i = place - position + 1
                        if i >= 1 and i <= #bs then bs[i] = (bs[i] + 1) % 256 end
                        return #bs
                    end
                    -- A length that has grown is waited for.
                    local ok, client, server = pcall(emilua.timeout, 0.2, conversation, method, at_server, change)
                    for _, outcome in ipairs(ok and { client, server } or {}) do
                        assert.is_true(not outcome[1] or outcome[2] == "hello")
                    end
                end
            end
        end
    end))
end)
