-- Runs a program in a running container: emilua attach.lua -- NAME [CMD [ARG]...]. NAME is what it was called, or else the
-- host's number of its first process.
local system = require "system"
local unix = require "unix"
local session = require "./session"

local name = system.arguments[3] or session.fail "usage: attach.lua -- NAME [CMD [ARG]...]"
local command = { unpack(system.arguments, system.arguments[4] == "--" and 5 or 4) }
command[1], command.directory = command[1] or "/bin/sh", "/"
local ok, socket = pcall(unix.seqpacket.dial, session.address(name))
if not ok or not session.trusts(socket) then session.fail("no container of yours is called ", name) end
system.exit(session.run(socket, command))
