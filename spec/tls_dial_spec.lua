-- tls.dial (net §4.3).

local emilua = require "emilua"
local ip = require "emilua.ip"
local tls = require "emilua.tls"
local helper = require "spec.helper"
local M = require "spec.tls_helper"

local closing, keep = M.closing, M.keep

M.install()

describe("tls.dial", function()
    -- A server that shakes hands once with that certificate; its endpoint and its fiber.
    local function serve(certificate, host)
        local acceptor = M.listening()
        local fiber = emilua.spawn(function()
            local server = keep(tls.socket.new(acceptor:accept(), M.server_context(certificate)))
            pcall(server.server_handshake, server)
            return server
        end)
        return (host or "localhost") .. ":" .. acceptor.local_port, fiber
    end

    it("returns a connection to a host whose certificate is one for it", closing(function()
        local endpoint, fiber = serve "server"
        local client = keep(tls.dial(endpoint, M.client_context()))
        local server = fiber:join()
        assert.equal("localhost", server.server_name)
        M.exchange(client, server, "hello")
    end))

    it("verifies, whatever the mode of the context is", closing(function()
        local ctx = M.client_context()
        ctx:set_verify_mode "none"
        local endpoint, fiber = serve "other"
        M.is_ssl(helper.raises("asio.ssl", 260, function() tls.dial(endpoint, ctx) end), 260)
        fiber:join()
        endpoint, fiber = serve "self"
        helper.raises("asio.ssl", 259, function() tls.dial(endpoint, ctx) end)
        fiber:join()
    end))

    it("takes addresses, and sends no server name for them", closing(function()
        local endpoint, fiber = serve("server", "127.0.0.1")
        local client = keep(tls.dial(endpoint, M.client_context()))
        assert.is_nil(fiber:join().server_name)
        assert.equal("TLSv1.3", client.version)
        endpoint, fiber = serve("other", "127.0.0.1")
        helper.raises("asio.ssl", 260, function() tls.dial(endpoint, M.client_context()) end)
        fiber:join()
    end))

    it("without a context trusts the system, which does not know the server", closing(function()
        local endpoint, fiber = serve "server"
        helper.raises("asio.ssl", 259, function() tls.dial(endpoint) end)
        fiber:join()
    end))

    it("refuses wrong arguments", closing(function()
        for _, endpoint in ipairs{ ":443", "no name:443", 1, {} } do
            helper.EINVAL(function() tls.dial(endpoint) end, 1)
        end
        helper.EINVAL(function() tls.dial() end, 1)
        helper.EINVAL(function() tls.dial("localhost:1", {}) end, 2)
        helper.EINVAL(function() tls.dial("localhost:1", ip.address.new()) end, 2)
    end))
end)
