-- What the master changes about its process is done again in the supervisor, and so holds in later actors: actors §10.
-- Each change is made in a process of its own; the same without the change is its twin.

local environment = require "spec.environment"
local helper = require "spec.helper"

helper.install()

local function is_root() return helper.shell "id -u" == "0\n" end

-- The body of a test that needs root's rights.
local function as_root(f)
    return function()
        environment.need("root", is_root)
        f()
    end
end

local HEAD = [[
    local byte_span, emilua = require "emilua.byte_span", require "emilua"
    local filesystem, inbox = require "emilua.filesystem", require "emilua.inbox"
    local seccomp, system = require "emilua.seccomp", require "emilua.system"
    local open = function(path, flags)
        local ffi = require "ffi"
        ffi.cdef "int open(const char *, int, ...);"
        return debug.getregistry()["emilua.import"]("io.descriptor").adopt(ffi.C.open(path, flags or 0))
    end
    require("emilua.supervisor").start()
]]

-- Starts an actor, and ends with it.
local TAIL = [[
    emilua.run(function()
        emilua.spawn_vm { subprocess = {
            stdin = "share", stdout = "share", stderr = "share",
        }, source = %q }:send(inbox)
        pcall(inbox.receive, inbox)
    end)
]]

local PROBE = [[
    local system, filesystem = require "emilua.system", require "emilua.filesystem"
    local reply = require("emilua.inbox"):receive()
    local function status(name)
        for line in io.lines "/proc/self/status" do
            local value = line:match("^" .. name .. ":%s*(.-)%s*$")
            if value then print((value:gsub("%s+", " "))) end
        end
    end
    local function can_read(path)
        local file = io.open(path)
        if file then file:close() end
        print(path, file ~= nil)
    end
]]

-- What an actor prints that a process has started after `change`.
local function after(change, probe, opts)
    return (helper.child(HEAD .. change .. TAIL:format(PROBE .. probe), opts))
end

local function holds(wanted, change, probe)
    assert.equal(wanted .. "\n", after(change, probe))
    assert.not_equal(wanted .. "\n", after("", probe))
end

-- The bits of a capability in the line of a set.
local function bit_of(cap, set)
    return ([[
        for line in io.lines "/proc/self/status" do
            local digits = line:match("^%s:%%s*(%%x+)")
            if digits then print(math.floor(tonumber(digits:sub(-8), 16) / 2 ^ %d) %% 2) end
        end ]]):format(set, cap)
end

local NET_RAW, SYS_TIME = 13, 25

local INHERITABLE = [[
    local caps = system.cap_get_proc()
    caps:set_flag("inheritable", { "cap_net_raw" }, true)
    caps:set_proc()
    system.cap_set_ambient("cap_net_raw", true) ]]

