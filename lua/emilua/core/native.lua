-- The boundary: the struct of function pointers of src/bridge/mod.rs, cast once.
-- A call through a cached pointer costs 4 ns when compiled.
local import = ...
local raw = import("core.raw")
local ffi = require("ffi")

local span_type = ffi.typeof("struct { uint8_t *data; intptr_t len, capacity; }")
local endpoint_type = ffi.typeof([[
    struct { uint16_t family, port; uint32_t scope; uint8_t bytes[16]; } ]])
local view_type = ffi.typeof([[
    struct {
        const uint32_t *ready, *due;
        uint32_t n_ready, n_due;
        int32_t descriptors;
    } ]])

-- Each text is different: busted remembers the results of ffi.typeof by their text alone.
local endpoint = ffi.typeof("$ * /* endpoint */", endpoint_type)

local ops = ffi.cast(ffi.typeof([[
    struct {
        int32_t (*collect)(void *vm);
        int32_t (*message)(char *, int32_t);
        int32_t (*panic)(void);
        int32_t (*strerror)(int32_t, char *, int32_t);
        int32_t (*report)(const char *, size_t);
        int32_t (*is_terminal)(void);
        int32_t (*clock)(int32_t, int64_t *);
        int32_t (*timer_after)(void *vm, double, uint32_t);
        int32_t (*timer_at)(void *vm, int32_t, int64_t, uint32_t);
        int32_t (*timer_cancel)(void *vm, uint32_t);
        double (*span_find)(const void *, const uint8_t *, size_t, size_t);
        double (*span_rfind)(const void *, const uint8_t *, size_t, size_t);
        void *(*io_new)(void *vm, uint32_t, uint32_t);
        void (*io_free)(void *);
        int32_t (*io_open)(void *, int32_t, int32_t);
        int32_t (*io_bind)(void *, $);
        int32_t (*io_listen)(void *, int32_t);
        int32_t (*io_accept)(void *, void *);
        int32_t (*io_connect)(void *, $, int32_t);
        int32_t (*io_connected)(void *, $);
        int32_t (*io_read)(void *, const void *);
        int32_t (*io_write)(void *, const void *);
        int32_t (*io_shutdown)(void *, int32_t);
        int32_t (*io_close)(void *);
        int32_t (*io_is_open)(const void *);
        int32_t (*io_local)(const void *, $);
        int32_t (*io_remote)(const void *, $);
        int32_t (*io_set_option)(void *, int32_t, int32_t, int32_t);
        int32_t (*io_get_option)(void *, int32_t, int32_t *);
        int32_t (*address_parse)(const char *, size_t, $);
        int32_t (*address_format)($, char *, int32_t);
        int32_t (*host_name)(char *, int32_t);
        int32_t (*number_text)(double, int32_t, int32_t, char *, int32_t);
        int32_t (*is_ascii)(const char *, size_t);
    } *]], endpoint, endpoint, endpoint, endpoint, endpoint, endpoint, endpoint), raw.ops)

local native = {
    -- Codes of src/bridge/guard.rs.
    PENDING = -0x80000000,
    EOF = -0x7fffffff,
    PANIC = -0x7ffffffe,
    vm = ffi.cast("void *", raw.vm),
    view = ffi.cast(ffi.typeof("$ * /* view */", view_type), raw.vm),
    span_pointer = ffi.typeof("const $ * /* span */", span_type),
    new_endpoint = endpoint_type,
}

for name in ([[
    collect message panic strerror report is_terminal clock timer_after timer_at timer_cancel
    span_find span_rfind io_new io_free io_open io_bind io_listen io_accept io_connect io_connected
    io_read io_write io_shutdown io_close io_is_open io_local io_remote io_set_option io_get_option
    address_parse address_format host_name number_text is_ascii ]]):gmatch("%S+") do
    native[name] = ops[name]
end

-- Without the JIT a call through the FFI costs four times one of a C function.
local jit_on = require("jit").status()
for name, f in pairs(raw.functions) do
    if not native[name] or not jit_on then native[name] = f end
end

local buffer = ffi.new("char[1024]")

-- The text that a function writes to a buffer; nil and its code when it fails.
local function text(length)
    if length < 0 then return nil, length end
    return ffi.string(buffer, length)
end

function native.error_text(code) return text(native.strerror(code, buffer, 1024)) end

function native.panic_text() return text(native.message(buffer, 1024)) end

function native.address_text(address) return text(native.address_format(address, buffer, 1024)) end

function native.host_name_text() return text(native.host_name(buffer, 1024)) end

return native
