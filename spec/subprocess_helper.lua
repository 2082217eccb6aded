-- What the specs of actors in processes of their own share.

local emilua = require "emilua"
local pipe = require "emilua.pipe"
local supervisor = require "emilua.supervisor"
local byte_span = emilua.byte_span

local subprocess = {}

-- It stays: the checks for what a test leaves behind begin with it.
supervisor.start()

--- What comes from a stream up to its end; it is closed then.
function subprocess.drain(read)
    local parts, buffer = {}, byte_span.new(4096)
    while true do
        local ok, n = pcall(read.read_some, read, buffer)
        if not ok then break end
        parts[#parts + 1] = tostring(buffer:first(n))
    end
    read:close()
    return table.concat(parts)
end

--- Starts an actor whose entry is `source`; what it prints, its errors among it, comes from the function returned,
-- which waits for its end.
function subprocess.speaking(source, options)
    local read, write = pipe.pair()
    local settings = { stdout = write:release(), stderr = nil }
    settings.stderr = settings.stdout
    for name, value in pairs(options or {}) do settings[name] = value end
    local channel = emilua.spawn_vm { source = source, subprocess = settings }
    settings.stdout:close()
    return channel, function() return subprocess.drain(read) end
end

--- Starts an actor that nobody listens to.
function subprocess.spawn(source, options)
    return emilua.spawn_vm { source = source, subprocess = options or {} }
end

--- The output of an actor's init script; behind it `<started>` if the actor began.
function subprocess.script(script, options)
    local settings = { init = { script = script } }
    for name, value in pairs(options or {}) do
        local part = (name == "arg" or name == "values") and settings.init or settings
        part[name] = value
    end
    local channel, output = subprocess.speaking("io.write '<started>'", settings)
    local text = output()
    channel:close()
    return text
end

--- A message's way there and back, in a child that sends back what it gets.
subprocess.ECHO = [[
    local inbox = require "emilua.inbox"
    local reply = inbox:receive()
    while true do
        local ok, message = pcall(inbox.receive, inbox)
        if not ok then break end
        reply:send(message)
    end
]]

return subprocess
