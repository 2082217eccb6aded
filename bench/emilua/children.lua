-- Starts /bin/true and waits for it, `at_once` children at a time, with so many MiB resident in this process:
-- wall time per child. usage: children.lua SCALE AT_ONCE MIB

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local ffi = require "ffi"
local system = require "emilua.system"
local measure = require "measure"

local CHUNK = 64 -- MiB
local at_once, resident = tonumber(arg[2]), tonumber(arg[3])
local OPTIONS = { program = "/bin/true", arguments = { "true" }, stdin = "share", stdout = "share", stderr = "share" }

local function round()
    local children = {}
    for i = 1, at_once do children[i] = system.spawn(OPTIONS) end
    for i = 1, at_once do children[i]:wait() end
end

emilua.run(function()
    local memory = {}
    for i = 1, resident / CHUNK do
        memory[i] = ffi.new("char[?]", CHUNK * 2 ^ 20)
        ffi.fill(memory[i], CHUNK * 2 ^ 20, 1)
    end
    local rounds = math.ceil(measure.scaled(2000) / at_once)
    for _ = 1, math.ceil(rounds / 10) do round() end
    collectgarbage()
    local start = measure.wall()
    for _ = 1, rounds do round() end
    measure.report("child_us", (measure.wall() - start) * 1e6 / (rounds * at_once))
    measure.report("resident_mib", #memory * CHUNK)
end)
