local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local file = require "emilua.file"
local files = require "spec.file_helper"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local this_fiber = emilua.this_fiber
local closing, path = files.closing, files.path

helper.install()

local classes = { ["file.stream"] = file.stream, ["file.random_access"] = file.random_access }

-- open(2)'s numbers, for masks.
local O_WRONLY, O_RDWR, O_CREAT, O_TRUNC = 1, 2, 64, 512

for name, class in pairs(classes) do
    local function new() return files.keep(class.new()) end

    local function open(flags, which)
        local object = new()
        object:open(path(which), flags)
        return object
    end

    describe(name .. ".new", function()
        it("gives a closed object of the class", closing(function()
            local object = new()
            assert.equal(name, getmetatable(object))
            assert.is_false(object.is_open)
        end))
    end)

    describe(name .. ":open", function()
        it("takes a list of names of flags", closing(function()
            open{ "create", "write_only" }:close()
            assert.equal("", files.content())
            files.fill("file", "text")
            assert.equal(4, open{ "read_only" }.size)
            assert.equal(4, open{ "read_write" }.size)
            assert.equal(4, open{}.size)
            assert.equal(0, open{ "write_only", "truncate" }.size)
        end))

        it("takes the bits of open(2)", closing(function()
            local bits = require "bit"
            open(bits.bor(O_CREAT, O_RDWR)):close()
            files.fill("file", "text")
            assert.equal(4, open(0).size)
            assert.equal(0, open(bits.bor(O_WRONLY, O_TRUNC)).size)
        end))

        it("creates files with mode 0777 less the umask", closing(function()
            open{ "create", "write_only" }
            local umask = tonumber((helper.shell("umask")), 8)
            local bits = require "bit"
            local mode = helper.shell("stat -c %a " .. files.name())
            assert.equal(bits.band(tonumber("777", 8), bits.bnot(umask)), tonumber(mode, 8))
        end))

        it("refuses with exclusive a file that is there", closing(function()
            open({ "create", "exclusive", "write_only" }, "new"):close()
            helper.raises("system", "EEXIST", function() open({ "create", "exclusive", "write_only" }, "new") end)
        end))

        it("with append writes to the end", closing(function()
            files.fill("file", "one")
            local object = open{ "append", "write_only" }
            if class == file.stream then
                object:write_some(byte_span.append("two"))
            else
                object:write_some_at(0, byte_span.append("two"))
            end
            assert.equal("onetwo", files.content())
        end))

        it("takes sync_all_on_write", closing(function()
            assert.is_true(open{ "create", "sync_all_on_write", "write_only" }.is_open)
        end))

        it("raises the system's error without path1", closing(function()
            local object = new()
            local e = helper.raises("system", "ENOENT", function() object:open(path("absent"), { "read_only" }) end)
            assert.is_nil(rawget(e, "path1"))
            helper.raises("system", "EISDIR", function() object:open(path("."), { "write_only" }) end)
            assert.is_false(object.is_open)
        end))

        it("raises already_open on an open object, and keeps its file", closing(function()
            files.fill("file", "text")
            local object = open{ "read_only" }
            helper.raises("asio.misc", "already_open", function() object:open(path("absent"), { "read_only" }) end)
            assert.equal(4, object.size)
        end))

        it("takes a path, no string", closing(function()
            local object = new()
            for _, value in ipairs{ files.name(), 1, {}, byte_span.new(1) } do
                helper.EINVAL(function() object:open(value, { "read_only" }) end, 2)
            end
        end))

        it("refuses unknown flags, two modes of access, and other types", closing(function()
            local object = new()
            for _, flags in ipairs{ { "read" }, { "read_only", 1 }, { "read_only", "write_only" }, -1, 0.5, 2 ^ 40 } do
                helper.EINVAL(function() object:open(path(), flags) end, 3)
            end
            tcp.wrong_argument(function() object:open(path()) end, 3)
            tcp.wrong_argument(function() object:open(path(), "read_only") end, 3)
            assert.is_false(object.is_open)
        end))

        it("is synchronous: allowed where suspension is forbidden", closing(function()
            this_fiber.forbid_suspend()
            local object = open{ "create", "read_write" }
            object:resize(3)
            assert.equal(3, object.size)
            object:close()
            this_fiber.allow_suspend()
        end))

        it("closes the descriptor at exec", closing(function()
            files.fill("file", "")
            open{ "read_only" }
            assert.is_nil((helper.shell("ls -l /proc/self/fd")):find(files.name(), 1, true))
        end))
    end)

    describe(name .. ":close", function()
        it("closes the file; a second one is fine", closing(function()
            local object = open{ "create", "write_only" }
            object:close()
            assert.is_false(object.is_open)
            object:close()
            object:open(path(), { "read_only" })
            assert.is_true(object.is_open)
        end))

        it("happens to an object that nobody holds any more", closing(function()
            open{ "create", "write_only" }
        end))
    end)

    describe(name .. ".size and resize", function()
        it("grow with zeros and shrink", closing(function()
            files.fill("file", "text")
            local object = open{ "read_write" }
            object:resize(6)
            assert.equal(6, object.size)
            assert.equal("text\0\0", files.content())
            object:resize(1)
            assert.equal("t", files.content())
        end))

        it("count beyond 4 GiB", closing(function()
            local object = open{ "create", "read_write" }
            object:resize(2 ^ 33 + 1)
            assert.equal(2 ^ 33 + 1, object.size)
        end))

        it("raise EBADF on a closed object", closing(function()
            local object = new()
            helper.raises("system", "EBADF", function() return object.size end)
            helper.raises("system", "EBADF", function() object:resize(1) end)
        end))

        it("refuse what is no size", closing(function()
            local object = open{ "create", "read_write" }
            tcp.wrong_argument(function() object:resize() end, 2)
            tcp.wrong_argument(function() object:resize("1k") end, 2)
            for _, n in ipairs{ -1, 0 / 0, 2 ^ 63 } do
                helper.raises("system", "EINVAL", function() object:resize(n) end)
            end
        end))
    end)

    describe(name, function()
        it("refuses a wrong self in every method", closing(function()
            local object = open{ "create", "read_write" }
            for method, arguments in pairs{
                open = { path(), { "read_only" } }, close = {}, cancel = {}, resize = { 1 }, sync_all = {},
                sync_data = {}, lock = {}, lock_shared = {}, try_lock = {}, try_lock_shared = {}, unlock = {},
                read_some = { byte_span.new(1) }, write_some = { byte_span.new(1) }, seek = { 0, "set" },
                read_some_at = { 0, byte_span.new(1) }, write_some_at = { 0, byte_span.new(1) },
            } do
                local has, f = pcall(function() return object[method] end)
                if has then
                    tcp.check_wrong_self(object, method, unpack(arguments))
                    local other = name == "file.stream" and file.random_access or file.stream
                    helper.EINVAL(function() f(other.new(), unpack(arguments)) end, 1)
                end
            end
        end))

        it("raises bad_index for an unknown key, and cannot be written to", closing(function()
            local object = new()
            helper.raises("emilua.core", "bad_index", function() return object.no_such_field end, { index = 2 })
            assert.is_false(pcall(function() object.field = 1 end))
        end))
    end)
end

describe("file", function()
    it("is a plain table", function()
        assert.is_nil(file.no_such_field)
    end)
end)
