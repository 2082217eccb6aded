-- The capabilities of a file as its attribute "security.capability" holds them: struct vfs_ns_cap_data of
-- linux/capability.h.
local import = ...
local capabilities = import("system.capabilities")
local errors = import("core.errors")
local ffi = require("ffi")

local band, bor = require("bit").band, require("bit").bor

-- The revision is in the highest byte: 2, or 3 with the owner of a user namespace.
local REVISION, REVISION_2, REVISION_3 = 0xff000000, 0x02000000, 0x03000000
local EFFECTIVE = 1
local SIZE_2, SIZE_3 = 20, 24

local attribute_type = ffi.typeof([[
    struct { uint32_t magic; struct { uint32_t permitted, inheritable; } sets[2]; uint32_t owner; } ]])

-- Indices in the words of a set.
local IS_EFFECTIVE, IS_PERMITTED, IS_INHERITABLE = 0, 1, 2

local file = { new = attribute_type, SIZE = SIZE_3 }

-- What a file may have of a set.
local function possible(set) return bor(set.permitted, set.inheritable) % 2 ^ 32 end

-- The set that an attribute of `size` bytes stands for.
function file.load(attribute, size)
    local expected = band(attribute.magic, REVISION) == REVISION_3 and SIZE_3 or SIZE_2
    if size ~= expected then errors.raise_system("EINVAL") end
    local words = capabilities.new_words()
    for i = 0, 1 do
        local set, word = attribute.sets[i], words[i].sets
        word[IS_PERMITTED], word[IS_INHERITABLE] = set.permitted, set.inheritable
        if band(attribute.magic, EFFECTIVE) ~= 0 then word[IS_EFFECTIVE] = possible(set) end
    end
    return capabilities.from_words(words, size == SIZE_3 and attribute.owner or 0)
end

-- The attribute of the set `caps`, which is argument 2, and its size. A file has one bit for the effective
-- capabilities: all that it may have, or none.
function file.save(caps)
    local words, owner = capabilities.to_words(capabilities.use(caps, 2)), caps:get_nsowner()
    local attribute, effective, all = attribute_type(), false, true
    for i = 0, 1 do
        local set, word = attribute.sets[i], words[i].sets
        set.permitted, set.inheritable = word[IS_PERMITTED], word[IS_INHERITABLE]
        effective = effective or word[IS_EFFECTIVE] ~= 0
        all = all and word[IS_EFFECTIVE] == possible(set)
    end
    if effective and not all then errors.raise_system("EINVAL") end
    attribute.owner = owner
    attribute.magic = (owner > 0 and REVISION_3 or REVISION_2) + (effective and EFFECTIVE or 0)
    return attribute, owner > 0 and SIZE_3 or SIZE_2
end

return file
