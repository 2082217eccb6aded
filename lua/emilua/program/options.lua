-- The command line of the launcher.
local import = ...
local compat = import("program.compat")

local options = {}

options.usage = [[
Usage: emilua [OPTION]... SCRIPT [-- ARG...]
Runs the Lua program SCRIPT, or SCRIPT/init.lua when it is a directory.

  -h, --help     print this text and exit
      --version  print versions and exit
      --test     run SCRIPT with _CONTEXT = "test"
      --main-context-concurrency-hint HINT
                 0 (default), 1, unsafe-io or unsafe; 1 promises that
                 spawn_context_threads is not called in the main context
      --         end of options; the rest is for SCRIPT

Environment: EMILUA_COLORS, EMILUA_PATH, EMILUA_LOG_LEVELS, EMILUA_COMPAT. See emilua(1).
]]

local HINT = "--main-context-concurrency-hint"
local HINTS = { ["0"] = true, ["1"] = true, ["unsafe-io"] = true, unsafe = true }

local function is_hint(value) return HINTS[value] or compat.hints[value] end

-- parse(list) -> {script, context, hint, arguments}, {help = true} or {version = true}; or nil and the mistake.
function options.parse(list)
    local parsed = { context = "main", hint = "0", arguments = {} }
    local i, n = 1, #list
    while i <= n do
        local word = list[i]
        local inline = word:match("^" .. HINT:gsub("%-", "%%-") .. "=(.*)$")
        if word == "--" then
            for j = i + 1, n do parsed.arguments[j - i] = list[j] end
            break
        elseif word == "-" then
            return nil, "stdin not supported as input file"
        elseif word == "-h" or word == "--help" then
            return { help = true }
        elseif word == "--version" then
            return { version = true }
        elseif word == "--test" then
            parsed.context = "test"
        elseif word == HINT or inline then
            if not inline then i = i + 1 end
            local value = inline or list[i]
            if not value or value == "--" then return nil, "missing value for option `" .. HINT .. "`" end
            if not is_hint(value) then
                return nil, "value `" .. value .. "` not supported for option `" .. HINT .. "`"
            end
            parsed.hint = value
        elseif word:sub(1, 2) == "--" then
            return nil, "bad long option: " .. word
        elseif word:sub(1, 1) == "-" then
            return nil, "bad short option: " .. word
        elseif parsed.script then
            return nil, "emilua doesn't support more than one input file"
        else
            parsed.script = word
        end
        i = i + 1
    end
    if not parsed.script then return nil, "missing filename" end
    return parsed
end

return options
