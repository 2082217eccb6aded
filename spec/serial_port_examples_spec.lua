local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local serial_port = require "emilua.serial_port"
local stream = require "emilua.stream"
local helper = require "spec.helper"

helper.install()

describe("examples/terminal.lua", function()
    it("connects the standard streams with a line", helper.fiber(function()
        local master, slave = serial_port.ptypair()
        local link = ("/proc/%s/fd/%s"):format(helper.pid(), tostring(slave):match("%d+$"))
        local device = helper.shell("readlink " .. link):match("%S+")
        os.execute(("stty raw -echo < %s"):format(device))
        local shown, typed = os.tmpname(), os.tmpname()
        os.remove(typed)
        assert(os.execute("mkfifo " .. typed) == 0)
        os.execute(("cd %s && LUA_CPATH=%s/'?.so;;' timeout 60 %s examples/terminal.lua %s 9600 < %s > %s &"):format(
            helper.quote(helper.root), helper.quote(helper.root), helper.interpreter, device, typed, shown))
        local keyboard = assert(io.open(typed, "w"))
        keyboard:write("hello")
        keyboard:flush()
        local bs = byte_span.new(5)
        stream.read_all(master, bs)
        assert.equal("hello", tostring(bs))
        assert.equal(9600, master.baud_rate)
        stream.write_all(master, "world")
        while os.execute("grep -q world " .. shown) ~= 0 do emilua.this_fiber.yield() end
        keyboard:write("\29")
        keyboard:close()
        while os.execute("fuser -s " .. typed .. " 2>/dev/null") == 0 do emilua.this_fiber.yield() end
        os.remove(shown)
        os.remove(typed)
        slave:close()
        master:close()
    end))

    it("says how it is called", function()
        local output, status = helper.shell(("cd %s && LUA_CPATH=%s/'?.so;;' %s examples/terminal.lua"):format(
            helper.quote(helper.root), helper.quote(helper.root), helper.interpreter))
        assert.truthy(output:find("^usage: terminal.lua DEVICE %[BAUD_RATE%]\n"))
        assert.equal(2, status)
    end)
end)
