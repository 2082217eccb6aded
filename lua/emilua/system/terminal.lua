-- system.terminal: size and mode of terminals.
local import = ...
local errors = import("core.errors")
local native = import("system.native")
local ffi = require("ffi")

local raise = errors.raise
local check = native.check
local type = type

local area = native.bind("terminal", [[
    int32_t size(int32_t, uint16_t *);
    int32_t set_size(int32_t, const uint16_t *);
    int32_t raw(int32_t);
    int32_t restore(int32_t); ]])

local STREAMS = { stdin = 0, stdout = 1, stderr = 2 }

-- The number of a descriptor: of a standard stream by its name, or of a file_descriptor. Argument 1.
local function number(where, default)
    if area == native.absent then native.missing() end
    if where == nil then where = default end
    if type(where) == "string" then return STREAMS[where] or raise("EINVAL", 1) end
    local descriptor = import("io.descriptor")
    descriptor.use(where, 1)
    return descriptor.number(where)
end

-- `struct winsize`: rows, columns, and the size in pixels.
local size = ffi.new("uint16_t[4]")

local terminal = {}

function terminal.size(where)
    check(area.size(number(where, "stdout"), size))
    return size[1], size[0]
end

local function check_count(n, arg)
    if type(n) ~= "number" or n % 1 ~= 0 or n < 0 or n > 0xffff then raise("EINVAL", arg) end
    return n
end

function terminal.set_size(where, columns, rows)
    local n = number(where)
    size[1], size[0], size[2], size[3] = check_count(columns, 2), check_count(rows, 3), 0, 0
    check(area.set_size(n, size))
end

function terminal.raw(where) check(area.raw(number(where, "stdin"))) end

function terminal.restore(where) check(area.restore(number(where, "stdin"))) end

function terminal.relay(master) return import("system.relay")(master) end

return terminal
