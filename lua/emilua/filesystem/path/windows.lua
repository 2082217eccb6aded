-- The grammar of paths on Windows: UTF-16 there and UTF-8 here, two separators, and root names: `C:`, `\\server`.
local import = ...
local errors = import("core.errors")

local byte, find, gsub, match = string.byte, string.find, string.gsub, string.match

-- Continuation bytes by the first byte, and the range that the first of them must be in: no overlong forms, no
-- surrogates, nothing beyond U+10FFFF.
local function lead(b)
    if b < 0x80 then return 0 end
    if b >= 0xc2 and b <= 0xdf then return 1, 0x80, 0xbf end
    if b >= 0xe0 and b <= 0xef then return 2, b == 0xe0 and 0xa0 or 0x80, b == 0xed and 0x9f or 0xbf end
    if b >= 0xf0 and b <= 0xf4 then return 3, b == 0xf0 and 0x90 or 0x80, b == 0xf4 and 0x8f or 0xbf end
end

local function is_utf8(text)
    local i = find(text, "[\128-\255]")
    while i and i <= #text do
        local n, low, high = lead(byte(text, i))
        if not n then return false end
        for k = 1, n do
            local b = byte(text, i + k)
            if not b or b < low or b > high then return false end
            low, high = 0x80, 0xbf
        end
        i = i + n + 1
    end
    return true
end

return {
    preferred = "\\",
    separators = "/\\",
    root = function(text)
        local name = match(text, "^%a:") or match(text, "^[/\\][/\\][^/\\]+") or ""
        local _, last = find(text, "^[/\\]+", #name + 1)
        return #name, last or #name
    end,
    is_absolute = function(name, root) return name > 0 and root > name end,
    generic = function(text) return (gsub(text, "\\", "/")) end,
    check = function(text)
        if not is_utf8(text) then errors.raise("EILSEQ") end
    end,
}
