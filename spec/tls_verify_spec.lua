-- Whom TLS trusts (net §4.4), and that a failed handshake says what was wrong (§4.5).

local tls = require "emilua.tls"
local helper = require "spec.helper"
local M = require "spec.tls_helper"

local closing, keep = M.closing, M.keep

M.install()

local METHODS = { "tlsv12", "tlsv13" }

-- Both outcomes of a handshake: {ok, error} of the client, {ok, error} of the server.
local function outcome(client_ctx, server_ctx, prepare)
    local client, server = M.new_pair(client_ctx, server_ctx)
    if prepare then prepare(client, server) end
    local connected, accepted = M.shake_hands(client, server)
    -- With TLS 1.3 the client has finished before the server has seen its certificate.
    if connected[1] and not accepted[1] then
        connected = { pcall(client.read_some, client, require("emilua.byte_span").new(1)) }
    end
    return connected, accepted
end

local function named(host)
    return function(client) client:set_verify_callback("host_name_verification", host) end
end

-- The codes of both sides, each nil for success; the client's view first.
local function codes(...)
    local connected, accepted = outcome(...)
    if not connected[1] then helper.is_error(connected[2], "asio.ssl", connected[2].code) end
    return connected[1] and 0 or connected[2].code, accepted[1] and 0 or accepted[2].code, connected[2]
end

describe("a client with mode none", function()
    it("accepts any certificate", closing(function()
        for _, method in ipairs(METHODS) do
            for _, name in ipairs{ "server", "self", "expired", "early", "client", "rsa" } do
                local ctx = tls.context.new(method)
                assert.same({ 0, 0 }, { codes(ctx, M.server_context(name)) }, name)
                assert.same({ 0, 0 }, { codes(ctx, M.server_context(name), named "wrong.test") }, name)
            end
        end
    end))

    it("accepts one of X.509 version 1", closing(function()
        local output, status = helper.shell("cd " .. M.folder() ..
            " && openssl x509 -req -in self.csr1 -signkey self.key -days 9 -out v1.pem 2>&1" ..
            " || { openssl req -config conf -new -key self.key -subj /CN=localhost -out self.csr1" ..
            " && openssl x509 -req -in self.csr1 -signkey self.key -days 9 -out v1.pem; }")
        assert.equal(0, status, output)
        local ctx = tls.context.new "tls"
        ctx:use_certificate(M.data "v1.pem", "pem")
        ctx:use_private_key(M.data "self.key", "pem")
        for _, method in ipairs(METHODS) do assert.same({ 0, 0 }, { codes(tls.context.new(method), ctx) }) end
    end))
end)

-- Name of the certificate, roots, code at the client, alert at the server, name to be verified.
local CASES = {
    { "one whose chain verifies", "server", "ca", 0, 0 },
    { "one below an intermediate", "chain", "ca", 0, 0 },
    { "one of RSA", "rsa", "ca", 0, 0 },
    { "one for another name, as no name was asked for", "other", "ca", 0, 0 },
    { "a self-signed one that is trusted itself", "self", "self", 0, 0 },
    { "an expired one", "expired", "ca", 257, 45 },
    { "one that is not valid yet", "early", "ca", 258, 45 },
    { "one of an unknown issuer", "server", "stranger", 259, 48 },
    { "a self-signed one", "self", "ca", 259, 48 },
    { "one whose intermediate is missing", "below", "ca", 259, 48 },
    { "one for clients", "client", "ca", 261, 43 },
    { "one for the name", "server", "ca", 0, 0, "localhost" },
    { "one for the name in capitals", "server", "ca", 0, 0, "LOCALHOST" },
    { "one for the address", "server", "ca", 0, 0, "127.0.0.1" },
    { "a wildcard", "server", "ca", 0, 0, "a.wild.test" },
    { "another name", "other", "ca", 260, 42, "localhost" },
    { "another address", "server", "ca", 260, 42, "127.0.0.2" },
    { "two labels for a wildcard", "server", "ca", 260, 42, "a.b.wild.test" },
    { "no label for a wildcard", "server", "ca", 260, 42, "wild.test" },
    { "its subject as a name", "other", "ca", 260, 42, "other" },
}

describe("a client with mode peer", function()
    for _, case in ipairs(CASES) do
        local name, certificate, roots, at_client, at_server, host = helper.unpack(helper.pack(unpack(case, 1, 6)))
        it((at_client == 0 and "accepts " or "refuses ") .. name, closing(function()
            for _, method in ipairs(METHODS) do
                local prepare = host and named(host)
                local client, server, e = codes(M.client_context(roots, method), M.server_context(certificate), prepare)
                assert.same({ at_client, at_server }, { client, server })
                if at_client ~= 0 then assert.truthy(e.detail:find("invalid peer certificate", 1, true)) end
            end
        end))
    end

    it("says in detail which names there are", closing(function()
        local connected = outcome(M.client_context(), M.server_context "other", named "localhost")
        assert.truthy(connected[2].detail:find("other.test", 1, true))
        assert.truthy(tostring(connected[2]):find("another name", 1, true))
    end))

    it("does not take the server name for the name", closing(function()
        local connected = codes(M.client_context(), M.server_context "other", function(client)
            client:set_server_name "localhost"
        end)
        assert.equal(0, connected)
        assert.equal(260, (codes(M.client_context(), M.server_context "other", function(client)
            client:set_server_name "other.test"
            client:set_verify_callback("host_name_verification", "localhost")
        end)))
    end))

    it("is what the last two modes are too", closing(function()
        for _, mode in ipairs{ "fail_if_no_peer_cert", "client_once" } do
            local ctx = M.client_context "stranger"
            ctx:set_verify_mode(mode)
            assert.equal(259, (codes(ctx, M.server_context "server")))
        end
    end))
end)

