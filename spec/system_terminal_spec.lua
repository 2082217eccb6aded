-- Job control in a pseudo-terminal, system.terminal, and the standard streams on one.

local system = require "emilua.system"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"
local process = require "spec.process_helper"
local pty = require "spec.pty_helper"

local closing = fd.closing
local signal, terminal = system.signal, system.terminal

helper.install()

-- Starts a Lua program, or a shell script, as the leader of a session that a new terminal controls.
local function session(opts)
    local t = pty.open()
    local all = {
        environment = { PATH = system.environment.PATH, LUA_CPATH = helper.root .. "?.so;;", TERM = "dumb" },
        stdin = t.slave, stdout = t.slave, stderr = t.slave, start_new_session = true, set_ctty = t.slave,
    }
    for name, value in pairs(opts) do all[name] = value end
    return t, system.spawn(all)
end

local function shell_session(script)
    return session{ program = "sh", arguments = { "sh", "-c", script } }
end

local function lua_session(source)
    local words = { helper.interpreter:match "^%S+" }
    for word in helper.interpreter:gmatch "%s(%S+)" do words[#words + 1] = word end
    words[#words + 1], words[#words + 2] = "-e", source
    return session{ program = words[1], arguments = words }
end

describe("a child with a controlling terminal", function()
    it("has the terminal it was given", closing(function()
        local t, p = shell_session "tty >/dev/tty; read line </dev/tty; echo got $line"
        pty.expect(t, "/dev/pts/%d+")
        pty.type(t, "text\n")
        pty.expect(t, "got text")
        p:wait()
        assert.equal(0, p.exit_code)
    end))

    it("is interrupted from the keyboard", closing(function()
        local t, p = shell_session "echo ready; while :; do sleep 0.1; done"
        pty.expect(t, "ready")
        pty.type(t, "\3")
        p:wait()
        assert.equal(signal.SIGINT, p.exit_signal)
    end))

    it("loses nothing of what it writes to a terminal that is full", closing(function()
        local master, slave = require "emilua.serial_port".ptypair()
        fd.keep(master)
        local p = system.spawn {
            program = "seq", arguments = { "seq", "20000" }, environment = { PATH = system.environment.PATH },
            stdin = slave, stdout = slave, stderr = slave, start_new_session = true, set_ctty = slave,
        }
        slave:close()
        pty.wait_state(p.pid, "S")
        local text = {}
        local ok, e
        local bs = require "emilua.byte_span".new(65536)
        repeat
            ok, e = pcall(master.read_some, master, bs)
            if ok then text[#text + 1] = tostring(bs:first(e)) end
        until not ok
        p:wait()
        assert.equal((helper.shell "seq 20000"), (table.concat(text):gsub("\r", "")))
        assert.equal(0, p.exit_code)
    end))

    it("is hung up when the terminal goes", closing(function()
        local t, p = shell_session "echo ready; while :; do sleep 0.1; done"
        pty.expect(t, "ready")
        t.slave:close()
        t.reader:close()
        t.writer:close()
        p:wait()
        assert.equal(signal.SIGHUP, p.exit_signal)
    end))
end)

describe("job control", function()
    -- A shell of its own: runs children in the foreground and in the background of its terminal.
    local SHELL = [[
        local emilua, system = require "emilua", require "emilua.system"
        local byte_span = require "emilua.byte_span"
        local signal = system.signal
        signal.ignore(signal.SIGTTOU)
        local function job(script, foreground)
            return system.spawn{
                program = "sh", arguments = { "sh", "-c", script }, environment = system.environment,
                stdin = "share", stdout = "share", stderr = "share",
                process_group = 0, foreground = foreground and "stdin" or nil,
            }
        end
        local function say(...) system.out:write_some(byte_span.append(table.concat({ ... }, " "), "\n")) end
        emilua.run(function()
            local own = system.getpgrp()
            %s
        end) ]]

    it("runs a child in the foreground", closing(function()
        local t, p = lua_session(SHELL:format [[
            local child = job("read line; echo child has $line", true)
            say("foreground", system.in_:tcgetpgrp() == child.pid and "child" or "other")
            child:wait()
            system.in_:tcsetpgrp(own)
            say("foreground", system.in_:tcgetpgrp() == own and "own" or "other")
        ]])
        pty.expect(t, "foreground child")
        pty.type(t, "input\n")
        pty.expect(t, "child has input")
        pty.expect(t, "foreground own")
        p:wait()
    end))

    it("stops a background child that reads, and continues it in the foreground", closing(function()
        local t, p = lua_session(SHELL:format [[
            local child = job("echo begun; read line; echo child has $line", false)
            say("pid", child.pid)
            local bs = byte_span.new(10)
            system.in_:read_some(bs)
            system.in_:tcsetpgrp(child.pid)
            system.kill(-child.pid, signal.SIGCONT)
            child:wait()
            system.in_:tcsetpgrp(own)
            say("status", child.exit_code)
        ]])
        local pid = pty.expect(t, "pid (%d+)")
        pty.wait_state(pid, "T")
        pty.type(t, "go\n")
        pty.wait_state(pid, "S")
        pty.type(t, "input\n")
        pty.expect(t, "child has input")
        pty.expect(t, "status 0")
        p:wait()
    end))

    it("stops and continues by signals, which no wait takes for an end", closing(function()
        local p = process.start("while :; do sleep 0.05; done")
        p:kill(signal.SIGSTOP)
        pty.wait_state(p.pid, "T")
        local waiting = require "emilua".spawn(function() p:wait() end)
        helper.turns(5)
        p:kill(signal.SIGCONT)
        pty.wait_state(p.pid, "S")
        assert.is_number(p.pid)
        p:kill(signal.SIGTERM)
        waiting:join()
        assert.equal(signal.SIGTERM, p.exit_signal)
    end))

    it("keyboard signals reach the foreground group only", closing(function()
        local t, p = lua_session(SHELL:format [[
            local back = job("trap 'echo background hit' INT; while :; do sleep 0.05; done", false)
            local front = job("echo ready; while :; do sleep 0.05; done", true)
            front:wait()
            system.in_:tcsetpgrp(own)
            say("front", front.exit_signal)
            back:kill(signal.SIGKILL)
            back:wait()
            say("back", back.exit_signal)
        ]])
        pty.expect(t, "ready")
        pty.type(t, "\3")
        pty.expect(t, "front 2")
        local rest = pty.expect(t, "(.*)back 9")
        assert.is_nil(rest:find("hit", 1, true))
        p:wait()
    end))
end)

describe("system.terminal.size and set_size", function()
    it("get and set columns and rows", closing(function()
        local t = pty.open()
        assert.equal(0, select("#", terminal.set_size(t.slave, 132, 43)))
        assert.same({ 132, 43 }, { terminal.size(t.slave) })
        local child, p = shell_session [[
            stty size; trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done]]
        pty.expect(child, "0 0")
        pty.expect(child, "ready")
        terminal.set_size(child.slave, 80, 25)
        pty.expect(child, "25 80")
        p:wait()
    end))

    it("refuse what is no terminal, and what is no size", closing(function()
        local file = fd.open "/dev/null"
        helper.raises("system", "ENOTTY", function() terminal.size(file) end)
        helper.raises("system", "ENOTTY", function() terminal.set_size(file, 80, 25) end)
        for _, where in ipairs{ "stdlog", 1, {}, true } do
            helper.EINVAL(function() terminal.size(where) end, 1)
        end
        helper.EINVAL(function() terminal.set_size() end, 1)
        local t = pty.open()
        for _, value in ipairs{ -1, 65536, 1.5, "80" } do
            helper.EINVAL(function() terminal.set_size(t.slave, value, 25) end, 2)
            helper.EINVAL(function() terminal.set_size(t.slave, 80, value) end, 3)
        end
    end))
end)

describe("system.terminal.raw and restore", function()
    local function mode(slave)
        local text = system.run{ program = "stty", stdin = slave }.stdout
        return text:find("-icanon", 1, true) and "raw" or "cooked"
    end

    it("switch the terminal", closing(function()
        local t = pty.open()
        terminal.raw(t.slave)
        assert.equal("raw", mode(t.slave))
        terminal.raw(t.slave)
        local other = fd.keep(t.slave:dup())
        terminal.restore(other)
        assert.equal("cooked", mode(t.slave))
        terminal.restore(t.slave)
        helper.raises("system", "ENOTTY", function() terminal.raw(fd.open "/dev/null") end)
        helper.EINVAL(function() terminal.raw "x" end, 1)
        helper.EINVAL(function() terminal.restore(1) end, 1)
    end))

    it("are undone when the process ends", closing(function()
        for _, ending in ipairs{
            "", "system.exit(3)", "os.exit(3)", "error('failure')", "system.exit(3, { force = 2 })",
        } do
            local t, p = lua_session(([[
                local emilua, system = require "emilua", require "emilua.system"
                emilua.run(function()
                    system.terminal.raw()
                    local bs = require "emilua.byte_span".new(1)
                    system.out:write_some(require "emilua.byte_span".append "ready")
                    system.in_:read_some(bs)
                    %s
                end) ]]):format(ending))
            pty.expect(t, "ready")
            assert.equal("raw", mode(t.slave))
            pty.type(t, "x")
            p:wait()
            assert.equal("cooked", mode(t.slave))
        end
    end))
end)

describe("the standard streams on a terminal", function()
    it("a blocked read does not block other fibers", closing(function()
        local t, p = lua_session [[
            local emilua, system, time = require "emilua", require "emilua.system", require "emilua.time"
            local byte_span = require "emilua.byte_span"
            emilua.run(function()
                local reader = emilua.spawn(function()
                    local bs = byte_span.new(20)
                    local n = system.in_:read_some(bs)
                    system.out:write_some(byte_span.append("read ", bs:first(n)))
                end)
                for i = 1, 3 do
                    time.sleep(0.01)
                    system.err:write_some(byte_span.append("tick ", tostring(i), "\n"))
                end
                reader:join()
            end) ]]
        pty.expect(t, "tick 3")
        pty.type(t, "line\n")
        pty.expect(t, "read line")
        p:wait()
        assert.equal(0, p.exit_code)
    end))

    it("O_NONBLOCK is not left on the shared open file", closing(function()
        local t, p = lua_session [[
            local emilua, system = require "emilua", require "emilua.system"
            emilua.run(function()
                emilua.spawn(function() system.in_:read_some(emilua.byte_span.new(1)) end):detach()
                emilua.this_fiber.yield()
                local flags = io.open("/proc/self/fdinfo/0"):read("*a"):match("flags:%s*(%d+)")
                system.out:write_some(emilua.byte_span.append("nonblock ",
                    tostring(math.floor(tonumber(flags, 8) / 2048) % 2), "\n"))
            end) ]]
        pty.expect(t, "nonblock 0")
        pty.type(t, "\n")
        p:wait()
    end))

    it("an interrupted read leaves what is typed later to the next", closing(function()
        local t, p = lua_session [[
            local emilua, system, time = require "emilua", require "emilua.system", require "emilua.time"
            local byte_span = require "emilua.byte_span"
            emilua.run(function()
                local bs = byte_span.new(20)
                for _ = 1, 3 do
                    local reader = emilua.spawn(function() system.in_:read_some(bs) end)
                    time.sleep(0.01)
                    reader:interrupt()
                    reader:join()
                end
                system.out:write_some(byte_span.append "ready\n")
                local n = system.in_:read_some(bs)
                system.out:write_some(byte_span.append("read ", bs:first(n)))
            end) ]]
        pty.expect(t, "ready")
        pty.type(t, "whole line\n")
        pty.expect(t, "read whole line")
        p:wait()
    end))

    it("the end of input is eof", closing(function()
        local t, p = lua_session [[
            local emilua, system = require "emilua", require "emilua.system"
            emilua.run(function()
                print(pcall(system.in_.read_some, system.in_, emilua.byte_span.new(1)))
            end) ]]
        pty.type(t, "\4")
        pty.expect(t, "false\tEnd of file")
        p:wait()
    end))

    it("isatty, tcgetpgrp and tcsetpgrp", closing(function()
        local t, p = lua_session [[
            local system = require "emilua.system"
            print(system.in_:isatty(), system.out:isatty(), system.in_:tcgetpgrp() == system.getpgrp())
            system.in_:tcsetpgrp(system.getpgrp())
            print(pcall(system.err.tcsetpgrp, system.err, 0x7ffffff0)) ]]
        pty.expect(t, "true\ttrue\ttrue")
        pty.expect(t, "false\tNo such process")
        p:wait()
    end))
end)

describe("system.terminal.relay", function()
    -- Relays a shell script in a terminal of its own; further code may follow.
    local RELAY = [[
        local emilua, serial_port = require "emilua", require "emilua.serial_port"
        local system = require "emilua.system"
        emilua.run(function()
            local master, slave = serial_port.ptypair()
            local child = system.spawn {
                program = "sh", arguments = { "sh", "-c", %q }, environment = { PATH = "/usr/bin:/bin" },
                stdin = slave, stdout = slave, stderr = slave, start_new_session = true, set_ctty = slave,
            }
            slave:close()
            %s
            child:wait()
            print("status", child.exit_code)
        end) ]]
    local ALL = "system.terminal.relay(master:release())"

    it("copies both ways, and brings the mode back", closing(function()
        local t, p = lua_session(RELAY:format("stty -echo; echo name?; read name; echo hello $name; exit 3", ALL))
        pty.expect(t, "name%?")
        pty.type(t, "you\n")
        assert.equal("\r\nhello you\r\n", (pty.expect(t, "(.*)status\t3")))
        p:wait()
        local mode = system.run{ program = "stty", arguments = { "stty", "-a" }, stdin = t.slave }.stdout
        assert.truthy(mode:find " icanon")
    end))

    it("has all that was shown, however much", closing(function()
        local t, p = lua_session(RELAY:format("seq 20000", ALL))
        assert.equal("20000", (pty.expect(t, "(%d+)\r\nstatus\t0")))
        p:wait()
    end))

    it("passes control characters on, and the size", closing(function()
        local t, p = lua_session(RELAY:format([[
            trap "echo interrupted" INT; trap "stty size" WINCH
            echo ready; while :; do sleep 0.05; test -e $0; done & wait; wait; wait]], ALL))
        pty.expect(t, "ready")
        pty.type(t, "\3")
        pty.expect(t, "interrupted")
        terminal.set_size(t.slave, 100, 40)
        pty.expect(t, "40 100")
        p:kill(signal.SIGKILL)
        p:wait()
    end))

    it("is hung up with our terminal", closing(function()
        local name = os.tmpname()
        local t, p = lua_session("local hangups = require 'emilua.system'.signal.set.new(1);" .. RELAY:format(
            ("trap 'echo hangup >%s; exit' HUP; echo ready; while :; do sleep 0.05; done"):format(name), ALL))
        pty.expect(t, "ready")
        t.slave:close()
        t.reader:close()
        t.writer:close()
        p:wait()
        assert.equal(0, p.exit_code)
        -- The shell may outlive it, and is told by the kernel.
        local wait = "for i in $(seq 600); do if [ -s %s ]; then break; fi; sleep 0.05; done; cat %s; rm %s"
        assert.equal("hangup\n", (helper.shell((wait:gsub("%%s", name)))))
    end))

    it("ends, and hangs up, when it is interrupted", closing(function()
        local t, p = lua_session(RELAY:format("trap 'exit 7' HUP; echo ready; while :; do sleep 0.05; done", [[
            local relay = emilua.spawn(function() system.terminal.relay(master:release()) end)
            require "emilua.time".sleep(0.2)
            relay:interrupt()
            relay:join()
            print("interrupted", relay.interruption_caught) ]]))
        pty.expect(t, "interrupted\ttrue\r\n")
        pty.expect(t, "status\t7")
        p:wait()
    end))

    it("refuses what is no descriptor, and a standard input that is no terminal", closing(function()
        for _, master in ipairs{ "stdin", 1, {}, true } do
            helper.EINVAL(function() terminal.relay(master) end, 1)
        end
        local output = helper.child([[
            require "emilua".run(function()
                local master, slave = require "emilua.serial_port".ptypair()
                print(pcall(require "emilua.system".terminal.relay, master:release()))
                slave:close()
            end) ]])
        assert.equal("false\tInappropriate ioctl for device\n", output)
    end))
end)
