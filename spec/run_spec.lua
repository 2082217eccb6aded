-- emilua.run: the section of the specification's README, line by line.

local helper = require "spec.helper"
local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local condition_variable = require "emilua.condition_variable"
local future = require "emilua.future"
local ip = require "emilua.ip"
local mutex = require "emilua.mutex"
local time = require "emilua.time"

local run, spawn, this_fiber = emilua.run, emilua.spawn, emilua.this_fiber

describe("emilua.run(main)", function()
    helper.install()

    it("runs main as the main fiber", function()
        local is_main
        run(function() is_main = this_fiber.is_main end)
        assert.is_true(is_main)
    end)

    it("calls main without arguments", function()
        local count
        run(function(...) count = select("#", ...) end, {})
        assert.are.equal(0, count)
    end)

    it("returns main's values, in exact number", function()
        assert.are.same({ n = 0 }, helper.pack(run(function() end)))
        assert.are.same({ n = 3, nil, 2, nil }, helper.pack(run(function() return nil, 2, nil end)))
        local value = {}
        assert.is_true(rawequal(value, run(function()
            this_fiber.yield()
            return value
        end)))
    end)

    it("runs on the calling thread, in the interpreter's own state", function()
        local seen
        run(function()
            this_fiber.yield()
            seen = _G
        end)
        assert.is_true(rawequal(_G, seen))
    end)

    it("may be called from a coroutine", function()
        local co = coroutine.wrap(function()
            coroutine.yield(run(function()
                local f = spawn(function()
                    this_fiber.yield()
                    return "joined"
                end)
                return f:join()
            end))
            return run(function() return "again" end)
        end)
        assert.are.equal("joined", co())
        assert.are.equal("again", co())
    end)

    it("may be called from a pcall, an iterator, a metamethod", function()
        assert.are.same({ true, 1 }, { pcall(run, function() return 1 end) })
        local object = setmetatable({}, { __index = function(_, key)
            return run(function()
                this_fiber.yield()
                return key
            end)
        end })
        assert.are.equal("field", object.field)
    end)

    it("from a fiber is EPERM", helper.fiber(function()
        helper.raises("generic", "EPERM", function() run(function() end) end)
        spawn(function()
            helper.raises("generic", "EPERM", function() run(function() end) end)
        end):join()
        coroutine.wrap(function()
            helper.raises("generic", "EPERM", function() run(function() end) end)
        end)()
        this_fiber.yield()
    end))

    it("needs a function", function()
        for _, value in ipairs { false, 1, "text", {} } do
            assert.is_false(pcall(run, value))
        end
        assert.is_false((pcall(run)))
        assert.are.equal("fine", run(function() return "fine" end))
    end)

    it("refuses an unknown value of opts.leaks", function()
        assert.is_false(pcall(run, function() end, { leaks = "maybe" }))
        assert.is_false(pcall(run, function() end, { leaks = true }))
        assert.is_false(pcall(run, function() end, "error"))
    end)
end)

