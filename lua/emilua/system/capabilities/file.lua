-- The capabilities of a file, as its attribute "security.capability" holds them (capabilities(7)).
local import = ...
local capabilities = import("system.capabilities")
local errors = import("core.errors")
local ffi = require("ffi")

local band, bor = require("bit").band, require("bit").bor

-- struct vfs_ns_cap_data of linux/capability.h.
local attribute_type = ffi.typeof([[
    struct { uint32_t magic; struct { uint32_t permitted, inheritable; } words[2]; uint32_t owner; } ]])

-- Versions in the upper byte of `magic`, with the size of the attribute; the lowest bit is the effective flag.
local REVISION_1, REVISION_2, REVISION_3 = 0x01000000, 0x02000000, 0x03000000
local SIZE_2, SIZE_3 = 20, 24

local EFFECTIVE, PERMITTED, INHERITABLE = 1, 2, 3

local file = { SIZE = SIZE_3, new = attribute_type }

-- The vector of the numbers whose bits are set in the words.
local function add(vector, words, field, n_words)
    for n = 0, 32 * n_words - 1 do
        if band(words[n >= 32 and 1 or 0][field], 2 ^ (n % 32)) ~= 0 then vector[n] = true end
    end
end

-- The set that an attribute stands for.
function file.load(attribute)
    local revision = band(attribute.magic, 0xff000000)
    if revision ~= REVISION_1 and revision ~= REVISION_2 and revision ~= REVISION_3 then
        errors.raise_system("EINVAL")
    end
    local state = { {}, {}, {} }
    local n_words = revision == REVISION_1 and 1 or 2
    add(state[PERMITTED], attribute.words, "permitted", n_words)
    add(state[INHERITABLE], attribute.words, "inheritable", n_words)
    if band(attribute.magic, 1) ~= 0 then
        for i = PERMITTED, INHERITABLE do
            for n in pairs(state[i]) do state[EFFECTIVE][n] = true end
        end
    end
    return capabilities.make(state, revision == REVISION_3 and attribute.owner or 0)
end

-- The attribute of a set, and its size. A file has one effective flag: all of its capabilities, or none.
function file.save(set)
    local state, owner = capabilities.state(set)
    local attribute, effective = attribute_type(), next(state[EFFECTIVE]) ~= nil
    for i, field in pairs { [PERMITTED] = "permitted", [INHERITABLE] = "inheritable" } do
        for n in pairs(state[i]) do
            if effective and not state[EFFECTIVE][n] then errors.raise_system("EINVAL") end
            local word = attribute.words[n >= 32 and 1 or 0]
            word[field] = word[field] + 2 ^ (n % 32)
        end
    end
    attribute.magic = bor(owner == 0 and REVISION_2 or REVISION_3, effective and 1 or 0)
    attribute.owner = owner
    return attribute, owner == 0 and SIZE_2 or SIZE_3
end

return file
