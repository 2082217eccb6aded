-- examples/container/run.lua: what a program in a container sees, and what it does to the host. Issue 12.

local helper = require "spec.helper"
local container = require "spec.container_helper"
local process = require "spec.process_helper"
local programs = require "spec.program_helper"

helper.install()

local directory, tree

setup(function()
    directory = container.directory()
    tree = directory .. "/tree"
    container.add_debian(directory)
end)
teardown(function() container.remove(directory) end)

-- The output of a script that ends with 0.
local function succeeds(script, options, before, root)
    local output, status = container.shell(root or tree, script, options, before)
    assert.equal(0, status, output)
    return output
end

-- A shell command as an ordinary user, who owns the directory.
local function as_user(line)
    return ("chown -R 65534:65534 %s; %s"):format(directory, process.unprivileged(line))
end

describe("the status", function()
    it("is that of the program", function()
        for script, status in pairs {
            ["exit 7"] = 7, ["true"] = 0, ["kill -9 $$"] = 137, ["kill -TERM $$"] = 143, ["kill -SEGV $$"] = 139,
        } do
            assert.equal(status, select(2, container.shell(tree, script)), script)
        end
    end)

    it("is 127 and 126 for what cannot be run, 125 for what is no container", function()
        for line, wanted in pairs {
            [tree .. " -- nosuch"] = "nosuch: No such file or directory\n127",
            [tree .. " -- /etc"] = "/etc: Permission denied\n126",
            ["--workdir /nowhere " .. tree .. " -- true"] = "/nowhere: No such file or directory\n127",
            ["--workdir bin/sh " .. tree .. " -- true"] = "/bin/sh: Not a directory\n126",
            ["/nosuch -- true"] = "/nosuch: No such file or directory\n125",
            ["/ -- true"] = "nothing can be mounted over /\n125",
            ["--volume /nosuch:/x " .. tree] = "/nosuch: No such file or directory\n125",
            ["--volume /etc:/x:rx " .. tree] = "--volume /etc:/x:rx\n125",
            ["--volume /etc:/a/../ " .. tree] = "--volume /etc:/a/../\n125",
            ["--env NAME " .. tree] = "--env NAME\n125",
        } do
            local output, status = helper.shell(("timeout 60 %s %s"):format(container.run_command, line))
            assert.equal(("emilua container: %s"):format(wanted), output .. status)
        end
        for limit = 12, 30, 3 do
            local output, status = container.shell(tree, "true", "", ("ulimit -n %d;"):format(limit))
            assert.matches("^emilua container: .*Too many open files",
                (output:gsub("^<3>ipc_actor/init/", "emilua container: ")))
            assert.equal(125, status)
        end
        for _, line in ipairs { "", "--map some " .. tree, "--nonsense 1 " .. tree, "--net x " .. tree } do
            local output, status = helper.shell(("timeout 60 %s %s"):format(container.run_command, line))
            assert.truthy(output:find("usage: emilua run.lua -- [OPTION]... ROOTFS", 1, true), output)
            assert.equal(125, status)
        end
    end)

    it("is what the program makes of SIGTERM, which is passed on", function()
        local output, status = helper.shell(([[
            mkfifo %s/ready; exec 3<>%s/ready
            %s --volume %s:/host %s -- sh -c 'trap "echo got it; exit 9" TERM
                echo ready >/host/ready; while :; do sleep 0.01; done' & runner=$!
            timeout 60 head -n 1 <&3 >/dev/null; kill -TERM $runner; wait $runner ]]):format(directory, directory,
            container.run_command, directory, tree))
        assert.equal("got it\n", output)
        assert.equal(9, status)
    end)
end)

