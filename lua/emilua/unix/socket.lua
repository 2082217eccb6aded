-- What sockets and acceptors of the UNIX family have in common: opening, names, options.
local import = ...
local add_options = import("ip.option")
local errors = import("core.errors")
local io_is_open = import("io.native").is_open
local name = import("unix.name")
local native = import("unix.native")
local object = import("io.object")
local operation = import("core.operation")
local peered = import("io.socket").peered
local S = import("core.scheduler")
local core = import("core.native")

local class_name, raise = errors.class_name, errors.raise
local error, type = error, type
local concat, find, gmatch = table.concat, string.find, string.gmatch
local enter, charge, check_yieldable = S.enter, S.charge, S.check_yieldable
local PENDING, check = core.PENDING, object.check
local HANDLE, WRITE, FLAGS = object.HANDLE, object.WRITE, object.FLAGS

local socket = {}

local scratch = native.new_name()

-- Adds what all classes have to `methods` and returns the class's metatable and constructor.
-- number: that of the type, as SOCK_*; options: the names of its options.
function socket.class(class, number, options, methods, properties)
    add_options(class, options, methods)

    function methods:open()
        if class_name(self) ~= class then raise("EINVAL", 1) end
        local handle = self[HANDLE]
        if io_is_open(handle) == 1 then errors.raise_misc(1) end
        check(native.open(handle, number))
        self[FLAGS] = false
    end

    function methods:bind(path)
        if class_name(self) ~= class then raise("EINVAL", 1) end
        check(native.bind(self[HANDLE], name.from_path(path, 2)))
    end

    function properties.local_path(self)
        check(native.local_name(self[HANDLE], scratch))
        return name.to_path(scratch)
    end

    local mt = object.class(class, methods, properties)
    return mt, object.exchange(mt, methods)
end

-- connect() to a name for fiber `f`.
local function connect(self, f, peer)
    check_yieldable()
    local handle = self[HANDLE]
    if io_is_open(handle) == 0 then self:open() end
    local code = native.connect(handle, peer, object.is_waited_for(self) and 1 or 0)
    if code == PENDING then code = operation.await(self[WRITE], f, native.connected, handle, peer) end
    check(code)
    charge(f)
end

-- Adds what sockets with a peer have; returns pair() and dial().
function socket.connecting(class, number, mt, methods, properties)
    peered(class, methods)

    function methods:connect(path)
        local f = enter()
        if class_name(self) ~= class then raise("EINVAL", 1) end
        connect(self, f, name.from_path(path, 2))
    end

    function properties.remote_path(self)
        check(native.remote_name(self[HANDLE], scratch))
        return name.to_path(scratch)
    end

    local function pair()
        local a, b = object.new(mt), object.new(mt)
        check(native.pair(a[HANDLE], b[HANDLE], number))
        return a, b
    end

    local function dial(ep)
        local peer = name.from_endpoint(ep)
        local f = enter()
        local self = object.new(mt)
        local ok, e = S.pcall(connect, self, f, peer)
        if not ok then
            self:close()
            error(e, 0)
        end
        return self
    end

    return pair, dial
end

-- The function listen(ep[, mode]) of the acceptors that `new` makes.
function socket.listen(new)
    return function(ep, mode)
        local own = name.from_endpoint(ep)
        if mode ~= nil and (type(mode) ~= "number" or mode % 1 ~= 0) then raise("EINVAL", 2) end
        mode = mode and mode % 512
        local acceptor = new()
        acceptor:open()
        local handle = acceptor[HANDLE]
        -- Before and after: there is no moment at which more is allowed.
        local code = mode and native.set_mode(handle, mode) or 0
        if code >= 0 then code = native.bind(handle, own) end
        if code >= 0 and mode and name.is_file(own) then code = native.change_mode(own, mode) end
        if code < 0 then acceptor:close() end
        check(code)
        acceptor:listen()
        return acceptor
    end
end

local credentials = native.new_credentials()

-- Options that are only read, and tell who the peer is.
local PEER = {}

function PEER.remote_credentials(handle)
    check(native.credentials(handle, credentials))
    local groups = {}
    for i = 1, credentials.n_groups do groups[i] = credentials.groups[i - 1] end
    return { uid = credentials.uid, groups = groups, pid = credentials.pid }
end

function PEER.remote_security_label(handle)
    local code = native.security_label(handle, core.buffer, 1024)
    if code == -errors.number.ENOSYS then raise("ENOTSUP", "remote_security_label") end
    return (core.text(check(code)))
end

-- The name of a policy as an element of mac(3): one that is not there has no label.
local function policy(text)
    if type(text) ~= "string" or text == "" or find(text, ",", 1, true) then raise("EINVAL", 3) end
    return "?" .. text
end

-- The list for mac(3) of a filter, which is a name or a list of names.
local function policies(filter)
    if type(filter) ~= "table" then return policy(filter) end
    local list = {}
    for i = 1, #filter do list[i] = policy(filter[i]) end
    if not list[1] then raise("EINVAL", 3) end
    return concat(list, ",")
end

function PEER.remote_security_labels(handle, filter)
    if jit.os ~= "BSD" then raise("ENOTSUP", "remote_security_labels") end
    local wanted = filter ~= nil and policies(filter) or nil
    local text = core.text(check(native.security_labels(handle, wanted, core.buffer, 1024)))
    local labels = {}
    for of_policy, label in gmatch(text or raise("ENOMEM"), "([^,/]+)/([^,]+)") do labels[of_policy] = label end
    if type(filter) == "string" then return labels[filter] end
    return labels
end

-- Adds the options that tell who the peer is.
function socket.knowing_peer(class, methods)
    local get_option = methods.get_option

    function methods:get_option(option, filter)
        local get = PEER[option]
        if not get then return get_option(self, option) end
        if class_name(self) ~= class then raise("EINVAL", 1) end
        return get(self[HANDLE], filter)
    end
end

return socket
