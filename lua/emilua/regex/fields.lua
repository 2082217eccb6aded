-- Lists of fields: a native function finds their bounds, so many at a time, and they become strings or views here.
local import = ...
local errors = import("core.errors")
local ffi = require("ffi")

local ffi_string = ffi.string

local progress_type = ffi.typeof("struct { int32_t at, started, done, empty; }")

local ROOM = 256

local fields = { progress = ffi.typeof("$ * /* progress */", progress_type) }

local bounds = ffi.new("int32_t[?]", 2 * ROOM)

-- The fields of `length` bytes at `data`, as strings. Their bounds are told by find(by, data, length, progress, bounds,
-- ROOM), which returns how many pairs it has left.
function fields.strings(find, by, data, length)
    local list, n, progress = {}, 0, progress_type()
    repeat
        local count = find(by, data, length, progress, bounds, ROOM)
        if count < 0 then errors.raise_code(count) end
        for i = 0, count - 1 do
            local first = bounds[2 * i]
            list[n + i + 1] = ffi_string(data + first, bounds[2 * i + 1] - first)
        end
        n = n + count
    until progress.done ~= 0
    return list
end

-- The same as spans. `views` makes them (views_of in src/span.rs); `data` is behind the first `base` bytes of its span.
function fields.views(find, by, views, data, length, base)
    local list, n, progress = nil, 0, progress_type()
    repeat
        local count = find(by, data, length, progress, bounds, ROOM)
        if count < 0 then errors.raise_code(count) end
        list = views(bounds, count, base, list, n)
        n = n + count
    until progress.done ~= 0
    return list
end

return fields
