-- The operations on the filesystem, of src/fs.
local import = ...
local native = import("core.native")
local ffi = require("ffi")

local stat_type = ffi.typeof([[
    struct { int64_t size, modified; uint64_t links, device, inode; uint32_t mode; int32_t kind; } ]])
local space_type = ffi.typeof("struct { uint64_t capacity, free, available; }")
local entry_type = ffi.typeof("struct { const char *name; int32_t length, kind; }")
-- What a walk has found.
local record_type = ffi.typeof("struct { $ stat; uint32_t name, length, directory; int32_t error; }", stat_type)
local view_type = ffi.typeof("struct { const $ *records; const char *names; int32_t count; }", record_type)
local stat = ffi.typeof("$ * /* stat */", stat_type)
local space = ffi.typeof("$ * /* space */", space_type)
local entry = ffi.typeof("$ * /* entry */", entry_type)
local view = ffi.typeof("$ * /* walk's view */", view_type)

local fs = native.bind("fs", [[
    int32_t stat(const char *, int32_t, $);
    int32_t space(const char *, $);
    int32_t canonical(const char *, char *, int32_t);
    int32_t read_link(const char *, char *, int32_t);
    int32_t working_directory(char *, int32_t);
    int32_t change_directory(const char *);
    int32_t change_directory_to(void *);
    int32_t change_root(const char *);
    int32_t make_directory(const char *, uint32_t);
    int32_t hard_link(const char *, const char *);
    int32_t symbolic_link(const char *, const char *, int32_t);
    int32_t copy_file(const char *, const char *, int32_t);
    int32_t rename(const char *, const char *);
    int32_t remove(const char *);
    int32_t remove_tree(const char *, uint64_t *);
    int32_t resize(const char *, int64_t);
    int32_t set_modified(const char *, int64_t);
    int32_t change_mode(const char *, uint32_t, int32_t);
    int32_t change_owner(const char *, int64_t, int64_t, int32_t);
    int32_t set_umask(uint32_t);
    int32_t make_fifo(const char *, uint32_t);
    int32_t make_node(const char *, uint32_t, uint64_t);
    int32_t make_device(uint32_t, uint32_t, uint64_t *);
    int32_t split_device(uint64_t, uint32_t *);
    int32_t directory_open(const void *, const char *, int32_t, void **);
    int32_t directory_next(void *, $);
    int32_t directory_stat(const void *, const char *, int32_t, $);
    void directory_free(void *);
    int32_t walk_start(void *vm, uint32_t, const char *, size_t, int32_t, void **);
    int32_t walk_take(void *, $);
    void walk_free(void *);
    int32_t watch_open(void *);
    int32_t watch_add(void *, const char *, uint32_t);
    int32_t watch_remove(void *, int32_t);
    int32_t attribute_get(const char *, const char *, uint8_t *, int32_t);
    int32_t attribute_set(const char *, const char *, const uint8_t *, int32_t); ]], stat, space, entry, stat, view)

fs.new_stat, fs.new_space, fs.new_entry, fs.new_view = stat_type, space_type, entry_type, view_type

-- Longest path that the system can give.
local SIZE = 2 ^ 16
local buffer

-- The path that an operation writes for an argument, if it has one; nil and the code of a failure.
function fs.path(operation, text)
    buffer = buffer or ffi.new("char[?]", SIZE)
    local n
    if text then n = operation(text, buffer, SIZE) else n = operation(buffer, SIZE) end
    if n < 0 then return nil, n end
    return ffi.string(buffer, n)
end

return fs
