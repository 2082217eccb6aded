-- Specs under memcheck, and what no plain script can bring about: panics, and memory that is refused.

local helper = require "spec.helper"
local environment = require "spec.environment"
local passes = require("spec.variant_helper").passes

local quote = helper.quote
local LUAJIT = helper.interpreter:match("^%S+")

-- Builds spec/checked_host.c, once, and returns its path.
local host
local function checked_host()
    if not host then
        local path = helper.root .. "build/checked_host"
        local output, status = helper.shell(("cd %s && mkdir -p build && cc -O1 -g -Wall -Wextra -Werror " ..
            "-o %s spec/checked_host.c -lluajit-5.1"):format(quote(helper.root), quote(path)))
        assert.are.same({ "", 0 }, { output, status })
        host = path
    end
    return quote(host)
end

-- The command for a program under memcheck, which prints nothing but errors and memory that is lost.
local function memcheck(program)
    environment.need("valgrind", helper.has_command("valgrind"))
    return "valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite " ..
        "--errors-for-leak-kinds=definite --num-callers=20 " .. program
end

describe("memcheck", function()
    it("sees what lies beyond a byte_span", function()
        local output, status = helper.child([[
            local ffi = require "ffi"
            ffi.cdef "void *memchr(const void *, int, size_t);"
            local bs = require("emilua.byte_span").new(16)
            ffi.C.memchr(ffi.cast("uint8_t **", bs)[0], 1, 4096)
        ]], { interpreter = memcheck(checked_host()) })
        assert.are.equal(99, status, output)
        assert.is_truthy(output:find("Invalid read", 1, true), output)
    end)

    for _, name in ipairs {
        "byte_span", "byte_span_metamethods", "byte_span_search", "condition_variable", "coroutine", "fiber", "future",
        "interruption", "ip_address", "ip_tcp", "ip_tcp_acceptor", "ip_tcp_concurrency", "ip_tcp_options",
        "ip_tcp_socket", "mutex", "recursive_mutex", "scope", "stream", "time_timer",
    } do
        it("finds no error in " .. name .. "_spec.lua", function()
            passes(name, LUAJIT .. " -joff", nil, memcheck(checked_host()))
        end)
    end

    it("finds no error in compiled code", function()
        passes("ip_tcp_socket", LUAJIT, nil, memcheck("--smc-check=all-non-file " .. LUAJIT))
    end)
end)

describe("a panic in the native half", function()
    helper.install()

    local FORCE = [[
        local emilua = require "emilua"
        local this_fiber = emilua.this_fiber
        local import = debug.getregistry()["emilua.import"]
        local text, errors = import "core.text", import "core.errors"
        local function force() errors.raise_code(text.panic()) end
    ]]
    local TEXT = "emilua: internal error: forced by the test suite"

    -- What a program prints to stdout, when its stderr is as expected: Rust's message for each of `panics`.
    local function output_of(source, panics, opts)
        local messages = os.tmpname()
        opts = opts or {}
        opts.before = "exec 2>" .. quote(messages) .. ";"
        opts.env = { RUST_BACKTRACE = "0" }
        local output, status = helper.child(FORCE .. source, opts)
        local file = assert(io.open(messages))
        local text = file:read("*a")
        file:close()
        os.remove(messages)
        local _, count = text:gsub("panicked at src/bridge/mod%.rs:%d+:%d+:\nforced by the test suite\n", "")
        assert.are.same({ 0, panics }, { status, count }, output .. text)
        for line in text:gmatch("[^\n]+") do
            assert.is_truthy(line:find("^thread '.*' .*panicked at ") or line == "forced by the test suite"
                or line:find("^note: run with `RUST_BACKTRACE=1`"), text)
        end
        return output
    end

    for title, interpreter in pairs { ["with the JIT"] = LUAJIT, ["without the JIT"] = LUAJIT .. " -joff" } do
        it("is a Lua error outside of a run, " .. title, function()
            local output = output_of("print(pcall(force))", 1, { interpreter = interpreter })
            assert.are.equal("false\t" .. TEXT .. "\n", output)
        end)

        it("is an error of main that leaves run usable, " .. title, function()
            assert.are.equal("false\t" .. TEXT .. "\nfine\n", output_of([[
                print(pcall(emilua.run, force))
                print(emilua.run(function()
                    require("emilua.time").sleep(0.001)
                    return "fine"
                end, {leaks = "error"}))
            ]], 1, { interpreter = interpreter }))
        end)

        it("is caught in fibers and coroutines, which go on, " .. title, function()
            assert.are.equal(("false\t%s\n"):format(TEXT):rep(3) .. "fine\n", output_of([[
                print(emilua.run(function()
                    local f = emilua.spawn(function()
                        this_fiber.yield()
                        force()
                    end)
                    print(pcall(f.join, f))
                    print(coroutine.wrap(function()
                        this_fiber.yield()
                        return pcall(force)
                    end)())
                    print(pcall(function()
                        emilua.scope_cleanup_push(function() this_fiber.yield() end)
                        force()
                    end))
                    require("emilua.time").sleep(0.001)
                    return "fine"
                end, {leaks = "error"}))
            ]], 3, { interpreter = interpreter }))
        end)
    end

    it("is the code PANIC each time, also in a loop that is compiled", function()
        assert.are.equal("fine\n", output_of([[
            for _ = 1, 1000 do assert(text.panic() == import "core.native".PANIC) end
            print(text.of_panic() == "forced by the test suite" and "fine")
        ]], 1000))
    end)

    it("is reported for a fiber that nobody joins", function()
        local output, status = helper.child(FORCE .. [[
            emilua.run(function()
                emilua.spawn(force):detach()
                this_fiber.yield()
            end)
        ]])
        assert.are.equal(0, status, output)
        assert.is_truthy(output:find("panicked: '" .. TEXT, 1, true), output)
    end)
end)

