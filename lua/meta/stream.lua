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

---@class emilua.stream.scannerlib
---@field mt { __index: table } metatable of scanners; classes of one's own may stand on it
local scannerlib = {}
stream.scanner = scannerlib

---@class emilua.scanner_options
---@field stream? emilua.read_stream
---@field record_separator? string|emilua.regex
---@field field_separator? string|emilua.regex|fun(record: emilua.byte_span): ...
---@field field_pattern? emilua.regex
---@field trim_record? boolean|string
---@field buffer_size_hint? integer first size of the buffer, 4,096 by default
---@field max_record_size? integer
---@field record_number? integer

---Makes a scanner of its argument, a new table by default.
---@param opts? emilua.scanner_options
---@return emilua.stream.scanner
function scannerlib.new(opts) end

---Lines, trimmed and split at white space.
---@param read_stream emilua.read_stream
---@return emilua.stream.scanner
function scannerlib.with_awk_defaults(read_stream) end

---Records and fields of a stream.
---@class emilua.stream.scanner
---@field stream emilua.read_stream
---@field record_separator string|emilua.regex what ends a record, `"\n"` by default
---@field field_separator? string|emilua.regex|fun(record: emilua.byte_span): ... what fields are not
---@field field_pattern? emilua.regex what fields are
---@field trim_record boolean|string whether white space, or which bytes, are stripped from both ends
---@field max_record_size integer greatest size of a record and its terminator, 65,536 by default
---@field record_number integer how many records have been returned
---@field record_terminator? string|emilua.byte_span what has ended the current record
local scanner = {}

---The next record or its fields.
---@async
---@return emilua.byte_span|emilua.byte_span[] ...
function scanner:get_line() end

---The current record: not trimmed, not split, without its terminator.
---@return emilua.byte_span
function scanner:buffered_line() end

---Drops the current record and its terminator.
function scanner:remove_line() end

---All buffered bytes, and the index at which they begin.
---@return emilua.byte_span bs
---@return integer offset
function scanner:buffer() end

---Takes the memory of `bs` as the buffer, and its bytes from `offset` on as what has been read.
---@param bs emilua.byte_span
---@param offset? integer
function scanner:set_buffer(bs, offset) end

return stream
