-- The profile "worker" of sandboxes: every system call by its number, in a sandbox and by an interpreter of BPF.

local helper = require "spec.helper"
local seccomp = require "emilua.seccomp"
local attacks = require "spec.sandbox_attacks"
local bpf = require "spec.bpf_helper"
local specs = require "spec.sandbox_helper"

local import = debug.getregistry()["emilua.import"]
local profile, worker = import("sandbox.profile"), import("seccomp.worker")

helper.install()

local ARCHITECTURE = jit.arch == "x64" and "x86_64" or "aarch64"
local LAST = 600

-- The numbers of this machine's calls by name, from the C compiler.
local numbers = {}
local headers = helper.shell "echo '#include <sys/syscall.h>' | gcc -E -dM -"
for name, number in headers:gmatch "#define __NR_(%S+) (%d+)\n" do numbers[name] = tonumber(number) end

local function set(...)
    local names = {}
    for _, list in ipairs { ... } do
        for _, name in ipairs(list) do names[name] = true end
    end
    return names
end

-- Calls that the kernel does not show to filters: uretprobe and uprobe of x86_64, which kill whoever is no trampoline.
local UNSEEN = ARCHITECTURE == "x86_64" and { [335] = true, [336] = true } or {}

local allowed, denied = set(worker.ALLOWED), set(worker.DENIED)

local FULL = { mount_namespace = true, pid_namespace = true, jit = true }

local function with(changes)
    local box = {}
    for name, value in pairs(FULL) do box[name] = value end
    for name, value in pairs(changes or {}) do box[name] = value end
    return box
end

-- Conditions of calls that are allowed in some forms: arguments that are, and arguments that are not. The index of an
-- argument is 0 for the first.
local FORMS = {
    { "fcntl", { 0, 3 }, { 0, 8 } }, { "fcntl", { 0, 1030 }, { 0, 10 } }, { "fcntl", { 0, 5 }, { 0, 15 } },
    { "ioctl", { 0, 0x5401 }, { 0, 0x5412 } }, { "ioctl", { 0, 0x541b }, { 0, 0x541c } },
    { "ioctl", { 0, 0x100005401 }, { 0, 0x100005412 } }, { "ioctl", nil, { 0, 0x8901 } },
    { "prctl", { 15 }, { 22 } }, { "prctl", { 38 }, { 28 } }, { "prctl", { 39 }, { 0x59616d61 } },
    { "openat", { 0, 0, 0x40, 420 }, { 0, 0, 0x40, 2048 + 420 } }, { "openat", nil, { 0, 0, 0x40, 1024 } },
    { "fchmodat", { 0, 0, 511 }, { 0, 0, 2541 } }, { "fchmod", { 0, 511 }, { 0, 2048 } },
    { "mkdirat", { 0, 0, 511 }, { 0, 0, 1024 } },
    { "prlimit64", { 0, 7 }, { 1, 7 } }, { "prlimit64", nil, { 0, 4 } }, { "setrlimit", { 7 }, { 4 } },
    { "clone", { 0x3d0f00 }, { 17 } }, { "clone", nil, { 0x3d0f00 + 0x10000000 } },
    { "clone", nil, { 0x3d0f00 + 0x20000 } },
    { "kill", { 2, 15 }, { 1, 15 } }, { "kill", nil, { -1, 15 } }, { "kill", nil, { 0, 15 } },
    { "tgkill", { 2, 2, 6 }, { 1, 1, 6 } },
    { "socketpair", { 1, 1 }, { 1, 2 } }, { "socketpair", { 1, 0x80005 }, { 2, 1 } }, { "socketpair", nil, { 1, 3 } },
    { "socket", nil, { 1, 1 } }, { "socket", nil, { 2, 1 } }, { "socket", nil, { 40, 1 } },
    { "mmap", { 0, 4096, 7 } }, { "mprotect", { 0, 4096, 5 } },
}

local function decide(box, name, arguments)
    return bpf.decide(profile.program(box), ARCHITECTURE, type(name) == "number" and name or numbers[name], arguments)
end

