-- What the Rust half says to people, and the error stream.
local import = ...
local native = import("core.native")
local ffi = require("ffi")

local text = native.bind("core", [[
    int32_t message(char *, int32_t);
    int32_t panic(void);
    int32_t strerror(int32_t, char *, int32_t);
    int32_t report(const char *, size_t);
    int32_t is_terminal(void); ]])

local SIZE = 1024
local buffer = ffi.new("char[?]", SIZE)

-- What write(..., buffer, size) has written: its length is the function's result. Nil and its code when it fails.
local function read(length)
    if length < 0 then return nil, length end
    return ffi.string(buffer, length)
end
text.buffer, text.SIZE, text.read = buffer, SIZE, read

function text.of_error(code) return read(text.strerror(code, buffer, SIZE)) end

function text.of_panic() return read(text.message(buffer, SIZE)) end

return text
