-- What a guest may use up: memory, processor time, descriptors, processes and threads; and what it may execute.

local cgroup = require "emilua.cgroup"
local emilua = require "emilua"
local sandbox = require "emilua.sandbox"
local environment = require "spec.environment"
local helper = require "spec.helper"
local attacks = require "spec.sandbox_attacks"
local process = require "spec.process_helper"
local pty = require "spec.pty_helper"
local fd = require "spec.fd_helper"
local specs = require "spec.sandbox_helper"
local subprocess = require "spec.subprocess_helper"

local fiber = helper.fiber

helper.install()

local function output(options, source) return specs.output(options, attacks.PRELUDE .. source) end

-- The same of a program of an ordinary user.
local function output_of_user(options, source)
    return (specs.program(([[
        local emilua, pipe = require "emilua", require "emilua.pipe"
        emilua.run(function()
            local box = require("emilua.sandbox").new(%s)
            local guest = emilua.spawn_vm(box:context { source = %q, stdout = "share", stderr = "share" })
            pcall(function() while true do guest:send(0) require("emilua.time").sleep(0.01) end end)
        end)
    ]]):format(options, attacks.PRELUDE .. source .. " io.flush()"), nil, true))
end

-- Whether groups of this process's bound that.
local function counted(controller) return (select(2, cgroup.delegated { controller }) or {})[controller] end

