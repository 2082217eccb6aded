-- Ten thousand interruptions at random moments: the counts of bytes, datagrams and connections are exact at the end.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local closing, keep, pair, listening = tcp.closing, tcp.keep, tcp.pair, tcp.listening

helper.install()

local INTERRUPTIONS = 10000

-- Interrupts fibers that run work(count), one after the other, until it was done INTERRUPTIONS times, and lets the last
-- one work until finished() says so. work returns how much it did when it was not interrupted.
local function harass(seed, work, go_on)
    local random = seed
    local function next_random(n)
        random = (random * 1103515245 + 12345) % 2147483648
        return math.floor(random / 65536) % n
    end
    local caught = 0
    for i = 1, INTERRUPTIONS do
        local fiber = spawn(work)
        helper.turns(next_random(4))
        go_on(i, next_random)
        helper.turns(next_random(4))
        fiber:interrupt()
        fiber:join()
        if fiber.interruption_caught then caught = caught + 1 end
    end
    return caught
end

describe(INTERRUPTIONS .. " interruptions", function()
    it("of reads and writes lose and repeat no byte", closing(function()
        local client, server = pair()
        local received, sent = {}, 0
        local bs = byte_span.new(7)
        local caught = harass(1, function()
            local n = server:read_some(bs)
            received[#received + 1] = tostring(bs:first(n))
        end, function(i, random)
            -- A writer is interrupted as well; it reports what was taken, or nothing was.
            if random(2) == 0 then return end
            local writer = spawn(function()
                sent = sent + client:write_some(byte_span.append(("%06d,"):format(sent / 7)))
            end)
            helper.turns(random(2))
            if i % 3 == 0 then writer:interrupt() end
            writer:join()
        end)
        client:shutdown("send")
        while true do
            local ok, n = pcall(server.read_some, server, bs)
            if not ok then break end
            received[#received + 1] = tostring(bs:first(n))
        end
        local all = table.concat(received)
        assert.equal(sent, #all)
        for i = 0, sent / 7 - 1 do assert.equal(("%06d,"):format(i), all:sub(i * 7 + 1, i * 7 + 7)) end
        assert.is_true(caught > INTERRUPTIONS / 100 and #received > INTERRUPTIONS / 100)
    end))

    it("of receives lose and repeat no datagram", closing(function()
        local a, b = keep(ip.udp.socket.new()), keep(ip.udp.socket.new())
        b:open("v4")
        b:bind("127.0.0.1", 0)
        a:connect(b.local_address, b.local_port)
        local expected, sent = 0, 0
        local bs = byte_span.new(10)
        local function receive()
            local n = b:receive_from(bs)
            assert.equal(expected, tonumber(tostring(bs:first(n))))
            expected = expected + 1
        end
        local caught = harass(2, receive, function(_, random)
            -- No more than the system surely keeps.
            if random(2) == 0 and sent - expected < 50 then
                a:send(byte_span.append(tostring(sent)))
                sent = sent + 1
            end
        end)
        while expected < sent do receive() end
        assert.equal(0, b:io_control("bytes_readable"))
        assert.is_true(caught > INTERRUPTIONS / 100 and sent > INTERRUPTIONS / 100)
    end))

    it("of accepts lose no connection", closing(function()
        local acceptor = listening()
        local address, port = acceptor.local_address, acceptor.local_port
        local accepted, connected, closed, clients = 0, 0, 0, {}
        local function accept()
            local sock = acceptor:accept()
            accepted = accepted + 1
            sock:close()
        end
        -- Connections are accepted in the order in which they were made.
        local function close_accepted()
            while closed < accepted do
                closed = closed + 1
                clients[closed]:close()
                clients[closed] = nil
            end
        end
        local caught = harass(3, accept, function(_, random)
            close_accepted()
            if random(4) == 0 and connected - accepted < 50 then
                connected = connected + 1
                clients[connected] = ip.tcp.socket.new()
                clients[connected]:connect(address, port)
            end
        end)
        while accepted < connected do accept() end
        close_accepted()
        local more = spawn(accept)
        helper.turns(5)
        more:interrupt()
        more:join()
        assert.is_true(more.interruption_caught)
        assert.equal(connected, accepted)
        assert.is_true(caught > INTERRUPTIONS / 100 and connected > INTERRUPTIONS / 100)
    end))

    it("of waits and urgent receives lose no urgent byte", closing(function()
        local client, server = pair()
        local received, sent = 0, 0
        local bs = byte_span.new(1)
        local function receive()
            server:receive(bs, {"out_of_band"})
            received = received + 1
        end
        harass(4, function()
            server:wait("error")
            receive()
        end, function(_, random)
            -- A second urgent byte would take the place of the first.
            if random(4) == 0 and sent == received then
                client:send(byte_span.append "!", {"out_of_band"})
                sent = sent + 1
            end
        end)
        while received < sent do receive() end
        assert.equal(sent, received)
        assert.is_true(sent > 0)
    end))
end)

describe("a fiber whose operations always succeed at once", function()
    it("lets others run", closing(function()
        local a, b = keep(ip.udp.socket.new()), keep(ip.udp.socket.new())
        b:open("v4")
        b:bind("127.0.0.1", 0)
        a:connect(b.local_address, b.local_port)
        local stop, sends = false, 0
        local sender = spawn(function()
            local bs = byte_span.new(8)
            while not stop do
                a:send(bs)
                sends = sends + 1
            end
        end)
        while sends < 1000 do this_fiber.yield() end
        stop = true
        sender:join()
        assert.is_true(sends < 2000)
    end))
end)
