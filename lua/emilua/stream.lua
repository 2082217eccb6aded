-- stream: operations composed of read_some and write_some. Any value with these methods is a stream.
local import = ...
local byte_span = import("byte_span")
local errors = import("core.errors")

local class_name, raise = errors.class_name, errors.raise
local type = type

local stream = { scanner = import("stream.scanner") }

-- Any value may be a stream that has fields.
local function check_stream(io, arg)
    local kind = type(io)
    if kind ~= "table" and kind ~= "userdata" and kind ~= "cdata" then raise("EINVAL", arg or 1) end
end

local function check_span(bs)
    if class_name(bs) ~= "byte_span" then raise("EINVAL", 2) end
end

local function check_minimum(minimum, name)
    if type(minimum) ~= "number" then errors.expected(3, name, "number", minimum) end
end

-- Calls io[method] with what is left of `bs` until at least `minimum` bytes are done. Once is nearly always enough: a
-- loop that is entered each time would end the trace of whoever calls this.
local function read(io, bs, minimum)
    local size = #bs
    if minimum > size then minimum = size end
    local done = minimum > 0 and io:read_some(bs) or 0
    while done < minimum do done = done + io:read_some(bs:slice(done + 1)) end
    return done
end

local function write(io, bs, minimum)
    local size = #bs
    if minimum > size then minimum = size end
    local done = minimum > 0 and io:write_some(bs) or 0
    while done < minimum do done = done + io:write_some(bs:slice(done + 1)) end
    return done
end

function stream.read_all(io, bs)
    check_stream(io)
    check_span(bs)
    return read(io, bs, #bs)
end

function stream.read_at_least(io, bs, minimum)
    check_stream(io)
    check_span(bs)
    check_minimum(minimum, "read_at_least")
    return read(io, bs, minimum)
end

function stream.write_all(io, data)
    check_stream(io)
    if type(data) == "string" then
        data = byte_span.append(data)
    else
        check_span(data)
    end
    return write(io, data, #data)
end

function stream.write_at_least(io, bs, minimum)
    check_stream(io)
    check_span(bs)
    check_minimum(minimum, "write_at_least")
    return write(io, bs, minimum)
end

function stream.copy(from, to, limit)
    check_stream(from)
    check_stream(to, 2)
    if limit ~= nil and (type(limit) ~= "number" or limit % 1 ~= 0 or limit < 0) then raise("EINVAL", 3) end
    return import("io.copy")(from, to, limit or math.huge)
end

return stream
