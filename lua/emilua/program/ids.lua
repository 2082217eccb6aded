-- Module ids: their grammar, and which path a relative or root id names. Nothing here looks at files.
local import = ...
local errors = import("core.errors")

local error = error

local ids = {}

local COMPONENT = "^[%a_][%w_]*$"

local function fail(code, id)
    local e = errors.new(errors.core, code)
    e.module = id
    error(e, 0)
end
ids.fail = fail

local function is_component(text) return text:find(COMPONENT) ~= nil end

-- The directory that a path is in.
function ids.directory(path)
    return path:match("^(.*)[/\\][^/\\]*$") or "."
end
local directory = ids.directory

-- Takes an id apart: "relative", how many levels up, component; "root", components; "external", id.
function ids.parse(id)
    local first = id:sub(1, 1)
    if first == "." then
        local rest = id:match("^%./(.*)$") or id
        local up = 0
        while rest:sub(1, 3) == "../" do
            up = up + 1
            rest = rest:sub(4)
        end
        if rest == id or not is_component(rest) then fail(errors.INVALID_MODULE_NAME, id) end
        return "relative", up, rest
    end
    if first == "/" then
        for component in (id .. "/"):sub(2):gmatch("([^/]*)/") do
            if not is_component(component) then fail(errors.INVALID_MODULE_NAME, id) end
        end
        return "root", id:sub(2)
    end
    for component in (id .. "."):gmatch("([^.]*)%.") do
        if not is_component(component) then fail(errors.INVALID_MODULE_NAME, id) end
    end
    return "external", id
end

-- The path, without suffix, of a relative id. `importer` has `path`, `leaf` and `root`.
function ids.relative(importer, up, component)
    local base = directory(importer.path)
    if importer.leaf then
        if up == 0 then fail(errors.LEAF_CANNOT_IMPORT_CHILD) end
        -- Beside a leaf are its siblings: the first level costs nothing.
        up = up - 1
    end
    for _ = 1, up do
        if base == importer.root then fail(errors.ROOT_CANNOT_IMPORT_PARENT) end
        base = directory(base)
    end
    return base .. "/" .. component
end

return ids
