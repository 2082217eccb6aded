-- The guest of image_info.lua: finds the size in the header of a PNG, BMP or PPM file, which an attacker may have made.
-- Whatever goes wrong in here stays in here.

local bit = require "bit"
local byte_span = require "emilua.byte_span"
local file = require "emilua.file"
local inbox = require "emilua.inbox"

local FORMATS = {
    PNG = function(head)
        if head:sub(1, 16) ~= "\137PNG\r\n\26\n\0\0\0\rIHDR" then return end
        local w1, w2, w3, w4, h1, h2, h3, h4 = head:byte(17, 24)
        return ((w1 * 256 + w2) * 256 + w3) * 256 + w4, ((h1 * 256 + h2) * 256 + h3) * 256 + h4
    end,
    BMP = function(head)
        if head:sub(1, 2) ~= "BM" then return end
        local w1, w2, w3, w4, h1, h2, h3, h4 = head:byte(19, 26)
        local height = bit.bor(h1, h2 * 2 ^ 8, h3 * 2 ^ 16, bit.lshift(h4, 24))
        -- Negative where the rows go from top to bottom.
        return w1 + w2 * 2 ^ 8 + w3 * 2 ^ 16 + w4 * 2 ^ 24, math.abs(height)
    end,
    PPM = function(head)
        local width, height = head:gsub("#[^\n]*", ""):match "^P[36]%s+(%d+)%s+(%d+)%s"
        return tonumber(width), tonumber(height)
    end,
}

local request = inbox:receive()
local image, buffer = file.random_access.new(request.image), byte_span.new(512)
local head = tostring(buffer:first(file.read_at_least_at(image, 0, buffer, 26)))
for name, size_in in pairs(FORMATS) do
    local width, height = size_in(head)
    if width and height then return request.reply:send { format = name, width = width, height = height } end
end
request.reply:send { format = "unknown" }
