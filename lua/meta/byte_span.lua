---@meta emilua.byte_span

-- Indices are 1-based. Reference: docs/reference/byte_span.md

---The table `emilua.byte_span`, which `require "emilua.byte_span"` returns too.
---@class emilua.byte_spanlib
local byte_span = {}

---A span of new, zeroed memory.
---@param length integer
---@param capacity? integer default `length`
---@return emilua.byte_span
function byte_span.new(length, capacity) end

---A span of new memory, zeroed over its whole capacity.
---@param length integer
---@param capacity? integer default `length`
---@return emilua.byte_span
function byte_span.with_zeros(length, capacity) end

---The concatenation of spans, strings and `nil`s in new memory.
---@param ... emilua.byte_span|string|nil
---@return emilua.byte_span
function byte_span.append(...) end

---A view on shared memory.
---@class emilua.byte_span
---@field capacity integer bytes from the start of the view to the end of the memory block
---@field [integer] integer byte, 0 to 255
---@operator len: integer
local bs = {}

---This span with more bytes behind it: in place if the capacity suffices, else in new memory.
---@param ... emilua.byte_span|string|nil
---@return emilua.byte_span
function bs:append(...) end

---A view of the bytes `start` to `end_`, which may lie beyond `#self` up to the capacity.
---@param start? integer default `1`
---@param end_? integer default `#self`
---@return emilua.byte_span
function bs:sub(start, end_) end

---Same as `sub`.
---@param start? integer default `1`
---@param end_? integer default `#self`
---@return emilua.byte_span
function bs:slice(start, end_) end

---A view of the first `n` bytes.
---@param n integer
---@return emilua.byte_span
function bs:first(n) end

---A view of the last `n` bytes.
---@param n integer
---@return emilua.byte_span
function bs:last(n) end

---A view without leading and trailing bytes of `lws`.
---@param lws? emilua.byte_span|string default `" \f\n\r\t\v"`
---@return emilua.byte_span
function bs:trimmed(lws) end

---Copies as much of `src` as fits to the front of this span.
---@param src emilua.byte_span|string
---@return integer n bytes copied
function bs:copy(src) end

---Sets every byte.
---@param byte integer
---@return emilua.byte_span self
function bs:fill(byte) end

---Turns `A` to `Z` into lower case, in place.
---@return emilua.byte_span self
function bs:inplace_lower() end

---Turns `a` to `z` into upper case, in place.
---@return emilua.byte_span self
function bs:inplace_upper() end

---@param prefix emilua.byte_span|string
---@return boolean
function bs:starts_with(prefix) end

---@param suffix emilua.byte_span|string
---@return boolean
function bs:ends_with(suffix) end

---The first index at or after `start` where `tgt` begins.
---@param tgt emilua.byte_span|string|nil
---@param start? integer default `1`
---@return integer? index
function bs:find(tgt, start) end

---The last index at or before `end_` where `tgt` begins.
---@param tgt emilua.byte_span|string|nil
---@param end_? integer default `#self`
---@return integer? index
function bs:rfind(tgt, end_) end

---The first byte at or after `start` that is in `set`.
---@param set emilua.byte_span|string|nil
---@param start? integer default `1`
---@return integer? index
function bs:find_first_of(set, start) end

---The last byte at or before `end_` that is in `set`.
---@param set emilua.byte_span|string|nil
---@param end_? integer default `#self`
---@return integer? index
function bs:find_last_of(set, end_) end

---The first byte at or after `start` that is not in `set`.
---@param set emilua.byte_span|string|nil
---@param start? integer default `1`
---@return integer? index
function bs:find_first_not_of(set, start) end

---The last byte at or before `end_` that is not in `set`.
---@param set emilua.byte_span|string|nil
---@param end_? integer default `#self`
---@return integer? index
function bs:find_last_not_of(set, end_) end

---Reads a signed byte; `#self` must be 1.
---@return integer
function bs:get_i8() end

---Writes a signed byte; `#self` must be 1.
---@param n integer
function bs:set_i8(n) end

---Reads an unsigned 16-bit integer, big endian; `#self` must be 2.
---@return integer
function bs:get_u16be() end

---Writes an unsigned 16-bit integer, big endian; `#self` must be 2.
---@param n integer
function bs:set_u16be(n) end

---Reads an unsigned 16-bit integer, little endian; `#self` must be 2.
---@return integer
function bs:get_u16le() end

---Writes an unsigned 16-bit integer, little endian; `#self` must be 2.
---@param n integer
function bs:set_u16le(n) end

---Reads an unsigned 24-bit integer, big endian; `#self` must be 3.
---@return integer
function bs:get_u24be() end

---Writes an unsigned 24-bit integer, big endian; `#self` must be 3.
---@param n integer
function bs:set_u24be(n) end

---Reads an unsigned 24-bit integer, little endian; `#self` must be 3.
---@return integer
function bs:get_u24le() end

---Writes an unsigned 24-bit integer, little endian; `#self` must be 3.
---@param n integer
function bs:set_u24le(n) end

