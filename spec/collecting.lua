-- For LUA_INIT: the collector works at each switch of fibers, which is where a reference that nobody holds shows.
-- emilua takes the coroutine functions when it is loaded, so it switches through these.
--
-- EMILUA_SPEC_COLLECT: "step" for a step at each switch, "full" for a whole cycle every few switches.

-- luacheck: ignore 122
local collectgarbage, resume, yield = collectgarbage, coroutine.resume, coroutine.yield

local collect
if os.getenv("EMILUA_SPEC_COLLECT") == "full" then
    local switches = 0
    collect = function()
        switches = switches + 1
        if switches % 8 == 0 then
            collectgarbage()
        end
    end
else
    -- A step does a multiple of its usual work, and the next cycle begins at once.
    collectgarbage("setpause", 100)
    collectgarbage("setstepmul", 1000)
    collect = function() collectgarbage("step") end
end

function coroutine.resume(...)
    collect()
    return resume(...)
end

function coroutine.yield(...)
    collect()
    return yield(...)
end
