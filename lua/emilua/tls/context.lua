-- tls.context: what sessions have in common.
--
-- An object is a table {role, versions of the method, versions that options leave, verify mode, name that is verified}
-- with a handle. Sockets take all of it as it is when they are made.
local import = ...
local errors = import("core.errors")
local native = import("tls.native")
local check = import("tls.errors").check
local flag_list = import("ip.flags").list

local class_name, raise = errors.class_name, errors.raise
local setmetatable, tostring, type = setmetatable, tostring, type

local HANDLE = import("core.native").HANDLE
local ROLE, METHOD, ENABLED, MODE, NAME = 1, 2, 3, 4, 5

local methods = {}
local mt = errors.class("tls.context", { __index = errors.strict(methods) })

function mt.__newindex() error("attempt to index a tls.context value: it has no fields to write", 2) end

local TLS12, TLS13 = { true, false }, { false, true }
local BOTH = { true, true }

local METHODS = { tls = BOTH, sslv23 = BOTH, tlsv12 = TLS12, tlsv13 = TLS13 }
local OBSOLETE = { sslv2 = true, sslv3 = true, tlsv1 = true, tlsv11 = true }

local context = { HANDLE = HANDLE, ROLE = ROLE, MODE = MODE, NAME = NAME }

local function set_versions(self)
    local method, enabled = self[METHOD], self[ENABLED]
    check(native.set_versions(self[HANDLE], method[1] and enabled[1] and 1 or 0, method[2] and enabled[2] and 1 or 0))
end

function context.new(method)
    if type(method) ~= "string" then raise("EINVAL", 1) end
    local base, role = method:match("^(%w+)_(%a+)$")
    if role ~= "client" and role ~= "server" then base, role = method, false end
    if OBSOLETE[base] then raise("ENOTSUP", 1) end
    local versions = METHODS[base]
    if not versions then raise("EINVAL", 1) end
    local self = setmetatable({ ["\0handle"] = native.new_context(), role, versions, { true, true }, 0, false }, mt)
    set_versions(self)
    return self
end

local function check_self(self)
    if class_name(self) ~= "tls.context" then raise("EINVAL", 1) end
    return self[HANDLE]
end

-- A method that is given data, or the path of a file that holds them, and a form of them: a table of numbers, or false
-- when there is only one. call(handle, pointer, length, whether it is a path, number).
local function loader(call, in_file, forms)
    local class = in_file and "filesystem.path" or "byte_span"
    return function(self, source, form)
        local handle = check_self(self)
        if class_name(source) ~= class then raise("EINVAL", 2) end
        local number = forms[form]
        if not number then raise("EINVAL", 3) end
        local data, length
        if in_file then
            data = tostring(source)
            length = #data
        else
            data, length = native.bytes(source)
        end
        check(call(handle, data, length, in_file and 1 or 0, number))
    end
end

-- The two methods NAME(data) and NAME_file(path).
local function add_loaders(name, call, forms)
    methods[name] = loader(call, false, forms)
    methods[name .. "_file"] = loader(call, true, forms)
end

-- A form that no argument names.
local function only(number) return setmetatable({}, { __index = function() return number end }) end

local function add_authorities(handle, data, length, in_file)
    return native.add_authorities(handle, data, length, in_file)
end

local function add_verify_path(handle, data, length) return native.add_verify_path(handle, data, length) end

methods.add_certificate_authority = loader(add_authorities, false, only(0))
methods.load_verify_file = loader(add_authorities, true, only(0))
methods.add_verify_path = loader(add_verify_path, true, only(0))

function methods:set_default_verify_paths() check(native.set_default_verify_paths(check_self(self))) end

-- The numbers of src/tls/context.rs.
add_loaders("use_certificate", native.use_certificate, { pem = 0, asn1 = 1 })
add_loaders("use_certificate_chain", native.use_certificate, only(2))
add_loaders("use_private_key", native.use_private_key, { pem = 0, asn1 = 1 })
add_loaders("use_rsa_private_key", native.use_private_key, { pem = 4, asn1 = 5 })

-- Without a counterpart in rustls.
for _, name in ipairs({ "use_tmp_dh", "use_tmp_dh_file", "set_password_callback" }) do
    methods[name] = function(self)
        check_self(self)
        raise("ENOTSUP")
    end
end

-- The numbers of src/tls/config.rs.
local MODES = { none = 0, peer = 1, client_once = 1, fail_if_no_peer_cert = 2 }

-- What contexts and sockets have: `of` is the class, `mode` and `name` the slots.
function context.add_verification(class_methods, of, mode, name)
    local function check_class(self)
        if class_name(self) ~= of then raise("EINVAL", 1) end
    end

    function class_methods:set_verify_mode(value)
        check_class(self)
        local number = MODES[value]
        if not number then raise("EINVAL", 2) end
        self[mode] = number
    end

    function class_methods:set_verify_callback(callback, host)
        check_class(self)
        if type(callback) ~= "string" then raise("EINVAL", 2) end
        if callback ~= "host_name_verification" then raise("ENOTSUP") end
        if type(host) ~= "string" or native.name_kind(host, #host) == 0 then raise("EINVAL", 3) end
        self[name] = host
    end

    function class_methods:set_verify_depth()
        check_class(self)
        raise("ENOTSUP")
    end
end

context.add_verification(methods, "tls.context", MODE, NAME)

-- What an option is: the number of the version that it removes, ALWAYS for what is so anyway, NOTHING for what
-- makes no difference here.
local ALWAYS, NOTHING = {}, {}

local OPTIONS = {
    no_tlsv1_2 = 1, no_tlsv1_3 = 2,
    no_sslv2 = ALWAYS, no_sslv3 = ALWAYS, no_tlsv1 = ALWAYS, no_tlsv1_1 = ALWAYS, no_compression = ALWAYS,
    default_workarounds = NOTHING, single_dh_use = NOTHING,
}

-- Numbers of the options, for integer flags.
context.FLAGS = {
    default_workarounds = 1, no_compression = 2, no_sslv2 = 4, no_sslv3 = 8, no_tlsv1 = 16, no_tlsv1_1 = 32,
    no_tlsv1_2 = 64, no_tlsv1_3 = 128, single_dh_use = 256,
}

-- Sets whether the versions that `flags` name are enabled.
local function enable(self, flags, enabled)
    check_self(self)
    flags = flag_list(context.FLAGS, flags, 2)
    for i = 1, #flags do
        local option = OPTIONS[flags[i]]
        if not option then raise("EINVAL", 2) end
        if enabled and option == ALWAYS then raise("ENOTSUP", 2) end
    end
    for i = 1, #flags do
        local option = OPTIONS[flags[i]]
        if type(option) == "number" then self[ENABLED][option] = enabled end
    end
    set_versions(self)
end

function methods:set_options(flags) enable(self, flags, false) end

function methods:clear_options(flags) enable(self, flags, true) end

-- The protocols that ALPN may choose, the preferred one first.
function methods:set_alpn_protocols(protocols)
    local handle = check_self(self)
    if type(protocols) ~= "table" then raise("EINVAL", 2) end
    local list = {}
    for i = 1, #protocols do
        local protocol = protocols[i]
        if type(protocol) ~= "string" or #protocol == 0 or #protocol > 255 then raise("EINVAL", 2) end
        list[i] = string.char(#protocol) .. protocol
    end
    local text = table.concat(list)
    check(native.set_protocols(handle, text, #text))
end

local default

-- What sockets without a context use.
function context.default()
    default = default or context.new("tlsv13")
    return default
end

return context
