-- Sleeping until a deadline. The deadlines are in src/vm/timer; a sleeper is known there by a token.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local native = import("core.native")

local ON = L.ON
local suspend = S.suspend
local sleepers = S.sleepers
local vm = native.vm

-- The operations of src/vm/timer.
local operations = native.bind("timer", [[
    int32_t clock(int32_t, int64_t *);
    int32_t after(void *vm, double, uint32_t);
    int32_t at(void *vm, int32_t, int64_t, uint32_t);
    int32_t cancel(void *vm, uint32_t); ]])
local cancel = operations.cancel

local timer = { operations = operations }

local free, last_token = S.free_tokens, 0

-- A token that no sleeper has.
function timer.token()
    local n = #free
    if n > 0 then
        local token = free[n]
        free[n] = nil
        return token
    end
    last_token = last_token + 1
    return last_token
end

-- The fiber that sleeps under `token` gives up.
function timer.cancel(token)
    sleepers[token] = false
    cancel(vm, token)
    free[#free + 1] = token
end

local SLEEP = { name = "sleep", external = true }
timer.SLEEP = SLEEP

function SLEEP.remove(f) timer.cancel(f[ON]) end

-- Suspends `f` until `token`, for which a deadline has been added, is due. Returns the outcome.
function timer.wait(f, kind, on, token)
    sleepers[token] = f
    return suspend(f, kind, on)
end

return timer
