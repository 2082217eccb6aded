-- linux_capabilities and the functions about them.

local system = require "emilua.system"
local environment = require "spec.environment"
local helper = require "spec.helper"
local process = require "spec.process_helper"

helper.install()

local from_text, init = system.cap_from_text, system.cap_init

local function lua(source) return { helper.child("local system = require 'emilua.system'\n" .. source) } end

describe("system.cap_get_proc", function()
    it("is what the process has", function()
        local caps = system.cap_get_proc()
        assert.equal("linux_capabilities", getmetatable(caps))
        assert.equal(tostring(caps), helper.shell("getpcaps " .. helper.pid()):match ": (.-)%s*$")
    end)
end)

describe("the text of capabilities", function()
    it("is that of cap_to_text", function()
        local texts = {
            "=", "=ep", "=eip", "cap_chown=ep", "cap_chown,cap_kill=ep cap_fowner+i", "=ep cap_kill-e", "=p cap_kill+e",
            "cap_net_raw=eip cap_chown-i", "all=i", "cap_sys_admin+p cap_sys_admin+e", "CAP_KILL=p",
            "cap_chown=p+i", "cap_chown=pei-e", "=", "7=p", "cap_chown,cap_dac_override,cap_kill=p",
            "=ip cap_bpf,cap_perfmon+e cap_kill-ip", "cap_kill= cap_kill=p",
        }
        for _, text in ipairs(texts) do
            -- Their own reading and writing of the same text, in a child that has nothing else.
            local wanted = helper.shell(("python3 - %s <<'END'\n%s\nEND"):format(helper.quote(text), [[
import ctypes, sys
cap = ctypes.CDLL("libcap.so.2")
cap.cap_from_text.restype = ctypes.c_void_p
cap.cap_to_text.restype = ctypes.c_char_p
cap.cap_to_text.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
c = cap.cap_from_text(sys.argv[1].encode())
print(cap.cap_to_text(c, None).decode() if c else "EINVAL", end="")]]))
            assert.equal(wanted, tostring(from_text(text)), text)
        end
    end)

    it("that is none is system EINVAL", function()
        for _, text in ipairs{
            "cap_chown", "cap_no=ep", "+ep", "cap_kill=x", "-e", "cap_kill,=e", "99=e", "cap_kill ep",
        } do
            helper.raises("system", "EINVAL", function() from_text(text) end)
        end
        helper.EINVAL(function() from_text(1) end, 1)
        assert.equal("=", tostring(from_text ""))
    end)
end)

describe("linux_capabilities", function()
    it("dup is another set", function()
        local first = from_text "cap_kill=ep"
        local second = first:dup()
        second:clear()
        assert.equal("cap_kill=ep", tostring(first))
        assert.equal("=", tostring(second))
    end)

    it("clear_flag, get_flag, set_flag", function()
        local caps = init()
        caps:set_flag("permitted", { "cap_kill", "cap_chown" }, true)
        caps:set_flag("effective", { "cap_kill" }, true)
        assert.is_true(caps:get_flag("cap_kill", "effective"))
        assert.is_false(caps:get_flag("cap_chown", "effective"))
        assert.is_false(caps:get_flag("cap_kill", "inheritable"))
        caps:set_flag("permitted", { "cap_chown" }, false)
        assert.equal("cap_kill=ep", tostring(caps))
        caps:clear_flag "effective"
        assert.equal("cap_kill=p", tostring(caps))
    end)

    it("fill and fill_flag copy vectors", function()
        local caps, ref = init(), from_text "cap_kill=p cap_chown=i"
        caps:fill_flag("effective", ref, "inheritable")
        assert.equal("cap_chown=e", tostring(caps))
        caps:fill("permitted", "effective")
        assert.equal("cap_chown=ep", tostring(caps))
        ref:clear()
        assert.equal("cap_chown=ep", tostring(caps))
    end)

    it("get_nsowner and set_nsowner", function()
        local caps = init()
        assert.equal(0, caps:get_nsowner())
        caps:set_nsowner(1000)
        assert.equal(1000, caps:get_nsowner())
        assert.equal(1000, caps:dup():get_nsowner())
        for _, value in ipairs{ -1, "1", 1.5, 2 ^ 32 } do helper.EINVAL(function() caps:set_nsowner(value) end, 2) end
    end)

    it("set_proc gives capabilities up", function()
        environment.need("root", process.is_root)
        assert.same({ "cap_kill=ep\nfalse\tOperation not permitted\n", 0 }, lua [[
            system.cap_from_text "cap_kill=ep":set_proc()
            print(system.cap_get_proc())
            print(pcall(function() system.cap_from_text "cap_kill,cap_chown=ep":set_proc() end)) ]])
    end)

    it("refuses wrong arguments", function()
        local caps = init()
        for _, flag in ipairs{ "all", 1, {}, "Effective" } do
            helper.EINVAL(function() caps:clear_flag(flag) end, 2)
            helper.EINVAL(function() caps:get_flag("cap_kill", flag) end, 3)
            helper.EINVAL(function() caps:set_flag(flag, {}, true) end, 2)
            helper.EINVAL(function() caps:fill(flag, "effective") end, 2)
            helper.EINVAL(function() caps:fill("effective", flag) end, 3)
            helper.EINVAL(function() caps:fill_flag(flag, caps, "effective") end, 2)
            helper.EINVAL(function() caps:fill_flag("effective", caps, flag) end, 4)
        end
        helper.EINVAL(function() caps:fill_flag("effective", {}, "effective") end, 3)
        for _, name in ipairs{ "kill", "cap_none", 5, {} } do
            helper.EINVAL(function() caps:get_flag(name, "effective") end, 2)
            helper.EINVAL(function() caps:set_flag("effective", { "cap_chown", name }, true) end, 3)
            helper.EINVAL(function() system.cap_get_bound(name) end, 1)
            helper.EINVAL(function() system.cap_get_ambient(name) end, 1)
            helper.EINVAL(function() system.cap_drop_bound(name) end, 1)
            helper.EINVAL(function() system.cap_set_ambient(name, true) end, 1)
        end
        assert.equal("=", tostring(caps))
        helper.EINVAL(function() caps:set_flag("effective", "cap_kill", true) end, 3)
        helper.EINVAL(function() caps:set_flag("effective", {}, 1) end, 4)
        helper.EINVAL(function() system.cap_set_ambient("cap_kill", 1) end, 2)
        helper.EINVAL(function() system.cap_set_secbits "1" end, 1)
        for _, name in ipairs{ "dup", "clear", "clear_flag", "get_flag", "set_flag", "fill_flag", "fill", "set_proc",
            "get_nsowner", "set_nsowner" } do
            helper.EINVAL(function() caps[name]({}) end, 1)
        end
        helper.bad_index(function() return caps.flags end)
        helper.bad_index(function() caps.x = 1 end)
    end)
end)

