-- Names: the hosts file of this machine has "localhost", its services file "http" and "domain".

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local address = ip.address
local closing, keep = tcp.closing, tcp.keep

helper.install()

local FUNCTIONS = { "get_address_info", "get_address_v4_info", "get_address_v6_info" }

-- The texts of the addresses of a list.
local function texts(list)
    local result = {}
    for i, entry in ipairs(list) do result[i] = tostring(entry.address) end
    return result
end

local function has(list, text)
    for _, entry in ipairs(list) do
        if tostring(entry.address) == text then return true end
    end
    return false
end

for _, proto in ipairs{"tcp", "udp"} do
    local module = ip[proto]
    local service, port = "domain", 53

    describe("ip." .. proto .. ".get_address_info", function()
        it("finds a host of the hosts file and a service of the services file", helper.fiber(function()
            local list = module.get_address_info("localhost", service)
            assert.is_true(has(list, "127.0.0.1"))
            for _, entry in ipairs(list) do
                assert.equal(port, entry.port)
                assert.equal("ip.address", getmetatable(entry.address))
                assert.is_nil(entry.canonical_name)
            end
        end))

        it("has one entry per address", helper.fiber(function()
            local seen = {}
            for _, text in ipairs(texts(module.get_address_info("127.0.0.1", port))) do
                assert.is_nil(seen[text])
                seen[text] = true
            end
        end))

        it("takes an address, for which no name is looked up", helper.fiber(function()
            for _, a in ipairs{address.loopback_v4(), address.loopback_v6(), address.new("fe80::1%4242")} do
                assert.same({tostring(a)}, texts(module.get_address_info(a, 80, {})))
            end
        end))

        it("takes an integer as service", helper.fiber(function()
            for _, number in ipairs{0, 1, 65535} do
                assert.equal(number, module.get_address_info("127.0.0.1", number)[1].port)
                assert.equal(number, module.get_address_info("127.0.0.1", tostring(number))[1].port)
            end
        end))

        it("takes an empty service as port 0", helper.fiber(function()
            assert.equal(0, module.get_address_info("127.0.0.1", "")[1].port)
        end))

        it("gives loopback addresses without a host, and the wildcard with passive", helper.fiber(function()
            for _, entry in ipairs(module.get_address_info("", 80, {})) do assert.is_true(entry.address.is_loopback) end
            for _, entry in ipairs(module.get_address_info("", 80, {"passive"})) do
                assert.is_true(entry.address.is_unspecified)
            end
        end))

        it("raises host_not_found without host and service", helper.fiber(function()
            for _, name in ipairs(FUNCTIONS) do
                helper.raises("asio.netdb", "host_not_found", function() module[name]("", "") end)
            end
        end))

        it("gives the canonical name in every entry if it was asked for", helper.fiber(function()
            for _, entry in ipairs(module.get_address_info("localhost", service, {"canonical_name"})) do
                assert.equal("localhost", entry.canonical_name)
            end
            local list = module.get_address_v4_info("127.0.0.1", 80, {"canonical_name", "passive"})
            assert.equal("127.0.0.1", list[1].canonical_name)
        end))

        it("raises service_not_found for an unknown service", helper.fiber(function()
            helper.raises("asio.addrinfo", "service_not_found", function()
                module.get_address_info("127.0.0.1", "no-such-service")
            end)
        end))

        it("raises host_not_found for a host with no address of the family", helper.fiber(function()
            helper.raises("asio.netdb", "host_not_found", function()
                module.get_address_v4_info(address.loopback_v6(), 80)
            end)
            helper.raises("asio.netdb", "host_not_found", function()
                module.get_address_v6_info(address.loopback_v4(), 80, {})
            end)
            helper.raises("asio.netdb", "host_not_found", function()
                module.get_address_info("a host with spaces", 80)
            end)
        end))

        it("refuses hosts, services and flags of other types", helper.fiber(function()
            for _, name in ipairs(FUNCTIONS) do
                local get = module[name]
                for _, host in ipairs{1, true, {}, byte_span.new(1)} do
                    helper.EINVAL(function() get(host, 80) end, 1)
                end
                helper.EINVAL(function() get(nil, 80) end, 1)
                helper.EINVAL(function() get("local\0host", 80) end, 1)
                for _, wrong in ipairs{true, {}, -1, 65536, 1.5, "65536", "9999999999", "http\0"} do
                    helper.EINVAL(function() get("127.0.0.1", wrong) end, 2)
                end
                helper.EINVAL(function() get("127.0.0.1") end, 2)
                for _, flags in ipairs{{"unknown"}, {1}, {{}}, {passive = true}, "passive", 1, true,
                    {"numeric_hosts"}} do
                    helper.EINVAL(function() get("127.0.0.1", 80, flags) end, 3)
                end
            end
        end))
    end)

    describe("ip." .. proto .. ".get_address_v4_info", function()
        it("gives addresses of v4", helper.fiber(function()
            assert.is_true(module.get_address_v4_info("localhost", port)[1].address.is_v4)
        end))
    end)

    describe("ip." .. proto .. ".get_address_v6_info", function()
        it("gives mapped addresses by default", helper.fiber(function()
            assert.same({"::ffff:127.0.0.1"}, texts(module.get_address_v6_info("127.0.0.1", port)))
            assert.same({"::ffff:127.0.0.1"}, texts(module.get_address_v6_info("127.0.0.1", port, {"v4_mapped"})))
        end))

        it("gives both kinds with all_matching", helper.fiber(function()
            local list = module.get_address_v6_info("localhost", port, {"v4_mapped", "all_matching"})
            assert.is_true(has(list, "::ffff:127.0.0.1"))
        end))
    end)

    describe("ip." .. proto .. ".get_name_info", function()
        it("gives the names of an address and a port", helper.fiber(function()
            local list = module.get_name_info(address.loopback_v4(), port)
            assert.equal(1, #list)
            assert.equal("localhost", list[1].host_name)
            assert.equal(service, list[1].service_name)
        end))

        it("falls back to the numbers", helper.fiber(function()
            local list = module.get_name_info(address.new("203.0.113.7"), 54321)
            assert.same({{host_name = "203.0.113.7", service_name = "54321"}}, list)
        end))

        it("refuses other types", helper.fiber(function()
            for _, a in ipairs{"127.0.0.1", 1, {}, byte_span.new(1)} do
                helper.EINVAL(function() module.get_name_info(a, 80) end, 1)
            end
            for _, wrong in ipairs{-1, 65536, 1.5, "80", true} do
                helper.EINVAL(function() module.get_name_info(address.loopback_v4(), wrong) end, 2)
            end
        end))
    end)
end

describe("services", function()
    it("are those of the kind of sockets", helper.fiber(function()
        -- Port 514 is "shell" for streams and "syslog" for datagrams.
        assert.equal("shell", ip.tcp.get_name_info(address.loopback_v4(), 514)[1].service_name)
        assert.equal("syslog", ip.udp.get_name_info(address.loopback_v4(), 514)[1].service_name)
        assert.equal(514, ip.udp.get_address_info("127.0.0.1", "syslog")[1].port)
        helper.raises("asio.addrinfo", "service_not_found", function()
            ip.tcp.get_address_info("127.0.0.1", "tftp")
        end)
    end))
end)

describe("lookups", function()
    it("many at once are all answered", helper.fiber(function()
        local fibers = {}
        for i = 1, 300 do fibers[i] = spawn(function() return ip.tcp.get_address_info("localhost", i)[1].port end) end
        for i = 1, 300 do assert.equal(i, fibers[i]:join()) end
    end))

    it("let other fibers run meanwhile", helper.fiber(function()
        local turns, done = 0, false
        local fiber = spawn(function()
            ip.tcp.get_address_info("localhost", 80)
            done = true
        end)
        while not done do
            turns = turns + 1
            this_fiber.yield()
        end
        fiber:join()
        assert.is_true(turns > 0)
    end))

    it("are left to their end by who is interrupted", helper.fiber(function()
        local fibers = {}
        for i = 1, 100 do fibers[i] = spawn(function() ip.tcp.get_address_info("localhost", i) end) end
        this_fiber.yield()
        for i = 1, 100, 2 do fibers[i]:interrupt() end
        for i = 1, 100 do
            fibers[i]:join()
            if i % 2 == 0 then assert.is_false(fibers[i].interruption_caught) end
        end
        assert.equal(80, ip.tcp.get_address_info("localhost", 80)[1].port)
    end))

    it("start nothing in a fiber that is interrupted", helper.fiber(function()
        for _, name in ipairs(FUNCTIONS) do
            assert.is_true(tcp.interruption_caught(function() ip.tcp[name]("localhost", 80) end))
        end
        assert.is_true(tcp.interruption_caught(function() ip.tcp.get_name_info(address.loopback_v4(), 80) end))
        assert.is_true(tcp.interruption_caught(function() ip.tcp.dial("127.0.0.1:80") end))
        assert.is_true(tcp.interruption_caught(function() ip.udp.dial("127.0.0.1:80") end))
    end))

    it("cannot be waited for where a fiber cannot be suspended", helper.fiber(function()
        local e
        table.sort({2, 1}, function(a, b)
            e = e or select(2, pcall(ip.tcp.get_address_info, "localhost", 80))
            return a < b
        end)
        helper.is_error(e, "generic", "EPERM")
    end))
end)

-- Texts of endpoints that dial and listen refuse.
local REFUSED = { "", "localhost", "127.0.0.1", "localhost:080", "[::1:80", "[127.0.0.1]:80", "::1:80", "[::1]",
    "[x]:80", "localhost:65536", "localhost:00", "x[::1]:80", "local\0host:80" }

for _, case in ipairs{ {"ip.tcp.dial", ip.tcp.dial}, {"ip.udp.dial", ip.udp.dial}, {"ip.tcp.listen", ip.tcp.listen} } do
    describe(case[1], function()
        it("refuses what is no endpoint", helper.fiber(function()
            for _, text in ipairs(REFUSED) do helper.EINVAL(function() case[2](text) end, 1) end
            for _, value in ipairs{80, true, {}, address.new()} do helper.EINVAL(function() case[2](value) end, 1) end
            helper.EINVAL(function() case[2]() end, 1)
        end))

        it("raises the errors of the resolver", helper.fiber(function()
            helper.raises("asio.addrinfo", "service_not_found", function() case[2]("127.0.0.1:no-such-service") end)
            helper.raises("asio.netdb", "host_not_found", function() case[2]("a host with spaces:80") end)
        end))
    end)
end

describe("ip.tcp.listen", function()
    it("binds and listens, with reuse_address", closing(function()
        local acceptor = keep(ip.tcp.listen("127.0.0.1:0"))
        assert.equal("ip.tcp.acceptor", getmetatable(acceptor))
        assert.is_true(acceptor:get_option("reuse_address"))
        assert.is_true(acceptor.local_port > 0)
        keep(ip.tcp.dial("127.0.0.1:" .. acceptor.local_port))
        keep(acceptor:accept())
    end))

    it("takes an empty port for any, and v6 in brackets", closing(function()
        assert.is_true(keep(ip.tcp.listen("127.0.0.1:")).local_port > 0)
        assert.is_true(keep(ip.tcp.listen("[::1]:")).local_address == address.loopback_v6())
    end))

    it("takes the wildcard without a host", closing(function()
        assert.is_true(keep(ip.tcp.listen(":0")).local_address.is_unspecified)
        assert.is_true(keep(ip.tcp.listen(":")).local_address.is_unspecified)
    end))

    it("looks names up", closing(function()
        assert.is_true(keep(ip.tcp.listen("localhost:0")).local_address.is_loopback)
    end))

    it("is no suspension point", function()
        local acceptor = ip.tcp.listen("localhost:0")
        acceptor:close()
    end)

    it("raises the errors of the OS and leaves nothing open", closing(function()
        local first = keep(ip.tcp.listen("127.0.0.1:0"))
        helper.raises("system", "EADDRINUSE", function() ip.tcp.listen("127.0.0.1:" .. first.local_port) end)
        helper.raises("system", "EADDRNOTAVAIL", function() ip.tcp.listen("203.0.113.7:0") end)
    end))
end)

describe("ip.udp.dial", function()
    it("fixes the peer", closing(function()
        local peer = keep(ip.udp.socket.new())
        peer:open("v4")
        peer:bind("127.0.0.1", 0)
        local sock = keep(ip.udp.dial("localhost:" .. peer.local_port))
        assert.equal("ip.udp.socket", getmetatable(sock))
        sock:send(byte_span.append("hi"))
        assert.equal(2, peer:receive(byte_span.new(10)))
        assert.equal(53, keep(ip.udp.dial("127.0.0.1:domain")).remote_port)
    end))
end)

describe("ip.tcp.dial", function()
    local race = debug.getregistry()["emilua.import"]("ip.dial").connect

    local function dial(entries) return race(entries, ip.tcp.socket.new) end

    local function entry(io, a) return { address = a or io.local_address, port = io.local_port } end

    -- Somebody who refuses: bound, but not listening.
    local function refusing()
        local sock = tcp.new_socket()
        sock:open("v6")
        sock:bind("::1", 0)
        return sock
    end

    -- An endpoint that lets a connection wait: the queue of its acceptor is full.
    local function silent()
        local acceptor = tcp.new_acceptor()
        acceptor:open("v6")
        acceptor:bind("::1", 0)
        acceptor:listen(0)
        for _ = 1, 3 do
            local sock = tcp.new_socket()
            spawn(function() pcall(sock.connect, sock, address.loopback_v6(), acceptor.local_port) end):detach()
        end
        this_fiber.yield()
        return acceptor
    end

    it("connects to a name or a numeric address", closing(function()
        local acceptor = keep(ip.tcp.listen("127.0.0.1:0"))
        for _, host in ipairs{"localhost", "127.0.0.1"} do
            local sock = keep(ip.tcp.dial(host .. ":" .. acceptor.local_port))
            assert.equal(acceptor.local_port, sock.remote_port)
            assert.equal(sock.local_port, keep(acceptor:accept()).remote_port)
        end
        local six = keep(ip.tcp.listen("[::1]:0"))
        assert.is_true(keep(ip.tcp.dial("[::1]:" .. six.local_port)).remote_address == address.loopback_v6())
    end))

    it("raises the error of the last attempt", closing(function()
        local sock = refusing()
        helper.raises("system", "ECONNREFUSED", function() ip.tcp.dial("[::1]:" .. sock.local_port) end)
        helper.raises("system", "ECONNREFUSED", function() dial{entry(sock), entry(sock), entry(sock)} end)
    end))

    it("raises not_found when there is no address", closing(function()
        helper.raises("asio.misc", "not_found", function() dial{} end)
    end))

    it("goes on at once when an attempt fails, the families in turn", closing(function()
        local acceptor, dead = tcp.listening(), refusing()
        local sock = keep(dial{entry(dead), entry(dead), entry(dead), entry(acceptor)})
        assert.is_true(sock.remote_address == address.loopback_v4())
    end))

    it("goes on when an attempt takes long, and drops the slow one", closing(function()
        local acceptor, slow = tcp.listening(), silent()
        local sock = keep(dial{entry(slow), entry(slow), entry(acceptor)})
        assert.is_true(sock.remote_address == address.loopback_v4())
    end))

    it("closes everything when it is interrupted", closing(function()
        local slow = silent()
        local fiber = spawn(function() dial{entry(slow), entry(slow)} end)
        helper.turns(5)
        fiber:interrupt()
        fiber:join()
        assert.is_true(fiber.interruption_caught)
    end))

    it("interrupted at any moment leaves nothing open", closing(function()
        local acceptor, dead = tcp.listening(), refusing()
        for turns = 0, 30 do
            local sock
            local fiber = spawn(function() sock = dial{entry(dead), entry(acceptor)} end)
            helper.turns(turns)
            fiber:interrupt()
            fiber:join()
            if sock then sock:close() end
        end
        acceptor:close()
    end))
end)
