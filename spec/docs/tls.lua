-- The module tls, for docs_spec.lua.
local part = {}

part.structure = { "tls.context", "tls.socket" }

local made

function part.objects()
    local tls = require "emilua.tls"
    made = made or require "spec.tls_helper"
    -- A server whose client has asked for everything: properties that are nil look like unknown ones.
    local client_ctx, server_ctx = made.client_context(), made.server_context "server"
    client_ctx:set_alpn_protocols{ "h2" }
    server_ctx:set_alpn_protocols{ "h2" }
    local client, server = made.new_pair(client_ctx, server_ctx)
    client:set_server_name "localhost"
    assert(made.shake_hands(client, server)[1])
    client:close()
    made.remove()
    return {
        tls = { tls },
        ["tls.context"] = { tls.context, class = server_ctx },
        ["tls.socket"] = { tls.socket, class = server },
    }
end

function part.close(objects) objects["tls.socket"].class:close() end

return part
