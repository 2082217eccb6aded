-- What the specs of libc_service share: a program that makes the calls, masters that answer, and sandboxes in which the
-- C library itself could not.

local emilua = require "emilua"
local file = require "emilua.file"
local fs = require "emilua.filesystem"
local libc_service = require "emilua.libc_service"
local pipe = require "emilua.pipe"
local system = require "emilua.system"
local helper = require "spec.helper"
local assert = require "luassert"

local service = {}

--- The filter that gives the program the descriptor of a result -2.
service.GIVE = [[
    local open, path, flags, mode = ...
    local result, errno, fd = open(path, flags, mode)
    if result == -2 then return fd end
    return result, errno
]]

local built

--- The path of the program in spec/libc_calls.c, which is made once.
function service.calls()
    if not built then
        built = os.tmpname()
        -- The linker would keep the mode of a file that is there.
        os.remove(built)
        local text, status = helper.shell(("${CC:-cc} -O2 -Wall -o %s %sspec/libc_calls.c"):format(built, helper.root))
        assert.equal(0, status, text)
    end
    return built
end

--- Removes it.
function service.remove()
    if built then os.remove(built) end
    built = nil
end

--- A descriptor of a file with a text, which has no name any more.
function service.file_of(text)
    local path = helper.write_temporary(text)
    local stream = file.stream.new()
    stream:open(fs.path.new(path), { "read_write" })
    os.remove(path)
    return stream:release()
end

--- Answers the calls of a master until its slaves are gone: handlers by name get the master and the arguments. Others
-- are refused. Returns what was asked for, one text for a call.
function service.serve(master, handlers)
    local asked = {}
    while true do
        local ok, e = pcall(master.receive, master)
        if not ok and not master.is_open then return asked end
        if not ok then
            helper.is_error(e, "asio.misc", "eof")
            master:close()
            return asked
        end
        local name, words = master.function_, { master.function_ }
        local values = helper.pack(master:arguments())
        for i = 1, values.n do
            local value = values[i]
            if type(value) == "table" and getmetatable(value) == nil then value = table.concat(value, "+") end
            words[i + 1] = tostring(value)
        end
        asked[#asked + 1] = table.concat(words, " ")
        local handler = handlers[name]
        if type(handler) == "function" then
            handler(master, master:arguments())
        elseif handler ~= nil then
            master:send(handler)
        else
            master:send(name == "getaddrinfo" and "fail" or -1, helper.errno.EACCES)
        end
    end
end

--- A handler that gives a file with a text to the filter GIVE.
function service.giving(text)
    return function(master)
        local fd = service.file_of(text)
        master:send_with_fds(-2, { fd })
        fd:close()
    end
end

--- A descriptor that swallows what is written.
function service.null() return fs.open(fs.path.new "/dev/null", { "write_only" }) end

-- What the dynamic linker and the interpreters of scripts need.
local READABLE = { "/usr", "/lib", "/lib64", "/bin" }
local READ = { "execute", "read_file", "read_dir" }
local ALL = {
    "execute", "write_file", "read_file", "read_dir", "remove_dir", "remove_file", "make_char", "make_dir", "make_reg",
    "make_sock", "make_fifo", "make_block", "make_sym",
}

local function open_path(path)
    return fs.open(fs.path.new(path), { "path" })
end

--- A Landlock ruleset under which a program runs, but opens nothing else. `more` are paths it may read, too.
function service.ruleset(more)
    local ruleset = system.landlock_create_ruleset{ handled_access_fs = ALL }
    local paths = { helper.root .. "libemilua_libc_service.so" }
    for _, path in ipairs(READABLE) do paths[#paths + 1] = path end
    for _, path in ipairs(more or {}) do paths[#paths + 1] = path end
    for _, path in ipairs(paths) do
        local parent = open_path(path)
        local is_directory = parent.type == "directory"
        system.landlock_add_rule(ruleset, "path_beneath", {
            allowed_access = is_directory and READ or { "execute", "read_file" }, parent_fd = parent,
        })
        parent:close()
    end
    return ruleset
end

--- Runs a program, `{program, argument...}`, whose calls are answered by `handlers`. options: `filters` by name, and
-- those of spawn. Returns what it printed, its exit code, and what it asked for.
function service.run(words, handlers, options)
    local master, slave = libc_service.new()
    local environment = { PATH = "/usr/bin:/bin", LC_ALL = "C" }
    local settings = { program = words[1], arguments = words, environment = environment }
    local read, write = pipe.pair()
    settings.stdout = write:release()
    settings.stderr = settings.stdout
    settings.extra_fds = { [3] = slave }
    for name, value in pairs(options or {}) do settings[name] = value end
    for name, source in pairs(settings.filters or {}) do slave[name] = source end
    settings.filters = nil
    local p = system.spawn(settings)
    settings.stdout:close()
    local serving = emilua.spawn(function() return service.serve(master, handlers) end)
    local text = require("spec.process_helper").read_all(read)
    p:wait()
    return text, p.exit_code, serving:join()
end

--- The same, for the program of spec/libc_calls.c: `list` are its calls, each a text of words.
function service.call(list, handlers, options)
    local words = { service.calls() }
    for i, text in ipairs(list) do
        if i > 1 then words[#words + 1] = "," end
        for word in text:gmatch("%S+") do words[#words + 1] = word == "-" and "" or word end
    end
    return service.run(words, handlers, options)
end

return service
