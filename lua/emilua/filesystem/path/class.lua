-- The class of paths over a grammar. Everything here is lexical: no disk is touched, and no text is changed that
-- nobody asked to change.
local import = ...
local errors = import("core.errors")

local class_name, raise = errors.class_name, errors.raise
local ipairs, rawget, type = ipairs, rawget, type
local byte, concat, find, gmatch, gsub, match, sub =
    string.byte, table.concat, string.find, string.gmatch, string.gsub, string.match, string.sub

-- Slot of a path.
local TEXT = 1

-- The stem and the extension of a file's name.
local function split_name(name)
    if name == "." or name == ".." then return name, "" end
    local stem, extension = match(name, "^(.+)(%.[^.]*)$")
    return stem or name, extension or ""
end

-- Fills the metatable `mt` of the paths that `new(text)` makes. Returns the lexical functions over texts that others
-- use.
return function(grammar, mt, new)
    local preferred, root_of, generic, check = grammar.preferred, grammar.root, grammar.generic, grammar.check
    local is_absolute = grammar.is_absolute
    local NAMES = "[^" .. grammar.separators .. "]+"
    local BEHIND_LAST = "^.*[" .. grammar.separators .. "]()"
    local SEPARATOR = "[" .. grammar.separators .. "]"
    local SEPARATED = SEPARATOR .. "$"

    local function is_separator(b) return find(grammar.separators, string.char(b), 1, true) ~= nil end

    -- Root name, root directory and the rest.
    local function split(text)
        local name, root = root_of(text)
        return sub(text, 1, name), root > name and sub(text, name + 1, name + 1) or "", sub(text, root + 1)
    end

    -- The names of the rest of a path; an empty one stands for a separator at the end.
    local function names_of(rest)
        local names = {}
        for name in gmatch(rest, NAMES) do names[#names + 1] = name end
        if find(rest, SEPARATED) then names[#names + 1] = "" end
        return names
    end

    local function filename(text)
        local _, root = root_of(text)
        return sub(text, match(text, BEHIND_LAST, root + 1) or root + 1)
    end

    local function parent(text)
        local name, root = root_of(text)
        if root == #text then return text end
        local last = #text
        -- A separator at the end stands for one element, an empty name.
        if is_separator(byte(text, last)) then
            while is_separator(byte(text, last)) do last = last - 1 end
            return sub(text, 1, last)
        end
        while last > root and not is_separator(byte(text, last)) do last = last - 1 end
        while last > root and is_separator(byte(text, last)) do last = last - 1 end
        if last == root then return sub(text, 1, root > name and name + 1 or name) end
        return sub(text, 1, last)
    end

    local function join(a, b)
        local a_name, a_root = root_of(a)
        local b_name, b_root = root_of(b)
        if is_absolute(b_name, b_root) or b_name > 0 and sub(b, 1, b_name) ~= sub(a, 1, a_name) then return b end
        if b_root > b_name then return sub(a, 1, a_name) .. sub(b, b_name + 1) end
        local separate = filename(a) ~= "" or a_root == a_name and a_name > 2 -- behind `\\server`, not behind `C:`
        return a .. (separate and preferred or "") .. sub(b, b_name + 1)
    end

    local function normal(text)
        if text == "" then return "" end
        local name, directory, rest = split(text)
        local root = gsub(name, SEPARATOR, preferred) .. (directory ~= "" and preferred or "")
        local kept, separated = {}, false
        for _, part in ipairs(names_of(rest)) do
            local last = kept[#kept]
            separated = true
            if part == ".." and last and last ~= ".." then
                kept[#kept] = nil
            elseif part ~= "" and part ~= "." and (part ~= ".." or directory == "") then
                kept[#kept + 1] = part
                separated = false
            end
        end
        if #kept == 0 then return root == "" and "." or root end
        if separated and kept[#kept] ~= ".." then kept[#kept + 1] = "" end
        return root .. concat(kept, preferred)
    end

    local function relative(text, base)
        local name, directory, rest = split(text)
        local base_name, base_directory, base_rest = split(base)
        if generic(name) ~= generic(base_name) or (directory == "") ~= (base_directory == "") then return "" end
        local a, b = names_of(rest), names_of(base_rest)
        local same = 0
        while a[same + 1] and a[same + 1] == b[same + 1] do same = same + 1 end
        local up = 0
        for i = same + 1, #b do
            local part = b[i]
            if part == ".." then up = up - 1 elseif part ~= "" and part ~= "." then up = up + 1 end
        end
        if up < 0 then return "" end
        if up == 0 and (a[same + 1] or "") == "" then return "." end
        local parts = {}
        for _ = 1, up do parts[#parts + 1] = ".." end
        for i = same + 1, #a do parts[#parts + 1] = a[i] end
        return concat(parts, preferred)
    end

    -- Negative, 0 or positive: root names, then who has no root directory, then names as byte strings.
    local function compare(a, b)
        if a == b then return 0 end
        local a_name, a_directory, a_rest = split(a)
        local b_name, b_directory, b_rest = split(b)
        a_name, b_name = generic(a_name), generic(b_name)
        if a_name ~= b_name then return a_name < b_name and -1 or 1 end
        if (a_directory == "") ~= (b_directory == "") then return a_directory == "" and -1 or 1 end
        local x, y = names_of(a_rest), names_of(b_rest)
        local i = 1
        while x[i] and x[i] == y[i] do i = i + 1 end
        if x[i] and y[i] then return x[i] < y[i] and -1 or 1 end
        return x[i] and 1 or y[i] and -1 or 0
    end

    local function text_of(x) return class_name(x) == "filesystem.path" and rawget(x, TEXT) or nil end

    local function self_text(x) return text_of(x) or raise("EINVAL", 1) end

    -- The text of an operand, a path or a string.
    local function operand(x, arg)
        if type(x) == "string" then
            check(x)
            return x
        end
        return text_of(x) or raise("EINVAL", arg)
    end

    local methods = {}

    function methods:to_generic() return generic(self_text(self)) end

    function methods:iterator()
        local name, directory, rest = split(self_text(self))
        local parts = {}
        if name ~= "" then parts[1] = name end
        if directory ~= "" then parts[#parts + 1] = directory end
        for _, part in ipairs(names_of(rest)) do parts[#parts + 1] = part end
        local i = 0
        return function()
            i = i + 1
            return parts[i]
        end
    end

    function methods:make_preferred() return new((gsub(self_text(self), SEPARATOR, preferred))) end

    local function without_filename(text) return sub(text, 1, #text - #filename(text)) end

    function methods:remove_filename() return new(without_filename(self_text(self))) end

    function methods:replace_filename(x)
        return new(join(without_filename(self_text(self)), operand(x, 2)))
    end

    function methods:replace_extension(x)
        local text = self_text(self)
        local extension = x == nil and "" or operand(x, 2)
        local _, old = split_name(filename(text))
        if extension ~= "" and byte(extension) ~= 46 then extension = "." .. extension end
        return new(sub(text, 1, #text - #old) .. extension)
    end

    function methods:lexically_normal() return new(normal(self_text(self))) end

    function methods:lexically_relative(base) return new(relative(self_text(self), operand(base, 2))) end

    function methods:lexically_proximate(base)
        local text = relative(self_text(self), operand(base, 2))
        return text == "" and self or new(text)
    end

    local function root_path(text)
        local name, directory = split(text)
        return name .. directory
    end

    local function relative_path(text)
        local _, root = root_of(text)
        return sub(text, root + 1)
    end

    local strings = {
        root_name = function(text) return (split(text)) end,
        root_directory = function(text) return (select(2, split(text))) end,
        filename = filename,
        stem = function(text) return (split_name(filename(text))) end,
        extension = function(text) return (select(2, split_name(filename(text)))) end,
    }
    local paths = { root_path = root_path, relative_path = relative_path, parent_path = parent }
    local properties = {
        empty = function(text) return text == "" end,
        is_absolute = function(text) return is_absolute(root_of(text)) end,
        is_relative = function(text) return not is_absolute(root_of(text)) end,
    }
    for name, of in pairs(strings) do
        properties[name] = of
        properties["has_" .. name] = function(text) return of(text) ~= "" end
    end
    for name, of in pairs(paths) do
        properties[name] = function(text) return new(of(text)) end
        properties["has_" .. name] = function(text) return of(text) ~= "" end
    end

    function mt.__index(self, key)
        local method = methods[key]
        if method then return method end
        local property = properties[key]
        if property then return property(self[TEXT]) end
        errors.bad_index()
    end

    function mt.__eq(a, b) return compare(a[TEXT], b[TEXT]) == 0 end

    function mt.__lt(a, b) return compare(operand(a, 1), operand(b, 2)) < 0 end

    function mt.__le(a, b) return compare(operand(a, 1), operand(b, 2)) <= 0 end

    function mt.__div(a, b) return new(join(operand(a, 1), operand(b, 2))) end

    function mt.__concat(a, b) return new(operand(a, 1) .. operand(b, 2)) end

    return { filename = filename, join = join, normal = normal, parent = parent, relative = relative }
end
