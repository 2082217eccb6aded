local environment = require "spec.environment"
local filesystem = require "emilua.filesystem"
local fs_helper = require "spec.fs_helper"
local helper = require "spec.helper"
local pipe = require "emilua.pipe"

local at, fails, read, shell, write = fs_helper.at, fs_helper.fails, fs_helper.read, fs_helper.shell, fs_helper.write
local open = filesystem.open

helper.install()
fs_helper.install()

-- Flags of an open descriptor, octal, as the kernel tells them.
local function flags_of(fd)
    local number = tostring(fd):match "%d+$"
    return tonumber(helper.shell(("sed -n 's/^flags:\\t//p' /proc/%s/fdinfo/%s"):format(helper.pid(), number)), 8)
end

local function has(fd, bit) return math.floor(flags_of(fd) / bit) % 2 == 1 end

local CLOEXEC, APPEND, SYNC, PATH = 0x80000, 0x400, 0x101000, 0x200000

describe("filesystem.open", function()
    it("gives a file_descriptor that is closed on exec", function()
        write "f"
        local fd = open(at "f", { "read_only" })
        assert.equal("file_descriptor", getmetatable(fd))
        assert.equal("regular", fd.type)
        assert.is_true(has(fd, CLOEXEC))
        fd:close()
    end)

    it("opens for reading and writing", helper.fiber(function()
        write("f", "text")
        local emilua = require "emilua"
        local stream = pipe.read_stream.new(open(at "f", { "read_only" }))
        local buffer = emilua.byte_span.new(10)
        assert.equal("text", tostring(buffer:first(stream:read_some(buffer))))
        stream:close()
        local out = pipe.write_stream.new(open(at "f", { "write_only", "truncate" }))
        assert.equal(3, out:write_some(emilua.byte_span.append "new"))
        out:close()
        assert.equal("new", read "f")
        out = pipe.write_stream.new(open(at "f", { "read_write", "append" }))
        out:write_some(emilua.byte_span.append "er")
        out:close()
        assert.equal("newer", read "f")
    end))

    it("creates with a mode, 0666 less the umask by default", function()
        local mask = filesystem.umask(18)
        open(at "a", { "write_only", "create" }):close()
        open(at "b", { "write_only", "create", "exclusive" }, filesystem.mode(6, 0, 0)):close()
        filesystem.umask(mask)
        assert.equal("644\n600", shell "stat -c %a a b")
        fails("EEXIST", function() open(at "a", { "write_only", "create", "exclusive" }) end, at "a", nil, "system")
    end)

    it("sets append, sync_all_on_write and path", function()
        for name, bit in pairs { append = APPEND, sync_all_on_write = SYNC, path = PATH } do
            write "f"
            local fd = open(at "f", { name == "path" and "read_only" or "write_only", name })
            assert.is_true(has(fd, bit), name)
            fd:close()
        end
    end)

    it("may ask for a directory, and refuse links", function()
        shell "mkdir d; touch f; ln -s f l"
        local fd = open(at "d", { "directory" })
        assert.equal("directory", fd.type)
        fd:close()
        fails("ENOTDIR", function() open(at "f", { "directory" }) end, at "f", nil, "system")
        fails("ELOOP", function() open(at "l", { "read_only", "no_follow" }) end, at "l", nil, "system")
    end)

    it("makes a file without a name", function()
        local ok, fd = pcall(open, at ".", { "read_write", "temporary" }, 384)
        environment.need("O_TMPFILE", ok)
        assert.equal("regular", fd.type)
        assert.equal("", shell "ls -A")
        fd:close()
    end)

    it("raises errors of the system with the path", function()
        fails("ENOENT", function() open(at "no", { "read_only" }) end, at "no", nil, "system")
    end)

    it("raises EINVAL for wrong arguments", function()
        fs_helper.refuses_others { open = 1 }
        for _, wrong in ipairs { "read_only", 1, {}, false } do
            if wrong and type(wrong) ~= "table" then helper.EINVAL(function() open(at "f", wrong) end, 2) end
        end
        for _, wrong in ipairs { "reading", "resolve_beneath", 1 } do
            helper.EINVAL(function() open(at "f", { wrong }) end, 2)
        end
        helper.EINVAL(function() open(at "f", { "read_only", "write_only" }) end, 2)
        helper.argument_error(function() open(at "f", { "read_only" }, "644") end, 3)
    end)
end)

describe("filesystem.current_working_directory of a descriptor", function()
    it("enters that directory, whatever its name is by now", function()
        shell "mkdir d"
        local before = filesystem.current_working_directory()
        local fd = open(at "d", { "directory", "path" })
        shell "mv d e"
        filesystem.current_working_directory(fd)
        assert.equal(shell "realpath e", tostring(filesystem.current_working_directory()))
        filesystem.current_working_directory(before)
        fd:close()
    end)

    it("raises errors", function()
        write "f"
        local fd = open(at "f", { "read_only" })
        helper.raises("generic", "ENOTDIR", function() filesystem.current_working_directory(fd) end)
        fd:close()
        helper.EINVAL(function() filesystem.current_working_directory(fd) end, 1)
    end)
end)
