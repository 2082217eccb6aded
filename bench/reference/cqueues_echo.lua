-- TCP echo with cqueues: one coroutine per connection. Prints its port.

local cqueues = require "cqueues"
local socket = require "cqueues.socket"

local loop = cqueues.new()
local server = socket.listen { host = "127.0.0.1", port = 0, nodelay = true }

loop:wrap(function()
    for client in server:clients() do
        client:setmode("bn", "bn")
        loop:wrap(function()
            while true do
                local chunk = client:read(-1024)
                if not chunk or not client:write(chunk) then
                    break
                end
            end
            client:close()
        end)
    end
end)

server:listen()
print((select(3, server:localname())))
io.flush()
assert(loop:loop())
