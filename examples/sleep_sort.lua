-- Sorts by sleeping: one fiber per number.
-- usage: luajit sleep_sort.lua NUMBER...

local emilua = require "emilua"
local time = require "emilua.time"

local SECONDS_PER_UNIT = 0.01

local function sleep_sort(numbers)
    local sorted, fibers = {}, {}
    for i, n in ipairs(numbers) do
        fibers[i] = emilua.spawn(function()
            time.sleep(n * SECONDS_PER_UNIT)
            sorted[#sorted + 1] = n
        end)
    end
    for _, fiber in ipairs(fibers) do fiber:join() end
    return sorted
end

local numbers = {}
for i = 1, #arg do numbers[i] = assert(tonumber(arg[i]), "not a number: " .. arg[i]) end

print(table.concat(emilua.run(function() return sleep_sort(numbers) end), " "))
