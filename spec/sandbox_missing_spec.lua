-- What a system lacks is an error that names it, unless it is given up; what is left still stands. Features are taken
-- away by seccomp filters and sysctls, from programs that run for the purpose.

local emilua = require "emilua"
local sandbox = require "emilua.sandbox"
local helper = require "spec.helper"
local process = require "spec.process_helper"
local specs = require "spec.sandbox_helper"

helper.install()

local NAMESPACES = {
    "user_namespace", "mount_namespace", "pid_namespace", "net_namespace", "ipc_namespace", "uts_namespace",
}

local function quoted(list)
    local parts = {}
    for i, name in ipairs(list) do parts[i] = ("%q"):format(name) end
    return "{ " .. table.concat(parts, ", ") .. " }"
end

-- What a guest can do that has neither a root of its own nor a PID namespace.
local GUEST = [[
    local ffi = require "ffi"
    local C = ffi.C
    ffi.cdef "int open(const char *, int, ...); int kill(int, int); int socket(int, int, int); int getppid(void);"
    ffi.cdef "int chmod(const char *, unsigned); int mount(const char *, const char *, const char *, long, void *);"
    print("file", C.open("/etc/passwd", 0) >= 0 and "open" or "refused")
    print("write", C.open("/tmp/emilua-spec", 0x41, ffi.cast("int", 384)) >= 0 and "open" or "refused")
    print("signal", C.kill(C.getppid(), 0) == 0 and "sent" or "refused")
    print("socket", C.socket(2, 1, 0) >= 0 and "made" or "refused")
    print("mode", C.chmod("/tmp", 1023) == 0 and "changed" or "refused")
    print("mount", C.mount("none", "/tmp", "tmpfs", 0, nil) == 0 and "made" or "refused")
    print("computes", 1 + 1)
    -- The channel ends before the process does, and with it the host.
    io.flush()
]]
local WALLED = "file\trefused\nwrite\trefused\nsignal\trefused\nsocket\trefused\nmode\trefused\nmount\trefused\n"
    .. "computes\t2\n"

-- A program that installs `filter`, and prints what sandbox.new says, and what it says when `given_up` is allowed; then
-- runs a guest.
local function program(filter, given_up)
    return ([[
        local emilua, sandbox = require "emilua", require "emilua.sandbox"
        local system, seccomp = require "emilua.system", require "emilua.seccomp"
        local rules = %s
        if rules then
            system.set_no_new_privs()
            system.seccomp_set_mode_filter(seccomp.compile { default = "allow", syscalls = rules })
        end
        local given_up = %s
        emilua.run(function()
            local ok, e = pcall(sandbox.new)
            print(ok, ok or e.code, ok or e.detail)
            io.stdout:flush()
            local box = sandbox.new { allow_degraded = given_up }
            for name, state in pairs(box.report) do
                if state == "given up" then given_up[name] = true end
            end
            for i, name in ipairs(given_up) do assert(given_up[name], name) end
            local guest = emilua.spawn_vm(box:context { source = %q, stdout = "share", stderr = "share" })
            local ended = function() return not pcall(guest.send, guest, 1) end
            while not ended() do require("emilua.time").sleep(0.01) end
        end)
    ]]):format(filter, quoted(given_up), GUEST)
end

-- Each of the names must be in the error, with a text; none may be left out. Then the guest is walled.
local function check(text, reasons, walled)
    local detail, output = text:match "^false\t95\tthis system lacks what the sandbox needs: ([^\n]*)\n(.*)$"
    assert.is_truthy(detail, text)
    for name, reason in pairs(reasons) do
        local found = (detail .. ";"):match("%f[%w_]" .. name .. " (%b())")
        assert.is_truthy(found, name .. " in " .. detail)
        assert.matches(reason, found, 1, true)
    end
    assert.equal(walled or WALLED, output)
end

local function both(name, f)
    it(name, function() f(false) end)
    it(name .. ", as an ordinary user", function()
        if process.is_root then f(true) end
    end)
end

describe("without Landlock a sandbox", function()
    both("is an error that names the kernel's option", function(as_user)
        check(specs.program(program([[{ { "landlock_create_ruleset", action = { errno = "ENOSYS" } } }]],
            { "landlock" }), nil, as_user), { landlock = "CONFIG_SECURITY_LANDLOCK" })
    end)

    it("is an error that names lsm=, where it is not enabled", function()
        check(specs.program(program([[{ { "landlock_create_ruleset", action = { errno = "EOPNOTSUPP" } } }]],
            { "landlock" })), { landlock = "lsm=" })
    end)
end)

