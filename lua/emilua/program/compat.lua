-- What release 0.6 did otherwise and programs of that time may rely on.
local getenv = os.getenv

local compat = {}

-- Values of --main-context-concurrency-hint that newer releases have not.
compat.hints = { safe = true }

-- The exit status after the main fiber or a cleanup handler failed.
function compat.failure_status()
    return getenv("EMILUA_COMPAT") == "0.6" and 0 or 1
end

return compat
