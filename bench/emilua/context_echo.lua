-- The server of echo.lua in an actor, whose context has as many threads as the argument says. Prints its port.

local emilua = require "emilua"

emilua.run(function()
    local server = emilua.spawn_vm { inherit_context = false, source = [[
        local emilua, inbox = require "emilua", require "emilua.inbox"
        local threads = inbox:receive()
        emilua.spawn_context_threads(threads - 1)
        dofile "bench/emilua/echo_server.lua"
    ]] }
    server:send(tonumber(arg[1]))
end)
