-- Decision 5: what programs of release 0.6 find under its names, in the launcher only (net §11).

local programs = require "spec.program_helper"

local function check(expected, text)
    local output, status = programs.run({ ["app.lua"] = text })
    assert.same({ expected, 0 }, { (output:gsub("\t", " ")), status })
end

describe("the names of 0.6, in programs", function()
    after_each(programs.clean)

    it("unix has its classes under names of their own", function()
        check("unix.stream.socket unix.seqpacket.socket unix.datagram.socket\ntrue true\n", [[
            local unix = require "unix"
            print(getmetatable(unix.stream_socket.new()), getmetatable(unix.seqpacket_socket.new()),
                getmetatable(unix.datagram_socket.new()))
            print(unix.stream_acceptor == unix.stream.acceptor, unix.seqpacket_acceptor == unix.seqpacket.acceptor)
        ]])
    end)

    it("unix.message_flag: flags are integers or lists", function()
        check("4 4 4 kept\n", [[
            local unix = require "unix"
            local a, b = unix.datagram_socket.pair()
            a:send(byte_span.append "kept", 0)
            local bs = byte_span.new(10)
            local peeked, again = b:receive(bs, unix.message_flag.peek), b:receive(bs, { "peek" })
            print(peeked, again, b:receive(bs, 0), tostring(bs:first(4)))
        ]])
    end)

    it("ip.message_flag", function()
        check("x x\n1 1\n", [[
            local ip = require "ip"
            local acceptor = ip.tcp.listen "127.0.0.1:0"
            local a = ip.tcp.dial("127.0.0.1:" .. acceptor.local_port)
            local b = acceptor:accept()
            local bs = byte_span.new(1)
            a:send(byte_span.append "x", 0)
            b:receive(bs, bit.bor(ip.message_flag.peek, ip.message_flag.do_not_route))
            local first = tostring(bs)
            b:receive(bs, 0)
            print(first, tostring(bs))
            local one, two = ip.udp.socket.new(), ip.udp.socket.new()
            one:open "v4"
            one:bind(ip.address.loopback_v4(), 0)
            two:open "v4"
            two:send_to(bs, one.local_address, one.local_port, 0)
            print(one:receive_from(bs, ip.message_flag.peek), (one:receive(bs, 0)))
        ]])
    end)

    it("ip.address_info_flag", function()
        check("true 127.0.0.1\n", [[
            local ip = require "ip"
            local flag = ip.address_info_flag
            local function first(host, flags) return ip.tcp.get_address_v4_info(host, "80", flags)[1] end
            print(first("", flag.passive).address.is_unspecified,
                first("127.0.0.1", flag.canonical_name + flag.passive).canonical_name)
        ]])
    end)

    it("tls.context_flag", function()
        check("true true\n", [[
            local tls = require "tls"
            local context, flag = tls.context.new "tls", tls.context_flag
            context:set_options(flag.no_sslv3 + flag.no_tlsv1_2)
            context:clear_options(flag.no_tlsv1_2)
            local ok, e = pcall(context.clear_options, context, flag.no_sslv3)
            print(not ok, e.arg == 2)
        ]])
    end)

    it("what is no OR of the numbers is EINVAL", function()
        check("22 3\n22 3\n22 3\n22 3\n", [[
            local ip = require "ip"
            local socket, bs = ip.udp.socket.new(), byte_span.new(1)
            for _, flags in ipairs { -1, 0.5, 2 ^ 20, ip.message_flag.peek + 0.5 } do
                local ok, e = pcall(socket.receive, socket, bs, flags)
                print(e.code, e.arg)
            end
        ]])
    end)

    it("an actor has them too", function()
        check("true\n", [[
            if _CONTEXT == "main" then
                spawn_vm(".")
            else
                print(require("unix").stream_socket ~= nil)
            end
        ]])
    end)
end)

describe("the names of 0.6, in modules", function()
    it("are absent, and flags are lists", function()
        local ip, unix, tls = require "emilua.ip", require "emilua.unix", require "emilua.tls"
        assert.is_nil(ip.message_flag)
        assert.is_nil(ip.address_info_flag)
        assert.is_nil(unix.stream_socket)
        assert.is_nil(unix.message_flag)
        assert.is_nil(tls.context_flag)
        local context = tls.context.new "tls"
        local ok, e = pcall(context.set_options, context, 0)
        assert.is_false(ok)
        assert.equal(2, e.arg)
    end)
end)
