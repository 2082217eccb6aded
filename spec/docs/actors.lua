-- Actors, for docs_spec.lua.
local actors = {
    arguments = { "live_actor", "pool_options", "spawn_vm_options" },
}

function actors.objects()
    local emilua = require "emilua"
    return {
        channel = { class = emilua.spawn_vm { source = "" } },
        pool = { class = emilua.pool { source = "return print" } },
        inbox = { class = require "emilua.inbox" },
    }
end

return actors
