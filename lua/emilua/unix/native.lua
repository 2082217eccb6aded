-- The operations on UNIX sockets, of src/io/unix.
local import = ...
local native = import("core.native")
local ffi = require("ffi")

local name_type = ffi.typeof("struct { uint32_t length; uint8_t bytes[108]; }")
local name = ffi.typeof("$ * /* name */", name_type)

-- What sendmsg() and recvmsg() take beside bytes and a name.
local message_type = ffi.typeof([[
    struct { void *fds; uint32_t count; int32_t ends, peek; void *handles[?]; } ]])
local message = ffi.typeof("const $ * /* message */", message_type)

local credentials_type = ffi.typeof([[
    struct { uint32_t uid; int32_t pid; uint32_t n_groups; uint32_t groups[16]; } ]])
local credentials = ffi.typeof("$ * /* credentials */", credentials_type)

local unix = native.bind("unix", [[
    int32_t open(void *, int32_t);
    int32_t pair(void *, void *, int32_t);
    int32_t bind(void *, $);
    int32_t set_mode(void *, int32_t);
    int32_t change_mode($, int32_t);
    int32_t connect(void *, $, int32_t);
    int32_t connected(void *, $);
    int32_t local_name(void *, $);
    int32_t remote_name(void *, $);
    int32_t credentials(void *, $);
    int32_t security_label(void *, char *, int32_t);
    int32_t security_labels(void *, const char *, char *, int32_t);
    int32_t read(void *, const void *);
    int32_t receive(void *, $, const void *, $);
    int32_t send(void *, $, const void *, $);
    void *fds_new(void);
    void fds_free(void *);
    int32_t fds_take(void *, void *); ]], name, name, name, name, name, name, credentials, message, name, message, name)

unix.new_name, unix.new_message, unix.new_credentials = name_type, message_type, credentials_type

return unix
