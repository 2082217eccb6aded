-- The promises of a sandbox, each attacked from inside, as root and as an ordinary user. An attack that is to fail in a
-- sandbox and succeeds outside of one shows that it is the sandbox.

local helper = require "spec.helper"
local attacks = require "spec.sandbox_attacks"
local process = require "spec.process_helper"
local runner = require "spec.sandbox_attack_runner"
require "spec.sandbox_helper"

helper.install()

local function check(attack, inside, free)
    if attack.pattern then
        assert.matches("^" .. attack.inside .. "$", inside)
    else
        assert.equal(attack.inside, inside)
    end
    if attack.free then assert.equal(attack.free, free:sub(1, #attack.free)) end
end

describe("in a sandbox", function()
    for _, attack in ipairs(attacks) do
        it(attack.name, helper.fiber(function() check(attack, runner.run(attack, attacks.PRELUDE)) end))
    end
end)

describe("as an ordinary user, in a sandbox", function()
    local outcomes

    setup(function()
        if not process.is_root then return end
        local home = os.tmpname()
        os.remove(home)
        helper.shell(("cd %s. && mkdir -m 755 %s && install -m 755 emilua.so %s && install -m 644 "
            .. "spec/sandbox_attacks.lua spec/sandbox_attack_runner.lua %s"):format(helper.root, home, home, home))
        local file = assert(io.open(home .. "/program.lua", "w"))
        file:write([[
            package.path = arg[0]:match "^(.*)/" .. "/?.lua"
            local runner, attacks = require "sandbox_attack_runner", require "sandbox_attacks"
            print "return {"
            require("emilua").run(function()
                for _, attack in ipairs(attacks) do
                    local inside, free = runner.run(attack, attacks.PRELUDE)
                    print(("[%q] = { %q, %s },"):format(attack.name, inside, free and ("%q"):format(free) or "nil"))
                end
            end)
            print "}"
        ]])
        file:close()
        helper.shell("chmod 644 " .. home .. "/program.lua")
        local text = helper.shell(("cd / && LUA_CPATH='%s/?.so' timeout 120 %s </dev/null"):format(home,
            process.unprivileged(helper.interpreter .. " " .. home .. "/program.lua")))
        helper.shell("rm -r " .. home)
        outcomes = assert(loadstring(text), text)()
    end)

    for _, attack in ipairs(attacks) do
        it(attack.name, function()
            -- An ordinary user has had its turn above.
            if outcomes then check(attack, unpack(outcomes[attack.name])) end
        end)
    end
end)
