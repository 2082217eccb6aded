-- Runs plugins that are somebody else's, each in a sandbox with the rights that it was granted and no more.
--
-- usage: luajit examples/sandbox/plugin_host.lua [TEXT]

package.path = arg[0]:match "^(.-)[^/]*$" .. "?.lua;" .. package.path

local emilua = require "emilua"
local inbox = require "emilua.inbox"
local sandbox = require "emilua.sandbox"

-- What the user has agreed to, by plugin.
local GRANTED = {
    { name = "shout", rights = {} },
    { name = "zones", rights = { read = { "/usr/share/zoneinfo" } } },
    { name = "spy", rights = {} },
}
local LIMITS = { memory = "64M", cpu = 5, files = 32 }

local function load_plugin(name, rights)
    local options = {}
    for _, list in ipairs { LIMITS, rights } do
        for key, value in pairs(list) do options[key] = value end
    end
    local box = sandbox.new(options)
    local guest = emilua.spawn_vm(box:context { module = "plugin_runner", modules = { "plugins." .. name } })
    guest:send { plugin = "plugins." .. name, reply = inbox }
    return guest
end

emilua.run(function()
    local text = arg[1] or "Europe/London"
    for _, plugin in ipairs(GRANTED) do
        local guest = load_plugin(plugin.name, plugin.rights)
        guest:send(text)
        local ok, answer = pcall(emilua.timeout, 5, inbox.receive, inbox)
        print(plugin.name, ok and answer.text or "has failed")
        pcall(guest.kill, guest) -- it may have ended
    end
end)
