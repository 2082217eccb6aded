-- The operations of src/libc_service.
local import = ...
local core = import("core.native")
local wire = import("libc_service.wire")
local ffi = require("ffi")

local room_type = ffi.typeof("struct { void *fds; $ request; } /* room */", wire.request)

local native = core.bind("libc_service", [[
    void *new_slave(void *vm);
    int32_t pair(void *, void *);
    int32_t receive(void *, $);
    int32_t answer(void *, $, const int32_t *, uint32_t);
    int32_t send_filters(void *, const char *, size_t);
    int32_t library(char *, int32_t);
    int32_t is_preloaded(void); ]],
    ffi.typeof("$ * /* room */", room_type), ffi.typeof("const $ * /* answer */", wire.answer))

native.new_room = room_type

-- Where the library for the processes of slaves is; false where it is not installed.
local buffer = ffi.new("char[4096]")
local length = native.library(buffer, 4096)
native.library_path = length > 0 and ffi.string(buffer, length)

return native
