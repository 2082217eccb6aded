-- pipe: the two ends of pipes, and of whatever else is read or written in one direction.
local import = ...
local descriptor = import("io.descriptor")
local object = import("io.object")

local native = descriptor.native
local HANDLE, READ, WRITE = object.HANDLE, object.READ, object.WRITE

local function class(name, method, direction, call)
    local methods = { [method] = object.transfer(name, direction, call) }
    local mt = object.class(name, methods, {})
    return mt, object.exchange(mt, methods)
end

local read_mt, new_read = class("pipe.read_stream", "read_some", READ, native.read)
local write_mt, new_write = class("pipe.write_stream", "write_some", WRITE, native.write)

local function pair()
    local reading, writing = object.new(read_mt), object.new(write_mt)
    descriptor.check(native.pipe(reading[HANDLE], writing[HANDLE]))
    return reading, writing
end

return {
    pair = pair,
    read_stream = { new = new_read },
    write_stream = { new = new_write },
}
