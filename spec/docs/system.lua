-- The system module, for docs_spec.lua.
local parts = {}

parts.structure = {
    "system.in_", "system.out", "system.err", "system.signal", "system.terminal", "system.signal.set",
}

parts.arguments = { "system.spawn_options", "system.run_options", "system.run_result", "system.scheduler" }

function parts.objects()
    local system = require "emilua.system"
    return {
        system = { system },
        ["system.in_"] = { class = system.in_ },
        ["system.out"] = { class = system.out },
        ["system.err"] = { class = system.err },
        ["system.terminal"] = { system.terminal },
        ["system.signal"] = { system.signal },
        ["system.signal.set"] = { system.signal.set, class = system.signal.set.new() },
        -- Not waited for: afterwards it has no pid.
        subprocess = { class = system.spawn{ program = "true", stdin = "pipe", stdout = "pipe", stderr = "pipe" } },
        linux_capabilities = { class = system.cap_init() },
    }
end

function parts.close(objects)
    local p = objects.subprocess.class
    for _, name in ipairs{ "stdin", "stdout", "stderr" } do p[name]:close() end
    require "emilua".run(function() p:wait() end)
end

return parts