describe("a container", function()
    it("sees its own processes only, as PID 1 and below", function()
        local output = succeeds "ps | sed 1d | while read pid rest; do echo $pid; done"
        assert.equal("1\n2\n3\n4\n", output:match "^1\n2\n3\n4\n")
        assert.truthy(select(2, output:gsub("\n", "")) <= 8)
        assert.equal("3\n", succeeds "echo $$")
    end)

    it("has namespaces of its own", function()
        local names = "user mnt pid net ipc uts cgroup"
        local list = ("for name in %s; do readlink /proc/self/ns/$name; done"):format(names)
        local own, hosts = succeeds(list), helper.shell(list)
        local of_host = {}
        for line in hosts:gmatch "[^\n]+" do of_host[line] = true end
        local count = 0
        for line in own:gmatch "[^\n]+" do
            assert.is_nil(of_host[line], line)
            count = count + 1
        end
        assert.equal(7, count)
    end)

    it("keeps its changes to itself", function()
        assert.equal("new\n", succeeds "echo new >/etc/new; rm /bin/ls; cat /etc/new; ! test -e /bin/ls")
        local output = helper.shell(("ls %s/etc %s/bin/ls"):format(tree, tree))
        assert.is_nil(output:find "new")
        assert.is_nil(output:find "No such file")
    end)

    it("keeps them in a directory on demand", function()
        local overlay = ("--overlay %s/kept"):format(directory)
        helper.shell("mkdir " .. directory .. "/kept")
        succeeds("echo kept >/root/kept; rm /bin/ls; mkdir /etc/new", overlay)
        assert.equal("kept\n", succeeds("cat /root/kept; test -d /etc/new; ! test -e /bin/ls", overlay))
        assert.truthy(succeeds "test -e /bin/ls; ! test -e /root/kept")
    end)

    it("can be read only, but for /tmp and /run", function()
        assert.equal("yes\n", succeeds([[
            for file in /new /etc/new /bin/new; do ! echo >$file || exit 1; done 2>&-
            for directory in /tmp /run; do echo yes >$directory/file; done; cat /tmp/file ]], "--read-only"))
    end)

    it("has devices, a devpts of its own, /proc and /sys", function()
        assert.equal("full mqueue null ptmx pts random shm tty urandom zero\n4096\nptmx\n", succeeds [[
            rm /dev/fd /dev/std*; echo $(ls /dev); head -c 4096 /dev/zero | wc -c; ls /dev/pts ]])
        assert.equal("/dev/fd\n", succeeds "ls -d /dev/fd; ls /proc/self /sys >/dev/null")
    end)

    it("has its loopback up and no other interface", function()
        local output = succeeds "ls /sys/class/net 2>/dev/null || echo lo; ip addr show lo"
        assert.equal("lo\n", output:match "^[^\n]*\n")
        assert.truthy(output:find("UP", 1, true))
        assert.truthy(output:find("127.0.0.1/8", 1, true))
    end)

    it("does not begin when its script was cut short, wherever that was", function()
        local output = helper.shell(([[
            cd %s; cp -r %sexamples/container cut; lines=$(wc -l <cut/world.lua)
            for n in $(seq 40 10 $lines) $((lines - 1)); do
                head -n $n %sexamples/container/world.lua >cut/world.lua
                timeout 60 %s cut/run.lua -- tree echo began $n 2>/dev/null; echo $?
            done ]]):format(directory, helper.root, helper.root, programs.launcher))
        assert.equal("", (output:gsub("125\n", "")))
    end)

    it("cannot change the kernel's settings, mount, or get its capabilities back", function()
        assert.equal("refused\n", succeeds [[
            for file in /proc/sys/kernel/panic /proc/sysrq-trigger; do
                test ! -e $file || ! echo 0 >$file || exit 1
            done 2>&-
            exec 2>/dev/null
            ! mount -t tmpfs none /mnt || exit 2
            ! mount -o remount,rw /proc/sys || exit 3
            ! umount /proc || exit 4
            ! unshare -U true || exit 5
            ! unshare -m true || exit 6
            ! hostname other || exit 7
            echo refused ]])
        local output = succeeds "grep -E '^(Cap|Seccomp:)' /proc/self/status"
        assert.truthy(output:find("CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb", 1, true), output)
        assert.truthy(output:find("Seccomp:\t2", 1, true))
    end)

    it("has the environment, the directory and the name asked for", function()
        assert.equal("HOME=/root\nNAME=a b=c\n/etc\nbox\n", succeeds(
            "env | grep -E '^(HOME|NAME)=' | sort; pwd; hostname", "--env 'NAME=a b=c' --workdir=/etc --hostname box"))
        assert.equal("named\n", succeeds("hostname", "--name named"))
    end)

    it("has volumes, writable or not, whose places are made", function()
        helper.shell(("mkdir %s/shared; echo text >%s/file"):format(directory, directory))
        local options = ("--volume %s/shared:/a/b/c --volume %s/shared:/r:ro --volume %s/file:/etc/file:ro"):format(
            directory, directory, directory)
        assert.equal("text\nwritten\n", succeeds([[
            cat /etc/file; echo written >/a/b/c/x; cat /r/x
            { echo >/r/y || echo >/etc/file; } 2>/dev/null || exit 0 ]], options))
        assert.equal("written\n", (helper.shell("cat " .. directory .. "/shared/x")))
    end)

    it("has them in its own root, wherever links and names with .. point", function()
        helper.shell(([[
            mkdir DIR/outside; cp -a DIR/tree DIR/links
            ln -s ../../../../../..DIR/outside DIR/links/directory; ln -s ../../../../../..DIR/new DIR/links/file ]])
            :gsub("DIR", directory))
        local links = directory .. "/links"
        for place, shown in pairs { ["/directory/x"] = "no", ["/file"] = "no", ["/../../y"] = "hosts" } do
            local output = container.shell(links, "test -e /y/hosts && echo hosts",
                ("--volume /etc:%s --volume /etc/hosts:%s/f"):format(place, place))
            assert.equal(shown == "hosts" and "hosts\n" or nil, output:match "^hosts\n$", output)
        end
        assert.equal("", (helper.shell(("ls %s/outside; ls -d %s/new /y 2>/dev/null"):format(directory, directory))))
    end)

    it("has our standard streams when there is no terminal", function()
        local output, status = helper.shell(("echo input | timeout 60 %s %s -- sh -c 'cat; echo error >&2; tty'")
            :format(container.run_command, tree))
        assert.equal("input\nerror\nnot a tty\n", output)
        assert.equal(1, status)
    end)

    it("is ended with what is left in it", function()
        succeeds(("exec sleep 4321%s & sleep 4321%s & exit 0"):format(helper.pid(), helper.pid()))
        assert.equal(1, select(2, helper.shell(("pgrep -f '[s]leep 4321%s'"):format(helper.pid()))))
    end)

    it("runs Debian's programs", function()
        local output = succeeds("set -e; ps -e -o pid= -o comm=; bash -c 'echo ${BASH_VERSION%%.*}'; id", nil, nil,
            directory .. "/debian")
        assert.truthy(output:find("^%s+1 luajit\n%s+2 luajit\n.*\n[5-9]\nuid=0"), output)
    end)
end)

