-- Bugs that were found by use, one test each, named after the bug.

local emilua = require "emilua"
local helper = require "spec.helper"
local ip = require "emilua.ip"
local stream = require "emilua.stream"
local time = require "emilua.time"

local byte_span, spawn, this_fiber = emilua.byte_span, emilua.spawn, emilua.this_fiber

helper.install()

local function is_nan(x) return type(x) == "number" and x ~= x end

local function acceptor()
    local a = ip.tcp.acceptor.new()
    a:open("v4")
    a:bind("127.0.0.1", 0)
    a:listen()
    return a
end

-- Two connected sockets.
local function pair()
    local a = acceptor()
    local client = ip.tcp.socket.new()
    local connecting = spawn(function() client:connect(ip.address.loopback_v4(), a.local_port) end)
    local server = a:accept()
    connecting:join()
    a:close()
    return client, server
end

describe("bugs that were found by use", function()
    it("a NaN read from bytes was a forged Lua value", function()
        for _, bytes in ipairs { "\255\255\255\255", "\255\236\0\0", "\127\192\0\1" } do
            assert.is_true(is_nan(byte_span.append(bytes):get_f32be()))
            assert.is_true(is_nan(byte_span.append(bytes:reverse()):get_f32le()))
        end
        for _, bytes in ipairs { ("\255"):rep(8), "\255\253\128\0\0\0\16\0", "\127\240\0\0\0\0\0\1" } do
            assert.is_true(is_nan(byte_span.append(bytes):get_f64be()))
            assert.is_true(is_nan(byte_span.append(bytes:reverse()):get_f64le()))
        end
        assert.equal(math.huge, byte_span.append("\127\240\0\0\0\0\0\0"):get_f64be())
        assert.equal(-math.huge, byte_span.append("\255\128\0\0"):get_f32be())
    end)

    it("connect on a connected socket stranded its reader", helper.fiber(function()
        local client, server = pair()
        local reader = spawn(function() return server:read_some(byte_span.new(5)) end)
        this_fiber.yield()
        assert.is_false((pcall(server.connect, server, ip.address.loopback_v4(), 1)))
        stream.write_all(client, "hello")
        assert.equal(5, reader:join())
        client:close()
        server:close()
    end))

    it("of two fibers that connected one socket, one was never woken", helper.fiber(function()
        local a = acceptor()
        local socket, connecting = ip.tcp.socket.new(), {}
        for i = 1, 2 do
            connecting[i] = spawn(function()
                return (pcall(socket.connect, socket, ip.address.loopback_v4(), a.local_port))
            end)
        end
        local first, second = connecting[1]:join(), connecting[2]:join()
        assert.is_true(first or second)
        socket:close()
        a:close()
    end))

    it("a socket that is always ready kept timers waiting for half a million operations", helper.fiber(function()
        local client, server = pair()
        local stop, operations = false, 0
        local busy = spawn(function()
            local bs = byte_span.new(1)
            while not stop do
                server:write_some(bs)
                client:read_some(bs)
                operations = operations + 2
            end
        end)
        time.sleep(0.0001)
        stop = true
        assert.is_true(operations < 100000, operations)
        busy:join()
        client:close()
        server:close()
    end))

    it("outside a run a coroutine that a dropped fiber is parked in could be resumed", function()
        local wrapped
        pcall(emilua.run, function()
            wrapped = coroutine.wrap(function() time.sleep(1000) end)
            spawn(function() wrapped() end):detach()
            this_fiber.yield()
            error "tag"
        end)
        helper.EPERM(wrapped)
    end)

    it("pcall around a failing cleanup handler helped where the fiber cannot be suspended", function()
        local output = helper.child [[
            local emilua = require "emilua"
            print(pcall(emilua.run, function()
                pcall(string.gsub, "a", ".", function()
                    emilua.scope(function()
                        emilua.scope_cleanup_push(function() error("tag", 0) end)
                    end)
                end)
                print "never"
            end))
        ]]
        assert.is_falsy(output:find("never", 1, true), output)
        assert.is_truthy(output:find("false\ttag\n", 1, true), output)
    end)

    it("setfenv(0, t) in a fiber reached the next fiber of its coroutine", helper.fiber(function()
        local globals = getfenv(0)
        spawn(function() setfenv(0, {}) end):join()
        spawn(function() assert.equal(globals, getfenv(0)) end):join()
    end))

    it("a handler that restored interruption too often left the counter below zero", helper.fiber(function()
        local f = spawn(function()
            emilua.scope(function()
                emilua.scope_cleanup_push(function() this_fiber.restore_interruption() end)
            end)
            helper.raises("emilua.core", "interruption_already_allowed", this_fiber.restore_interruption)
            this_fiber.yield()
            this_fiber.yield()
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.is_true(f.interruption_caught)
    end))

    it("a coroutine that yielded inside a handler left its resumer uninterruptible", helper.fiber(function()
        local step = coroutine.wrap(function()
            emilua.scope(function()
                emilua.scope_cleanup_push(function() coroutine.yield() end)
            end)
        end)
        local f = spawn(function()
            step()
            time.sleep(60)
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.is_true(f.interruption_caught)
    end))

    it("sleepers that a failing run dropped kept their tokens", function()
        local function fail()
            pcall(emilua.run, function()
                for _ = 1, 1000 do spawn(function() time.sleep(1000) end):detach() end
                this_fiber.yield()
                error "tag"
            end)
        end
        for _ = 1, 5 do fail() end
        collectgarbage()
        local held = collectgarbage("count")
        for _ = 1, 50 do fail() end
        collectgarbage()
        assert.is_true(collectgarbage("count") - held < 1024, collectgarbage("count") - held)
    end)

    it("a cleanup handler pushed outside of a run was accepted and never run", function()
        helper.EPERM(function() emilua.scope_cleanup_push(function() end) end)
    end)

    it("the difference of distant time points wrapped around", function()
        local clock = time.steady_clock
        assert.is_true(math.abs((clock.epoch() + 9.2e9) - (clock.epoch() - 9.2e9) - 1.84e10) < 1)
    end)

    it("a span beyond the interpreter's limit was a plain string error", function()
        helper.raises("generic", "ENOMEM", function() byte_span.new(2 ^ 31) end)
        helper.raises("generic", "ENOMEM", function() byte_span.new(1e300) end)
    end)

    it("an object as the options of spawn raised bad_index", helper.fiber(function()
        spawn(function() end, require("emilua.mutex").new()):join()
    end))

    it("entries of ip.connect that are no tables raised an internal error", helper.fiber(function()
        helper.EINVAL(function() ip.connect(ip.tcp.socket.new(), { 5 }) end)
    end))

    it("composed operations on no stream raised an internal error", helper.fiber(function()
        helper.EINVAL(function() stream.read_all(nil, byte_span.new(1)) end, 1)
        helper.EINVAL(function() stream.write_all(true, "x") end, 1)
    end))
end)

