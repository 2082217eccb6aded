-- stream.copy: from one stream to another until the end or a limit. Between descriptors the bytes stay in the kernel,
-- where it can do that; the result is the same.
local import = ...
local byte_span = import("byte_span")
local errors = import("core.errors")
local object = import("io.object")
local operation = import("core.operation")
local S = import("core.scheduler")
local core = import("core.native")
local ffi = require("ffi")

local class_name = errors.class_name
local error = error
local enter, pcall = S.enter, S.pcall
local perform = operation.perform
local HANDLE, READ, WRITE = object.HANDLE, object.READ, object.WRITE
local readers, writers = object.streams[READ], object.streams[WRITE]
local min = math.min

-- Elsewhere a file that is sent is read and written too.
local sends_files = ffi.os == "Linux"

local native = core.bind("splice", [[
    int32_t new(void **, double limit);
    void free(void *);
    int32_t fill(void *from, void *);
    int32_t drain(void *to, void *);
    int32_t take(void *, const void *); ]])

-- Bytes of one read.
local PIECE = 65536

local EINVAL = -errors.system_number.EINVAL
local END = errors.new(errors.misc, 2)

-- Writes all of `bs`.
local function write(to, bs)
    local done = 0
    while done < #bs do done = done + to:write_some(done == 0 and bs or bs:slice(done + 1)) end
end

-- Copies by reading and writing; the count, which begins with `done`.
local function pump(from, to, limit, done)
    local bs = byte_span.new(min(limit - done, PIECE))
    while done < limit do
        local ok, n = pcall(from.read_some, from, bs:first(min(limit - done, #bs)))
        if not ok then
            if n == END then return done end
            error(n, 0)
        end
        write(to, bs:first(n))
        done = done + n
    end
    return done
end

-- The pipe of a copy of at most `limit` bytes, nil where there is none.
local function new_pipe(limit)
    local place = ffi.new("void *[1]")
    if native.new(place, limit) == 0 then return ffi.gc(place[0], native.free) end
end

local function check(code)
    if code < 0 then errors.raise_code(code) end
    return code
end

-- Writes what the pipe holds to a descriptor that cannot be spliced.
local function empty(pipe, to, n)
    local bs = byte_span.new(n)
    while n > 0 do
        local taken = check(native.take(pipe, bs))
        write(to, bs:first(taken))
        n = n - taken
    end
end

-- Copies in the kernel. Returns the count, and whether that was all.
local function splice(pipe, f, from, to, limit)
    local reading, source = from[READ], from[HANDLE]
    local writing, target = to[WRITE], to[HANDLE]
    local done = 0
    while done < limit do
        local n = perform(reading, f, native.fill, source, pipe)
        if n == EINVAL then return done, false end
        if n == core.EOF then return done, true end
        local left = check(n)
        while left > 0 do
            local rest = perform(writing, f, native.drain, target, pipe)
            if rest == EINVAL then
                empty(pipe, to, left)
                return done + n, false
            end
            left = check(rest)
        end
        done = done + n
    end
    return done, true
end

return function(from, to, limit)
    if limit == 0 then return 0 end
    local f = enter()
    local done = 0
    if sends_files and class_name(from) == "file.stream" and writers[class_name(to)] then
        local n, all = import("file.sending")(f, from, to, limit)
        if all then return n end
        done = n
    end
    local pipe = readers[class_name(from)] and writers[class_name(to)] and new_pipe(limit)
    if pipe then
        local ok, n, all = pcall(splice, pipe, f, from, to, limit)
        -- Not when it is collected: descriptors are dear.
        native.free(ffi.gc(pipe, nil))
        if not ok then error(n, 0) end
        if all then return n end
        done = n
    end
    return pump(from, to, limit, done)
end
