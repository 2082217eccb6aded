-- The texts of modules: those that an actor in a process of its own was given, then the file system.
local import = ...
local errors = import("core.errors")

local error, loadstring, next, open, package, pairs, type = error, loadstring, next, io.open, package, pairs, type

local source = {}

-- Texts by absolute path.
local cache = {}

-- The text of a file; nil when there is none. A directory is none either when others are to be tried.
function source.read(name, id, others)
    if cache[name] then return cache[name] end
    local file, message, code = open(name, "rb")
    local text
    if file then
        text, message, code = file:read("*a")
        file:close()
        if text then return text end
    elseif code == errors.number.ENOENT or code == errors.number.ENOTDIR then
        return nil
    end
    if others and code == errors.number.EISDIR then return nil end
    local e = errors.new(errors.system, code or errors.number.EIO)
    e.module, e.detail = id, message
    error(e, 0)
end

-- A loader of package.loaders: the templates of package.path, in the given texts.
local function search(name)
    local file = name:gsub("%.", "/")
    for template in package.path:gmatch("[^;]+") do
        local text = cache[(template:gsub("%?", (file:gsub("%%", "%%%%"))))]
        if text then return loadstring(text, "@" .. name) end
    end
    return "\n\tno source in the cache"
end

-- Lets stock `require` find the given texts, before any file.
function source.install() table.insert(package.loaders, 2, search) end

-- The given texts by path, for another VM of this process, which adopts them; nil if there are none.
function source.given() return next(cache) and cache or nil end

function source.adopt(texts)
    for name, text in pairs(texts) do cache[name] = text end
end

-- Adds a tree {component = text or tree} below a directory.
function source.add(tree, directory)
    for name, value in pairs(tree) do
        local path = directory .. "/" .. name
        if type(value) == "table" then source.add(value, path) else cache[path] = value end
    end
end

return source
