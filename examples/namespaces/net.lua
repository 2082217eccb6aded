-- A network namespace: nothing but a loopback device, which is down until the host brings it up.
package.path = arg[0]:gsub("[^/]*$", "?.lua;", 1) .. package.path
local emilua = require "emilua"
local guest = require "guest"

local system = require "emilua.system"

emilua.run(function()
    guest.run {
        namespaces = { "net" },
        script = [[
            give("/proc/self/ns/user", C.O_RDONLY)
            give("/proc/self/ns/net", C.O_RDONLY)
            wait()
        ]],
        -- ip(8) is the host's: the guest needs no program.
        host = function(take, go)
            local user, net = take(), take()
            system.spawn {
                program = "ip", arguments = { "ip", "link", "set", "dev", "lo", "up" },
                environment = system.environment, stderr = "share", setns_user = user, setns_net = net,
            }:wait()
            user:close()
            net:close()
            go()
        end,
        source = [[
            local emilua, ip = require "emilua", require "emilua.ip"
            local stream = require "emilua.stream"
            local byte_span = require "emilua.byte_span"
            for line in io.lines "/proc/self/net/dev" do
                local device = line:match "^%s*(%S+):"
                if device then print("device " .. device) end
            end
            local acceptor = ip.tcp.listen "127.0.0.1:80"
            emilua.spawn(function() stream.write_all(acceptor:accept(), "hello") end):detach()
            local connection = ip.tcp.dial "127.0.0.1:80"
            local bs = byte_span.new(5)
            stream.read_all(connection, bs)
            print("port 80 says " .. tostring(bs))
        ]],
    }
end)
