-- Random packets to the socket of an inbox: 50,000 good and 35,000 mutated ones with EMILUA_FUZZ=1, by default a
-- tenth of them. EMILUA_SEED repeats a run.

local inbox = require "emilua.inbox"
local helper = require "spec.helper"
local wire = require "spec.subprocess_wire"

local fiber = helper.fiber
local bits, connect, dictionary, double, outcome = wire.bits, wire.connect, wire.dictionary, wire.double, wire.outcome
local send, tag, text, TAG, MEMBERS = wire.send, wire.tag, wire.text, wire.TAG, wire.MEMBERS
local TRUE, FALSE, STRING, DESCRIPTOR, NOTHING = wire.TRUE, wire.FALSE, wire.STRING, wire.DESCRIPTOR, wire.NOTHING

helper.install()

describe("random packets", function()
    local seed = tonumber(os.getenv("EMILUA_SEED")) or os.time()
    -- EMILUA_FUZZ=1 sends as many as the project promises.
    local share = os.getenv("EMILUA_FUZZ") and 1 or 0.1
    local state

    -- Numbers of 0 to n - 1 by xorshift, which every seed repeats.
    local function random(n)
        state = bit.bxor(state, bit.lshift(state, 13))
        state = bit.bxor(state, bit.rshift(state, 17))
        state = bit.bxor(state, bit.lshift(state, 5))
        return state % n
    end

    local function random_text(most)
        local bytes = {}
        for i = 1, random(most + 1) do bytes[i] = string.char(random(256)) end
        return table.concat(bytes)
    end

    local function number()
        return ({ random(1000), -random(1000) / 7, 1 / 0, -1 / 0, 0 })[random(5) + 1]
    end

    -- A random message: the packet, its descriptors, and what has to arrive.
    local function message()
        local count = random(MEMBERS + 1)
        if count == 0 then
            local value = number()
            return NOTHING .. double(value), {}, value
        end
        local slots, texts, fds, expected = {}, {}, {}, {}
        for i = 1, count do
            local key, kind = random_text(20) .. i, random(5)
            local value
            texts[#texts + 1] = text(key)
            if kind == 0 then
                slots[i], value = TRUE, true
            elseif kind == 1 then
                slots[i], value = FALSE, false
            elseif kind == 2 then
                value = number()
                slots[i] = double(value)
            elseif kind == 3 then
                value = random_text(255)
                slots[i] = STRING
                texts[#texts + 1] = text(value)
            else
                slots[i], value = DESCRIPTOR, "descriptor"
                fds[#fds + 1] = 0
            end
            expected[key] = value
        end
        return dictionary(slots, table.concat(texts)), fds, expected
    end

    local function check(expected, value)
        if type(expected) ~= "table" then return assert(expected == value) end
        for key, wanted in pairs(expected) do
            local got = value[key]
            if wanted == "descriptor" then
                assert(getmetatable(got) == "file_descriptor")
                got:close()
            else
                assert(got == wanted)
            end
            value[key] = nil
        end
        assert(next(value) == nil)
    end

    it("good ones are all delivered, in order (seed " .. seed .. ")", fiber(function()
        state = bit.tobit(seed) == 0 and 1 or bit.tobit(seed)
        local fd, socket = connect()
        for _ = 1, 5000 * share do
            local batch = {}
            for i = 1, 10 do
                local packet, fds, expected = message()
                send(socket, packet, fds)
                batch[i] = expected
            end
            for i = 1, 10 do check(batch[i], inbox:receive()) end
        end
        fd:close()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))

    it("mutated ones are never a value (seed " .. seed .. ")", fiber(function()
        state = bit.tobit(seed) == 0 and 1 or bit.tobit(seed)
        local bad = { tag(7), tag(8), bits(TAG + 0x8000000000000003ULL), bits(TAG + 0x0004000000000001ULL) }
        for _ = 1, 35000 * share do
            local packet, fds = message()
            local way = random(3)
            if way == 0 then
                -- A bad tag in one of the first slots.
                local at = #packet == 16 and 1 or random(2)
                packet = packet:sub(1, 8 * at) .. bad[random(#bad) + 1] .. packet:sub(8 * at + 9)
                if at == 1 and #packet > 16 and packet:sub(1, 8) == NOTHING then packet = "" end
            elseif way == 1 or #fds == 0 then
                packet = packet:sub(1, random(#packet))
            else
                fds[#fds] = nil
            end
            assert(outcome(packet, fds) == nil)
        end
    end))
end)
