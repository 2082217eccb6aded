-- The operations of src/tls.
local import = ...
local native = import("core.native")
local ffi = require("ffi")

local tls = native.bind("tls", [[
    void *context(void);
    void free_context(void *);
    int32_t set_versions(void *, int32_t, int32_t);
    int32_t add_authorities(void *, const uint8_t *, size_t, int32_t);
    int32_t add_verify_path(void *, const uint8_t *, size_t);
    int32_t set_default_verify_paths(void *);
    int32_t use_certificate(void *, const uint8_t *, size_t, int32_t, int32_t);
    int32_t use_private_key(void *, const uint8_t *, size_t, int32_t, int32_t);
    int32_t set_protocols(void *, const void *, size_t);
    void *session(const void *, void *);
    void free_session(void *);
    int32_t start_client(void *, int32_t, const char *, size_t, const char *, size_t);
    int32_t start_server(void *, int32_t, const char *, size_t);
    int32_t close(void *);
    int32_t failed(const void *);
    int32_t property(const void *, int32_t, char *, int32_t);
    int32_t handshake(void *);
    int32_t read(void *, const void *);
    int32_t write(void *, const void *);
    int32_t flush(void *);
    int32_t leave_unsent(void *);
    int32_t send_close(void *);
    int32_t drain(void *);
    int32_t feed(void *, const void *, int32_t);
    int32_t take(void *, const void *);
    int32_t name_kind(const char *, size_t);
    int32_t failure(int32_t *, char *, int32_t); ]])

-- Codes of src/tls/failure.rs.
tls.FAILED, tls.TRUNCATED = -0x80000000 + 16, -0x80000000 + 17
-- Results of src/tls/transfer.rs.
tls.BLOCKED, tls.UNSENT = 1, 2 ^ 30
-- Numbers of src/tls/session.rs.
tls.PROPERTIES = { alpn_protocol = 0, version = 1, server_name = 2, resumed = 3 }

-- A context, and a session of it; `socket` is the handle of a socket, or nil. In parentheses, as in io/object.lua.
function tls.new_context() return (ffi.gc(tls.context(), tls.free_context)) end

function tls.new_session(context, socket) return (ffi.gc(tls.session(context, socket), tls.free_session)) end

local span_pointer = native.span_pointer

-- Address and length of the bytes of a span.
function tls.bytes(span)
    local p = ffi.cast(span_pointer, span)
    return p.data, p.len
end

return tls
