-- emilua.sandbox: its options, what it reports, and how guests are made.

local emilua = require "emilua"
local filesystem = require "emilua.filesystem"
local inbox = require "emilua.inbox"
local sandbox = require "emilua.sandbox"
local helper = require "spec.helper"
local specs = require "spec.sandbox_helper"

local fiber, output = helper.fiber, specs.output

helper.install()

local NAMES = {
    "user_namespace", "mount_namespace", "pid_namespace", "net_namespace", "ipc_namespace", "uts_namespace",
    "landlock", "landlock_net", "landlock_scope", "seccomp", "processes", "memory", "cpu", "files",
}

describe("sandbox.new", function()
    it("checks its options", fiber(function()
        helper.EINVAL(function() sandbox.new(1) end, 1)
        helper.EINVAL(function() sandbox.new { nonsense = true } end, "nonsense")
        helper.EINVAL(function() sandbox.new { "read" } end, 1)
        for _, name in ipairs { "read", "write", "exec" } do
            helper.EINVAL(function() sandbox.new { [name] = { nil, "/usr" } } end, name)
            helper.EINVAL(function() sandbox.new { [name] = { x = "/usr" } } end, name)
        end
        helper.EINVAL(function() sandbox.new { allow_degraded = { seccomp = true } } end, "allow_degraded")
        for _, name in ipairs { "read", "write", "exec" } do
            for _, value in ipairs { "/usr", { "usr" }, { "" }, { "/usr/../etc" }, { 1 }, { "/usr\0" } } do
                helper.EINVAL(function() sandbox.new { [name] = value } end, name)
            end
        end
        for name, values in pairs {
            net = { 1 }, jit = { "false" }, processes = { "many", 0, 7, 8.5 },
            memory = { "256", "M", "1T", "-1M", 1000, "31M", {} }, cpu = { 0, 1.5, "1" }, files = { 1, 15, "64" },
            allow_degraded = { "seccomp", { "nonsense" }, { true } },
        } do
            for _, value in ipairs(values) do
                helper.EINVAL(function() sandbox.new { [name] = value } end, name)
            end
        end
    end))

    it("refuses paths that cannot be found", fiber(function()
        local e = helper.raises("system", "ENOENT", function() sandbox.new { read = { "/nonexistent/x" } } end, {})
        assert.equal("/nonexistent/x", tostring(e.path1))
    end))

    it("takes paths as strings and as filesystem.path, with what does not matter in them", fiber(function()
        assert.equal("true\n", output({ read = { "//usr/./share/", filesystem.path.new("/etc/hosts") } },
            "print(io.open('/etc/hosts') ~= nil)"))
    end))

    it("may be called outside of a run", function()
        assert.equal("sandbox", getmetatable(sandbox.new()))
    end)
end)

describe("sandbox.report", function()
    it("says of each protection whether it is active", fiber(function()
        local report = sandbox.new { memory = "64M", cpu = 1, files = 32 }.report
        for _, name in ipairs(NAMES) do assert.equal("active", report[name], name) end
    end))

    it("says what was not asked for", fiber(function()
        local report = sandbox.new { net = true }.report
        for _, name in ipairs { "net_namespace", "landlock_net", "memory", "cpu", "files" } do
            assert.equal("absent", report[name], name)
        end
        assert.equal("active", report.user_namespace)
    end))

    it("is a table of the caller's, and the box cannot be written", fiber(function()
        local box = sandbox.new()
        box.report.seccomp = "absent"
        assert.equal("active", box.report.seccomp)
        helper.bad_index(function() return box.nonsense end)
        helper.EPERM(function() box.report = {} end)
    end))
end)

describe("sandbox.probe", function()
    it("tells what this system offers", function()
        local offers, reasons = sandbox.probe()
        for i = 1, 10 do
            assert.is_true(offers[NAMES[i]], NAMES[i])
            assert.is_nil(reasons[NAMES[i]])
        end
        assert.is_true(offers.landlock_version >= 6)
    end)
end)

