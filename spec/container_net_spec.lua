-- examples/container/run.lua --net veth. All of it is in a network namespace of the test's own.

local helper = require "spec.helper"
local container = require "spec.container_helper"

helper.install()

local directory, tree

setup(function()
    directory = container.directory()
    tree = directory .. "/tree"
end)
teardown(function() container.remove(directory) end)

-- Runs a script of a root whose network is empty; `run` starts a container.
local function alone(script)
    return helper.shell(("unshare --net timeout -k 5 60 sh -c %s"):format(helper.quote(([[
        run() { %s "$@"; }
        ip link set lo up
        %s
    ]]):format(container.run_command, script))))
end

describe("--net veth", function()
    it("joins a container and the host", function()
        local output, status = alone(([[
            run --net veth --address 10.9.0.2/24 --gateway 10.9.0.1 %s -- sh -c '
                ping -c 1 -w 30 10.9.0.1 >/dev/null && echo reached; ip -o -4 addr show eth0 | awk "{print \$4}"
                ip route | grep default; ! ip link set eth0 down 2>/dev/null && echo kept'
            while ip link | grep -q veth; do sleep 0.01; done ]]):format(tree))
        assert.equal("reached\n10.9.0.2/24\ndefault via 10.9.0.1 dev eth0 \nkept\n", output)
        assert.equal(0, status)
    end)

    it("lets two containers reach each other over a bridge", function()
        local output, status = alone(([[
            ip link add containers type bridge; ip link set containers up; mkfifo %s/ready; exec 3<>%s/ready
            run --net veth --bridge containers --address 10.9.0.2/24 --name net1 --volume %s:/host %s -- sh -c '
                echo hello | nc -l -p 7 & while ! netstat -ltn | grep -q ":7 "; do sleep 0.01; done
                echo listening >/host/ready; wait' &
            timeout 60 head -n 1 <&3
            run --net veth --bridge containers --address 10.9.0.3/24 %s -- sh -c 'nc -w 30 10.9.0.2 7 </dev/null'
            wait; while ip link | grep -q veth; do sleep 0.01; done
        ]]):format(directory, directory, directory, tree, tree))
        assert.equal("listening\nhello\n", output)
        assert.equal(0, status)
    end)

    it("is refused to who may not, and nothing is left", function()
        local output, status = helper.shell(("chown -R 65534:65534 %s; timeout 60 %s"):format(directory,
            container.as_user(("%s --net veth --address 10.9.0.2/24 %s true"):format(container.run_command, tree))))
        assert.matches("^emilua container: ip: .*Operation not permitted", output)
        assert.equal(125, status)
        local script = ("run --net veth --bridge nosuch %s true; while ip link | grep -q veth; do sleep 0.01; done")
        assert.matches("^emilua container: ip: ", (alone(script:format(tree))))
    end)
end)
