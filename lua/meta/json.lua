---@meta emilua.json

-- Reference: docs/reference/json.md

---The module `require "emilua.json"` returns.
---@class emilua.jsonlib
---@field null emilua.json_null the one null value
---@field lexer_ecat emilua.error_category category of errors in a text
---@field dom_ecat emilua.error_category category of errors in values
---@field writer emilua.json.writerlib
local json = {}

---@class emilua.json_null

---@alias emilua.json_value emilua.json_null|boolean|number|string|table

---@class emilua.json_decode_options
---@field max_depth? integer levels of nesting, 1,000 by default

---@class emilua.json_encode_options
---@field indent? string written once per level on a new line for each value
---@field sort_keys? boolean members in the order of their keys' bytes
---@field max_depth? integer levels of nesting, 1,000 by default
---@field state? emilua.json_state the state that a `__tojson` has got; then the others are ignored

---The value of a document.
---@param text string|emilua.byte_span
---@param opts? emilua.json_decode_options
---@return emilua.json_value
function json.decode(text, opts) end

---@class emilua.json_lines_options
---@field max_depth? integer
---@field max_record_size? integer greatest size of a line, 65,536 by default

---An iterator over the values of the lines of a stream.
---@param source emilua.read_stream|emilua.stream.scanner
---@param opts? emilua.json_lines_options
---@return async fun(): emilua.json_value|nil
function json.lines(source, opts) end

---The text of a value; nothing with `opts.state`, to whose writer the value is written.
---@param value any
---@param opts? emilua.json_encode_options
---@return string
function json.encode(value, opts) end

---Writes the text of a value to the front of `bs`.
---@param bs emilua.byte_span
---@param value any
---@param opts? emilua.json_encode_options
---@return integer length of the text
function json.encode_into(bs, value, opts) end

---Whether `v` is tagged as an array.
---@param v any
---@return boolean
function json.is_array(v) end

---Tags a table, a new one by default, as an array.
---@param t? table
---@return table t
function json.into_array(t) end

---@class emilua.json.writerlib
local writerlib = {}

---@return emilua.json.writer
function writerlib.new() end

---What a `__tojson` gets.
---@class emilua.json_state
---@field writer emilua.json.writer
---@field visited table<any, true> the values that are being written
---@field indent? string

---Writes JSON value by value.
---@class emilua.json.writer
---@field level integer number of open containers
local writer = {}

---Writes a scalar; in an object, keys and values alternate.
---@param v emilua.json_null|boolean|number|string
function writer:value(v) end

---Opens an object.
function writer:begin_object() end

---Closes the innermost open container, an object.
function writer:end_object() end

---Opens an array.
function writer:begin_array() end

---Closes the innermost open container, an array.
function writer:end_array() end

---Appends `raw` as it is.
---@param raw string
function writer:literal(raw) end

---Returns the text; the writer cannot be used any more.
---@return string
function writer:generate() end

return json
