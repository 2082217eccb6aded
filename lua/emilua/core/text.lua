-- What the Rust half says to people, and the error stream.
local import = ...
local native = import("core.native")

local buffer, read = native.buffer, native.text

local text = native.bind("core", [[
    int32_t message(char *, int32_t);
    int32_t panic(void);
    int32_t strerror(int32_t, char *, int32_t);
    int32_t report(const char *, size_t);
    int32_t is_terminal(void); ]])

function text.of_error(code) return read(text.strerror(code, buffer, 1024)) end

function text.of_panic() return read(text.message(buffer, 1024)) end

return text
