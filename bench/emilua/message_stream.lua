-- Short strings from four VMs to one inbox.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local inbox = require "emilua.inbox"
local measure = require "measure"

local count = measure.scaled(1e6)

emilua.run(function()
    for _ = 1, 4 do
        local source = emilua.spawn_vm { source = [[
            local inbox = require "emilua.inbox"
            local to = inbox:receive()
            for _ = 1, inbox:receive() do to:send("message") end
        ]] }
        source:send(inbox)
        source:send(count)
    end
    local start = measure.wall()
    for _ = 1, 4 * count do inbox:receive() end
    measure.report("messages_per_s", 4 * count / (measure.wall() - start))
end)
