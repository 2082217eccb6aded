-- What the command `emilua` does: reads its command line, prepares the process and runs the program.
local import = ...
local compat = import("program.compat")
local emilua = import("main")
local environment = import("program.environment")
local errors = import("core.errors")
local modules = import("program.modules")
local native = import("core.native")
local operation = import("core.operation")
local options = import("program.options")
local raw = import("core.raw")
local report = import("core.report")
local run = import("core.run")
local S = import("core.scheduler")

local getenv, stderr, stdout = os.getenv, io.stderr, io.stdout
local absolute_path = native.absolute_path

local launcher = {}

local function versions()
    return ("Emilua %s\n%s\n%s\n"):format(emilua.version, jit.version, native.engine())
end

-- The directories of EMILUA_PATH, then the default one below the launcher's prefix.
local function search_path(prefix)
    local separator = package.config:sub(1, 1) == "\\" and ";" or ":"
    local list = {}
    for path in (getenv("EMILUA_PATH") or ""):gmatch("[^" .. separator .. "]+") do
        list[#list + 1] = absolute_path(path)
    end
    if prefix then
        list[#list + 1] = prefix .. "/lib/emilua-" .. emilua.version:match("^%d+%.%d+")
    end
    return list
end

-- A program starts with no signal blocked or ignored and in the user's locale, whatever its parent did.
local function prepare()
    native.reset_signals()
    report.check_environment()
    if not native.native_locale() then
        report.warning("Failed to set the native locale: the environment names one that is not installed")
    end
end

-- From here on SIGQUIT prints what every fiber does.
local function watch_quit()
    local token = operation.token()
    local function look()
        if native.watch_quit(raw.vm, token) then emilua.dump() end
    end
    S.watch(token, look)
    look()
end

-- main(arguments, prefix) -> exit status. `arguments` is the table `arg` of the interpreter, `prefix` the
-- directory above the launcher's own.
function launcher.main(arguments, prefix)
    local parsed, mistake = options.parse(arguments)
    if not parsed then
        stderr:write(mistake, "\n")
        return 2
    end
    if parsed.help or parsed.version then
        stdout:write(parsed.help and options.usage or versions())
        return 0
    end
    prepare()
    environment.start()
    -- It promises that no thread is added.
    if parsed.hint == "1" then import("actor.class").native.set_single() end
    modules.search_path = search_path(prefix)
    local script = absolute_path(parsed.script) or parsed.script
    if native.is_directory(script) then script = script .. "/init.lua" end
    run.arguments = { arguments[0], parsed.script, unpack(parsed.arguments) }
    local main, reason = modules.entry(script, parsed.context)
    if not main then
        stderr:write("Error starting the lua VM: ", reason, "\n")
        return 1
    end
    local ok, passed, exit = pcall(run.program, function()
        watch_quit()
        return main()
    end)
    if not ok then
        -- The loop itself could not go on, for want of descriptors for example.
        stderr:write("emilua: ", errors.text(passed), "\n")
        return 1
    end
    return exit or passed and 0 or compat.failure_status()
end

return launcher
