local emilua = require "emilua"
local ip = require "emilua.ip"
local helper = require "spec.helper"

local address = ip.address

helper.install()

-- The interface of index 1, by its name; on Linux that is the loopback interface.
local FIRST_INTERFACE = "lo"

describe("ip.address.new", function()
    it("without an argument gives 0.0.0.0", function()
        local a = address.new()
        assert.equal("ip.address", getmetatable(a))
        assert.equal("ip.address", emilua.type(a))
        assert.equal("0.0.0.0", tostring(a))
    end)

    it("reads strict dotted v4", function()
        for _, text in ipairs{"0.0.0.0", "127.0.0.1", "255.255.255.255", "1.2.3.4", "192.168.10.200"} do
            local a = address.new(text)
            assert.is_true(a.is_v4)
            assert.equal(text, tostring(a))
        end
    end)

    it("reads v6 and prints its canonical text", function()
        for text, canonical in pairs{
            ["::"] = "::", ["::1"] = "::1", ["2001:DB8::1"] = "2001:db8::1",
            ["2001:0db8:0000:0000:0000:0000:0000:0001"] = "2001:db8::1", ["1:2:3:4:5:6:7:8"] = "1:2:3:4:5:6:7:8",
            ["1:0:0:2:0:0:0:3"] = "1:0:0:2::3", ["fe80::"] = "fe80::", ["::ffff:1.2.3.4"] = "::ffff:1.2.3.4",
            ["::ffff:102:304"] = "::ffff:1.2.3.4",
        } do
            local a = address.new(text)
            assert.is_true(a.is_v6)
            assert.equal(canonical, tostring(a))
        end
    end)

    it("reads the scope of a v6 text, a number or for link-local an interface name", function()
        assert.equal(7, address.new("2001:db8::1%7").scope_id)
        assert.equal(7, address.new("fe80::1%7").scope_id)
        assert.equal(1, address.new("fe80::1%" .. FIRST_INTERFACE).scope_id)
        assert.equal(1, address.new("ff02::1%" .. FIRST_INTERFACE).scope_id)
        assert.equal(0, address.new("fe80::1").scope_id)
    end)

    it("raises the system's EINVAL, without arg, for anything else: brackets, ports, names", function()
        for _, text in ipairs{
            "", " ", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-1", "1.2.3.4 ", " 1.2.3.4", "0x1.2.3.4",
            "1.2.3.4:80", "[::1]", "[::1]:80", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::",
            "1.2.3.4%1", "127.1", "1.2.3.a", "1.2.3.4\0", "::1\0",
        } do
            helper.raises("system", "EINVAL", function() address.new(text) end)
        end
    end)

    it("raises EINVAL for something else than a string", function()
        for _, value in ipairs{1, true, {}, address.new()} do
            helper.EINVAL(function() address.new(value) end, 1)
        end
    end)
end)

describe("the constructors of well-known addresses", function()
    it("give that address", function()
        for name, text in pairs{
            any_v4 = "0.0.0.0", any_v6 = "::", loopback_v4 = "127.0.0.1", loopback_v6 = "::1",
            broadcast_v4 = "255.255.255.255",
        } do
            local a = address[name]()
            assert.equal("ip.address", getmetatable(a))
            assert.equal(text, tostring(a))
            assert.is_true(a == address.new(text))
            assert.is_false(rawequal(a, address[name]()))
        end
    end)
end)

describe("ip.address:to_v6", function()
    it("gives the mapped address of a v4 address", function()
        local a = address.new("1.2.3.4"):to_v6()
        assert.is_true(a.is_v6)
        assert.is_true(a.is_v4_mapped)
        assert.equal("::ffff:1.2.3.4", tostring(a))
    end)

    it("raises EINVAL on v6", function()
        helper.EINVAL(function() address.loopback_v6():to_v6() end, 1)
    end)

    it("raises EINVAL for a wrong self", function()
        local to_v6 = address.new().to_v6
        helper.EINVAL(function() to_v6() end, 1)
        helper.EINVAL(function() to_v6({}) end, 1)
    end)
end)

