-- Runs a program in a running container: emilua attach.lua -- NAME|PID [CMD [ARG]...]. PID is that of its first
-- process, and names those that are not called anything.
local system = require "system"
local session = require "./session"

session.try(function()
    local name = system.arguments[3] or session.fail "usage: attach.lua -- NAME|PID [CMD [ARG]...]"
    local command = { unpack(system.arguments, system.arguments[4] == "--" and 5 or 4) }
    command[1], command.directory = command[1] or "/bin/sh", "/"
    system.exit(session.run(session.dial(name), command, function() end))
end)
