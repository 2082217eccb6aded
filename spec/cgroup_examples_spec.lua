-- examples/limited.lua, run as a user runs it.

local helper = require "spec.helper"

helper.install()

local function limited(arguments)
    return helper.shell(("timeout 60 %s examples/limited.lua %s"):format(helper.interpreter, arguments))
end

describe("examples/limited.lua", function()
    it("runs a command in a group with the limits, with its streams and status", function()
        local output, status = limited [[cgroup.max.depth=1 cgroup.max.descendants=2 -- sh -c '
            read line; echo "got $line"; group=$(sed -n s/^0:://p /proc/self/cgroup)
            cat /sys/fs/cgroup$group/cgroup.max.d* /sys/fs/cgroup/unified$group/cgroup.max.d* 2>/dev/null
            sleep 600 & exit 7' <<end
a line
end]]
        assert.matches("^got a line\n1\n2\n", output)
        assert.matches("\ncpu.stat: usage_usec %d", output)
        assert.equal(7, status)
    end)

    it("says what is not to be had", function()
        local output, status = limited "nonsense.max=1 -- true"
        assert.matches("^limited: No such file or directory: the controller nonsense is not delegated to /", output)
        assert.equal(125, status)
        output, status = limited "-- no-such-program"
        assert.matches("no%-such%-program", output)
        assert.equal(127, status)
    end)

    it("explains its usage", function()
        for _, arguments in ipairs { "", "memory.max=1", "true", "--" } do
            local output, status = limited(arguments)
            assert.matches("^usage: ", output)
            assert.equal(2, status)
        end
    end)
end)
