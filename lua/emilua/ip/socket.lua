-- What sockets and acceptors have in common: names, options and properties.
local import = ...
local add_options = import("ip.option")
local address = import("ip.address")
local descriptor = import("io.descriptor")
local endpoint = import("ip.endpoint")
local errors = import("core.errors")
local native = import("io.native")
local object = import("io.object")
local operation = import("core.operation")
local peered = import("io.socket").peered
local S = import("core.scheduler")

local class_name, raise, raise_code = errors.class_name, errors.raise, errors.raise_code
local type = type
local enter, charge, check_yieldable = S.enter, S.charge, S.check_yieldable
local await = operation.await
local to_endpoint, from_endpoint = address.to_endpoint, address.from_endpoint
local io_is_open, io_connect, io_connected = native.is_open, native.connect, native.connected
local PENDING = import("core.native").PENDING
local check = object.check

local HANDLE, WRITE, FLAGS = object.HANDLE, object.WRITE, object.FLAGS

local socket = {}

local scratch = native.new_endpoint()

-- The number of a family, which is argument 2.
local function family_number(family)
    if class_name(family) == "ip.address" then return address.family(family) end
    return family == "v4" and 4 or family == "v6" and 6 or raise("EINVAL", 2)
end

-- Adds what all classes have to `methods` and returns the class's metatable.
-- names: the options of the class; kind: 1 for streams; properties: functions of the object.
function socket.class(class, kind, names, methods, properties)
    add_options(class, names, methods)

    local function check_self(self)
        if class_name(self) ~= class then raise("EINVAL", 1) end
        return self[HANDLE]
    end

    function methods:open(family)
        local handle = check_self(self)
        family = family_number(family)
        if io_is_open(handle) == 1 then errors.raise_misc(1) end
        check(native.open(handle, family, kind))
        self[FLAGS] = false
    end

    function methods:bind(a, port)
        local handle = check_self(self)
        if type(a) == "string" then
            local code
            a, code = address.parse(a)
            if not a then raise_code(code) end
        elseif class_name(a) ~= "ip.address" then
            raise("EINVAL", 2)
        end
        endpoint.check_port(port, 3)
        check(native.bind(handle, to_endpoint(a, port, scratch)))
    end

    function methods:assign(family, fd)
        check_self(self)
        descriptor.use(fd, 3)
        family_number(family)
        descriptor.transfer(fd, 3, self)
        self[FLAGS] = false
    end

    methods.release = object.release(class)

    local function local_endpoint(self)
        check(native.local_endpoint(self[HANDLE], scratch))
        return scratch
    end

    function properties.local_address(self) return from_endpoint(local_endpoint(self)) end

    function properties.local_port(self) return local_endpoint(self).port end

    return object.class(class, methods, properties)
end

-- Adds what sockets with a peer have.
function socket.connecting(class, methods, properties)
    local function check_self(self)
        if class_name(self) ~= class then raise("EINVAL", 1) end
        return self[HANDLE]
    end

    function methods:connect(a, port)
        if type(port) ~= "number" then endpoint.check_port(port, 3) end
        local f = enter()
        local handle = check_self(self)
        if class_name(a) ~= "ip.address" then raise("EINVAL", 2) end
        endpoint.check_port(port, 3)
        check_yieldable()
        if io_is_open(handle) == 0 then self:open(a) end
        -- Its own, for the attempt goes on while others use the scratch one.
        local peer = to_endpoint(a, port, native.new_endpoint())
        local waited = object.is_waited_for(self) and 1 or 0
        local code = io_connect(handle, peer, waited)
        if code == PENDING then code = await(self[WRITE], f, io_connected, handle, peer) end
        check(code)
        charge(f)
    end

    peered(class, methods)

    local function remote_endpoint(self)
        check(native.remote_endpoint(self[HANDLE], scratch))
        return scratch
    end

    function properties.remote_address(self) return from_endpoint(remote_endpoint(self)) end

    function properties.remote_port(self) return remote_endpoint(self).port end
end

return socket
