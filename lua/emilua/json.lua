-- json: texts to values and back. The parser and the walk over the values are in Rust (src/json).
local import = ...
local errors = import("core.errors")
local native = import("core.native")

local class_name, raise = errors.class_name, errors.raise
local stock_pcall = import("core.scope").stock_pcall
local error, getmetatable, rawequal, rawget, setmetatable, type = error, getmetatable, rawequal, rawget, setmetatable,
    type

local LEXER = errors.category_of("trial.protocol.json", {
    "unexpected token",
    "trial.protocol.json error",
    "invalid value",
    "incompatible type",
    "unbalanced end array bracket",
    "unbalanced end object bracket",
    "expected end array bracket",
    "expected end object bracket",
    "algorithm used requires more tokens than available",
})
local DOM = errors.category_of("emilua.json.dom", {
    "ERANGE on json",
    "Too many levels",
    "Array too long",
    "Reference cycle exists",
})
local UNEXPECTED_TOKEN = 1
local TOO_DEEP, CYCLE = 2, 4

local null = setmetatable({}, errors.class("json-null", {
    __index = function() errors.raise_core(errors.BAD_INDEX) end,
    __newindex = function() raise("EPERM") end,
    __tostring = function() return "null" end,
}))
-- The metatable of arrays.
local TAG = {}

local writer_mt = errors.class("json.writer")
local decode, encode, new_writer, take, take_into = native.json(null, TAG, writer_mt, errors.classes)
local write = native.bind("json", [[
    int32_t word(void *, int32_t);
    int32_t number(void *, double);
    int32_t string(void *, const char *, size_t);
    int32_t literal(void *, const char *, size_t);
    int32_t open(void *, int32_t);
    int32_t close(void *, int32_t);
    int32_t level(const void *); ]])

local json = { null = null, lexer_ecat = LEXER, dom_ecat = DOM, writer = { new = new_writer } }

function json.is_array(v) return type(v) == "table" and rawequal(getmetatable(v), TAG) end

function json.into_array(t)
    if t == nil then t = {} end
    if type(t) ~= "table" then raise("EINVAL", 1) end
    local mt = getmetatable(t)
    if mt ~= nil and not rawequal(mt, TAG) then raise("EINVAL", 1) end
    return setmetatable(t, TAG)
end

local MAX_DEPTH = 1000

-- The options in `opts`, argument `n`; `field` tells the type that each must have.
local function check_options(opts, n, fields)
    if type(opts) ~= "table" then raise("EINVAL", n) end
    for name, kind in pairs(fields) do
        local value = opts[name]
        if value ~= nil and type(value) ~= kind then raise("EINVAL", name) end
    end
    local depth = opts.max_depth
    if depth and not (depth >= 0 and depth < 2 ^ 32) then raise("EINVAL", "max_depth") end
    return depth or MAX_DEPTH
end

local DECODE_OPTIONS = { max_depth = "number" }

local function decode_error(path, category, code, offset, line, column, detail)
    local e = errors.new(category == 1 and LEXER or DOM, code)
    e.offset, e.line, e.column = offset, line, column
    if category == 1 then e.detail = detail end
    e.path = path
    return e
end

local function finish(value, ...)
    if value == nil then error(decode_error(...), 0) end
    return value
end

function json.decode(text, opts)
    if type(text) ~= "string" and class_name(text) ~= "byte_span" then raise("EINVAL", 1) end
    return finish(decode(text, opts == nil and MAX_DEPTH or check_options(opts, 2, DECODE_OPTIONS)))
end

local LINES_OPTIONS = { max_depth = "number", max_record_size = "number" }

-- Whether a record has only white space.
local function is_blank(record)
    for i = 1, #record do
        local byte = record[i]
        if byte ~= 32 and byte ~= 9 and byte ~= 13 then return false end
    end
    return true
end

function json.lines(source, opts)
    local depth = opts == nil and MAX_DEPTH or check_options(opts, 2, LINES_OPTIONS)
    local scanner = import("stream.scanner")
    local records = source
    if not rawequal(getmetatable(source), scanner.mt) then
        records = scanner.new({ stream = source, max_record_size = opts and opts.max_record_size })
    end
    return function()
        repeat
            local ok, record = stock_pcall(records.get_line, records)
            if not ok then
                if errors.is_eof(record) then return nil end
                error(record, 0)
            end
            if not is_blank(record) then
                local value, path, category, code, offset, line, column, detail = decode(record, depth)
                if value ~= nil then return value end
                local e = decode_error(path, category, code, offset, line, column, detail)
                e.record = records.record_number
                error(e, 0)
            end
        until false
    end
