-- The structs of src/libc_service/wire.rs, and the lists behind their numbers. Both sides have this file: the module,
-- and the library in the process of a slave.
local ffi = require("ffi")

local ipairs, tonumber, type = ipairs, tonumber, type

local wire = {
    MAGIC = ffi.cast("const uint32_t *", "els1")[0],
    LONGEST_TEXT = 4096,
    -- Descriptors of an answer at most.
    DESCRIPTORS = 16,
    -- Kinds of answers.
    NUMBER = 0, REAL = 1, STATUS = 2, ADDRESS = 3, LOOKUP_ERROR = 4,
    -- Flags of a lookup.
    HAS_NODE = 1, HAS_SERVICE = 2,
}

wire.request = ffi.typeof([[
    struct {
        uint32_t magic, number, flags, mode, port, lengths[2];
        char texts[8192];
    } /* request */ ]])

wire.answer = ffi.typeof([[
    struct {
        uint32_t magic, kind;
        int32_t result, error;
        uint32_t family, scope;
        uint8_t address[16];
        int64_t status[17];
    } /* answer */ ]])

-- Names by number, and numbers by name.
local function list(names)
    local both, n = {}, 0
    for name in names:gmatch("%S+") do
        both[n], both[name] = name, n
        n = n + 1
    end
    return both
end

wire.functions = list([[
    open openat unlink rmdir rename mkdir access eaccess stat lstat connect_unix connect_inet connect_inet6
    bind_unix bind_inet bind_inet6 getaddrinfo ]])
wire.protocols = list("any tcp udp")
wire.lookup_errors = list("again badflags fail family memory noname service socktype system")
local types = list("regular directory symlink block character fifo socket")

-- One of the texts of a request.
function wire.text(request, n)
    return ffi.string(request.texts + (n == 0 and 0 or request.lengths[0]), request.lengths[n])
end

-- Fields of a status before its times, which are seconds and nanoseconds.
local FIELDS = { "dev", "ino", "mode", "type", "nlink", "uid", "gid", "rdev", "size", "blksize", "blocks" }
local TIMES = { "atime", "mtime", "ctime" }

-- Puts the fields of a table into an answer, those that it lacks as 0. False when one is wrong.
function wire.put_status(answer, fields)
    local status = answer.status
    for i, name in ipairs(FIELDS) do
        local value = fields[name] or 0
        if name == "type" then value = types[fields.type or "regular"] end
        if type(value) ~= "number" or value % 1 ~= 0 then return false end
        status[i - 1] = value
    end
    for i, name in ipairs(TIMES) do
        local value = fields[name] or 0
        if type(value) ~= "number" or not (value > -2 ^ 53 and value < 2 ^ 53) then return false end
        local seconds, at = math.floor(value), #FIELDS + 2 * (i - 1)
        status[at], status[at + 1] = seconds, math.floor((value - seconds) * 1e9)
    end
    answer.kind = wire.STATUS
    return true
end

-- The opposite.
function wire.get_status(answer)
    local fields = {}
    for i, name in ipairs(FIELDS) do fields[name] = tonumber(answer.status[i - 1]) end
    fields.type = types[fields.type] or "unknown"
    for i, name in ipairs(TIMES) do
        local at = #FIELDS + 2 * (i - 1)
        fields[name] = tonumber(answer.status[at]) + tonumber(answer.status[at + 1]) / 1e9
    end
    return fields
end

return wire