describe("the settings of a socket", function()
    it("take the place of its context's, for it alone", closing(function()
        local ctx = M.client_context "stranger"
        assert.equal(0, (codes(ctx, nil, function(client) client:set_verify_mode "none" end)))
        assert.equal(259, (codes(ctx)))
        ctx = tls.context.new "tls"
        ctx:add_certificate_authority(M.data "ca.pem")
        assert.equal(260, (codes(ctx, nil, function(client)
            client:set_verify_mode "peer"
            client:set_verify_callback("host_name_verification", "other.test")
        end)))
        assert.equal(0, (codes(ctx)))
    end))
end)

describe("a server", function()
    -- A client that shows that certificate, and a server that verifies in that mode.
    local function contexts(certificate, mode, method, roots)
        local client = M.client_context("ca", method)
        if certificate then
            client:use_certificate_chain(M.data(certificate .. ".pem"))
            client:use_private_key(M.data((certificate == "chain" and "below" or certificate) .. ".key"), "pem")
        end
        local server = M.server_context "server"
        for name in (roots or "ca"):gmatch "%S+" do server:add_certificate_authority(M.data(name .. ".pem")) end
        server:set_verify_mode(mode)
        return client, server
    end

    -- Certificate of the client, mode, code at the server, alert at the client.
    local SERVER_CASES = {
        { "with mode none asks for none", "expired", "none", 0, 0 },
        { "with mode peer accepts a client without", nil, "peer", 0, 0 },
        { "with mode peer accepts one that verifies", "client", "peer", 0, 0 },
        { "with mode peer accepts one below an intermediate", "chain", "peer", 0, 0 },
        { "with mode peer refuses an expired one", "expired", "peer", 257, 45 },
        { "with mode peer refuses one that is self-signed", "self", "peer", 259, 48 },
        { "with mode client_once does the same", "expired", "client_once", 257, 45 },
        { "with mode client_once accepts a client without", nil, "client_once", 0, 0 },
        { "with mode fail_if_no_peer_cert accepts one that verifies", "client", "fail_if_no_peer_cert", 0, 0 },
        { "with mode fail_if_no_peer_cert refuses an expired one", "expired", "fail_if_no_peer_cert", 257, 45 },
    }
    for _, case in ipairs(SERVER_CASES) do
        it(case[1], closing(function()
            for _, method in ipairs(METHODS) do
                local client, server = codes(contexts(case[2], case[3], method))
                assert.same({ case[4], case[5] }, { server, case[4] == 0 and 0 or client })
            end
        end))
    end

    it("with mode fail_if_no_peer_cert refuses a client without", closing(function()
        for method, alert in pairs{ tlsv12 = 116, tlsv13 = 116 } do
            local client, server = codes(contexts(nil, "fail_if_no_peer_cert", method))
            assert.equal(263, server)
            assert.truthy(client == alert or client == 40)
        end
    end))

    it("without roots of its own trusts no client", closing(function()
        local client, server = (contexts("client", "peer")), M.server_context "server"
        server:set_verify_mode "peer"
        assert.equal(259, select(2, codes(client, server)))
    end))

    it("checks the name of the client's certificate when it was given one", closing(function()
        local client, server = contexts("client", "peer")
        local function expects(host)
            return function(_, socket) socket:set_verify_callback("host_name_verification", host) end
        end
        assert.equal(0, select(2, codes(client, server, expects "client.test")))
        assert.equal(260, select(2, codes(client, server, expects "other.test")))
    end))
end)

describe("several certificates of a server", function()
    -- Whether the certificate that a server shows to a client that asks for `name` is one for `host`.
    local function shows(ctx, name, host)
        return codes(M.client_context(), ctx, function(client)
            if name then client:set_server_name(name) end
            client:set_verify_callback("host_name_verification", host)
        end) == 0
    end

    it("are chosen by the name that the client asks for; the newest is shown to others", closing(function()
        local ctx = M.server_context "server"
        ctx:use_certificate_chain(M.data "other.pem")
        ctx:use_private_key(M.data "other.key", "pem")
        assert.is_true(shows(ctx, "localhost", "localhost"))
        assert.is_true(shows(ctx, "a.wild.test", "a.wild.test"))
        assert.is_true(shows(ctx, "other.test", "other.test"))
        assert.is_true(shows(ctx, "unknown.test", "other.test"))
        assert.is_true(shows(ctx, nil, "other.test"))
        assert.is_false(shows(ctx, nil, "localhost"))
    end))

    it("for one name: the newest is shown", closing(function()
        local ctx = M.server_context "expired"
        assert.is_false(shows(ctx, "localhost", "localhost"))
        ctx:use_private_key(M.data "server.key", "pem")
        ctx:use_certificate(M.data "server.pem", "pem")
        assert.is_true(shows(ctx, "localhost", "localhost"))
    end))
end)

describe("the default context", function()
    it("speaks TLS 1.3 only and verifies nothing", closing(function()
        local a, b = M.tcp_pair()
        local client = keep(tls.socket.new(a))
        local server = keep(tls.socket.new(b, M.server_context "self"))
        assert.is_true(M.shake_hands(client, server)[1])
        assert.equal("TLSv1.3", client.version)
        a, b = M.tcp_pair()
        client = keep(tls.socket.new(a))
        server = keep(tls.socket.new(b, M.server_context("self", "tlsv12")))
        assert.is_false(M.shake_hands(client, server)[1])
    end))
end)
