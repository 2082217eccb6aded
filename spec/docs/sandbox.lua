-- Sandboxes, for docs_spec.lua.
local sandbox = {
    arguments = { "sandbox_options", "sandbox_context" },
}

function sandbox.objects()
    local module = require "emilua.sandbox"
    return { sandbox = { module, class = module.new() } }
end

return sandbox
