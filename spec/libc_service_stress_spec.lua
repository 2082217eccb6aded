-- What a hostile slave may send to its master, and random interruptions of a busy one.

local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local libc_service = require "emilua.libc_service"
local system = require "emilua.system"
local time = require "emilua.time"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local service = require "spec.libc_service_helper"

local fiber = helper.fiber

helper.install()
teardown(service.remove)

math.randomseed(tonumber(os.getenv "EMILUA_SEED") or 1)
local random = math.random

-- The other end of a master, as a socket that sends anything: a program gives it back.
local function hostile()
    local master, slave = libc_service.new()
    local here, there = unix.seqpacket.socket.pair()
    there = there:release()
    local program = system.spawn{
        program = "/usr/bin/python3", extra_fds = { [3] = slave, [4] = there },
        -- It must not be served itself.
        environment = { EMILUA_LIBC_SERVICE_FD = "none" },
        arguments = { "python3", "-ISc",
            "import socket; socket.send_fds(socket.socket(fileno=4), [b'x'], [3])" },
    }
    there:close()
    local _, fds = here:receive_with_fds(byte_span.new(1), 1)
    program:wait()
    here:close()
    return master, unix.seqpacket.socket.new(fds[1])
end

local function u32(value)
    local bytes = {}
    for i = 1, 4 do
        bytes[i] = string.char(value % 256)
        value = math.floor(value / 256)
    end
    return table.concat(bytes)
end

