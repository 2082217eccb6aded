-- What the specs of files share: a directory, objects that are closed at the end of the test, and both back-ends.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local file = require "emilua.file"
local filesystem = require "emilua.filesystem"
local helper = require "spec.helper"

local spawn = emilua.spawn

local files = {}

local opened, directory = {}, nil

-- The ring lives as long as the VM: its descriptors are there before the first test counts.
file.backend()

--- The name of a file in the directory of the test.
function files.name(name)
    return directory .. "/" .. (name or "file")
end

--- A `filesystem.path` of a file in the directory of the test.
function files.path(name)
    return filesystem.path.new(files.name(name))
end

--- Closes `object` at the end of the test; returns it.
function files.keep(object)
    opened[#opened + 1] = object
    return object
end

--- An `it` body that is the main fiber of a run, has a directory and closes what was kept.
function files.closing(f)
    return function()
        directory = os.tmpname()
        os.remove(directory)
        assert(os.execute("mkdir " .. directory) == 0)
        opened = {}
        local ok, e = pcall(helper.run, function()
            local ok, e = pcall(f)
            for _, object in ipairs(opened) do object:close() end
            if not ok then error(e, 0) end
        end)
        os.execute("rm -rf " .. directory)
        if not ok then error(e, 0) end
    end
end

--- Runs `describe(text, ...)` for each back-end.
function files.by_each(describe, text, f)
    for _, name in ipairs{ "io_uring", "pool" } do
        describe(text .. ", by " .. name, function()
            local environment = getfenv(f)
            local before = file.backend()
            environment.before_each(function() file.backend(name) end)
            environment.after_each(function() file.backend(before) end)
            f()
        end)
    end
end

--- Puts `text` into a file of the directory of the test.
function files.fill(name, text)
    local handle = assert(io.open(files.name(name), "wb"))
    handle:write(text)
    handle:close()
end

--- What a file of the directory of the test holds.
function files.content(name)
    local handle = assert(io.open(files.name(name), "rb"))
    local text = handle:read("*a")
    handle:close()
    return text
end

local function open(class, name, flags)
    local object = files.keep(class.new())
    object:open(files.path(name), flags or { "read_write", "create" })
    return object
end

--- An open `file.stream` on a file that holds `text`.
function files.stream(text, flags, name)
    if text then files.fill(name or "file", text) end
    return open(file.stream, name, flags)
end

--- An open `file.random_access` on a file that holds `text`.
function files.random_access(text, flags, name)
    if text then files.fill(name or "file", text) end
    return open(file.random_access, name, flags)
end

--- A `file.stream` on a FIFO: reading it waits until something is written.
function files.fifo(class)
    assert(os.execute("test -p " .. files.name("fifo") .. " || mkfifo " .. files.name("fifo")) == 0)
    return open(class or file.stream, "fifo", { "read_write" })
end

--- A fiber that runs `f` and waits in it.
function files.waiting(f)
    local fiber = spawn(f)
    helper.turns(2)
    return fiber
end

--- Reads up to `n` bytes of a stream, as a text.
function files.read(stream, n)
    local bs = byte_span.new(n)
    return tostring(bs:first(stream:read_some(bs)))
end

return files
