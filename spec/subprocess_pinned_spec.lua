-- What the reference's own tests pin about actors in processes of their own: actors §19 from 19 on, in its order. Each
-- value is delivered to a fiber that waits, and queued after a receive that was interrupted.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local filesystem = require "emilua.filesystem"
local inbox = require "emilua.inbox"
local pipe = require "emilua.pipe"
local stream = require "emilua.stream"
local time = require "emilua.time"
local helper = require "spec.helper"
local subprocess = require "spec.subprocess_helper"
local wire = require "spec.subprocess_wire"

local fiber, spawn, speaking = helper.fiber, subprocess.spawn, subprocess.speaking

helper.install()

-- Sends what it gets to the address that it gets first.
local ECHO = [[
    local inbox = require "emilua.inbox"
    local reply = inbox:receive()
    while true do
        local ok, message = pcall(inbox.receive, inbox)
        if not ok then break end
        reply:send(message)
    end
]]

-- Gives up a receive, so that what comes after it is queued.
local function interrupted_receive()
    local f = emilua.spawn(function() inbox:receive() end)
    helper.turns()
    f:interrupt()
    pcall(f.join, f)
end

local function no_senders() helper.raises("emilua.core", "no_senders", function() inbox:receive() end) end

-- The answer to `message`: while this fiber waits, or queued.
local DELIVERIES = {
    directly = function(channel, message)
        local waiting = emilua.spawn(function() return inbox:receive() end)
        helper.turns()
        channel:send(message)
        return waiting:join()
    end,
    queued = function(channel, message)
        interrupted_receive()
        channel:send(message)
        -- Long enough for the answer to lie there, as a rule.
        time.sleep(0.002)
        return inbox:receive()
    end,
}

-- The source of a child that receives, `queued` or not, once `ready` was called.
local function receiving(queued, body)
    return ("local queued = %s\n"):format(tostring(queued)) .. [[
        local emilua = require "emilua"
        local inbox = require "emilua.inbox"
        local time = require "emilua.time"
        local reply = inbox:receive()
        if queued then
            local f = emilua.spawn(function() inbox:receive() end)
            emilua.this_fiber.yield()
            f:interrupt()
            pcall(f.join, f)
        end
        reply:send(true)
        reply:close()
        local function receive()
            if queued then time.sleep(0.002) end
            return inbox:receive()
        end
    ]] .. body
end

-- Returns when such a child is about to receive.
local function ready(channel)
    channel:send(inbox)
    assert.equal(true, inbox:receive())
end

