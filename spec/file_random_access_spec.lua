local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local file = require "emilua.file"
local files = require "spec.file_helper"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn = emilua.spawn
local closing = files.closing

helper.install()

local function read_at(object, offset, n)
    local bs = byte_span.new(n)
    return tostring(bs:first(object:read_some_at(offset, bs)))
end

files.by_each(describe, "file.random_access", function()
    describe(":read_some_at", function()
        it("reads at an offset counted from 0", closing(function()
            local object = files.random_access("abcdef")
            assert.equal("abc", read_at(object, 0, 3))
            assert.equal("ef", read_at(object, 4, 3))
        end))

        it("raises eof at and past the end", closing(function()
            local object = files.random_access("abcdef")
            for _, offset in ipairs{ 6, 7, 2 ^ 40 } do
                helper.raises("asio.misc", "eof", function() read_at(object, offset, 1) end)
            end
        end))
    end)

    describe(":write_some_at", function()
        it("writes at an offset, and grows the file with zeros", closing(function()
            local object = files.random_access("abcdef")
            assert.equal(2, object:write_some_at(1, byte_span.append("BC")))
            assert.equal(1, object:write_some_at(8, byte_span.append("x")))
            assert.equal("aBCdef\0\0x", files.content())
        end))

        it("counts beyond 4 GiB", closing(function()
            local object = files.random_access("")
            object:write_some_at(2 ^ 33, byte_span.append("far"))
            assert.equal("far", read_at(object, 2 ^ 33, 8))
            assert.equal(2 ^ 33 + 3, object.size)
        end))

        it("raises EFBIG beyond what the filesystem can hold", closing(function()
            local object = files.random_access("")
            helper.raises("system", "EFBIG", function() object:write_some_at(2 ^ 62, byte_span.append("far")) end)
        end))
    end)

    describe(":read_some_at and write_some_at", function()
        it("of many fibers are under way at once", closing(function()
            local object = files.random_access("")
            local fibers = {}
            for i = 0, 199 do
                fibers[i + 1] = spawn(function()
                    file.write_all_at(object, i * 8, ("%07d\n"):format(i))
                    assert.equal(("%07d\n"):format(i), read_at(object, i * 8, 8))
                end)
            end
            for i = 1, 200 do fibers[i]:join() end
            assert.equal(1600, object.size)
        end))

        it("return 0 for an empty span at once", closing(function()
            local object = files.random_access("")
            assert.equal(0, object:read_some_at(5, byte_span.new(0)))
            assert.equal(0, object:write_some_at(5, byte_span.new(0)))
            assert.equal(0, object.size)
        end))

        it("check their arguments in order", closing(function()
            local object = files.random_access("text")
            for _, name in ipairs{ "read_some_at", "write_some_at" } do
                local method, bs = object[name], byte_span.new(1)
                tcp.wrong_argument(function() method(object) end, 2)
                tcp.wrong_argument(function() method(object, "1", bs) end, 2)
                helper.EINVAL(function() method(object, 0) end, 3)
                helper.EINVAL(function() method(object, 0, "text") end, 3)
                for _, offset in ipairs{ -1, 0 / 0, 2 ^ 63, -2 ^ 63, 1 / 0 } do
                    helper.raises("system", "EINVAL", function() method(object, offset, bs) end)
                end
                helper.raises("system", "EBADF", function() method(file.random_access.new(), 0, bs) end)
                emilua.this_fiber.forbid_suspend()
                helper.raises("emilua.core", "forbid_suspend_block", function() method(object, 0, bs) end)
                emilua.this_fiber.allow_suspend()
                assert.is_true(tcp.interruption_caught(function() method(object, 0, bs) end))
            end
        end))
    end)
end)

describe("file.read_all_at, read_at_least_at, write_all_at, write_at_least_at", function()
    -- An object that takes two bytes at a time.
    local function slow(text)
        local calls = {}
        local object = { calls = calls, text = text }
        function object:read_some_at(offset, bs)
            calls[#calls + 1] = offset
            local part = self.text:sub(offset + 1, offset + math.min(2, #bs))
            if part == "" then error(require("emilua.asio_error").misc.eof, 0) end
            return bs:copy(part)
        end
        function object:write_some_at(offset, bs)
            calls[#calls + 1] = offset
            local n = math.min(2, #bs)
            self.text = self.text:sub(1, offset) .. tostring(bs:first(n)) .. self.text:sub(offset + n + 1)
            return n
        end
        return object
    end

    it("repeat until full; eof if the file ends first", function()
        local object, bs = slow("abcdefgh"), byte_span.new(5)
        assert.equal(5, file.read_all_at(object, 1, bs))
        assert.equal("bcdef", tostring(bs))
        assert.same({ 1, 3, 5 }, object.calls)
        helper.raises("asio.misc", "eof", function() file.read_all_at(object, 4, bs) end)
    end)

    it("repeat until the minimum, which is cut to the length", function()
        local object, bs = slow("abcdefgh"), byte_span.new(5)
        assert.equal(4, file.read_at_least_at(object, 0, bs, 3))
        assert.equal(5, file.read_at_least_at(object, 0, bs, 9))
        assert.equal(4, file.write_at_least_at(object, 0, byte_span.append("ABCDE"), 3))
        assert.equal("ABCDefgh", object.text)
    end)

    it("write all of a span or a string", function()
        local object = slow("abcdefgh")
        assert.equal(3, file.write_all_at(object, 2, "CDE"))
        assert.equal(3, file.write_all_at(object, 5, byte_span.append("FGH")))
        assert.equal("abCDEFGH", object.text)
    end)

    it("do nothing for nothing", function()
        local object = slow("abcdefgh")
        assert.equal(0, file.read_all_at(object, 0, byte_span.new(0)))
        assert.equal(0, file.read_at_least_at(object, 0, byte_span.new(3), 0))
        assert.equal(0, file.write_all_at(object, 0, ""))
        assert.equal(0, file.write_at_least_at(object, 0, byte_span.new(3), 0))
        assert.same({}, object.calls)
    end)

    it("pass errors of the inner calls through", function()
        local object = { read_some_at = function() error("mine", 0) end }
        local ok, e = pcall(file.read_all_at, object, 0, byte_span.new(1))
        assert.is_false(ok)
        assert.equal("mine", e)
    end)

    it("check their arguments", function()
        local object, bs = slow("abc"), byte_span.new(1)
        for _, name in ipairs{ "read_all_at", "read_at_least_at", "write_all_at", "write_at_least_at" } do
            local f = file[name]
            helper.EINVAL(function() f(nil, 0, bs, 1) end, 1)
            helper.EINVAL(function() f("io", 0, bs, 1) end, 1)
            tcp.wrong_argument(function() f(object, nil, bs, 1) end, 2)
            helper.EINVAL(function() f(object, 0, nil, 1) end, 3)
            if name ~= "write_all_at" then helper.EINVAL(function() f(object, 0, "text", 1) end, 3) end
            if name:find("least") then tcp.wrong_argument(function() f(object, 0, bs) end, 4) end
        end
    end)
end)
