-- Sums a column of CSV, by the name in its first line: `luajit csv_sum.lua amount <sales.csv`. Fields may be quoted.

local emilua = require "emilua"
local regex = require "emilua.regex"
local stream = require "emilua.stream"
local system = require "emilua.system"

local name = ... or error "usage: luajit csv_sum.lua COLUMN <FILE"

local function unquote(field)
    local text = tostring(field)
    return (text:gsub('^"(.*)"$', "%1"):gsub('""', '"'))
end

emilua.run(function()
    local scanner = stream.scanner.new{
        stream = system.in_,
        trim_record = "\r",
        field_pattern = regex.new{ pattern = '([^",]*)|("([^"]|"")*")', grammar = "extended", nosubs = true },
    }
    local column
    for i, field in ipairs(scanner:get_line()) do
        if unquote(field) == name then column = i end
    end
    if not column then error("no column " .. name) end
    local sum, count = 0, 0
    local ok, e = pcall(function()
        while true do
            local fields = scanner:get_line()
            local value = tonumber(unquote(fields[column] or ""))
            if not value then error(("line %d: no number"):format(scanner.record_number), 0) end
            sum, count = sum + value, count + 1
        end
    end)
    if not ok and e ~= require("emilua.asio_error").misc.eof then error(e, 0) end
    print(count, sum)
end)
