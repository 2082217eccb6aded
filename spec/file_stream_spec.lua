local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local file = require "emilua.file"
local stream = require "emilua.stream"
local files = require "spec.file_helper"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local closing, read = files.closing, files.read

helper.install()

files.by_each(describe, "file.stream", function()
    describe(":read_some", function()
        it("reads from the current position, which advances", closing(function()
            local object = files.stream("abcdef")
            assert.equal("abcd", read(object, 4))
            assert.equal("ef", read(object, 4))
        end))

        it("uses the length of the span, not its capacity", closing(function()
            local object = files.stream("abcdef")
            local block = byte_span.append("........")
            assert.equal(2, object:read_some(block:slice(2, 3)))
            assert.equal(".ab.....", tostring(block))
        end))

        it("raises eof at the end, again and again", closing(function()
            local object = files.stream("x")
            assert.equal("x", read(object, 4))
            for _ = 1, 3 do helper.raises("asio.misc", "eof", function() read(object, 4) end) end
        end))

        it("goes on where a file has grown", closing(function()
            local object = files.stream("one")
            assert.equal("one", read(object, 8))
            files.fill("file", "onetwo")
            assert.equal("two", read(object, 8))
        end))

        it("ends early in a file that is truncated", closing(function()
            local object = files.stream(("x"):rep(100))
            assert.equal(10, #read(object, 10))
            files.fill("file", ("x"):rep(15))
            assert.equal(5, #read(object, 10))
            files.fill("file", "")
            helper.raises("asio.misc", "eof", function() read(object, 10) end)
        end))

        it("reads what the page cache does not hold", closing(function()
            local text = {}
            for i = 1, 100000 do text[i] = ("%07d\n"):format(i) end
            text = table.concat(text)
            local object = files.stream(text)
            object:sync_all()
            os.execute("dd of=" .. files.name() .. " oflag=nocache conv=notrunc,fdatasync count=0 status=none")
            local parts = {}
            local bs = byte_span.new(65536)
            while true do
                local ok, n = pcall(object.read_some, object, bs)
                if not ok then
                    helper.is_error(n, "asio.misc", "eof")
                    break
                end
                parts[#parts + 1] = tostring(bs:first(n))
            end
            assert.is_true(table.concat(parts) == text)
        end))

        it("reads files that the kernel makes up", closing(function()
            local object = files.keep(file.stream.new())
            object:open(files.path("../../proc/self/comm"), { "read_only" })
            assert.truthy(read(object, 64):find("^luajit"))
        end))
    end)

    describe(":write_some", function()
        it("writes at the current position, which advances", closing(function()
            local object = files.stream("abcdef")
            assert.equal(2, object:write_some(byte_span.append("AB")))
            assert.equal("cd", read(object, 2))
            assert.equal(3, object:write_some(byte_span.append("EFG")))
            assert.equal("ABcdEFG", files.content())
        end))

        it("with append moves the position to the end", closing(function()
            local object = files.stream("one", { "append", "read_write" })
            object:write_some(byte_span.append("two"))
            assert.equal(6, object:seek(0, "cur"))
        end))

        it("raises ENOSPC where there is no room", closing(function()
            local object = files.keep(file.stream.new())
            object:open(files.path("../../dev/full"), { "write_only" })
            helper.raises("system", "ENOSPC", function() object:write_some(byte_span.new(1)) end)
        end))

        it("raises EBADF on a file that is not open for it", closing(function()
            local writer = files.stream("", { "write_only" })
            helper.raises("system", "EBADF", function() read(writer, 1) end)
            local reader = files.stream(nil, { "read_only" })
            helper.raises("system", "EBADF", function() reader:write_some(byte_span.new(1)) end)
        end))
    end)

    describe(":read_some and write_some", function()
        it("return 0 for an empty span at once, also at the end", closing(function()
            local object = files.stream("")
            assert.equal(0, object:read_some(byte_span.new(0)))
            assert.equal(0, object:write_some(byte_span.new(0)))
        end))

        it("raise EBADF on a closed object", closing(function()
            local object = file.stream.new()
            for _, size in ipairs{ 0, 1 } do
                helper.raises("system", "EBADF", function() object:read_some(byte_span.new(size)) end)
                helper.raises("system", "EBADF", function() object:write_some(byte_span.new(size)) end)
            end
        end))

        it("take a span, no string", closing(function()
            local object = files.stream("text")
            for _, value in ipairs{ "text", 1, {} } do
                helper.EINVAL(function() object:read_some(value) end, 2)
                helper.EINVAL(function() object:write_some(value) end, 2)
            end
            helper.EINVAL(function() object:read_some() end, 2)
        end))

        it("suspend, and are interruption points", closing(function()
            local object = files.stream("text")
            for _, name in ipairs{ "read_some", "write_some", "sync_all", "sync_data", "lock", "lock_shared" } do
                local function call() object[name](object, byte_span.new(1)) end
                this_fiber.forbid_suspend()
                helper.raises("emilua.core", "forbid_suspend_block", call)
                this_fiber.allow_suspend()
                assert.is_true(tcp.interruption_caught(call))
            end
            assert.equal(0, object:seek(0, "cur"))
        end))

        it("of several fibers go one after the other, in the order of their start", closing(function()
            local object, order = files.fifo(), {}
            local fibers = {}
            for i = 1, 3 do
                fibers[i] = files.waiting(function() order[i] = read(object, 1) end)
            end
            os.execute("printf abc > " .. files.name("fifo"))
            for i = 1, 3 do fibers[i]:join() end
            assert.equal("abc", table.concat(order))
        end))

        it("of many fibers share one position", closing(function()
            local object = files.stream("")
            local fibers = {}
            for i = 1, 100 do
                fibers[i] = spawn(function() stream.write_all(object, ("%03d\n"):format(i)) end)
            end
            for i = 1, 100 do fibers[i]:join() end
            assert.equal(400, object:seek(0, "cur"))
            local seen = {}
            for line in files.content():gmatch("%d+\n") do seen[line] = true end
            for i = 1, 100 do assert.is_true(seen[("%03d\n"):format(i)]) end
        end))

        it("let other fibers run while they wait", closing(function()
            local object = files.fifo()
            local reader = files.waiting(function() return read(object, 8) end)
            files.stream(nil, { "write_only" }, "fifo"):write_some(byte_span.append("done"))
            assert.equal("done", reader:join())
        end))
    end)

    describe(":seek", function()
        it("moves the position and returns it, counted from 0", closing(function()
            local object = files.stream("abcdef")
            assert.equal(2, object:seek(2, "set"))
            assert.equal("c", read(object, 1))
            assert.equal(4, object:seek(1, "cur"))
            assert.equal(1, object:seek(-3, "cur"))
            assert.equal(5, object:seek(-1, "end"))
            assert.equal("f", read(object, 9))
            assert.equal(2 ^ 40, object:seek(2 ^ 40, "set"))
            helper.raises("asio.misc", "eof", function() read(object, 1) end)
        end))

        it("requires both parameters", closing(function()
            local object = files.stream("abcdef")
            tcp.wrong_argument(function() object:seek() end, 2)
            tcp.wrong_argument(function() object:seek("a", "set") end, 2)
            tcp.wrong_argument(function() object:seek(0) end, 3)
            tcp.wrong_argument(function() object:seek(0, 1) end, 3)
        end))

        it("raises EINVAL for an unknown whence, and before the start", closing(function()
            local object = files.stream("abcdef")
            helper.EINVAL(function() object:seek(0, "start") end)
            helper.raises("system", "EINVAL", function() object:seek(-1, "set") end)
            helper.raises("system", "EINVAL", function() object:seek(-7, "end") end)
            helper.raises("system", "EBADF", function() file.stream.new():seek(0, "set") end)
            helper.raises("system", "ESPIPE", function() files.fifo():seek(0, "set") end)
        end))
    end)

    describe(":sync_all and sync_data", function()
        it("return nothing", closing(function()
            local object = files.stream("text")
            assert.equal(0, select("#", object:sync_all()))
            assert.equal(0, select("#", object:sync_data()))
        end))

        it("raise the system's error", closing(function()
            helper.raises("system", "EBADF", function() file.stream.new():sync_all() end)
            helper.raises("system", "EINVAL", function() files.fifo():sync_data() end)
        end))
    end)

    describe(":cancel and close", function()
        local function check(method)
            return closing(function()
                local object = files.fifo()
                local fibers = {}
                for i = 1, 3 do
                    fibers[i] = files.waiting(function()
                        helper.raises("system", "ECANCELED", function() read(object, 1) end)
                        return true
                    end)
                end
                object[method](object)
                for i = 1, 3 do assert.is_true(fibers[i]:join()) end
            end)
        end

        it("end pending operations with ECANCELED: cancel", check("cancel"))
        it("end pending operations with ECANCELED: close", check("close"))

        it("leave the object usable after cancel", closing(function()
            local object = files.fifo()
            object:cancel()
            local reader = files.waiting(function() pcall(read, object, 1) end)
            object:cancel()
            reader:join()
            object:write_some(byte_span.append("x"))
            assert.equal("x", read(object, 1))
        end))

        it("raise EBADF when closed: cancel", closing(function()
            helper.raises("system", "EBADF", function() file.stream.new():cancel() end)
        end))
    end)

    describe("an interruption", function()
        it("ends a wait, and loses nothing", closing(function()
            local object = files.fifo()
            local reader = files.waiting(function() read(object, 1) end)
            reader:interrupt()
            reader:join()
            assert.is_true(reader.interruption_caught)
            object:write_some(byte_span.append("x"))
            assert.equal("x", read(object, 1))
        end))

        it("ends a wait for the turn, and leaves the others", closing(function()
            local object = files.fifo()
            local first = files.waiting(function() return read(object, 1) end)
            local second = files.waiting(function() read(object, 1) end)
            local third = files.waiting(function() return read(object, 1) end)
            second:interrupt()
            second:join()
            assert.is_true(second.interruption_caught)
            os.execute("printf ab > " .. files.name("fifo"))
            assert.equal("ab", first:join() .. third:join())
        end))

        it("that is disabled waits for the outcome", closing(function()
            local object = files.fifo()
            local reader = files.waiting(function()
                this_fiber.disable_interruption()
                local text = read(object, 1)
                this_fiber.restore_interruption()
                return text
            end)
            reader:interrupt()
            helper.turns(3)
            os.execute("printf a > " .. files.name("fifo"))
            assert.equal("a", reader:join())
        end))

        it("together with cancel is an interruption", closing(function()
            local object = files.fifo()
            local reader = files.waiting(function() read(object, 1) end)
            reader:interrupt()
            object:cancel()
            reader:join()
            assert.is_true(reader.interruption_caught)
        end))
    end)
end)
