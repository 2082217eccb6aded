-- `scanner.lua lines|fields`: records of the stream at standard input, nothing else; with `fields`, split at spaces and
-- the fields kept until the next record. Prints CPU per megabyte.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local measure = require "measure"
local stream = require "emilua.stream"
local system = require "emilua.system"

local bytes, records = 0, 0

emilua.run(function()
    local scanner = stream.scanner.new{
        stream = system.in_, buffer_size_hint = 65536,
        field_separator = arg[1] == "fields" and " " or nil,
    }
    local start = measure.cpu()
    local ok, e = pcall(function()
        while true do
            local record = scanner:get_line()
            records = records + 1
            bytes = bytes + #record
        end
    end)
    assert(not ok and e == require("emilua.asio_error").misc.eof)
    measure.report("ns", (measure.cpu() - start) * 1e9 / records)
end)
