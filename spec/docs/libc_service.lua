-- libc_service, for docs_spec.lua.
local part = {}

local program

function part.objects()
    local libc_service = require "emilua.libc_service"
    local master, slave = libc_service.new()
    program = require "emilua.system".spawn{ program = "cat", arguments = { "cat", "/" }, extra_fds = { [3] = slave } }
    -- A call has to be pending for what tells of it.
    master:receive()
    return {
        libc_service = { libc_service },
        ["libc_service.master"] = { class = master },
    }
end

function part.close(objects)
    objects["libc_service.master"].class:close()
    require "emilua".run(function() program:wait() end)
end

return part