describe("objects survive from one run to the next", function()
    helper.install()

    it("mutex", function()
        local m = mutex.new()
        run(function() m:lock() end)
        run(function()
            assert.is_false(m:try_lock())
            m:unlock()
            assert.is_true(m:try_lock())
        end)
        assert.is_false(m:try_lock())
        m:unlock()
    end)

    it("promise and future", function()
        local p, value = future.new()
        run(function() p:set_value("kept") end)
        assert.are.equal("kept", run(function() return value:get() end))
        p, value = future.new()
        run(function()
            local f = spawn(function() return value:get() end)
            this_fiber.yield()
            p:set_value("later")
            assert.are.equal("later", f:join())
        end)
    end)

    it("condition variable", function()
        local m, c = mutex.new(), condition_variable.new()
        run(function() c:notify_all() end)
        run(function()
            local f = spawn(function()
                m:lock()
                c:wait(m)
                m:unlock()
            end)
            this_fiber.yield()
            c:notify_one()
            f:join()
        end)
    end)

    it("timer", function()
        local timer = time.steady_timer.new()
        run(function() timer:expires_after(0.001) end)
        run(function() timer:wait() end)
    end)

    it("byte_span", function()
        local bs = byte_span.append("text")
        run(function() assert.are.equal("text", tostring(bs)) end)
    end)

    it("acceptor and socket", function()
        local acceptor, client, server
        run(function()
            acceptor = ip.tcp.acceptor.new()
            acceptor:open("v4")
            acceptor:bind("127.0.0.1", 0)
            acceptor:listen()
        end)
        run(function()
            local f = spawn(function()
                client = ip.tcp.socket.new()
                client:connect(ip.address.new("127.0.0.1"), acceptor.local_port)
            end)
            server = acceptor:accept()
            f:join()
        end)
        run(function()
            client:write_some(byte_span.append("hello"))
            local bs = byte_span.new(16)
            local n = server:read_some(bs)
            assert.are.equal("hello", tostring(bs:slice(1, n)))
        end)
        acceptor:close()
        client:close()
        server:close()
    end)

    it("suspended coroutine", function()
        local co = coroutine.wrap(function()
            coroutine.yield(1)
            this_fiber.yield()
            return 2
        end)
        assert.are.equal(1, run(co))
        assert.are.equal(2, run(function() return co() end))
    end)

    it("joined fiber", function()
        local f
        run(function()
            f = spawn(function() end)
            f:join()
        end)
        assert.is_false(f.interruption_caught)
        assert.is_false(f.joinable)
        run(function()
            helper.EINVAL(function() f:join() end, 1)
            f:interrupt()
        end)
    end)

    it("finished fiber, not yet joined", function()
        local f
        run(function()
            f = spawn(function() return "kept" end)
        end)
        assert.is_true(f.joinable)
        assert.are.equal("kept", run(function() return f:join() end))
    end)
end)

describe("a suspending call outside a run", function()
    helper.install()

    local p, value = future.new()
    p:set_value(1)
    local calls = {
        ["this_fiber.yield"] = function() this_fiber.yield() end,
        ["time.sleep"] = function() time.sleep(0) end,
        ["timer:wait"] = function() time.steady_timer.new():wait() end,
        ["mutex:lock"] = function() mutex.new():lock() end,
        ["mutex:lock on a locked mutex"] = function()
            local m = mutex.new()
            assert(m:try_lock())
            m:lock()
        end,
        ["recursive_mutex:lock"] = function() require("emilua.recursive_mutex").new():lock() end,
        ["cond:wait"] = function()
            local m = mutex.new()
            assert(m:try_lock())
            condition_variable.new():wait(m)
        end,
        ["future:get"] = function()
            local kept, pending = future.new()
            pending:get()
            return kept
        end,
        ["future:get on a ready future"] = function() value:get() end,
        ["acceptor:accept"] = function()
            local acceptor = ip.tcp.acceptor.new()
            acceptor:open("v4")
            acceptor:bind("127.0.0.1", 0)
            acceptor:listen()
            local ok, e = pcall(acceptor.accept, acceptor)
            acceptor:close()
            assert(not ok)
            error(e, 0)
        end,
    }
    for name, call in pairs(calls) do
        it("is generic EPERM with a text that names emilua.run: " .. name, function()
            local e = helper.raises("generic", "EPERM", call)
            assert.is_truthy(tostring(e.detail):find("emilua.run", 1, true), tostring(e.detail))
        end)

        it("is EPERM in a coroutine too: " .. name, function()
            helper.raises("generic", "EPERM", coroutine.wrap(call))
        end)
    end

    it("leaves nothing half-started", function()
        local m, c = mutex.new(), condition_variable.new()
        assert.is_true(m:try_lock())
        helper.raises("generic", "EPERM", function() m:lock() end)
        helper.raises("generic", "EPERM", function() c:wait(m) end)
        assert.is_false(m:try_lock())
        m:unlock()
        assert.is_true(m:try_lock())
        m:unlock()
        assert.are.equal("fine", run(function()
            c:notify_all()
            this_fiber.yield()
            m:lock()
            m:unlock()
            return "fine"
        end))
    end)
end)

