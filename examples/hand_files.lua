-- Runs a program that is handed its files: luajit examples/hand_files.lua NAME=FILE ... -- PROGRAM ARGUMENT ...
-- What the program calls NAME is FILE, opened here for reading. Landlock forbids others, but those below /usr.

local emilua = require "emilua"
local fs = require "emilua.filesystem"
local libc_service = require "emilua.libc_service"
local system = require "emilua.system"

local files, command = {}, {}
for i = 1, #arg do
    local name, file = arg[i]:match "^([^=]+)=(.+)$"
    if arg[i] == "--" then
        command = { unpack(arg, i + 1) }
        break
    end
    files[assert(name, "NAME=FILE ... -- PROGRAM ARGUMENT ...")] = file
end
assert(command[1], "no program")

local function ruleset()
    local module = fs.absolute(fs.path.new(assert(package.searchpath("emilua", package.cpath))))
    local rules = system.landlock_create_ruleset{
        handled_access_fs = { "execute", "read_file", "write_file", "make_reg", "remove_file" },
    }
    for _, place in ipairs{ fs.path.new "/usr", module.parent_path / "libemilua_libc_service.so" } do
        local parent = fs.open(place, { "path" })
        local allowed = { "execute", "read_file" }
        system.landlock_add_rule(rules, "path_beneath", { allowed_access = allowed, parent_fd = parent })
        parent:close()
    end
    return rules
end

-- The number of a descriptor that comes along is the result.
local GIVE = [[
    local open, path, flags, mode = ...
    local result, errno, fd = open(path, flags, mode)
    return fd or result, errno
]]

emilua.run(function()
    local master, slave = libc_service.new()
    slave.open = GIVE
    local program = system.spawn{
        program = command[1], arguments = command, environment = system.environment, extra_fds = { [3] = slave },
        stdin = "share", stdout = "share", stderr = "share",
        set_no_new_privs = true, landlock_restrict_self = ruleset(),
    }
    while pcall(master.receive, master) do
        local file = master.function_ == "open" and files[tostring((master:arguments()))]
        if file then
            local ok, fd = pcall(fs.open, fs.path.new(file), { "read_only" })
            if ok then master:send_with_fds(0, { fd }) else master:send(-1, fd) end
        else
            master:use_slave_credentials()
        end
    end
    program:wait()
    system.exit(program.exit_code)
end)
