-- Prints the documents of JSON lines in which a member has a value, keys sorted:
--     luajit json_filter.lua level error <service.log
-- Lines that are no JSON are reported with their position and passed over.

local emilua = require "emilua"
local json = require "emilua.json"
local stream = require "emilua.stream"
local system = require "emilua.system"

local key, wanted = ...
if not wanted then
    io.stderr:write("usage: luajit json_filter.lua KEY VALUE <FILE\n")
    os.exit(2)
end

emilua.run(function()
    local next_value = json.lines(system.in_)
    while true do
        local ok, value = pcall(next_value)
        if ok and value == nil then break end
        if not ok then
            if not value.record then error(value, 0) end
            io.stderr:write(("line %d, column %d: %s\n"):format(value.record, value.column, value.detail or
                tostring(value)))
        elseif type(value) == "table" and value ~= json.null and tostring(value[key]) == wanted then
            stream.write_all(system.out, json.encode(value, { sort_keys = true }) .. "\n")
        end
    end
end)
