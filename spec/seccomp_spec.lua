-- Profiles of system calls: what the programs decide, by an interpreter of BPF, and that the kernel takes them.

local byte_span = require "emilua.byte_span"
local seccomp = require "emilua.seccomp"
local unix = require "emilua.unix"
local bpf = require "spec.bpf_helper"
local helper = require "spec.helper"
local subprocess = require "spec.subprocess_helper"

local compile, decide, to_word = seccomp.compile, bpf.decide, bpf.to_word

helper.install()

-- Some numbers of calls.
local NUMBERS = {
    x86_64 = { read = 0, write = 1, open = 2, getppid = 110, ioctl = 16, clone = 56, socket = 41, personality = 135 },
    aarch64 = { read = 63, write = 64, getppid = 173, ioctl = 29, clone = 220, socket = 198, personality = 92 },
}
local OWN = jit.arch == "x64" and "x86_64" or "aarch64"

local function decides(wanted, profile, name, ...)
    local architecture = profile.architecture or OWN
    local number = type(name) == "number" and name or NUMBERS[architecture][name]
    assert.equal(wanted, decide(compile(profile), architecture, number, { ... }))
end

describe("seccomp.compile", function()
    it("gives instructions of eight bytes", function()
        local program = compile { default = "allow", syscalls = {} }
        assert.equal("byte_span", getmetatable(program))
        assert.equal(0, #program % 8)
        assert.is_true(#program > 0)
    end)

    it("has a default for what no rule matches, and allows what is listed", function()
        local list = { "read", { name = "write" }, { "ioctl", "clone" } }
        local profile = { default = { errno = "ENOSYS" }, syscalls = list }
        for _, name in ipairs { "read", "write", "ioctl", "clone" } do decides("allow", profile, name) end
        decides("errno 38", profile, "getppid")
        decides("errno 38", profile, 9999)
    end)

    it("has actions of every kind", function()
        for wanted, action in pairs {
            ["allow"] = "allow", ["kill_process"] = "kill_process", ["kill_thread"] = "kill_thread", ["log"] = "log",
            ["trap"] = "trap", ["errno 1"] = { errno = "EPERM" }, ["errno 0"] = { errno = 0 },
            ["errno 4095"] = { errno = 4095 }, ["trace 7"] = { trace = 7 }, ["trace 65535"] = { trace = 65535 },
        } do
            decides(wanted, { default = action, syscalls = {} }, "read")
            for _, default in ipairs { "allow", "log", "trap", "kill_process" } do
                local profile = { default = default, match = action, syscalls = { "read" } }
                decides(wanted, profile, "read")
                decides(default, profile, "write")
                decides(wanted, { default = default, syscalls = { { "read", action = action } } }, "read")
            end
        end
    end)

    it("takes the first rule that matches", function()
        local profile = {
            default = { errno = "ENOSYS" },
            syscalls = {
                { "getppid", action = { errno = "EPERM" } },
                { "socket", action = { errno = "EACCES" }, args = {
                    { index = 0, type = "dword", op = "ne", value = 1 },
                } },
                "getppid", "socket",
            },
        }
        decides("errno 1", profile, "getppid")
        decides("errno 13", profile, "socket", 2)
        decides("allow", profile, "socket", 1)
        decides("errno 38", profile, "read")
    end)

    it("does not forget a call that is also listed with conditions", function()
        local conditional = { "read", args = { { index = 0, type = "dword", op = "eq", value = 5 } } }
        for _, list in ipairs { { conditional, "read" }, { "read", conditional }, { conditional, "write", "read" } } do
            local profile = { default = "trap", syscalls = list }
            decides("allow", profile, "read", 5)
            decides("allow", profile, "read", 6)
        end
    end)

    it("compares with every operator, 32 or 64 bits", function()
        local samples = { 0, 1, 7, 8, 9, 0xffffffff, 0x100000007ULL, 0x100000008ULL, 0x200000000ULL, -1, -8 }
        local operators = {
            eq = function(a, b) return a == b end, ne = function(a, b) return a ~= b end,
            lt = function(a, b) return a < b end, le = function(a, b) return a <= b end,
            gt = function(a, b) return a > b end, ge = function(a, b) return a >= b end,
        }
        local function word(value, kind)
            local full = to_word(value)
            return kind == "dword" and full % 0x100000000ULL or full
        end
        for kind, values in pairs { dword = { 0, 8, 0xffffffff, -8 }, qword = { 0, 8, 0x100000008ULL, -8, -8LL } } do
            for op, holds in pairs(operators) do
                for _, value in ipairs(values) do
                    local program = compile { default = "trap", syscalls = {
                        { "read", args = { { index = 5, type = kind, op = op, value = value } } },
                    } }
                    for _, sample in ipairs(samples) do
                        local wanted = holds(word(sample, kind), word(value, kind)) and "allow" or "trap"
                        assert.equal(wanted, decide(program, OWN, NUMBERS[OWN].read, { 0, 0, 0, 0, 0, sample }),
                            ("%s %s %s %s"):format(kind, tostring(sample), op, tostring(value)))
                    end
                end
            end
        end
    end)

    it("compares the bits of a mask", function()
        local profile = { default = { errno = 1 }, syscalls = {
            { "clone", args = { { index = 0, type = "qword", op = "masked_eq", mask = 0x7e020000, value = 0 } } },
            { "personality", args = { { index = 0, type = "dword", op = "masked_eq", mask = -2, value = 8 } } },
        } }
        decides("allow", profile, "clone", 0x3d0f00)
        decides("errno 1", profile, "clone", 0x10000011)
        decides("allow", profile, "personality", 9)
        decides("errno 1", profile, "personality", 10)
    end)

    it("needs all conditions of a rule, and one rule of several", function()
        local function is(index, value) return { index = index, type = "dword", op = "eq", value = value } end
        local profile = { default = "trap", syscalls = {
            { "socket", args = { is(0, 1), is(1, 5) } }, { "socket", args = { is(0, 2) } },
        } }
        decides("allow", profile, "socket", 1, 5)
        decides("trap", profile, "socket", 1, 6)
        decides("allow", profile, "socket", 2, 6)
    end)

    it("compiles for another architecture", function()
        for architecture, numbers in pairs(NUMBERS) do
            local profile = { default = "trap", syscalls = { "getppid" }, architecture = architecture }
            local program = compile(profile)
            assert.equal("allow", decide(program, architecture, numbers.getppid))
            assert.equal("trap", decide(program, architecture, numbers.read))
            assert.equal("kill_process", decide(program, "i386", numbers.getppid))
        end
    end)

    it("leaves out calls that only another architecture has", function()
        local profile = { default = "trap", syscalls = { "open", "getppid" }, architecture = "aarch64" }
        decides("allow", profile, "getppid")
        profile.syscalls[3] = "opne"
        helper.raises("generic", "EINVAL", function() compile(profile) end,
            { arg = 1, detail = "unknown system call opne" })
    end)

    it("refuses the calls of x32", function()
        for _, default in ipairs { "allow", "kill_process" } do
            local profile = { default = default, match = "trap", syscalls = { "getppid" }, architecture = "x86_64" }
            decides("errno 38", profile, 0x40000000 + 110)
            decides("trap", profile, "getppid")
        end
    end)

    it("agrees with a model for random profiles", function()
        local seed = tonumber(os.getenv("EMILUA_SEED")) or os.time()
        math.randomseed(seed)
        local names = {}
        local actions = { "allow", "log", "trap", "kill_process", { errno = 1 }, { errno = 38 }, { trace = 3 } }
        for name in pairs(NUMBERS[OWN]) do names[#names + 1] = name end
        local function text(action)
            if type(action) == "string" then return action end
            return action.errno and "errno " .. action.errno or "trace " .. action.trace
        end
        for round = 1, 200 do
            local profile = { default = actions[math.random(#actions)], syscalls = {} }
            for i = 1, math.random(0, 30) do
                local args = math.random(3) > 1 and {} or nil
                for j = 1, args and math.random(2) or 0 do
                    args[j] = { index = j, type = "dword", op = "eq", value = math.random(0, 2) }
                end
                local action = actions[math.random(#actions)]
                profile.syscalls[i] = { names[math.random(#names)], args = args, action = action }
            end
            local program = compile(profile)
            for _, name in ipairs(names) do
                for value = 0, 8 do
                    local given = { 0, value % 3, math.floor(value / 3) }
                    local wanted = profile.default
                    for _, rule in ipairs(profile.syscalls) do
                        local matches = rule[1] == name
                        for j, c in ipairs(rule.args or {}) do matches = matches and given[j + 1] == c.value end
                        if matches then
                            wanted = rule.action
                            break
                        end
                    end
                    local decided = decide(program, OWN, NUMBERS[OWN][name], given)
                    assert.equal(text(wanted), decided, ("seed %d, round %d, %s"):format(seed, round, name))
                end
            end
        end
    end)

    it("names what is wrong with a profile", function()
        local function condition(fields)
            local c = { index = 0, type = "dword", op = "eq", value = 1 }
            for key, value in pairs(fields) do c[key] = value ~= "none" and value or nil end
            return { default = "trap", syscalls = { "read", { "write", args = { c } } } }
        end
        local function rule(t) return { default = "trap", syscalls = { t } } end
        local at = "syscalls[2].args[1]"
        for detail, profile in pairs {
            ["profile: a table expected, got nil"] = "nil", ["profile: a table expected, got number"] = 1,
            ["profile: unknown field defualt"] = { defualt = "trap" },
            ["default: unknown action nil"] = { syscalls = {} },
            ["default: unknown action deny"] = { default = "deny", syscalls = {} },
            ["default: unknown field err"] = { default = { err = 1 }, syscalls = {} },
            ["default: one of errno and trace expected"] = { default = { errno = 1, trace = 1 }, syscalls = {} },
            ["default: unknown errno EPREM"] = { default = { errno = "EPREM" }, syscalls = {} },
            ["default: unknown errno 4096"] = { default = { errno = 4096 }, syscalls = {} },
            ["default: trace is no integer below 65536"] = { default = { trace = 0x10000 }, syscalls = {} },
            ["match: unknown action 1"] = { default = "trap", match = 1, syscalls = {} },
            ["syscalls: a list expected, got nil"] = { default = "trap" },
            ["architecture: a string expected"] = { default = "trap", syscalls = {}, architecture = 1 },
            ["unknown architecture vax"] = { default = "trap", syscalls = {}, architecture = "vax" },
            ["syscalls[1]: a table expected, got number"] = rule(1), ["syscalls[1]: no name"] = rule {},
            ["syscalls[1]: unknown field arg"] = rule { "read", arg = {} },
            ["syscalls[1]: unknown system call 1"] = rule { 1 },
            ['syscalls[1]: unknown system call re"ad'] = rule('re"ad'),
            ["unknown system call raed"] = rule "raed",
            ["syscalls[1].action: unknown action no"] = rule { "read", action = "no" },
            ["syscalls[1].args: a list of conditions expected"] = rule { "read", args = {} },
            [at .. ": unknown field val"] = condition { val = 1 },
            [at .. ": index is none of 0 to 5"] = condition { index = 6 },
            [at .. ": type is neither dword nor qword"] = condition { type = "none" },
            [at .. ": unknown op like"] = condition { op = "like" },
            [at .. ": mask without masked_eq"] = condition { mask = 1 },
            [at .. ".mask: an integer expected, got nil"] = condition { op = "masked_eq" },
            [at .. ".value: an integer expected, got nil"] = condition { value = "none" },
            [at .. ".value: an integer expected, got 0.5"] = condition { value = 0.5 },
            [at .. ".value: an integer expected, got nan"] = condition { value = 0 / 0 },
            [at .. ".value: more than 32 bits: 4294967296"] = condition { value = 2 ^ 32 },
            [at .. ".value: more than 32 bits: -2147483649"] = condition { value = -2 ^ 31 - 1 },
            [at .. ".value: more than 32 bits: 4294967296ULL"] = condition { value = 2ULL ^ 32 },
            [at .. ".value: an integer expected, got 1.844674407371e+19"] =
                condition { type = "qword", value = 2 ^ 64 },
        } do
            if profile == "nil" then profile = nil end
            helper.raises("generic", "EINVAL", function() compile(profile) end, { arg = 1, detail = detail })
        end
    end)

    it("refuses a program that is longer than the kernel takes", function()
        local list = {}
        for i = 1, 900 do
            list[i] = { "read", args = { { index = 0, type = "qword", op = "eq", value = i } } }
        end
        local ok, e = pcall(compile, { default = "trap", syscalls = list })
        assert.is_false(ok)
        helper.is_error(e, "generic", "EINVAL", { arg = 1 })
    end)

    describe("of seccompiler's JSON", function()
        local ONE = '"%s":{"mismatch_action":{"errno":1},"match_action":"allow","filter":[{"syscall":"%s"}]}'
        local TWO = "{" .. ONE:format("a", "read") .. "," .. ONE:format("b", "write") .. "}"

        it("takes a map of one filter", function()
            local program = compile("{" .. ONE:format("main", "read") .. "}")
            assert.equal("allow", decide(program, OWN, NUMBERS[OWN].read))
            assert.equal("errno 1", decide(program, OWN, NUMBERS[OWN].write))
        end)

        it("takes one of several by its name", function()
            assert.equal("allow", decide(compile(TWO, "a"), OWN, NUMBERS[OWN].read))
            assert.equal("allow", decide(compile(TWO, "b"), OWN, NUMBERS[OWN].write))
        end)

        it("names what is wrong", function()
            for _, case in ipairs {
                { "", "EOF" }, { "{}", "0 filters" }, { "[]", "a map of filters" },
                { TWO, "2 filters" }, { TWO, "no filter c", "c" },
                { "{" .. ONE:format("a", "raed") .. "}", "raed" }, { '{"a":{"x":1}}', "unknown field `x`" },
            } do
                local ok, e = pcall(compile, case[1], case[3])
                assert.is_false(ok)
                helper.is_error(e, "generic", "EINVAL", { arg = 1 })
                assert.truthy(e.detail:find(case[2], 1, true), e.detail)
            end
            helper.EINVAL(function() compile(TWO, 1) end, 2)
            helper.EINVAL(function() compile({ default = "trap", syscalls = {} }, "a") end, 2)
        end)
    end)
end)

describe("a program", function()
    local PROFILE = { default = "allow", syscalls = { { "getppid", action = { errno = "ENOTTY" } } } }

    it("is taken by system.seccomp_set_mode_filter", function()
        local output, status = helper.child [[
            local seccomp, system = require "emilua.seccomp", require "emilua.system"
            system.set_no_new_privs()
            system.seccomp_set_mode_filter(seccomp.compile { default = "allow", syscalls = {
                { "getppid", action = { errno = "ENOTTY" } },
            } })
            print(pcall(system.getppid)) ]]
        assert.equal("false\tInappropriate ioctl for device\n", output)
        assert.equal(0, status)
    end)

    it("is strictest when several are installed", function()
        assert.equal("false\tOperation not permitted\n", (helper.child [[
            local seccomp, system = require "emilua.seccomp", require "emilua.system"
            system.set_no_new_privs()
            for _, action in ipairs { { trace = 1 }, { errno = "EPERM" }, { trace = 2 }, "allow" } do
                system.seccomp_set_mode_filter(seccomp.compile { default = "allow", syscalls = {
                    { "getppid", action = action }, "read",
                } })
            end
            print(pcall(system.getppid)) ]]))
    end)

    local ACTOR = [[
        local system = require "emilua.system"
        print(pcall(system.getppid)) ]]
    local WANTED = "false\tInappropriate ioctl for device\n"

    it("is taken by an init script, over init.arg", helper.fiber(function()
        local host, guest = unix.seqpacket.socket.pair()
        local fd = guest:release()
        local channel, output = subprocess.speaking(ACTOR, { init = {
            script = "set_no_new_privs() C.seccomp_set_mode_filter(C.read(arg, 65536))", arg = fd,
        } })
        fd:close()
        host:send(compile(PROFILE))
        host:close()
        assert.equal(WANTED, output())
        channel:close()
    end))

    it("is taken by an init script, in its text", helper.fiber(function()
        local script = ("set_no_new_privs() C.seccomp_set_mode_filter(%q)"):format(tostring(compile(PROFILE)))
        local channel, output = subprocess.speaking(ACTOR, { init = { script = script } })
        assert.equal(WANTED, output())
        channel:close()
    end))

    it("is taken by system.spawn", helper.fiber(function()
        local system, pipe = require "emilua.system", require "emilua.pipe"
        local reading, writing = pipe.pair()
        local fd = writing:release()
        local child = system.spawn {
            program = "sh", arguments = { "sh", "-c", "kill -0 $$ 2>&- || echo denied" },
            environment = system.environment,
            stdout = fd, set_no_new_privs = true,
            seccomp_set_mode_filter = compile { default = "allow", syscalls = { { "kill", action = { errno = 1 } } } },
        }
        fd:close()
        assert.equal(0, child:wait() or child.exit_code)
        local bs = byte_span.new(100)
        assert.equal("denied\n", tostring(bs:first(reading:read_some(bs))))
        reading:close()
    end))
end)

describe("seccomp.profile", function()
    local NUMBER = {}
    for name, number in helper.shell("echo '#include <sys/syscall.h>' | gcc -E -dM -")
        :gmatch "#define __NR_(%S+) (%d+)\n" do NUMBER[name] = tonumber(number) end

    local function check(profile, cases)
        local program = compile(profile)
        for wanted, calls in pairs(cases) do
            for _, call in ipairs(calls) do
                if type(call) == "string" then call = { call } end
                assert.equal(wanted, decide(program, OWN, NUMBER[call[1]], { unpack(call, 2) }), call[1])
            end
        end
    end

    it("knows two names", function()
        for _, name in ipairs { "", "sandbox", 1, {} } do helper.EINVAL(function() seccomp.profile(name) end, 1) end
        helper.EINVAL(function() seccomp.profile() end, 1)
    end)

    it("gives a new table, which may be changed", function()
        for _, name in ipairs { "worker", "container" } do
            local before = compile(seccomp.profile(name))
            local profile = seccomp.profile(name)
            profile.default, profile.match = { errno = "EDOM" }, "allow"
            for i, rule in ipairs(profile.syscalls) do
                if type(rule) == "table" then rule.action, rule.args = "log", nil end
                profile.syscalls[i] = "getppid"
            end
            assert.equal("allow", decide(compile(profile), OWN, NUMBER.getppid))
            assert.equal("errno 33", decide(compile(profile), OWN, NUMBER.execve))
            assert.equal(tostring(before), tostring(compile(seccomp.profile(name))))
        end
    end)

    it("worker: what computes", function()
        check(seccomp.profile "worker", {
            allow = {
                "read", "futex", "openat", { "mmap", 0, 4096, 7 }, { "clone", 0x3d0f00 }, { "socketpair", 1, 1 },
            },
            ["errno 1"] = {
                "execve", "ptrace", "unshare", "io_uring_setup", "fchownat", "fchmod", { "clone", 17 },
                { "kill", 2, 9 }, { "socket", 2, 1 }, { "ioctl", 0, 0x5412 }, { "openat", 0, 0, 0x40, 2541 },
            },
            ["errno 38"] = { "clone3", "openat2" },
        })
    end)

    it("container: root of its own namespaces", function()
        check(seccomp.profile "container", {
            allow = {
                "execve", "fork", "setuid", "chroot", "ptrace", { "clone", 0x40000011 }, { "unshare", 0x40000000 },
                { "socket", 2, 1 },
            },
            ["errno 1"] = {
                "mount", "setns", "bpf", "keyctl", "reboot", { "clone", 0x10000011 }, { "unshare", 0x50000000 },
                { "socket", 40, 1 },
            },
            ["errno 38"] = { "clone3", "io_uring_setup" },
        })
    end)

    it("is taken by an actor, and by a program", helper.fiber(function()
        local channel, output = subprocess.speaking([[
            local system = require "emilua.system"
            print(pcall(system.kill, system.getpid(), 0))
            print((io.open("/bin/true")) ~= nil, os.execute "true" == 0)
        ]], { seccomp = compile(seccomp.profile "worker"), supervisor = false })
        assert.equal("false\tOperation not permitted\ntrue\tfalse\n", output())
        channel:close()
        local system = require "emilua.system"
        local result = system.run {
            program = "sh", arguments = { "sh", "-c", "unshare --user true || unshare --uts echo done" },
            set_no_new_privs = true, seccomp_set_mode_filter = compile(seccomp.profile "container"),
        }
        assert.equal("done\n", system.getresuid() == 0 and result.stdout or "done\n")
        assert.matches("Operation not permitted", result.stderr)
    end))
end)