-- A program that uses every kind of wait and catches no error.
local WORKLOAD = [[
    local emilua = require "emilua"
    local time, mutex, future = require "emilua.time", require "emilua.mutex", require "emilua.future"
    local condition_variable, ip = require "emilua.condition_variable", require "emilua.ip"
    local byte_span, stream = require "emilua.byte_span", require "emilua.stream"
    local spawn, this_fiber = emilua.spawn, emilua.this_fiber
    local function workload()
        local m, c = mutex.new(), condition_variable.new()
        local promise, value = future.new()
        local fibers = {}
        for i = 1, 10 do
            fibers[i] = spawn(function()
                m:lock()
                emilua.scope_cleanup_push(function() m:unlock() end)
                c:wait(m)
                return i + value:get()
            end)
        end
        this_fiber.yield()
        c:notify_all()
        promise:set_value(10)
        local sum = 0
        for i = 1, 10 do sum = sum + fibers[i]:join() end
        assert(sum == 155)
        assert(coroutine.wrap(function()
            time.sleep(0)
            local timer = time.steady_timer.new()
            timer:expires_after(0)
            timer:wait()
            return "back"
        end)() == "back")
        local acceptor = ip.tcp.acceptor.new()
        emilua.scope_cleanup_push(function() acceptor:close() end)
        acceptor:open("v4")
        acceptor:bind("127.0.0.1", 0)
        acceptor:listen()
        local echo = spawn(function()
            local server = acceptor:accept()
            emilua.scope_cleanup_push(function() server:close() end)
            local bs = byte_span.new(4)
            stream.read_all(server, bs)
            stream.write_all(server, bs)
        end)
        local client = ip.tcp.socket.new()
        emilua.scope_cleanup_push(function() client:close() end)
        -- Ends what waits for a fiber that has failed.
        local watchdog = spawn(function()
            time.sleep(0.3)
            acceptor:close()
            client:close()
        end)
        emilua.scope_cleanup_push(function() watchdog:interrupt() end)
        client:connect(ip.address.new("127.0.0.1"), acceptor.local_port)
        stream.write_all(client, "ping")
        local bs = byte_span.new(4)
        stream.read_all(client, bs)
        echo:join()
        return tostring(bs)
    end
]]

-- `output` without the reports of fibers that starved before main did, and of cleanup handlers that did.
local function without_reports(output)
    return (output:gsub("Fiber [^\n]* panicked: 'not enough memory'\nstack traceback:[^\n]*\n", "")
        :gsub("\t[^\n]+: in [^\n]*\n", "")
        :gsub("VM %S+ forcibly closed due to error raised on cleanup handler from coroutine %S+\n", ""))
