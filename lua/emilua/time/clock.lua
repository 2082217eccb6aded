-- Clocks and their time points, which are 64-bit counts of nanoseconds.
local import = ...
local errors = import("core.errors")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local setmetatable, tonumber, type = setmetatable, tonumber, type
local floor = math.floor
local int64 = ffi.typeof("int64_t")
local INF = math.huge
local LIMIT = 2 ^ 63

-- Clocks of src/vm/timer.
local STEADY, SYSTEM = 0, 1

local cell = ffi.new("int64_t[1]")
local native_clock = import("core.timer").operations.clock

-- Slot of a time point.
local NS = 1

local clock = { STEADY = STEADY, SYSTEM = SYSTEM, NS = NS }

-- A duration of the user's, in nanoseconds as a number; `arg` is its position.
local function check(seconds, name, arg)
    if type(seconds) ~= "number" then errors.expected(arg, name, "number", seconds) end
    if seconds ~= seconds or seconds == INF or seconds == -INF then raise("EDOM", arg) end
    local ns = seconds * 1e9
    if ns >= LIMIT or ns < -LIMIT then raise("EOVERFLOW") end
    return ns
end

-- The duration of a wait in seconds, checked: never negative.
function clock.check_delay(seconds, name, arg)
    local ns = check(seconds, name, arg)
    if ns < 0 then raise("EDOM", arg) end
    return ns
end

-- Rounds halves to even, as the kernel of C++'s duration_cast<round> does.
local function round(ns)
    if ns >= 2 ^ 52 or ns <= -2 ^ 52 then return int64(ns) end
    local down = floor(ns)
    local rest = ns - down
    if rest > 0.5 or rest == 0.5 and down % 2 == 1 then down = down + 1 end
    return int64(down)
end

-- a + b, or EOVERFLOW.
local function plus(a, b)
    local sum = a + b
    if (b >= 0) ~= (sum >= a) then raise("EOVERFLOW") end
    return sum
end

-- The smallest value has no negative; check() keeps it from being a duration that is subtracted.
local function negative(ns)
    if ns == -ns and ns ~= 0 then raise("EOVERFLOW") end
    return -ns
end

-- One function for all clocks, so that Lua calls it for time points of two clocks too.
local function less(a, b)
    local name = class_name(a)
    if not clock[name] then raise("EINVAL", 1) end
    if class_name(b) ~= name then raise("EINVAL", 2) end
    return a[NS] < b[NS]
end

local function less_equal(a, b)
    local name = class_name(a)
    if not clock[name] then raise("EINVAL", 1) end
    if class_name(b) ~= name then raise("EINVAL", 2) end
    return a[NS] <= b[NS]
end

-- A clock: `id` of src/vm/timer; `adjustable` time points can be added to. Its time points may have more methods, and
-- properties: functions of them by name.
function clock.new(name, id, adjustable, methods, properties)
    local class = name .. ".time_point"
    methods, properties = methods or {}, properties or {}
    local mt = errors.class(class, { __lt = less, __le = less_equal })
    clock[class] = true

    local function point(ns) return setmetatable({ ns }, mt) end

    function mt:__index(key)
        if key == "seconds_since_epoch" then return tonumber(self[NS]) / 1e9 end
        local property = properties[key]
        if property then return property(self) end
        return methods[key] or errors.bad_index()
    end

    function mt.__newindex() errors.bad_index() end

    function mt.__eq(a, b) return a[NS] == b[NS] end

    function mt.__sub(a, b)
        if class_name(a) ~= class then raise("EINVAL", 1) end
        if class_name(b) == class then
            local x, y = a[NS], b[NS]
            local d = x - y
            -- Beyond 64 bits a number still holds it.
            if (y > 0) ~= (d < x) and y ~= 0 then return (tonumber(x) - tonumber(y)) / 1e9 end
            return tonumber(d) / 1e9
        end
        if not adjustable or type(b) ~= "number" then raise("EINVAL", 2) end
        return point(plus(a[NS], negative(round(check(b, "__sub", 2)))))
    end

    if adjustable then
        function mt.__add(a, b)
            if class_name(a) ~= class then raise("EINVAL", 1) end
            return point(plus(a[NS], round(check(b, "__add", 2))))
        end

        function methods:add(seconds)
            if class_name(self) ~= class then raise("EINVAL", 1) end
            self[NS] = plus(self[NS], round(check(seconds, "add", 2)))
        end

        function methods:sub(seconds)
            if class_name(self) ~= class then raise("EINVAL", 1) end
            self[NS] = plus(self[NS], negative(round(check(seconds, "sub", 2))))
        end
    end

    return {
        now = function()
            native_clock(id, cell)
            return point(cell[0])
        end,
        epoch = function() return point(int64(0)) end,
    }, point
end

return clock
