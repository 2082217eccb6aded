local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local serial_port = require "emilua.serial_port"
local stream = require "emilua.stream"
local time = require "emilua.time"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local keep, closing = tcp.keep, tcp.closing

helper.install()

local function read(port, n)
    local bs = byte_span.new(n)
    return tostring(bs:first(port:read_some(bs)))
end

-- A pseudo terminal: its master, and the descriptor of the slave.
local function pair()
    local master, slave = serial_port.ptypair()
    return keep(master), keep(slave)
end

-- The device behind a descriptor.
local function device(fd)
    local link = ("/proc/%s/fd/%s"):format(helper.pid(), tostring(fd):match("%d+$"))
    return (helper.shell("readlink " .. link):match("%S+"))
end

-- The slave opened again, as a serial line.
local function line()
    local master, slave = pair()
    local port = keep(serial_port.new())
    port:open(device(slave))
    return port, master, slave
end

local function stty(fd)
    return (helper.shell("stty -a < " .. device(fd)))
end

describe("serial_port.new", function()
    it("gives a closed object of its class", closing(function()
        local port = serial_port.new()
        assert.equal("serial_port", getmetatable(port))
        assert.is_false(port.is_open)
    end))

    it("takes a descriptor over", closing(function()
        local master, slave = pair()
        local port = keep(serial_port.new(slave))
        helper.raises("emilua.core", "bad_index", function() return slave.type end, { index = 2 })
        port:write_some(byte_span.append("x"))
        assert.equal("x", read(master, 1))
        helper.EINVAL(function() serial_port.new("fd") end, 1)
    end))
end)

describe("serial_port:open", function()
    it("leaves the line settings untouched", closing(function()
        local _, slave = pair()
        local before = stty(slave)
        local port = keep(serial_port.new())
        port:open(device(slave))
        assert.equal(before, stty(slave))
        assert.is_true(port.is_open)
        assert.is_true(port:isatty())
    end))

    it("raises the system's errors, and already_open", closing(function()
        local port = keep(serial_port.new())
        helper.raises("system", "ENOENT", function() port:open("/dev/no-such-line") end)
        port:open("/dev/null")
        helper.raises("asio.misc", "already_open", function() port:open("/dev/null") end)
        assert.is_false(port:isatty())
        helper.raises("system", "ENOTTY", function() return port.baud_rate end)
        helper.raises("system", "ENOTTY", function() port:tcgetpgrp() end)
        tcp.wrong_argument(function() port:open() end, 2)
        tcp.wrong_argument(function() port:open({}) end, 2)
    end))
end)

