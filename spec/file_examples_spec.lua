local helper = require "spec.helper"

helper.install()

local function run(command)
    return helper.shell(("cd %s && LUA_CPATH=%s/'?.so;;' timeout 60 %s"):format(helper.quote(helper.root),
        helper.quote(helper.root), command))
end

describe("examples/copy.lua", function()
    it("copies a file", function()
        local from, to = os.tmpname(), os.tmpname()
        os.execute("head -c 5000001 /dev/urandom > " .. from)
        local output, status = run(("%s examples/copy.lua %s %s 2>/dev/null"):format(helper.interpreter, from, to))
        assert.equal("5000001 bytes copied\n", output)
        assert.equal(0, status)
        assert.equal(0, os.execute(("cmp %s %s"):format(from, to)))
        os.remove(from)
        os.remove(to)
    end)

    it("says how it is called", function()
        local output, status = run(helper.interpreter .. " examples/copy.lua")
        assert.equal("usage: copy.lua FROM TO\n", output)
        assert.equal(2, status)
    end)
end)

describe("examples/follow.lua", function()
    it("prints what is appended, also after rotation and truncation", function()
        local log, printed = os.tmpname(), os.tmpname()
        -- Each step waits until the one before has been printed.
        local steps = ([[
            wait_for() { until grep -q "^$1$" PRINTED; do sleep 0.05; done; }
            echo one > LOG
            INTERPRETER examples/follow.lua LOG end > PRINTED &
            wait_for one
            echo two >> LOG
            wait_for two
            mv LOG LOG.1
            printf 'three\nfo' > LOG
            wait_for three
            echo ur >> LOG
            wait_for four
            echo 5 > LOG
            wait_for 5
            echo end >> LOG
            wait]]):gsub("INTERPRETER", helper.interpreter):gsub("LOG", log):gsub("PRINTED", printed)
        local _, status = run("sh -c " .. helper.quote(steps))
        local file = assert(io.open(printed))
        local output = file:read "*a"
        file:close()
        for _, name in ipairs{ log, log .. ".1", printed } do os.remove(name) end
        assert.equal("one\ntwo\nthree\nfour\n5\nend\n", output)
        assert.equal(0, status)
    end)
end)
