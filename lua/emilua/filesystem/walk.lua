-- filesystem.walk: a tree whose directories are read, and whose files are looked at, by several threads at once.
--
-- A job reads a number of directories on the pool for blocking work and asks for the attributes of all entries.
-- Its batch is looked through for directories, which are what the next jobs read, before it is handed out.
local import = ...
local S = import("core.scheduler")
local check = import("filesystem.check")
local core = import("core.native")
local directory = import("filesystem.directory")
local errors = import("core.errors")
local native = import("filesystem.native")
local operation = import("core.operation")
local path = import("filesystem.path")
local status = import("filesystem.status")
local ffi = require("ffi")

local charge, enter, HEAD = S.charge, S.enter, S.HEAD
local check_path, fail = check.path, check.fail
local concat, remove, type = table.concat, table.remove, type
local ffi_gc, ffi_string = ffi.gc, ffi.string
local join = path.lexical.join
local new_entry = directory.new_entry
local await, TOKEN = operation.await, operation.TOKEN
local PENDING = core.PENDING
local walk_free, walk_start, walk_take = native.walk_free, native.walk_start, native.walk_take
local DIRECTORY = status.DIRECTORY
local EACCES = -errors.number.EACCES

-- Directories that one job reads, at most.
local CHUNK = 64

-- An entry's directory, which is closed. The job has the attributes of its entries.
local function closed_directory(text, job) return { [directory.JOB] = job, join(text, "") } end

local out = ffi.new("void *[1]")

local functions = {}

local OPTIONS = {
    prune = function(x) return type(x) == "function" end,
    max_depth = function(x) return type(x) == "number" and x >= 0 and x % 1 == 0 end,
    skip_permission_denied = check.is_boolean,
    jobs = function(x) return type(x) == "number" and x >= 1 and x <= 64 and x % 1 == 0 end,
}

-- Starts a job for the directories that were found last.
local function start(state, follow)
    local queue = state.queue
    local job = { texts = {}, depths = {}, direction = operation.direction(), view = native.new_view() }
    for i = 1, math.min(CHUNK, #queue) do
        local found = remove(queue)
        job.texts[i], job.depths[i] = found.text, found.depth
    end
    local paths = concat(job.texts, "\0") .. "\0"
    local code = walk_start(core.vm, job.direction[TOKEN], paths, #paths, follow, out)
    if code < 0 then fail(code) end
    job.handle = ffi_gc(out[0], walk_free)
    state.running[#state.running + 1] = job
end

local function start_more(state)
    while #state.queue > 0 and #state.running < state.jobs do start(state, 0) end
end

-- The entry of record `i`, and its depth.
local function entry(job, i)
    local record = job.view.records[i]
    local number = record.directory + 1
    local d = job.directories[number]
    if not d then
        d = closed_directory(job.texts[number], job)
        job.directories[number] = d
    end
    local stat = record.stat
    local name = ffi_string(job.view.names + record.name, record.length)
    -- A file without links was not looked at.
    return new_entry(d, name, stat.kind, stat.links > 0 and i), job.depths[number]
end

-- Queues the directories of a batch that are to be visited.
local function look_through(state, job)
    local records, queue, prune = job.view.records, state.queue, state.prune
    for i = 0, job.view.count - 1 do
        local record = records[i]
        if record.stat.kind == DIRECTORY and record.error == 0 then
            local e, depth = entry(job, i)
            if depth < state.max_depth and not (prune and prune(e, depth)) then
                queue[#queue + 1] = { text = directory.text_of(e), depth = depth + 1 }
            end
        end
    end
end

-- Goes on to the next batch; at the end there is none. Between the end of a job and a consistent state nothing
-- suspends.
local function take(state, f)
    local job = state.running[1]
    state.ended = not job
    if not job then return end
    if job.direction[HEAD] then errors.raise("EBUSY") end
    local code = walk_take(job.handle, job.view)
    if code == PENDING then code = await(job.direction, f, walk_take, job.handle, job.view) end
    remove(state.running, 1)
    state.ended = true
    if code < 0 then errors.raise_code(code) end
    job.directories = {}
    look_through(state, job)
    start_more(state)
    state.batch, state.at, state.ended = job, 0, false
    charge(f)
end

local function advance(state)
    local f = enter()
    while not state.ended do
        local job, i = state.batch, state.at
        if job and i < job.view.count then
            local record = job.view.records[i]
            state.at = i + 1
            if record.error == 0 then return entry(job, i) end
            if record.error ~= EACCES or not state.skip_permission_denied then
                state.ended = true
                fail(record.error, job.texts[record.directory + 1])
            end
        else
            take(state, f)
        end
    end
end

function functions.walk(p, opts)
    local text = check_path(p, 1)
    opts = check.options(opts, 2, OPTIONS)
    local state = {
        queue = { { text = text, depth = 0 } }, running = {}, batch = false, at = 0, ended = false,
        prune = opts.prune, max_depth = opts.max_depth or math.huge, jobs = opts.jobs or 4,
        skip_permission_denied = opts.skip_permission_denied,
    }
    return function()
        if state.queue[1] and not state.batch and not state.running[1] then start(state, 1) end
        return advance(state)
    end
end

return { functions = functions }
