-- The operations on descriptors, of src/io.
local import = ...
local native = import("core.native")
local ffi = require("ffi")

-- An address with a port.
local endpoint_type = ffi.typeof([[
    struct { uint16_t family, port; uint32_t scope; uint8_t bytes[16]; } ]])
local endpoint = ffi.typeof("$ * /* endpoint */", endpoint_type)

local io = native.bind("io", [[
    void *new(void *vm, uint32_t, uint32_t);
    void free(void *);
    int32_t open(void *, int32_t, int32_t);
    int32_t bind(void *, $);
    int32_t listen(void *, int32_t);
    int32_t accept(void *, void *);
    int32_t connect(void *, $, int32_t);
    int32_t connected(void *, $);
    int32_t read(void *, const void *);
    int32_t write(void *, const void *);
    int32_t disconnect(void *);
    int32_t expect_errors(void *);
    int32_t receive(void *, const void *, int32_t, $);
    int32_t receive_from(void *, const void *, int32_t, $);
    int32_t send(void *, const void *, int32_t, $);
    int32_t receive_urgent(void *, const void *, int32_t, uint32_t);
    int32_t send_file(void *, const void *file, double, double);
    int32_t wait(void *, int32_t);
    int32_t wait_exception(void *, uint32_t);
    int32_t shutdown(void *, int32_t);
    int32_t close(void *);
    int32_t is_open(const void *);
    void hide(void *);
    int32_t local_endpoint(const void *, $);
    int32_t remote_endpoint(const void *, $);
    int32_t bytes_readable(void *);
    int32_t at_mark(void *);
    int32_t set_option(void *, int32_t, int32_t, int32_t);
    int32_t get_option(void *, int32_t, int32_t *);
    int32_t multicast(void *, int32_t, $);
    int32_t address_parse(const char *, size_t, $);
    int32_t address_format($, char *, int32_t);
    int32_t host_name(char *, int32_t); ]], endpoint, endpoint, endpoint, endpoint, endpoint, endpoint, endpoint,
    endpoint, endpoint, endpoint, endpoint)

io.new_endpoint = endpoint_type
-- What a handle begins with: the tokens of its directions.
io.tokens_pointer = ffi.typeof("struct { uint32_t read, write, exception; } * /* tokens */")

return io
