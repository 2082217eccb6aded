-- The texts on the error stream: uncaught errors, failed cleanup handlers, deadlocks.
local import = ...
local errors = import("core.errors")
local native = import("core.native")
local S = import("core.scheduler")

local format = string.format
local getenv = os.getenv
local traceback = debug.traceback

local report = {}

-- Colours: EMILUA_COLORS=1 forces, =0 forbids, else when the error stream is a terminal that has them.
local function coloured()
    local wish = getenv("EMILUA_COLORS")
    if wish == "1" or wish == "0" then return wish == "1" end
    local term = getenv("TERM")
    return native.is_terminal() == 1 and term ~= nil and term ~= "" and term ~= "dumb"
end

-- Whether errors (level 3) are wanted: the first part of EMILUA_LOG_LEVELS without a domain, or with "emilua".
local function silent()
    local level = 4
    for spec in (getenv("EMILUA_LOG_LEVELS") or ""):gmatch("[^,]+") do
        level = tonumber(spec:match("^emilua:(%d+)$") or spec:match("^(%d+)$")) or level
    end
    return level < 3
end

-- Writes a text in which {CODE} stands for an escape sequence, or for nothing.
local function print(text, ...)
    local escape = coloured() and "\27[%1m" or ""
    text = format(text:gsub("{([%d;]+)}", escape), ...)
    native.report(text, #text)
end
report.print = print

local function write(...)
    if not silent() then print(...) end
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

-- The id of a fiber: its address; that of the main fiber is the VM's.
function report.id(f)
    f = S.identity(f)
    return f == S.state.main and format("%p", S.state) or address(f)
end

-- `e` is the error and `trace` the traceback of fiber `id`.
function report.panic(id, e, trace)
    write("{31;1}Fiber %s panicked: '{4}%s{24}'{22;39}\n{2}%s{22}\n", id, errors.text(e), trace)
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
