-- The examples of actors.

local helper = require "spec.helper"

local function run(name, arguments)
    return helper.shell("cd " .. helper.quote(helper.root) .. "; LUA_CPATH='./?.so;;' timeout 60 " .. helper.interpreter
        .. " examples/" .. name .. ".lua " .. (arguments or "") .. " 2>/dev/null")
end

describe("examples/restart_actor.lua", function()
    it("starts a failed worker again", function()
        local output, status = run "restart_actor"
        assert.equal("8\t2\t4\n1\t0\tnil\n9\t3\t3\nstarted\t2\n", (output:gsub("1\t0\n", "1\t0\tnil\n")))
        assert.equal(0, status)
    end)
end)

describe("examples/ping_pong.lua", function()
    it("plays", function()
        local output, status = run("ping_pong", "1000")
        assert.equal("1000 rounds\n", output)
        assert.equal(0, status)
    end)
end)

describe("examples/worker_pool.lua", function()
    it("counts primes", function()
        local output, status = run("worker_pool", "30000")
        assert.equal("3245 primes up to 30000\n", output)
        assert.equal(0, status)
    end)
end)

describe("examples/pipeline.lua", function()
    it("filters numbers, and its end runs down the line", function()
        local output, status = run "pipeline"
        local sum, count = 0, 0
        for n = 1, 1000 do
            if n % 2 == 1 and n % 3 == 1 and n % 5 ~= 0 then sum, count = sum + n, count + 1 end
        end
        assert.equal(count .. "\t" .. sum .. "\n", output)
        assert.equal(0, status)
    end)
end)
