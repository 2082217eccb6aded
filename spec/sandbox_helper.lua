-- What the specs of sandboxes share.

local emilua = require "emilua"
local pipe = require "emilua.pipe"
local sandbox = require "emilua.sandbox"
local subprocess = require "spec.subprocess_helper"
local helper = require "spec.helper"

local specs = {}

-- What the first sandbox finds out stays known: the checks for what a test leaves behind begin with it.
sandbox.probe()

--- Starts a guest; what it prints, its errors among it, comes from the function returned, which waits for its end.
function specs.start(box, guest)
    local read, write = pipe.pair()
    local stream = write:release()
    local context = { stdout = stream, stderr = stream }
    for name, value in pairs(type(guest) == "string" and { source = guest } or guest) do context[name] = value end
    local channel = emilua.spawn_vm(box:context(context))
    stream:close()
    return channel, function() return subprocess.drain(read) end
end

--- What a guest prints.
function specs.output(options, guest)
    local channel, output = specs.start(sandbox.new(options), guest)
    local text = output()
    channel:close()
    return text
end

--- What the same source prints in an actor that is in a process of its own and no sandbox: the negative twin.
function specs.free(source)
    local channel, output = subprocess.speaking(source)
    local text = output()
    channel:close()
    return text
end

--- Runs a Lua program in an interpreter of its own, as an ordinary user, or below `prefix`, a command line. What it
-- prints, and its status.
local process = require "spec.process_helper"
function specs.program(source, prefix, as_user)
    local home = os.tmpname()
    os.remove(home)
    helper.shell(("mkdir -m 755 %s && install -m 755 %semilua.so %s"):format(home, helper.root, home))
    local file = assert(io.open(home .. "/program.lua", "w"))
    file:write(source)
    file:close()
    helper.shell("chmod 644 " .. home .. "/program.lua")
    local command = (prefix or "") .. " " .. helper.interpreter .. " " .. home .. "/program.lua"
    if as_user then command = process.unprivileged(command) end
    local text, status = helper.shell(("cd / && LUA_CPATH='%s/?.so' timeout 60 %s </dev/null"):format(home, command))
    helper.shell("rm -r " .. home)
    return text, status
end

return specs