describe("memory", function()
    local BOMB = [[
        local hoard = {}
        print("Lua", pcall(function() while true do hoard[#hoard + 1] = ("x"):rep(2^20) .. #hoard end end))
        hoard = nil
        collectgarbage()
        print("pages", C.mmap(nil, 2^30, 3, 0x22, -1, 0) == ffi.cast("void *", -1))
    ]]

    it("bounds a guest, which lives on when it copes", fiber(function()
        -- A group's limit ends it: sandbox_cgroup_spec.lua.
        if counted "memory" then return end
        assert.equal("Lua\tfalse\tnot enough memory\npages\ttrue\n", output({ memory = "64M" }, BOMB))
    end))

    it("is not bounded otherwise", fiber(function()
        assert.equal("pages\tfalse\n", output({}, BOMB:match "print%(\"pages.*$"))
    end))

    it("cannot be had outside of the address space", fiber(function()
        assert.equal("memfd\tEPERM\nshm\tEPERM\nfile\tEROFS\n", output({ memory = "64M" }, [[
            try("memfd", C.memfd_create("x", 0))
            try("shm", C.shmget(0, 2^30, 1023))
            try("file", C.open("/x", bit.bor(WRONLY, CREAT), mode(384)))
        ]]))
    end))
end)

describe("cpu", function()
    it("ends a guest that computes for longer", fiber(function()
        local channel, text = specs.start(sandbox.new { cpu = 1 }, "io.write 'begun' io.flush() while true do end")
        assert.equal("begun", text())
        channel:close()
    end))

    it("cannot be raised again", fiber(function()
        assert.equal("setrlimit\tEPERM\n", output({ cpu = 100 }, [[
            ffi.cdef "int setrlimit(int, const void *);"
            try("setrlimit", C.setrlimit(0, ffi.new("uint64_t[2]", 200, 200)))
        ]]))
    end))
end)

describe("core dumps", function()
    it("cannot be had, not even by a program that takes them from a pipe", fiber(function()
        assert.equal("limit\t1\t1\nlowered\tEPERM\n", output({ read = { "/proc" } }, [[
            local limits = io.open("/proc/self/limits"):read("*a")
            print("limit", limits:match "Max core file size%s+(%S+)%s+(%S+)")
            ffi.cdef "int setrlimit(int, const void *);"
            try("lowered", C.setrlimit(4, ffi.new("uint64_t[2]", 0, 0)))
        ]]))
    end))
end)

describe("files", function()
    it("bounds the open descriptors", fiber(function()
        assert.equal("pipe\tEMFILE\ntrue\n", output({ files = 32 }, [[
            local ends, n = ffi.new("int[2]"), 0
            repeat
                local result = C.pipe(ends)
                n = n + 1
            until result == -1
            try("pipe", -1)
            print(n < 16)
        ]]))
    end))
end)

describe("processes", function()
    local BOMB = [[
        local children = 0
        while true do
            local child = C.fork()
            if child == 0 then C.pause() C._exit(0) end
            if child < 0 then break end
            children = children + 1
            if children > 1000 then break end
        end
        print(outcome(-1), children < 16, children > 4)
    ]]

    it("bounds how many there are", function()
        assert.equal("EAGAIN\ttrue\ttrue\n", output_of_user("{ processes = 16 }", BOMB))
    end)

    local THREADS = [[
        -- Threads that end at once are no bomb: these wait, in memory of their own.
        local count = 0
        local stack = ffi.cast("char *", C.mmap(nil, 2^20, 3, 0x22, -1, 0))
        ffi.cdef "int pthread_create(void *, void *, void *, void *); int pthread_attr_init(void *);"
        local id = ffi.new("uint64_t[1]")
        while count < 1000 do
            -- pause(2) takes no argument, and needs no code of this state.
            if C.pthread_create(id, nil, ffi.cast("void *", C.pause), nil) ~= 0 then break end
            count = count + 1
        end
        print(count < %d, count > 8)
        io.flush()
        C._exit(0)
    ]]

    it("bounds threads, too, also where there are no processes", function()
        assert.equal("true\ttrue\n", output_of_user("{}", THREADS:format(64)))
    end)

    -- Kernels that bound the numbers of a PID namespace.
    local function need_numbers()
        environment.need("pid_max of PID namespaces", function()
            local file = io.open "/proc/sys/kernel/osrelease"
            local major, minor = file:read("*l"):match "^(%d+)%.(%d+)"
            file:close()
            return major * 1000 + minor >= 6014
        end)
    end

    it("bounds those of root, whom the kernel does not count, by their numbers", fiber(function()
        if not process.is_root or counted "pids" then return end
        need_numbers()
        local before = helper.shell "cat /proc/sys/kernel/pid_max"
        local text = output({ processes = 40, read = { "/proc" } }, [[
            ffi.cdef "int waitpid(int, int *, int);"
            local function bomb()
                local children = {}
                while #children < 2000 do
                    local child = C.fork()
                    if child == 0 then C.pause() C._exit(0) end
                    if child < 0 then break end
                    children[#children + 1] = child
                end
                local result = outcome(-1)
                for _, child in ipairs(children) do
                    C.kill(child, 9)
                    C.waitpid(child, nil, 0)
                end
                return #children, result
            end
            local n, result = bomb()
            print(result, n >= 40, n < 340)
            -- All numbers have been given once.
            n, result = bomb()
            print(result, n >= 40, n < 340)
            local raised = C.open("/proc/sys/kernel/pid_max", WRONLY)
            print(raised)
        ]])
        assert.equal(("EAGAIN\ttrue\ttrue\n"):rep(2) .. "-1\n", text)
        assert.equal(before, (helper.shell "cat /proc/sys/kernel/pid_max"))
    end))

    it("bounds threads of root, too", fiber(function()
        if not process.is_root then return end
        need_numbers()
        assert.equal("true\ttrue\n", output({}, THREADS:format(364)))
    end))

    it("is an error for root where nothing bounds them", function()
        if not process.is_root or counted "pids" then return end
        local text = specs.program [[
            local open = io.open
            function io.open(path, mode)
                if path ~= "/proc/sys/kernel/osrelease" then return open(path, mode) end
                return { read = function() return "6.13.0-rc1" end, close = function() end }
            end
            local sandbox = require "emilua.sandbox"
            local _, e = pcall(sandbox.new, { processes = true })
            print(e.code, e.detail)
            print(sandbox.new { processes = true, allow_degraded = { "processes" } }.report.processes)
        ]]
        assert.matches("^95\tthis system lacks what the sandbox needs: processes %(RLIMIT_NPROC", text)
        assert.matches("cgroup v2 with the controller pids", text, 1, true)
        assert.matches("since Linux 6.14", text, 1, true)
        assert.matches("\ngiven up\n$", text)
    end)

    it("lets programs of exec be run, and only those", fiber(function()
        local options = {
            exec = { "/bin", "/lib", "/lib64", "/usr" }, processes = true, allow_degraded = { "processes" },
        }
        local source = [[
            local shell = io.popen("echo from a shell; /usr/bin/id -u; test -e /etc/passwd || echo no", "r")
            io.write(shell and shell:read("*a") or "no shell\n")
        ]]
        assert.equal("from a shell\n1000\nno\n", output(options, source))
        options.exec, options.read = nil, options.exec
        assert.equal("no shell\n", output(options, source))
    end))

    it("gives set-user-id programs no other user", fiber(function()
        if not process.is_root then return end
        local directory = os.tmpname()
        os.remove(directory)
        helper.shell(("mkdir %s && cp /usr/bin/id %s/ && chown 12345 %s/id && chmod 4755 %s/id"):format(directory,
            directory, directory, directory))
        local twin = helper.shell("setpriv --reuid 65534 --clear-groups " .. directory .. "/id -u")
        assert.equal("12345\n", twin)
        local text = output({
            exec = { "/bin", "/lib", "/lib64", "/usr", directory }, processes = true, allow_degraded = { "processes" },
        }, ("io.write(io.popen('%s/id -u'):read('*a'))"):format(directory))
        helper.shell("rm -r " .. directory)
        assert.equal("1000\n", text)
    end))
end)

describe("a terminal that is shared", function()
    local STUFF = attacks.PRELUDE .. [[
        local byte = ffi.new("char[1]", ("x"):byte())
        try("TIOCSTI", C.ioctl(0, 0x5412, byte))
        -- The kernel looks at 32 bits only.
        try("disguised", C.ioctl(0, 0x100005412ULL, byte))
        try("TIOCLINUX", C.ioctl(0, 0x541c, byte))
        try("TIOCSCTTY", C.ioctl(0, 0x540e, 1))
        try("TIOCSETD", C.ioctl(0, 0x5423, ffi.new("int[1]", 2)))
        try("TCGETS", C.ioctl(0, 0x5401, ffi.new("char[128]")))
    ]]

    it("takes no input from a guest", fd.closing(function()
        local terminal = pty.open()
        local channel, text = specs.start(sandbox.new(), { source = STUFF, stdin = terminal.slave })
        local denied = ("%s\tEPERM\n"):rep(5):format("TIOCSTI", "disguised", "TIOCLINUX", "TIOCSCTTY", "TIOCSETD")
        assert.equal(denied .. "TCGETS\tok\n", text())
        channel:close()
    end))

    it("takes it from an actor that is in none, of root", fd.closing(function()
        if not process.is_root then return end
        local terminal = pty.open()
        local channel, text = subprocess.speaking(STUFF, { stdin = terminal.slave })
        assert.equal("TIOCSTI\tok\ndisguised\tok\n", text():sub(1, 24))
        channel:close()
    end))
end)

describe("the memory of a guest", function()
    it("has nothing of the host's", fiber(function()
        -- The guest has it with each byte one higher, lest it find its own copy.
        local marker = "marker-" .. os.time() .. "-" .. tostring({}):match("0x(%x+)") .. "-of-the-host"
        local span = emilua.byte_span.append(marker)
        local disguised = marker:gsub(".", function(c) return string.char(c:byte() + 1) end)
        local text = output({ read = { "/proc" } }, ([[
            local disguised = %q
            local needle = ffi.new("char[?]", #disguised)
            for i = 1, #disguised do needle[i - 1] = disguised:byte(i) - 1 end
            ffi.cdef "void *memmem(const void *, size_t, const void *, size_t);"
            local own = tonumber(ffi.cast("uintptr_t", needle))
            local hits, bytes, found_own = 0, 0, false
            for line in io.lines "/proc/self/maps" do
                local first, last, readable, kind = line:match "^(%%x+)%%-(%%x+) (.)%%S+ %%S+ %%S+ %%d+%%s*(.*)$"
                if readable == "r" and kind ~= "[vvar]" and kind ~= "[vvar_vclock]" and kind ~= "[vsyscall]" then
                    first, last = tonumber(first, 16), tonumber(last, 16)
                    bytes = bytes + last - first
                    while first < last do
                        local hit = C.memmem(ffi.cast("void *", first), last - first, needle, #disguised)
                        if hit == nil then break end
                        local at = tonumber(ffi.cast("uintptr_t", hit))
                        if at == own then found_own = true else hits = hits + 1 end
                        first = at + 1
                    end
                end
            end
            print(hits, found_own, bytes > 2^20)
        ]]):format(disguised))
        assert.equal("0\ttrue\ttrue\n", text)
        assert.equal(marker, tostring(span))
    end))
end)
