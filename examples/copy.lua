-- Copies a file and shows how far it is: luajit examples/copy.lua FROM TO
--
-- One fiber reads ahead while another writes; a third prints.
local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local file = require "emilua.file"
local filesystem = require "emilua.filesystem"
local time = require "emilua.time"

local PIECE, DEPTH = 1024 * 1024, 4 -- bytes of a piece, pieces under way at once

local from, to = arg[1], arg[2]
if not to then
    io.stderr:write("usage: copy.lua FROM TO\n")
    os.exit(2)
end

local function open(name, flags)
    local object = file.random_access.new()
    object:open(filesystem.path.new(name), flags)
    return object
end

emilua.run(function()
    local source = open(from, { "read_only" })
    local target = open(to, { "create", "truncate", "write_only" })
    local size, next_piece, done = source.size, 0, 0
    local progress = emilua.spawn(function()
        while true do
            time.sleep(0.2)
            io.stderr:write(("\r%3d %%"):format(done / size * 100))
        end
    end)
    emilua.group(function(workers)
        for _ = 1, DEPTH do
            workers:spawn(function()
                local buffer = byte_span.new(PIECE)
                while next_piece < size do
                    local offset = next_piece
                    next_piece = next_piece + PIECE
                    local piece = buffer:first(math.min(PIECE, size - offset))
                    file.read_all_at(source, offset, piece)
                    -- Not `done = done + file.write_all_at(...)`: `done` would be read before the wait.
                    file.write_all_at(target, offset, piece)
                    done = done + #piece
                end
            end)
        end
    end)
    target:sync_all()
    progress:interrupt()
    progress:join()
    print(("%d bytes copied"):format(done))
    source:close()
    target:close()
end)