---Reads an unsigned 32-bit integer, big endian; `#self` must be 4.
---@return integer
function bs:get_u32be() end

---Writes an unsigned 32-bit integer, big endian; `#self` must be 4.
---@param n integer
function bs:set_u32be(n) end

---Reads an unsigned 32-bit integer, little endian; `#self` must be 4.
---@return integer
function bs:get_u32le() end

---Writes an unsigned 32-bit integer, little endian; `#self` must be 4.
---@param n integer
function bs:set_u32le(n) end

---Reads an unsigned 40-bit integer, big endian; `#self` must be 5.
---@return integer
function bs:get_u40be() end

---Writes an unsigned 40-bit integer, big endian; `#self` must be 5.
---@param n integer
function bs:set_u40be(n) end

---Reads an unsigned 40-bit integer, little endian; `#self` must be 5.
---@return integer
function bs:get_u40le() end

---Writes an unsigned 40-bit integer, little endian; `#self` must be 5.
---@param n integer
function bs:set_u40le(n) end

---Reads an unsigned 48-bit integer, big endian; `#self` must be 6.
---@return integer
function bs:get_u48be() end

---Writes an unsigned 48-bit integer, big endian; `#self` must be 6.
---@param n integer
function bs:set_u48be(n) end

---Reads an unsigned 48-bit integer, little endian; `#self` must be 6.
---@return integer
function bs:get_u48le() end

---Writes an unsigned 48-bit integer, little endian; `#self` must be 6.
---@param n integer
function bs:set_u48le(n) end

---Reads a signed 16-bit integer, big endian; `#self` must be 2.
---@return integer
function bs:get_i16be() end

---Writes a signed 16-bit integer, big endian; `#self` must be 2.
---@param n integer
function bs:set_i16be(n) end

---Reads a signed 16-bit integer, little endian; `#self` must be 2.
---@return integer
function bs:get_i16le() end

---Writes a signed 16-bit integer, little endian; `#self` must be 2.
---@param n integer
function bs:set_i16le(n) end

---Reads a signed 24-bit integer, big endian; `#self` must be 3.
---@return integer
function bs:get_i24be() end

---Writes a signed 24-bit integer, big endian; `#self` must be 3.
---@param n integer
function bs:set_i24be(n) end

---Reads a signed 24-bit integer, little endian; `#self` must be 3.
---@return integer
function bs:get_i24le() end

---Writes a signed 24-bit integer, little endian; `#self` must be 3.
---@param n integer
function bs:set_i24le(n) end

---Reads a signed 32-bit integer, big endian; `#self` must be 4.
---@return integer
function bs:get_i32be() end

---Writes a signed 32-bit integer, big endian; `#self` must be 4.
---@param n integer
function bs:set_i32be(n) end

---Reads a signed 32-bit integer, little endian; `#self` must be 4.
---@return integer
function bs:get_i32le() end

---Writes a signed 32-bit integer, little endian; `#self` must be 4.
---@param n integer
function bs:set_i32le(n) end

---Reads a signed 40-bit integer, big endian; `#self` must be 5.
---@return integer
function bs:get_i40be() end

---Writes a signed 40-bit integer, big endian; `#self` must be 5.
---@param n integer
function bs:set_i40be(n) end

---Reads a signed 40-bit integer, little endian; `#self` must be 5.
---@return integer
function bs:get_i40le() end

---Writes a signed 40-bit integer, little endian; `#self` must be 5.
---@param n integer
function bs:set_i40le(n) end

---Reads a signed 48-bit integer, big endian; `#self` must be 6.
---@return integer
function bs:get_i48be() end

---Writes a signed 48-bit integer, big endian; `#self` must be 6.
---@param n integer
function bs:set_i48be(n) end

---Reads a signed 48-bit integer, little endian; `#self` must be 6.
---@return integer
function bs:get_i48le() end

---Writes a signed 48-bit integer, little endian; `#self` must be 6.
---@param n integer
function bs:set_i48le(n) end

---Reads an IEEE 754 32-bit float, big endian; `#self` must be 4.
---@return number
function bs:get_f32be() end

---Writes an IEEE 754 32-bit float, big endian; `#self` must be 4.
---@param n number
function bs:set_f32be(n) end

---Reads an IEEE 754 32-bit float, little endian; `#self` must be 4.
---@return number
function bs:get_f32le() end

---Writes an IEEE 754 32-bit float, little endian; `#self` must be 4.
---@param n number
function bs:set_f32le(n) end

---Reads an IEEE 754 64-bit float, big endian; `#self` must be 8.
---@return number
function bs:get_f64be() end

---Writes an IEEE 754 64-bit float, big endian; `#self` must be 8.
---@param n number
function bs:set_f64be(n) end

---Reads an IEEE 754 64-bit float, little endian; `#self` must be 8.
---@return number
function bs:get_f64le() end

---Writes an IEEE 754 64-bit float, little endian; `#self` must be 8.
---@param n number
function bs:set_f64le(n) end

return byte_span
