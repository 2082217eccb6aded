-- The TLS examples, run as a user runs them: one against the other, and curl and openssl against the server.

local helper = require "spec.helper"
local M = require "spec.tls_helper"

local interpreter = helper.interpreter
local closing = M.closing

M.install()

-- The echo server with that certificate, and its port.
local function start_server(certificate)
    -- exec: what is stopped is the server, not a shell.
    local peer = M.start(("cd %s && echo $$ > %s && exec %s examples/tls_echo_server.lua %s %s"):format(
        helper.root, M.path "pid", interpreter, M.path(certificate .. ".pem"), M.path(certificate .. ".key")))
    local port = peer.await "listening on 127.0.0.1:(%d+)"
    function peer.stop()
        os.execute("kill $(cat " .. M.path "pid" .. ")")
        return peer.wait()
    end
    return peer, port
end

local function client(endpoint, roots)
    return M.start(("cd %s && printf 'hello, world' | SSL_CERT_DIR= SSL_CERT_FILE=%s %s examples/tls_client.lua %s")
        :format(helper.root, M.path(roots .. ".pem"), interpreter, endpoint)).wait()
end

describe("examples/tls_echo_server.lua", function()
    it("echoes to examples/tls_client.lua", closing(function()
        local server, port = start_server "server"
        local output, status = client("localhost:" .. port, "ca")
        assert.same({ "connected with TLSv1.3\nhello, world", 0 }, { output, status })
        server.stop()
    end))

    it("is refused by a client that does not trust it, which says why", closing(function()
        local server, port = start_server "server"
        local output, status = client("localhost:" .. port, "stranger")
        assert.equal(1, status)
        assert.truthy(output:find("the issuer of the peer's certificate is unknown", 1, true), output)
        output = server.stop()
        assert.truthy(output:find("connection lost: alert of the peer: unknown CA", 1, true), output)
    end))

    it("echoes to curl, which verifies it", closing(function()
        local server, port = start_server "server"
        local curl = M.start(("curl -sSN --noproxy '*' --http0.9 --cacert %s https://localhost:%s/some/path"):format(
            M.path "ca.pem", port))
        curl.await "GET /some/path HTTP"
        server.stop()
        curl.wait()
    end))

    it("is refused by curl when its certificate is for another name", closing(function()
        local server, port = start_server "other"
        local output, status = M.start(("curl -sS --noproxy '*' --cacert %s https://localhost:%s/"):format(
            M.path "ca.pem", port)).wait()
        assert.equal(60, status)
        assert.truthy(output:find("SSL", 1, true), output)
        server.stop()
    end))

    it("ends a connection that the peer ends", closing(function()
        local server, port = start_server "rsa"
        local output, status = M.s_client(port, "-quiet -no_ign_eof -CAfile ca.pem", "echo hello").wait()
        assert.equal(0, status, output)
        server.stop()
    end))
end)

describe("examples/tls_client.lua", function()
    it("explains its usage", function()
        local output, status = helper.shell(interpreter .. " examples/tls_client.lua")
        assert.equal(1, status)
        assert.truthy(output:find("usage: ", 1, true))
    end)
end)
