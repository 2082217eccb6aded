-- Random programs of fibers, interruption, scopes, mutexes, condition variables and futures: the module must give the
-- same sequence of events as the model. EMILUA_SEED repeats the program of a failure (and goes on from there),
-- EMILUA_PROGRAMS sets how many are tried.

local emilua = require "emilua"
local condition_variable = require "emilua.condition_variable"
local future = require "emilua.future"
local mutex = require "emilua.mutex"
local recursive_mutex = require "emilua.recursive_mutex"
local helper = require "spec.helper"
local new_model = require "spec.fiber_model"

local this_fiber = emilua.this_fiber
local random = math.random

helper.install()

-- The module with the function names of the model.
local module = {
    run = helper.run,
    spawn = emilua.spawn,
    join = function(f) return f:join() end,
    interrupt = function(f) f:interrupt() end,
    caught = function(f) return f.interruption_caught end,
    joinable = function(f) return f.joinable end,
    yield = this_fiber.yield,
    disable = this_fiber.disable_interruption,
    restore = this_fiber.restore_interruption,
    push = emilua.scope_cleanup_push,
    protected = function(f) return pcall(f) end,
    wrapped = function(f) return coroutine.wrap(f)() end,
    scoped = function(f)
        local value
        emilua.scope(function() value = f() end)
        return value
    end,
    new_mutex = mutex.new,
    lock = function(m) m:lock() end,
    try_lock = function(m) return m:try_lock() end,
    unlock = function(m) m:unlock() end,
    new_recursive_mutex = recursive_mutex.new,
    try_lock_recursive = function(m) return m:try_lock() end,
    unlock_recursive = function(m) m:unlock() end,
    new_condition = condition_variable.new,
    wait = function(c, m) c:wait(m) end,
    notify_one = function(c) c:notify_one() end,
    notify_all = function(c) c:notify_all() end,
    new_future = future.new,
    set_value = function(p, value) p:set_value(value) end,
    set_error = function(p, e) p:set_error(e) end,
    get = function(f) return f:get() end,
}

local FIBERS, OBJECTS = 8, 2

-- Operation and weight. Main runs only those that cannot suspend it for ever.
local OPERATIONS = {
    yield = 8, spawn = 3, join = 3, interrupt = 2, lock = 4, unlock = 4, try_lock = 1, try_lock_recursive = 1,
    unlock_recursive = 1, wait = 3, notify_one = 2, notify_all = 1, set_value = 1, set_error = 1, get = 2, push = 2,
    push_suspending = 1, caught = 1, joinable = 1,
}
local SUSPENDS_FOR_EVER = {join = true, lock = true, wait = true, get = true}
local OF_FIBERS = {spawn = true, join = true, interrupt = true, caught = true, joinable = true}
local MODES = {"plain", "protected", "protected", "protected", "masked", "wrapped", "scoped"}

local choices = {main = {}, fiber = {}}
for name, weight in pairs(OPERATIONS) do
    for _ = 1, weight do
        table.insert(choices.fiber, name)
        if not SUSPENDS_FOR_EVER[name] then table.insert(choices.main, name) end
    end
end
-- The order of `pairs` is not the same in every process.
table.sort(choices.fiber)
table.sort(choices.main)

