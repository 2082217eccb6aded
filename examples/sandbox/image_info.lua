-- Prints the sizes of images that nobody vouches for: each is looked at in a sandbox of its own, with limits of memory
-- and time. The guest cannot open the file: it gets it.
--
-- usage: luajit examples/sandbox/image_info.lua FILE...

package.path = arg[0]:match "^(.-)[^/]*$" .. "?.lua;" .. package.path

local emilua = require "emilua"
local file = require "emilua.file"
local filesystem = require "emilua.filesystem"
local inbox = require "emilua.inbox"
local sandbox = require "emilua.sandbox"

local SECONDS = 5

local function open(path)
    local image = file.random_access.new()
    image:open(filesystem.path.new(path), { "read_only" })
    return image:release()
end

local function look(box, path)
    local image = open(path)
    local guest = emilua.spawn_vm(box:context "image_header")
    guest:send { image = image, reply = inbox }
    image:close()
    -- A guest that has died is no sender any more.
    local ok, answer = pcall(emilua.timeout, SECONDS, inbox.receive, inbox)
    pcall(guest.kill, guest) -- it may have ended
    return ok and answer or { format = "no answer: " .. tostring(answer) }
end

emilua.run(function()
    local box = sandbox.new { memory = "64M", cpu = 2 }
    for _, path in ipairs(arg) do
        local ok, image = pcall(look, box, path)
        if not ok then
            print(path, image)
        elseif image.width then
            print(path, image.format, image.width .. "x" .. image.height)
        else
            print(path, image.format)
        end
    end
end)