-- A packet of a call. Fields that are not given are 0.
local function packet(fields)
    local first, second = fields.first or "", fields.second or ""
    return (fields.magic or "els1") .. u32(fields.number or 0) .. u32(fields.flags or 0) .. u32(fields.mode or 0)
        .. u32(fields.port or 0) .. u32(fields.length or #first) .. u32(#second) .. first .. second
end

-- A socket for an answer, and its other end.
local function reply()
    local own, other = unix.seqpacket.socket.pair()
    return own, other:release()
end

local CONNECT_INET, GETADDRINFO = 11, 16

local BAD = {
    { "no packet", "x", 1 },
    { "other letters", packet{ magic = "els0", first = "/a" }, 1 },
    { "an unknown call", packet{ number = 17, first = "/a" }, 1 },
    { "a call far away", packet{ number = 2 ^ 32 - 1, first = "/a" }, 1 },
    { "a text that is too long", packet{ first = ("a"):rep(4096) }, 1 },
    { "a packet that is too long", packet{ first = "/a" } .. ("x"):rep(9000), 1 },
    { "a length beyond the end", packet{ first = "/a", length = 3 }, 1 },
    { "a length far beyond the end", packet{ first = "/a", length = 2 ^ 32 - 1 }, 1 },
    { "a length that leaves something", packet{ first = "/a", length = 1 }, 1 },
    { "a second text that is none of the call's", packet{ first = "/a", second = "/b" }, 1 },
    { "a zero in a path", packet{ first = "/a\0b" }, 1 },
    { "no socket for the answer", packet{ first = "/a" }, 0 },
    { "a descriptor too many", packet{ first = "/a" }, 2 },
    { "seventy descriptors", packet{ first = "/a" }, 70 },
    { "no socket to connect", packet{ number = CONNECT_INET, first = "abcd" }, 1 },
    { "an address of another length", packet{ number = CONNECT_INET, first = "abcde" }, 2 },
    { "a port that is none", packet{ number = CONNECT_INET, first = "abcd", port = 65536 }, 2 },
    { "an unknown protocol", packet{ number = GETADDRINFO, first = "a", mode = 3 }, 1 },
    { "an unknown flag", packet{ number = GETADDRINFO, first = "a", flags = 4 }, 1 },
}

describe("master:receive", function()
    it("is EPROTO for what is no call, and ends the service", fiber(function()
        for _, case in ipairs(BAD) do
            local master, socket = hostile()
            local fds = {}
            for i = 1, case[3] do fds[i] = service.null() end
            socket:send_with_fds(byte_span.append(case[2]), fds)
            for i = 1, #fds do fds[i]:close() end
            local ok, e = pcall(master.receive, master)
            assert.is_false(ok, case[1])
            helper.is_error(e, "system", "EPROTO")
            assert.is_false(master.is_open)
            helper.raises("system", "EPIPE", function() socket:send(byte_span.append "x") end)
            socket:close()
        end
    end))

    it("takes an empty packet for the end", fiber(function()
        local master, socket = hostile()
        socket:send_with_fds(byte_span.new(0), {})
        helper.raises("asio.misc", "eof", function() master:receive() end)
        master:close()
        socket:close()
    end))

    it("takes any descriptor for the socket of the answer", fiber(function()
        local master, socket = hostile()
        local null, read, write = service.null(), require("emilua.pipe").pair()
        read, write = read:release(), write:release()
        for _, fd in ipairs{ null, read, write } do
            socket:send_with_fds(byte_span.append(packet{ first = "/a" }), { fd })
            master:receive()
            assert.equal("/a", tostring((master:arguments())))
            master:send(0)
        end
        for _, fd in ipairs{ null, read, write } do fd:close() end
        socket:close()
        master:close()
    end))

    it("does not wait for one that takes no answer", fiber(function()
        local master, socket = hostile()
        local own, other = unix.stream.socket.pair()
        local full = byte_span.new(65536)
        -- Until there is no room any more.
        local filling = emilua.spawn(function() while true do other:write_some(full) end end)
        helper.turns(50)
        filling:interrupt()
        filling:join()
        other = other:release()
        socket:send_with_fds(byte_span.append(packet{ first = "/a" }), { other })
        other:close()
        master:receive()
        master:send(0)
        own:close()
        socket:close()
        master:close()
    end))

    it("survives random packets", fiber(function()
        local calls, refused = 0, 0
        for _ = 1, 12 do
            local master, socket = hostile()
            local own, other = reply()
            local serving = emilua.spawn(function()
                while true do
                    local ok, e = pcall(master.receive, master)
                    if not ok then return e end
                    calls = calls + 1
                    master:arguments()
                    master:descriptors()
                    assert(type(master.function_) == "string")
                    if random(2) == 1 then master:use_slave_credentials() else pcall(master.send, master, -1, 1) end
                    if master.is_open and pcall(function() return master.function_ end) then master:send(nil) end
                end
            end)
            local sent = 0
            repeat
                local good = packet{
                    number = random(0, 16), first = ("/abcdefghijklmno"):sub(1, random(0, 16)),
                    flags = random(0, 2 ^ 31), mode = random(0, 4095),
                    port = random(0, 70000),
                }
                if random(4) == 1 then
                    local at = random(1, #good)
                    good = good:sub(1, at - 1) .. string.char(random(0, 255)) .. good:sub(at + 1)
                end
                if random(8) == 1 then good = good:sub(1, random(1, #good)) end
                local fds = {}
                for i = 1, random(1, 2) do fds[i] = other end
                sent = sent + 1
                local ok = pcall(socket.send_with_fds, socket, byte_span.append(good), fds)
                helper.turns(2)
            until not ok or sent == 200
            socket:close()
            if tostring(serving:join()) ~= "End of file" then refused = refused + 1 end
            master:close()
            own:close()
            other:close()
        end
        assert.is_true(refused > 0)
        assert.is_true(calls >= 0)
    end))

    it("loses no call to interruptions", fiber(function()
        local COUNT = 200
        local answered = 0
        local master, slave = libc_service.new()
        local program = system.spawn{
            program = "/usr/bin/python3", extra_fds = { [3] = slave }, stdout = "pipe", stderr = "share",
            arguments = { "python3", "-ISc", ([[
import os
print(sum(os.access("/%%d" %% i, os.F_OK) for i in range(%d)))]]):format(COUNT) },
        }
        local worker
        -- A fiber serves until it is interrupted; another goes on.
        local function serve()
            while true do
                local ok, e = pcall(master.receive, master)
                if not ok then
                    if e.code == helper.core.interrupted and tostring(e.category) == "emilua.core" then error(e, 0) end
                    return true
                end
                emilua.this_fiber.disable_interruption()
                if master.function_ == "access" then
                    answered = answered + 1
                    master:send(0)
                else
                    master:use_slave_credentials()
                end
                emilua.this_fiber.restore_interruption()
            end
        end
        local killer = emilua.spawn(function()
            while true do
                time.sleep(random() * 0.002)
                worker:interrupt()
            end
        end)
        local interruptions = 0
        repeat
            worker = emilua.spawn(serve)
            local done = worker:join()
            interruptions = interruptions + (worker.interruption_caught and 1 or 0)
        until done
        killer:interrupt()
        killer:join()
        local text = require("spec.process_helper").read_all(program.stdout)
        program:wait()
        master:close()
        assert.equal(COUNT .. "\n", text)
        assert.equal(COUNT, answered)
    end))
end)
