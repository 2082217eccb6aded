-- json.decode and json.encode of the document of documents.lua.

package.path = "bench/lib/?.lua;" .. package.path

local documents = require "documents"
local json = require "emilua.json"
local measure = require "measure"

local text = documents.json()
local value = json.decode(text)

local function megabytes(size, body)
    return size * 1e3 / measure.nanoseconds(measure.scaled(100), function(count)
        for _ = 1, count do body() end
    end)
end

measure.report("decode_mb_per_s", megabytes(#text, function() json.decode(text) end))
measure.report("encode_mb_per_s", megabytes(#text, function() json.encode(value) end))
