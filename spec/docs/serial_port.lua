-- Serial ports, for docs_spec.lua.
local serial = { arguments = { "serial_port_entry" } }

-- A closed port raises EBADF for its settings; of an open one those that are off are nil.
function serial.objects()
    local serial_port = require "emilua.serial_port"
    return { serial_port = { serial_port, class = serial_port.new() } }
end

return serial
