-- Peers in other processes that speak to the socket of an inbox directly: the reject table of actors §14.

local emilua = require "emilua"
local inbox = require "emilua.inbox"
local ip = require "emilua.ip"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local ffi = require "ffi"
local wire = require "spec.subprocess_wire"

local descriptor = debug.getregistry()["emilua.import"]("io.descriptor")
local fiber = helper.fiber
local bits, connect, dictionary, double, outcome = wire.bits, wire.connect, wire.dictionary, wire.double, wire.outcome
local send, tag, text, TAG = wire.send, wire.tag, wire.text, wire.TAG
local TRUE, FALSE, STRING, DESCRIPTOR, NOTHING = wire.TRUE, wire.FALSE, wire.STRING, wire.DESCRIPTOR, wire.NOTHING
local ADDRESS = wire.ADDRESS

helper.install()

describe("a packet of a hostile peer is refused", function()
    local stdin = { 0 }
    local REFUSED = {
        ["empty"] = { "" },
        ["shorter than two slots"] = { NOTHING .. TRUE:sub(1, 7) },
        ["a dictionary whose head is cut short"] = { (TRUE .. NOTHING:rep(18) .. NOTHING:sub(1, 7)) },
        ["nothing as the value"] = { NOTHING .. NOTHING },
        ["an unknown tag as the value"] = { NOTHING .. tag(7) },
        ["an unknown tag with the sign bit"] = { NOTHING .. bits(TAG + 0x8000000000000007ULL) },
        ["a known tag with the sign bit"] = { NOTHING .. bits(TAG + 0x8000000000000001ULL) },
        ["nothing with the sign bit, in front"] = { bits(TAG + 0x8000000000000006ULL) .. TRUE },
        ["an unknown tag in a member"] = { dictionary({ tag(8) }, text "k") },
        ["nothing with the sign bit in a member"] = { dictionary({ bits(TAG + 0x8000000000000006ULL) }, text "k") },
        ["a text that ends beyond the packet"] = { NOTHING .. STRING .. ("\0"):rep(144) .. "\5abcd" },
        ["a text without its length"] = { NOTHING .. STRING .. ("\0"):rep(144) },
        ["a missing key"] = { dictionary({ TRUE }, "") },
        ["a key that ends beyond the packet"] = { dictionary({ TRUE }, "\2k") },
        ["a missing value"] = { dictionary({ STRING }, text "k") },
        ["a descriptor without one"] = { NOTHING .. DESCRIPTOR },
        ["an address without a descriptor"] = { NOTHING .. ADDRESS },
        ["a descriptor with two"] = { NOTHING .. DESCRIPTOR, { 0, 0 } },
        ["a member's descriptor without one"] = { dictionary({ DESCRIPTOR, DESCRIPTOR }, text "a" .. text "b"), stdin },
        ["an address that is no socket"] = { NOTHING .. ADDRESS, stdin },
        ["more bytes than fit"] = { NOTHING .. TRUE .. ("\0"):rep(20000) },
        ["more descriptors than members"] = { dictionary({ TRUE }, text "k"), (function()
            local many = {}
            for i = 1, 21 do many[i] = 0 end
            return many
        end)() },
    }

    it("an address that is another kind of socket", fiber(function()
        local stream, other = unix.stream.socket.pair()
        local datagram, peer = unix.datagram.socket.pair()
        local tcp = ip.tcp.socket.new()
        tcp:open("v4")
        for _, socket in ipairs { stream, datagram, tcp } do
            local fd = socket:release()
            assert.is_nil(outcome(NOTHING .. ADDRESS, { descriptor.number(fd) }))
            fd:close()
        end
        other:close()
        peer:close()
    end))

    for name, case in pairs(REFUSED) do
        it(name .. ", which came before the receive", fiber(function()
            assert.is_nil(outcome(case[1], case[2]))
        end))

        it(name .. ", while a fiber waits", fiber(function()
            local fd, number = connect()
            local waiting = emilua.spawn(function() return select(2, pcall(inbox.receive, inbox)) end)
            emilua.this_fiber.yield()
            send(number, case[1], case[2])
            helper.is_error(waiting:join(), "emilua.core", "no_senders")
            fd:close()
        end))
    end

    it("and others go on: their messages arrive", fiber(function()
        local bad, bad_number = connect()
        local good, good_number = connect()
        send(bad_number, "garbage")
        send(good_number, NOTHING .. double(7))
        assert.equal(7, inbox:receive())
        local waiting = emilua.spawn(function() return inbox:receive() end)
        emilua.this_fiber.yield()
        send(good_number, NOTHING .. double(8))
        assert.equal(8, waiting:join())
        bad:close()
        good:close()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))

    it("and the sender sees it: EPIPE", fiber(function()
        local fd, number = connect()
        send(number, "garbage")
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
        assert.is_false(pcall(send, number, NOTHING .. TRUE))
        assert.equal(32, ffi.errno())
        fd:close()
    end))
end)

describe("what a peer may do", function()
    it("surplus descriptors of other messages are closed", fiber(function()
        assert.equal(true, outcome(NOTHING .. TRUE, { 0, 0, 0 }))
        assert.same({ k = false }, outcome(dictionary({ FALSE }, text "k"), { 0, 0 }))
    end))

    it("the same key twice: one of the values", fiber(function()
        local value = outcome(dictionary({ TRUE, FALSE }, text "k" .. text "k"))
        assert.is_boolean(value.k)
    end))

    it("bytes behind a value are ignored", fiber(function()
        assert.equal(true, outcome(NOTHING .. TRUE .. "more"))
    end))
end)

describe("flow control", function()
    it("leaves what nobody asked for in the kernel, whose buffer is finite", fiber(function()
        local fd, number = connect()
        local sent = 0
        while pcall(send, number, NOTHING .. double(sent)) do sent = sent + 1 end
        assert.equal(11, ffi.errno())
        for i = 0, sent - 1 do assert.equal(i, inbox:receive()) end
        send(number, NOTHING .. TRUE)
        assert.equal(true, inbox:receive())
        fd:close()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))

    it("serves the sockets by turns", fiber(function()
        local fds, order = {}, {}
        for i = 1, 3 do
            local fd, number = connect()
            fds[i] = fd
            for _ = 1, 3 do send(number, NOTHING .. double(i)) end
        end
        for i = 1, 9 do order[i] = inbox:receive() end
        assert.equal("1 2 3 1 2 3 1 2 3", table.concat(order, " "))
        for i = 1, 3 do fds[i]:close() end
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))
end)
