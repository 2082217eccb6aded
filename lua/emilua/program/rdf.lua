-- Error categories that are described in Turtle files.
local import = ...
local errors = import("core.errors")
local native = import("core.native")

local error, pairs, setmetatable, tonumber, type = error, pairs, setmetatable, tonumber, type
local turtle, message_locale = native.turtle, native.message_locale

local MODULE = "about:emilua-module"
local TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
local SCHEMA = "https://schema.emilua.org/error_category/0/"
local TERM = SCHEMA .. "#"
local XSD = "http://www.w3.org/2001/XMLSchema#"

local BAD_RDF, BAD_RDF_MODULE, BAD_RDF_ERROR_CATEGORY = 19, 20, 21

-- Numbers that an error's code can have.
local LEAST, MOST = -2 ^ 31, 2 ^ 31 - 1

local function fail(code) error(errors.new(errors.core, code), 0) end

local function bad_category() fail(BAD_RDF_ERROR_CATEGORY) end

-- subject -> predicate -> list of objects {value, kind, extra}
local function read(text)
    local list = turtle(text)
    if not list or #list == 0 then fail(BAD_RDF) end
    local graph = {}
    for i = 1, #list, 5 do
        local node = graph[list[i]] or {}
        graph[list[i]] = node
        local objects = node[list[i + 1]] or {}
        node[list[i + 1]] = objects
        objects[#objects + 1] = { value = list[i + 2], kind = list[i + 3], extra = list[i + 4] }
    end
    return graph
end

local function check_type(module)
    local types = module and module[TYPE] or {}
    if #types ~= 1 or types[1].kind ~= "uri" then fail(BAD_RDF_MODULE) end
    if types[1].value ~= SCHEMA then bad_category() end
end

-- Whether an object is a literal without tag and type, which Turtle calls a string.
local function is_plain(object)
    return object.kind == "plain" or object.kind == "typed" and object.extra == XSD .. "string"
end

local function code_of(node)
    local objects = node[TERM .. "code"] or {}
    local object = objects[1]
    if #objects ~= 1 or object.kind ~= "typed" or object.extra ~= XSD .. "integer" then bad_category() end
    local code = object.value:find("^[+-]?%d+$") and tonumber((object.value:gsub("^%+", "")))
    if not code or code < LEAST or code > MOST then bad_category() end
    return code
end

-- tag -> text; "" is the tag of the untagged one.
local function messages_of(node)
    local messages = {}
    for _, object in ipairs(node[TERM .. "message"] or {}) do
        local tag = ""
        if object.kind == "tagged" then
            tag = object.extra:lower():gsub("%-", "_", 1)
        elseif not is_plain(object) then
            bad_category()
        end
        if messages[tag] then bad_category() end
        messages[tag] = object.value
    end
    if not messages[""] then bad_category() end
    return messages
end

local function generic_of(node)
    local objects = node[TERM .. "generic_error"]
    if not objects then return nil end
    local number = is_plain(objects[1]) and errors.number[objects[1].value]
    if #objects ~= 1 or not number then bad_category() end
    return number
end

-- The text for the process's locale: that of the longest tag that begins its name.
local function localised(messages)
    local locale = message_locale():lower()
    local best, length = messages[""], 0
    for tag, text in pairs(messages) do
        if #tag > length and locale:sub(1, #tag) == tag then best, length = text, #tag end
    end
    return best
end

local mt = errors.class("rdf_error_category_module")

local CATEGORY, CODES = {}, {}

function mt.__index(self, key)
    local code = key
    if type(key) == "string" then
        code = self[CODES][key]
    elseif type(key) ~= "number" then
        code = nil
    end
    if not code then errors.bad_index() end
    -- As everywhere 0 is no error.
    if code == 0 then return nil end
    return errors.new(self[CATEGORY], code)
end

function mt.__newindex() errors.raise("EPERM") end

local rdf = {}

-- The module that the Turtle file at `path` with content `text` describes.
function rdf.module(text, path)
    local graph = read(text)
    local module = graph[MODULE]
    check_type(module)
    local codes, messages, to_generic = {}, {}, {}
    for _, object in ipairs(module[TERM .. "error"] or {}) do
        if object.kind ~= "blank" and object.kind ~= "uri" then bad_category() end
        local node = graph[object.value] or {}
        local code = code_of(node)
        local texts, generic = messages_of(node), generic_of(node)
        for _, alias in ipairs(node[TERM .. "alias"] or {}) do
            if not is_plain(alias) or codes[alias.value] then bad_category() end
            codes[alias.value] = code
        end
        messages[code] = messages[code] or texts
        to_generic[code] = to_generic[code] or generic
    end
    local category = errors.category_of("file://" .. path, function(code)
        local texts = messages[code]
        return texts and localised(texts) or "Unknown"
    end, to_generic)
    return setmetatable({ [CATEGORY] = category, [CODES] = codes }, mt)
end

return rdf
