-- A session: the client's side of a program in a container, at this process's terminal or streams.
local stream = require "stream"
local system = require "system"
local unix = require "unix"
local signal = system.signal

--- The address at which a running container is entered. It is abstract, so none is left behind.
function address(name) return "@emilua-container/" .. name end

local function report(...) stream.write_all(system.err, table.concat { "emilua container: ", ... } .. "\n") end

--- Ends the program, for want of a status of CMD.
function fail(...)
    report(...)
    system.exit(125)
end

--- Ends the program when `f` fails, with what the error is about.
function try(f)
    local ok, why = pcall(f)
    local about = not ok and (why.detail or why.path1)
    if not ok then fail(about and tostring(about) .. ": " or "", tostring(why)) end
end

--- A session with a running container of this user.
function dial(name)
    local ok, socket = pcall(unix.seqpacket.dial, address(name))
    local ours = ok and socket:get_option("remote_credentials").uid == (system.getresuid())
    return ours and socket or fail("there is no container of yours called ", name)
end

--- Runs a command, `{program, argument..., directory =}`, and calls `finish` when it has ended, while what it started
--- may still hold its terminal. Returns its status as a shell has it.
function run(socket, command, finish)
    local signals = signal.set.new(signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1,
        signal.SIGUSR2)
    local is_terminal = system.in_:isatty() and system.out:isatty()
    local columns, rows = 0, 0
    if is_terminal then columns, rows = system.terminal.size "stdin" end
    local streams = is_terminal and {} or { system.in_:dup(), system.out:dup(), system.err:dup() }
    -- Each ends with a zero, which none can have.
    local words = { command.directory, system.environment.TERM or "dumb", columns, rows, unpack(command) }
    socket:send_with_fds(byte_span.append(table.concat(words, "\0"), "\0"), streams)
    for _, fd in ipairs(streams) do fd:close() end

    local buffer = byte_span.new(1024)
    local begun, _, terminals = pcall(socket.receive_with_fds, socket, buffer, 1)
    if not begun then return 125 end
    local relay = is_terminal and spawn(function() system.terminal.relay(terminals[1]) end)
    spawn(function()
        while true do pcall(socket.send, socket, byte_span.append(tostring(signals:wait()))) end
    end):detach()
    local ok, n = pcall(socket.receive, socket, buffer)
    finish()
    if relay then relay:join() end
    if not ok then return 137 end
    local status, message = tostring(buffer:first(n)):match "^(%d+) (.*)$"
    if message ~= "" then report(message) end
    return tonumber(status)
end
