-- TCP echo with luv (libuv), callbacks as its own examples have them. Prints its port.

local uv = require "luv"

local server = uv.new_tcp()
assert(server:bind("127.0.0.1", 0))
assert(server:listen(4096, function(failed)
    assert(not failed, failed)
    local client = uv.new_tcp()
    server:accept(client)
    client:nodelay(true)
    client:read_start(function(read_failed, chunk)
        if read_failed or not chunk then
            client:close()
        else
            client:write(chunk)
        end
    end)
end))
print(server:getsockname().port)
io.flush()
uv.run()
