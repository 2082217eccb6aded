-- The operations on files, of src/file.
local import = ...
local native = import("core.native")
local ffi = require("ffi")

-- An operation that has ended.
local ended = ffi.typeof("struct { uint32_t slot; int32_t code; }")

local file = native.bind("file", [[
    int32_t setup(void *vm, uint32_t);
    int32_t backend(void *vm, int32_t);
    void *new(void *vm);
    void free(void *);
    int32_t open(void *, const char *, size_t, uint32_t, int32_t);
    int32_t assign(void *, void *from);
    int32_t release(void *, void *to);
    int32_t close(void *);
    int32_t is_open(const void *);
    int32_t read(void *, const void *, double);
    int32_t write(void *, const void *, double);
    int32_t seek(const void *, double, int32_t, double *);
    int32_t size(const void *, double *);
    int32_t resize(const void *, double);
    int32_t lock(const void *, int32_t);
    int32_t start(void *vm, uint32_t, const void *, int32_t, const void *, double);
    int32_t cancel(void *vm, uint32_t);
    int32_t harvest(void *vm, const $ **); ]], ended)

file.new_list = ffi.typeof("const $ *[1] /* ended operations */", ended)

return file