describe("the profile", function()
    it("names each call once", function()
        local seen = {}
        for _, name in ipairs(worker.ALLOWED) do
            assert.is_nil(seen[name], name)
            assert.is_nil(denied[name], name)
            seen[name] = true
        end
    end)

    it("allows what is listed, denies what is dangerous, and does not know the rest", function()
        local forms = set {}
        for _, form in ipairs(FORMS) do forms[form[1]] = true end
        for name, number in pairs(numbers) do
            local result = decide(FULL, number)
            if allowed[name] then
                assert.equal("allow", result, name)
            elseif not denied[name] then
                assert.equal("errno 38", result, name)
            elseif not forms[name] and result ~= "allow" then
                assert.equal("errno 1", result, name)
            end
        end
    end)

    it("looks at arguments", function()
        for _, form in ipairs(FORMS) do
            local name, good, bad = unpack(form, 1, 3)
            if good then assert.equal("allow", decide(FULL, name, good), name) end
            if bad then assert.equal("errno 1", decide(FULL, name, bad), name) end
        end
    end)

    it("knows what the options ask for", function()
        for _, case in ipairs {
            { "mmap", { 0, 4096, 4 }, jit = false }, { "mprotect", { 0, 4096, 5 }, jit = false },
            { "pkey_mprotect", { 0, 4096, 7 }, jit = false },
            { "fchmodat", { 0, 0, 511 }, mount_namespace = false },
            { "fchownat", { 0 }, mount_namespace = false }, { "utimensat", { 0 }, mount_namespace = false },
            { "kill", { 2, 15 }, pid_namespace = false }, { "tgkill", { 2, 2, 6 }, pid_namespace = false },
        } do
            assert.equal("allow", decide(FULL, case[1], case[2]), case[1])
            assert.equal("errno 1", decide(with(case), case[1], case[2]), case[1])
        end
        assert.equal("allow", decide(with { jit = false }, "mmap", { 0, 4096, 3 }))
        for _, name in ipairs { "execve", "kill", "pidfd_open", "setsid" } do
            assert.equal("allow", decide(with { processes = true }, name, { 1 }))
            assert.equal("errno 1", decide(FULL, name, { 1 }))
        end
        assert.equal("allow", decide(with { processes = true }, "clone", { 17 }))
        assert.equal("errno 1", decide(with { processes = true }, "clone", { 0x10000011 }))
        for _, name in ipairs { "connect", "bind", "listen" } do
            assert.equal("allow", decide(with { net = true }, name))
            assert.equal("errno 1", decide(FULL, name))
        end
        assert.equal("allow", decide(with { net = true }, "socket", { 10, 2 }))
        assert.equal("errno 1", decide(with { net = true }, "socket", { 1, 2 }))
        assert.equal("errno 1", decide(with { net = true }, "socket", { 16, 3 }))
    end)

    it("is the public one, but for what PID and mount namespaces are behind", function()
        local public = seccomp.compile(seccomp.profile "worker")
        local box = { jit = true }
        for name, number in pairs(numbers) do
            for _, arguments in ipairs { { 0, 0, 0, 0 }, { 2, 15, 0, 0 }, { 1, 1, 511, 2541 } } do
                assert.equal(decide(box, number, arguments), bpf.decide(public, ARCHITECTURE, number, arguments), name)
            end
        end
    end)

    it("refuses calls of other architectures", function()
        local program = profile.program(FULL)
        local foreign = ARCHITECTURE == "x86_64" and "aarch64" or "x86_64"
        assert.equal("kill_process", bpf.decide(program, foreign, 0))
        if ARCHITECTURE == "x86_64" then
            assert.equal("kill_process", bpf.decide(program, "i386", 20))
            assert.equal("errno 38", bpf.decide(program, ARCHITECTURE, 0x40000000 + numbers.getpid))
        end
    end)
end)

describe("a probe in a sandbox", function()
    -- Tries all numbers but those that are allowed without conditions, with arguments of zeros, and prints what it got.
    local PROBE = attacks.PRELUDE .. [[
        local skip = {}
        for number in env("SKIP"):gmatch "%d+" do skip[tonumber(number)] = true end
        for number = 0, tonumber(env "LAST") do
            if not skip[number] then
                print(number, outcome(C.syscall(word(number), word(0), word(0), word(0), word(0), word(0), word(0))))
            end
        end
    ]]

    it("gets EPERM for each call of the deny list, and ENOSYS for each that is not listed", helper.fiber(function()
        local skip, expected = {}, {}
        local name_of = {}
        for name, number in pairs(numbers) do name_of[number] = name end
        for number = 0, LAST do
            local name = name_of[number]
            local result = decide(FULL, number, { 0, 0, 0, 0, 0, 0 })
            if result == "allow" or UNSEEN[number] then
                skip[#skip + 1] = number
            else
                expected[#expected + 1] = number .. "\t" .. (name and denied[name] and "EPERM" or "ENOSYS")
            end
        end
        assert.is_true(#expected > 200 and #skip > 100)
        local text = specs.output({}, {
            source = PROBE, environment = { SKIP = table.concat(skip, " "), LAST = tostring(LAST) },
        })
        assert.equal(table.concat(expected, "\n") .. "\n", text)
    end))

    it("is killed when it makes a call of i386", helper.fiber(function()
        if ARCHITECTURE ~= "x86_64" then return end
        local text = specs.output({}, attacks.PRELUDE .. [[
            print "begun"
            -- mov eax, 20 (getpid); int 0x80; ret
            local code = C.mmap(nil, 4096, 7, 0x22, -1, 0)
            ffi.copy(code, "\xb8\x14\0\0\0\xcd\x80\xc3", 8)
            ffi.cast("int (*)(void)", code)()
            print "alive"
        ]])
        assert.equal("begun\n", text)
    end))
end)
