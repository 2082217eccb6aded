-- serial_port: serial lines and the masters of pseudo terminals.
local import = ...
local core = import("core.native")
local descriptor = import("io.descriptor")
local errors = import("core.errors")
local io = import("io.native")
local object = import("io.object")

local native = core.bind("serial", [[
    int32_t open(void *, const char *, size_t);
    int32_t pair(void *master, void *slave);
    int32_t get(void *, int32_t);
    int32_t set(void *, int32_t, int32_t);
    int32_t is_terminal(void *);
    int32_t foreground(void *);
    int32_t set_foreground(void *, int32_t);
    int32_t send_break(void *); ]])

local class_name, raise = errors.class_name, errors.raise
local check, is_open = descriptor.check, io.is_open
local type = type
local HANDLE = object.HANDLE
local WINDOWS = package.config:sub(1, 1) == "\\"

local methods, properties = {}, {}
methods.read_some = object.transfer("serial_port", object.READ, descriptor.native.read)
methods.write_some = object.transfer("serial_port", object.WRITE, descriptor.native.write)

local mt = object.class("serial_port", methods, properties)
local new = object.keep_on_windows(methods, object.exchange(mt, methods))

local function this(self)
    if class_name(self) ~= "serial_port" then raise("EINVAL", 1) end
    return self[HANDLE]
end

-- As this(), for what the chapter lets fail with a generic error on a closed object.
local function opened(self)
    local handle = this(self)
    if is_open(handle) == 0 then raise("EBADF") end
    return handle
end

function methods:open(device)
    if type(device) ~= "string" then errors.expected(2, "open", "string", device) end
    local handle = this(self)
    if is_open(handle) == 1 then errors.raise_misc(1) end
    check(native.open(handle, device, #device))
end

function methods:isatty() return check(native.is_terminal(opened(self))) == 1 end

function methods:tcgetpgrp() return check(native.foreground(opened(self))) end

function methods:tcsetpgrp(group)
    if type(group) ~= "number" then errors.expected(2, "tcsetpgrp", "number", group) end
    check(native.set_foreground(opened(self), group))
end

function methods:send_break() check(native.send_break(this(self))) end

-- A number for the OS; no rate and no size has a fraction or more than 31 bits.
local function integer(value)
    if type(value) ~= "number" then raise("EINVAL", 3) end
    if value % 1 ~= 0 or value < 0 or value >= 2 ^ 31 then return -1 end
    return value
end

-- The number of a name, of which some stand for nil; `names` are in the order of src/io/serial.
local function one_of(names)
    return function(value)
        if value == nil and names[0] == "nil" then return 0 end
        if type(value) ~= "string" then raise("EINVAL", 3) end
        for i = 1, #names do
            if names[i] == value then return i end
        end
        raise("ENOTSUP")
    end
end

local FLOW = { [0] = "nil", "software", "hardware" }
local PARITY = { [0] = "nil", "odd", "even" }
local STOP = { "one", "two", "one_point_five" }
local function size(value)
    local n = integer(value)
    if n < 5 or n > 8 then raise("EINVAL", 3) end
    return n
end

-- Settings by name: {number for src/io/serial, the number of a value, names of numbers}.
local SETTINGS = {
    baud_rate = { 1, integer },
    flow_control = { 2, one_of(FLOW), FLOW },
    parity = { 3, one_of(PARITY), PARITY },
    stop_bits = { 4, one_of(STOP), STOP },
    character_size = { 5, size },
}

for name, setting in pairs(SETTINGS) do
    local names = setting[3]
    properties[name] = function(self)
        local n = check(native.get(self[HANDLE], setting[1]))
        if not names then return n end
        return n ~= 0 and names[n] or nil
    end
end

function mt:__newindex(name, value)
    local setting = SETTINGS[name]
    if not setting then errors.bad_index() end
    local n = setting[2](value)
    if is_open(self[HANDLE]) == 0 then errors.raise_system("EBADF") end
    if value == "one_point_five" then errors.raise_system("EOPNOTSUPP") end
    check(native.set(self[HANDLE], setting[1], n))
end

local function ptypair()
    local master, slave = object.new(mt), descriptor.new()
    check(native.pair(master[HANDLE], slave[descriptor.HANDLE]))
    return master, slave
end

return {
    new = new,
    ptypair = not WINDOWS and ptypair or nil,
    -- list() -> list of {device, kind, ...}: the serial ports that the machine has.
    list = function() return core.serial_list() or {} end,
}