describe("ids", function()
    it("are root's alone by default, who is this user", function()
        assert.truthy(succeeds "cat /proc/self/uid_map":find "^%s*0%s+%d+%s+1\n$")
        local script = "id -u; touch /root/x; ls -ln /root/x; cat /proc/self/uid_map"
        local line = ("timeout 60 %s %s -- sh -c '%s'"):format(container.run_command, tree, script)
        local output, status = helper.shell(as_user(line))
        assert.truthy(output:find "^0\n%-rw.* 0 +0 .*\n%s*0%s+65534%s+1\n$", output)
        assert.equal(0, status)
    end)

    it("are a range on demand: root's are the host's", function()
        if not process.is_root then return end
        assert.equal("65534\n0\n", succeeds("chown 65534 /root; ls -ldn /root | awk '{print $3}'; id -u",
            "--map range"))
    end)

    it("are those of subuid(5) for others, by newuidmap", function()
        if not process.is_root then return end
        local ranges = helper.write_temporary "nobody:700000:1000\n"
        local line = ("timeout 60 %s --map range %s -- sh -c 'cat /proc/self/uid_map; chown 7:7 /root; ls -ldn /root'")
            :format(container.run_command, tree)
        local output, status = helper.shell(([[
            chmod 644 %s; chown -R 65534:65534 %s
            unshare -m sh -c "mount --bind %s /etc/subuid; mount --bind %s /etc/subgid
                exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "'"$@"' sh %s ]]):format(
            ranges, tree, ranges, ranges, line))
        os.remove(ranges)
        assert.truthy(output:find "^%s*0%s+65534%s+1\n%s*1%s+700000%s+1000\n.* 7 +7 ", output)
        assert.equal(0, status)
    end)
end)

describe("the tool", function()
    it("has less than 300 lines of code", function()
        local count = ("cat %sexamples/container/*.lua | grep -cvE '^[[:space:]]*(--.*)?$'"):format(helper.root)
        local output = helper.shell(count)
        assert.truthy(tonumber(output) < 300, output)
    end)
end)
