-- tls.context (net §4.1, §4.2).

local byte_span = require "emilua.byte_span"
local tls = require "emilua.tls"
local helper = require "spec.helper"
local M = require "spec.tls_helper"

local context = tls.context
local closing, data, fs_path = M.closing, M.data, M.fs_path

M.install()

-- The version that a pair of contexts agrees upon, nil and the error of the client.
local function agreed(client_method, server_method)
    local client, server = M.new_pair(M.client_context("ca", client_method), M.server_context("server", server_method))
    local connected = M.shake_hands(client, server)
    if not connected[1] then return nil, connected[2] end
    return client.version
end

describe("tls.context.new", function()
    it("makes an object of class tls.context, with strict fields", function()
        local ctx = context.new "tls"
        assert.equal("tls.context", getmetatable(ctx))
        helper.bad_index(function() return ctx.no_such_field end)
        assert.is_false(pcall(function() ctx.field = 1 end))
    end)

    it("has methods for both versions and for one", closing(function()
        assert.equal("TLSv1.3", agreed("tls", "tls"))
        assert.equal("TLSv1.3", agreed("sslv23", "tlsv13"))
        assert.equal("TLSv1.2", agreed("tlsv12", "tls"))
        assert.equal("TLSv1.2", agreed("tls", "tlsv12"))
        local version, e = agreed("tlsv13", "tlsv12")
        assert.is_nil(version)
        M.is_ssl(e, 70) -- the alert protocol_version
    end))

    it("has them for one role, and the other role's handshake is EINVAL", closing(function()
        assert.equal("TLSv1.3", agreed("tls_client", "tls_server"))
        local client, server = M.new_pair(context.new "tlsv13_server", context.new "tlsv13_client")
        helper.EINVAL(function() client:client_handshake() end)
        helper.EINVAL(function() server:server_handshake() end)
    end))

    it("refuses versions that are not safe any more", function()
        for _, method in ipairs{ "sslv2", "sslv3", "tlsv1", "tlsv11", "sslv3_client", "tlsv1_server" } do
            helper.ENOTSUP(function() context.new(method) end, 1)
        end
    end)

    it("refuses everything else", function()
        for _, method in ipairs{ "", "TLS", "tls_", "tlsv14", "tls_clients", 1, {}, false } do
            helper.EINVAL(function() context.new(method) end, 1)
        end
        helper.EINVAL(function() context.new() end, 1)
    end)
end)

-- Valid arguments of every method.
local ARGUMENTS = {
    add_certificate_authority = function() return data "ca.pem" end,
    load_verify_file = function() return fs_path "ca.pem" end,
    add_verify_path = function() return fs_path "hashed" end,
    set_default_verify_paths = function() end,
    set_verify_mode = function() return "peer" end,
    set_verify_callback = function() return "host_name_verification", "localhost" end,
    set_verify_depth = function() return 1 end,
    use_certificate = function() return data "server.pem", "pem" end,
    use_certificate_file = function() return fs_path "server.pem", "pem" end,
    use_certificate_chain = function() return data "chain.pem" end,
    use_certificate_chain_file = function() return fs_path "chain.pem" end,
    use_private_key = function() return data "server.key", "pem" end,
    use_private_key_file = function() return fs_path "server.key", "pem" end,
    use_rsa_private_key = function() return data "rsa.key", "pem" end,
    use_rsa_private_key_file = function() return fs_path "rsa.key", "pem" end,
    use_tmp_dh = function() return byte_span.new(1) end,
    use_tmp_dh_file = function() return fs_path "ca.pem" end,
    set_password_callback = function() return print end,
    set_options = function() return {} end,
    clear_options = function() return {} end,
    set_alpn_protocols = function() return { "h2" } end,
}