describe("actors §19", function()
    local SCALARS = {
        "", "text", ("x"):rep(255), "a\0\255", true, false, 0, 1, 42, 1 / 0, -1 / 0, 0 / 0,
    }

    local function same(expected, value)
        assert.equal(type(expected), type(value))
        assert.is_true(expected == value or expected ~= expected and value ~= value, tostring(value))
    end

    for name, deliver in pairs(DELIVERIES) do
        it("19: every scalar makes the round trip, bare and as a member: " .. name, fiber(function()
            local channel = spawn(ECHO)
            channel:send(inbox)
            for _, value in ipairs(SCALARS) do
                same(value, deliver(channel, value))
                local answer = deliver(channel, { value = value })
                same(value, answer.value)
                answer.value = nil
                assert.is_nil(next(answer))
            end
            channel:close()
            no_senders()
        end))
    end

    it("19: print shows inf, -inf, nan", fiber(function()
        local channel, output = speaking(receiving(true, [[
            print(receive(), receive(), receive().value)
        ]]))
        ready(channel)
        channel:send(1 / 0)
        channel:send(-1 / 0)
        channel:send { value = 0 / 0 }
        assert.equal("inf\t-inf\tnan\n", output())
        channel:close()
    end))

    for name, queued in pairs { directly = false, queued = true } do
        it("20: a pipe's end is usable after the sender has closed its own: " .. name, fiber(function()
            for _, member in ipairs { false, "value" } do
                local channel, output = speaking(receiving(queued, ([[
                    local fd = receive()%s
                    local read = require("emilua.pipe").read_stream.new(fd)
                    local buffer = require("emilua.byte_span").new(10)
                    print(buffer:first(read:read_some(buffer)))
                ]]):format(member and ".value" or "")))
                ready(channel)
                local read, write = pipe.pair()
                local fd = read:release()
                channel:send(member and { value = fd } or fd)
                fd:close()
                stream.write_all(write, "through")
                write:close()
                assert.equal("through\n", output())
                channel:close()
            end
        end))

        it("21: the address of an actor here outlives that of the sender: " .. name, fiber(function()
            for _, member in ipairs { false, "value" } do
                local worker = emilua.spawn_vm { source = [[
                    local inbox = require "emilua.inbox"
                    local reply = inbox:receive()
                    for _ = 1, 2 do reply:send("worker got " .. inbox:receive()) end
                ]] }
                worker:send(inbox)
                local channel = spawn(receiving(queued, ([[
                    local address = receive()%s
                    address:send "one"
                    address:send "two"
                ]]):format(member and ".value" or "")))
                ready(channel)
                channel:send(member and { value = worker } or worker)
                worker:close()
                assert.equal("worker got one", inbox:receive())
                assert.equal("worker got two", inbox:receive())
                channel:close()
                no_senders()
            end
        end))
    end

    it("22: as many addresses as there may be members arrive; one more is EINVAL", fiber(function()
        local most = emilua.limits.ipc_members
        local channel = spawn [[
            for _, address in pairs(require("emilua.inbox"):receive()) do address:send(true) end
        ]]
        local message = {}
        for i = 1, most do message["k" .. i] = inbox end
        channel:send(message)
        for _ = 1, most do assert.equal(true, inbox:receive()) end
        message.more = inbox
        helper.EINVAL(function() channel:send(message) end, 2)
        channel:close()
        no_senders()
    end))

    -- The values of 23, by what they are.
    local function refused(channel)
        local long, many = ("x"):rep(256), {}
        for i = 1, 2000 do many["k" .. i] = i end
        helper.EINVAL(function() channel:send(nil) end, 2)
        for name, value in pairs {
            empty = {}, span = byte_span.new(1), ["span as a member"] = { value = byte_span.new(1) }, long = long,
            ["long value"] = { value = long }, ["long key"] = { [long] = 1 }, ["both long"] = { [long] = long },
            many = many, nested = { value = { 1 } }, ["nested and empty"] = { value = {} },
        } do
            local ok, e = pcall(channel.send, channel, value)
            assert.is_false(ok, name)
            helper.is_error(e, "generic", "EINVAL", { arg = 2 })
        end
    end

    it("23: what cannot travel is EINVAL, and nothing of it is sent", fiber(function()
        local channel = spawn(ECHO)
        channel:send(inbox)
        refused(channel)
        channel:send "after"
        assert.equal("after", inbox:receive())
        channel:close()
        no_senders()
    end))

    it("24: close after send loses nothing", fiber(function()
        local channel, output = speaking(receiving(true, [[
            print(receive(), receive(), (select(2, pcall(receive))).code)
        ]]))
        ready(channel)
        channel:send(1)
        channel:send(2)
        channel:close()
        assert.equal("1\t2\t16\n", output())
    end))

    it("24: the errors of 23 come before any IO, also when the child never started", fiber(function()
        local channel = emilua.spawn_vm { subprocess = {} }
        refused(channel)
        channel:close()
    end))

    -- The rows of §14, each as one packet.
    local NOTHING, TRUE, STRING = wire.NOTHING, wire.TRUE, wire.STRING
    local DESCRIPTOR, ADDRESS = wire.DESCRIPTOR, wire.ADDRESS
    local dictionary, text, stdin = wire.dictionary, wire.text, { 0 }
    local REJECTED = {
        ["size 0"] = { "" },
        ["less than 16 bytes"] = { NOTHING .. TRUE:sub(1, 7) },
        ["truncated data"] = { NOTHING .. TRUE .. ("\0"):rep(20000) },
        ["more descriptors than members"] = { dictionary({ TRUE }, text "k"), (function()
            local many = {}
            for i = 1, emilua.limits.ipc_members + 1 do many[i] = 0 end
            return many
        end)() },
        ["a dictionary's head cut short"] = { TRUE .. NOTHING:rep(18) },
        ["an unknown tag"] = { NOTHING .. wire.tag(7) },
        ["an unknown tag with the sign bit"] = { NOTHING .. wire.bits(wire.TAG + 0x8000000000000007ULL) },
        ["an unknown tag of a member"] = { dictionary({ wire.tag(7) }, text "k") },
        ["an unknown tag of a member with the sign bit"] = {
            dictionary({ wire.bits(wire.TAG + 0x8000000000000007ULL) }, text "k"),
        },
        ["nil as root"] = { NOTHING .. NOTHING },
        ["nil with the sign bit"] = { wire.bits(wire.TAG + 0x8000000000000006ULL) .. TRUE },
        ["a value beyond the size"] = { dictionary({ STRING }, text "k" .. "\9short") },
        ["a key beyond the size"] = { dictionary({ TRUE }, "\9k") },
        ["a length byte beyond the size"] = { dictionary({ TRUE }, "") },
        ["a root descriptor without one"] = { NOTHING .. DESCRIPTOR },
        ["a root descriptor with two"] = { NOTHING .. DESCRIPTOR, { 0, 0 } },
        ["a member without its descriptor"] = { dictionary({ DESCRIPTOR }, text "k") },
        ["an address that is no socket"] = { NOTHING .. ADDRESS, stdin },
    }

    for name, case in pairs(REJECTED) do
        it("25: " .. name .. " gives no_senders, waiting and queued", fiber(function()
            local fd, number = wire.connect()
            interrupted_receive()
            wire.send(number, case[1], case[2])
            no_senders()
            fd:close()

            fd, number = wire.connect()
            local waiting = emilua.spawn(function() return select(2, pcall(inbox.receive, inbox)) end)
            helper.turns()
            wire.send(number, case[1], case[2])
            helper.is_error(waiting:join(), "emilua.core", "no_senders")
            fd:close()
        end))
    end

    it("26: the source cache: at the top, b/init.lua, several depths, the same names", fiber(function()
        local read, write = pipe.pair()
        local stdout = write:release()
        local channel = emilua.spawn_vm {
            module = filesystem.path.new("/app.lua"),
            subprocess = {
                stdout = stdout, stderr = stdout,
                source_tree_cache = {
                    ["app.lua"] = [[
                        package.path = "/?.lua;/?/init.lua"
                        print(require "a", require "b", require "b.a", require "b.c.d.a")
                    ]],
                    ["a.lua"] = "return 'a'",
                    b = {
                        ["init.lua"] = "return 'b'", ["a.lua"] = "return 'b.a'",
                        c = { d = { ["a.lua"] = "return 'b.c.d.a'" } },
                    },
                },
            },
        }
        stdout:close()
        assert.equal("a\tb\tb.a\tb.c.d.a\n", subprocess.drain(read))
        channel:close()
    end))

    it("27: a native module that is not listed is not found in the child; one that is listed loads", fiber(function()
        local directory = os.tmpname()
        os.remove(directory)
        local cpath = package.cpath
        package.cpath = directory .. "/?.so;" .. cpath
        local _, status = helper.shell(([[
            mkdir %s && cd %s && cat >pinned27.c <<'SOURCE' && cc -shared -fPIC -o pinned27.so pinned27.c
void lua_pushinteger(void *, long);
int luaopen_pinned27(void *l) { lua_pushinteger(l, 27); return 1; }
SOURCE
        ]]):format(directory, directory))
        assert.equal(0, status)
        local ok, failure = pcall(function()
            local source = "package.cpath = '' print(pcall(require, 'pinned27'))"
            local channel, output = speaking(source)
            assert.matches("^false\tmodule 'pinned27' not found", output())
            channel:close()
            channel, output = speaking(source, { native_modules_cache = { "pinned27" } })
            assert.equal("true\t27\n", output())
            channel:close()
            helper.raises("emilua.core", "module_not_found", function()
                spawn("", { native_modules_cache = { "pinned27", "none" } })
            end, { module = "none" })
        end)
        package.cpath = cpath
        helper.shell("rm -r " .. directory)
        assert(ok, failure)
    end))
end)
