-- The operations of src/number.rs.
local import = ...
return import("core.native").bind("number", [[
    int32_t text(double, int32_t, int32_t, char *, int32_t);
    int32_t is_ascii(const char *, size_t); ]])
