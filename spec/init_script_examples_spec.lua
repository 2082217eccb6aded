-- The examples of namespaces, Landlock and seccomp, run as a user runs them, by root and by another user.

local ip = require "emilua.ip"
local environment = require "spec.environment"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"

helper.install()

-- A copy that every user can read.
local copy

setup(function()
    copy = helper.shell("mktemp -d"):match "%S+"
    helper.shell(("chmod 755 %s; cp -r %semilua.so %sexamples %s"):format(copy, helper.root, helper.root, copy))
end)

teardown(function() helper.shell("rm -r " .. copy) end)

-- What an example prints, and its exit status. `before` is put in front of the interpreter.
local function run(name, arguments, before)
    return helper.shell(("cd %s; LUA_CPATH='./?.so;;' timeout 60 %s %s examples/%s.lua %s"):format(
        copy, before or "", helper.interpreter, name, arguments or ""))
end

local function is_root() return helper.shell "id -u" == "0\n" end

-- A test for this user, and one for another.
local function twice(name, text, check)
    it(text, function() check(run(name)) end)
    it(text .. ", for an ordinary user", function()
        environment.need("root", is_root)
        check(run(name, nil, "setpriv --reuid 65534 --regid 65534 --clear-groups"))
    end)
end

local function prints(wanted)
    return function(output, status)
        assert.equal(wanted, output)
        assert.equal(0, status)
    end
end

describe("examples/namespaces", function()
    twice("namespaces/user", "user: root inside, the user outside", function(output, status)
        assert.matches("^user 0, group 0\ninside 0 is outside %d+, 1 of them\n$", output)
        assert.equal(0, status)
    end)
    twice("namespaces/net", "net: a loopback device of its own", prints "device lo\nport 80 says hello\n")
    twice("namespaces/mount", "mount: an empty root",
        prints "/old /tmp\nnil\t/etc/passwd: No such file or directory\t2\ntrue\n")
    twice("namespaces/pid", "pid: three processes", prints "processes 1 2 3\nI am 2, my parent is 1\n")
    twice("namespaces/uts", "uts: a host name", prints "hostname box\ndomainname example\n")
    twice("namespaces/cgroup", "cgroup: the root of the tree", prints "0::/\n")

    twice("namespaces/ipc", "ipc: no queue of the host", function(output, status)
        local outside = tonumber(output:match "^message queues: (%d+)\nmessage queues: 0\n$")
        assert.is_true(outside >= 1, output)
        assert.equal(0, status)
    end)

    twice("namespaces/time", "time: a day ahead", function(output, status)
        local host, guest = output:match "^host: up for ([%d.]+) s\nguest: up for ([%d.]+) s\n$"
        assert.is_true(guest - host >= 86400, output)
        assert.equal(0, status)
    end)

    it("ranges: ids that newuidmap has mapped", function()
        environment.need("subordinate ids", function()
            return select(2, helper.shell "grep -q ^$(id -un): /etc/subuid && grep -q ^$(id -un): /etc/subgid") == 0
        end)
        prints "user 1000, group 1000, also in group 100\n" (run "namespaces/ranges")
    end)
end)

describe("examples/full_container.lua", function()
    twice("full_container", "is a host of its own, without files", prints "on box: process 2\nuser 0, passwd: nil\n")
end)

describe("examples/landlock.lua", function()
    it("may read one directory and connect to one port", fd.closing(function()
        local granted = fd.keep(ip.tcp.listen "127.0.0.1:0").local_port
        local other = fd.keep(ip.tcp.listen "127.0.0.1:0").local_port
        local arguments = ("/usr %d /usr/bin/env /etc/passwd /usr %d %d"):format(granted, granted, other)
        local wanted = "/usr/bin/env\tyes\n/etc/passwd\tno\n/usr\tyes\n%d\tyes\n%d\tno\n"
        assert.equal(wanted:format(granted, other), (run("landlock", arguments)))
    end))
end)

describe("examples/seccomp.lua", function()
    twice("seccomp", "computes, and opens and starts nothing",
        prints "sum 50000005000000, file: /etc/passwd: Operation not permitted, program: false\n")
end)
