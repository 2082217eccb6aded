-- Sleeping until a deadline. The deadlines are in src/vm/timer; a sleeper is known there by a token.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local native = import("core.native")

local ON = L.ON
local suspend = S.suspend
local sleepers = S.sleepers
local timer_cancel, vm = native.timer_cancel, native.vm

local timer = {}

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
    timer_cancel(vm, token)
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
