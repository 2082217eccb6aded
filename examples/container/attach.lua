-- Runs a program in a running container: emilua attach.lua -- NAME|PID [CMD [ARG]...]. PID is that of its first
-- process, and names those that are not called anything.
local system = require "system"
local unix = require "unix"
local session = require "./session"

local name = system.arguments[3] or session.fail "usage: attach.lua -- NAME|PID [CMD [ARG]...]"
local command = { unpack(system.arguments, system.arguments[4] == "--" and 5 or 4) }
command[1], command.directory = command[1] or "/bin/sh", "/"
local ok, socket = pcall(unix.seqpacket.dial, session.address(name))
if not ok or not session.is_ours(socket) then session.fail("there is no container of yours called ", name) end
system.exit(session.run(socket, command))
