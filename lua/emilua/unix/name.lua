-- Names of UNIX sockets: filesystem.path objects, and the texts that dial() and listen() take.
local import = ...
local errors = import("core.errors")
local native = import("unix.native")
local value = import("filesystem.path.value")
local ffi = require("ffi")

local raise = errors.raise
local copy, ffi_string, new_name = ffi.copy, ffi.string, native.new_name
local type = type

local name = {}

-- Where no name is longer, not even for the system to refuse.
local ROOM = 108

local function from_text(text)
    if #text > ROOM then errors.raise_system("ENAMETOOLONG") end
    local result = new_name(#text)
    copy(result.bytes, text, #text)
    return result
end

-- The name that a path, argument `arg`, stands for.
function name.from_path(path, arg)
    return from_text(value.text(path) or raise("EINVAL", arg))
end

-- The name that `ep` stands for: an @ begins an abstract one.
function name.from_endpoint(ep)
    if type(ep) ~= "string" then raise("EINVAL", 1) end
    return from_text((ep:gsub("^@", "\0")))
end

-- The text of a name, empty for an unnamed socket.
local function text(x) return ffi_string(x.bytes, x.length) end
name.text = text

function name.to_path(x) return value.new(text(x)) end

-- Whether there is a file of that name.
function name.is_file(x) return x.length > 0 and x.bytes[0] ~= 0 end

return name
