-- examples/container: what root of a container can do to the agent, the tool's own process in there.

local helper = require "spec.helper"
local container = require "spec.container_helper"
local process = require "spec.process_helper"

helper.install()

local directory

setup(function()
    directory = container.directory()
    container.add_debian(directory)
end)
teardown(function() container.remove(directory) end)

-- Tries what a debugger does on each process of its arguments, and prints what it was allowed to do.
local ATTACK = [[
    local ffi = require "ffi"
    ffi.cdef "long syscall(long, ...); int open(const char *, int);"
    local KCMP, PIDFD_GETFD, PIDFD_OPEN, PTRACE, VM_READ = 312, 438, 434, 101, 310
    local ATTACH, EPERM, EACCES = 16, 1, 13

    local function call(...)
        local words = {}
        for i = 1, 7 do words[i] = ffi.cast("long", (select(i, ...)) or 0) end
        return ffi.C.syscall(unpack(words))
    end
    local function open(path) return ffi.C.open(path, 0) end

    local self = call(39)
    local byte = ffi.new "char[1]"
    local vector = ffi.new("struct { void *base; size_t length; }[1]", { { byte, 1 } })
    local tries = {
        { "attach", function(pid) return call(PTRACE, ATTACH, pid) end },
        { "mem", function(pid) return open("/proc/" .. pid .. "/mem") end },
        -- An address that is not mapped there is another error.
        { "read", function(pid) return call(VM_READ, pid, vector, 1, vector, 1) end },
        { "descriptor", function(pid) return open("/proc/" .. pid .. "/fd/1") end },
        { "take", function(pid) return call(PIDFD_GETFD, call(PIDFD_OPEN, pid), 1) end },
        { "compare", function(pid) return call(KCMP, pid, self, 1) end },
        { "root", function(pid) return open("/proc/" .. pid .. "/root/etc") end },
    }
    -- The last one is a copy of the shell before it is what the shell runs, with descriptors of its own.
    repeat
        local file = io.open("/proc/" .. arg[#arg] .. "/comm")
        local name = file:read()
        file:close()
    until name == "sleep"
    for _, pid in ipairs(arg) do
        io.write(pid == arg[#arg] and "own" or pid)
        for _, try in ipairs(tries) do
            local result = try[2](tonumber(pid))
            local errno = ffi.errno()
            if result >= 0 or errno ~= EPERM and errno ~= EACCES then io.write(" ", try[1]) end
        end
        io.write "\n"
    end
]]

describe("root of a container", function()
    it("cannot trace the agent, read its memory or take its descriptors", function()
        local attack = helper.write_temporary(ATTACK)
        local options = ("--volume %s:/attack.lua:ro"):format(attack)
        local script = "sleep 60 </dev/null >/dev/null & luajit /attack.lua 2 $!"
        local line = ("timeout -k 5 60 %s %s %s/debian -- sh -c '%s'"):format(container.run_command, options, directory,
            script)
        helper.shell(("chmod 644 %s; chown -R 65534:65534 %s"):format(attack, directory))
        for _, command in ipairs { line, process.unprivileged(line) } do
            local output, status = helper.shell(command)
            assert.equal("2\nown attach mem read descriptor take compare root\n", output)
            assert.equal(0, status)
        end
        os.remove(attack)
    end)

    it("can stop or kill it, which hurts its own container alone", function()
        local script = "kill -STOP 2 && echo stopped; kill -9 2; sleep 60"
        local output, status = container.shell(directory .. "/debian", script)
        assert.equal("stopped\n", output)
        assert.equal(137, status)
    end)
end)
