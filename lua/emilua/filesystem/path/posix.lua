-- The grammar of paths on POSIX systems: bytes, of which only the slash means something.
local find = string.find

return {
    preferred = "/",
    -- The separators, as they stand in a set of a pattern.
    separators = "/",
    -- Lengths of the root name and of the root with the slashes behind it.
    root = function(text)
        local _, last = find(text, "^/+")
        return 0, last or 0
    end,
    -- Whether a root of these lengths makes a path absolute.
    is_absolute = function(name, root) return root > name end,
    -- The generic format of a text.
    generic = function(text) return text end,
    -- Raises for a text that the system could not be given.
    check = function() end,
}
