-- no_new_privs, seccomp and Landlock for the process itself; each promise with its negative twin.

local byte_span = require "emilua.byte_span"
local system = require "emilua.system"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"

local closing = fd.closing

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

describe("system.landlock_create_ruleset", function()
    it("tells the version of the kernel's interface", function()
        assert.is_true(system.landlock_create_ruleset(nil, { "version" }) >= 1)
    end)

    it("makes a ruleset", closing(function()
        local ruleset = fd.keep(system.landlock_create_ruleset{ handled_access_fs = { "execute", "refer" } })
        assert.equal("file_descriptor", getmetatable(ruleset))
        assert.is_true(fd.is_close_on_exec(ruleset))
        fd.keep(system.landlock_create_ruleset({ handled_access_fs = { "execute", "execute" } }, {}))
    end))

    it("refuses bad arguments", function()
        for _, attr in ipairs{ 1, "x", {}, { handled_access_fs = "execute" }, { handled_access_fs = { "none" } },
            { handled_access_fs = { 1 } } } do
            helper.EINVAL(function() system.landlock_create_ruleset(attr) end, 1)
        end
        helper.EINVAL(function() system.landlock_create_ruleset() end, 1)
        helper.EINVAL(function() system.landlock_create_ruleset({}, { "version" }) end, 1)
        for _, flags in ipairs{ 1, "version", { "none" } } do
            helper.EINVAL(function() system.landlock_create_ruleset(nil, flags) end, 2)
        end
        helper.raises("system", 42, function() system.landlock_create_ruleset{ handled_access_fs = {} } end)
    end)
end)

describe("system.landlock_add_rule", function()
    it("refuses bad arguments", closing(function()
        local ruleset = fd.keep(system.landlock_create_ruleset{ handled_access_fs = { "execute" } })
        local file = fd.open "/etc"
        local rule = { allowed_access = { "execute" }, parent_fd = file }
        assert.equal(0, select("#", system.landlock_add_rule(ruleset, "path_beneath", rule)))
        for _, value in ipairs(fd.wrong_descriptors()) do
            helper.EINVAL(function() system.landlock_add_rule(value, "path_beneath", rule) end, 1)
            helper.EINVAL(function()
                system.landlock_add_rule(ruleset, "path_beneath", { allowed_access = { "execute" }, parent_fd = value })
            end, 3)
        end
        helper.EINVAL(function() system.landlock_add_rule(ruleset, "net_port", rule) end, 2)
        helper.EINVAL(function() system.landlock_add_rule(ruleset, "path_beneath", 1) end, 3)
        helper.EINVAL(function()
            system.landlock_add_rule(ruleset, "path_beneath", { allowed_access = { "x" }, parent_fd = file })
        end, 3)
        helper.raises("system", "EINVAL", function()
            system.landlock_add_rule(ruleset, "path_beneath", { allowed_access = { "read_file" }, parent_fd = file })
        end)
    end))
end)

describe("system.landlock_restrict_self", function()
    local SOURCE = [[
        local ruleset = system.landlock_create_ruleset{ handled_access_fs = { "read_file" } }
        local function can_read(path)
            local file = io.open(path)
            if file then file:close() end
            return file ~= nil
        end
        local directory = system.get_lowfd(3)
        system.landlock_add_rule(ruleset, "path_beneath", { allowed_access = { "read_file" }, parent_fd = directory })
        print(can_read "/etc/passwd", can_read "/usr/bin/env")
        %s
        system.landlock_restrict_self(ruleset)
        print(can_read "/etc/passwd", can_read "/usr/bin/env") ]]

    it("forbids what no rule allows", function()
        local source = SOURCE:format "system.set_no_new_privs()"
        assert.same({ "true\ttrue\nfalse\ttrue\n", 0 }, lua(source, { before = "exec 3</usr;" }))
    end)

    it("is EBUSY while the process has other threads", function()
        local text, status = unpack(lua(SOURCE:format [[
            local ffi = require "ffi"
            ffi.cdef "int pthread_create(unsigned long *, void *, void *, void *); unsigned pause(void);"
            local pthread, thread = ffi.load "libpthread.so.0", ffi.new "unsigned long[1]"
            assert(pthread.pthread_create(thread, nil, ffi.cast("void *", ffi.C.pause), nil) == 0)
            local ok, e = pcall(system.landlock_restrict_self, ruleset)
            print(ok, e.detail, can_read "/etc/passwd")
            os.exit(0) ]], { before = "exec 3</usr;" }))
        assert.equal("true\ttrue\nfalse\tlandlock_restrict_self acts on one thread, and the process has 2: " ..
            "call it before the first run\ttrue\n", text)
        assert.equal(0, status)
    end)

    it("takes a ruleset", function()
        helper.EINVAL(function() system.landlock_restrict_self(1) end, 1)
    end)
end)