describe("a later actor has", function()
    it("the user ids", as_root(function()
        holds("1 2 3 2", "system.setresuid(1, 2, 3)", "status 'Uid'")
        holds("0 2 0 2", "system.setresuid(-1, 2, -1)", "status 'Uid'")
    end))

    it("the group ids", as_root(function() holds("4 5 6 5", "system.setresgid(4, 5, 6)", "status 'Gid'") end))

    it("the supplementary groups", as_root(function()
        holds("7 8", "system.setgroups { 7, 8 }", "status 'Groups'")
        assert.equal("\n", after("system.setgroups {}", "status 'Groups'"))
    end))

    it("the capabilities", as_root(function()
        holds("0000000000000000", "system.cap_from_text('='):set_proc()", "status 'CapEff'")
        local change = "local caps = system.cap_get_proc() caps:set_flag('effective', { 'cap_net_raw' }, false) "
        holds("0", change .. "caps:set_proc()", bit_of(NET_RAW, "CapEff"))
    end))

    it("the bounding set", as_root(function()
        holds("0", "system.cap_drop_bound 'cap_sys_time'", bit_of(SYS_TIME, "CapBnd"))
    end))

    it("the ambient set", as_root(function()
        holds("1", INHERITABLE, bit_of(NET_RAW, "CapAmb"))
        assert.equal("0\n", after(INHERITABLE .. " system.cap_set_ambient('cap_net_raw', false)",
            bit_of(NET_RAW, "CapAmb")))
        assert.equal("0\n", after(INHERITABLE .. " system.cap_reset_ambient()", bit_of(NET_RAW, "CapAmb")))
    end))

    it("the securebits", as_root(function()
        holds("3", "system.cap_set_secbits(3)", "print(system.cap_get_secbits())")
    end))

    it("no_new_privs", function() holds("1", "system.set_no_new_privs()", "status 'NoNewPrivs'") end)

    it("the seccomp filters", function()
        local FILTER = [[system.seccomp_set_mode_filter(seccomp.compile { default = "allow", syscalls = {
            { %q, action = { errno = "ENOTTY" } },
        } }) ]]
        local change = "system.set_no_new_privs() " .. FILTER:format "getppid" .. FILTER:format "getpgid"
        holds("false\tfalse", change, "print(pcall(system.getppid) == true, (pcall(system.getpgid, 0)))")
    end)

    local RULES = [[
        local ruleset = system.landlock_create_ruleset %s
        for path in (%q):gmatch "%%S+" do
            local rule = { allowed_access = { "read_file" }, parent_fd = open(path) }
            system.landlock_add_rule(ruleset, "path_beneath", rule)
        end
        system.set_no_new_privs()
        system.landlock_restrict_self(ruleset%s) ]]

    it("the rulesets of Landlock", function()
        local change = RULES:format([[{ handled_access_fs = { "read_file" } }]], "/usr", "")
        holds("/etc/passwd\tfalse", change, "can_read '/etc/passwd'")
        holds("/usr/bin/env\ttrue\n/etc/passwd\tfalse",
            change:gsub("restrict_self%(ruleset", "%0, { 'log_subdomains_off' }"),
            "can_read '/usr/bin/env' can_read '/etc/passwd'")
    end)

    it("the ports and scopes of Landlock", function()
        local change = RULES:format([[{ handled_access_net = { "bind_tcp" }, scoped = { "signal" } }]], "", "")
        holds("13\t1", change, ([[
            local ip = require "emilua.ip"
            local function code(f, ...)
                local ok, e = pcall(f, ...)
                return ok or e.code
            end
            print(code(ip.tcp.listen, "127.0.0.1:0"), code(system.kill, %d, 0)) ]]):format(helper.pid()))
    end)

    local DIRECTORY = "print(filesystem.current_working_directory())"

    it("the working directory", function()
        holds("/usr", "filesystem.current_working_directory(filesystem.path.new '/usr')", DIRECTORY)
        holds("/usr", "filesystem.current_working_directory(open('/usr'))", DIRECTORY)
    end)

    it("the root", as_root(function()
        holds("/bin/env\ttrue\n/etc/passwd\tfalse", "filesystem.chroot(filesystem.path.new '/usr')",
            "can_read '/bin/env' can_read '/etc/passwd'")
    end))

    it("the umask, which is 022 at first", function()
        local probe = "print(('%03o'):format(filesystem.umask(0)))"
        assert.equal("022\n", after("", probe, { before = "umask 027;" }))
        holds("077", "filesystem.umask(63)", probe)
    end)

    it("the standard streams that it shares", function()
        local path = os.tmpname()
        local change = ("system.out:dup_from(open(%q, 1025)) "):format(path)
        assert.equal("error\n", after(change, "print 'out' io.stderr:write 'error\\n'"))
        assert.equal("out\n", io.open(path):read "*a")
        os.remove(path)
        holds("/dev/zero", "system.in_:dup_from(open '/dev/zero')",
            "print(filesystem.read_symlink(filesystem.path.new '/proc/self/fd/0'))")
    end)
end)

describe("what an actor changes", function()
    it("holds in the actors that it makes", as_root(function()
        local nested = [[
            local reply, list = require("emilua.inbox"):receive(), {}
            for line in io.lines "/proc/self/status" do
                list[#list + 1] = line:match "^NoNewPrivs:%s*(%d)" or line:match "^Groups:%s*(.-)%s*$"
            end
            reply:send(table.concat(list, " ")) ]]
        assert.equal("9 1\n", after("", ([[
            system.set_no_new_privs()
            system.setgroups { 9 }
            local emilua, inbox = require "emilua", require "emilua.inbox"
            emilua.spawn_vm { subprocess = {}, source = %q }:send(inbox)
            print(inbox:receive()) ]]):format(nested)))
    end))
end)

describe("a supervisor that does not follow", function()
    it("ends the process at once", function()
        local output, status = helper.child(HEAD .. [[
            emilua.run(function()
                local child = emilua.spawn_vm { subprocess = {}, source = "require('emilua.time').sleep(60)" }
                local parent
                for line in io.lines("/proc/" .. child.child_pid .. "/status") do
                    parent = line:match "^PPid:%s*(%d+)" or parent
                end
                system.kill(tonumber(parent), 9)
                child:kill()
                system.set_no_new_privs()
                print "still here"
            end) ]])
        assert.equal("emilua: the supervisor did not follow a change of privileges: this process ends\n", output)
        assert.equal(1, status)
    end)
end)
