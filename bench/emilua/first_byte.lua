-- Writes a byte as the first thing that a fiber does. usage: first_byte.lua [landlock]: forbids itself all files
-- before.

local emilua = require "emilua"
local ffi = require "ffi"

local NO_NEW_PRIVS, CREATE_RULESET, RESTRICT_SELF = 38, 444, 446

if arg[1] then
    ffi.cdef "long syscall(long, ...); int prctl(int, ...);"
    local handled = ffi.new("uint64_t[1]", 0x17f)
    local long = ffi.typeof "long"
    local rules = ffi.C.syscall(CREATE_RULESET, handled, long(8), long(0))
    assert(ffi.C.prctl(NO_NEW_PRIVS, long(1), long(0), long(0), long(0)) == 0)
    assert(ffi.C.syscall(RESTRICT_SELF, rules, long(0)) == 0)
end

emilua.run(function()
    io.write "x"
    io.flush()
end)
