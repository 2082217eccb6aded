local emilua = require "emilua"
local asio_error = require "emilua.asio_error"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local stream = require "emilua.stream"
local time = require "emilua.time"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local address = ip.address
local closing, keep, listening, new_socket, pair = tcp.closing, tcp.keep, tcp.listening, tcp.new_socket, tcp.pair

helper.install()

-- A child's first lines: `peak()` is the most memory that the process ever had, in KiB.
local PEAK = [[
local function peak()
    -- Closed at once: what a loop over its lines leaves open would be counted.
    local file = assert(io.open("/proc/self/status"))
    local size = file:read("*a"):match("VmHWM:%s*(%d+) kB")
    file:close()
    return tonumber(size)
end
]]

describe("fibers in great number", function()
    it("1,000,000 spawn and join keep the memory flat", function()
        local output, status = helper.child(PEAK .. [[
            local emilua = require "emilua"
            local spawn = emilua.spawn
            emilua.run(function()
                local sum = 0
                local function work() sum = sum + 1 end
                for _ = 1, 100000 do spawn(work):join() end
                collectgarbage()
                local held, before = collectgarbage("count"), peak()
                for _ = 1, 1000000 do spawn(work):join() end
                collectgarbage()
                assert(collectgarbage("count") - held < 256, "objects stay: " .. collectgarbage("count") - held)
                assert(peak() - before < 16384, "the process grew: " .. peak() - before)
                print(sum)
            end)
        ]], {timeout = 120})
        assert.equal("1100000\n", output)
        assert.equal(0, status)
    end)

    it("100,000 live fibers that all fail a join, are interrupted and end", helper.fiber(function()
        local fibers = {}
        for i = 1, 100000 do fibers[i] = spawn(function() time.sleep(3600) end) end
        this_fiber.yield()
        for i = 1, #fibers do fibers[i]:interrupt() end
        local caught = 0
        for i = 1, #fibers do
            fibers[i]:join()
            if fibers[i].interruption_caught then caught = caught + 1 end
        end
        assert.equal(100000, caught)
    end))

    it("10,000 runs in one process leave nothing behind", function()
        local output, status = helper.child(PEAK .. [[
            local emilua, time = require "emilua", require "emilua.time"
            local ffi = require "ffi"
            ffi.cdef "int fcntl(int, int, ...);"
            local function descriptors()
                local count = 0
                for fd = 0, 1023 do
                    if ffi.C.fcntl(fd, 1) >= 0 then count = count + 1 end
                end
                return count
            end
            local runs = 0
            local function main()
                emilua.spawn(function() time.sleep(0) end):join()
                runs = runs + 1
            end
            for _ = 1, 1000 do emilua.run(main) end
            collectgarbage()
            local open, held, before = descriptors(), collectgarbage("count"), peak()
            for _ = 1, 9000 do emilua.run(main) end
            collectgarbage()
            assert(descriptors() == open, "descriptors: " .. descriptors() - open)
            assert(collectgarbage("count") - held < 256, "objects stay: " .. collectgarbage("count") - held)
            assert(peak() - before < 16384, "the process grew: " .. peak() - before)
            print(runs)
        ]], {timeout = 120})
        assert.equal("10000\n", output)
        assert.equal(0, status)
    end)
end)

