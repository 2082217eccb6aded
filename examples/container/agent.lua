-- The first code of ours in a container: starts a program for each session that comes to the acceptor that it is sent.
local filesystem = require "filesystem"
local inbox = require "inbox"
local serial_port = require "serial_port"
local system = require "system"
local unix = require "unix"

-- Passes signals on. A client that is gone has hung up.
local function follow(session, child)
    local buffer = byte_span.new(16)
    repeat
        local ok, n = pcall(session.receive, session, buffer)
        pcall(child.kill, child, ok and tonumber(tostring(buffer:first(n))) or system.signal.SIGHUP)
    until not ok
end

-- Runs the program of a session; returns its status, and what kept it from running.
local function run(session)
    local buffer = byte_span.new(131072)
    local n, streams = session:receive_with_fds(buffer, 3)
    local words = {}
    for word in tostring(buffer:first(n)):gmatch "(%Z*)%z" do words[#words + 1] = word end
    local directory, term, columns, rows = unpack(words, 1, 4)
    local environment, master, terminal = system.environment, nil, nil
    if #streams == 0 then
        master, terminal = serial_port.ptypair()
        master = master:release()
        system.terminal.set_size(terminal, tonumber(columns), tonumber(rows))
        streams, environment.TERM = { terminal, terminal, terminal }, term
    end
    session:send_with_fds(byte_span.append "begun", { master })
    local ok, child = pcall(function()
        filesystem.current_working_directory(filesystem.path.new "/" / directory)
        return system.spawn {
            program = words[5], arguments = { unpack(words, 5) }, environment = environment,
            stdin = streams[1], stdout = streams[2], stderr = streams[3],
            start_new_session = true, set_ctty = terminal,
        }
    end)
    for _, fd in ipairs(terminal and { terminal, master } or streams) do fd:close() end
    if not ok then return child.code == 2 and 127 or 126, ("%s: %s"):format(child.path1 or words[5], child) end
    spawn(function() follow(session, child) end):detach()
    child:wait()
    return child.exit_code, ""
end

local function serve(session)
    local ok, status, message = pcall(run, session)
    if not ok then status, message = 126, tostring(status) end
    pcall(session.send, session, byte_span.append(("%d %s"):format(status, message)))
    session:close()
end

-- Root in here is the user outside. Nobody in here reaches the acceptor: it belongs to the host's network.
local acceptor = unix.seqpacket.acceptor.new(inbox:receive())
while true do
    local session = acceptor:accept()
    if session:get_option("remote_credentials").uid == 0 then spawn(function() serve(session) end):detach() end
end
