-- The guest of json_pick.lua: parses what the descriptor gives, and answers with one member of it.

local byte_span = require "emilua.byte_span"
local inbox = require "emilua.inbox"
local json = require "emilua.json"
local pipe = require "emilua.pipe"

local request = inbox:receive()
local input = pipe.read_stream.new(request.input)
local parts, buffer = {}, byte_span.new(65536)
while true do
    local ok, n = pcall(input.read_some, input, buffer)
    if not ok then break end
    parts[#parts + 1] = tostring(buffer:first(n))
end

local value = json.decode(table.concat(parts))
for name in request.path:gmatch "[^.]+" do value = value[tonumber(name) or name] end
request.reply:send { text = json.encode(value) }
