-- What the harness knows of the machine, and the record of a run.

local figures = require "figures"

local machine = {}

local function output(command)
    local pipe = assert(io.popen(command .. " 2>/dev/null"))
    local text = pipe:read("*a")
    pipe:close()
    return (text:gsub("%s+$", ""))
end

local function first_line_of(path, pattern)
    local file = io.open(path)
    if not file then
        return nil
    end
    for line in file:lines() do
        local found = line:match(pattern)
        if found then
            file:close()
            return found
        end
    end
    file:close()
    return nil
end

--- The first two cores that this process may use; the same one twice when there is no other.
local function usable_cpus()
    local list = first_line_of("/proc/self/status", "^Cpus_allowed_list:%s*(%S+)") or "0"
    local cpus = {}
    for range in list:gmatch("[^,]+") do
        local first, last = range:match("^(%d+)-?(%d*)$")
        first = tonumber(first)
        for cpu = first, tonumber(last) or first do
            cpus[#cpus + 1] = cpu
        end
    end
    return { cpus[1], cpus[2] or cpus[1] }
end

machine.cpus = usable_cpus()

local function load_average()
    return first_line_of("/proc/loadavg", "^(%S+)") or "?"
end

--- Says what makes the figures worse than they are.
function machine.warn()
    if machine.cpus[1] == machine.cpus[2] then
        io.stderr:write("only one core: server and load generator share it, requests per second mean little\n")
    end
    local load = tonumber(load_average())
    if load and load > 0.5 then
        io.stderr:write(("the machine is busy (load average %.2f): expect wide spreads\n"):format(load))
    end
end

local Record = {}
Record.__index = Record

--- A file under bench/runs/ that grows with the run, or an object that drops everything.
function machine.record(options)
    local record = setmetatable({}, Record)
    if not options.keep then
        return record
    end
    os.execute("mkdir -p bench/runs")
    record.path = os.date("!bench/runs/%Y-%m-%dT%H%M%SZ.tsv")
    record.file = assert(io.open(record.path, "w"))
    for _, fact in ipairs {
        { "date", os.date("!%Y-%m-%dT%H:%M:%SZ") },
        { "machine", first_line_of("/proc/cpuinfo", "^model name%s*:%s*(.*)") or output("uname -m") },
        { "cores", output("nproc") },
        { "memory", first_line_of("/proc/meminfo", "^MemTotal:%s*(.*)") or "?" },
        { "kernel", output("uname -sr") },
        { "luajit", output((os.getenv("LUAJIT") or "luajit") .. " -v") },
        { "rust", output("rustc --version") },
        { "commit", output("git describe --always --dirty") },
        { "load", load_average() },
        { "rounds", tostring(options.rounds) },
    } do
        record.file:write("# ", fact[1], "\t", fact[2], "\n")
    end
    record.file:write("# raw\tline\tside\tround\tkey\tvalue\n")
    record.file:write("# figure\tname\tvalue\tunit\treference\tratio\trequired\taim\tverdict\tlow\thigh\n")
    return record
end

function Record:write(...)
    if self.file then
        self.file:write(table.concat({ ... }, "\t"), "\n")
        self.file:flush()
    end
end

--- The values of one side in one round, nil when it failed.
function Record:raw(line, side, round, values)
    local keys = {}
    for key in pairs(values or { failed = 1 }) do
        if key ~= "exit" then
            keys[#keys + 1] = key
        end
    end
    table.sort(keys)
    for _, key in ipairs(keys) do
        self:write("raw", line.name, side, round, key, values and values[key] or "")
    end
end

--- One row of the table.
function Record:figure(row)
    local reference = row.reference and ("%.6g %s"):format(row.reference, row.against) or ""
    self:write("figure", row.name, row.value or "", row.unit, reference, row.ratio or "", figures.required(row),
        row.aim or "", row.verdict, row.low or "", row.high or "")
end

--- True when the run was kept.
function Record:close()
    if self.file then
        self.file:close()
        return true
    end
    return false
end

return machine
