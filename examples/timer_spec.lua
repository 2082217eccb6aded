-- A suite whose tests are fibers: busted --lua=luajit examples/timer_spec.lua

local emilua = require "emilua"
local time = require "emilua.time"

require("emilua.busted").install { timeout = 5 }

describe("steady_timer", function()
    local timer

    before_each(function()
        timer = time.steady_timer.new()
        timer:expires_after(0.01)
    end)

    it("expires", function()
        timer:wait()
        assert.is_true(time.steady_clock.now() >= timer.expiry)
    end)

    it("wakes all who wait", function()
        local woken = 0
        emilua.group(function(g)
            for _ = 1, 3 do
                g:spawn(function()
                    timer:wait()
                    woken = woken + 1
                end)
            end
        end)
        assert.equal(3, woken)
    end)

    it("aborts its waits when it is armed anew", function()
        local waiter = emilua.spawn(function() return pcall(timer.wait, timer) end)
        emilua.this_fiber.yield()
        assert.equal(1, timer:expires_after(0.01))
        local ok, e = waiter:join()
        assert.is_false(ok)
        assert.equal("Operation canceled", tostring(e))
    end)
end)
