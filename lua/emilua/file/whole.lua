-- file.read_file and file.write_file. `new` is that of file.stream.
local import = ...
local byte_span = import("byte_span")
local enter = import("core.scheduler").enter
local errors = import("core.errors")
local stream = import("stream")

local pcall = import("core.scope").stock_pcall
local error, huge, max, min, type = error, math.huge, math.max, math.min, type
local class_name, raise = errors.class_name, errors.raise

local END = errors.new(errors.misc, 2)

-- The size that /proc and devices say they have is 0.
local LEAST = 4095

-- Reads up to the end, which it takes one byte of room more to meet.
local function read(object, limit)
    local bs, n = byte_span.new(min(max(object.size, LEAST), limit) + 1), 0
    while true do
        local ok, more = pcall(object.read_some, object, bs:slice(n + 1))
        if not ok then
            if more == END then return bs:first(n) end
            error(more, 0)
        end
        n = n + more
        if n > limit then raise("EMSGSIZE") end
        if n == #bs then bs = byte_span.append(bs, byte_span.new(n)) end
    end
end

return function(new)
    -- Calls f(stream, argument) with a file that is closed after it, whatever happens.
    local function use(path, flags, f, argument)
        enter()
        if class_name(path) ~= "filesystem.path" then raise("EINVAL", 1) end
        local object = new(import("filesystem").open(path, flags))
        local ok, result = pcall(f, object, argument)
        object:close()
        if not ok then error(result, 0) end
        return result
    end

    local function read_file(path, limit)
        if limit == nil then
            limit = huge
        elseif type(limit) ~= "number" or limit % 1 ~= 0 or limit < 0 then
            raise("EINVAL", 2)
        end
        return use(path, { "read_only" }, read, limit)
    end

    local function write_file(path, data)
        if type(data) ~= "string" and class_name(data) ~= "byte_span" then raise("EINVAL", 2) end
        return use(path, { "write_only", "create", "truncate" }, stream.write_all, data)
    end

    return read_file, write_file
end
