-- examples/container/run.lua: limits of a container, by control groups.

local environment = require "spec.environment"
local helper = require "spec.helper"
local container = require "spec.container_helper"

helper.install()

local directory, tree

setup(function()
    directory = container.directory()
    tree = directory .. "/tree"
end)
teardown(function() container.remove(directory) end)

-- The control groups that containers have here.
local function groups() return (helper.shell "ls -d /sys/fs/cgroup/emilua-* /sys/fs/cgroup/*/emilua-* 2>/dev/null") end

describe("limits", function()
    it("are refused where they are not to be had, and nothing is left", function()
        for option, wanted in pairs {
            ["nonsense.max=1"] = "the controller nonsense is not delegated to /sys/fs/cgroup",
            ["/x=1"] = "no group has a file /x: Invalid argument",
            ["cgroup.max.depth=deep"] = "/sys/fs/cgroup%S+/cgroup.max.depth: Invalid argument",
        } do
            local output, status = container.shell(tree, "true", "--limit " .. option)
            assert.matches("^emilua container: " .. wanted, output)
            assert.equal(125, status)
        end
        local line = container.as_user(("%s --pids 10 %s true"):format(container.run_command, tree))
        assert.matches("^emilua container: /sys/fs/cgroup%S* is not delegated to this process: Permission denied",
            (helper.shell("chown -R 65534 " .. tree .. "; timeout 60 " .. line)))
        assert.equal("", groups())
    end)

    it("of memory end what takes more", function()
        environment.need "cgroup v2, memory"
        local output, status = container.shell(tree, "cat /sys/fs/cgroup/memory.max; cat /dev/zero | tail -n 1",
            "--memory 32M")
        assert.matches("^33554432\n", output)
        assert.equal(137, status)
    end)

    it("of processes hold", function()
        environment.need "cgroup v2, pids"
        local output = container.shell(tree, "for n in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait", "--pids 8")
        assert.truthy(output:find("fork", 1, true), output)
    end)

    it("are a group's of its own, which ends with the container, also when its host is killed", function()
        -- A file that is there without controllers too.
        local limit = "--limit cgroup.max.depth=3"
        assert.equal("0::/\n3\n", (container.shell(tree,
            "grep ^0: /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.max.depth", limit)))
        assert.equal("", groups())
        local output = helper.shell(([[
            mkfifo %s/ready; exec 3<>%s/ready
            %s %s --volume %s:/host %s sh -c 'echo ready >/host/ready; exec sleep 600' & runner=$!
            timeout 60 head -n 1 <&3; kill -9 $runner; wait $runner 2>/dev/null ]]):format(directory, directory,
            container.run_command, limit, directory, tree))
        assert.equal("ready\n", output)
        helper.run(function() container.eventually("no group", function() return groups() == "" end) end)
    end)
end)