describe("the end of the run", function()
    helper.install()

    it("comes only when main's VM has nothing left to do", function()
        local steps = {}
        run(function()
            spawn(function()
                this_fiber.yield()
                time.sleep(0.01)
                steps[#steps + 1] = "slept"
                spawn(function()
                    time.sleep(0.001)
                    steps[#steps + 1] = "grandchild"
                end)
            end)
            steps[#steps + 1] = "main"
        end)
        assert.are.same({ "main", "slept", "grandchild" }, steps)
    end)

    it("main's values are those at its return", function()
        local value = 1
        assert.are.equal(1, run(function()
            spawn(function()
                this_fiber.yield()
                value = 2
            end)
            return value
        end))
        assert.are.equal(2, value)
    end)

    it("an operation that is pending keeps the run alive", function()
        local accepted
        run(function()
            local acceptor = ip.tcp.acceptor.new()
            acceptor:open("v4")
            acceptor:bind("127.0.0.1", 0)
            acceptor:listen()
            local port = acceptor.local_port
            spawn(function()
                accepted = acceptor:accept()
                accepted:close()
                acceptor:close()
            end)
            spawn(function()
                time.sleep(0.01)
                local client = ip.tcp.socket.new()
                client:connect(ip.address.new("127.0.0.1"), port)
                client:close()
            end)
        end)
        assert.is_truthy(accepted)
    end)

    it("failed fibers whose handle is alive are reported then, in each run", function()
        local output = helper.child [[
            local emilua = require "emilua"
            for i = 1, 2 do
                emilua.run(function()
                    HANDLE = emilua.spawn(function() error("tag" .. i, 0) end)
                    emilua.this_fiber.yield()
                    print("end " .. i)
                end)
                print("after " .. i)
            end
        ]]
        local events = {}
        for line in output:gmatch("[^\n]+") do
            events[#events + 1] = line:match("^%l+ %d$") or line:match("panicked: '(.*)'")
        end
        assert.are.same({ "end 1", "tag1", "after 1", "end 2", "tag2", "after 2" }, events)
    end)

    it("a forgotten fiber: the notice of §4.2, and run succeeds", function()
        local output, status = helper.child [[
            local emilua, mutex = require "emilua", require "emilua.mutex"
            print(emilua.run(function()
                local m = mutex.new()
                m:lock()
                emilua.spawn(function()
                    emilua.scope_cleanup_push(function() print "never" end)
                    m:lock()
                end)
                emilua.this_fiber.yield()
                return "value"
            end))
        ]]
        assert.are.equal(0, status)
        assert.are.equal("Possible deadlock(s) detected during VM ADDR shutdown:\n" ..
            "\tNo scheduled fibers remaining to unlock mutex ADDR\nvalue\n", (output:gsub("0x%x+", "ADDR")))
    end)

    it("forgotten fibers are dropped without running handlers and do not come back", function()
        local steps = {}
        local m, c = mutex.new(), condition_variable.new()
        run(function()
            spawn(function()
                emilua.scope_cleanup_push(function() steps[#steps + 1] = "handler" end)
                m:lock()
                c:wait(m)
                steps[#steps + 1] = "woken"
            end)
        end)
        run(function()
            c:notify_all()
            helper.turns(3)
        end)
        assert.are.same({}, steps)
    end)

    it("fibers dropped by a failing main do not come back, their timers do not fire", function()
        local steps = {}
        assert.is_false(pcall(run, function()
            spawn(function()
                time.sleep(0.001)
                steps[#steps + 1] = "slept"
            end)
            spawn(function()
                while true do
                    this_fiber.yield()
                end
            end)
            this_fiber.yield()
            error("tag", 0)
        end))
        run(function() time.sleep(0.01) end)
        assert.are.same({}, steps)
    end)
end)

describe("main waits for something that nothing can bring", function()
    helper.install()

    local function waits(f)
        return function()
            local e = helper.raises("generic", "EDEADLK", function() run(f) end)
            assert.are.equal("table", type(e.fibers))
            assert.is_true(#e.fibers >= 1)
            for _, entry in ipairs(e.fibers) do
                assert.is_truthy(entry.id:find("^0x%x+$"))
                assert.are.equal("string", type(entry.waits_for))
                assert.are_not.equal("", entry.waits_for)
                assert.is_truthy(entry.traceback:find("run_spec.lua:%d+"), entry.traceback)
            end
            return e
        end
    end

    it("a mutex", function()
        waits(function()
            local m = mutex.new()
            m:lock()
            m:lock()
        end)()
    end)

    it("a recursive mutex", function()
        waits(function()
            local m = require("emilua.recursive_mutex").new()
            spawn(function() m:lock() end):join()
            m:lock()
        end)()
    end)

    it("a condition variable", function()
        waits(function()
            local m = mutex.new()
            m:lock()
            condition_variable.new():wait(m)
        end)()
    end)

    it("a future whose promise stays reachable", function()
        local kept
        waits(function()
            local p, value = future.new()
            kept = p
            value:get()
        end)()
        assert.is_truthy(kept)
    end)

    it("a join", function()
        waits(function()
            local m = mutex.new()
            m:lock()
            spawn(function() m:lock() end):join()
        end)()
    end)

    it("the list has id, name, waits_for and traceback of each fiber", function()
        local main_id, worker_id
        local e = waits(function()
            main_id = this_fiber.id
            local m = mutex.new()
            m:lock()
            local f = spawn(function()
                worker_id = this_fiber.id
                m:lock()
            end, { name = "worker" })
            f:join()
        end)()
        local by_id = {}
        for _, entry in ipairs(e.fibers) do
            by_id[entry.id] = entry
        end
        assert.is_truthy(by_id[main_id])
        assert.are.equal("worker", by_id[worker_id].name)
        assert.is_truthy(by_id[worker_id].waits_for:find("mutex", 1, true), by_id[worker_id].waits_for)
        assert.is_truthy(by_id[main_id].waits_for:find("join", 1, true) or
            by_id[main_id].waits_for:find("fiber", 1, true), by_id[main_id].waits_for)
    end)

    it("prints no notice", function()
        local output, status = helper.child [[
            local emilua, mutex = require "emilua", require "emilua.mutex"
            local ok, e = pcall(emilua.run, function()
                local m = mutex.new()
                m:lock()
                emilua.spawn(function() m:lock() end)
                m:lock()
            end)
            print(ok, e, #e.fibers)
        ]]
        assert.are.equal(0, status)
        assert.are.equal("false\tResource deadlock avoided\t2\n", output)
    end)

    it("is found only when nothing else can bring it", function()
        assert.are.equal("value", run(function()
            local p, value = future.new()
            spawn(function()
                time.sleep(0.01)
                p:set_value("value")
            end)
            return value:get()
        end))
    end)

    it("the next run is fine", function()
        pcall(run, function()
            local m = mutex.new()
            m:lock()
            m:lock()
        end)
        assert.are.equal("fine", run(function()
            this_fiber.yield()
            return "fine"
        end))
    end)
end)

describe("an error of main", function()
    helper.install()

    it("is raised unchanged by run", function()
        for _, value in ipairs { "text", 42, true, false, {}, print } do
            local ok, e = pcall(run, function() error(value, 0) end)
            assert.is_false(ok)
            assert.is_true(rawequal(value, e))
        end
        assert.are.same({ n = 2, false, nil }, helper.pack(pcall(run, function() error(nil) end)))
    end)

    it("after a suspension is raised unchanged too", function()
        local value = {}
        local _, e = pcall(run, function()
            this_fiber.yield()
            time.sleep(0.001)
            error(value)
        end)
        assert.is_true(rawequal(value, e))
    end)

    it("of the runtime is raised as the error table", function()
        helper.raises("emilua.core", "bad_coroutine", function() run(coroutine.yield) end)
    end)

    it("runs main's root cleanup handlers, which may suspend", function()
        local steps = {}
        pcall(run, function()
            emilua.scope_cleanup_push(function() steps[#steps + 1] = 1 end)
            emilua.scope_cleanup_push(function()
                time.sleep(0.001)
                steps[#steps + 1] = 2
            end)
            error("tag")
        end)
        assert.are.same({ 2, 1 }, steps)
    end)

    it("drops the other fibers, their handlers do not run", function()
        local steps = {}
        pcall(run, function()
            spawn(function()
                emilua.scope_cleanup_push(function() steps[#steps + 1] = "handler" end)
                time.sleep(60)
            end)
            this_fiber.yield()
            error("tag")
        end)
        run(function() helper.turns(3) end)
        assert.are.same({}, steps)
    end)

    it("leaves run usable: run after run", function()
        for i = 1, 20 do
            local ok, e = pcall(run, function()
                spawn(function() time.sleep(60) end)
                this_fiber.yield()
                error(i, 0)
            end)
            assert.are.same({ false, i }, { ok, e })
            assert.are.equal(i, run(function()
                this_fiber.yield()
                return i
            end))
        end
    end)

    it("has its position when nobody catches it", function()
        local output, status = helper.child [[
local emilua = require "emilua"
local function fail()
    error("boom")
end
emilua.run(function()
    emilua.this_fiber.yield()
    fail()
end)]]
        assert.are.equal(1, status)
        assert.is_truthy(output:find("input.lua:3: boom", 1, true), output)
    end)
end)

describe("opts.leaks", function()
    helper.install()

    local function forgotten_fiber()
        local m, c = mutex.new(), condition_variable.new()
        spawn(function()
            m:lock()
            c:wait(m)
        end)
        return "value"
    end

    local function open_acceptor()
        local acceptor = ip.tcp.acceptor.new()
        acceptor:open("v4")
        acceptor:bind("127.0.0.1", 0)
        acceptor:listen()
        return acceptor
    end

    it("ignore is the default: a forgotten fiber is no error", function()
        assert.are.equal("value", run(forgotten_fiber))
        assert.are.equal("value", run(forgotten_fiber, {}))
        assert.are.equal("value", run(forgotten_fiber, { leaks = "ignore" }))
    end)

    it("ignore: an open descriptor is no error", function()
        local acceptor = run(open_acceptor)
        assert.is_true(acceptor.is_open)
        acceptor:close()
    end)

    it("error: a clean run returns its values", function()
        assert.are.same({ n = 3, 1, nil, nil }, helper.pack(run(function()
            local f = spawn(function() time.sleep(0.001) end)
            f:join()
            local acceptor = open_acceptor()
            acceptor:close()
            return 1, nil, nil
        end, { leaks = "error" })))
    end)

    it("error: a run that leaves a fiber fails", function()
        local ok, e = pcall(run, forgotten_fiber, { leaks = "error" })
        assert.is_false(ok)
        assert.is_truthy(e)
    end)

    it("error: a run that leaves an open descriptor fails", function()
        local acceptor
        local ok, e = pcall(run, function() acceptor = open_acceptor() end, { leaks = "error" })
        acceptor:close()
        assert.is_false(ok)
        assert.is_truthy(e)
    end)

    it("error: a descriptor opened before the run is not this run's", function()
        local acceptor = run(open_acceptor)
        assert.are.equal("value", run(function() return "value" end, { leaks = "error" }))
        acceptor:close()
    end)

    it("error: main's own error wins", function()
        local ok, e = pcall(run, function()
            forgotten_fiber()
            error("tag", 0)
        end, { leaks = "error" })
        assert.are.same({ false, "tag" }, { ok, e })
    end)
end)

describe("stock os.exit", function()
    helper.install()

    local function status_of(body)
        local output, status = helper.child([[
            local emilua = require "emilua"
            local time = require "emilua.time"
            local spawn, this_fiber = emilua.spawn, emilua.this_fiber
            emilua.run(function()
                emilua.scope_cleanup_push(function() print "never" end)
                spawn(function() time.sleep(600) print "never" end)
                this_fiber.yield()
                print "before"
        ]] .. body .. "\nprint 'never'\nend)\nprint 'never'", { timeout = 20 })
        assert.are.equal("before\n", output)
        return status
    end

    it("in main ends the process at once", function()
        assert.are.equal(3, status_of "os.exit(3)")
        assert.are.equal(0, status_of "os.exit(0)")
    end)

    it("in a fiber ends the process at once", function()
        assert.are.equal(4, status_of "spawn(function() os.exit(4) end):join()")
    end)

    it("in a coroutine ends the process at once", function()
        assert.are.equal(5, status_of "coroutine.wrap(function() this_fiber.yield() os.exit(5) end)()")
    end)

    it("after a run ends the process", function()
        local output, status = helper.child([[
            local emilua = require "emilua"
            emilua.run(function() require("emilua.time").sleep(0.001) end)
            print "after"
            os.exit(6, true)
        ]], { timeout = 20 })
        assert.are.same({ "after\n", 6 }, { output, status })
    end)
end)

describe("several host states in one process", function()
    helper.install()

    local EMBEDDING = [[
        local ffi = require "ffi"
        ffi.cdef[=[
            void *luaL_newstate(void);
            void luaL_openlibs(void *);
            int luaL_loadstring(void *, const char *);
            int lua_pcall(void *, int, int, int);
            const char *lua_tolstring(void *, int, size_t *);
            void lua_settop(void *, int);
            void lua_close(void *);
        ]=]
        local C = ffi.C
        local function open()
            local L = C.luaL_newstate()
            C.luaL_openlibs(L)
            return L
        end
        local function go(L, source)
            local ok = C.luaL_loadstring(L, source) == 0 and C.lua_pcall(L, 0, 1, 0) == 0
            local text = C.lua_tolstring(L, -1, nil)
            text = text ~= nil and ffi.string(text) or "nil"
            C.lua_settop(L, -2)
            return ok, text
        end
        jit.off(go)
        local PROGRAM = [=[
            local emilua = require "emilua"
            local time = require "emilua.time"
            return emilua.run(function()
                local f = emilua.spawn(function()
                    time.sleep(0.001)
                    return "joined"
                end)
                emilua.this_fiber.yield()
                return f:join()
            end)
        ]=]
    ]]

    it("each is a main VM", function()
        local output, status = helper.child(EMBEDDING .. [[
            local emilua = require "emilua"
            print(loadstring(PROGRAM)())
            local a, b = open(), open()
            print(go(a, PROGRAM))
            print(go(b, PROGRAM))
            print(go(a, PROGRAM))
            print(loadstring(PROGRAM)())
            C.lua_close(a)
            print(go(b, PROGRAM))
            C.lua_close(b)
            print(loadstring(PROGRAM)())
        ]])
        assert.are.equal(0, status, output)
        assert.are.equal("joined\ntrue\tjoined\ntrue\tjoined\ntrue\tjoined\njoined\ntrue\tjoined\njoined\n", output)
    end)

    it("the first may be closed before the module is loaded again", function()
        local output, status = helper.child(EMBEDDING .. [[
            for _ = 1, 20 do
                local a = open()
                assert(go(a, PROGRAM))
                C.lua_close(a)
            end
            print(loadstring(PROGRAM)())
        ]])
        assert.are.equal(0, status, output)
        assert.are.equal("joined\n", output)
    end)

    it("a state may be closed that never ran, or whose run failed", function()
        local output, status = helper.child(EMBEDDING .. [[
            local a = open()
            print(go(a, 'require "emilua" require "emilua.ip" return "loaded"'))
            C.lua_close(a)
            a = open()
            print(go(a, 'require("emilua").run(function() error("tag", 0) end)'))
            C.lua_close(a)
            a = open()
            print(go(a, 'local ip = require "emilua.ip"; A = ip.tcp.acceptor.new(); A:open("v4") return "open"'))
            C.lua_close(a)
        ]])
        assert.are.equal(0, status, output)
        assert.are.equal("true\tloaded\nfalse\ttag\n", (output:gsub("[^\n]*open\n$", "")))
    end)

    it("leave no descriptor behind when they are closed", function()
        local output, status = helper.child(EMBEDDING .. [[
            local function count()
                local pid = io.open("/proc/self/stat"):read("*n")
                collectgarbage()
                local path = os.tmpname()
                os.execute("ls /proc/" .. pid .. "/fd | wc -l > " .. path)
                local file = io.open(path)
                local n = file:read("*n")
                file:close()
                os.remove(path)
                return n
            end
            local function cycle()
                local a = open()
                assert(go(a, PROGRAM))
                C.lua_close(a)
            end
            cycle()
            collectgarbage()
            local before = count()
            for _ = 1, 50 do
                cycle()
            end
            print(count() - before)
        ]])
        assert.are.equal(0, status, output)
        assert.are.equal("0\n", output)
    end)

    it("a run inside a run of another state does not crash", function()
        local output, status = helper.child(EMBEDDING .. [[
            local emilua = require "emilua"
            local other = open()
            emilua.run(function()
                emilua.this_fiber.yield()
                local ok, text = go(other, PROGRAM)
                print(ok and text == "joined" or not ok and text ~= "")
                emilua.this_fiber.yield()
                require("emilua.time").sleep(0.001)
            end)
            C.lua_close(other)
            print "end"
        ]])
        assert.are.equal(0, status, output)
        assert.are.equal("true\nend\n", output)
    end)
end)
