-- examples/container: a shell at a terminal in a container, and attach.lua.

local system = require "emilua.system"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"
local container = require "spec.container_helper"
local pty = require "spec.pty_helper"

local closing = fd.closing
local expect, press = pty.expect, pty.type

helper.install()

local directory, tree

setup(function()
    directory = container.directory()
    tree = directory .. "/tree"
    container.add_debian(directory)
end)
teardown(function() container.remove(directory) end)

local PROMPT = "<box> "

-- Starts a shell that has this prompt.
local function shell(line)
    local t, child = container.terminal(line)
    expect(t, PROMPT)
    return t, child
end

local function run(options, root, program)
    return shell(("%s --env 'PS1=%s' %s %s %s"):format(container.run_command, PROMPT, options or "", root or tree,
        program or "sh"))
end

-- Types a command line and returns what it prints.
local function answer(t, line)
    press(t, line .. "\n")
    expect(t, "\r\n")
    return (expect(t, "(.-)" .. PROMPT):gsub("\r", ""):gsub("\27%[%d*%a", ""))
end

-- Starts a job, which is in the foreground.
local function start(t)
    press(t, "sh -c 'trap \"echo contin\"\"ued\" CONT; echo sleep\"\"ing; while :; do read line; done'\n")
    expect(t, "sleeping")
end

-- Starts a job and suspends it.
local function suspend(t)
    start(t)
    press(t, "\26")
    expect(t, "Stopped.*" .. PROMPT)
    assert.truthy(answer(t, "jobs"):find "Stopped")
end

local function leave(t, child, status)
    press(t, "exit " .. status .. "\n")
    child:wait()
    assert.equal(status, child.exit_code)
    return t
end

describe("a shell in a container", function()
    it("has a terminal of the container, of our size and kind", closing(function()
        local t, child = run()
        assert.equal("/dev/pts/0\n", answer(t, "tty"))
        assert.equal("25 80 dumb\n", answer(t, "echo $(stty size) $TERM"))
        system.terminal.set_size(t.slave, 100, 40)
        container.eventually("another size", function() return answer(t, "stty size") == "40 100\n" end)
        leave(t, child, 3)
    end))

    it("interrupts, suspends and continues", closing(function()
        local t, child = run()
        start(t)
        press(t, "\3")
        expect(t, PROMPT)
        assert.equal("130\n", answer(t, "echo $?"))
        suspend(t)
        press(t, "fg\n")
        expect(t, "continued")
        press(t, "\3")
        expect(t, PROMPT)
        assert.equal("", answer(t, "jobs"))
        leave(t, child, 0)
    end))

    it("loses nothing of what is shown, however much", closing(function()
        local t, child = container.terminal(("%s %s seq 20000"):format(container.run_command, tree))
        local text = {}
        for n = 1, 20000 do text[n] = n .. "\r\n" end
        assert.equal(table.concat(text), expect(t, "^.*20000\r\n"))
        child:wait()
        assert.equal(0, child.exit_code)
    end))

    it("leaves our terminal as it was", closing(function()
        local t, child = run()
        leave(t, child, 0)
        local after = helper.shell("stty -a <" .. helper.shell(("readlink /proc/%s/fd/%s"):format(helper.pid(),
            tostring(t.slave):match "%d+$")):match "%S+")
        assert.truthy(after:find " icanon")
        assert.truthy(after:find " echo ")
    end))

    it("is hung up when our terminal is", closing(function()
        local script = "'trap \"exit 5\" HUP; echo set; while :; do sleep 0.01; done'"
        local t, child = container.terminal(("%s %s sh -c %s"):format(container.run_command, tree, script))
        expect(t, "set")
        t.slave:close()
        t.reader:close()
        t.writer:close()
        child:wait()
        assert.equal(5, child.exit_code)
    end))

    it("ends with PID 1, whoever kills it", closing(function()
        local t, child = run("--name one" .. helper.pid())
        press(t, "kill -9 2\n")
        child:wait()
        assert.equal(137, child.exit_code)
    end))

    it("is Debian's bash", closing(function()
        local t, child = run(nil, directory .. "/debian", "bash --norc")
        assert.equal("/dev/pts/0\n", answer(t, "tty"))
        suspend(t)
        leave(t, child, 4)
    end))
end)

describe("attach.lua", function()
    it("runs a program in all of a container's namespaces, below its rules", closing(function()
        local name = "box" .. helper.pid()
        local t, child = run("--name " .. name .. " --env WHERE=inside")
        answer(t, "echo text >/file; sleep 600 &")
        local at, attached = shell(container.attach_command .. " " .. name)
        assert.equal("text inside\n", answer(at, "echo $(cat /file) $WHERE"))
        assert.truthy(answer(at, "ps"):find("sleep 600", 1, true))
        assert.equal("/dev/pts/1\n", answer(at, "tty"))
        local rules = "grep -E '^(Cap|Seccomp:)' /proc/self/status; readlink /proc/self/ns/*"
        assert.equal(answer(t, rules), answer(at, rules))
        leave(at, attached, 5)
        leave(t, child, 0)
    end))

    it("has our streams and passes signals on", closing(function()
        local name = "streams" .. helper.pid()
        local t, child = run("--name " .. name)
        local output, status = helper.shell(("echo input | timeout 60 %s %s -- sh -c 'cat; kill -TERM $$'"):format(
            container.attach_command, name))
        assert.equal("input\n", output)
        assert.equal(143, status)
        leave(t, child, 0)
    end))

    it("ends with the container", closing(function()
        local name = "end" .. helper.pid()
        local t, child = run("--name " .. name)
        local at, attached = shell(container.attach_command .. " " .. name)
        leave(t, child, 6)
        attached:wait()
        assert.equal(137, attached.exit_code)
        at.slave:close()
    end))

    it("finds a container without a name by its PID", closing(function()
        local t, child = run("--volume " .. directory .. ":/host")
        local pid = helper.shell(([[
            for file in $(grep -ls '^NSpid:.*\s1$' /proc/[0-9]*/status); do
                grep -qs %s ${file%%status}mountinfo && echo $file
            done ]]):format(directory)):match "%d+"
        local line = ("timeout 60 %s %s -- sh -c 'exit 8'"):format(container.attach_command, pid)
        assert.equal(8, (select(2, helper.shell(line))))
        leave(t, child, 0)
    end))

    it("needs a container, and one of one's own", closing(function()
        local name = "own" .. helper.pid()
        local command = ("timeout 60 %s %s true"):format(container.attach_command, name)
        local refusal = "emilua container: there is no container of yours called " .. name .. "\n"
        assert.same({ refusal, 125 }, { helper.shell(command) })
        local t, child = run("--name " .. name)
        assert.same({ refusal, 125 }, { helper.shell(container.as_user(command)) })
        local again, status = helper.shell(("%s --name %s %s true"):format(container.run_command, name, tree))
        assert.equal(("emilua container: there can be no container %s: Address already in use\n125"):format(name),
            again .. status)
        leave(t, child, 0)
    end))
end)
