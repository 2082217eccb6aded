-- system.in_, out and err on files, pipes and sockets; on terminals: system_terminal_spec.lua.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local system = require "emilua.system"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"

local closing = fd.closing
local quote = helper.quote

helper.install()

-- Runs a body in a run of a child interpreter. `input` and `after` are shell text: a command that writes to the
-- interpreter, and redirections; `alone`: no other process has its streams.
local function run(body, opts)
    opts = opts or {}
    local script = helper.write_temporary(([[
        local emilua, system, time = require "emilua", require "emilua.system", require "emilua.time"
        local byte_span = require "emilua.byte_span"
        local bs = byte_span.new(1000)
        -- LuaJIT does not close its standard files.
        require "ffi".cdef "int close(int);"
        local close = require "ffi".C.close
        local function say(...) system.out:write_some(byte_span.append(...)) end
        emilua.run(function() %s end) ]]):format(body))
    local before = opts.input and opts.input .. " | " or ""
    local after = opts.after or (opts.input and "" or "</dev/null")
    local limit = opts.alone and "" or "timeout 60"
    local text, status = helper.shell(("%s LUA_CPATH=%s %s %s %s %s"):format(before, quote(helper.root .. "?.so;;"),
        limit, helper.interpreter, script, after))
    os.remove(script)
    return text, status
end

-- Reads to the end and prints each read in brackets.
local READ_ALL = [[
    while true do
        local ok, n = pcall(system.in_.read_some, system.in_, bs)
        if not ok then
            say(tostring(n), "\n")
            break
        end
        say("[", bs:first(n), "]")
    end ]]

describe("system.in_.read_some", function()
    it("reads a pipe as it is written", function()
        assert.equal("[one][two]End of file\n", (run(READ_ALL, { input = "(printf one; sleep 0.2; printf two)" })))
    end)

    it("reads a regular file from where it stands", function()
        local path = helper.write_temporary "head of a file"
        local text = run("bs = byte_span.new(5)" .. READ_ALL, { after = "<" .. path })
        assert.equal("[head ][of a ][file]End of file\n", text)
        os.remove(path)
    end)

    it("reads /dev/null, sockets and FIFOs", function()
        assert.equal("End of file\n", (run(READ_ALL, { after = "</dev/null" })))
        local path = os.tmpname()
        os.remove(path)
        helper.shell("mkfifo " .. path)
        local text = run(READ_ALL, { input = ("(sleep 0.1; printf text >%s)"):format(path),
            after = "<" .. path })
        assert.equal("[text]End of file\n", text)
        os.remove(path)
        local script = helper.write_temporary(([[
            local emilua, system = require "emilua", require "emilua.system"
            local byte_span = require "emilua.byte_span"
            emilua.run(function()
                local bs = byte_span.new(100)
                local n = system.in_:read_some(bs)
                system.out:write_some(byte_span.append("got ", bs:first(n)))
            end) ]]))
        text = helper.shell(("(sleep 0.1; printf socket) | LUA_CPATH=%s socat -t 30 - EXEC:'%s %s'"):format(
            quote(helper.root .. "?.so;;"), helper.interpreter, script))
        os.remove(script)
        assert.equal("got socket", text)
    end)

    it("does not hold other fibers up, and ignores self", function()
        local text = run([[
            local ticks = 0
            local ticker = emilua.spawn(function()
                while true do
                    time.sleep(0.005)
                    ticks = ticks + 1
                end
            end)
            local n = system.in_.read_some(nil, bs)
            ticker:interrupt()
            ticker:join()
            say(bs:first(n), " ", tostring(ticks > 3)) ]], { input = "(sleep 0.3; printf text)" })
        assert.equal("text true", text)
    end)

    it("that is interrupted has read nothing", function()
        local text = run([[
            for _ = 1, 20 do
                local reader = emilua.spawn(function() system.in_:read_some(byte_span.new(1)) end)
                time.sleep(0.001)
                reader:interrupt()
                reader:join()
                if not reader.interruption_caught then say "lost" end
            end
            say "ready "
            while true do
                local ok, n = pcall(system.in_.read_some, system.in_, bs)
                if not ok then break end
                say(bs:first(n))
            end ]], { input = "(sleep 0.3; printf complete)" })
        assert.equal("ready complete", text)
    end)

    it("serves its readers in the order of their calls", function()
        local text = run([[
            local readers = {}
            for i = 1, 3 do
                readers[i] = emilua.spawn(function()
                    local one = byte_span.new(1)
                    system.in_:read_some(one)
                    say(tostring(i), "=", one, " ")
                end)
            end
            for i = 1, 3 do readers[i]:join() end ]], { input = "(sleep 0.1; printf abc)" })
        assert.equal("1=a 2=b 3=c ", text)
    end)

    it("leaves O_NONBLOCK off", function()
        local text = run([[
            local reader = emilua.spawn(function() system.in_:read_some(bs) end)
            time.sleep(0.01)
            for n = 0, 1 do
                local flags = io.open("/proc/self/fdinfo/" .. n):read("*a"):match("flags:%s*(%d+)")
                say(tostring(math.floor(tonumber(flags, 8) / 2048) % 2))
            end
            reader:join() ]], { input = "(sleep 0.3; echo)" })
        assert.equal("00", text)
    end)

    it("raises the system's error where nothing is open", function()
        local text = run [[
            close(0)
            say(tostring(select(2, pcall(system.in_.read_some, system.in_, bs)))) ]]
        assert.equal("Bad file descriptor", text)
    end)

    it("checks its arguments", closing(function()
        helper.EINVAL(function() system.in_:read_some "text" end, 2)
        helper.EINVAL(function() system.in_:read_some() end, 2)
        emilua.this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() system.in_:read_some(byte_span.new(1)) end)
        emilua.this_fiber.allow_suspend()
        assert.equal(0, system.in_:read_some(byte_span.new(0)))
    end))