describe("every method of tls.context", function()
    it("raises EINVAL for a wrong self", function()
        local ctx = context.new "tls"
        for name, arguments in pairs(ARGUMENTS) do M.check_wrong_self(ctx, name, arguments()) end
    end)

    it("that takes data wants a byte_span", function()
        for name in ("add_certificate_authority use_certificate use_certificate_chain use_private_key" ..
            " use_rsa_private_key"):gmatch "%S+" do
            local ctx = context.new "tls"
            for _, value in ipairs{ "text", 1, {}, fs_path "ca.pem" } do
                helper.EINVAL(function() ctx[name](ctx, value, "pem") end, 2)
            end
        end
    end)

    it("that takes a file wants a filesystem.path", function()
        for name in ("load_verify_file add_verify_path use_certificate_file use_certificate_chain_file" ..
            " use_private_key_file use_rsa_private_key_file"):gmatch "%S+" do
            local ctx = context.new "tls"
            for _, value in ipairs{ "text", 1, {}, data "ca.pem" } do
                helper.EINVAL(function() ctx[name](ctx, value, "pem") end, 2)
            end
        end
    end)

    it("that takes a format wants pem or asn1", function()
        for name in ("use_certificate use_certificate_file use_private_key use_private_key_file" ..
            " use_rsa_private_key use_rsa_private_key_file"):gmatch "%S+" do
            local ctx = context.new "tls"
            local source = ARGUMENTS[name]()
            for _, value in ipairs{ "der", "PEM", 1, {} } do
                helper.EINVAL(function() ctx[name](ctx, source, value) end, 3)
            end
            helper.EINVAL(function() ctx[name](ctx, source) end, 3)
        end
    end)

    it("that takes a file raises the error of the system for one that cannot be read", function()
        local ctx = context.new "tls"
        for name in ("load_verify_file use_certificate_file use_certificate_chain_file use_private_key_file" ..
            " use_rsa_private_key_file"):gmatch "%S+" do
            helper.raises("system", "ENOENT", function() ctx[name](ctx, fs_path "absent", "pem") end)
            helper.raises("system", "EISDIR", function() ctx[name](ctx, fs_path "hashed", "pem") end)
        end
    end)

    it("raises an error of asio.ssl for content that cannot be parsed", function()
        local ctx = context.new "tls"
        local nonsense = byte_span.append "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        local cases = {
            { 268, "add_certificate_authority", byte_span.append "no certificate" },
            { 268, "add_certificate_authority", nonsense },
            { 268, "add_certificate_authority", byte_span.new(0) },
            { 268, "load_verify_file", fs_path "server.key" },
            { 268, "use_certificate", nonsense, "pem" },
            { 268, "use_certificate", nonsense, "asn1" },
            { 268, "use_certificate", data "server.key", "pem" },
            { 268, "use_certificate", byte_span.new(0), "asn1" },
            { 268, "use_certificate_chain", byte_span.new(100) },
            { 269, "use_private_key", data "server.pem", "pem" },
            { 269, "use_private_key", data "server.pem", "asn1" },
            { 269, "use_private_key", byte_span.new(0), "asn1" },
            { 269, "use_private_key", data "encrypted.key", "pem" },
            { 269, "use_rsa_private_key", data "server.key", "pem" },
        }
        for _, case in ipairs(cases) do
            local code, name = case[1], case[2]
            local ok, e = pcall(ctx[name], ctx, case[3], case[4])
            assert.is_false(ok, name)
            M.is_ssl(e, code)
            assert.equal("string", type(e.detail))
        end
    end)
end)

describe("the trust store", function()
    -- Whether a client whose roots `add` sets trusts the server.
    local function trusts(add, server)
        local ctx = context.new "tls"
        add(ctx)
        ctx:set_verify_mode "peer"
        local connected = M.shake_hands(M.new_pair(ctx, M.server_context(server or "server")))
        if not connected[1] then M.is_ssl(connected[2], 259) end
        return connected[1]
    end

    it("has what add_certificate_authority adds, one certificate or more", closing(function()
        assert.is_true(trusts(function(ctx) ctx:add_certificate_authority(data "ca.pem") end))
        assert.is_false(trusts(function(ctx) ctx:add_certificate_authority(data "stranger.pem") end))
        assert.is_true(trusts(function(ctx)
            ctx:add_certificate_authority(byte_span.append(data "stranger.pem", data "ca.pem"))
        end))
        assert.is_true(trusts(function(ctx)
            ctx:add_certificate_authority(data "ca.pem")
            ctx:add_certificate_authority(data "stranger.pem")
        end))
    end))

    it("has what is in the file of load_verify_file", closing(function()
        assert.is_true(trusts(function(ctx) ctx:load_verify_file(fs_path "ca.pem") end))
        assert.is_false(trusts(function(ctx) ctx:load_verify_file(fs_path "stranger.pem") end))
    end))

    it("has what is in the folder of add_verify_path; a folder that is missing is no error", closing(function()
        assert.is_true(trusts(function(ctx) ctx:add_verify_path(fs_path "hashed") end))
        assert.is_false(trusts(function(ctx) ctx:add_verify_path(fs_path "absent") end))
    end))

    it("is that of the system until the program adds to it, and after set_default_verify_paths", function()
        local program = [[
            package.path = "./?.lua;" .. package.path
            package.loaded.luassert = setmetatable({}, { __call = function(_, ...) return assert(...) end })
            local emilua, tls = require "emilua", require "emilua.tls"
            local M = require "spec.tls_helper"
            M.made = arg[1]
            local function trusts(add)
                local ctx = tls.context.new "tls"
                add(ctx)
                ctx:set_verify_mode "peer"
                return M.shake_hands(M.new_pair(ctx, M.server_context "server"))[1]
            end
            emilua.run(function()
                print(trusts(function() end))
                print(trusts(function(ctx) ctx:add_certificate_authority(M.data "stranger.pem") end))
                print(trusts(function(ctx)
                    ctx:add_certificate_authority(M.data "stranger.pem")
                    ctx:set_default_verify_paths()
                end))
            end)
        ]]
        for _, env in ipairs{ { SSL_CERT_FILE = M.path "ca.pem" }, { SSL_CERT_DIR = M.path "hashed" } } do
            local output = helper.child(program, { env = env, args = { M.folder() } })
            assert.equal("true\nfalse\ntrue\n", output)
        end
    end)

    it("without any root is an error of set_default_verify_paths", function()
        local output = helper.child([[
            local tls = require "emilua.tls"
            local ok, e = pcall(function() tls.context.new("tls"):set_default_verify_paths() end)
            print(ok, e.category, e.code)
        ]], { env = { SSL_CERT_FILE = "/nonexistent", SSL_CERT_DIR = "" } })
        assert.equal("false\tasio.ssl\t273\n", output)
    end)
end)