describe("bounding set, ambient set and secure bits", function()
    it("are the process's", function()
        environment.need("root", process.is_root)
        assert.same({ "true\tfalse\nfalse\ttrue\tfalse\nfalse\nOK\n", 0 }, lua [[
            print(system.cap_get_bound "cap_kill", system.cap_get_ambient "cap_kill")
            local caps = system.cap_get_proc()
            caps:set_flag("inheritable", { "cap_kill" }, true)
            caps:set_proc()
            system.cap_set_ambient("cap_kill", true)
            system.cap_drop_bound "cap_chown"
            print(system.cap_get_bound "cap_chown", system.cap_get_ambient "cap_kill",
                system.cap_get_ambient "cap_chown")
            system.cap_reset_ambient()
            print(system.cap_get_ambient "cap_kill")
            local bits = system.SECBIT_NOROOT + system.SECBIT_NOROOT_LOCKED
            assert(system.cap_get_secbits() == 0)
            system.cap_set_secbits(bits)
            assert(system.cap_get_secbits() == bits)
            local ok, e = pcall(system.cap_set_secbits, 0)
            print(not ok and e.code == 1 and tostring(e.category) == "system" and "OK") ]])
    end)

    it("have the kernel's constants", function()
        local names = { "NOROOT", "NO_SETUID_FIXUP", "KEEP_CAPS", "NO_CAP_AMBIENT_RAISE" }
        for i, name in ipairs(names) do
            assert.equal(4 ^ (i - 1), system["SECBIT_" .. name])
            assert.equal(4 ^ (i - 1) * 2, system["SECBIT_" .. name .. "_LOCKED"])
        end
    end)
end)

describe("what acts on one thread", function()
    it("is EBUSY while the process has others", function()
        assert.same({ ("EBUSY\n"):rep(5), 0 }, lua [[
            local ffi = require "ffi"
            ffi.cdef "int pthread_create(unsigned long *, void *, void *, void *); unsigned pause(void);"
            -- A thread that does nothing: its function is pause(2).
            local pthread = ffi.load "libpthread.so.0"
            local thread = ffi.new "unsigned long[1]"
            assert(pthread.pthread_create(thread, nil, ffi.cast("void *", ffi.C.pause), nil) == 0)
            local generic_error = require "emilua.generic_error"
            for _, f in ipairs{
                function() system.cap_get_proc():set_proc() end,
                function() system.cap_set_ambient("cap_kill", false) end,
                function() system.cap_drop_bound "cap_kill" end,
                function() system.cap_set_secbits(0) end,
                function() system.cap_reset_ambient() end,
            } do
                local ok, e = pcall(f)
                print(not ok and e == generic_error.EBUSY and e.detail:find "thread" and "EBUSY" or e)
            end
            os.exit(0) ]])
    end)
end)
