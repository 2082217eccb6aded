---@meta emilua.stream

-- Reference: docs/reference/stream.md

---Anything with a `read_some` method.
---@class emilua.read_stream
---@field read_some async fun(self: emilua.read_stream, bs: emilua.byte_span): integer

---Anything with a `write_some` method.
---@class emilua.write_stream
---@field write_some async fun(self: emilua.write_stream, bs: emilua.byte_span): integer

---The module `require "emilua.stream"` returns.
---@class emilua.streamlib
local stream = {}

---Reads until `bs` is full.
---@async
---@param io emilua.read_stream
---@param bs emilua.byte_span
---@return integer n `#bs`
function stream.read_all(io, bs) end

---Reads until at least `minimum` bytes are in `bs`.
---@async
---@param io emilua.read_stream
---@param bs emilua.byte_span
---@param minimum integer
---@return integer n bytes read
function stream.read_at_least(io, bs, minimum) end

---Writes all of `data`.
---@async
---@param io emilua.write_stream
---@param data emilua.byte_span|string
---@return integer n `#data`
function stream.write_all(io, data) end

---Writes at least the first `minimum` bytes of `bs`.
---@async
---@param io emilua.write_stream
---@param bs emilua.byte_span
---@param minimum integer
---@return integer n bytes written
function stream.write_at_least(io, bs, minimum) end

---Copies from one stream to another until the end or the limit.
---@async
---@param from emilua.read_stream
---@param to emilua.write_stream
---@param limit? integer
---@return integer n bytes copied
function stream.copy(from, to, limit) end

return stream
