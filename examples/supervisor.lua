-- Keeps a program running: restarts it when it ends, waiting longer each time, and ends it with itself.
-- usage: luajit supervisor.lua PROGRAM [ARGUMENT ...]     SIGHUP restarts at once, SIGTERM and SIGINT end

local emilua = require "emilua"
local system = require "emilua.system"
local time = require "emilua.time"

local FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30 -- seconds
local STABLE = 10 -- seconds after which a run counts as a success
local GRACE = 5 -- seconds between SIGTERM and SIGKILL

local signal = system.signal
local command = { unpack(arg) }
assert(command[1], "usage: luajit supervisor.lua PROGRAM [ARGUMENT ...]")

local function log(...) io.stderr:write("supervisor: ", string.format(...), "\n") end

local function start()
    return system.spawn{
        program = command[1], arguments = command, environment = system.environment,
        stdin = "share", stdout = "share", stderr = "share", process_group = 0,
    }
end

-- Ends the program's process group: politely, then not.
local function stop(p)
    system.kill(-p.pid, signal.SIGTERM)
    if not pcall(emilua.timeout, GRACE, p.wait, p) then
        system.kill(-p.pid, signal.SIGKILL)
        p:wait()
    end
end

-- Runs the program until it ends, or until this fiber is interrupted.
local function run_once()
    local p = start()
    emilua.scope_cleanup_push(function()
        if p.pid then stop(p) end
    end)
    log("started %d", p.pid)
    p:wait()
    log(p.exit_signal and "killed by signal %d" or "ended with %d", p.exit_signal or p.exit_code)
end

local function supervise()
    local pause = FIRST_PAUSE
    while true do
        local began = time.steady_clock.now()
        emilua.scope(run_once)
        if time.steady_clock.now() - began >= STABLE then pause = FIRST_PAUSE end
        log("restart in %g s", pause)
        time.sleep(pause)
        pause = math.min(pause * 2, LONGEST_PAUSE)
    end
end

emilua.run(function()
    local signals = signal.set.new(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    repeat
        local supervisor = emilua.spawn(supervise)
        local received = signals:wait()
        supervisor:interrupt()
        supervisor:join()
    until received ~= signal.SIGHUP
    log "done"
end)
