-- emilua.run: one run of the event loop on the calling thread, and what is left at its end.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local fiber = import("core.fiber")
local native = import("core.native")
local raw = import("core.raw")
local report = import("core.lazy")("core.report")
local modules = import("core.require")

local FN, WAIT, ON = L.FN, L.WAIT, L.ON
local state, step, reset = S.state, S.step, S.reset
local error, pcall, type, unpack = error, pcall, type, unpack
local collectgarbage, os_exit = collectgarbage, os.exit
local drive, view = native.drive, native.view
local raw_vm = raw.vm

local run = {
    -- system.arguments; of a program: name of the launcher, script, what follows "--". False when not known yet.
    arguments = false,
}

-- Nothing is left to do. A fiber that waits for a future whose promise is garbage is not stuck.
function S.on_idle()
    local f = state.newest
    while f do
        local kind = f[WAIT]
        if kind and kind.collectable then
            collectgarbage()
            return S.has_ready()
        end
        f = f[L.OLDER]
    end
    return false
end

-- The live fibers, oldest first; nil if there is none.
local function live()
    local f = state.newest
    if not f then return end
    local fibers, n = {}, 0
    while f do
        n = n + 1
        fibers[n] = f
        f = f[L.OLDER]
    end
    for i = 1, n / 2 do fibers[i], fibers[n + 1 - i] = fibers[n + 1 - i], fibers[i] end
    return fibers
end

-- The lines of the deadlock notice: each mutex and future that fibers wait for, once.
local function notice(fibers)
    local lines, seen = {}, {}
    for _, f in ipairs(fibers) do
        local kind, on = f[WAIT], f[ON]
        if kind and kind.notice and not seen[on] then
            seen[on] = true
            lines[#lines + 1] = kind.notice(on)
        end
    end
    if #lines > 0 then report.deadlock(lines) end
end

local function leak(fibers, descriptors)
    local e = errors.new(errors.generic, errors.number.EBUSY)
    local what = {}
    if #fibers > 0 then what[1] = #fibers .. " fiber(s)" end
    if descriptors > 0 then what[#what + 1] = descriptors .. " open descriptor(s)" end
    e.detail = "the run left behind: " .. table.concat(what, ", ")
    e.fibers, e.descriptors = fibers, descriptors
    error(e, 0)
end

local function check_options(opts)
    if opts == nil then return false end
    if type(opts) ~= "table" then errors.raise("EINVAL", 2) end
    local leaks = opts.leaks
    if leaks ~= nil and leaks ~= "ignore" and leaks ~= "error" then errors.raise("EINVAL", "leaks") end
    return leaks == "error"
end

local function descriptors()
    S.gather()
    return view.descriptors
end

-- Reports what is left at the end of a run, whose main fiber is `f`. Returns the description of the fibers
-- that are left, where it is wanted.
local function conclude(f, strict, is_program, fatal, deadlock)
    local left = deadlock and live()
    local done, failed = f[WAIT] == S.DONE, f[WAIT] == S.FAILED
    if is_program and failed and not fatal then report.main_panic(f[FN][1], fiber.trace) end
    local wanted = left and (strict or not done and not is_program)
    local list = wanted and import("core.inspect").fibers() or nil
    fiber.report_unjoined()
    if fatal then report.handler_failed(fatal[2]) end
    if left and (is_program or done) then notice(left) end
    return list
end

-- Makes the main fiber of a run.
local function begin(main)
    -- What a run left that was ended by a hook or for want of memory.
    reset()
    modules.reset()
    state.running = true
    fiber.trace = nil
    local f = fiber.main(main)
    state.main = f
    return f
end

-- Drives `main` until nothing is left and prints the reports. Returns its fiber, {error} of a failed
-- cleanup handler, the description of the fibers that are left, what it called exit with, and what the master did.
local function execute(main, strict, is_program)
    local f = begin(main)
    local ok, code = pcall(drive, raw_vm, step)
    state.running = false
    local fatal, stop, exit = state.fatal, state.stop, state.exit
    local deadlock = ok and code == 0 and not fatal and not stop
    -- Memory may be wanting, and an error may have a __tostring that raises.
    local concluded, list = pcall(conclude, f, strict, is_program, fatal, deadlock)
    reset()
    local status = native.take_exit(raw_vm)
    run.trace = fiber.trace
    if not ok then error(code, 0) end
    if not concluded then error(list, 0) end
    if code ~= 0 then errors.raise_code(code) end
    return f, fatal, list, exit, status
end

-- run(main[, opts]): as spec/README.md says.
function run.run(main, opts)
    if type(main) ~= "function" then errors.expected(1, "run", "function", main) end
    local strict = check_options(opts)
    if state.current then errors.raise_detail("EPERM", "emilua.run was called inside of a run") end
    local open = strict and descriptors()
    local f, fatal, list, exit, status = execute(main, strict, false)
    if exit then os_exit(status or exit) end
    local main_wait = f[WAIT]
    if fatal then error(fatal[1], 0) end
    if main_wait == S.FAILED then error(f[FN][1], 0) end
    if main_wait ~= S.DONE then
        local e = errors.new(errors.generic, errors.number.EDEADLK)
        e.detail = "every fiber waits for something that nothing can bring"
        e.fibers = list
        error(e, 0)
    end
    if strict then
        local more = descriptors() - open
        if list or more > 0 then leak(list or {}, more) end
    end
    -- An actor that is master has ended with it.
    if status and status ~= 0 then os_exit(status) end
    local values = f[FN]
    if values then return unpack(values, 1, values.n) end
end

-- Runs a program, whose failure is reported and not raised. Returns whether nothing failed, and what exit was
-- called with.
function run.program(main)
    local f, fatal, _, exit, status = execute(main, false, true)
    local ok = not fatal and f[WAIT] ~= S.FAILED
    if status == 0 and not ok then status = nil end
    return ok, status or exit
end

-- The same for an actor, whose driver is elsewhere: returns step() and finish(raised, e), which is called when a
-- step was the last or raised `e`.
function run.actor(main)
    local f = begin(main)
    return step, function(raised, e)
        state.running = false
        local fatal = state.fatal
        local ok = pcall(conclude, f, false, true, fatal, not raised and not fatal and not state.stop)
        if raised or not ok then report.main_panic(raised and e or "not enough memory", "stack traceback:") end
    end
end

-- traceback() -> string | nil: that of the error that main failed with in the last run.
function run.traceback() return run.trace end

return run
