-- Unmodified programs under Landlock, or in an empty root, where they open only what the master hands them.

local emilua = require "emilua"
local fs = require "emilua.filesystem"
local libc_service = require "emilua.libc_service"
local helper = require "spec.helper"
local service = require "spec.libc_service_helper"
local subprocess = require "spec.subprocess_helper"

local fiber = helper.fiber

helper.install()
teardown(service.remove)

-- Runs a program that cannot open what is not the system's.
local function confined(words, handlers, options)
    local settings = { set_no_new_privs = true, landlock_restrict_self = service.ruleset() }
    settings.filters = { open = service.GIVE }
    for name, value in pairs(options or {}) do settings[name] = value end
    local text, code, asked = service.run(words, handlers, settings)
    settings.landlock_restrict_self:close()
    return text, code, asked
end

-- Gives files with the texts of a table by path; the C library serves what is below /usr.
local function library(texts)
    return function(master, path)
        local text = texts[tostring(path)]
        if text then
            service.giving(text)(master)
        elseif tostring(path):find "^/usr/" then
            master:use_slave_credentials()
        else
            master:send(-1, helper.errno.ENOENT)
        end
    end
end

-- A handler for stat that knows the same.
local function status(texts)
    return function(master, path)
        local text = texts[tostring(path)]
        if text then
            master:send{ type = "regular", mode = 0x1a4, size = #text, nlink = 1, ino = 1, dev = 1 }
        elseif tostring(path):find "^/usr" then
            master:use_slave_credentials()
        else
            master:send(-1, helper.errno.ENOENT)
        end
    end
end

describe("a program under Landlock", function()
    it("could not do without the service", fiber(function()
        local secret = helper.write_temporary "secret"
        local text, code = confined({ "cat", secret }, { open = function(master) master:use_slave_credentials() end })
        os.remove(secret)
        assert.equal("cat: " .. secret .. ": Permission denied\n", text)
        assert.equal(1, code)
    end))

    it("cat prints what it is given", fiber(function()
        local texts = { ["/a"] = "one\n", ["b/c"] = "two\n" }
        local text, code, asked = confined({ "cat", "/a", "b/c", "/none" }, { open = library(texts) })
        assert.equal("one\ntwo\ncat: /none: No such file or directory\n", text)
        assert.equal(1, code)
        assert.same({ "open /a read_only", "open b/c read_only", "open /none read_only" }, asked)
    end))

    it("sort writes where the master says", fiber(function()
        local made = {}
        local output = service.file_of ""
        local text, code = confined({ "sort", "-o", "/to", "/from" }, {
            stat = status{ ["/from"] = "b\na\n" }, lstat = status{ ["/from"] = "b\na\n" }, access = 0, eaccess = 0,
            open = function(master, path, flags, mode)
                made[tostring(path)] = table.concat(flags, "+") .. " " .. tostring(mode)
                if tostring(path) == "/from" then return service.giving "b\na\n"(master) end
                master:send_with_fds(-2, { output })
            end,
        })
        assert.equal(0, code, text)
        assert.equal("read_only nil", made["/from"])
        assert.equal("create+write_only 438", made["/to"])
        local bytes = emilua.byte_span.new(4)
        local file = require("emilua.file").random_access.new(output)
        file:read_some_at(0, bytes)
        file:close()
        assert.equal("a\nb\n", tostring(bytes))
    end))

    it("ls and stat tell what the master says", fiber(function()
        local handlers = { stat = status{ ["/a"] = "12345" }, lstat = status{ ["/a"] = "12345" } }
        local text = confined({ "stat", "-c", "%s %a %F", "/a" }, handlers)
        assert.equal("5 644 regular file\n", text)
        text = confined({ "ls", "-i", "/a" }, handlers)
        assert.equal("1 /a\n", text)
    end))

    it("mkdir, rmdir, rm and test ask", fiber(function()
        local text, code, asked = confined({ "mkdir", "/a" }, { mkdir = 0 })
        assert.equal(0, code, text)
        assert.equal("mkdir /a 511", asked[1])
        text, code, asked = confined({ "rmdir", "/a" }, { rmdir = 0 })
        assert.equal(0, code, text)
        assert.same({ "rmdir /a" }, asked)
        text, code, asked = confined({ "rm", "/a" },
            { unlink = 0, lstat = status{ ["/a"] = "" }, stat = status{ ["/a"] = "" }, access = 0 })
        assert.equal(0, code, text)
        assert.truthy(table.concat(asked, ","):find("unlink /a", 1, true))
        text, code = confined({ "test", "-r", "/a" }, { eaccess = 0, access = 0, stat = status{ ["/a"] = "" } })
        assert.equal(0, code, text)
    end))

    it("openssl signs with a key that it is given", fiber(function()
        local key = helper.shell "openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null"
        local texts = { ["/key.pem"] = key, ["/data"] = "to be signed" }
        local handlers = { open = library(texts), stat = status(texts), access = 0 }
        local text, code, asked = confined({ "openssl", "pkey", "-in", "/key.pem", "-pubout" }, handlers)
        assert.equal(0, code, text)
        assert.truthy(text:find("BEGIN PUBLIC KEY", 1, true), text)
        assert.truthy(table.concat(asked, ","):find("open /key.pem read_only", 1, true))
        text, code = confined({ "openssl", "dgst", "-sha256", "/data" }, handlers)
        assert.equal(0, code, text)
        assert.truthy(text:find(helper.shell "printf 'to be signed' | sha256sum":match "%x+", 1, true), text)
    end))

    it("python3 reads, writes, lists, connects and looks names up", fiber(function()
        local texts = { ["/config.json"] = '{"answer": 42}' }
        local written
        local handlers = {
            open = function(master, path, flags)
                if tostring(path) == "/out" then
                    written = table.concat(flags, "+")
                    service.giving ""(master)
                else
                    library(texts)(master, path)
                end
            end,
            stat = status(texts), lstat = status(texts), unlink = 0, rename = 0, mkdir = 0, rmdir = 0,
            access = function(master) master:use_slave_credentials() end,
            connect_unix = function(master)
                local socket = require("emilua.unix").stream.socket
                local own, other = socket.new(master:descriptors()), socket.new()
                own:close()
                other:close()
                master:send(-1, helper.errno.ECONNREFUSED)
            end,
            getaddrinfo = function(master) master:send{ require("emilua.ip").address.new "192.0.2.9", 99 } end,
        }
        local text, code = confined({ "/usr/bin/python3", "-ISc", [[
import json, os, socket
print(json.load(open("/config.json"))["answer"], os.stat("/config.json").st_size)
open("/out", "w").write("x")
os.unlink("/a"); os.rename("/a", "/b"); os.mkdir("/c", 0o700); os.rmdir("/c")
try: open("/etc/passwd")
except FileNotFoundError as e: print(e.filename)
try: socket.socket(socket.AF_UNIX).connect("/s")
except ConnectionRefusedError: print("refused")
print(socket.getaddrinfo("host", "http", type=socket.SOCK_STREAM)[0][4])
]] }, handlers)
        assert.equal("42 14\n/etc/passwd\nrefused\n('192.0.2.9', 99)\n", text)
        assert.equal(0, code)
        assert.equal("create+write_only+truncate", written)
    end))

    it("is served in all its threads, one call at a time", fiber(function()
        local most, now = 0, 0
        local text, code, asked = confined({ "/usr/bin/python3", "-ISc", [[
import threading
results = []
def run(n):
    for i in range(50):
        results.append(open("/%d/%d" % (n, i)).read() == "/%d/%d" % (n, i))
threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(len(results), all(results))
]] }, {
            stat = status{}, lstat = status{}, access = 0,
            open = function(master, path)
                now = now + 1
                most = math.max(most, now)
                helper.turns(1)
                if tostring(path):find "^/%d/%d+$" then
                    service.giving(tostring(path))(master)
                else
                    master:use_slave_credentials()
                end
                now = now - 1
            end,
        })
        assert.equal("400 True\n", text)
        assert.equal(0, code)
        assert.equal(1, most)
        assert.is_true(#asked >= 400)
    end))

    it("is served in the processes that it forks and executes", fiber(function()
        local text, code = confined({ "sh", "-c", "cat /a; (cat /b; cat < /c); exec cat /d" }, {
            open = function(master, path)
                if tostring(path):find "^/[abcd]$" then
                    service.giving(tostring(path))(master)
                else
                    master:use_slave_credentials()
                end
            end,
            stat = function(master) master:use_slave_credentials() end,
        })
        assert.equal("/a/b/c/d", text)
        assert.equal(0, code)
    end))

    it("forks while other threads wait for filters", fiber(function()
        local text, code = confined({ "/usr/bin/python3", "-ISc", [[
import os, threading
stop = False
def run():
    while not stop: open("/a").close()
threads = [threading.Thread(target=run) for n in range(3)]
for t in threads: t.start()
ok = True
for i in range(20):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if open("/b").read() == "text" else 1)
    ok = ok and os.waitpid(pid, 0)[1] == 0
stop = True
for t in threads: t.join()
print(ok)
]] }, {
            open = function(master, path)
                if tostring(path):find "^/[ab]$" then
                    service.giving "text"(master)
                else
                    master:use_slave_credentials()
                end
            end,
            stat = status{},
        })
        assert.equal("True\n", text)
        assert.equal(0, code)
    end))
end)

describe("an actor with a service", function()
    -- Starts one; what it prints, and what it asked for.
    local function actor(source, handlers, options)
        local master, slave = libc_service.new()
        slave.open = service.GIVE
        local settings = { libc_service = slave }
        for name, value in pairs(options or {}) do settings[name] = value end
        local channel, output = subprocess.speaking(source, settings)
        local serving = emilua.spawn(function() return service.serve(master, handlers) end)
        local text = output()
        channel:close()
        return text, serving:join()
    end

    it("opens by every way what it is handed", fiber(function()
        local text, asked = actor([[
            local ffi = require "ffi"
            print(io.open("/a"):read "*a")
            ffi.cdef "int open(const char *, int, ...); int read(int, char *, int);"
            local buffer = ffi.new "char[10]"
            print(ffi.string(buffer, ffi.C.read(ffi.C.open("/b", 0), buffer, 10)))
            local fs = require "emilua.filesystem"
            local s, bs = require("emilua.file").stream.new(), require("emilua").byte_span.new(10)
            s:open(fs.path.new "/c", { "read_only" })
            print(bs:first(s:read_some(bs)))
            s:close()
            print(io.open("/etc/passwd"))
            print(fs.status(fs.path.new "/d").type, os.rename("/e", "/f"), os.remove("/g"))
        ]], {
            open = function(master, path)
                if tostring(path):find "^/[abc]$" then return service.giving(tostring(path))(master) end
                master:send(-1, 2)
            end,
            stat = { type = "fifo" }, rename = 0, unlink = 0,
        })
        assert.equal("/a\n/b\n/c\nnil\t/etc/passwd: No such file or directory\t2\nfifo\ttrue\ttrue\n", text)
        assert.same({ "open /a read_only", "open /b read_only", "open /c read_only", "open /etc/passwd read_only",
            "stat /d", "rename /e /f", "unlink /g" }, asked)
    end))

    it("finds files in an empty root", fiber(function()
        local text = actor([[
            local fs = require "emilua.filesystem"
            local names = {}
            for entry in fs.directory_iterator(fs.path.new "/") do names[#names + 1] = tostring(entry.path) end
            print(#names, names[1])
            print(io.open("/etc/hosts"):read "*a", io.open("/proc/self/maps"))
        ]], {
            open = function(master, path)
                if tostring(path) == "/etc/hosts" then return service.giving "hosts"(master) end
                master:use_slave_credentials()
            end,
            stat = function(master) master:use_slave_credentials() end,
        }, {
            newns_mount = true,
            init = { script = [[
                C.mount(nil, "/", nil, bit.bor(C.MS_REC, C.MS_PRIVATE))
                C.mount(nil, "/mnt", "tmpfs", 0)
                C.chdir "/mnt"
                C.mkdir("/mnt/old", mode(7, 0, 0))
                C.pivot_root(".", "/mnt/old")
                C.chroot "."
                C.umount2("/old", C.MNT_DETACH)
                errexit = false
                assert(select(2, C.access("/etc", 0)) == C.ENOENT)
            ]] },
        })
        assert.equal("1\t/old\nhosts\tnil\t/proc/self/maps: No such file or directory\t2\n", text)
    end))

    it("is not served in its init script, which leaves descriptor 4 alone", fiber(function()
        local text, asked = actor("print(io.open('/a'):read '*a')", { open = service.giving "text" }, {
            init = { script = "C.close(C.open('/dev/null', C.O_RDONLY)) C.access('/dev/null', 0)" },
        })
        assert.equal("text\n", text)
        assert.same({ "open /a read_only" }, asked)
    end))

    it("has no descriptor that it was started with", fiber(function()
        local text = actor("for n = 3, 9 do io.write(tostring(require('emilua.system').get_lowfd(n)), ' ') end", {})
        assert.equal(("nil "):rep(7), text)
    end))

    it("makes its own calls when the master is lost", fiber(function()
        local master, slave = libc_service.new()
        local read, write = require("emilua.pipe").pair()
        write = write:release()
        local child = emilua.spawn_vm{ subprocess = { libc_service = slave, stdout = write }, source = [[
            local inbox = require "emilua.inbox"
            inbox:receive()
            print(io.open("/dev/null") ~= nil)
        ]] }
        write:close()
        master:close()
        child:send(1)
        assert.equal("true\n", subprocess.drain(read))
        child:close()
    end))

    it("may be a master itself", fiber(function()
        local text = actor([[
            local emilua, libc_service = require "emilua", require "emilua.libc_service"
            local inbox = require "emilua.inbox"
            local master, slave = libc_service.new()
            slave.access = "return 0"
            local child = emilua.spawn_vm{ subprocess = { libc_service = slave, stdout = "share" }, source = [=[
                local fs = require "emilua.filesystem"
                print(fs.exists(fs.path.new "/inner"), os.remove "/inner")
            ]=] }
            for _ = 1, 2 do
                master:receive()
                print(master.function_, master:arguments())
                if master.function_ == "stat" then master:send{} else master:send(0) end
            end
            child:close()
            pcall(master.receive, master)
        ]], {})
        assert.truthy(text:find("stat\t/inner\nunlink\t/inner\n", 1, true), text)
        assert.truthy(text:find("true\ttrue\n", 1, true), text)
    end))
end)

describe("the library", function()
    it("is not needed where there is no service", fiber(function()
        local channel, output = subprocess.speaking "print(io.open('/dev/null') ~= nil)"
        assert.equal("true\n", output())
        channel:close()
        assert.truthy(fs.exists(fs.path.new(helper.root .. "libemilua_libc_service.so")))
    end))
end)
