-- regex over 1 MB of a log: a search that finds nothing, a list of matches, a split into fields; and the same in Lua's
-- patterns. `regex.lua SCALE FILE` also leaves the text in a file, for the crate's own program.

package.path = "bench/lib/?.lua;" .. package.path

local documents = require "documents"
local measure = require "measure"
local regex = require "emilua.regex"

local text = documents.log()
local function new(pattern) return regex.new{ pattern = pattern, grammar = "ecma" } end
local find, gmatch = string.find, string.gmatch

-- Megabytes per CPU second of two functions, which take turns.
local function compare(key, count, ours, theirs)
    count = measure.scaled(count)
    local a, b = 0, 0
    for _ = 1, 3 do
        a = a + measure.nanoseconds(count, ours)
        b = b + measure.nanoseconds(count, theirs)
    end
    measure.report(key .. "_mb_per_s", 3 * #text * 1e3 / a)
    measure.report(key .. "_lua_mb_per_s", 3 * #text * 1e3 / b)
    measure.report(key .. "_ratio", b / a)
end

local absent = new "GET /[a-z]+/[a-z]+\\.php"
compare("search", 30, function(count)
    for _ = 1, count do assert(regex.search(absent, text).empty) end
end, function(count)
    for _ = 1, count do assert(not find(text, "GET /%l+/%l+%.php")) end
end)

local status = new " 4[0-9][0-9] [0-9]+\\n"
local expected = #regex.patsplit(status, text)
compare("matches", 30, function(count)
    for _ = 1, count do assert(#regex.patsplit(status, text) == expected) end
end, function(count)
    for _ = 1, count do
        local list = {}
        for match in gmatch(text, " 4%d%d %d+\n") do list[#list + 1] = match end
        assert(#list == expected)
    end
end)

local separator = new "[ \\n]+"
local fields = #regex.split(separator, text)
compare("split", 10, function(count)
    for _ = 1, count do assert(#regex.split(separator, text) == fields) end
end, function(count)
    for _ = 1, count do
        local list = {}
        for match in gmatch(text, "[^ \n]+") do list[#list + 1] = match end
        assert(#list == fields)
    end
end)

if arg[2] then
    local file = assert(io.open(arg[2], "wb"))
    file:write(text)
    file:close()
end
