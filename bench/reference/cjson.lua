-- What bench/emilua/json.lua does, by lua-cjson.

package.path = "bench/lib/?.lua;" .. package.path

local documents = require "documents"
local cjson = require "cjson"
local measure = require "measure"

local text = documents.json()
local value = cjson.decode(text)

local function megabytes(size, body)
    return size * 1e3 / measure.nanoseconds(measure.scaled(100), function(count)
        for _ = 1, count do body() end
    end)
end

measure.report("decode_mb_per_s", megabytes(#text, function() cjson.decode(text) end))
measure.report("encode_mb_per_s", megabytes(#text, function() cjson.encode(value) end))
