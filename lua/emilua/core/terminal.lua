-- Whether a terminal has colours: the number max_colors of its compiled terminfo entry, term(5).

local getenv, open = os.getenv, io.open

-- Position of max_colors among the numbers of an entry.
local MAX_COLORS = 13
-- Magic numbers, and how many bytes each number has.
local SIZES = { [0x011a] = 2, [0x021e] = 4 }

local function short(text, at)
    local low, high = text:byte(at, at + 1)
    return high and low + 256 * high or 0
end

local function has_colours(entry)
    local size = SIZES[short(entry, 1)]
    local names, booleans, numbers = short(entry, 3), short(entry, 5), short(entry, 7)
    if not size or numbers <= MAX_COLORS then return false end
    local at = 12 + names + booleans
    -- Numbers begin at an even offset.
    if at % 2 == 1 then at = at + 1 end
    at = at + 1 + size * MAX_COLORS
    local low = short(entry, at)
    local negative = (entry:byte(at + size - 1) or 128) >= 128
    return not negative and (low > 0 or size == 4 and short(entry, at + 2) > 0)
end

local function directories()
    local list = {}
    local home = getenv("HOME")
    list[1] = getenv("TERMINFO")
    if home then list[#list + 1] = home .. "/.terminfo" end
    for path in (getenv("TERMINFO_DIRS") or ""):gmatch("[^:]+") do list[#list + 1] = path end
    for _, path in ipairs({ "/etc", "/lib", "/usr/share", "/usr/local/share" }) do
        list[#list + 1] = path .. "/terminfo"
    end
    return list
end

local known = {}

-- Whether the terminal type that TERM names has colours.
local function colours(name)
    if known[name] ~= nil then return known[name] end
    local found = false
    if name ~= "" and not name:find("/", 1, true) then
        local letter = name:sub(1, 1)
        for _, path in ipairs(directories()) do
            local file = open(path .. "/" .. letter .. "/" .. name, "rb")
                or open(("%s/%x/%s"):format(path, letter:byte(), name), "rb")
            local entry = file and file:read("*a")
            if file then file:close() end
            if entry then
                found = has_colours(entry)
                break
            end
        end
    end
    known[name] = found
    return found
end

return { colours = colours }