describe("a serial_port", function()
    it("moves bytes between the two ends of a pair made by socat", closing(function()
        local one, two = os.tmpname(), os.tmpname()
        os.remove(one)
        os.remove(two)
        local pid = helper.shell(("socat pty,raw,echo=0,link=%s pty,raw,echo=0,link=%s >/dev/null 2>&1 & echo $!")
            :format(one, two)):match("%d+")
        while os.execute(("test -e %s && test -e %s"):format(one, two)) ~= 0 do time.sleep(0.01) end
        local a, b = keep(serial_port.new()), keep(serial_port.new())
        a:open(one)
        b:open(two)
        a.baud_rate, b.baud_rate = 115200, 115200
        local text = ("0123456789abcdef"):rep(4096)
        local writer = emilua.spawn(function() stream.write_all(a, text) end)
        local bs = byte_span.new(#text)
        stream.read_all(b, bs)
        writer:join()
        assert.is_true(tostring(bs) == text)
        stream.write_all(b, "back")
        assert.equal("back", read(a, 16))
        os.execute("kill " .. pid)
        while os.execute("kill -0 " .. pid .. " 2>/dev/null") == 0 do time.sleep(0.01) end
        os.remove(one)
        os.remove(two)
    end))

    it("that is a master says EIO when the slave is gone", closing(function()
        local master, slave = pair()
        slave:close()
        helper.raises("system", "EIO", function() read(master, 1) end)
    end))

    it("wakes who waits, in the order of their start", closing(function()
        local master, slave = pair()
        local port = keep(serial_port.new(slave))
        local order = {}
        local fibers = {}
        for i = 1, 2 do fibers[i] = emilua.spawn(function() order[i] = read(master, 1) end) end
        helper.turns(2)
        stream.write_all(port, "ab")
        for i = 1, 2 do fibers[i]:join() end
        assert.same({ "a", "b" }, order)
    end))

    it("ends waits by cancel, close and interruption", closing(function()
        local master = pair()
        for _, method in ipairs{ "cancel", "close" } do
            local fiber = emilua.spawn(function()
                helper.raises("system", "ECANCELED", function() read(master, 1) end)
                return true
            end)
            helper.turns(2)
            if method == "cancel" then
                local other = emilua.spawn(function() read(master, 1) end)
                helper.turns(2)
                other:interrupt()
                other:join()
                assert.is_true(other.interruption_caught)
            end
            master[method](master)
            assert.is_true(fiber:join())
        end
    end))

    it("returns 0 for an empty span", closing(function()
        local master = pair()
        assert.equal(0, master:read_some(byte_span.new(0)))
        assert.equal(0, master:write_some(byte_span.new(0)))
    end))

    it("refuses a wrong self", closing(function()
        local master = pair()
        for name, arguments in pairs{
            open = { "/dev/null" }, read_some = { byte_span.new(1) }, write_some = { byte_span.new(1) }, close = {},
            cancel = {}, release = {}, assign = { 1 }, isatty = {}, tcgetpgrp = {}, tcsetpgrp = { 1 }, send_break = {},
        } do
            tcp.check_wrong_self(master, name, unpack(arguments))
        end
    end))
end)

describe("line settings", function()
    -- Values, and what stty says of them; nil stands for the value nil.
    local VALUES = {
        baud_rate = { { 9600, "speed 9600 baud" }, { 115200, "speed 115200 baud" }, { 50, "speed 50 baud" } },
        flow_control = { { "software", " ixon ixoff" }, { "hardware", " crtscts" }, { nil, " %-crtscts" } },
        stop_bits = { { "two", " cstopb" }, { "one", " %-cstopb" } },
    }

    for name, values in pairs(VALUES) do
        it("are read back: " .. name, closing(function()
            local port, _, slave = line()
            for i = 1, #values do
                local value, text = values[i][1], values[i][2]
                port[name] = value
                assert.equal(value, port[name])
                assert.truthy(stty(slave):find(text))
            end
        end))
    end

    -- Pseudo terminals of Linux have no parity and characters of 8 bits. What was set besides is there all the same.
    it("raise EINVAL where the line cannot: parity, character_size", closing(function()
        local port, _, slave = line()
        for _, parity in ipairs{ "odd", "even" } do
            helper.raises("system", "EINVAL", function() port.parity = parity end)
            assert.is_nil(port.parity)
            assert.truthy(stty(slave):find(parity == "odd" and " parodd" or " %-parodd"))
            assert.truthy(stty(slave):find(" inpck"))
        end
        port.parity = nil
        assert.is_nil(port.parity)
        assert.truthy(stty(slave):find(" ignpar"))
        for size = 5, 7 do
            helper.raises("system", "EINVAL", function() port.character_size = size end)
        end
        port.character_size = 8
        assert.equal(8, port.character_size)
        assert.truthy(stty(slave):find(" cs8"))
    end))

    it("refuse bad values", closing(function()
        local port = line()
        local function set(name, value) return function() port[name] = value end end
        for _, rate in ipairs{ 9601, 0, -9600, 9600.5, 2 ^ 40 } do
            helper.raises("system", "EINVAL", set("baud_rate", rate))
        end
        helper.EINVAL(set("baud_rate", "9600"), 3)
        helper.EINVAL(set("baud_rate", nil), 3)
        for _, name in ipairs{ "flow_control", "parity", "stop_bits" } do
            helper.ENOTSUP(set(name, "none"))
            helper.ENOTSUP(set(name, "nil"))
            helper.EINVAL(set(name, 1), 3)
        end
        helper.EINVAL(set("stop_bits", nil), 3)
        helper.raises("system", "EOPNOTSUPP", set("stop_bits", "one_point_five"))
        for _, size in ipairs{ 4, 9, 7.5, "8" } do helper.EINVAL(set("character_size", size), 3) end
    end))

    it("raise EBADF on a closed object; other fields bad_index", closing(function()
        local port = serial_port.new()
        for name, value in pairs{
            baud_rate = 9600, flow_control = "software", parity = "odd", stop_bits = "one", character_size = 8,
        } do
            helper.raises("system", "EBADF", function() return port[name] end)
            helper.raises("system", "EBADF", function() port[name] = value end)
        end
        helper.raises("emilua.core", "bad_index", function() return port.colour end, { index = 2 })
        helper.raises("emilua.core", "bad_index", function() port.colour = 1 end, { index = 2 })
        helper.raises("emilua.core", "bad_index", function() port.is_open = true end, { index = 2 })
    end))
end)

describe("isatty, tcgetpgrp, tcsetpgrp, send_break, assign, release", function()
    it("raise EBADF on a closed object", closing(function()
        local port = serial_port.new()
        for _, name in ipairs{ "isatty", "tcgetpgrp", "release" } do helper.EBADF(function() port[name](port) end) end
        helper.EBADF(function() port:tcsetpgrp(1) end)
        helper.raises("system", "EBADF", function() port:send_break() end)
    end))

    it("work on pseudo terminals", closing(function()
        local master, slave = pair()
        assert.is_true(master:isatty())
        assert.equal(0, master:tcgetpgrp())
        assert.is_false(pcall(master.tcsetpgrp, master, 1))
        tcp.wrong_argument(function() master:tcsetpgrp() end, 2)
        assert.equal(0, select("#", master:send_break()))
        local fd = keep(master:release())
        assert.is_false(master.is_open)
        assert.equal("character", fd.type)
        local again = keep(serial_port.new())
        again:assign(fd)
        stream.write_all(again, "x\n")
        assert.equal("x\n", read(keep(serial_port.new(slave)), 8))
    end))
end)

describe("serial_port.ptypair", function()
    it("gives a master and the slave's descriptor, non-blocking and close-on-exec", closing(function()
        local master, slave = pair()
        assert.equal("serial_port", getmetatable(master))
        assert.equal("file_descriptor", getmetatable(slave))
        assert.is_true(slave.non_blocking)
        assert.is_nil(helper.shell("ls -l /proc/self/fd"):find("/dev/pts/.*\n.*ptmx"))
    end))

    it("serves a shell", closing(function()
        local master, slave = pair()
        local name = device(slave)
        os.execute(("setsid sh -c 'exec sh < %s > %s 2>&1' &"):format(name, name))
        local seen = ""
        stream.write_all(master, "stty -echo; PS1=; echo $((6 * 7))-ready\n")
        while not seen:find("42-ready", 1, true) do seen = seen .. read(master, 4096) end
        stream.write_all(master, "tty; exit\n")
        while not seen:find(name, 1, true) do seen = seen .. read(master, 4096) end
        slave:close()
        helper.raises("system", "EIO", function() while true do read(master, 4096) end end)
    end))
end)

describe("serial_port.list", function()
    it("lists the ports that the machine has", function()
        for _, port in ipairs(serial_port.list()) do
            assert.equal("string", type(port.device))
            assert.truthy(({ usb = 1, pci = 1, bluetooth = 1, unknown = 1 })[port.kind])
        end
    end)
end)
