local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local file = require "emilua.file"
local pipe = require "emilua.pipe"
local files = require "spec.file_helper"
local helper = require "spec.helper"

local closing = files.closing

helper.install()

local classes = { ["file.stream"] = files.stream, ["file.random_access"] = files.random_access }

for name, open in pairs(classes) do
    local class = name == "file.stream" and file.stream or file.random_access

    describe(name .. ".new(fd)", function()
        it("takes the descriptor over: fd is dead afterwards", closing(function()
            local fd = files.keep(open("text"):release())
            local object = files.keep(class.new(fd))
            assert.equal(4, object.size)
            helper.raises("emilua.core", "bad_index", function() return fd.type end, { index = 2 })
            helper.EINVAL(function() class.new(fd) end, 1)
        end))

        it("refuses other values", closing(function()
            for _, value in ipairs{ 1, "/dev/fd/0", {}, byte_span.new(1) } do
                helper.EINVAL(function() class.new(value) end, 1)
            end
        end))
    end)

    describe(name .. ":assign", function()
        it("is new(fd) on a closed object", closing(function()
            local fd = files.keep(open("text"):release())
            local object = files.keep(class.new())
            object:assign(fd)
            assert.equal(4, object.size)
        end))

        it("raises already_open on an open object, and fd is not consumed", closing(function()
            local fd = files.keep(open("text"):release())
            local object = open("other text", nil, "other")
            helper.raises("asio.misc", "already_open", function() object:assign(fd) end)
            assert.equal("regular", fd.type)
            assert.equal(10, object.size)
            helper.EINVAL(function() object:assign("fd") end, 2)
        end))
    end)

    describe(name .. ":release", function()
        it("gives the descriptor up", closing(function()
            local object = open("text")
            local fd = files.keep(object:release())
            assert.equal("file_descriptor", getmetatable(fd))
            assert.equal("regular", fd.type)
            assert.is_false(object.is_open)
        end))

        it("raises generic EBADF on a closed object", closing(function()
            helper.EBADF(function() class.new():release() end)
        end))
    end)
end

files.by_each(describe, "release", function()
    it("keeps the position and the lock", closing(function()
        local object = files.stream("abcdef")
        assert.equal("abc", files.read(object, 3))
        object:lock()
        local other = files.keep(file.stream.new(object:release()))
        assert.is_false(files.random_access():try_lock_shared())
        assert.equal("def", files.read(other, 9))
    end))

    it("ends pending operations with ECANCELED", closing(function()
        local object = files.fifo()
        local reader = files.waiting(function()
            helper.raises("system", "ECANCELED", function() files.read(object, 1) end)
            return true
        end)
        local fd = files.keep(object:release())
        assert.is_true(reader:join())
        local again = files.keep(pipe.read_stream.new(fd))
        os.execute("printf x > " .. files.name("fifo"))
        assert.equal("x", files.read(again, 1))
    end))

    it("and new work with descriptors that were opened not to wait", closing(function()
        local fd = files.fifo():release()
        fd.non_blocking = true
        local object = files.keep(file.stream.new(fd))
        local reader = files.waiting(function() return files.read(object, 1) end)
        helper.turns(5)
        assert.is_true(reader.joinable)
        os.execute("printf x > " .. files.name("fifo"))
        assert.equal("x", reader:join())

        files.fill("file", "regular")
        fd = files.stream(nil, { "read_only" }):release()
        fd.non_blocking = true
        assert.equal("regular", files.read(files.keep(file.stream.new(fd)), 16))
    end))
end)

describe("a descriptor of a VM", function()
    it("counts as left behind while it is open", function()
        local object
        local ok, e = pcall(emilua.run, function()
            object = file.stream.new()
            object:open(require("emilua.filesystem").path.new("/dev/null"), { "read_only" })
        end, { leaks = "error" })
        object:close()
        assert.is_false(ok)
        assert.equal(1, e.descriptors)
    end)
end)
