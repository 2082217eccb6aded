-- Counts primes on all cores: a pool of one VM and one thread for each of them.
-- Usage: worker_pool.lua [LIMIT]
local emilua = require "emilua"

local limit = tonumber(arg[1]) or 200000
local PIECE = 10000

local function cores()
    local n = 0
    for line in io.lines("/proc/cpuinfo") do
        if line:find "^processor" then n = n + 1 end
    end
    return math.max(n, 1)
end

emilua.run(function()
    local pool = emilua.pool { vms = cores(), source = [[
        local function is_prime(n)
            if n < 2 then return false end
            for d = 2, math.sqrt(n) do
                if n % d == 0 then return false end
            end
            return true
        end

        return function(range)
            local count = 0
            for n = range.first, range.last do
                if is_prime(n) then count = count + 1 end
            end
            return count
        end
    ]] }
    local count = 0
    emilua.group(function(g)
        for first = 1, limit, PIECE do
            g:spawn(function()
                -- Not in one expression: others count while this fiber waits.
                local found = pool:call({ first = first, last = math.min(first + PIECE - 1, limit) })
                count = count + found
            end)
        end
    end)
    pool:close()
    print(("%d primes up to %d"):format(count, limit))
end)
