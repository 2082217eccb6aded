-- Prints fields of each line, as `awk '{ print $1, $9 }'` does: `luajit log_fields.lua 1 9 <access.log`.

local emilua = require "emilua"
local eof = require("emilua.asio_error").misc.eof
local stream = require "emilua.stream"
local system = require "emilua.system"

local numbers = {}
for i, argument in ipairs{ ... } do numbers[i] = tonumber(argument) or error("no number: " .. argument) end

emilua.run(function()
    local scanner = stream.scanner.with_awk_defaults(system.in_)
    local lines = {}
    local function flush()
        stream.write_all(system.out, table.concat(lines))
        lines = {}
    end
    while true do
        local ok, fields = pcall(scanner.get_line, scanner)
        if not ok then
            flush()
            if fields == eof then return end
            error(fields, 0)
        end
        local chosen = {}
        for i, n in ipairs(numbers) do chosen[i] = tostring(fields[n] or "") end
        lines[#lines + 1] = table.concat(chosen, " ") .. "\n"
        if #lines == 1000 then flush() end
    end
end)
