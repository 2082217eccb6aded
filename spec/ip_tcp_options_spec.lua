local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local closing, new_socket, new_acceptor = tcp.closing, tcp.new_socket, tcp.new_acceptor
local wrong_argument = tcp.wrong_argument

helper.install()

local function open(new, family)
    local io = new()
    io:open(family or "v4")
    return io
end

local CLASSES = {
    {name = "ip.tcp.socket", new = new_socket, options = {
        "tcp_no_delay", "keep_alive", "out_of_band_inline", "do_not_route",
    }},
    {name = "ip.tcp.acceptor", new = new_acceptor, options = {"reuse_address", "enable_connection_aborted"}},
}

for _, class in ipairs(CLASSES) do
    local new = class.new

    describe(class.name .. ":set_option and get_option", function()
        for _, option in ipairs(class.options) do
            it(option .. " is a boolean, initially false", closing(function()
                local io = open(new)
                assert.is_false(io:get_option(option))
                assert.equal(0, select("#", io:set_option(option, true)))
                assert.is_true(io:get_option(option))
                assert.equal(1, select("#", io:get_option(option)))
                io:set_option(option, false)
                assert.is_false(io:get_option(option))
            end))

            it(option .. " refuses another type", closing(function()
                local io = open(new)
                for _, value in ipairs{1, "true", {}} do
                    wrong_argument(function() io:set_option(option, value) end, 3)
                end
                wrong_argument(function() io:set_option(option) end, 3)
            end))
        end

        it("debug is a boolean; setting it needs privilege", closing(function()
            local io = open(new)
            assert.is_false(io:get_option("debug"))
            local ok, e = pcall(io.set_option, io, "debug", true)
            if ok then
                assert.is_true(io:get_option("debug"))
            else
                helper.is_error(e, "system", "EACCES")
            end
            io:set_option("debug", false)
            assert.is_false(io:get_option("debug"))
        end))

        it("v6_only is a boolean of v6 objects", closing(function()
            local io = open(new, "v6")
            io:set_option("v6_only", true)
            assert.is_true(io:get_option("v6_only"))
            io:set_option("v6_only", false)
            assert.is_false(io:get_option("v6_only"))
        end))

        it("raise ENOTSUP for an unknown name", closing(function()
            local io = open(new)
            local unknown = {
                "no_such_option", "", "broadcast", "multicast_loop", "multicast_hops", "unicast_hops",
                "join_multicast_group", "multicast_interface", "remote_credentials",
            }
            for _, option in ipairs(unknown) do
                helper.ENOTSUP(function() io:set_option(option, true) end)
                helper.ENOTSUP(function() io:get_option(option) end)
            end
        end))

        it("raise ENOTSUP for an option of the other class", closing(function()
            local io = open(new)
            for _, other in ipairs(CLASSES) do
                if other ~= class then
                    for _, option in ipairs(other.options) do
                        helper.ENOTSUP(function() io:set_option(option, true) end)
                        helper.ENOTSUP(function() io:get_option(option) end)
                    end
                end
            end
        end))

        it("raise EBADF on a closed object", closing(function()
            local io, option = new(), class.options[1]
            helper.raises("system", "EBADF", function() io:set_option(option, true) end)
            helper.raises("system", "EBADF", function() io:get_option(option) end)
        end))

        it("refuse a name that is not a string", closing(function()
            local io = open(new)
            wrong_argument(function() io:set_option({}, true) end, 2)
            wrong_argument(function() io:get_option({}) end, 2)
        end))
    end)
end

describe("the options of ip.tcp.socket", function()
    it("linger has two values", closing(function()
        local sock = open(new_socket)
        assert.is_false((sock:get_option("linger")))
        assert.equal(2, select("#", sock:get_option("linger")))
        sock:set_option("linger", true, 5)
        assert.same({true, 5}, {sock:get_option("linger")})
        sock:set_option("linger", false, 0)
        assert.is_false((sock:get_option("linger")))
    end))

    it("linger refuses other types", closing(function()
        local sock = open(new_socket)
        wrong_argument(function() sock:set_option("linger", 1, 5) end, 3)
        wrong_argument(function() sock:set_option("linger", true, {}) end, 4)
        wrong_argument(function() sock:set_option("linger", true) end, 4)
    end))

    it("buffer sizes round-trip: on Linux get_option returns half of what the kernel reports", closing(function()
        local sock = open(new_socket)
        for _, option in ipairs{"send_buffer_size", "receive_buffer_size"} do
            for _, size in ipairs{8192, 16384, 65536} do
                sock:set_option(option, size)
                assert.equal(size, sock:get_option(option))
            end
        end
    end))

    it("receive_low_watermark is a number of bytes", closing(function()
        local sock = open(new_socket)
        assert.equal(1, sock:get_option("receive_low_watermark"))
        sock:set_option("receive_low_watermark", 10)
        assert.equal(10, sock:get_option("receive_low_watermark"))
    end))

    it("send_low_watermark cannot be set on Linux", closing(function()
        local sock = open(new_socket)
        assert.equal(1, sock:get_option("send_low_watermark"))
        helper.raises("system", "ENOPROTOOPT", function() sock:set_option("send_low_watermark", 10) end)
    end))

    it("integers refuse other types", closing(function()
        local sock = open(new_socket)
        for _, option in ipairs{"send_buffer_size", "receive_buffer_size", "receive_low_watermark"} do
            for _, value in ipairs{true, "x", {}} do
                wrong_argument(function() sock:set_option(option, value) end, 3)
            end
        end
    end))
end)

describe("the options of ip.tcp.acceptor", function()
    it("reuse_address stays as it was set", closing(function()
        local acceptor = open(new_acceptor)
        acceptor:set_option("reuse_address", true)
        acceptor:bind("127.0.0.1", 0)
        acceptor:listen()
        assert.is_true(acceptor:get_option("reuse_address"))
    end))

    it("has no buffer sizes", closing(function()
        local acceptor = open(new_acceptor)
        helper.ENOTSUP(function() acceptor:get_option("send_buffer_size") end)
        helper.ENOTSUP(function() acceptor:set_option("receive_buffer_size", 8192) end)
        helper.ENOTSUP(function() acceptor:get_option("linger") end)
    end))
end)