describe("byte spans in great number", function()
    it("10,000 of 1 MiB beside 400,000 live objects take less than 1 GiB", function()
        local output, status = helper.child(PEAK .. [[
            local byte_span = require "emilua.byte_span"
            local live = {}
            for i = 1, 400000 do live[i] = {i} end
            local sum = 0
            for i = 1, 10000 do
                local bs = byte_span.new(1048576)
                bs:fill(i % 256)
                sum = sum + bs[1048576]
            end
            assert(peak() < 1048576, "VmHWM: " .. peak() .. " KiB")
            print(sum, #live)
        ]], {timeout = 300})
        local sum = 0
        for i = 1, 10000 do sum = sum + i % 256 end
        assert.equal(sum .. "\t400000\n", output)
        assert.equal(0, status)
    end)

    it("small ones and kept slices do not pile up", function()
        local output, status = helper.child(PEAK .. [[
            local byte_span = require "emilua.byte_span"
            local kept = {}
            for i = 1, 100000 do
                kept[i % 100] = byte_span.with_zeros(65536):slice(1, 10)
            end
            assert(peak() < 524288, "VmHWM: " .. peak() .. " KiB")
            print(#kept[1])
        ]], {timeout = 300})
        assert.equal("10\n", output)
        assert.equal(0, status)
    end)
end)

describe("an echo conversation", function()
    local TOTAL = 24

    local function payload()
        local bs = byte_span.new(TOTAL)
        for i = 1, TOTAL do bs[i] = 64 + i end
        return bs
    end

    -- The three workers of a conversation. Each goes on from where the one before it was interrupted, so a byte that an
    -- interrupted operation took or dropped is missed at the end. `before_operation(role, fiber)` is called before
    -- each operation.
    local function conversation(before_operation)
        local client, server = pair()
        local sent, echoed = payload(), byte_span.with_zeros(TOTAL)
        local written, answered, received = 0, 0, 0
        local held, room = 0, byte_span.new(5)

        local function write(point)
            while written < TOTAL do
                local part = sent:slice(written + 1, math.min(written + 3, TOTAL))
                point()
                written = written + client:write_some(part)
            end
        end
        local function serve(point)
            while answered < TOTAL do
                if held == 0 then
                    point()
                    held = server:read_some(room)
                end
                point()
                local n = server:write_some(room:first(held))
                answered, held = answered + n, held - n
                room:copy(room:slice(n + 1))
            end
        end
        local function read(point)
            while received < TOTAL do
                point()
                received = received + client:read_some(echoed:slice(received + 1, math.min(received + 4, TOTAL)))
            end
        end

        local function keep_going(role, worker)
            return spawn(function()
                local fiber
                repeat
                    fiber = spawn(function()
                        worker(function() before_operation(role, fiber) end)
                    end)
                    fiber:join()
                until not fiber.interruption_caught
            end)
        end
        local supervisors = {keep_going("serve", serve), keep_going("read", read), keep_going("write", write)}
        for i = 1, 3 do supervisors[i]:join() end
        assert.equal(tostring(sent), tostring(echoed))
        client:close()
        helper.raises("asio.misc", "eof", function() server:read_some(byte_span.new(1)) end)
        server:close()
    end

    local ways = {
        ["before the operation"] = function(fiber) fiber:interrupt() end,
        ["while it waits, or as soon as it has ended"] = function(fiber)
            spawn(function() fiber:interrupt() end):detach()
        end,
        ["a turn of the reactor later"] = function(fiber)
            spawn(function()
                time.sleep(0)
                fiber:interrupt()
            end):detach()
        end,
    }

    for way, interrupt in pairs(ways) do
        for _, role in ipairs{"write", "serve", "read"} do
            it("loses no byte: " .. role .. " is interrupted at every point, " .. way, closing(function()
                local at, operations = 0
                repeat
                    at, operations = at + 1, 0
                    conversation(function(who, fiber)
                        if who ~= role then return end
                        operations = operations + 1
                        if operations == at then interrupt(fiber) end
                    end)
                until operations < at
                assert.is_true(at > TOTAL / 5)
            end))
        end
    end

    it("loses no byte when every second operation is interrupted", closing(function()
        for _, interrupt in pairs(ways) do
            local turn = {write = 0, serve = 0, read = 0}
            conversation(function(role, fiber)
                turn[role] = turn[role] + 1
                if turn[role] % 2 == 1 then interrupt(fiber) end
            end)
        end
    end))
end)

describe("many connections at once", function()
    it("200 clients and one server exchange 100 messages each", closing(function()
        local clients, messages = 200, 100
        local acceptor = listening()
        local port = acceptor.local_port
        local server = spawn(function()
            local sessions = {}
            for i = 1, clients do
                local sock = acceptor:accept()
                sessions[i] = spawn(function()
                    local bs, total = byte_span.new(64), 0
                    while true do
                        local ok, n = pcall(sock.read_some, sock, bs)
                        if not ok then
                            assert.is_true(n == asio_error.misc.eof)
                            break
                        end
                        stream.write_all(sock, bs:first(n))
                        total = total + n
                    end
                    sock:close()
                    return total
                end)
            end
            local total = 0
            for i = 1, clients do total = total + sessions[i]:join() end
            return total
        end)
        local fibers = {}
        for i = 1, clients do
            fibers[i] = spawn(function()
                local sock = ip.tcp.socket.new()
                sock:connect(address.loopback_v4(), port)
                local out, back = byte_span.append(("%08d"):format(i)), byte_span.new(8)
                for _ = 1, messages do
                    stream.write_all(sock, out)
                    stream.read_all(sock, back)
                    assert.is_true(out == back)
                end
                sock:close()
            end)
        end
        for i = 1, clients do fibers[i]:join() end
        assert.equal(clients * messages * 8, server:join())
    end))
end)

describe("real peers", function()
    -- Starts a shell command beside this process; the function returned waits for its end and gives its output.
    local function start(command)
        local path = os.tmpname()
        local pipe = io.popen("( " .. command .. " ) > " .. path .. " 2>&1", "w")
        return function()
            pipe:close()
            local file = assert(io.open(path))
            local output = file:read("*a")
            file:close()
            os.remove(path)
            return output
        end
    end

    local function serve_echo(acceptor)
        local sock, bs = keep(acceptor:accept()), byte_span.new(4096)
        while true do
            local ok, n = pcall(sock.read_some, sock, bs)
            if not ok then
                assert.is_true(n == asio_error.misc.eof)
                break
            end
            stream.write_all(sock, bs:first(n))
        end
        sock:close()
    end

    it("socat as a client gets its bytes back", closing(function()
        local acceptor = listening()
        local output = start("echo hello | socat -t 10 - TCP4:127.0.0.1:" .. acceptor.local_port)
        serve_echo(acceptor)
        assert.equal("hello\n", output())
    end))

    it("socat as a client gets 4 MB back unchanged", closing(function()
        local acceptor = listening()
        local output = start("seq 1 600000 | socat -t 10 - TCP4:127.0.0.1:" .. acceptor.local_port .. " | cksum")
        serve_echo(acceptor)
        assert.equal(start("seq 1 600000 | cksum")(), output())
    end))

    it("socat as a server: connect, write, shutdown, read to the end", closing(function()
        local free = listening()
        local port = free.local_port
        free:close()
        local listen = "TCP4-LISTEN:" .. port .. ",bind=127.0.0.1,reuseaddr"
        local output = start("timeout 30 socat -t 10 " .. listen .. " EXEC:'sort -r'")
        local sock = new_socket()
        local connected
        for _ = 1, 500 do
            connected = pcall(sock.connect, sock, address.loopback_v4(), port)
            if connected then break end
            sock:close()
            time.sleep(0.01)
        end
        assert.is_true(connected)
        stream.write_all(sock, "a\nc\nb\n")
        sock:shutdown("send")
        local bs = byte_span.new(6)
        stream.read_all(sock, bs)
        assert.equal("c\nb\na\n", tostring(bs))
        helper.raises("asio.misc", "eof", function() sock:read_some(bs) end)
        sock:close()
        assert.equal("", output())
    end))

    it("curl gets a page", closing(function()
        local acceptor = listening()
        local output = start("curl -sS --max-time 30 http://127.0.0.1:" .. acceptor.local_port .. "/page")
        local sock = keep(acceptor:accept())
        local bs, length = byte_span.new(8192), 0
        repeat
            length = length + sock:read_some(bs:slice(length + 1))
            local last = bs:first(length):find("\r\n\r\n")
        until last
        assert.is_true(bs:starts_with("GET /page HTTP/1.1\r\n"))
        local body = ("0123456789"):rep(100000)
        stream.write_all(sock, "HTTP/1.1 200 OK\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body)
        sock:shutdown("send")
        sock:close()
        assert.equal(body, output())
    end))
end)
