-- What the specs of pipes, descriptors and UNIX sockets share.

local emilua = require "emilua"
local asio_error = require "emilua.asio_error"
local byte_span = require "emilua.byte_span"
local pipe = require "emilua.pipe"
local ffi = require "ffi"
local helper = require "spec.helper"
local assert = require "luassert"

ffi.cdef [[
    int emilua_spec_open(const char *, int, ...) __asm__("open");
    int emilua_spec_fcntl(int, int, ...) __asm__("fcntl");
]]

local spawn = emilua.spawn

local fd = {}

-- Internals: how modules make descriptors.
local descriptor = debug.getregistry()["emilua.import"]("io.descriptor")

local opened = {}

--- Closes `x` at the end of the test; returns it.
function fd.keep(x)
    opened[#opened + 1] = x
    return x
end

--- An `it` body that is the main fiber of a run and closes what was kept.
function fd.closing(f)
    return helper.fiber(function()
        opened = {}
        local ok, e = pcall(f)
        for _, x in ipairs(opened) do x:close() end
        if not ok then error(e, 0) end
    end)
end

--- Two ends of a pipe that are closed at the end of the test.
function fd.pipe()
    local reading, writing = pipe.pair()
    return fd.keep(reading), fd.keep(writing)
end

--- A file_descriptor of the file at `path`, opened with the flags of open(2).
function fd.open(path, flags)
    local number = ffi.C.emilua_spec_open(path, flags or 0)
    assert(number >= 0, path)
    return fd.keep(descriptor.adopt(number))
end

--- Marks a descriptor as in flight, as a pending send does.
function fd.lock(x) descriptor.lock(x) end

function fd.unlock(x) descriptor.unlock(x) end

--- The number of a descriptor.
function fd.number(x) return tonumber(tostring(x):match("^/dev/fd/(%d+)$")) end

--- Whether FD_CLOEXEC is set.
function fd.is_close_on_exec(x) return ffi.C.emilua_spec_fcntl(fd.number(x), 1) % 2 == 1 end

--- What the number of a descriptor refers to.
function fd.target(x)
    local text = helper.shell("readlink /proc/" .. helper.pid() .. "/fd/" .. fd.number(x))
    return text
end

--- How a call ended: its result, or a word for its error.
function fd.outcome(f, ...)
    local ok, result = pcall(f, ...)
    if ok then return result end
    if result == asio_error.basic.operation_aborted then return "aborted" end
    if result == asio_error.misc.eof then return "eof" end
    if type(result) == "table" and tostring(result.category) == "emilua.core" and result.code == helper.core.interrupted
    then
        return "interrupted"
    end
    return helper.describe_error(result)
end

--- A fiber that reads up to `n` bytes and returns them, or how that failed.
function fd.reader(io, n)
    return spawn(function()
        local bs = byte_span.new(n or 100)
        local result = fd.outcome(io.read_some, io, bs)
        return type(result) == "number" and tostring(bs:slice(1, result)) or result
    end)
end

--- Writes all of `text` in one call.
function fd.write(io, text) assert.equal(#text, io:write_some(byte_span.append(text))) end

--- Asserts that a method of `x` refuses a missing and a wrong `self`, whatever else is right.
function fd.check_wrong_self(x, name, ...)
    local method, arguments = x[name], helper.pack(...)
    for _, self in ipairs{ false, 1, "text", {}, byte_span.new(1) } do
        helper.EINVAL(function() method(self, helper.unpack(arguments)) end, 1)
    end
    helper.EINVAL(function() method(nil, helper.unpack(arguments)) end, 1)
end

--- Values that are no file_descriptor, a dead one among them.
function fd.wrong_descriptors()
    local reading, writing = pipe.pair()
    writing:close()
    local dead = reading:release()
    dead:close()
    return { 1, "text", {}, true, byte_span.new(1), pipe.read_stream.new(), dead }
end

return fd