describe("sandbox:context", function()
    it("checks its arguments", fiber(function()
        local box = sandbox.new()
        helper.EINVAL(function() box.context({}, "x") end, 1)
        for _, x in ipairs { 1, true } do helper.EINVAL(function() box:context(x) end, 1) end
        helper.EINVAL(function() box:context() end, 1)
        for name, values in pairs {
            module = { 1, true, {} }, source = { 1, true, {} }, name = { 1, {} },
            modules = { "x", 1, { 1 }, { "emilua", 1 }, { x = "y" }, { nil, "y" } },
            environment = { "A=1", 1, { 1 }, { "A=1" }, { A = 1 }, { A = true }, { [1] = "A" }, { A = "1", B = {} } },
            ipc = {
                1, "strings", true, {}, { strings = "1" }, { strings = 0 }, { strings = -1 }, { strings = 1.5 },
                { strings = 0 / 0 }, { strings = math.huge }, { strings = 65537 }, { strings = 10, string = 1 }, { 10 },
            },
            stdin = { "x", "", 0, 1, true, {}, io.stdin }, stdout = { "pipe", 1, false },
            stderr = { "null", 2, io.stderr },
            nonsense = { true }, subprocess = { {} }, init = { {} },
        } do
            for i, value in ipairs(values) do
                local x = { source = "" }
                x[name] = value
                local ok, e = pcall(box.context, box, x)
                assert.is_false(ok, name .. " " .. i)
                helper.is_error(e, "generic", "EINVAL", { arg = name })
            end
        end
        helper.EINVAL(function() box:context { source = "", "x" } end, 1)
        helper.EINVAL(function() box:context {} end, "module")
        helper.EINVAL(function() box:context { name = "x" } end, "module")
        helper.EINVAL(function() box:context { source = "", module = "x" } end, "module")
        helper.raises("emilua.core", "module_not_found", function() box:context "no.such.module" end,
            { module = "no.such.module" })
        local context = { source = "", environment = { A = "" }, ipc = { strings = 65536 }, stdout = "share" }
        assert.equal(context.ipc, box:context(context).subprocess.ipc)
    end))

    it("sends modules that the host's package.path finds", fiber(function()
        local directory = os.tmpname()
        os.remove(directory)
        helper.shell("mkdir -p " .. directory .. "/app")
        local function put(name, text)
            local file = assert(io.open(directory .. "/" .. name, "w"))
            file:write(text)
            file:close()
        end
        put("app/main.lua", "#!/usr/bin/luajit\n"
            .. "print(_CONTEXT, require('app.part').name, (pcall(require, 'app.other')))\n"
            .. "print(debug.getinfo(1, 'S').short_src, debug.getinfo(1, 'l').currentline, package.cpath)\n"
            .. "print(require('app').whole, require('emilua.json').encode { 1 })")
        put("app/part.lua", "return { name = ... }")
        put("app/other.lua", "return {}")
        put("app.lua", "return { whole = true }")
        local path = package.path
        package.path = directory .. "/?.lua;" .. path
        local text = output({}, { module = "app.main", modules = { "app.part", "app" } })
        package.path = path
        helper.shell("rm -r " .. directory)
        assert.equal("worker\tapp.part\tfalse\napp.main\t3\t\ntrue\t[1]\n", text)
    end))

    it("starts any number of guests, which are VMs in module form with io, os and ffi", fiber(function()
        local box = sandbox.new()
        local context = box:context { source = [[
            local inbox = require "emilua.inbox"
            inbox:receive():send(type(io.open) .. type(os.time) .. type(require("ffi").new) .. type(spawn))
        ]] }
        for _ = 1, 3 do
            local guest = emilua.spawn_vm(context)
            guest:send(inbox)
            assert.equal("functionfunctionfunctionnil", inbox:receive())
            guest:close()
        end
    end))

    it("passes environment, streams and ipc on", fiber(function()
        local box = sandbox.new()
        local guest, text = specs.start(box, {
            source = [[
                local inbox = require "emilua.inbox"
                print(os.getenv("A"), #tostring(inbox:receive()))
            ]],
            environment = { A = "b" }, ipc = { strings = 65536 },
        })
        guest:send(("x"):rep(60000))
        assert.equal("b\t60000\n", text())
        guest:close()
    end))

    it("makes guests without a supervisor", fiber(function()
        assert.matches("^false\tNo child processes", output({}, [[
            print(pcall(require("emilua").spawn_vm, { source = "", subprocess = {} }))
        ]]))
    end))

    it("turns the JIT compiler off when no memory may be executable", fiber(function()
        assert.equal("false\n", output({ jit = false }, "print((jit.status()))"))
        assert.equal(tostring((jit.status())) .. "\n", output({}, "print((jit.status()))"))
    end))
end)

describe("a guest", function()
    it("that computes ends with its host, which was killed", function()
        local script = helper.write_temporary [[
            local emilua, inbox = require "emilua", require "emilua.inbox"
            emilua.run(function()
                local box = require("emilua.sandbox").new()
                local guest = emilua.spawn_vm(box:context {
                    source = "require('emilua.inbox'):receive():send(true) while true do end",
                })
                guest:send(inbox)
                inbox:receive()
                print(guest.child_pid)
                io.stdout:flush()
                require("emilua.time").sleep(3600)
            end) ]]
        local text = helper.shell(([[
            pid=%s.pid; LUA_CPATH=%s %s %s >$pid & host=$!
            while ! [ -s $pid ]; do sleep 0.01; done
            kill -9 $host; wait $host 2>/dev/null
            for try in $(seq 1000); do kill -0 $(cat $pid) 2>/dev/null || break; sleep 0.02; done
            kill -9 $(cat $pid) 2>/dev/null && echo left; rm $pid ]]):format(script,
            helper.quote(helper.root .. "?.so;;"), helper.interpreter, script))
        os.remove(script)
        assert.equal("", text)
    end)
end)

describe("spawn_vm{subprocess} with what sandboxes are made of", function()
    it("checks the options", fiber(function()
        local byte_span = require "emilua.byte_span"
        for name, values in pairs {
            seccomp = { "text", byte_span.new(0), byte_span.new(7) }, supervisor = { 1 }, jit = { 1 },
            package_path = { 1 }, die_with_host = { 1 },
        } do
            for _, value in ipairs(values) do
                helper.EINVAL(function() emilua.spawn_vm { source = "", subprocess = { [name] = value } } end,
                    "subprocess/" .. name)
            end
        end
    end))

    it("ends a child whose seccomp program the kernel refuses", fiber(function()
        local byte_span = require "emilua.byte_span"
        local subprocess = require "spec.subprocess_helper"
        local channel, text = subprocess.speaking("print 'started'", { seccomp = byte_span.new(8) })
        assert.equal("<3>ipc_actor/seccomp: Invalid argument\n", text())
        channel:close()
    end))
end)
