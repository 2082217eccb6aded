-- Values over in-process channels (actors §5).

local actors = require "spec.actor_helper"
local emilua = require "emilua"
local helper = require "spec.helper"
local inbox = require "emilua.inbox"

local fiber = helper.fiber

helper.install()

-- What comes back of a value.
local function round(value)
    local channel = actors.echo()
    channel:send(value)
    local back = inbox:receive()
    channel:close()
    return back
end

describe("a message", function()
    local inf = math.huge
    local SCALARS = { true, false, 0, -0.5, 42, 2 ^ 53, inf, -inf, "", "text", "\0binary\255", ("long"):rep(1e5) }
    for i, value in ipairs(SCALARS) do
        it(("copies scalar %d, alone and in tables"):format(i), fiber(function()
            assert.equal(value, round(value))
            assert.equal(value, round({ value })[1])
            assert.equal(value, round({ x = value }).x)
        end))
    end

    it("copies NaN", fiber(function()
        local nan = round(0 / 0)
        assert.is_true(nan ~= nan)
    end))

    it("keeps the last bit of numbers in any form", fiber(function()
        for _, x in ipairs { 1 / 3, 2 ^ -1074, 1.7976931348623157e308, 123456789.125 } do assert.equal(x, round(x)) end
    end))

    it("is an array up to the first nil, without keys", fiber(function()
        assert.same({ 1, 2 }, round { 1, 2, x = 3 })
        assert.same({ 1 }, round { 1, nil, 3 })
    end))

    it("has only keys that are strings when it is no array", fiber(function()
        assert.same({ a = 1, ["\0"] = 2 }, round { a = 1, ["\0"] = 2, [true] = 3, [0] = 4, [1.5] = 5 })
        assert.same({}, round {})
        assert.same({ {} }, round { {} })
    end))

    it("is a copy: both sides may change theirs", fiber(function()
        local t = { inner = { 1 } }
        local back = round(t)
        back.inner[1] = 2
        assert.equal(1, t.inner[1])
    end))

    it("may be large, and nested to a limit", fiber(function()
        local large = {}
        for i = 1, 50000 do large[i] = { id = i, text = "x" .. i } end
        assert.same(large[50000], round(large)[50000])
        local deep = {}
        for _ = 1, 999 do deep = { deep } end
        local back, levels = round(deep), 0
        while back[1] do back, levels = back[1], levels + 1 end
        assert.equal(999, levels)
        local channel = actors.echo()
        helper.EMSGSIZE(function() channel:send({ deep }) end)
        channel:close()
    end))

    local ffi = require "ffi"
    local REFUSED = {
        { "nil", nil, "EINVAL" }, { "a function", print, "EINVAL" },
        { "a thread", coroutine.create(function() end), "EINVAL" }, { "a cdata", ffi.new("int[1]"), "EINVAL" },
        { "a 64-bit integer", 1LL, "EINVAL" }, { "a table with a metatable", setmetatable({}, {}), "EINVAL" },
        { "one that has a class's name", setmetatable({}, { __metatable = "mutex" }), "EINVAL" },
        { "an error", require "emilua.generic_error".EPERM, "EINVAL" },
        { "a byte_span", emilua.byte_span.new(1), "ENOTSUP" }, { "a mutex", require "emilua.mutex".new(), "ENOTSUP" },
        { "a socket", require "emilua.ip".tcp.socket.new(), "ENOTSUP" },
        { "another userdata", newproxy(false), "ENOTSUP" }, { "standard output", io.stdout, "ENOTSUP" },
    }
    for _, case in ipairs(REFUSED) do
        it("refuses " .. case[1] .. ", and leaves it out of tables", fiber(function()
            local channel = actors.echo()
            helper[case[3]](function() channel:send(case[2]) end)
            if case[2] ~= nil then
                channel:send({ good = 1, bad = case[2], list = { 1, case[2], 3 } })
                assert.same({ good = 1, list = { 1 } }, inbox:receive())
            end
            channel:close()
        end))
    end

    it("refuses a closed channel, and a fiber", fiber(function()
        local channel, closed = actors.echo(), actors.worker ""
        closed:close()
        helper.ENOTSUP(function() channel:send(closed) end)
        local f = emilua.spawn(function() end)
        helper.ENOTSUP(function() channel:send(f) end)
        f:join()
        channel:close()
    end))

    it("checks the channel before the value", fiber(function()
        local channel = actors.worker ""
        channel:close()
        actors.core("channel_closed", function() channel:send(print) end)
    end))

    it("may be an address of this VM, or of another", fiber(function()
        local a, b = actors.echo(), actors.echo()
        a:send(b)
        local back = inbox:receive()
        assert.is_true(back == b)
        a:send(inbox)
        back = inbox:receive()
        back:send("to myself")
        assert.equal("to myself", inbox:receive())
        a:close()
        b:close()
    end))
end)

describe("a descriptor in a message", function()
    local pipe = require "emilua.pipe"

    it("is duplicated; both sides own theirs", fiber(function()
        local reader, writer = pipe.pair()
        local channel = actors.worker [[
            local pipe, stream = require "emilua.pipe", require "emilua.stream"
            local fd = inbox:receive().fd
            local out = pipe.write_stream.new(fd)
            stream.write_all(out, "through the actor")
            out:close() ]]
        local fd = writer:release()
        channel:send({ fd = fd })
        fd:close()
        local buffer = emilua.byte_span.new(100)
        local n = reader:read_some(buffer)
        assert.equal("through the actor", tostring(buffer:first(n)))
        reader:close()
    end))

    it("is EINVAL when it is closed, and closed when nobody receives it", fiber(function()
        local reader, writer = pipe.pair()
        local fd = writer:release()
        local channel = actors.worker "inbox:receive()"
        channel:send("go")
        channel:send({ fd })
        channel:send(fd)
        fd:close()
        local copy = actors.echo()
        helper.EINVAL(function() copy:send(fd) end)
        copy:close()
        local buffer = emilua.byte_span.new(1)
        -- The end of the pipe: every copy is closed.
        helper.raises("asio.misc", "eof", function() reader:read_some(buffer) end)
        reader:close()
    end))
end)