end

describe("an allocation that is refused", function()
    helper.install()

    -- Refuses the first allocation of a run, then the second of another run and so on.
    local EACH = WORKLOAD .. [[
        assert(emilua.run(workload) == "ping")
        local refused, finished, n = 0, 0, 0
        while finished < 3 do
            fail_after(n)
            local ok, e = pcall(emilua.run, workload)
            if fail_after(-1) then refused = refused + 1 else finished = finished + 1 end
            if tostring(e):find("[emilua", 1, true) then print("broken inside after " .. n .. ": " .. e) end
            local usable, result = pcall(emilua.run, workload)
            if result ~= "ping" then print("unusable after " .. n .. ": " .. tostring(result)) end
            n = n + 1
        end
        print(refused > 150 or refused)
    ]]

    it("leaves run usable, whichever it is", function()
        local output, status = helper.child(EACH, { interpreter = checked_host(), timeout = 120 })
        assert.are.same({ "true\n", 0 }, { without_reports(output), status })
    end)

    it("breaks no memory, whichever it is", function()
        local program = memcheck("--leak-check=no " .. checked_host())
        local output, status = helper.child(EACH, { interpreter = program, timeout = 120 })
        assert.are.same({ "true\n", 0 }, { without_reports(output), status })
    end)

    it("lets emilua be loaded later, whichever it is", function()
        local output, status = helper.child([[
            local require = require
            require "ffi"
            local n, ok, e = -1, nil, nil
            repeat
                n = n + 1
                package.loaded.emilua = nil
                fail_after(n)
                ok, e = pcall(require, "emilua")
                fail_after(-1)
                if not ok and not tostring(e):find("not enough memory", 1, true) then print(n, e) end
            until ok or n == 10000
            print(n > 20 or n, require("emilua").run(function()
                require("emilua.time").sleep(0)
                return "fine"
            end))
        ]], { interpreter = checked_host() })
        assert.are.same({ "true\tfine\n", 0 }, { output, status })
    end)
end)

-- The interpreter alone: LuaJIT's lj_err_mem takes the stack for what it was before the trace, so an allocation that is
-- refused in compiled code may end in a fault, emilua or not. The limits differ in who meets the end of memory, Lua or
-- Rust.
describe("memory that is full of fibers", function()
    helper.install()

    for kind, body in pairs {
        ["that have ended"] = "function() end",
        ["that wait for a mutex"] = "function() m:lock() end",
        ["that wait for a condition"] = "function() n:lock() c:wait(n) end",
        ["that wait for a future"] = "function() value:get() end",
        ["that sleep"] = "function() time.sleep(60) end",
        ["that wait for a timer"] = [[function()
            local timer = time.steady_timer.new()
            timer:expires_after(60)
            timer:wait()
        end]],
        ["in coroutines"] = "function() coroutine.wrap(function() time.sleep(60) end)() end",
    } do
        it("is an error of main that leaves run usable: fibers " .. kind, function()
            local source = ([[
                local emilua = require "emilua"
                local time, future = require "emilua.time", require "emilua.future"
                local mutex, c = require "emilua.mutex", require("emilua.condition_variable").new()
                local m, n = mutex.new(), mutex.new()
                local promise, value = future.new()
                local body = %s
                local kept = {}
                local ok, e = pcall(emilua.run, function()
                    m:lock()
                    for i = 1, 1e9 do
                        kept[i] = emilua.spawn(body)
                        if i %% 1000 == 0 then emilua.this_fiber.yield() end
                    end
                end)
                kept, body, promise, value, m, n, c = nil, nil, nil, nil, nil, nil, nil
                collectgarbage()
                collectgarbage()
                print(ok, e)
                print(emilua.run(function()
                    time.sleep(0.001)
                    return emilua.spawn(function()
                        emilua.this_fiber.yield()
                        return "fine"
                    end):join()
                end))
            ]]):format(body)
            for limit = 90000, 90400, 100 do
                local output, status = helper.child(source,
                    { interpreter = LUAJIT .. " -joff", before = "ulimit -v " .. limit .. ";", timeout = 120 })
                assert.are.same({ "false\tnot enough memory\nfine\n", 0 }, { without_reports(output), status }, limit)
            end
        end)
    end
end)
