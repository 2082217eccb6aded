-- The methods of a file_descriptor that limit what it may be used for: Capsicum, which is FreeBSD's.
local import = ...
local core = import("core.native")
local errors = import("core.errors")
local ffi = require("ffi")

local band, bor = require("bit").band, require("bit").bor
local raise = errors.raise
local type = type

local NAMES = [[cap_rights_limit cap_rights_contains cap_rights_remove cap_ioctls_limit cap_ioctls_get
    cap_fcntls_limit cap_fcntls_get]]

-- fcntl() commands by name.
local FCNTLS = { getfl = 2 ^ 3, setfl = 2 ^ 4, getown = 2 ^ 5, setown = 2 ^ 6 }

-- What ioctls_get() gives when all commands are allowed.
local ALL = 0x7fffffff

local function check_list(list) return type(list) == "table" and list or raise("EINVAL", 2) end

-- Adds the methods; this: their `self`'s handle, check: raises for a code.
local function install(methods, this, check)
    local native = core.bind("capsicum", [[
        int32_t right(const char *, size_t);
        int32_t rights_limit(void *, const uint8_t *, size_t);
        int32_t rights_remove(void *, const uint8_t *, size_t);
        int32_t rights_contains(void *, const uint8_t *, size_t);
        int32_t ioctls_limit(void *, const unsigned long *, size_t);
        int32_t ioctls_get(void *, unsigned long *, size_t);
        int32_t fcntls_limit(void *, uint32_t);
        int32_t fcntls_get(void *); ]])

    local function with_rights(call)
        return function(self, names)
            local handle, n = this(self), #check_list(names)
            local indexes = ffi.new("uint8_t[?]", n)
            for i = 1, n do
                local name = names[i]
                local index = type(name) == "string" and native.right(name, #name) or -1
                if index < 0 then raise("EINVAL", 2) end
                indexes[i - 1] = index
            end
            return check(call(handle, indexes, n))
        end
    end

    local limit, remove = with_rights(native.rights_limit), with_rights(native.rights_remove)
    local contains = with_rights(native.rights_contains)

    function methods:cap_rights_limit(rights) limit(self, rights) end

    function methods:cap_rights_remove(rights) remove(self, rights) end

    function methods:cap_rights_contains(rights) return contains(self, rights) == 1 end

    function methods:cap_ioctls_limit(commands)
        local handle, n = this(self), #check_list(commands)
        local array = ffi.new("unsigned long[?]", n)
        for i = 1, n do
            local command = commands[i]
            if type(command) ~= "number" or command % 1 ~= 0 or command < 0 then raise("EINVAL", 2) end
            array[i - 1] = command
        end
        check(native.ioctls_limit(handle, array, n))
    end

    function methods:cap_ioctls_get()
        local handle, room = this(self), 256
        local array = ffi.new("unsigned long[?]", room)
        local n = check(native.ioctls_get(handle, array, room))
        if n == ALL then return "all" end
        local list = {}
        for i = 1, n do list[i] = tonumber(array[i - 1]) end
        return list
    end

    function methods:cap_fcntls_limit(names)
        local handle, bits = this(self), 0
        check_list(names)
        for i = 1, #names do bits = bor(bits, FCNTLS[names[i]] or raise("EINVAL", 2)) end
        check(native.fcntls_limit(handle, bits))
    end

    function methods:cap_fcntls_get()
        local bits, list = check(native.fcntls_get(this(self))), {}
        for _, name in ipairs { "getfl", "setfl", "getown", "setown" } do
            if band(bits, FCNTLS[name]) ~= 0 then list[#list + 1] = name end
        end
        return list
    end
end

return function(methods, this, check)
    if import("core.raw").operations.capsicum then return install(methods, this, check) end
    for name in NAMES:gmatch("%S+") do
        methods[name] = function(self)
            this(self)
            raise("ENOSYS")
        end
    end
end