end)

describe("system.out.write_some and system.err.write_some", function()
    it("write", function()
        assert.equal("out err ", (run [[
            assert(system.out:write_some(byte_span.append "out ") == 4)
            assert(system.err.write_some(1, byte_span.append "err ") == 4) ]]))
    end)

    it("wait for a slow reader without holding other fibers up", function()
        local text = run([[
            local ticks = 0
            local ticker = emilua.spawn(function()
                while true do
                    time.sleep(0.005)
                    ticks = ticks + 1
                end
            end)
            local left = byte_span.with_zeros(300000)
            while #left > 0 do left = left:slice(system.out:write_some(left) + 1) end
            ticker:interrupt()
            ticker:join()
            system.err:write_some(byte_span.append(ticks > 3 and "ticked" or "blocked", "\n")) ]],
            { after = "</dev/null 2>&1 | { sleep 0.3; wc -c; }" })
        -- The word is counted too.
        assert.equal(300000 + 7, tonumber(text))
    end)

    it("write to regular files, at the shared position", function()
        local path = os.tmpname()
        run([[
            say "first "
            os.execute "printf 'second '"
            say "third" ]], { after = ">" .. path })
        local text = io.open(path):read "*a"
        os.remove(path)
        assert.equal("first second third", text)
    end)

    it("raise EPIPE when the reader has gone", function()
        local script = [[
            time.sleep(0.2)
            local ok, e = pcall(function() while true do say(("x"):rep(1000)) end end)
            io.stderr:write(tostring(e.category), " ", e.code, "\n") ]]
        assert.equal("system 32\n", (run(script, { after = "</dev/null | true" })))
    end)

    it("are /dev/null when the process was started without them", function()
        local names = os.tmpname()
        run(([[
            time.sleep(0.001)
            os.execute "readlink /proc/$PPID/fd/0 /proc/$PPID/fd/1 /proc/$PPID/fd/2 >%s"
        ]]):format(names), { after = "<&- >&- 2>&-" })
        assert.equal(("/dev/null\n"):rep(3), io.open(names):read "*a")
        os.remove(names)
    end)

    it("keep no pipe open", function()
        -- The reader sees the end as soon as ours is closed.
        local pipe = "| { cat; printf ' end '; sleep 0.6; }"
        local text = run([[
            say "text"
            close(1)
            time.sleep(0.3)
            io.stderr:write "later" ]], { after = "</dev/null " .. pipe, alone = true })
        assert.equal("text end later", text)
    end)

    it("work when there are no descriptors left", function()
        assert.equal("said so", (run([[
            local files = {}
            repeat files[#files + 1] = io.open "/dev/null" or false until files[#files] == false
            say "said so" ]], { input = "ulimit -n 64; true" })))
    end)

    it("check their arguments", closing(function()
        for _, name in ipairs{ "out", "err" } do
            helper.EINVAL(function() system[name]:write_some "text" end, 2)
            assert.equal(0, system[name]:write_some(byte_span.new(0)))
        end
    end))
end)

describe("dup and dup_from of the standard streams", function()
    it("dup duplicates", closing(function()
        for name, number in pairs{ in_ = 0, out = 1, err = 2 } do
            local copy = fd.keep(system[name]:dup())
            assert.equal("file_descriptor", getmetatable(copy))
            assert.equal(fd.target(copy), (helper.shell(("readlink /proc/%s/fd/%d"):format(helper.pid(), number))))
            assert.is_true(fd.is_close_on_exec(copy))
        end
    end))

    it("dup_from replaces", function()
        assert.equal("to error\nback\n", (run([[
            local out = system.out:dup()
            local err = system.err:dup()
            system.out:dup_from(err)
            say "to error\n"
            system.out:dup_from(out)
            say "back\n" ]])))
    end)

    it("dup_from takes a descriptor, which stays open", closing(function()
        for _, value in ipairs(fd.wrong_descriptors()) do
            helper.EINVAL(function() system.in_:dup_from(value) end, 2)
        end
        local file, before = fd.open "/dev/zero", fd.keep(system.in_:dup())
        system.in_:dup_from(file)
        local bs = byte_span.append "xyz"
        assert.equal(3, system.in_:read_some(bs))
        assert.equal("\0\0\0", tostring(bs))
        system.in_:dup_from(before)
        assert.equal("character", file.type)
    end))
end)

describe("isatty, tcgetpgrp and tcsetpgrp of what is no terminal", function()
    it("say so", function()
        assert.equal("false ENOTTY ENOTTY", (run([[
            local ok, e = pcall(system.in_.tcgetpgrp, system.in_)
            local _, other = pcall(system.in_.tcsetpgrp, system.in_, system.getpgrp())
            say(tostring(system.in_:isatty()), " ", e.code == 25 and "ENOTTY", " ", other.code == 25 and "ENOTTY") ]])))
        helper.EINVAL(function() system.in_:tcsetpgrp "x" end, 2)
    end)

    it("are plain tables", function()
        assert.equal("table", type(system.in_))
        assert.is_nil(system.in_.write_some)
        assert.is_nil(system.out.read_some)
    end)
end)
