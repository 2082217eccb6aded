-- The examples of actors.

local helper = require "spec.helper"

local function run(name, arguments)
    return helper.shell("cd " .. helper.quote(helper.root) .. "; LUA_CPATH='./?.so;;' timeout 60 " .. helper.interpreter
        .. " examples/" .. name .. ".lua " .. (arguments or "") .. " 2>/dev/null")
end

describe("examples/actor_supervisor.lua", function()
    it("starts a failed worker again", function()
        local output, status = run "actor_supervisor"
        assert.equal("8\t2\t4\n1\t0\tnil\n9\t3\t3\nstarted\t2\n", (output:gsub("1\t0\n", "1\t0\tnil\n")))
        assert.equal(0, status)
    end)
end)
