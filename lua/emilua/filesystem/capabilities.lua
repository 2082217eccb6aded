-- The capabilities of a file, which Linux keeps in an extended attribute.
local import = ...
local check = import("filesystem.check")
local errors = import("core.errors")
local native = import("filesystem.native")
local status = import("filesystem.status")
local ffi = require("ffi")

local NAME = "security.capability"

local functions = {}

function functions.cap_get_file(p)
    local text, file = check.path(p, 1), import("system.capabilities.file")
    local attribute = file.new()
    local size = native.attribute_get(text, NAME, ffi.cast("uint8_t *", attribute), file.SIZE)
    if size < 0 then check.fail_posix(size) end
    return file.load(attribute, size)
end

function functions.cap_set_file(p, caps)
    local text = check.path(p, 1)
    import("system.capabilities").use(caps, 2)
    local attributes = native.new_stat()
    local code = native.stat(text, 0, attributes)
    if code < 0 then check.fail_posix(code) end
    if attributes.kind ~= status.REGULAR then errors.raise_system("EINVAL") end
    local attribute, size = import("system.capabilities.file").save(caps)
    code = native.attribute_set(text, NAME, ffi.cast("const uint8_t *", attribute), size)
    if code < 0 then check.fail_posix(code) end
end

return { functions = functions }
