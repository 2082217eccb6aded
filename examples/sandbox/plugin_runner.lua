-- What every plugin of plugin_host.lua runs in: answers calls.

local inbox = require "emilua.inbox"

local hello = inbox:receive()
local plugin = require(hello.plugin)
while true do
    local ok, text = pcall(inbox.receive, inbox)
    if not ok then break end
    local answered, answer = pcall(plugin, text)
    hello.reply:send { ok = answered, text = tostring(answer):sub(1, 255) }
end
