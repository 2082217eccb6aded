-- What the specs of actors share: workers from a text.

local emilua = require "emilua"
local helper = require "spec.helper"

local actors = {}

--- An actor from a text, which has `emilua` and `inbox`. `opts` are those of `spawn_vm`.
function actors.worker(source, opts)
    local all = { source = "local emilua, inbox = require 'emilua', require 'emilua.inbox' " .. source }
    for key, value in pairs(opts or {}) do all[key] = value end
    return emilua.spawn_vm(all)
end

--- An actor that sends back what it gets, until nobody can send.
function actors.echo(opts)
    local channel = actors.worker([[
        local reply = inbox:receive()
        while true do
            local ok, m = pcall(inbox.receive, inbox)
            if not ok then return end
            reply:send(m)
        end ]], opts)
    channel:send(require "emilua.inbox")
    return channel
end

--- What `f()` raises in the category emilua.core.
function actors.core(name, f) return helper.raises("emilua.core", name, f) end

return actors
