-- The operations of src/regex, and the slots of a pattern that those need who call them.
local import = ...
local fields = import("regex.fields")
local ffi = require("ffi")

local report_type = ffi.typeof("struct { int32_t code, at, groups; }")
local report = ffi.typeof("$ * /* report */", report_type)

local engine = import("core.native").bind("regex", [[
    void *new(const uint8_t *, size_t, int32_t, int32_t, $);
    void free(void *);
    int32_t find(void *, const uint8_t *, size_t, int32_t, int32_t *);
    int32_t matches(void *, const uint8_t *, size_t, int32_t, int32_t *);
    int32_t split(void *, const uint8_t *, size_t, $, int32_t *, int32_t);
    int32_t patsplit(void *, const uint8_t *, size_t, $, int32_t *, int32_t); ]], report, fields.progress,
    fields.progress)

engine.new_report = report_type
-- The native pattern, the bounds of its groups, their number.
engine.HANDLE, engine.OFFSETS, engine.GROUPS = "\0handle", "\0offsets", "\0groups"

return engine
