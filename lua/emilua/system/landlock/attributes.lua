-- The names of landlock(7) and its structs, which are declared here: the kernel's headers may be older than the kernel.
-- Shared by the functions of `system` and those of init scripts. Each returns nil and a text for what it cannot read.
local ffi = require("ffi")
local ipairs, next, pairs, tostring, type = ipairs, next, pairs, tostring, type

-- Values by name: bit 0 upward.
local function bits(names)
    local by_name, value = {}, 1
    for name in names:gmatch("%S+") do
        by_name[name], value = value, value * 2
    end
    return by_name
end

local FS = bits([[
    execute write_file read_file read_dir remove_dir remove_file make_char make_dir make_reg make_sock make_fifo
    make_block make_sym refer truncate ioctl_dev ]])
local NET = bits("bind_tcp connect_tcp")
local FIELDS = { handled_access_fs = FS, handled_access_net = NET, scoped = bits("abstract_unix_socket signal") }

local attributes = {
    -- Flags of landlock_create_ruleset(2), which returns a number then, and of landlock_restrict_self(2).
    QUESTIONS = bits("version errata"),
    RESTRICT = bits("log_same_exec_off log_new_exec_on log_subdomains_off"),
    -- Types of rules.
    RULES = { path_beneath = 1, net_port = 2 },
}

-- The sum of a list's names in `known`.
function attributes.mask(list, known)
    if type(list) ~= "table" then return nil, "list of names expected, got " .. type(list) end
    local sum, seen = 0, {}
    for _, name in ipairs(list) do
        local value = known[name]
        if not value then return nil, "unknown name " .. tostring(name) end
        if not seen[name] then sum = sum + value end
        seen[name] = true
    end
    return sum
end

local function check_fields(fields, known)
    if type(fields) ~= "table" then return nil, "table expected, got " .. type(fields) end
    if next(fields) == nil then return nil, "no field" end
    for field in pairs(fields) do
        if not known[field] then return nil, "unknown field " .. tostring(field) end
    end
    return true
end

local ruleset_attr = ffi.typeof("struct { uint64_t handled_access_fs, handled_access_net, scoped; }")

-- The struct of landlock_create_ruleset(2), and its size.
function attributes.ruleset(fields)
    local ok, text = check_fields(fields, FIELDS)
    if not ok then return nil, text end
    local attr = ruleset_attr()
    for field, list in pairs(fields) do
        local sum, wrong = attributes.mask(list, FIELDS[field])
        if not sum then return nil, wrong end
        attr[field] = sum
    end
    -- Older kernels know shorter structs.
    return attr, fields.scoped and 24 or fields.handled_access_net and 16 or 8
end

local path_beneath = ffi.typeof("struct __attribute__((packed)) { uint64_t allowed_access; int32_t parent_fd; }")
local net_port = ffi.typeof("struct { uint64_t allowed_access, port; }")

local PATH_BENEATH = { allowed_access = true, parent_fd = true }
local NET_PORT = { allowed_access = true, port = true }

-- The struct of landlock_add_rule(2); number_of(parent_fd) checks that and gives its number.
function attributes.rule(kind, fields, number_of)
    local is_path = kind == "path_beneath"
    local ok, text = check_fields(fields, is_path and PATH_BENEATH or NET_PORT)
    if not ok then return nil, text end
    local sum, wrong = attributes.mask(fields.allowed_access, is_path and FS or NET)
    if not sum then return nil, wrong end
    if is_path then return path_beneath(sum, number_of(fields.parent_fd)) end
    local port = fields.port
    if type(port) ~= "number" or port % 1 ~= 0 or port < 0 or port > 0xffff then
        return nil, "no port " .. tostring(port)
    end
    return net_port(sum, port)
end

return attributes
