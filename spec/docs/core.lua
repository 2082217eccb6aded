-- The core and the sockets of the foundation, for docs_spec.lua.
local core = {}

core.structure = {
    "emilua.this_fiber", "emilua.byte_span",
    "time.steady_clock", "time.system_clock", "time.high_resolution_clock", "time.steady_timer", "time.system_timer",
    "ip.address", "ip.tcp", "ip.tcp.socket", "ip.tcp.acceptor",
    "asio_error.basic", "asio_error.misc", "asio_error.netdb", "asio_error.addrinfo",
}

core.arguments = {
    "busted_options", "ip.endpoint", "live_fiber", "read_stream", "run_options", "spawn_options", "write_stream",
}

function core.objects()
    local emilua = require "emilua"
    local future, ip, time = require "emilua.future", require "emilua.ip", require "emilua.time"
    local objects = {
        emilua = { emilua }, this_fiber = { emilua.this_fiber }, stream = { require "emilua.stream" },
        byte_span = { emilua.byte_span, class = emilua.byte_span.new(4) },
        time = { time }, ip = { ip }, ["ip.tcp"] = { ip.tcp },
        ["ip.address"] = { ip.address, class = ip.address.loopback_v6() },
        generic_error = { require "emilua.generic_error" }, busted = { require "emilua.busted" },
    }
    for _, name in ipairs{ "mutex", "recursive_mutex", "condition_variable" } do
        local module = require("emilua." .. name)
        objects[name] = { module, class = module.new() }
    end
    for _, name in ipairs{ "steady_clock", "system_clock", "high_resolution_clock" } do
        objects["time." .. name] = { time[name] }
        objects[name .. ".time_point"] = { class = time[name].now() }
    end
    for _, name in ipairs{ "steady_timer", "system_timer" } do
        objects["time." .. name] = { time[name] }
        objects[name] = { class = time[name].new() }
    end
    local asio_error = require "emilua.asio_error"
    objects.asio_error = { asio_error }
    for _, group in ipairs{ "basic", "misc", "netdb", "addrinfo" } do
        objects["asio_error." .. group] = { asio_error[group] }
    end
    local promise, result = future.new()
    objects.promise, objects.future = { class = promise }, { future, class = result }
    local fiber = emilua.spawn(function() end)
    fiber:join()
    objects.fiber = { class = fiber }
    emilua.group(function(g) objects.group = { class = g } end)
    -- The optional fields of an error come from several.
    local e = select(2, pcall(function() return fiber.no_such_field end))
    for field in ([[ arg cause column descriptors detail feature fibers jailparam_import jailparam_init line module
        needed offset path path1 path2 position record ret where ]]):gmatch "%S+" do
        e[field] = ""
    end
    objects.error_code, objects.error_category = { class = e }, { class = e.category }
    local acceptor, client = ip.tcp.acceptor.new(), ip.tcp.socket.new()
    acceptor:open("v4")
    acceptor:bind("127.0.0.1", 0)
    acceptor:listen()
    client:connect(ip.address.loopback_v4(), acceptor.local_port)
    objects["ip.tcp.socket"] = { ip.tcp.socket, class = client }
    objects["ip.tcp.acceptor"] = { ip.tcp.acceptor, class = acceptor }
    return objects
end

function core.close(objects)
    objects["ip.tcp.socket"].class:close()
    objects["ip.tcp.acceptor"].class:close()
end

return core
