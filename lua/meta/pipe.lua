---@meta emilua.pipe

-- Reference: docs/reference/pipe.md

---The module `require "emilua.pipe"` returns.
---@class emilua.pipelib
---@field read_stream emilua.pipe.read_streamlib
---@field write_stream emilua.pipe.write_streamlib
local pipe = {}

---The two ends of a new pipe.
---@return emilua.pipe.read_stream
---@return emilua.pipe.write_stream
function pipe.pair() end

---@class emilua.pipe.read_streamlib
local read_streamlib = {}

---A closed object, or one that takes `fd` over.
---@param fd? emilua.file_descriptor
---@return emilua.pipe.read_stream
function read_streamlib.new(fd) end

---The end of a pipe that is read.
---@class emilua.pipe.read_stream: emilua.read_stream
---@field is_open boolean
local read_stream = {}

---Waits for bytes.
---@async
---@param bs emilua.byte_span
---@return integer n
function read_stream:read_some(bs) end

---Aborts pending operations and closes. May be repeated.
function read_stream:close() end

---Aborts pending operations.
function read_stream:cancel() end

---Takes `fd` over, which is dead afterwards.
---@param fd emilua.file_descriptor
function read_stream:assign(fd) end

---Aborts pending operations and hands the descriptor over; the object is closed.
---@return emilua.file_descriptor
function read_stream:release() end

---@class emilua.pipe.write_streamlib
local write_streamlib = {}

---A closed object, or one that takes `fd` over.
---@param fd? emilua.file_descriptor
---@return emilua.pipe.write_stream
function write_streamlib.new(fd) end

---The end of a pipe that is written.
---@class emilua.pipe.write_stream: emilua.write_stream
---@field is_open boolean
local write_stream = {}

---Writes a prefix of `bs`.
---@async
---@param bs emilua.byte_span
---@return integer n its length
function write_stream:write_some(bs) end

---Aborts pending operations and closes. May be repeated.
function write_stream:close() end

---Aborts pending operations.
function write_stream:cancel() end

---Takes `fd` over, which is dead afterwards.
---@param fd emilua.file_descriptor
function write_stream:assign(fd) end

---Aborts pending operations and hands the descriptor over; the object is closed.
---@return emilua.file_descriptor
function write_stream:release() end

return pipe
