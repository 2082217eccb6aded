-- The argument errors of the chapter's tables, for every function of ip and every method of its objects.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local address = ip.address
local closing = tcp.closing

helper.install()

local NIL = {} -- stands for no argument
local span, loopback = byte_span.new(4), address.loopback_v4()

-- Values of every kind; `except` is a string of the kinds that the argument takes.
local KINDS = {
    { "nil", NIL }, { "boolean", true }, { "number", 1 }, { "string", "x" }, { "table", {} }, { "function", print },
    { "span", span }, { "address", loopback }, { "socket", ip.tcp.socket.new() },
}

local function values_except(kinds)
    local list = {}
    for _, kind in ipairs(KINDS) do
        if not kinds:find(kind[1], 1, true) then list[#list + 1] = kind[2] end
    end
    return list
end

-- Calls f with right arguments, of which the n-th is replaced.
local function replaced(f, arguments, n, value)
    local copy = { unpack(arguments, 1, arguments.n) }
    copy[n] = value ~= NIL and value or nil
    return function() return f(unpack(copy, 1, math.max(n, arguments.n))) end
end

-- {name, right arguments, a rule for each argument: {kinds that it takes, further wrong values...}}
local PORTS = { "number", -1, 65536, 1.5, 0 / 0, 1 / 0, -1 / 0 }
local LIST = { "table", {"nothing"}, {1}, {true}, {{}}, {peek = true} }
local OPTIONAL_LIST = { "table nil", {"nothing"}, {1}, {true}, {{}}, {peek = true} }
local FAMILY = { "address", "v5", "V4", "", 4 }

local FUNCTIONS = {
    { "address.new", { "::" }, { "string nil" } },
    { "tostring", { loopback, 80 }, { "address" }, { "number nil", -1, 65536, 1.5 } },
    { "toendpoint", { "1.2.3.4:80" }, { "-", "", "1.2.3.4", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:08", "[::1:80",
        "[1.2.3.4]:80", "::1:80", "1.2.3.4:-1", "1.2.3.4:0x50" } },
    { "tcp.listen", { "127.0.0.1:0" }, { "-", "", "127.0.0.1", "127.0.0.1:00", "[::1:0", "[127.0.0.1]:0", "::1:0" } },
    { "tcp.dial", { "127.0.0.1:1" }, { "-", "", "127.0.0.1", "127.0.0.1:00", "[::1:0", "[127.0.0.1]:0", "::1:0" } },
    { "udp.dial", { "127.0.0.1:1" }, { "-", "", "127.0.0.1", "127.0.0.1:00", "[::1:0", "[127.0.0.1]:0", "::1:0" } },
}
for _, proto in ipairs{"tcp", "udp"} do
    for _, name in ipairs{"get_address_info", "get_address_v4_info", "get_address_v6_info"} do
        FUNCTIONS[#FUNCTIONS + 1] = { proto .. "." .. name, { "127.0.0.1", 80, {} }, { "string address" },
            { "number string", -1, 65536, 1.5, "70000" }, OPTIONAL_LIST }
    end
    FUNCTIONS[#FUNCTIONS + 1] = { proto .. ".get_name_info", { loopback, 80 }, { "address" }, PORTS }
end

-- The methods, with their arguments from 2 on.
local SOCKET = {
    { "open", { "v4" }, { "-", unpack(FAMILY, 2) } },
    { "bind", { loopback, 0 }, { "address string" }, PORTS },
    { "assign", { "v4", {} }, [4] = { "-" } }, -- the family is looked at when the descriptor is one
    { "set_option", { "debug", false }, { "-" }, { "boolean" } },
    { "get_option", { "debug" }, { "-" } },
    { "close", {} }, { "cancel", {} }, { "release", {} },
}
local CONNECTING = {
    { "connect", { loopback, 9 }, { "address" }, PORTS },
    { "disconnect", {} },
    { "shutdown", { "send" }, { "-", "sending", "" } },
    { "io_control", { "bytes_readable" }, { "string" } },
}
local CLASSES = {
    { "tcp.socket", { SOCKET, CONNECTING, {
        { "read_some", { span }, { "span" } },
        { "write_some", { span }, { "span" } },
        { "receive", { span, {} }, { "span" }, LIST },
        { "send", { span, {} }, { "span" }, LIST },
        { "wait", { "write" }, { "-", "reading", "" } },
    } } },
    { "tcp.acceptor", { SOCKET, {
        { "listen", { 1 }, { "number nil", 1.5, 2 ^ 31, 0 / 0 } },
        { "accept", {} },
        { "wait", { "write" }, { "-", "reading", "" } },
    } } },
    { "udp.socket", { SOCKET, CONNECTING, {
        { "receive", { span, {} }, { "span" }, OPTIONAL_LIST },
        { "receive_from", { span, {} }, { "span" }, OPTIONAL_LIST },
        { "send", { span, {} }, { "span" }, OPTIONAL_LIST },
        { "send_to", { span, loopback, 9, {} }, { "span" }, { "address" }, PORTS, OPTIONAL_LIST },
    } } },
}

local function find(path)
    local value = ip
    for name in path:gmatch("[^.]+") do value = value[name] end
    return value
end

-- What is wrong for an argument: all other kinds, and the values that are listed.
local function wrong_values(rule)
    local list = values_except(rule[1])
    for i = 2, #rule do list[#list + 1] = rule[i] end
    return list
end

for _, case in ipairs(FUNCTIONS) do
    it("ip." .. case[1] .. " refuses wrong arguments", helper.fiber(function()
        local f, arguments = find(case[1]), case[2]
        arguments.n = #arguments
        for n = 1, #case - 2 do
            for _, value in ipairs(wrong_values(case[n + 2])) do helper.EINVAL(replaced(f, arguments, n, value), n) end
        end
    end))
end

for _, class in ipairs(CLASSES) do
    local name = "ip." .. class[1]
    describe(name, function()
        for _, methods in ipairs(class[2]) do
            for _, case in ipairs(methods) do
                it(name .. ":" .. case[1] .. " refuses a wrong self", closing(function()
                    local io = tcp.keep(find(class[1]).new())
                    tcp.check_wrong_self(io, case[1], unpack(case[2]))
                    local other = class[1] == "udp.socket" and ip.tcp.socket.new() or ip.udp.socket.new()
                    helper.EINVAL(function() io[case[1]](other, unpack(case[2])) end, 1)
                end))

                it(name .. ":" .. case[1] .. " refuses wrong arguments", closing(function()
                    local io = tcp.keep(find(class[1]).new())
                    if case[1] ~= "open" and case[1] ~= "assign" then io:open("v4") end
                    local method, arguments = io[case[1]], { io, unpack(case[2]) }
                    arguments.n = #case[2] + 1
                    for n = 2, 6 do
                        local rule = case[n + 1]
                        if case[1] == "open" and n == 2 then
                            for _, value in ipairs(values_except("address")) do
                                helper.EINVAL(replaced(method, arguments, n, value), n)
                            end
                        end
                        for _, value in ipairs(rule and wrong_values(rule) or {}) do
                            local right = case[1] == "open" and value == loopback
                            -- An unknown name of an option or a command is ENOTSUP.
                            local unknown = case[1]:find("_option", 1, true) and n == 2 and type(value) == "string"
                            if not right and not unknown then
                                helper.EINVAL(replaced(method, arguments, n, value), n)
                            end
                        end
                    end
                end))
            end
        end
    end)
end

describe("ip.connect", function()
    it("refuses wrong arguments, without arg", closing(function()
        local sock, list = tcp.new_socket(), {}
        for _, value in ipairs{1, true, "x", {}, span, loopback, tcp.new_acceptor()} do
            helper.EINVAL(function() ip.connect(value, list) end)
        end
        for _, value in ipairs{1, true, "x", print} do helper.EINVAL(function() ip.connect(sock, value) end) end
        for _, value in ipairs{1, true, "x", {}} do helper.EINVAL(function() ip.connect(sock, list, value) end) end
        helper.raises("asio.misc", "not_found", function() ip.connect(sock, list) end)
    end))
end)

describe("ip.tostring", function()
    it("refuses a third argument", function()
        helper.EINVAL(function() ip.tostring(loopback, 80, nil) end, 3)
    end)
end)

describe("ip.toendpoint", function()
    it("raises ERANGE for a port beyond 65535, and the system's EINVAL for a host that is no address", function()
        for _, text in ipairs{"1.2.3.4:65536", "[::1]:99999", "1.2.3.4:99999999999"} do
            helper.ERANGE(function() ip.toendpoint(text) end, 1)
        end
        for _, text in ipairs{"localhost:80", "1.2.3:80", "[::g]:80", ":80"} do
            helper.raises("system", "EINVAL", function() ip.toendpoint(text) end)
        end
    end)
end)

describe("every suspending function of ip", function()
    -- One call of each.
    local function calls()
        local sock, acceptor, udp = ip.tcp.socket.new(), ip.tcp.acceptor.new(), ip.udp.socket.new()
        return {
            function() ip.connect(sock, {}) end, function() ip.tcp.dial("127.0.0.1:1") end,
            function() ip.udp.dial("127.0.0.1:1") end, function() ip.tcp.get_address_info("", 1) end,
            function() ip.tcp.get_address_v4_info("", 1) end, function() ip.tcp.get_address_v6_info("", 1) end,
            function() ip.tcp.get_name_info(loopback, 1) end, function() ip.udp.get_name_info(loopback, 1) end,
            function() sock:connect(loopback, 1) end, function() sock:read_some(span) end,
            function() sock:write_some(span) end, function() sock:receive(span, {}) end,
            function() sock:send(span, {}) end, function() sock:wait("read") end, function() acceptor:accept() end,
            function() acceptor:wait("read") end, function() udp:connect(loopback, 1) end,
            function() udp:receive(span) end, function() udp:receive_from(span) end, function() udp:send(span) end,
            function() udp:send_to(span, loopback, 1) end,
        }
    end

    it("is refused in a forbid-suspend block, before the class checks", helper.fiber(function()
        for _, call in ipairs(calls()) do
            emilua.this_fiber.forbid_suspend()
            local ok, e = pcall(call)
            emilua.this_fiber.allow_suspend()
            assert.is_false(ok)
            helper.is_error(e, "emilua.core", "forbid_suspend_block")
        end
    end))

    it("raises the interruption and starts nothing in an interrupted fiber", helper.fiber(function()
        for _, call in ipairs(calls()) do assert.is_true(tcp.interruption_caught(call)) end
    end))

    it("is refused outside of a run", function()
        for _, call in ipairs(calls()) do helper.EPERM(call) end
    end)
end)
