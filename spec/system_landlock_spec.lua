-- Landlock, for the process itself and by an init script; each promise with its negative twin.

local ip = require "emilua.ip"
local system = require "emilua.system"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"
local sockets = require "spec.unix_helper"
local subprocess = require "spec.subprocess_helper"

local closing = fd.closing

helper.install()

local function lua(source, opts)
    local head = "local system = require 'emilua.system'\n"
    return { helper.child(head .. source, opts) }
end

describe("system.landlock_create_ruleset", function()
    it("tells the version of the kernel's interface", function()
        assert.is_true(system.landlock_create_ruleset(nil, { "version" }) >= 1)
    end)

    it("tells which errors of the kernel are fixed", function()
        assert.equal("number", type(system.landlock_create_ruleset(nil, { "errata" })))
    end)

    it("makes a ruleset", closing(function()
        local ruleset = fd.keep(system.landlock_create_ruleset{ handled_access_fs = { "execute", "refer" } })
        assert.equal("file_descriptor", getmetatable(ruleset))
        assert.is_true(fd.is_close_on_exec(ruleset))
        fd.keep(system.landlock_create_ruleset({ handled_access_fs = { "execute", "execute" } }, {}))
        fd.keep(system.landlock_create_ruleset{ handled_access_net = { "bind_tcp", "connect_tcp" } })
        fd.keep(system.landlock_create_ruleset{ scoped = { "abstract_unix_socket", "signal" } })
    end))

    it("refuses bad arguments", function()
        for _, attr in ipairs{ 1, "x", {}, { handled_access_fs = "execute" }, { handled_access_fs = { "none" } },
            { handled_access_fs = { 1 } }, { handled_access_net = { "execute" } }, { scoped = { "bind_tcp" } },
            { handled_access_fs = { "execute" }, handled = {} } } do
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
        helper.EINVAL(function() system.landlock_add_rule(ruleset, "net", rule) end, 2)
        helper.EINVAL(function() system.landlock_add_rule(ruleset, "net_port", rule) end, 3)
        for _, port in ipairs{ -1, 65536, 0.5, "80", false } do
            helper.EINVAL(function()
                system.landlock_add_rule(ruleset, "net_port", { allowed_access = { "bind_tcp" }, port = port })
            end, 3)
        end
        helper.EINVAL(function()
            system.landlock_add_rule(ruleset, "net_port", { allowed_access = { "execute" }, port = 80 })
        end, 3)
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

    it("takes a ruleset and flags", closing(function()
        helper.EINVAL(function() system.landlock_restrict_self(1) end, 1)
        local ruleset = fd.keep(system.landlock_create_ruleset{ handled_access_fs = { "execute" } })
        for _, flags in ipairs{ 1, "log_new_exec_on", { "log" } } do
            helper.EINVAL(function() system.landlock_restrict_self(ruleset, flags) end, 2)
        end
    end))
end)

describe("a right of files", function()
    -- Each right is withheld in one of two directories, which are alike; what needs it is done in both.
    local SOURCE = [[
        local ffi = require "ffi"
        ffi.cdef "int open(const char *, int, ...); void *opendir(const char *); int rmdir(const char *);"
        ffi.cdef "int unlink(const char *); int mknod(const char *, unsigned, unsigned long);"
        ffi.cdef "int mkdir(const char *, unsigned); int symlink(const char *, const char *);"
        ffi.cdef "int rename(const char *, const char *); int truncate(const char *, long);"
        ffi.cdef "int fork(void); int execv(const char *, const char **); void _exit(int);"
        ffi.cdef "int ioctl(int, unsigned long, ...); int waitpid(int, int *, int);"
        local C = ffi.C
        local RDONLY, RDWR, CREAT = 0, 2, 64
        local function mknod(kind) return function(at) return C.mknod(at .. "/new", kind, 0x103) end end
        local TRY = {
            execute = function(at)
                local argv, status = ffi.new "const char *[2]", ffi.new "int[1]"
                argv[0] = "program"
                local pid = C.fork()
                if pid == 0 then
                    C.execv(at .. "/program", argv)
                    C._exit(ffi.errno())
                end
                C.waitpid(pid, status, 0)
                ffi.errno(status[0] / 256)
                return status[0] == 0 and 0 or -1
            end,
            write_file = function(at) return C.open(at .. "/file", RDWR) end,
            read_file = function(at) return C.open(at .. "/file", RDONLY) end,
            read_dir = function(at) return C.opendir(at) ~= nil and 0 or -1 end,
            remove_dir = function(at) return C.rmdir(at .. "/directory") end,
            remove_file = function(at) return C.unlink(at .. "/file") end,
            make_char = mknod(0x2000), make_block = mknod(0x6000), make_fifo = mknod(0x1000), make_sock = mknod(0xc000),
            make_dir = function(at) return C.mkdir(at .. "/new", 0) end,
            make_reg = function(at) return C.open(at .. "/new", RDWR + CREAT, ffi.new("int", 384)) end,
            make_sym = function(at) return C.symlink("x", at .. "/new") end,
            refer = function(at) return C.rename(at .. "/file", at .. "/directory/file") end,
            truncate = function(at) return C.truncate(at .. "/file", 0) end,
            ioctl_dev = function(at) return C.ioctl(C.open(at, RDONLY), 0x5401, ffi.new "char[256]") end,
        }
        local adopt = debug.getregistry()["emilua.import"]("io.descriptor").adopt
        local root, all = ..., {}
        for name in pairs(TRY) do all[#all + 1] = name end
        local ruleset = system.landlock_create_ruleset { handled_access_fs = all }
        local function allow(path, rights)
            local file = adopt(C.open(path, RDONLY))
            system.landlock_add_rule(ruleset, "path_beneath", { allowed_access = rights, parent_fd = file })
        end
        local places = {}
        for _, name in ipairs(all) do
            local others = {}
            for _, other in ipairs(all) do
                if other ~= name then others[#others + 1] = other end
            end
            local yes, no = root .. "/" .. name .. "/yes", root .. "/" .. name .. "/no"
            if name == "ioctl_dev" then
                yes, no = "/dev/null", "/dev/zero"
                allow(yes, { "read_file", "ioctl_dev" })
                allow(no, { "read_file" })
            else
                allow(yes, all)
                allow(no, others)
            end
            places[name] = { yes = yes, no = no }
        end
        allow("/usr", { "execute", "read_file" })
        system.set_no_new_privs()
        system.landlock_restrict_self(ruleset, { "log_subdomains_off" })
        for _, name in ipairs(all) do
            for where, at in pairs(places[name]) do
                print(name .. " " .. where .. " " .. (TRY[name](at) >= 0 and "ok" or ffi.errno()))
            end
        end
        os.exit(0) ]]
    local NAMES = [[ execute write_file read_file read_dir remove_dir remove_file make_char make_dir make_reg make_sock
        make_fifo make_block make_sym refer truncate ioctl_dev ]]
    local EACCES, EXDEV, ENOTTY, EPERM = "13", "18", "25", "1"

    it("allows what needs it where it is granted, and nowhere else", function()
        local root = helper.shell("mktemp -d"):match "%S+"
        for name in NAMES:gmatch "%S+" do
            helper.shell(([[mkdir -p %s/%s; cd %s/%s
                for i in yes no; do mkdir -p $i/directory; touch $i/file; cp /bin/true $i/program; done
            ]]):format(root, name, root, name))
        end
        local output = lua(SOURCE, { args = { root } })[1]
        helper.shell("rm -r " .. root)
        local results = {}
        for name, where, result in output:gmatch "(%S+) (%S+) (%S+)\n" do results[name .. " " .. where] = result end
        for name in NAMES:gmatch "%S+" do
            assert.equal(name == "refer" and EXDEV or EACCES, results[name .. " no"], name .. "\n" .. output)
            local yes = results[name .. " yes"]
            -- Devices are root's.
            if yes == EPERM and (name == "make_char" or name == "make_block") then yes = "ok" end
            assert.equal(name == "ioctl_dev" and ENOTTY or "ok", yes, name)
        end
    end)
end)

-- What `attempts` print under a ruleset, each its error number or "ok": in a process that has restricted itself, and
-- in an actor that its init script has restricted.
local function attack(attempts, attr, rules)
    local RESTRICT = [[
        local ruleset = %s.landlock_create_ruleset %s
        for _, rule in ipairs %s do %s.landlock_add_rule(ruleset, "net_port", rule) end
        %sset_no_new_privs()
        %s.landlock_restrict_self(ruleset) ]]
    local body = [[
        local ip, system, unix = require "emilua.ip", require "emilua.system", require "emilua.unix"
        local filesystem = require "emilua.filesystem"
        local function try(f, ...)
            local ok, e = pcall(f, ...)
            io.write(ok and "ok" or e.code, " ")
        end ]] .. attempts
    local itself = lua(RESTRICT:format("system", attr, rules, "system", "system.", "system")
        .. "require('emilua').run(function() " .. body .. " end)")[1]
    local channel, output = subprocess.speaking(body, { init = {
        script = RESTRICT:format("C", attr, rules, "C", "", "C"),
    } })
    local by_script = output()
    channel:close()
    return { itself, by_script }
end

local function both(text) return { text, text } end

describe("the rights of ports", function()
    -- A port that somebody listens on.
    local function listening()
        local acceptor = fd.keep(ip.tcp.listen("127.0.0.1:0"))
        return acceptor.local_port
    end

    local CONNECT = [[
        for _, port in ipairs { %d, %d } do
            local socket = ip.tcp.socket.new()
            try(socket.connect, socket, ip.address.loopback_v4(), port)
            socket:close()
        end ]]
    local BIND = [[
        for _, port in ipairs { 0, %d } do
            local acceptor = ip.tcp.acceptor.new()
            acceptor:open("v4")
            try(acceptor.bind, acceptor, ip.address.loopback_v4(), port)
            acceptor:close()
        end ]]

    it("connect_tcp allows connections to those that are granted", closing(function()
        local granted, other = listening(), listening()
        local attempts, attr = CONNECT:format(granted, other), [[{ handled_access_net = { "connect_tcp" } }]]
        local rules = ([[{ { allowed_access = { "connect_tcp" }, port = %d } }]]):format(granted)
        assert.same(both "ok 13 ", attack(attempts, attr, rules))
        assert.same(both "13 13 ", attack(attempts, attr, "{}"))
        assert.same(both "ok ok ", attack(attempts, [[{ handled_access_net = { "bind_tcp" } }]], "{}"))
    end))

    it("bind_tcp allows to listen on those that are granted", closing(function()
        local acceptor = ip.tcp.listen("127.0.0.1:0")
        local attempts, attr = BIND:format(acceptor.local_port), [[{ handled_access_net = { "bind_tcp" } }]]
        acceptor:close()
        local rules = [[{ { allowed_access = { "bind_tcp" }, port = 0 } }]]
        assert.same(both "ok 13 ", attack(attempts, attr, rules))
        assert.same(both "13 13 ", attack(attempts, attr, "{}"))
    end))
end)

describe("a scope", function()
    it("of abstract_unix_socket keeps to the sockets made inside", closing(function()
        local acceptor = sockets.listening "stream"
        local attempts = ([[
            local own = filesystem.path.new("\0" .. %q .. system.getpid())
            local inside = unix.stream.acceptor.new()
            inside:open()
            inside:bind(own)
            inside:listen()
            for _, name in ipairs { own, filesystem.path.new(%q) } do
                local socket = unix.stream.socket.new()
                socket:open()
                try(socket.connect, socket, name)
                socket:close()
            end
            inside:close() ]]):format("emilua-spec-inside-" .. helper.pid(), tostring(acceptor.local_path))
        assert.same(both "ok 1 ", attack(attempts, [[{ scoped = { "abstract_unix_socket" } }]], "{}"))
        assert.same(both "ok ok ", attack(attempts, [[{ scoped = { "signal" } }]], "{}"))
    end))

    it("of signal keeps to the processes made inside", closing(function()
        local attempts = ([[
            try(system.kill, system.getpid(), 0)
            local child = system.spawn {
                program = "sleep", arguments = { "sleep", "60" }, environment = { PATH = "/usr/bin:/bin" },
            }
            try(child.kill, child, 9)
            child:wait()
            try(system.kill, %d, 0) ]]):format(helper.pid())
        assert.same(both "ok ok 1 ", attack(attempts, [[{ scoped = { "signal" } }]], "{}"))
        assert.same(both "ok ok ok ", attack(attempts, [[{ scoped = { "abstract_unix_socket" } }]], "{}"))
    end))
end)

describe("Landlock in an init script", function()
    it("restricts what the actor can open", closing(function()
        local channel, output = subprocess.speaking([[
            print(io.open("/etc/passwd") == nil, io.open("/usr/bin/env") ~= nil)
        ]], { init = { script = [[
            local rules = C.landlock_create_ruleset { handled_access_fs = { "read_file", "write_file" } }
            C.landlock_add_rule(rules, "path_beneath",
                { allowed_access = { "read_file" }, parent_fd = C.open("/usr", C.O_PATH) })
            set_no_new_privs()
            C.landlock_restrict_self(rules, { "log_same_exec_off", "log_new_exec_on" })
        ]] } })
        assert.equal("true\ttrue\n", output())
        channel:close()
    end))

    it("tells the version of the kernel's interface", closing(function()
        local version = system.landlock_create_ruleset(nil, { "version" })
        assert.equal(version .. "\t0\n<started>",
            subprocess.script "print(C.landlock_create_ruleset(nil, { 'version' }))")
    end))

    it("checks names, which are errors of Lua", closing(function()
        local text = subprocess.script [[
            errexit = false
            local function fails(f, ...) print((select(2, pcall(f, ...)):gsub("^.-: ", ""))) end
            fails(C.landlock_create_ruleset, { handled_access_fs = { "fly" } })
            fails(C.landlock_create_ruleset, { unknown = {} })
            fails(C.landlock_create_ruleset, {}, { "version" })
            fails(C.landlock_create_ruleset, nil, { "colour" })
            fails(C.landlock_create_ruleset)
            fails(C.landlock_add_rule, 1, "other", {})
            fails(C.landlock_add_rule, 1, "net_port", { allowed_access = {}, port = 65536 })
            fails(C.landlock_add_rule, 1, "path_beneath", { allowed_access = {}, parent_fd = "x" })
            fails(C.landlock_restrict_self, 1, 2)
            fails(C.landlock_restrict_self, 1, { "log" })
            io.stdout:flush()
        ]]
        assert.equal([[
bad argument #1 to 'landlock_create_ruleset' (unknown name fly)
bad argument #1 to 'landlock_create_ruleset' (unknown field unknown)
bad argument #1 to 'landlock_create_ruleset' (nil expected beside version)
bad argument #2 to 'landlock_create_ruleset' (unknown name colour)
bad argument #1 to 'landlock_create_ruleset' (table expected, got nil)
bad argument #2 to 'landlock_add_rule' (unknown type of rule)
bad argument #3 to 'landlock_add_rule' (no port 65536)
bad argument #3 to 'landlock_add_rule' (number expected, got string)
bad argument #2 to 'landlock_restrict_self' (list of names expected, got number)
bad argument #2 to 'landlock_restrict_self' (unknown name log)
<started>]], text)
    end))
end)
