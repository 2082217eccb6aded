-- examples/container: whatever happens to a container or to its host's process, nothing of them is left.

local helper = require "spec.helper"
local container = require "spec.container_helper"

helper.install()

local directory, tree

setup(function()
    directory = container.directory()
    tree = directory .. "/tree"
end)
teardown(function() container.remove(directory) end)

-- Runs a script of a root whose network is empty; `run` starts a container with all that could be left behind. Waits
-- until no process, mount, interface or control group is left, and returns what the script printed.
local function nothing_left(script)
    local before = helper.shell "cat /proc/self/mountinfo"
    local output = helper.shell(("unshare --net sh -c %s"):format(helper.quote(([[
        ip link set lo up
        run() {
            exec %s --net veth --address 10.9.0.2/24 --limit cgroup.max.depth=3 --volume %s:/host %s -- sh -c "$@"
        }
        left() {
            grep -ls %s /proc/[0-9]*/mountinfo
            ip -o link | grep veth
            ls -d /sys/fs/cgroup/emilua-* /sys/fs/cgroup/*/emilua-*
        } 2>/dev/null
        %s
        for try in $(seq 1000); do [ -n "$(left)" ] || exit 0; sleep 0.02; done
        echo left behind; left
    ]]):format(container.run_command, directory, tree, directory, script))))
    assert.equal(before, (helper.shell "cat /proc/self/mountinfo"))
    assert.is_nil(output:find "left behind", output)
    return output
end

describe("nothing is left", function()
    it("after 50 runs", function()
        local output = nothing_left [[
            for n in $(seq 50); do (run "exec sleep 600 & exit $((n - 1))"); [ $? = $((n - 1)) ] || echo status; done ]]
        assert.equal("", output)
    end)

    it("after the host's process was killed at a random moment", function()
        math.randomseed(tonumber(os.getenv "EMILUA_SEED") or os.time())
        local moments = {}
        for i = 1, 30 do moments[i] = ("%.3f"):format(math.random() * 0.15) end
        nothing_left(([[
            for moment in %s; do
                (run "while :; do :; done") & runner=$!; sleep $moment; kill -9 $runner; wait $runner
            done 2>/dev/null ]]):format(table.concat(moments, " ")))
    end)

    it("after the host's process was killed, when the agent cannot notice", function()
        nothing_left((([[
            (run "kill -STOP 2; echo ready >/host/stopped; while :; do sleep 1; done") & runner=$!
            while ! grep -q ready HOST/stopped; do sleep 0.01; done 2>/dev/null
            kill -9 $runner; wait $runner 2>/dev/null ]]):gsub("HOST", directory)))
    end)

    it("after its first process, or the agent, was killed", function()
        local output = nothing_left((([[
            for n in 1 2 3 4 5; do (run "kill -9 2; sleep 600"); echo $?; done
            (run "echo ready >/host/ready; sleep 600") & runner=$!
            while ! grep -q ready HOST/ready; do sleep 0.01; done 2>/dev/null
            for file in $(grep -ls HOST /proc/[0-9]*/mountinfo); do
                grep -qs '^NSpid:.*\s1$' ${file%mountinfo}status && pid=${file#/proc/} && kill -9 ${pid%/mountinfo}
            done
            wait $runner; echo $? ]]):gsub("HOST", directory)))
        assert.equal(("137\n"):rep(6), output)
    end)
end)
