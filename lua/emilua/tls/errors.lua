-- Errors of TLS: their categories, and what the codes of native operations become.
local import = ...
local errors = import("core.errors")
local native = import("core.native")
local tls = import("tls.native")
local ffi = require("ffi")

local error = error
local raise_code = errors.raise_code

-- Codes below 256 are those of alerts that the peer has sent (RFC 8446 §6), the others of src/tls/failure.rs.
local ssl = errors.category_of("asio.ssl", {
    [0] = "close notify",
    [10] = "alert of the peer: unexpected message",
    [20] = "alert of the peer: bad record MAC",
    [22] = "alert of the peer: record overflow",
    [40] = "alert of the peer: handshake failure",
    [42] = "alert of the peer: bad certificate",
    [43] = "alert of the peer: unsupported certificate",
    [44] = "alert of the peer: certificate revoked",
    [45] = "alert of the peer: certificate expired",
    [46] = "alert of the peer: certificate unknown",
    [47] = "alert of the peer: illegal parameter",
    [48] = "alert of the peer: unknown CA",
    [49] = "alert of the peer: access denied",
    [50] = "alert of the peer: decode error",
    [51] = "alert of the peer: decrypt error",
    [70] = "alert of the peer: protocol version",
    [71] = "alert of the peer: insufficient security",
    [80] = "alert of the peer: internal error",
    [86] = "alert of the peer: inappropriate fallback",
    [90] = "alert of the peer: user canceled",
    [100] = "alert of the peer: no renegotiation",
    [109] = "alert of the peer: missing extension",
    [110] = "alert of the peer: unsupported extension",
    [112] = "alert of the peer: unrecognized name",
    [115] = "alert of the peer: unknown PSK identity",
    [116] = "alert of the peer: certificate required",
    [120] = "alert of the peer: no application protocol",
    [256] = "TLS failed",
    [257] = "the certificate of the peer has expired",
    [258] = "the certificate of the peer is not valid yet",
    [259] = "the issuer of the peer's certificate is unknown",
    [260] = "the certificate of the peer is for another name",
    [261] = "the certificate of the peer is for another purpose",
    [262] = "the certificate of the peer is bad",
    [263] = "the peer has sent no certificate",
    [264] = "the peer and this side have no parameters in common",
    [265] = "the peer and this side have no application protocol in common",
    [266] = "the peer does not speak TLS as it must",
    [267] = "a record of the peer cannot be decrypted",
    [268] = "not a certificate",
    [269] = "not a private key that can be used",
    [270] = "the private key is not that of the certificate",
    [271] = "a server needs a certificate and its private key",
    [272] = "no protocol version is left",
    [273] = "no trust roots",
    [274] = "the handshake has not been completed",
})

local stream = errors.category_of("asio.ssl.stream", { "stream truncated" })

local code = ffi.new("int32_t[1]")

local tls_errors = {}

local function raise_ssl(number, detail)
    local e = errors.new(ssl, number)
    e.detail = detail
    error(e, 0)
end

function tls_errors.raise_no_handshake(detail) raise_ssl(274, detail) end

-- Raises the error of a negative code.
function tls_errors.raise(result)
    if result == tls.FAILED then
        local detail = native.text(tls.failure(code, native.buffer, 1024))
        raise_ssl(code[0], detail)
    end
    if result == tls.TRUNCATED then error(errors.new(stream, 1), 0) end
    raise_code(result)
end

function tls_errors.check(result)
    if result < 0 then tls_errors.raise(result) end
    return result
end

return tls_errors
