-- The operations of src/subprocess/init_script: each returns its value, or nil and an error number.
local import = ...
local operations = import("core.raw").operations.init_script
local ffi = require("ffi")

local native = ffi.cast(ffi.typeof([[
    struct {
        int32_t (*constant)(int32_t, char *, int32_t, double *);
        void (*report)(const char *, size_t);
        void (*exit)(int32_t);
        int32_t (*error_text)(int32_t, char *, int32_t);
        void (*close_from)(int32_t);
        int32_t (*set_no_new_privs)(void);
        int32_t (*bind_unix)(int32_t, const char *, size_t);
        int32_t (*send_with_fd)(int32_t, const char *, size_t, int32_t);
        int32_t (*receive_with_fd)(int32_t, char *, size_t, int32_t *);
        int32_t (*mknod)(const char *, uint32_t, double);
        double (*make_device)(uint32_t, uint32_t);
        uint32_t (*major)(double);
        uint32_t (*minor)(double);
    } * /* init.script */ ]]), operations)

local SIZE = 256
local buffer, number, received = ffi.new("char[?]", SIZE), ffi.new("double[1]"), ffi.new("int32_t[1]")

local function result(code)
    if code < 0 then return nil, -code end
    return code
end

local functions = {
    close_from = native.close_from, exit = native.exit,
    make_device = native.make_device, major = native.major, minor = native.minor,
}

-- All constants by name.
function functions.constants()
    local all, i = {}, 0
    while true do
        local length = native.constant(i, buffer, SIZE, number)
        if length < 0 then return all end
        all[ffi.string(buffer, length)] = number[0]
        i = i + 1
    end
end

function functions.report(text) native.report(text, #text) end

function functions.error_text(code) return ffi.string(buffer, native.error_text(code, buffer, SIZE)) end

function functions.set_no_new_privs() return result(native.set_no_new_privs()) end

function functions.bind_unix(fd, path) return result(native.bind_unix(fd, path, #path)) end

function functions.send_with_fd(fd, bytes, other) return result(native.send_with_fd(fd, bytes, #bytes, other)) end

-- The bytes and a descriptor, -1 for none.
function functions.receive_with_fd(fd, size)
    size = math.max(0, math.min(size, 2 ^ 20))
    local bytes = ffi.new("char[?]", size)
    local n, code = result(native.receive_with_fd(fd, bytes, size, received))
    if not n then return nil, code end
    return ffi.string(bytes, n), received[0]
end

function functions.mknod(path, mode, device) return result(native.mknod(path, mode, device)) end

return functions