describe("tls.context:set_verify_mode", function()
    it("refuses other modes", function()
        local ctx = context.new "tls"
        for _, mode in ipairs{ "", "Peer", 1, {} } do
            helper.EINVAL(function() ctx:set_verify_mode(mode) end, 2)
        end
        helper.EINVAL(function() ctx:set_verify_mode() end, 2)
    end)
end)

describe("tls.context:set_verify_callback", function()
    it("knows host_name_verification only", function()
        local ctx = context.new "tls"
        helper.ENOTSUP(function() ctx:set_verify_callback("other", "localhost") end)
        helper.EINVAL(function() ctx:set_verify_callback(print) end, 2)
    end)

    it("wants a name or an address", function()
        local ctx = context.new "tls"
        for _, host in ipairs{ "", "no name", "-", 1, {} } do
            helper.EINVAL(function() ctx:set_verify_callback("host_name_verification", host) end, 3)
        end
        for _, host in ipairs{ "example.org", "127.0.0.1", "::1" } do
            ctx:set_verify_callback("host_name_verification", host)
        end
    end)
end)

describe("certificates and keys", function()
    -- What a client that trusts the CA sees of a server whose context `load` fills: nil, or the error of `load`.
    local function served(load)
        local ctx = context.new "tls"
        local ok, e = pcall(load, ctx)
        if not ok then return e end
        M.pair(M.client_context(), ctx)
    end

    it("are loaded in every form", closing(function()
        assert.is_nil(served(function(ctx)
            ctx:use_certificate(data "server.pem", "pem")
            ctx:use_private_key(data "server.key", "pem") -- SEC1
        end))
        assert.is_nil(served(function(ctx)
            ctx:use_certificate(data "server.der", "asn1")
            ctx:use_private_key(data "server.sec1", "asn1")
        end))
        assert.is_nil(served(function(ctx)
            ctx:use_certificate_file(fs_path "server.der", "asn1")
            ctx:use_private_key_file(fs_path "server.p8", "asn1")
        end))
        assert.is_nil(served(function(ctx)
            ctx:use_certificate_chain_file(fs_path "chain.pem")
            ctx:use_private_key_file(fs_path "below.key", "pem")
        end))
        assert.is_nil(served(function(ctx)
            ctx:use_certificate_file(fs_path "rsa.pem", "pem")
            ctx:use_rsa_private_key_file(fs_path "rsa.key", "pem")
        end))
        assert.is_nil(served(function(ctx)
            ctx:use_certificate(data "rsa.pem", "pem")
            ctx:use_rsa_private_key(data "rsa.pkcs1", "pem")
        end))
    end))

    it("may come in any order", closing(function()
        assert.is_nil(served(function(ctx)
            ctx:use_private_key(data "server.key", "pem")
            ctx:use_certificate(data "server.pem", "pem")
        end))
    end))

    it("that do not match are an error of the second load, after which the right one can be loaded", closing(function()
        M.is_ssl(served(function(ctx)
            ctx:use_certificate(data "server.pem", "pem")
            ctx:use_private_key(data "client.key", "pem")
        end), 270)
        M.is_ssl(served(function(ctx)
            ctx:use_private_key(data "client.key", "pem")
            ctx:use_certificate(data "server.pem", "pem")
        end), 270)
        assert.is_nil(served(function(ctx)
            ctx:use_certificate(data "server.pem", "pem")
            pcall(ctx.use_private_key, ctx, data "rsa.key", "pem")
            ctx:use_private_key(data "server.key", "pem")
        end))
    end))

    it("use_certificate takes the first of a file only", closing(function()
        local ctx = context.new "tls"
        ctx:use_certificate(data "chain.pem", "pem")
        ctx:use_private_key(data "below.key", "pem")
        local connected = M.shake_hands(M.new_pair(M.client_context(), ctx))
        M.is_ssl(connected[2], 259)
    end))

    it("a server without them fails", closing(function()
        local connected, accepted = M.shake_hands(M.new_pair(nil, context.new "tls"))
        M.is_ssl(accepted[2], 271)
        assert.is_false(connected[1])
    end))
end)

