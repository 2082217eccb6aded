-- file.read_file and file.write_file.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local file = require "emilua.file"
local filesystem = require "emilua.filesystem"
local files = require "spec.file_helper"
local helper = require "spec.helper"

local closing = files.closing

helper.install()

-- Makes a file of four pages of which only the first is in memory.
local HALF = [[
    seq 1000 9999 2>&- | head -c 16384 | dd of=%s bs=4096 oflag=sync status=none
    dd of=%s bs=4096 seek=1 count=0 oflag=nocache conv=notrunc,fdatasync status=none; ]]

local function read(...) return tostring(file.read_file(...)) end

files.by_each(describe, "whole files", function()
    it("are read as they were written, of every size", closing(function()
        local path = files.path()
        for _, size in ipairs { 0, 1, 4095, 4096, 4097, 300000 } do
            local text = ("0123456789"):rep(size / 10 + 1):sub(1, size)
            assert.equal(size, file.write_file(path, text))
            assert.equal(size, file.write_file(path, byte_span.append(text)))
            assert.equal(text, read(path))
        end
        file.write_file(path, "shorter")
        assert.equal("shorter", read(path))
    end))

    it("are read to the end when only their beginning is in memory, all that one read gives", closing(function()
        local name = files.name()
        local output = helper.shell(HALF:format(name, name) .. "seq 1000 9999 2>&- | head -c 16384")
        assert.equal(output, read(files.path()))
    end))

    it("are read whose size is not known before", closing(function()
        assert.equal(io.open("/proc/self/environ"):read "*a", read(filesystem.path.new "/proc/self/environ"))
        os.execute("mkfifo " .. files.name "fifo" .. "; seq 20000 >" .. files.name "fifo" .. " &")
        assert.matches("^1\n2\n.*\n20000\n$", read(files.path "fifo"))
    end))
end)

describe("file.read_file", function()
    it("raises EMSGSIZE for more than the limit", closing(function()
        local path = files.path()
        file.write_file(path, "12345")
        assert.equal("12345", read(path, 5))
        for _, limit in ipairs { 4, 0 } do
            helper.raises("generic", "EMSGSIZE", function() file.read_file(path, limit) end)
        end
        helper.raises("generic", "EMSGSIZE", function() file.read_file(filesystem.path.new "/dev/zero", 100000) end)
        assert.equal("", read(filesystem.path.new "/dev/null", 0))
    end))

    it("raises the error of the system", closing(function()
        helper.raises("system", "ENOENT", function() file.read_file(files.path "nosuch") end)
        assert.equal(files.path "nosuch", select(2, pcall(file.read_file, files.path "nosuch")).path1)
        helper.raises("system", "EISDIR", function() file.read_file(filesystem.path.new "/") end)
    end))

    it("checks its arguments", closing(function()
        for _, path in ipairs { "/dev/null", 1, false } do helper.EINVAL(function() file.read_file(path) end, 1) end
        for _, limit in ipairs { "1", -1, 0.5, false } do
            helper.EINVAL(function() file.read_file(files.path(), limit) end, 2)
        end
    end))
end)

describe("file.write_file", function()
    it("creates what is there for all to read and write, less the umask", closing(function()
        file.write_file(files.path(), "")
        assert.equal(helper.shell("umask; stat -c %a " .. files.name()), "0022\n644\n")
    end))

    it("raises the error of the system", closing(function()
        helper.raises("system", "ENOSPC", function() file.write_file(filesystem.path.new "/dev/full", "text") end)
        helper.raises("system", "EISDIR", function() file.write_file(filesystem.path.new "/", "text") end)
    end))

    it("checks its arguments", closing(function()
        for _, path in ipairs { "/dev/null", 1, false } do
            helper.EINVAL(function() file.write_file(path, "") end, 1)
        end
        for _, data in ipairs { 1, false, {} } do
            helper.EINVAL(function() file.write_file(files.path(), data) end, 2)
        end
    end))
end)

describe("whole files: an interruption", function()
    it("ends the reading, and closes the file", closing(function()
        os.execute(("cd %s && mkfifo fifo; sleep 600 >fifo & echo $! >%s"):format(files.name "", files.name "pid"))
        local reader = files.waiting(function() file.read_file(files.path "fifo") end)
        reader:interrupt()
        reader:join()
        assert.is_true(reader.interruption_caught)
        os.execute("kill $(cat " .. files.name "pid" .. ")")
    end))

    it("that came before leaves the file alone", closing(function()
        local path = files.path()
        file.write_file(path, "text")
        local writer = emilua.spawn(function() file.write_file(path, "other") end)
        writer:interrupt()
        writer:join()
        assert.is_true(writer.interruption_caught)
        assert.equal("text", read(path))
    end))
end)
