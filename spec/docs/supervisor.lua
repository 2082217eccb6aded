-- Actors in processes of their own, for docs_spec.lua.
local supervisor = {
    arguments = { "subprocess_options", "init_script", "init_script.C" },
}

function supervisor.objects()
    local emilua = require "emilua"
    local module = require "emilua.supervisor"
    return {
        supervisor = { module },
        ipc_actor_channel = { class = emilua.spawn_vm { source = "", subprocess = {} } },
    }
end

function supervisor.close(objects) objects.ipc_actor_channel.class:close() end

return supervisor
