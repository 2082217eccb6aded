-- The harness: builds what the chosen lines need, runs their sides in interleaved rounds, prints one row per figure
-- and keeps the raw values.

package.path = "bench/lib/?.lua;" .. package.path

-- The lines of all files in bench/lines; those of the core come first.
local lines = dofile("bench/lines/core.lua")
local paths = io.popen("ls bench/lines/*.lua")
for path in paths:lines() do
    for _, line in ipairs(path ~= "bench/lines/core.lua" and dofile(path) or {}) do lines[#lines + 1] = line end
end
paths:close()
local machine = require "machine"
local table_of_figures = require "figures"

local OUT = "build/bench"

local USAGE = [[
usage: bench/run [--rounds N] [--quick] [--no-keep] [--list] [LINE...]

LINE       name of a line, or a Lua pattern that matches names; all lines by default
--rounds N rounds of each line, 5 by default
--quick    one round of little work: shows that the lines run, measures nothing; not kept
--no-keep  write no file to bench/runs/
--list     print the names of the lines
]]

local function die(text)
    io.stderr:write(text, "\n")
    os.exit(2)
end

local function parse(arguments)
    local options = { patterns = {}, keep = true }
    local i = 1
    while i <= #arguments do
        local argument = arguments[i]
        if argument == "--rounds" then
            i = i + 1
            options.rounds = tonumber(arguments[i])
            if not options.rounds or options.rounds < 1 then
                die("--rounds needs a number")
            end
        elseif argument == "--quick" then
            options.quick = true
            options.keep = false
        elseif argument == "--no-keep" then
            options.keep = false
        elseif argument == "--list" then
            options.list = true
        elseif argument == "--help" then
            io.write(USAGE)
            os.exit(0)
        elseif argument:sub(1, 1) == "-" then
            die(USAGE)
        else
            options.patterns[#options.patterns + 1] = argument
        end
        i = i + 1
    end
    options.rounds = options.rounds or (options.quick and 1 or 5)
    return options
end

local function chosen(patterns)
    if #patterns == 0 then
        return lines
    end
    local result = {}
    for _, pattern in ipairs(patterns) do
        local found = false
        for _, line in ipairs(lines) do
            if line.name == pattern then
                result[#result + 1] = line
                found = true
            end
        end
        for _, line in ipairs(found and {} or lines) do
            if line.name:find(pattern) then
                result[#result + 1] = line
                found = true
            end
        end
        if not found then
            die(("no line matches %q; bench/run --list names them"):format(pattern))
        end
    end
    return result
end

local function quoted(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function build(selected)
    local targets, seen = {}, {}
    local function need(text)
        for target in text:gmatch("{out}[%w_/]*") do
            if not seen[target] then
                seen[target] = true
                targets[#targets + 1] = (target:gsub("{out}", "../../" .. OUT))
            end
        end
    end
    for _, line in ipairs(selected) do
        if line.needs then
            need(line.needs)
        else
            for _, command in pairs(line.sides) do
                need(command)
            end
        end
    end
    if #targets == 0 then
        return
    end
    local command = ("make -s -C bench/reference OUT=../../%s %s"):format(OUT, table.concat(targets, " "))
    if os.execute(command) ~= 0 then
        die("the references could not be built: a C compiler, make and cargo are needed")
    end
end

local function values_for(options)
    local quick = options.quick
    return {
        scale = quick and "0.02" or "1",
        seconds = quick and "0.2" or "1.5",
        warm_up = quick and "0.1" or "0.5",
        times = quick and "3" or "40",
        cpu = tostring(machine.cpus[1]),
        luajit = os.getenv("LUAJIT") or "luajit",
        out = OUT,
    }
end

--- Runs one side once. Returns its values by key, nil when it failed.
local function run_side(line, side, values)
    local cpu = tostring(line.on == "load" and machine.cpus[2] or machine.cpus[1])
    if line.on == "both" then cpu = table.concat(machine.cpus, ",") end
    local command = line.sides[side]:gsub("{(%w+)}", values):gsub("{warm_up}", values.warm_up)
    local shell = ("taskset -c %s timeout 300 sh -c %s; echo exit $?"):format(cpu, quoted(command))
    local pipe = assert(io.popen(shell))
    local result = {}
    for text in pipe:lines() do
        local key, value = text:match("^([%w_]+) (%S+)$")
        if key then
            result[key] = tonumber(value)
        end
    end
    pipe:close()
    return result.exit == 0 and result or nil
end

--- Sides in a fixed order: subject, the references its figures name, the rest.
local function sides_of(line)
    local order, seen = {}, {}
    local function add(side)
        if side and not seen[side] then
            seen[side] = true
            order[#order + 1] = side
        end
    end
    add(line.subject or "emilua")
    for _, figure in ipairs(line.figures) do
        add(figure.against)
    end
    for _, side in ipairs(line.also or {}) do
        add(side)
    end
    return order
end

--- Values of all rounds: results[side][round] is what run_side gave, or false. Every other round runs backwards, so
--- that a drift of the machine falls on both sides.
local function measure_line(line, options, values, record)
    local present = io.open("emilua.so") ~= nil
    local order, results = sides_of(line), {}
    for _, side in ipairs(order) do
        results[side] = {}
    end
    for round = 1, options.rounds do
        for i = 1, #order do
            local side = order[round % 2 == 1 and i or #order + 1 - i]
            local result = (present or side ~= "emilua") and run_side(line, side, values) or nil
            results[side][round] = result or false
            record:raw(line, side, round, result)
        end
    end
    return results
end

local function main()
    local options = parse(arg)
    local selected = chosen(options.patterns)
    if options.list then
        for _, line in ipairs(selected) do
            print(line.name)
        end
        return 0
    end
    if not io.open("emilua.so") then
        io.stderr:write("emilua.so is missing, only the references run: `make build` makes it\n")
    end
    build(selected)
    machine.warn()

    local values = values_for(options)
    local record = machine.record(options)
    local failed = false
    io.write(table_of_figures.header(), "\n")
    for _, line in ipairs(selected) do
        local results = measure_line(line, options, values, record)
        for _, row in ipairs(table_of_figures.rows(line, results, options)) do
            io.write(table_of_figures.format(row), "\n")
            record:figure(row)
            failed = failed or row.verdict == "error"
        end
        io.flush()
    end
    if record:close() then
        io.write("\nkept in ", record.path, "\n")
    end
    return failed and 1 or 0
end

os.exit(main())
