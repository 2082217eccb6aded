-- Prints what is appended to a log, also after it was rotated or truncated: luajit examples/follow.lua LOG [LAST_LINE]
--
-- Ends after a line that is LAST_LINE.
local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local asio_error = require "emilua.asio_error"
local file = require "emilua.file"
local filesystem = require "emilua.filesystem"
local time = require "emilua.time"

local path, last_line = filesystem.path.new(arg[1]), arg[2]

local function open()
    local log = file.stream.new()
    log:open(path, { "read_only" })
    return log
end

-- The file that the name leads to now, if it is another one.
local function rotated(log)
    local ok, other = pcall(open)
    if not ok then return end -- moved away, and not there yet
    local fd, current = other:release(), log:release()
    local same = filesystem.equivalent(filesystem.path.new(tostring(fd)), filesystem.path.new(tostring(current)))
    log:assign(current)
    if same then fd:close() else return file.stream.new(fd) end
end

emilua.run(function()
    local log, buffer, rest = open(), byte_span.new(65536), ""
    while true do
        local ok, n = pcall(log.read_some, log, buffer)
        if ok then
            rest = rest .. tostring(buffer:first(n))
            for line in rest:gmatch("([^\n]*)\n") do
                print(line)
                io.stdout:flush()
                if line == last_line then return log:close() end
            end
            rest = rest:match("[^\n]*$")
        elseif n ~= asio_error.misc.eof then
            error(n, 0)
        elseif log.size < log:seek(0, "cur") then
            log:seek(0, "set")
        else
            local new = rotated(log)
            if new then
                log:close()
                log = new
            else
                time.sleep(0.05)
            end
        end
    end
end)
