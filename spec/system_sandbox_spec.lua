-- no_new_privs and seccomp for the process itself; each promise with its negative twin.

local byte_span = require "emilua.byte_span"
local system = require "emilua.system"
local helper = require "spec.helper"

helper.install()

local function lua(source, opts)
    local head = "local system, byte_span = require 'emilua.system', require 'emilua.byte_span'\n"
    return { helper.child(head .. source, opts) }
end

-- A program that makes getppid(2) fail with EPERM.
local NO_GETPPID = ([[
    local function instruction(code, jt, jf, k)
        return string.char(code %% 256, math.floor(code / 256), jt, jf, k %% 256, math.floor(k / 256) %% 256,
            math.floor(k / 65536) %% 256, math.floor(k / 16777216))
    end
    local filter = byte_span.append(instruction(0x20, 0, 0, 0), instruction(0x15, 0, 1, %d),
        instruction(6, 0, 0, 0x00050001), instruction(6, 0, 0, 0x7fff0000)) ]]):format(jit.arch == "x64" and 110 or 173)

describe("system.set_no_new_privs", function()
    it("holds for every thread", function()
        assert.same({ "0\n1 1\n", 0 }, lua [[
            local ffi = require "ffi"
            ffi.cdef "int pthread_create(unsigned long *, void *, void *, void *); unsigned pause(void);"
            local pthread, thread = ffi.load "libpthread.so.0", ffi.new "unsigned long[1]"
            local function read()
                local pipe = io.popen("cat /proc/" .. system.getpid() .. "/task/*/status | grep NoNewPrivs")
                local text = pipe:read("*a"):gsub("NoNewPrivs:%s*", ""):gsub("%s+$", ""):gsub("%s+", " ")
                pipe:close()
                return text
            end
            print(read())
            assert(pthread.pthread_create(thread, nil, ffi.cast("void *", ffi.C.pause), nil) == 0)
            system.set_no_new_privs()
            print(read())
            os.exit(0) ]])
    end)
end)

describe("system.seccomp_set_mode_filter", function()
    it("holds from then on, also for children", function()
        assert.same({ "true\ttrue\nfalse\tOperation not permitted\n", 0 }, lua(NO_GETPPID .. [[
            print(system.getppid() > 0, (pcall(system.getppid)))
            system.set_no_new_privs()
            system.seccomp_set_mode_filter(filter)
            print(pcall(system.getppid)) ]]))
    end)

    it("needs a program", function()
        for _, value in ipairs{ 1, "x", {}, byte_span.new(0), byte_span.new(12) } do
            helper.EINVAL(function() system.seccomp_set_mode_filter(value) end, 1)
        end
        assert.same({ "false\tInvalid argument\n", 0 }, lua [[
            system.set_no_new_privs()
            print(pcall(system.seccomp_set_mode_filter, byte_span.new(8))) ]])
    end)
end)
