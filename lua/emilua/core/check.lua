-- Refuses interpreters that lack what this module stands on; also runs in PUC Lua.
local jit = rawget(_G, "jit")
local found = jit and jit.version or _VERSION
local ok, ffi = pcall(require, "ffi")
if ffi == "not enough memory" then error(ffi, 0) end
local lacks = not jit and "LuaJIT" or not ok and "the FFI" or not ffi.abi("gc64") and "GC64"
if lacks then
    error("emilua needs LuaJIT 2.1 with FFI and GC64; this is " .. found .. " without " .. lacks, 0)
end
