local file = require "emilua.file"
require "spec.file_helper"
local helper = require "spec.helper"

helper.install()

-- A child that copies a text through a file, by whatever back-end it gets.
local ROUND = [[
local emilua, file = require "emilua", require "emilua.file"
local path = require("emilua.filesystem").path.new
local stream = require "emilua.stream"
local name = os.tmpname()
local function round()
    emilua.run(function()
        local f = file.stream.new()
        f:open(path(name), { "read_write", "truncate" })
        stream.write_all(f, "hello")
        f:sync_all()
        f:seek(0, "set")
        local bs = emilua.byte_span.new(5)
        stream.read_all(f, bs)
        io.write(file.backend(), " ", tostring(bs), "\n")
        f:close()
    end)
end
]]

-- Refuses a system call by seccomp(2).
local REFUSE = [[
local ffi = require "ffi"
ffi.cdef "int prctl(int, ...); int *__errno_location(void);"
local function refuse(number, errno)
    local filter = ffi.new("struct { uint16_t code; uint8_t jt, jf; uint32_t k; }[4]", {
        { 0x20, 0, 0, 0 }, { 0x15, 0, 1, number }, { 0x06, 0, 0, 0x50000 + errno }, { 0x06, 0, 0, 0x7fff0000 } })
    local program = ffi.new("struct { uint16_t n; void *filter; }", { 4, filter })
    assert(ffi.C.prctl(38, 1LL, 0LL, 0LL, 0LL) == 0)
    assert(ffi.C.prctl(22, 2LL, ffi.cast("void *", program), 0LL, 0LL) == 0)
end
]]

local IO_URING_SETUP, IO_URING_ENTER, PREADV2, PWRITEV2 = 425, 426, 327, 328
local EPERM, ENOSYS = 1, 38

describe("file.backend", function()
    it("tells how operations are performed, and sets it", function()
        local before = file.backend()
        assert.equal("pool", file.backend("pool"))
        assert.equal("pool", file.backend())
        assert.equal(before, file.backend(before))
        helper.EINVAL(function() file.backend("threads") end, 1)
    end)

    it("is io_uring where the kernel has it", function()
        local output, status = helper.child(ROUND .. "round() os.remove(name)")
        assert.equal("io_uring hello\n", output)
        assert.equal(0, status)
    end)

    it("is the pool where io_uring is forbidden, and setting it raises the reason", function()
        local output = helper.child(ROUND .. REFUSE .. ("refuse(%d, %d)\n"):format(IO_URING_SETUP, EPERM)
            .. "round() os.remove(name) print(pcall(file.backend, 'io_uring'))")
        assert.equal("pool hello\nfalse\tOperation not permitted\n", output)
    end)

    it("is the pool where there is no descriptor left for a ring", function()
        local output = helper.child([[
            local filesystem = require "emilua.filesystem"
            local emilua, file = require "emilua", require "emilua.file"
            emilua.run(function()
                local files = {}
                local ok, e
                repeat
                    local f = file.stream.new()
                    ok, e = pcall(f.open, f, filesystem.path.new("/dev/null"), { "write_only" })
                    files[#files + 1] = f
                until not ok
                print(e, files[1]:write_some(emilua.byte_span.append("x")), file.backend())
            end)]], { before = "ulimit -n 40;" })
        assert.equal("Too many open files\t1\tpool\n", output)
    end)

    it("changes to the pool when io_uring is forbidden after it was used", function()
        local output = helper.child(ROUND .. REFUSE .. "round()\n"
            .. ("refuse(%d, %d)\n"):format(IO_URING_ENTER, ENOSYS) .. "round() os.remove(name)")
        assert.equal("io_uring hello\npool hello\n", output)
    end)

    it("does without the transfers that never wait", function()
        for _, name in ipairs{ "io_uring", "pool" } do
            local output = helper.child(ROUND .. REFUSE .. ("refuse(%d, %d) refuse(%d, %d) file.backend('%s')\n")
                :format(PREADV2, ENOSYS, PWRITEV2, ENOSYS, name) .. "round() os.remove(name)")
            assert.equal(name .. " hello\n", output)
        end
    end)
end)

-- Operations that are under way while their VM ends: in a state of its own, closed at the end of the process.
describe("the end of a VM", function()
    local PENDING = [[
        local emilua, file = require "emilua", require "emilua.file"
        local name = os.tmpname()
        os.remove(name)
        os.execute("mkfifo " .. name)
        file.backend(arg[1])
        local f = file.stream.new()
        local g = file.random_access.new()
        emilua.run(function()
            f:open(require("emilua.filesystem").path.new(name), { "read_write" })
            os.remove(name)
            for _ = 1, 3 do
                emilua.spawn(function() f:read_some(emilua.byte_span.new(2 ^ 20)) end)
            end
            emilua.this_fiber.yield()
            emilua.this_fiber.yield()
            END
        end)
    ]]

    for _, name in ipairs{ "io_uring", "pool" } do
        it("ends what is under way: by an error of main, by " .. name, function()
            local output = helper.child(PENDING:gsub("END", "error('the end')"), { args = { name } })
            assert.truthy(output:find("the end", 1, true))
        end)

        it("ends what is under way: by os.exit, by " .. name, function()
            local _, status = helper.child(PENDING:gsub("END", "os.exit(3, true)"), { args = { name } })
            assert.equal(3, status)
        end)

        it("is no end of the objects: the next run uses them, by " .. name, function()
            local output = helper.child("pcall(function() " .. PENDING:gsub("END", "error('the end')") .. " end)" .. [[
                local emilua, file = require "emilua", require "emilua.file"
                collectgarbage()
                emilua.run(function()
                    local f = file.stream.new()
                    f:open(require("emilua.filesystem").path.new("/proc/self/comm"), { "read_only" })
                    print(f:read_some(emilua.byte_span.new(16)) > 0)
                end)]], { args = { name } })
            assert.equal("true\n", output)
        end)
    end
end)

describe("a full disk", function()
    for _, name in ipairs{ "io_uring", "pool" } do
        it("is ENOSPC after what had room was written, by " .. name, function()
            local directory = os.tmpname()
            os.remove(directory)
            os.execute("mkdir " .. directory)
            local inside = ("mount -t tmpfs -o size=256k none %s && exec %s \"$@\""):format(directory,
                helper.interpreter)
            local output = helper.child([[
                local emilua, file = require "emilua", require "emilua.file"
                file.backend(arg[1])
                emilua.run(function()
                    local f = file.stream.new()
                    f:open(require("emilua.filesystem").path.new(arg[2] .. "/f"), { "create", "read_write" })
                    local bs, written = emilua.byte_span.new(100000), 0
                    local ok, e
                    repeat
                        local n
                        ok, n = pcall(f.write_some, f, bs)
                        if ok then written = written + n else e = n end
                    until not ok
                    print(e, written, f:seek(0, "cur"), f.size)
                    f:resize(0)
                    f:seek(0, "set")
                    print(f:write_some(bs:first(10)))
                end)]], {
                args = { name, directory },
                interpreter = "unshare -rm sh -c " .. helper.quote(inside) .. " sh",
            })
            os.remove(directory)
            assert.equal("No space left on device\t262144\t262144\t262144\n10\n", output)
        end)
    end
end)
