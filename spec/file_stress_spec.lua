local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local file = require "emilua.file"
local files = require "spec.file_helper"
local helper = require "spec.helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local closing = files.closing

helper.install()

math.randomseed(tonumber(os.getenv("EMILUA_SEED")) or 1)

-- A text of which every piece says where it is from.
local function numbered(n)
    local lines = {}
    for i = 1, n do lines[i] = ("%07d\n"):format(i) end
    return table.concat(lines)
end

-- Throws a file out of the page cache.
local function drop_cache(name)
    os.execute("dd of=" .. files.name(name) .. " oflag=nocache conv=notrunc,fdatasync count=0 status=none")
end

-- Calls f() in a fiber that is interrupted after a random number of turns; its result, or nil when it was interrupted.
local function interrupted(f)
    local result
    local fiber = spawn(function() result = f() end)
    for _ = 1, math.random(0, 3) do this_fiber.yield() end
    fiber:interrupt()
    fiber:join()
    return result
end

files.by_each(describe, "10,000 random interruptions", function()
    it("of reads lose nothing, and the position is exact", closing(function()
        local text = numbered(50000)
        local object = files.stream(text, { "read_only" })
        local fifo = files.fifo()
        local parts, at, count = {}, 0, 0
        local bs = byte_span.new(64)
        while count < 2500 do
            if count % 500 == 0 then drop_cache() end
            local n = interrupted(function() return object:read_some(bs) end)
            count = count + 1
            if n then
                parts[#parts + 1] = tostring(bs:first(n))
                at = at + n
            end
            assert.equal(at, object:seek(0, "cur"))
            -- From a FIFO, where the kernel has to wait.
            if count % 10 == 0 then
                local got = interrupted(function() return files.read(fifo, 1) end)
                assert.is_nil(got)
            end
        end
        local read = table.concat(parts)
        assert.is_true(read == text:sub(1, #read))
    end))

    it("of writes either write or do not, and the position is exact", closing(function()
        local object = files.stream("")
        local expected, at = {}, 0
        for i = 1, 2500 do
            local line = byte_span.append(("%07d\n"):format(i))
            local n = interrupted(function() return object:write_some(line) end)
            if n then
                expected[#expected + 1] = tostring(line:first(n))
                at = at + n
            end
            assert.equal(at, object:seek(0, "cur"))
        end
        assert.is_true(files.content() == table.concat(expected))
    end))

    it("of data that comes through a FIFO lose no byte", closing(function()
        local reader, writer = files.fifo(), files.fifo()
        local got = {}
        local n = 0
        while n < 1000 do
            local bs = byte_span.new(1)
            local fiber = spawn(function()
                local read = reader:read_some(bs)
                if read == 1 then
                    got[#got + 1] = tostring(bs)
                    n = n + 1
                end
            end)
            if math.random(2) == 1 then this_fiber.yield() end
            local sent = n % 10
            if #got % 2 == math.random(0, 1) then
                writer:write_some(byte_span.append(tostring(sent)))
                fiber:interrupt()
                fiber:join()
                -- What was not read then is there now.
                if fiber.interruption_caught then
                    assert.equal(1, reader:read_some(bs))
                    got[#got + 1] = tostring(bs)
                    n = n + 1
                end
            else
                fiber:interrupt()
                fiber:join()
                assert.is_true(fiber.interruption_caught)
            end
        end
        assert.equal(("0123456789"):rep(100), table.concat(got))
    end))

    it("of many at once leave every buffer with its own bytes", closing(function()
        local text = numbered(20000)
        local object = files.random_access(text, { "read_only" })
        local fibers = {}
        for round = 1, 5 do
            drop_cache()
            for i = 1, 100 do
                fibers[i] = spawn(function()
                    for _ = 1, 5 do
                        local line = math.random(0, 19999)
                        local bs = byte_span.new(8)
                        assert.equal(8, object:read_some_at(line * 8, bs))
                        assert.equal(("%07d\n"):format(line + 1), tostring(bs))
                    end
                end)
            end
            this_fiber.yield()
            for i = 1, 100, 2 do fibers[i]:interrupt() end
            collectgarbage()
            for i = 1, 100 do fibers[i]:join() end
            assert.is_true(round > 0)
        end
    end))

    it("of the object's end leave nothing under way", closing(function()
        for _ = 1, 200 do
            local object = files.fifo(file.stream)
            local fibers = {}
            for i = 1, 3 do
                fibers[i] = spawn(function() pcall(object.read_some, object, byte_span.new(4096)) end)
            end
            for _ = 1, math.random(0, 2) do this_fiber.yield() end
            local ending = math.random(3)
            if ending == 1 then object:close() elseif ending == 2 then object:release():close() else object:cancel() end
            collectgarbage("step")
            for i = 1, 3 do
                fibers[i]:interrupt()
                fibers[i]:join()
            end
        end
    end))
end)
