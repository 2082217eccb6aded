-- Lists of flag names, as the bits that the native half takes for them.
local import = ...
local errors = import("core.errors")
local ffi = require("ffi")

local bor = require("bit").bor
local pairs, type = pairs, type

local flags = {}

-- Of messages; src/io/socket gives them the system's numbers.
flags.MESSAGE = { do_not_route = 1, end_of_record = 2, out_of_band = 4, peek = 8 }
if ffi.os == "Windows" then flags.MESSAGE.end_of_record = nil end
flags.OUT_OF_BAND = flags.MESSAGE.out_of_band

-- Of lookups; src/resolve.rs.
flags.LOOKUP = {
    passive = 1, canonical_name = 2, v4_mapped = 4, all_matching = 8, address_configured = 16,
    numeric_host = 32, numeric_service = 64,
}

-- What turns the integer flags of release 0.6, and the names that a function knows, into a list; see program.compat.
flags.from_integer = false

-- The list of names in `value`, which is argument `arg`.
function flags.list(known, value, arg)
    if type(value) == "table" then return value end
    local list = flags.from_integer and type(value) == "number" and flags.from_integer(known, value)
    return list or errors.raise("EINVAL", arg)
end

-- The bits of the names in `value`, which is argument `arg`.
function flags.bits(known, value, arg)
    local bits = 0
    for _, name in pairs(flags.list(known, value, arg)) do
        local bit = known[name]
        if not bit then errors.raise("EINVAL", arg) end
        bits = bor(bits, bit)
    end
    return bits
end

return flags
