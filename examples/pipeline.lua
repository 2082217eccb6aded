-- A pipeline of actors: numbers go through filters, each of which passes on what it does not drop.
local emilua = require "emilua"
local inbox = require "emilua.inbox"

-- A stage learns where to send to, and ends when nobody can send to it any more: so the end runs down the line.
local STAGE = [[
    local inbox = require "emilua.inbox"
    local setup = inbox:receive()
    local keep = loadstring("return " .. setup.keep)()
    while true do
        local ok, n = pcall(inbox.receive, inbox)
        if not ok then break end
        if keep(n) then setup.to:send(n) end
    end
    setup.to:close()
]]

local FILTERS = {
    "function(n) return n % 2 == 1 end",
    "function(n) return n % 3 == 1 end",
    "function(n) return n % 5 ~= 0 end",
}

emilua.run(function()
    local first = nil
    for i = #FILTERS, 1, -1 do
        local stage = emilua.spawn_vm { source = STAGE, name = "stage " .. i, inherit_context = false }
        stage:send({ keep = FILTERS[i], to = first or inbox })
        if first then first:close() end
        first = stage
    end
    for n = 1, 1000 do first:send(n) end
    first:close()
    local sum, count = 0, 0
    while true do
        local ok, n = pcall(inbox.receive, inbox)
        if not ok then break end
        sum, count = sum + n, count + 1
    end
    print(count, sum)
end)
