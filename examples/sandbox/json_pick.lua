-- Picks a member out of a JSON text on standard input, which may be hostile: `a.b.1` is the first element of b of a.
--
-- usage: luajit examples/sandbox/json_pick.lua PATH <FILE

package.path = arg[0]:match "^(.-)[^/]*$" .. "?.lua;" .. package.path

local emilua = require "emilua"
local inbox = require "emilua.inbox"
local pipe = require "emilua.pipe"
local sandbox = require "emilua.sandbox"
local stream = require "emilua.stream"
local system = require "emilua.system"

local SECONDS = 10

emilua.run(function()
    local box = sandbox.new { memory = "128M", cpu = 5 }
    local guest = emilua.spawn_vm(box:context { module = "json_guest", ipc = { strings = 255 }, stderr = "share" })
    local reading, writing = pipe.pair()
    local input = reading:release()
    guest:send { input = input, path = arg[1], reply = inbox }
    input:close()
    -- What it does not read any more fails the copy, and nothing else.
    emilua.spawn(function()
        pcall(stream.copy, system.in_, writing)
        writing:close()
    end):detach()
    local ok, answer = pcall(emilua.timeout, SECONDS, inbox.receive, inbox)
    pcall(guest.kill, guest) -- it may have ended
    if not ok then
        io.stderr:write("json_pick: the guest has given no answer: ", tostring(answer), "\n")
        system.exit(1)
    end
    print(answer.text)
end)
