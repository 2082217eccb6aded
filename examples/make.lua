-- Runs the rules of a small makefile in parallel, each after those that it needs. Stops at the first that fails.
-- usage: luajit make.lua FILE [JOBS]     a line of FILE: TARGET [TARGET ...]: COMMAND
-- The first target is the rule's own, the others are those it needs.

local emilua = require "emilua"
local condition_variable = require "emilua.condition_variable"
local mutex = require "emilua.mutex"
local system = require "emilua.system"

local JOBS = tonumber(arg[2]) or 4

local function parse(path)
    local rules = {}
    for line in assert(io.lines(path)) do
        local names, command = line:match "^([^:#]+):%s*(.*)$"
        if names then
            local rule = { command = command, needs = {} }
            for name in names:gmatch "%S+" do
                if rule.target then table.insert(rule.needs, name) else rule.target = name end
            end
            rules[#rules + 1] = rule
        end
    end
    return rules
end

local function run(rule)
    local result = system.run{ program = "sh", arguments = { "sh", "-ec", rule.command } }
    io.write("== ", rule.target, "\n", result.stdout, result.stderr)
    if result.status ~= 0 then error(("%s failed with %d"):format(rule.target, result.status), 0) end
end

emilua.run(function()
    local rules = parse(assert(arg[1], "usage: luajit make.lua FILE [JOBS]"))
    local done, free = {}, JOBS
    local lock, changed = mutex.new(), condition_variable.new()

    local function is_ready(rule)
        if free == 0 then return false end
        for _, name in ipairs(rule.needs) do
            if not done[name] then return false end
        end
        return true
    end

    local ok, e = pcall(emilua.group, function(group)
        for _, rule in ipairs(rules) do
            group:spawn(function()
                emilua.scope(function()
                    lock:lock()
                    emilua.scope_cleanup_push(function() lock:unlock() end)
                    while not is_ready(rule) do changed:wait(lock) end
                    free = free - 1
                end)
                -- An error here interrupts the others, which kills their commands.
                run(rule)
                free, done[rule.target] = free + 1, true
                changed:notify_all()
            end)
        end
    end)
    if not ok then
        io.stdout:flush()
        io.stderr:write("make: ", tostring(e), "\n")
        system.exit(1)
    end
end)
