-- Groups of 1,000 children that return at once: CPU per child.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local measure = require "measure"

local group = emilua.group
local CHILDREN = 1000

local function empty() end

local function body(g)
    for _ = 1, CHILDREN do
        g:spawn(empty)
    end
end

emilua.run(function()
    measure.report("child_ns", measure.nanoseconds(measure.scaled(2000), function(count)
        for _ = 1, count do
            group(body)
        end
    end) / CHILDREN)
end)
