-- The capabilities of a file, which Linux keeps in an extended attribute: struct vfs_cap_data of capability.h.
local import = ...
local check = import("filesystem.check")
local errors = import("core.errors")
local native = import("filesystem.native")
local status = import("filesystem.status")
local ffi = require("ffi")

local band, bor = bit.band, bit.bor

local NAME = "security.capability"
-- The revision is in the highest byte: 2, or 3 with the owner of a user namespace.
local REVISION, REVISION_2, REVISION_3 = 0xff000000, 0x02000000, 0x03000000
local EFFECTIVE = 1
local SIZE_2, SIZE_3 = 20, 24

local data_type = ffi.typeof([[
    struct { uint32_t magic; struct { uint32_t permitted, inheritable; } sets[2]; uint32_t owner; } ]])

-- Indices in the words of a set.
local IS_EFFECTIVE, IS_PERMITTED, IS_INHERITABLE = 0, 1, 2

-- What a file may have of a set.
local function possible(set) return bor(set.permitted, set.inheritable) % 2 ^ 32 end

local functions = {}

function functions.cap_get_file(p)
    local text = check.path(p, 1)
    local data = data_type()
    local size = native.attribute_get(text, NAME, ffi.cast("uint8_t *", data), SIZE_3)
    if size < 0 then check.fail_posix(size) end
    local expected = band(data.magic, REVISION) == REVISION_3 and SIZE_3 or SIZE_2
    if size ~= expected then errors.raise_system("EINVAL") end
    local capabilities = import("system.capabilities")
    local words = capabilities.new_words()
    for i = 0, 1 do
        local set, word = data.sets[i], words[i].sets
        word[IS_PERMITTED], word[IS_INHERITABLE] = set.permitted, set.inheritable
        if band(data.magic, EFFECTIVE) ~= 0 then word[IS_EFFECTIVE] = possible(set) end
    end
    return capabilities.from_words(words, size == SIZE_3 and data.owner or 0)
end

-- A file has one bit for the effective capabilities: all that it may have, or none.
function functions.cap_set_file(p, caps)
    local text = check.path(p, 1)
    local capabilities = import("system.capabilities")
    local words, owner = capabilities.to_words(capabilities.use(caps, 2)), caps:get_nsowner()
    local attributes = native.new_stat()
    local code = native.stat(text, 0, attributes)
    if code < 0 then check.fail_posix(code) end
    if attributes.kind ~= status.REGULAR then errors.raise_system("EINVAL") end
    local data, effective, all = data_type(), false, true
    for i = 0, 1 do
        local set, word = data.sets[i], words[i].sets
        set.permitted, set.inheritable = word[IS_PERMITTED], word[IS_INHERITABLE]
        effective = effective or word[IS_EFFECTIVE] ~= 0
        all = all and word[IS_EFFECTIVE] == possible(set)
    end
    if effective and not all then errors.raise_system("EINVAL") end
    data.owner = owner
    data.magic = (owner > 0 and REVISION_3 or REVISION_2) + (effective and EFFECTIVE or 0)
    local size = owner > 0 and SIZE_3 or SIZE_2
    code = native.attribute_set(text, NAME, ffi.cast("const uint8_t *", data), size)
    if code < 0 then check.fail_posix(code) end
end

return { functions = functions }