describe("what rustls has no counterpart for", function()
    it("raises ENOTSUP", function()
        local ctx = context.new "tls"
        for name in ("set_verify_depth use_tmp_dh use_tmp_dh_file set_password_callback"):gmatch "%S+" do
            helper.ENOTSUP(function() ctx[name](ctx, ARGUMENTS[name]()) end)
        end
    end)
end)

describe("tls.context:set_options, clear_options", function()
    it("remove a version and give it back, within the method", closing(function()
        local function version(change, method)
            local ctx = M.server_context("server", method)
            change(ctx)
            return (M.pair(M.client_context(), ctx)).version
        end
        assert.equal("TLSv1.2", version(function(ctx) ctx:set_options{ "no_tlsv1_3" } end))
        assert.equal("TLSv1.3", version(function(ctx) ctx:set_options{ "no_tlsv1_2" } end))
        assert.equal("TLSv1.3", version(function(ctx)
            ctx:set_options{ "no_tlsv1_2", "no_tlsv1_3" }
            ctx:clear_options{ "no_tlsv1_3" }
        end))
        assert.equal("TLSv1.2", version(function(ctx) ctx:clear_options{ "no_tlsv1_3" } end, "tlsv12"))
    end))

    it("with no version left, the handshake fails", closing(function()
        local ctx = M.client_context("ca", "tlsv13")
        ctx:set_options{ "no_tlsv1_3" }
        local client = M.new_pair(ctx)
        local ok, e = pcall(client.client_handshake, client)
        assert.is_false(ok)
        M.is_ssl(e, 272)
    end))

    it("accept what is so anyway; it cannot be cleared", function()
        local ctx = context.new "tls"
        for name in ("no_sslv2 no_sslv3 no_tlsv1 no_tlsv1_1 no_compression"):gmatch "%S+" do
            ctx:set_options{ name }
            helper.ENOTSUP(function() ctx:clear_options{ name } end, 2)
        end
        for _, name in ipairs{ "default_workarounds", "single_dh_use" } do
            ctx:set_options{ name }
            ctx:clear_options{ name }
        end
    end)

    it("refuse unknown names, and then change nothing", closing(function()
        local ctx = M.server_context "server"
        for _, flags in ipairs{ { "no_tlsv1_3", "other" }, { 1 }, { {} }, "no_tlsv1_3", 1 } do
            helper.EINVAL(function() ctx:set_options(flags) end, 2)
            helper.EINVAL(function() ctx:clear_options(flags) end, 2)
        end
        helper.EINVAL(function() ctx:set_options() end, 2)
        assert.equal("TLSv1.3", (M.pair(nil, ctx)).version)
    end))
end)

describe("tls.context:set_alpn_protocols", function()
    it("wants a list of names of 1 to 255 bytes", function()
        local ctx = context.new "tls"
        for _, list in ipairs{ "h2", 1, { "" }, { ("x"):rep(256) }, { 1 } } do
            helper.EINVAL(function() ctx:set_alpn_protocols(list) end, 2)
        end
        helper.EINVAL(function() ctx:set_alpn_protocols() end, 2)
        ctx:set_alpn_protocols{ ("x"):rep(255) }
        ctx:set_alpn_protocols{}
    end)
end)

describe("a context that changes", function()
    it("does not reach the sockets that it has made", closing(function()
        local client_ctx, server_ctx = M.client_context(), M.server_context "server"
        local client, server = M.new_pair(client_ctx, server_ctx)
        client_ctx:set_options{ "no_tlsv1_3" }
        client_ctx:add_certificate_authority(data "stranger.pem")
        client_ctx:set_verify_callback("host_name_verification", "other.test")
        server_ctx:set_options{ "no_tlsv1_3" }
        server_ctx:set_verify_mode "fail_if_no_peer_cert"
        assert.is_true(M.shake_hands(client, server)[1])
        assert.equal("TLSv1.3", client.version)
        client_ctx:set_verify_callback("host_name_verification", "localhost")
        server_ctx:set_verify_mode "none"
        assert.equal("TLSv1.2", (M.pair(client_ctx, server_ctx)).version)
    end))
end)
