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

-- The bits of the names in `list`, which is argument `arg`.
function flags.bits(known, list, arg)
    if type(list) ~= "table" then errors.raise("EINVAL", arg) end
    local bits = 0
    for _, name in pairs(list) do
        local bit = known[name]
        if not bit then errors.raise("EINVAL", arg) end
        bits = bor(bits, bit)
    end
    return bits
end

return flags