describe("without namespaces a sandbox", function()
    -- As filters of containers have it.
    local FILTER = [[{
        { "clone3", action = { errno = "ENOSYS" } },
        { "unshare", action = { errno = "EPERM" } },
        { name = "clone", args = { { index = 0, type = "qword", op = "masked_eq", mask = 0x7e020000, value = 0 } } },
        { "clone", action = { errno = "EPERM" } },
    }]]

    both("is an error that names each", function(as_user)
        local reasons = {}
        for _, name in ipairs(NAMESPACES) do reasons[name] = "clone(2) is refused" end
        check(specs.program(program(FILTER, NAMESPACES), nil, as_user), reasons)
    end)

    both("is an error that names the sysctl", function(as_user)
        local reasons = { user_namespace = "user.max_user_namespaces is 0" }
        -- Root of a user namespace may make the others in it.
        local text = specs.program(program("nil", { "user_namespace" }),
            "unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; exec \"$@\"' sh", as_user)
        check(text, reasons)
    end)

    both("is an error that names the one that is missing", function(as_user)
        for name, bound in pairs { net_namespace = "max_net_namespaces", ipc_namespace = "max_ipc_namespaces" } do
            local text = specs.program(program("nil", { name }),
                ("unshare -Ur sh -c 'echo 0 > /proc/sys/user/%s; exec \"$@\"' sh"):format(bound), as_user)
            check(text, { [name] = "user." .. bound .. " is 0" })
        end
    end)
end)

describe("without the new mount calls a sandbox", function()
    both("is an error that names them", function(as_user)
        check(specs.program(program([[{ { "mount_setattr", action = { errno = "ENOSYS" } } }]], { "mount_namespace" }),
            nil, as_user), { mount_namespace = "mount_setattr(2)" })
    end)
end)

describe("without seccomp a sandbox", function()
    both("is an error that names it, and what stood on it", function(as_user)
        local text = specs.program(program([[{ { "seccomp", action = { errno = "EINVAL" } } }]],
            { "seccomp", "processes" }), nil, as_user)
        check(text, { seccomp = "CONFIG_SECCOMP_FILTER", processes = "forbidden by seccomp" },
            -- The namespaces and Landlock stand.
            (WALLED:gsub("signal\trefused", "signal\tsent"):gsub("socket\trefused", "socket\tmade")))
    end)
end)

describe("with rights that cannot be had in a user namespace a sandbox", function()
    it("is an error that says so", function()
        -- As AppArmor has it: /proc/self/setgroups cannot be written.
        local reasons = {}
        for _, name in ipairs(NAMESPACES) do reasons[name] = "a new user namespace has no rights" end
        local text = specs.program(program([[{
            { name = "write", args = { { index = 2, type = "qword", op = "eq", value = #"deny" } },
                action = { errno = "EPERM" } },
        }]], NAMESPACES), nil, true)
        check(text, reasons)
    end)
end)

describe("what is missing", function()
    local decide = debug.getregistry()["emilua.import"]("sandbox.protections").decide

    local function wanted(changes)
        local opts = { processes = false, net = false, degraded = {} }
        for name, value in pairs(changes or {}) do opts[name] = value end
        return opts
    end

    it("of an older Landlock matters only where it stands in for a namespace", function()
        local old = { landlock_net = "is old", landlock_scope = "is old" }
        local report = decide(wanted(), { missing = old }, {})
        assert.equal("absent", report.landlock_net)
        assert.equal("absent", report.landlock_scope)
        old.net_namespace, old.pid_namespace = "gone", "gone"
        local e = helper.raises("generic", "ENOTSUP", function()
            decide(wanted { degraded = { net_namespace = true, pid_namespace = true } }, { missing = old }, {})
        end, {})
        assert.matches("landlock_net (is old); landlock_scope (is old)", e.detail, 1, true)
        report = decide(wanted { net = true, degraded = { pid_namespace = true, landlock_scope = true } },
            { missing = old }, {})
        assert.equal("absent", report.landlock_net)
        assert.equal("given up", report.landlock_scope)
    end)

    it("is not given up by being named when it is there", function()
        assert.equal("active", sandbox.new { allow_degraded = { "landlock" } }.report.landlock)
    end)
end)

describe("a guest whose script fails", function()
    it("does not start, and says why", helper.fiber(function()
        local path = os.tmpname()
        local box = sandbox.new { read = { path } }
        os.remove(path)
        local channel, text = specs.start(box, "print 'started'")
        assert.matches("^<3>ipc_actor/init/open_tree: No such file or directory", text())
        local ok, e
        repeat
            ok, e = pcall(channel.send, channel, 1)
            emilua.this_fiber.yield()
        until not ok
        assert.is_true(e.code == helper.errno.EPIPE or e.code == helper.errno.ECONNRESET)
        channel:close()
    end))
end)
