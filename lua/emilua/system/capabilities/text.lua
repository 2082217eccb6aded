-- The texts of cap_from_text(3) and cap_to_text(3): "=ep cap_kill-e", "cap_chown,cap_fowner=p".
--
-- A state is a list of three vectors {effective, permitted, inheritable}, each a table from numbers to true.
local import = ...
local names = import("system.capabilities.names")

local concat = table.concat
local name_of, number_of, count = names.name_of, names.number_of, names.count

local text = {}

-- Flags of a clause by their letters: the index of a vector. Written in the order "eip".
local VECTOR = { e = 1, p = 2, i = 3 }
local LETTERS = { "e", "i", "p" }

-- The vectors that a capability is in, as a number: 1, 2 and 4 are the vectors' bits.
local function combination(state, n)
    return (state[1][n] and 1 or 0) + (state[2][n] and 2 or 0) + (state[3][n] and 4 or 0)
end

-- The letters of the bits that `a` has and `b` lacks.
local function letters(a, b)
    local list = {}
    for _, letter in ipairs(LETTERS) do
        local bit = 2 ^ (VECTOR[letter] - 1)
        if a % (2 * bit) >= bit and b % (2 * bit) < bit then list[#list + 1] = letter end
    end
    return concat(list)
end

-- One clause for the combination that most capabilities share, and one for each other.
function text.format(state)
    local of = {}
    for c = 0, 7 do of[c] = {} end
    for n = 0, count - 1 do
        local list = of[combination(state, n)]
        list[#list + 1] = name_of[n]
    end
    local base = 7
    for c = 6, 0, -1 do
        if #of[c] >= #of[base] then base = c end
    end
    local clauses = { "=" .. letters(base, 0) }
    for c = 7, 0, -1 do
        if c ~= base and #of[c] > 0 then
            local added, taken = letters(c, base), letters(base, c)
            local clause = concat(of[c], ",")
            if added ~= "" then
                local operator = "+"
                if #clauses == 1 and clauses[1] == "=" then
                    -- "= cap_kill+e" is written "cap_kill=e".
                    clauses[1], operator = nil, "="
                end
                clause = clause .. operator .. added
            end
            if taken ~= "" then clause = clause .. "-" .. taken end
            clauses[#clauses + 1] = clause
        end
    end
    return concat(clauses, " ")
end

-- The numbers that a list of names means: all for "" and "all". nil if one is unknown.
local function numbers(list)
    local found = {}
    if list == "" or list == "all" then
        for n = 0, count - 1 do found[n + 1] = n end
        return found
    end
    for name in (list .. ","):gmatch("([^,]*),") do
        local n = number_of[name] or name:find("^%d+$") and tonumber(name)
        if not n or n >= count then return nil end
        found[#found + 1] = n
    end
    return found
end

-- Does one operation of a clause, "+ep" for example.
local function apply(state, operator, flags, caps)
    for letter, index in pairs(VECTOR) do
        local vector, named = state[index], flags:find(letter, 1, true) ~= nil
        for _, n in ipairs(caps) do
            if operator == "=" then
                vector[n] = named or nil
            elseif named then
                vector[n] = operator == "+" or nil
            end
        end
    end
end

-- The state that `s` describes; nil if it is no such text.
function text.parse(s)
    local state = { {}, {}, {} }
    for clause in s:lower():gmatch("%S+") do
        local list, operations = clause:match("^([%w_,]*)([=+-].*)$")
        local caps = list and numbers(list)
        -- Without a list only "=" says what it means.
        if not caps or list == "" and operations:sub(1, 1) ~= "=" then return nil end
        local rest = operations:gsub("([=+-])([eip]*)", function(operator, flags)
            apply(state, operator, flags, caps)
            return ""
        end)
        if rest ~= "" then return nil end
    end
    return state
end

return text
