-- pool: actors that answer calls, each one at a time.
--
-- A worker gets a channel for its answers first, then a message for each call. Its answers have a mailbox of their own,
-- whose only sender it holds: so its end is noticed.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local class = import("actor.class")
local errors = import("core.errors")
local fiber = import("core.fiber")
local list = import("core.list")
local operation = import("core.operation")
local spawn = import("actor.spawn")

local INTERRUPTED, MASK = L.INTERRUPTED, L.MASK
local HEAD, CUT, TOKEN = S.HEAD, S.CUT, operation.TOKEN
local enter, check_yieldable, suspend, wake = S.enter, S.check_yieldable, S.suspend, S.wake
local class_name, raise, raise_core = errors.class_name, errors.raise, errors.raise_core
local error, select, setmetatable, type = error, select, setmetatable, type
local native = class.native

-- A pool is {options, idle workers, number of idle ones, fibers that wait for one, how many, closed, workers}.
local OPTIONS, IDLE, IDLE_COUNT, WAITERS, WAITING, CLOSED, WORKERS = 1, 2, 3, 4, 5, 6, 7

-- Categories that an error can come back in.
local CATEGORIES = {}
for _, category in pairs { errors.generic, errors.system, errors.core, errors.misc } do
    CATEGORIES[tostring(category)] = category
end

-- A call that waits for an idle worker, and one that waits for its answer.
local QUEUE = { name = "a worker of a pool", external = true }
local ANSWER = { name = "an answer of a pool", external = true }

function QUEUE.remove(f)
    local pool = f[L.ON]
    list.remove(pool[WAITERS], f)
    pool[WAITING] = pool[WAITING] - 1
end

function ANSWER.remove(f) f[L.ON][HEAD] = false end

-- Starts the actor of a worker; the first of a context makes it.
local function start(pool, worker)
    local options = pool[OPTIONS]
    local beside
    for _, other in ipairs(pool[WORKERS]) do
        if other ~= worker and other.id then beside = other.id end
    end
    local mailbox, answers = native.new_mailbox()
    local channel, id, fresh = spawn.start(options.found, beside)
    if fresh and options.threads > 1 then native.add_threads(options.threads - 1, id) end
    native.send(channel, answers)
    native.close_channel(answers)
    worker.channel, worker.id, worker.mailbox = channel, id, mailbox
end

-- Makes a worker free for the next call, in whose name it goes to the fiber that waits longest.
local function release(pool, worker)
    local f = list.pop(pool[WAITERS])
    if f then
        pool[WAITING] = pool[WAITING] - 1
        return wake(f, worker)
    end
    pool[IDLE_COUNT] = pool[IDLE_COUNT] + 1
    pool[IDLE][pool[IDLE_COUNT]] = worker
    if pool[CLOSED] then worker.channel:close() end
end

local function replace(pool, worker)
    native.close_mailbox(worker.mailbox)
    worker.channel:close()
    worker.id = false
    if not pool[CLOSED] then start(pool, worker) end
end

-- Waits in fiber `f` for the answer of a worker; nothing when it was interrupted before there was one.
local function await(f, worker)
    local d = worker.direction
    while true do
        local answer, reason = native.receive_from(worker.mailbox, d[TOKEN])
        if answer ~= nil or reason then return answer or {}, reason end
        if f[INTERRUPTED] and f[MASK] == 0 then return nil end
        d[HEAD] = f
        local outcome = suspend(f, ANSWER, d)
        d[HEAD] = false
        if outcome == CUT then return nil end
    end
end

-- The call was given up, the worker still works on it.
local function abandon(pool, worker)
    fiber.spawn(function()
        local _, reason = await(S.state.current, worker)
        if reason then replace(pool, worker) end
        release(pool, worker)
    end):detach()
end

local function raise_answer(answer)
    local category = CATEGORIES[answer.category]
    if category and type(answer.code) == "number" then
        local e = errors.new(category, answer.code)
        e.detail = answer.detail
        error(e, 0)
    end
    error(answer.message or "the worker failed", 0)
end

-- A worker that nobody else uses.
local function acquire(pool, f)
    local n = pool[IDLE_COUNT]
    if n > 0 then
        local worker = pool[IDLE][n]
        pool[IDLE][n], pool[IDLE_COUNT] = nil, n - 1
        return worker
    end
    if pool[WAITING] >= pool[OPTIONS].queue then raise("EAGAIN") end
    list.push(pool[WAITERS], f)
    pool[WAITING] = pool[WAITING] + 1
    local worker = suspend(f, QUEUE, pool)
    if worker == CUT then raise_core(errors.INTERRUPTED) end
    if not worker then raise_core(errors.CHANNEL_CLOSED) end
    return worker
end

local methods = {}

-- pool:call(message) -> answer.
function methods.call(self, ...)
    if class_name(self) ~= "pool" then raise("EINVAL", 1) end
    if select("#", ...) == 0 then raise("EINVAL", 2) end
    local f = enter()
    local message = ...
    if self[CLOSED] then raise_core(errors.CHANNEL_CLOSED) end
    local refused = native.check(message)
    if refused then
        if type(refused) == "number" then errors.raise_code(refused) end
        raise(refused, 2)
    end
    check_yieldable()
    local worker = acquire(self, f)
    -- An idle worker may have died.
    if native.send(worker.channel, message) then
        replace(self, worker)
        native.send(worker.channel, message)
    end
    local answer, reason = await(f, worker)
    if not answer then
        abandon(self, worker)
        raise_core(errors.INTERRUPTED)
    end
    if reason then replace(self, worker) end
    release(self, worker)
    if reason then
        errors.raise_detail("EOWNERDEAD", "the worker ended before it had answered")
    end
    if answer.failed then raise_answer(answer) end
    return answer.value
end

-- pool:close(): calls that wait for a worker fail, those that are being worked on end.
function methods.close(self)
    if class_name(self) ~= "pool" then raise("EINVAL", 1) end
    if self[CLOSED] then return end
    self[CLOSED] = true
    for i = 1, self[IDLE_COUNT] do self[IDLE][i].channel:close() end
    local f = list.pop(self[WAITERS])
    while f do
        wake(f, false)
        f = list.pop(self[WAITERS])
    end
    self[WAITING] = 0
end

local mt = errors.class("pool", { __index = errors.strict(methods) })

function mt.__newindex() raise("EPERM") end

local function count(opts, name, default)
    local value = opts[name]
    if value == nil then return default end
    if type(value) ~= "number" or value % 1 ~= 0 or value < 1 or value > 4096 then raise("EINVAL", name) end
    return value
end

-- pool{module =, source =, name =, vms =, threads =, queue =}.
local function new(opts)
    if type(opts) ~= "table" then raise("EINVAL", 1) end
    local vms = count(opts, "vms", 1)
    local options = { threads = count(opts, "threads", vms), queue = count(opts, "queue", 1024) }
    options.found = spawn.find(opts)
    options.found.answers = true
    local pool = setmetatable({ options, {}, 0, list.new(), 0, false, {} }, mt)
    for i = 1, vms do
        local worker = { direction = operation.direction(), id = false }
        pool[WORKERS][i] = worker
        start(pool, worker)
        release(pool, worker)
    end
    return pool
end

return { pool = new }