local function generate(seed)
    math.randomseed(seed)
    local programs = {}
    for id = 0, FIBERS do
        local program = {}
        for i = 1, random(6, 20) do
            local names = id == 0 and choices.main or choices.fiber
            local name = names[random(#names)]
            local mode = id == 0 and "protected" or MODES[random(#MODES)]
            -- Two masked joins may wait for each other, out of reach of any interruption.
            if name == "join" and mode == "masked" then mode = "plain" end
            if id == 0 and i <= 3 then name = "spawn" end
            program[i] = {name = name, mode = mode, target = random(OF_FIBERS[name] and FIBERS or OBJECTS)}
        end
        programs[id] = program
    end
    return programs
end

local function describe_value(value)
    if type(value) == "table" then return tostring(value.category) .. " " .. tostring(value.code) end
    return tostring(value)
end

-- Runs the programs and returns the list of events.
local function execute(api, programs)
    local events, handles, order, ended = {}, {}, {}, 0
    local mutexes, recursive_mutexes, conditions, promises, futures = {}, {}, {}, {}, {}
    for i = 1, OBJECTS do
        mutexes[i], recursive_mutexes[i] = api.new_mutex(), api.new_recursive_mutex()
        conditions[i] = api.new_condition()
        promises[i], futures[i] = api.new_future()
    end

    local function note(...)
        local words = {}
        for i = 1, select("#", ...) do words[i] = describe_value((select(i, ...))) end
        events[#events + 1] = table.concat(words, " ")
    end

    local run_program
    local perform = {}
    local objects = {
        lock = mutexes, unlock = mutexes, try_lock = mutexes, try_lock_recursive = recursive_mutexes,
        unlock_recursive = recursive_mutexes, notify_one = conditions, notify_all = conditions, get = futures,
    }
    for name, list in pairs(objects) do
        perform[name] = function(op) return api[name](list[op.target]) end
    end
    for _, name in ipairs{"join", "interrupt", "caught", "joinable"} do
        perform[name] = function(op)
            if not handles[op.target] then return "not spawned" end
            return api[name](handles[op.target])
        end
    end
    function perform.yield() api.yield() end
    function perform.wait(op) api.wait(conditions[op.target], mutexes[op.target]) end
    function perform.set_value(op, id) api.set_value(promises[op.target], "value of " .. id) end
    function perform.set_error(op, id) api.set_error(promises[op.target], "error of " .. id) end
    function perform.push(_, id, i)
        api.push(function() note(id, i, "handler") end)
    end
    function perform.push_suspending(_, id, i)
        api.push(function()
            note(id, i, "handler begins")
            api.yield()
            note(id, i, "handler ends")
        end)
    end
    function perform.spawn(op)
        local child = op.target
        if handles[child] then return "spawned already" end
        order[#order + 1] = child
        handles[child] = api.spawn(function()
            api.push(function()
                ended = ended + 1
                note(child, "ends")
            end)
            note(child, "starts")
            run_program(child)
            return "result of " .. child
        end)
    end

    function run_program(id)
        for i, op in ipairs(programs[id]) do
            local function call() return (perform[op.name](op, id, i)) end
            if op.mode == "protected" then
                note(id, i, op.name, api.protected(call))
            elseif op.mode == "masked" then
                api.disable()
                local value = call()
                api.restore()
                note(id, i, op.name, value)
            elseif op.mode == "plain" then
                note(id, i, op.name, call())
            else
                note(id, i, op.name, api[op.mode](call))
            end
        end
    end

    -- Frees every fiber from whatever it waits for, until all have ended.
    local function drain()
        for _ = 1, 10000 do
            if ended == #order then return end
            for _, id in ipairs(order) do api.interrupt(handles[id]) end
            for i = 1, OBJECTS do
                api.protected(function() api.set_value(promises[i], "drained") end)
                api.notify_all(conditions[i])
                api.protected(function() api.unlock(mutexes[i]) end)
            end
            api.yield()
        end
        error("fibers do not end")
    end

    api.run(function()
        run_program(0)
        drain()
        for _, id in ipairs(order) do
            note("join", id, api.protected(function() return (api.join(handles[id])) end))
            note("caught", id, api.protected(function() return api.caught(handles[id]) end))
        end
    end)
    return events
end

local function print_programs(programs)
    local lines = {}
    for id = 0, FIBERS do
        for i, op in ipairs(programs[id]) do
            lines[#lines + 1] = ("  %d %d: %s %d (%s)"):format(id, i, op.name, op.target, op.mode)
        end
    end
    return table.concat(lines, "\n")
end

local function compare(seed)
    local programs = generate(seed)
    local expected = execute(new_model(), programs)
    local ok, actual = pcall(execute, module, programs)
    local complaint
    if not ok then
        complaint = "the run failed: " .. helper.describe_error(actual)
    else
        for i = 1, math.max(#expected, #actual) do
            if expected[i] ~= actual[i] then
                local before = table.concat(expected, "\n  ", math.max(1, i - 12), i - 1)
                complaint = ("event %d: the model has %q, the module %q; before it:\n  %s"):format(i,
                    tostring(expected[i]), tostring(actual[i]), before)
                break
            end
        end
    end
    if complaint then
        error(("EMILUA_SEED=%d: %s\n%s"):format(seed, complaint, print_programs(programs)), 0)
    end
    return #expected
end

describe("random programs of fibers", function()
    it("give the events of the model", function()
        local seed = tonumber(os.getenv("EMILUA_SEED")) or os.time() % 1000000 * 1000
        local count = tonumber(os.getenv("EMILUA_PROGRAMS")) or 1000
        local events = 0
        for i = 0, count - 1 do events = events + compare(seed + i) end
        assert.is_true(events >= 30 * count, "the programs do too little: " .. events / count .. " events each")
    end)
end)

describe("the model", function()
    it("gives the same events for the same seed", function()
        for seed = 1, 50 do
            assert.same(execute(new_model(), generate(seed)), execute(new_model(), generate(seed)))
        end
    end)

    it("meets every operation, every way to end and every kind of error", function()
        local words = {}
        for seed = 1, 500 do
            for _, event in ipairs(execute(new_model(), generate(seed))) do
                words[event:match("^%d+ %d+ (%S+)") or event] = true
                for category, code in event:gmatch("(%S+) (%d+)$") do words[category .. " " .. code] = true end
            end
        end
        -- A push is noted like any other operation; "handler" is what it leads to.
        for name in pairs(OPERATIONS) do assert.is_true(words[name], name) end
        assert.is_true(words.handler)
        for _, e in ipairs{"generic 1", "generic 22", "generic 35", "emilua.core 13", "emilua.core 23"} do
            assert.is_true(words[e], e)
        end
    end)
end)
