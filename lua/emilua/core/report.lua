-- The texts on the error stream: uncaught errors, failed cleanup handlers, deadlocks.
local import = ...
local errors = import("core.errors")
local L = import("core.layout")
local S = import("core.scheduler")
local stream = import("core.text")

local EXTRA = L.EXTRA
local format = string.format
local getenv = os.getenv
local traceback = debug.traceback

local report = {}

-- Colours: EMILUA_COLORS=1 forces, =0 forbids, else when the error stream is a terminal that has them.
local function coloured()
    local wish = getenv("EMILUA_COLORS")
    if wish == "1" or wish == "0" then return wish == "1" end
    return stream.is_terminal() == 1 and import("core.terminal").colours(getenv("TERM") or "")
end

-- The greatest level that is wanted: the first part of EMILUA_LOG_LEVELS without a domain, or with "emilua".
local function wanted()
    local level = 4
    for spec in (getenv("EMILUA_LOG_LEVELS") or ""):gmatch("[^,]+") do
        level = tonumber(spec:match("^emilua:(%d+)$") or spec:match("^(%d+)$")) or level
    end
    return level
end

-- Writes a text in which {CODE} stands for an escape sequence, or for nothing.
local function print(text, ...)
    local escape = coloured() and "\27[%1m" or ""
    text = format(text:gsub("{([%d;]+)}", escape), ...)
    stream.report(text, #text)
end
report.print = print

local function write(...)
    if wanted() >= 3 then print(...) end
end

-- A warning, as a log line.
function report.warning(text)
    if wanted() < 4 then return end
    local colour = coloured()
    text = (colour and "<4>\27[93;1m%s\27[22;39m\n" or "<4>%s\n"):format(text)
    stream.report(text, #text)
end

-- Says which variables have values that are ignored.
function report.check_environment()
    local wish = getenv("EMILUA_COLORS")
    if wish and wish ~= "" and wish ~= "0" and wish ~= "1" then
        report.warning("Ignoring unrecognized value for EMILUA_COLORS")
    end
end

-- A traceback of a coroutine, or of the running one, without the frames of this module.
function report.traceback(co)
    local lines = {}
    for line in (co and traceback(co) or traceback()):gmatch("[^\n]+") do
        if not line:find("^\t%[emilua") and line ~= "\t[C]: in function 'error'"
            and line ~= "\t[C]: in function 'pcall'" and line ~= "\t[C]: in function 'xpcall'"
            and not line:find("^\t%[C%]: in function 'c?o?_?resume'")
            and not line:find("^\t%[C%]: in function 'c?o?_?yield'") then
            lines[#lines + 1] = line
        end
    end
    return table.concat(lines, "\n")
end

local function address(x) return format("%p", x) end
report.address = address

-- The id of a fiber: its address; that of the main fiber, and of module bodies, is the VM's.
function report.id(f)
    f = S.identity(f)
    local x = f[EXTRA]
    if f == S.state.main or x and x.importer then return address(S.state) end
    return address(f)
end

-- `e` is the error and `trace` the traceback of fiber `id`.
function report.panic(id, e, trace)
    write("{31;1}Fiber %s panicked: '{4}%s{24}'{22;39}\n{2}%s{22}\n", id, errors.text(e), trace)
end

-- The same for the main fiber of a program.
function report.main_panic(e, trace)
    write("{31;1}Main fiber from VM %s panicked: '{4}%s{24}'{22;39}\n{2}%s{22}\n",
        address(S.state), errors.text(e), trace)
end

-- `thread`: the address of the Lua thread that ran the handler.
function report.handler_failed(thread)
    write("{31;1}VM %s forcibly closed due to error raised on cleanup handler from coroutine %s{22;39}\n",
        address(S.state), thread)
end

-- `entries`: a line for each mutex and future that fibers wait for.
function report.deadlock(entries)
    write("{31;1}Possible deadlock(s) detected during VM %s shutdown{22;39}:\n{2}\t%s\n{22}",
        address(S.state), table.concat(entries, "\n\t"))
end

return report
