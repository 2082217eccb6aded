-- Random interruptions: nothing is lost, nothing comes twice, nothing leaks.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local pipe = require "emilua.pipe"
local time = require "emilua.time"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local fds = require "spec.fd_helper"
local sockets = require "spec.unix_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local closing, keep, outcome = fds.closing, fds.keep, fds.outcome

helper.install()

local ROUNDS = 10000

local random = math.random
math.randomseed(tonumber(os.getenv("EMILUA_SEED")) or os.time())

local function descriptor()
    local reading, writing = pipe.pair()
    writing:close()
    return reading:release()
end

-- The number and values that a call returned, "interrupted" when it was.
local function call(f, ...)
    local results = { pcall(f, ...) }
    if results[1] then return unpack(results, 2) end
    assert.equal("Fiber interrupted", tostring(results[2]))
    return "interrupted"
end

-- Runs `f` in a fiber that is interrupted after some turns, unless it has ended; its results. An interruption that
-- comes before the fiber calls anything ends it.
local function disturbed(f)
    local fiber = spawn(f)
    for _ = 1, random(0, 2) do this_fiber.yield() end
    fiber:interrupt()
    local a, b = fiber:join()
    if fiber.interruption_caught then return "interrupted" end
    return a, b
end

for _, kind in ipairs(sockets.KINDS) do
    describe("random interruptions of receives with descriptors: " .. kind, function()
        it("counts of bytes and descriptors are exact", closing(function()
            local a, b = sockets.pair(kind)
            local fd = keep(descriptor())
            local sent = { bytes = 0, fds = 0 }
            local got = { bytes = 0, fds = 0, interrupted = 0 }
            local stop = false
            local before = helper.holdings().count.descriptors

            local receiver = spawn(function()
                local bs = byte_span.new(7)
                repeat
                    local last = stop
                    local n, list = disturbed(function() return call(b.receive_with_fds, b, bs, 3) end)
                    if type(n) == "number" then
                        got.bytes, got.fds = got.bytes + n, got.fds + #list
                        for _, received in ipairs(list) do received:close() end
                        last = false
                    else
                        got.interrupted = got.interrupted + 1
                    end
                until last and b:io_control("bytes_readable") == 0
            end)

            for i = 1, ROUNDS do
                local list = {}
                -- One descriptor in as many objects: an object that is sent twice is sent once.
                for j = 1, random(0, 3) do list[j] = fd:dup() end
                local size = random(1, 7)
                local n = disturbed(function() return call(a.send_with_fds, a, byte_span.new(size), list) end)
                if type(n) == "number" then
                    sent.bytes, sent.fds = sent.bytes + n, sent.fds + #list
                else
                    assert.equal("interrupted", n)
                end
                for _, duplicate in ipairs(list) do duplicate:close() end
                if i % 50 == 0 then time.sleep(0.00001) end
            end
            stop = true
            receiver:join()
            assert.equal(sent.bytes, got.bytes)
            assert.equal(sent.fds, got.fds)
            assert.truthy(got.interrupted > 0 and sent.fds > 0)
            assert.equal(before, helper.holdings().count.descriptors)
        end))
    end)
end

describe("random interruptions of accepts", function()
    it("lose no connection", closing(function()
        local acceptor, name = sockets.listening("stream")
        local accepted, connected, stop = 0, 0, false
        local server = spawn(function()
            repeat
                local last = stop and accepted == connected
                local sock = disturbed(function() return call(acceptor.accept, acceptor) end)
                if type(sock) == "table" then
                    accepted = accepted + 1
                    sock:close()
                end
            until last
        end)
        for i = 1, 2000 do
            local client = unix.stream.socket.new()
            local result = disturbed(function()
                call(client.connect, client, name)
                return client
            end)
            -- What the kernel has connected is accepted, whatever the fiber saw.
            if client.is_open and pcall(function() return client.remote_path end) then connected = connected + 1 end
            assert.truthy(result == client or result == "interrupted")
            client:close()
            if i % 50 == 0 then time.sleep(0.00001) end
        end
        stop = true
        server:join()
        assert.equal(connected, accepted)
        assert.truthy(connected > 0)
    end))
end)

describe("random interruptions of reads and writes of a stream", function()
    it("lose no byte", closing(function()
        local a, b = sockets.pair("stream")
        a:set_option("send_buffer_size", 4096)
        local written, read, done = 0, 0, false
        local writer = spawn(function()
            for i = 1, ROUNDS do
                local bs = byte_span.new(random(1, 2000))
                local n = disturbed(function() return call(a.write_some, a, bs) end)
                if type(n) == "number" then written = written + n end
                if i % 100 == 0 then time.sleep(0.00001) end
            end
            done = true
            a:close()
        end)
        while true do
            local bs = byte_span.new(random(1, 5000))
            local n
            if done then
                n = outcome(b.read_some, b, bs)
            else
                n = disturbed(function() return call(b.read_some, b, bs) end)
            end
            if n == "eof" then break end
            if type(n) == "number" then read = read + n end
        end
        writer:join()
        assert.equal(written, read)
        assert.truthy(written > 0)
    end))
end)