describe("ip.address:to_v4", function()
    it("gives the v4 address of a mapped one", function()
        local a = address.new("::ffff:1.2.3.4"):to_v4()
        assert.is_true(a.is_v4)
        assert.equal("1.2.3.4", tostring(a))
    end)

    it("raises EINVAL without arg on v6 that is not mapped", function()
        helper.EINVAL(function() address.loopback_v6():to_v4() end)
        helper.EINVAL(function() address.new("::1.2.3.4"):to_v4() end)
    end)

    it("raises EINVAL on v4", function()
        helper.EINVAL(function() address.new("1.2.3.4"):to_v4() end, 1)
    end)

    it("raises EINVAL for a wrong self", function()
        local to_v4 = address.new().to_v4
        helper.EINVAL(function() to_v4() end, 1)
        helper.EINVAL(function() to_v4({}) end, 1)
    end)
end)

describe("the properties of ip.address", function()
    -- The property is true for exactly the addresses of its first list.
    local function check(property, yes, no)
        for _, text in ipairs(yes) do assert.is_true(address.new(text)[property], text) end
        for _, text in ipairs(no) do assert.is_false(address.new(text)[property], text) end
    end

    local function check_v6_only(property, yes, no)
        check(property, yes, no)
        helper.EINVAL(function() return address.new("1.2.3.4")[property] end, 1)
        helper.EINVAL(function() return address.loopback_v4()[property] end, 1)
    end

    it("is_v4 and is_v6: the family", function()
        check("is_v4", {"1.2.3.4", "0.0.0.0"}, {"::", "::ffff:1.2.3.4"})
        check("is_v6", {"::", "::ffff:1.2.3.4"}, {"1.2.3.4", "0.0.0.0"})
    end)

    it("is_loopback: 127.0.0.0/8 and exactly ::1", function()
        check("is_loopback", {"127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"},
            {"126.255.255.255", "128.0.0.0", "::", "::2", "::ffff:127.0.0.1"})
    end)

    it("is_multicast: 224.0.0.0/4 and ff00::/8", function()
        check("is_multicast", {"224.0.0.0", "239.255.255.255", "ff00::", "ffff::1"},
            {"223.255.255.255", "240.0.0.0", "feff::", "::1"})
    end)

    it("is_unspecified: 0.0.0.0 and ::", function()
        check("is_unspecified", {"0.0.0.0", "::"}, {"0.0.0.1", "::1", "::ffff:0.0.0.0"})
    end)

    it("is_link_local: fe80::/10, an error on v4", function()
        check_v6_only("is_link_local", {"fe80::", "fe80::1", "febf::1"}, {"fe7f::1", "fec0::1", "::1"})
    end)

    it("is_site_local: fec0::/10, an error on v4", function()
        check_v6_only("is_site_local", {"fec0::", "feff::1"}, {"febf::1", "ff00::1", "::1"})
    end)

    it("is_v4_mapped: ::ffff:0:0/96, an error on v4", function()
        check_v6_only("is_v4_mapped", {"::ffff:0.0.0.0", "::ffff:1.2.3.4"},
            {"::1.2.3.4", "::fffe:102:304", "1::ffff:1:2"})
    end)

    it("is_multicast_*: ff00::/8 and a scope nibble, an error on v4", function()
        local scopes = {node_local = "1", link_local = "2", site_local = "5", org_local = "8", global = "e"}
        for name, nibble in pairs(scopes) do
            local others = {"fe0" .. nibble .. "::1", "::" .. nibble}
            for _, other in pairs(scopes) do
                if other ~= nibble then others[#others + 1] = "ff0" .. other .. "::1" end
            end
            check_v6_only("is_multicast_" .. name, {"ff0" .. nibble .. "::1", "ff3" .. nibble .. "::1"}, others)
        end
    end)

    it("scope_id: the zone index, an error on v4", function()
        assert.equal(0, address.new("fe80::1").scope_id)
        assert.equal(3, address.new("fe80::1%3").scope_id)
        helper.EINVAL(function() return address.new("1.2.3.4").scope_id end, 1)
    end)

    it("scope_id may be written, an error on v4", function()
        local a = address.new("fe80::1")
        a.scope_id = 4294967295
        assert.equal(4294967295, a.scope_id)
        a.scope_id = 0
        assert.is_true(a == address.new("fe80::1"))
        helper.EINVAL(function() address.new("1.2.3.4").scope_id = 1 end, 1)
    end)

    it("raise bad_index for an unknown key, also on write", function()
        local a = address.new()
        helper.bad_index(function() return a.no_such_field end)
        helper.bad_index(function() a.no_such_field = 1 end)
        helper.bad_index(function() a.is_v4 = true end)
    end)
end)

describe("tostring(ip.address)", function()
    it("appends the interface name for (multicast) link-local if the index resolves", function()
        assert.equal("fe80::1%" .. FIRST_INTERFACE, tostring(address.new("fe80::1%1")))
        assert.equal("ff02::1%" .. FIRST_INTERFACE, tostring(address.new("ff02::1%1")))
    end)

    it("else appends the number", function()
        assert.equal("2001:db8::1%1", tostring(address.new("2001:db8::1%1")))
        assert.equal("fe80::1%4294967000", tostring(address.new("fe80::1%4294967000")))
    end)

    it("appends nothing for scope 0", function()
        local a = address.new("fe80::1%1")
        a.scope_id = 0
        assert.equal("fe80::1", tostring(a))
    end)
end)

describe("the comparison of ip.address", function()
    it("== means the same family, bytes and scope", function()
        assert.is_true(address.new("1.2.3.4") == address.new("1.2.3.4"))
        assert.is_false(address.new("1.2.3.4") == address.new("1.2.3.5"))
        assert.is_false(address.new("1.2.3.4") == address.new("::ffff:1.2.3.4"))
        assert.is_true(address.new("fe80::1%2") == address.new("fe80::1%2"))
        assert.is_false(address.new("fe80::1%2") == address.new("fe80::1%3"))
    end)

    it("== with another type is false", function()
        assert.is_false(address.new("1.2.3.4") == "1.2.3.4")
        assert.is_false(address.new() == nil)
    end)

    it("< and <= sort every v4 before every v6, then by bytes, then by scope", function()
        local sorted = {
            "0.0.0.0", "1.2.3.4", "1.2.4.0", "127.0.0.1", "255.255.255.255", "::", "::1", "::ffff:0.0.0.1", "fe80::1",
            "fe80::1%1", "fe80::1%2", "fe80::2", "ff02::1",
        }
        for i, left in ipairs(sorted) do
            for j, right in ipairs(sorted) do
                local a, b = address.new(left), address.new(right)
                assert.equal(i < j, a < b)
                assert.equal(i <= j, a <= b)
            end
        end
    end)

    it("< and <= with another type raise", function()
        local a = address.new()
        for _, other in ipairs{1, "0.0.0.0", {}} do
            for _, compare in ipairs{
                function() return a < other end, function() return other < a end, function() return a <= other end,
                function() return other <= a end,
            } do
                local ok, e = pcall(compare)
                assert.is_false(ok)
                if type(e) == "table" then assert.equal(helper.errno.EINVAL, e.code) end
            end
        end
    end)

    it("has no hashing by value: different objects are different keys", function()
        local t = {[address.new("1.2.3.4")] = true}
        assert.is_nil(t[address.new("1.2.3.4")])
    end)
end)

describe("the operators that ip.address lacks", function()
    it("raise: arithmetic and concatenation", function()
        local a = address.new()
        assert.is_false((pcall(function() return a + 1 end)))
        assert.is_false((pcall(function() return a - a end)))
        assert.is_false((pcall(function() return a .. "" end)))
    end)
end)
