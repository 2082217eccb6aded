-- system.run: a program from its start to its end, and what it has written.
local import = ...
local byte_span = import("byte_span")
local data = import("system.data")
local errors = import("core.errors")
local group = import("group")
local scope = import("core.scope")
local subprocess = import("system.subprocess")
local timeout = import("timeout")
local enter = import("core.scheduler").enter

local class_name, raise = errors.class_name, errors.raise
local kill_group, spawn = subprocess.kill_group, subprocess.spawn
local concat, error, pairs, tostring, type = table.concat, error, pairs, tostring, type

-- Bytes that are read at once.
local CHUNK = 65536

local OWN = { input = true, timeout = true, output_limit = true }

-- The options of spawn: a group of its own, so that all can be killed, and by default what a shell would give.
local function options(opts)
    local of_spawn = { process_group = 0, stdout = "pipe", stderr = "pipe" }
    for name, value in pairs(opts) do
        if not OWN[name] then of_spawn[name] = value end
    end
    if of_spawn.arguments == nil then of_spawn.arguments = { tostring(opts.program) } end
    if of_spawn.environment == nil then of_spawn.environment = data.environment() end
    if opts.input ~= nil then of_spawn.stdin = "pipe" end
    return of_spawn
end

local function check_own(opts)
    local input, seconds, limit = opts.input, opts.timeout, opts.output_limit
    if input ~= nil and type(input) ~= "string" and class_name(input) ~= "byte_span" then raise("EINVAL", "input") end
    if seconds ~= nil and (type(seconds) ~= "number" or seconds < 0) then raise("EINVAL", "timeout") end
    if limit ~= nil and (type(limit) ~= "number" or limit < 0) then raise("EINVAL", "output_limit") end
    if opts.process_group ~= nil and opts.process_group ~= 0 then raise("EINVAL", "process_group") end
end

local function is_end(e) return type(e) == "table" and e.category == errors.misc and e.code == 2 end

-- Reads a stream to its end into the list `chunks`. budget: {bytes that all streams together may still bring}.
local function read(stream, chunks, budget)
    local bs = byte_span.new(CHUNK)
    while true do
        local ok, n = scope.pcall(stream.read_some, stream, bs)
        if not ok then
            if is_end(n) then return end
            error(n, 0)
        end
        budget[1] = budget[1] - n
        if budget[1] < 0 then raise("EFBIG", "output_limit") end
        chunks[#chunks + 1] = tostring(bs:first(n))
    end
end

-- Writes the input and closes the stream. A program need not read all of it.
local function write(stream, input)
    local bs = type(input) == "string" and byte_span.append(input) or input
    local ok, e = true, nil
    while ok and #bs > 0 do
        ok, e = scope.pcall(stream.write_some, stream, bs)
        if ok then bs = bs:slice(e + 1) end
    end
    stream:close()
    if not ok and e ~= errors.new(errors.system, errors.system_number.EPIPE) then error(e, 0) end
end

-- Waits for a child and what it writes. Whatever ends this kills what is left of the child's group; its id stays
-- the group's until the child has been reaped, which is last.
local function communicate(p, opts, chunks)
    local reaped = false
    scope.push(function()
        if not reaped then
            kill_group(p)
            p:wait()
        end
        for _, name in ipairs({ "stdin", "stdout", "stderr" }) do
            if p[name] then p[name]:close() end
        end
    end)
    local budget = { opts.output_limit or math.huge }
    group(function(g)
        for name, list in pairs(chunks) do
            g:spawn(function() read(p[name], list, budget) end)
        end
        if p.stdin then g:spawn(function() write(p.stdin, opts.input or "") end) end
    end)
    p:wait()
    reaped = true
end

local function run(opts)
    if type(opts) ~= "table" then errors.expected(1, "run", "table", opts) end
    enter()
    check_own(opts)
    local p = spawn(options(opts))
    local chunks = {}
    for _, name in ipairs({ "stdout", "stderr" }) do
        if p[name] then chunks[name] = {} end
    end
    local function body()
        scope.scope(function() communicate(p, opts, chunks) end)
    end
    local ok, e
    if opts.timeout then ok, e = scope.pcall(timeout, opts.timeout, body) else ok, e = scope.pcall(body) end
    local result = ok and { status = p.exit_code, signal = p.exit_signal } or e
    if ok or class_name(e) == "error_code" and not errors.is_interrupted(e) then
        for name, list in pairs(chunks) do result[name] = concat(list) end
    end
    if not ok then error(e, 0) end
    return result
end

return { run = run }
