-- A file.stream that is sent by the kernel, for stream.copy: the bytes do not pass through the process.
local import = ...
local S = import("core.scheduler")
local errors = import("core.errors")
local io = import("io.native")
local io_object = import("io.object")
local native = import("file.native")
local object = import("file.object")
local turn = import("file.turn")
local perform = import("core.operation").perform
local ffi = require("ffi")

local error, min, pcall = error, math.min, S.pcall
local HANDLE, TURN = object.HANDLE, object.TURN

-- Bytes that go at once: a disk that has to be waited for holds up no more than that.
local PIECE = 2 ^ 20

-- What the system refuses is read and written then.
local REFUSED = { [-errors.system_number.EINVAL] = true, [-errors.system_number.ESPIPE] = true }

local SET, CURRENT = 0, 1
local position = ffi.new("double[1]")

-- Sends at most `most` bytes from the position on, which moves along; 0 at the end.
local function send(f, file, to, most)
    local code = native.seek(file, 0, CURRENT, position)
    if code < 0 then return code end
    local at = position[0]
    local n = perform(to[io_object.WRITE], f, io.send_file, to[io_object.HANDLE], file, at, most)
    if n > 0 then native.seek(file, at + n, SET, position) end
    return n
end

-- Sends at most `limit` bytes. Returns the count, and whether that was all.
return function(f, from, to, limit)
    local file, turns = from[HANDLE], from[TURN]
    local done = 0
    while done < limit do
        S.check_yieldable()
        turn.take(turns, f)
        local ok, n = pcall(send, f, file, to, min(limit - done, PIECE))
        turn.leave(turns, f)
        if not ok then error(n, 0) end
        if REFUSED[n] then return done, false end
        if n < 0 then errors.raise_code(n) end
        if n == 0 then return done, true end
        done = done + n
    end
    return done, true
end
