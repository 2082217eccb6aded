-- A watchdog: when no item has been handled for a while, it prints what every fiber does and ends the program.
--
-- The workers here lock two mutexes in different orders, so that soon each has what the other one waits for.

local emilua = require "emilua"
local mutex = require "emilua.mutex"
local time = require "emilua.time"

local QUIET = 0.2 -- seconds without progress that are too many

local handled = 0

local function work(name, one, other)
    emilua.this_fiber.set_name(name)
    while true do
        one:lock()
        time.sleep(0.001)
        other:lock()
        handled = handled + 1
        other:unlock()
        one:unlock()
    end
end

local function watch()
    emilua.this_fiber.set_name "watchdog"
    local seen
    repeat
        seen = handled
        time.sleep(QUIET)
    until handled == seen
    emilua.dump()
    error("no progress", 0)
end

local accounts, journal = mutex.new(), mutex.new()

local ok, e = pcall(emilua.run, function()
    emilua.spawn(function() work("booking", accounts, journal) end):detach()
    emilua.spawn(function() work("audit", journal, accounts) end):detach()
    watch()
end)
print(ok, e)
