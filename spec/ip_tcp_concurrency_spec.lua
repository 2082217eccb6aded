local emilua = require "emilua"
local asio_error = require "emilua.asio_error"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local time = require "emilua.time"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local address = ip.address
local closing, keep, listening, new_socket, pair = tcp.closing, tcp.keep, tcp.listening, tcp.new_socket, tcp.pair

helper.install()

-- How a call ended: its result, or a word for its error.
local function outcome(f, ...)
    local ok, result = pcall(f, ...)
    if ok then return result end
    if result == asio_error.basic.operation_aborted then return "aborted" end
    if result == asio_error.misc.eof then return "eof" end
    if type(result) == "table" and tostring(result.category) == "emilua.core" and result.code == helper.core.interrupted
    then
        return "interrupted"
    end
    return helper.describe_error(result)
end

-- A fiber that reads one byte and returns it (or how the read failed).
local function read_byte(sock)
    return spawn(function()
        local bs = byte_span.new(1)
        local result = outcome(sock.read_some, sock, bs)
        return result == 1 and tostring(bs) or result
    end)
end

local function write(sock, text)
    assert.equal(#text, sock:write_some(byte_span.append(text)))
end

-- Writes until the kernel takes no more; the fiber returned is still writing.
local function fill(sock)
    local writer = spawn(function()
        local bs = byte_span.with_zeros(1048576)
        local count = 0
        while true do
            local result = outcome(sock.write_some, sock, bs)
            if type(result) ~= "number" then return result, count end
            count = count + result
        end
    end)
    time.sleep(0.02)
    return writer
end

describe("two fibers on one object", function()
    it("read-side operations are served in order of their start", closing(function()
        local client, server = pair()
        local readers = {}
        for i = 1, 5 do readers[i] = read_byte(server) end
        this_fiber.yield()
        write(client, "abcde")
        local text = ""
        for i = 1, 5 do text = text .. readers[i]:join() end
        assert.equal("abcde", text)
    end))

    it("also when the bytes come one by one", closing(function()
        local client, server = pair()
        local readers = {}
        for i = 1, 5 do readers[i] = read_byte(server) end
        this_fiber.yield()
        for i = 1, 5 do
            write(client, ("abcde"):sub(i, i))
            assert.equal(("abcde"):sub(i, i), readers[i]:join())
        end
    end))

    it("a newcomer does not overtake a fiber that waits", closing(function()
        local client, server = pair()
        local first = read_byte(server)
        this_fiber.yield()
        write(client, "ab")
        local second = read_byte(server)
        assert.equal("a", first:join())
        assert.equal("b", second:join())
    end))

    it("accepts are served in order of their start", closing(function()
        local acceptor, order, fibers = listening(), {}, {}
        for i = 1, 3 do
            fibers[i] = spawn(function()
                local sock = acceptor:accept()
                order[#order + 1] = i
                return sock
            end)
        end
        this_fiber.yield()
        local clients = {}
        for i = 1, 3 do
            clients[i] = new_socket()
            clients[i]:connect(address.loopback_v4(), acceptor.local_port)
        end
        for i = 1, 3 do
            assert.equal(clients[i].local_port, keep(fibers[i]:join()).remote_port)
        end
        assert.same({1, 2, 3}, order)
    end))

    it("write-side operations go independently of the read side", closing(function()
        local client, server = pair()
        local reader = read_byte(client)
        this_fiber.yield()
        write(client, "x")
        assert.equal("x", read_byte(server):join())
        local writer = fill(client)
        write(server, "y")
        assert.equal("y", reader:join())
        client:cancel()
        assert.equal("aborted", (writer:join()))
    end))

    it("each byte goes to exactly one operation", closing(function()
        local client, server = pair()
        local total, seen, readers = 20000, {}, {}
        for i = 1, 8 do
            readers[i] = spawn(function()
                local bs, count = byte_span.new(7), 0
                while true do
                    local n = outcome(server.read_some, server, bs)
                    if n == "eof" then return count end
                    count = count + n
                    for j = 1, n do seen[bs[j]] = (seen[bs[j]] or 0) + 1 end
                end
            end)
        end
        local bs = byte_span.new(100)
        for i = 1, 100 do bs[i] = i end
        for _ = 1, total / 100 do assert.equal(100, client:write_some(bs)) end
        client:close()
        local count = 0
        for i = 1, 8 do count = count + readers[i]:join() end
        assert.equal(total, count)
        for i = 1, 100 do assert.equal(total / 100, seen[i]) end
    end))

    it("synchronous calls are allowed beside pending operations", closing(function()
        local client, server = pair()
        local reader = read_byte(server)
        this_fiber.yield()
        server:set_option("tcp_no_delay", true)
        assert.is_true(server:get_option("tcp_no_delay"))
        assert.equal(client.local_port, server.remote_port)
        server:shutdown("send")
        write(client, "x")
        assert.equal("x", reader:join())
    end))

    it("the program touching a span of a pending operation gives garbage at most", closing(function()
        local client, server = pair()
        local bs = byte_span.with_zeros(4)
        local reader = spawn(function() return server:read_some(bs:slice(1, 2)) end)
        this_fiber.yield()
        bs:fill(120)
        write(client, "ab")
        assert.equal(2, reader:join())
        assert.equal("abxx", tostring(bs))
    end))
end)

describe("cancel", function()
    it("raises operation_aborted in every pending operation of the object", closing(function()
        local client, server = pair()
        local readers = {read_byte(server), read_byte(server)}
        local writer = fill(server)
        server:cancel()
        for i = 1, 2 do assert.equal("aborted", readers[i]:join()) end
        assert.equal("aborted", (writer:join()))
        assert.is_true(client.is_open)
    end))

    it("raises it in accept and connect too", closing(function()
        local acceptor = listening()
        local accepting = spawn(function() return outcome(acceptor.accept, acceptor) end)
        this_fiber.yield()
        acceptor:cancel()
        assert.equal("aborted", accepting:join())

        -- The kernel drops the handshakes that do not fit into the queue, so those connects stay pending.
        local full, fibers, socks = listening(0), {}, {}
        for i = 1, 8 do
            socks[i] = new_socket()
            fibers[i] = spawn(function()
                return outcome(socks[i].connect, socks[i], address.loopback_v4(), full.local_port)
            end)
        end
        time.sleep(0.02)
        local aborted = 0
        for i = 1, 8 do
            socks[i]:cancel()
            if fibers[i]:join() == "aborted" then aborted = aborted + 1 end
        end
        assert.is_true(aborted > 0)
    end))

    it("leaves the object open and usable", closing(function()
        local client, server = pair()
        local reader = read_byte(server)
        this_fiber.yield()
        server:cancel()
        assert.equal("aborted", reader:join())
        assert.is_true(server.is_open)
        reader = read_byte(server)
        write(client, "x")
        assert.equal("x", reader:join())
    end))

    it("returns at once; the other fibers wake later", closing(function()
        local _, server = pair()
        local woken = false
        local reader = spawn(function()
            outcome(server.read_some, server, byte_span.new(1))
            woken = true
        end)
        this_fiber.yield()
        server:cancel()
        assert.is_false(woken)
        reader:join()
    end))

    it("does not interrupt: the fiber woken may go on", closing(function()
        local client, server = pair()
        local reader = spawn(function()
            local bs = byte_span.new(1)
            assert.equal("aborted", outcome(server.read_some, server, bs))
            time.sleep(0)
            server:read_some(bs)
            return tostring(bs)
        end)
        this_fiber.yield()
        server:cancel()
        write(client, "x")
        assert.equal("x", reader:join())
        assert.is_false(reader.interruption_caught)
    end))

    it("loses no byte", closing(function()
        local client, server = pair()
        local received = 0
        for round = 1, 100 do
            local reader = read_byte(server)
            this_fiber.yield()
            write(client, "x")
            if round % 2 == 0 then time.sleep(0) end
            server:cancel()
            if reader:join() == "x" then received = received + 1 end
        end
        client:close()
        local rest, bs = 0, byte_span.new(200)
        while true do
            local n = outcome(server.read_some, server, bs)
            if n == "eof" then break end
            rest = rest + n
        end
        assert.equal(100, received + rest)
    end))
end)

describe("close", function()
    it("raises operation_aborted in every pending operation, and the object is closed", closing(function()
        local client, server = pair()
        local reader, writer = read_byte(server), fill(server)
        server:close()
        assert.is_false(server.is_open)
        assert.equal("aborted", reader:join())
        assert.equal("aborted", (writer:join()))
        assert.is_true(client.is_open)

        local acceptor = listening()
        local accepting = spawn(function() return outcome(acceptor.accept, acceptor) end)
        this_fiber.yield()
        acceptor:close()
        assert.equal("aborted", accepting:join())
    end))

    it("and open again: the new descriptor is not mixed up with the old operations", closing(function()
        local client, server = pair()
        local reader = read_byte(server)
        this_fiber.yield()
        server:close()
        local acceptor = listening()
        server:connect(address.loopback_v4(), acceptor.local_port)
        local peer = keep(acceptor:accept())
        write(peer, "n")
        assert.equal("aborted", reader:join())
        assert.equal("n", read_byte(server):join())
        assert.equal("eof", read_byte(client):join())
    end))
end)

describe("the collection of an object", function()
    it("closes the descriptor of an unreachable object", closing(function()
        local acceptor, client = listening(), new_socket()
        client:connect(address.loopback_v4(), acceptor.local_port)
        spawn(function() return acceptor:accept().is_open end):join()
        local reader = read_byte(client)
        for _ = 1, 3 do collectgarbage() end
        assert.equal("eof", reader:join())
    end))

    it("cannot happen while something is pending", closing(function()
        local acceptor, client = listening(), new_socket()
        client:connect(address.loopback_v4(), acceptor.local_port)
        local echo = spawn(function()
            local server = acceptor:accept()
            local n = server:read_some(byte_span.new(10))
            server:close()
            return n
        end)
        this_fiber.yield()
        for _ = 1, 3 do
            time.sleep(0)
            collectgarbage()
        end
        write(client, "abc")
        assert.equal(3, echo:join())
    end))
end)

describe("the end of the run", function()
    it("closes what is pending without resuming the fibers", function()
        local output = helper.child([[
            local emilua, ip = require "emilua", require "emilua.ip"
            local ok, e = pcall(emilua.run, function()
                local acceptor = ip.tcp.acceptor.new()
                acceptor:open("v4")
                acceptor:bind("127.0.0.1", 0)
                acceptor:listen()
                emilua.spawn(function()
                    print(pcall(acceptor.accept, acceptor))
                end):detach()
                emilua.this_fiber.yield()
                error("main fails", 0)
            end)
            print(ok, e)
        ]])
        assert.equal("false\tmain fails\n", output)
    end)
end)

describe("the interruption of a fiber", function()
    it("raises interrupted in its operation and leaves the others", closing(function()
        local client, server = pair()
        local first, second = read_byte(server), read_byte(server)
        this_fiber.yield()
        first:interrupt()
        assert.equal("interrupted", first:join())
        assert.is_true(second.joinable)
        write(client, "x")
        assert.equal("x", second:join())
    end))

    it("does not depend on the peer: write_some gives up too", closing(function()
        local client, server = pair()
        local writer = fill(client)
        writer:interrupt()
        local result, count = writer:join()
        -- The loop of the fiber calls pcall again after a write, so the interruption may come out of that.
        if not writer.interruption_caught then assert.equal("interrupted", result) end
        client:close()
        local read, bs = 0, byte_span.new(65536)
        while true do
            local n = outcome(server.read_some, server, bs)
            if n == "eof" then break end
            read = read + n
        end
        if count then assert.equal(count, read) end
    end))

    it("is remembered if it is disabled: the operation runs on undisturbed", closing(function()
        local client, server = pair()
        local got
        local reader = spawn(function()
            local bs = byte_span.new(1)
            this_fiber.disable_interruption()
            got = server:read_some(bs)
            this_fiber.restore_interruption()
            server:read_some(bs)
        end)
        this_fiber.yield()
        reader:interrupt()
        time.sleep(0)
        assert.is_nil(got)
        write(client, "ab")
        reader:join()
        assert.equal(1, got)
        assert.is_true(reader.interruption_caught)
        assert.equal("b", read_byte(server):join())
    end))

    it("before the call raises at once and starts nothing", closing(function()
        local client, server = pair()
        write(client, "x")
        assert.is_true(tcp.interruption_caught(function() server:read_some(byte_span.new(1)) end))
        assert.equal("x", read_byte(server):join())
        assert.is_true(tcp.interruption_caught(function() server:write_some(byte_span.append("y")) end))
        write(server, "z")
        assert.equal("z", read_byte(client):join())
    end))

    it("together with cancel raises interrupted in that fiber, operation_aborted in any other", closing(function()
        for _, first in ipairs{"interrupt", "cancel"} do
            local _, server = pair()
            local interrupted, other = read_byte(server), read_byte(server)
            this_fiber.yield()
            if first == "interrupt" then
                interrupted:interrupt()
                server:cancel()
            else
                server:cancel()
                interrupted:interrupt()
            end
            assert.equal("interrupted", interrupted:join())
            assert.equal("aborted", other:join())
        end
    end))

    it("while data arrives loses nothing and never does both: read_some", closing(function()
        local client, server = pair()
        local received, interrupted = 0, 0
        for round = 1, 200 do
            local reader = spawn(function()
                local bs = byte_span.new(1)
                return server:read_some(bs)
            end)
            this_fiber.yield()
            write(client, "x")
            for _ = 1, round % 3 do time.sleep(0) end
            reader:interrupt()
            local n = reader:join()
            if reader.interruption_caught then
                interrupted = interrupted + 1
                assert.is_nil(n)
            else
                assert.equal(1, n)
                received = received + n
            end
        end
        assert.equal(200, received + interrupted)
        client:close()
        local rest, bs = 0, byte_span.new(1000)
        while true do
            local n = outcome(server.read_some, server, bs)
            if n == "eof" then break end
            rest = rest + n
        end
        assert.equal(interrupted, rest)
    end))

    it("while a connection arrives loses nothing and never does both: accept", closing(function()
        local acceptor = listening()
        local accepted, interrupted = 0, 0
        for round = 1, 100 do
            local accepting = spawn(function()
                acceptor:accept():close()
                return true
            end)
            this_fiber.yield()
            local client = ip.tcp.socket.new()
            client:connect(address.loopback_v4(), acceptor.local_port)
            for _ = 1, round % 3 do time.sleep(0) end
            accepting:interrupt()
            if accepting:join() then accepted = accepted + 1 else interrupted = interrupted + 1 end
            client:close()
        end
        assert.equal(100, accepted + interrupted)
        for _ = 1, interrupted do acceptor:accept():close() end
        local late = spawn(function() return outcome(acceptor.accept, acceptor) end)
        time.sleep(0.01)
        late:interrupt()
        assert.equal("interrupted", late:join())
    end))

    it("out of a wait does not wake the fiber's next operation", closing(function()
        local client, server = pair()
        local reader = spawn(function()
            local bs = byte_span.new(1)
            local first = outcome(server.read_some, server, bs)
            this_fiber.disable_interruption()
            local second = server:read_some(bs)
            return first, second
        end)
        this_fiber.yield()
        reader:interrupt()
        this_fiber.yield()
        time.sleep(0.01)
        assert.is_true(reader.joinable)
        write(client, "x")
        local first, second = reader:join()
        assert.equal("interrupted", first)
        assert.equal(1, second)
    end))
end)
