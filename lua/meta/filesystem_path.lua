---@meta emilua.filesystem.path

-- Reference: docs/reference/filesystem_path.md

---@class emilua.filesystem.pathlib
---@field preferred_separator string `/`; `\` on Windows
local pathlib = {}

---A path from a text in the native format; the empty path without one.
---@param text? string
---@return emilua.filesystem.path
function pathlib.new(text) end

---A path from a text in the generic format, with `/` between names.
---@param text string
---@return emilua.filesystem.path
function pathlib.from_generic(text) end

---The name of a file: an immutable value. No method touches the disk.
---@class emilua.filesystem.path
---@field root_name string
---@field root_directory string
---@field root_path emilua.filesystem.path
---@field relative_path emilua.filesystem.path
---@field parent_path emilua.filesystem.path
---@field filename string
---@field stem string
---@field extension string
---@field empty boolean
---@field has_root_name boolean
---@field has_root_directory boolean
---@field has_root_path boolean
---@field has_relative_path boolean
---@field has_parent_path boolean
---@field has_filename boolean
---@field has_stem boolean
---@field has_extension boolean
---@field is_absolute boolean
---@field is_relative boolean
---@operator div(emilua.filesystem.path|string): emilua.filesystem.path
---@operator concat(emilua.filesystem.path|string): emilua.filesystem.path
local path = {}

---The text with `/` between names.
---@return string
function path:to_generic() end

---Each call gives the next component.
---@return fun(): string?
function path:iterator() end

---The preferred separator in place of others.
---@return emilua.filesystem.path
function path:make_preferred() end

---Without the last component, with the separator in front of it.
---@return emilua.filesystem.path
function path:remove_filename() end

---@param name emilua.filesystem.path|string
---@return emilua.filesystem.path
function path:replace_filename(name) end

---@param extension? emilua.filesystem.path|string with or without its dot
---@return emilua.filesystem.path
function path:replace_extension(extension) end

---Without doubled separators, `.`, and pairs of a name and `..`.
---@return emilua.filesystem.path
function path:lexically_normal() end

---The way from `base` to the path by their names alone; empty where none is known.
---@param base emilua.filesystem.path|string
---@return emilua.filesystem.path
function path:lexically_relative(base) end

---The same, or the path itself where none is known.
---@param base emilua.filesystem.path|string
---@return emilua.filesystem.path
function path:lexically_proximate(base) end
