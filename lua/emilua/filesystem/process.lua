-- What the whole process shares: working directory, root, umask. Only the master may change it.
local import = ...
local check = import("filesystem.check")
local check_master = import("core.master").check
local errors = import("core.errors")
local mirror = import("core.mirror")
local native = import("filesystem.native")
local value = import("filesystem.path.value")
local working_directory = import("filesystem.resolve").working_directory

local check_path, fail, fail_posix = check.path, check.fail, check.fail_posix

local functions = {}

function functions.current_working_directory(p)
    if p == nil then return value.new(working_directory()) end
    check_master()
    if errors.class_name(p) == "file_descriptor" then
        local descriptor = import("io.descriptor")
        local code = native.change_directory_to(descriptor.use(p, 1))
        if code < 0 then fail(code) end
        return mirror("directory")
    end
    local text = check_path(p, 1)
    local code = native.change_directory(text)
    if code < 0 then fail(code, text) end
    mirror("directory")
end

function functions.chroot(p)
    check_master()
    local text = check_path(p, 1)
    local code = native.change_root(text)
    if code < 0 then fail_posix(code, text) end
    mirror("root")
    mirror("directory")
end

function functions.umask(mask)
    check_master()
    local code = native.set_umask(check.integer(mask, 1, "umask", 0, 2 ^ 32 - 1))
    if code < 0 then fail_posix(code) end
    mirror("umask", mask)
    return code
end

return { functions = functions }