end

-- What the codes of src/json/encode.rs mean.
local STOPS = {
    [2] = function() raise("EINVAL") end,
    [3] = function() error(errors.new(DOM, CYCLE), 0) end,
    [4] = function() error(errors.new(DOM, TOO_DEEP), 0) end,
    [5] = function() error("not enough memory", 0) end,
    [6] = function() errors.raise_system("EBADF") end,
    [7] = function() error(errors.new(LEXER, UNEXPECTED_TOKEN), 0) end,
}

-- A writer that waits for the next call.
local idle = false

local ENCODE_OPTIONS = { indent = "string", max_depth = "number", sort_keys = "boolean" }

-- Writes `value` to a writer and returns that, and whether nobody else has seen it.
local function encode_alone(value, opts, n)
    local depth, indent, sort = MAX_DEPTH, nil, false
    if opts ~= nil then
        depth = check_options(opts, n, ENCODE_OPTIONS)
        indent, sort = opts.indent, opts.sort_keys
    end
    local writer = idle or new_writer()
    idle = false
    local code, exposed = encode(writer, value, nil, indent, depth, sort)
    if code ~= 0 then
        take(writer, false)
        STOPS[code]()
    end
    return writer, not exposed
end

local function encode_to_state(value, state)
    if type(state) ~= "table" then raise("EINVAL", "state") end
    local writer, indent = state.writer, state.indent
    if class_name(writer) ~= "json.writer" or type(state.visited) ~= "table" then raise("EINVAL", "state") end
    if indent ~= nil and type(indent) ~= "string" then raise("EINVAL", "state") end
    local code = encode(writer, value, state, indent)
    if code ~= 0 then STOPS[code]() end
end

function json.encode(value, opts)
    if type(opts) == "table" and opts.state ~= nil then return encode_to_state(value, opts.state) end
    local writer, own = encode_alone(value, opts, 2)
    local text = take(writer, own)
    if own then idle = writer end
    return text
end

function json.encode_into(bs, value, opts)
    if class_name(bs) ~= "byte_span" then raise("EINVAL", 1) end
    if type(opts) == "table" and opts.state ~= nil then raise("EINVAL", "state") end
    local writer, own = encode_alone(value, opts, 3)
    local length, needed = take_into(writer, bs, own)
    if own then idle = writer end
    if length then return length end
    local e = errors.new(errors.generic, errors.number.ENOBUFS)
    e.needed = needed
    error(e, 0)
end

-- The methods of json.writer.
local methods = {}

local function check_self(self)
    if class_name(self) ~= "json.writer" then raise("EINVAL", 1) end
    return self
end

local function check(code)
    if code == 0 then return end
    if code == 1 then error(errors.new(LEXER, UNEXPECTED_TOKEN), 0) end
    if code == 2 then error("not enough memory", 0) end
    if code == 3 then errors.raise_system("EBADF") end
    errors.raise_code(code)
end

function methods:value(v)
    check_self(self)
    local kind = type(v)
    if kind == "string" then
        check(write.string(self, v, #v))
    elseif kind == "number" then
        check(write.number(self, v))
    elseif kind == "boolean" then
        check(write.word(self, v and 2 or 1))
    elseif rawequal(v, null) then
        check(write.word(self, 0))
    else
        raise("EINVAL", 2)
    end
end

function methods:begin_object() check(write.open(check_self(self), 1)) end

function methods:end_object() check(write.close(check_self(self), 1)) end

function methods:begin_array() check(write.open(check_self(self), 0)) end

function methods:end_array() check(write.close(check_self(self), 0)) end

function methods:literal(raw)
    check_self(self)
    if type(raw) ~= "string" then raise("EINVAL", 2) end
    check(write.literal(self, raw, #raw))
end

function methods:generate()
    local text = take(check_self(self), false)
    if not text then errors.raise_system("EBADF") end
    return text
end

function writer_mt.__index(self, key)
    local method = rawget(methods, key)
    if method then return method end
    if key ~= "level" then errors.bad_index() end
    local level = write.level(self)
    if level < 0 then errors.raise_system("EBADF") end
    return level
end

return json
