-- stream.scanner: records and their fields, as views of one buffer.
--
-- A scanner is the user's table; what it keeps for itself is under keys that no user has. Records stay where they were
-- read: the rest moves to the front of the buffer only before a read, so that no record is copied.
local import = ...
local byte_span = import("byte_span")
local errors = import("core.errors")
local fields = import("regex.fields")
local native = import("core.native")
local regex = import("regex.native")
local scope = import("core.scope")
local S = import("core.scheduler")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local cast, copy, new_cdata = ffi.cast, ffi.copy, ffi.new
local span_pointer, span_view = native.span_pointer, native.span_view
local records_of, views_of = native.records_of, native.views_of
local search = native.bind("scanner", [[
    double find(const uint8_t *, size_t, size_t, const uint8_t *, size_t);
    int32_t split(const uint8_t *, size_t, const uint8_t *, size_t, $, int32_t *, int32_t); ]], fields.progress)
local native_find, native_split, list_fields = search.find, search.split, fields.views
local regex_find, HANDLE, OFFSETS, GROUPS = regex.find, regex.HANDLE, regex.OFFSETS, regex.GROUPS
local pcall = scope.stock_pcall
local enter, state = S.enter, S.state
local error, setmetatable, tonumber, type = error, setmetatable, tonumber, type
local max, min = math.max, math.min

-- The buffer: the span of all of it, its makers of records and of fields (src/scanner.rs, src/span.rs), its bytes and
-- their number.
local BUFFER, RECORDS, VIEWS, DATA, SIZE = "\0buffer", "\0records", "\0views", "\0data", "\0size"
-- The data in it: offsets of its first byte and behind its last one. The current record, which is first: its length, or
-- false, and that of its terminator.
local START, STOP, LENGTH, TERMINATOR = "\0start", "\0stop", "\0length", "\0terminator"
-- Records that have been looked for ahead: a list, the index of the next one, that of the last one, what ends them.
local AHEAD, NEXT, LAST, SEPARATOR = "\0ahead", "\0next", "\0last", "\0separator"

local DEFAULT_SIZE, DEFAULT_MOST = 4096, 65536

-- not_bol, not_eol, not_bow, not_eow, not_null: the ends of the buffer are no ends of a record.
local WINDOW = 1 + 2 + 4 + 8 + 32

local methods = {}
local scanner = { mt = { __index = methods } }

-- Takes a span's memory, all its capacity, as the buffer.
local function adopt(self, bs)
    local span = cast(span_pointer, bs)
    local size = tonumber(span.capacity)
    local buffer = span_view(bs, 0, size, size)
    self[BUFFER], self[RECORDS], self[VIEWS] = buffer, records_of(buffer), views_of(buffer)
    self[DATA], self[SIZE] = span.data, size
    self[LAST] = 0
end

local function set_data(self, stop)
    self[START], self[STOP], self[LENGTH], self[TERMINATOR] = 0, stop, false, 0
end

function scanner.new(opts)
    if opts == nil then opts = {} end
    if type(opts) ~= "table" then raise("EINVAL", 1) end
    local size = opts.buffer_size_hint
    if size ~= nil and type(size) ~= "number" then raise("EINVAL", "buffer_size_hint") end
    opts.buffer_size_hint = nil
    if opts.record_separator == nil then opts.record_separator = "\n" end
    if opts.max_record_size == nil then opts.max_record_size = DEFAULT_MOST end
    if opts.record_number == nil then opts.record_number = 0 end
    if opts.trim_record == nil then opts.trim_record = false end
    if type(opts.max_record_size) ~= "number" then raise("EINVAL", "max_record_size") end
    if not size or size < 1 or size ~= size then size = DEFAULT_SIZE end
    opts[AHEAD], opts[NEXT], opts[SEPARATOR] = {}, 1, false
    adopt(opts, byte_span.new(max(1, min(size, opts.max_record_size))))
    set_data(opts, 0)
    return setmetatable(opts, scanner.mt)
end

function scanner.with_awk_defaults(read_stream)
    return scanner.new({
        stream = read_stream, record_separator = "\n", trim_record = true,
        field_separator = import("regex").new({ pattern = "[ \f\n\r\t\v]+", grammar = "extended", optimize = true }),
    })
end

-- The buffer of a scanner; raises for what is none.
local function check_self(self)
    local buffer = type(self) == "table" and self[BUFFER]
    if class_name(buffer) ~= "byte_span" then raise("EINVAL", 1) end
    return buffer
end

-- Drops the current record and its terminator, if there is one.
local function discard(self)
    local length = self[LENGTH]
    if length then
        self[START] = self[START] + length + self[TERMINATOR]
        self[LENGTH] = false
    end
end

-- Moves the data to the front.
local function compact(self)
    local start, stop = self[START], self[STOP]
    if start == 0 then return end
    local n = stop - start
    -- The parts may overlap.
    if n > 0 then self[BUFFER]:copy(span_view(self[BUFFER], start, n, n)) end
    self[START], self[STOP], self[LAST] = 0, n, 0
end

local function grow(self)
    local size = self[SIZE]
    local bigger = min(max(2 * size, 1), self.max_record_size)
    if bigger <= size or bigger ~= bigger then raise("EMSGSIZE") end
    local old, bs = self[DATA], byte_span.new(bigger)
    copy(cast(span_pointer, bs).data, old, self[STOP])
    adopt(self, bs)
end

-- One read into the free tail; counted at once, for whoever interrupts the fiber behind it.
local function read(self)
    local stop, size = self[STOP], self[SIZE]
    local n = self.stream:read_some(span_view(self[BUFFER], stop, size - stop, size - stop))
    self[STOP] = stop + n
end

-- More data. Returns false at the end of the stream.
local function fill(self)
    compact(self)
    if self[STOP] == self[SIZE] then grow(self) end
    local ok, e = pcall(read, self)
    if ok then return true end
    if not errors.is_eof(e) or self[STOP] == 0 then error(e, 0) end
    return false
end

-- Finds the end of the record that begins the data: sets LENGTH, TERMINATOR, `record_terminator`.
local function find_string(self, separator)
    local from, size = self[START], #separator
    while true do
        local start, stop = self[START], self[STOP]
        local at = native_find(self[DATA], from, stop, separator, size)
        if at >= 0 then
            self[LENGTH], self[TERMINATOR], self.record_terminator = at - start, size, separator
            return
        end
        -- What has been read need not be looked at again, but for the beginning of a separator.
        local seen = max(stop - start - size + 1, 0)
        if not fill(self) then
            self[LENGTH], self[TERMINATOR], self.record_terminator = self[STOP], 0, ""
            return
        end
        from = self[START] + seen
    end
end

local function find_regex(self, separator)
    local handle, offsets = separator[HANDLE], separator[OFFSETS]
    while true do
        local start, stop = self[START], self[STOP]
        local found = regex_find(handle, self[DATA] + start, stop - start, WINDOW, offsets)
        if found < 0 then errors.raise_code(found) end
        if found > 0 then
            local first, last = offsets[0], offsets[1]
            self[LENGTH], self[TERMINATOR] = first, last - first
            self.record_terminator = span_view(self[BUFFER], start + first, last - first, self[SIZE] - start - first)
            return
        end
        if not fill(self) then
            stop = self[STOP]
            self[LENGTH], self[TERMINATOR] = stop, 0
            self.record_terminator = span_view(self[BUFFER], stop, 0, self[SIZE] - stop)
            return
        end
    end
end

local function find_record(self, separator)
    if type(separator) == "string" and separator ~= "" then return find_string(self, separator) end
    if class_name(separator) ~= "regex" then raise("EINVAL", "record_separator") end
    return find_regex(self, separator)
end

-- Sets of bytes to trim, by their text: arrays of flags.
local sets = setmetatable({}, { __mode = "v" })

local function set_of(text)
    local set = sets[text]
    if not set then
        set = new_cdata("uint8_t[256]")
        for i = 1, #text do set[text:byte(i)] = 1 end
        sets[text] = set
    end
    return set
end
local SPACE = set_of(" \f\n\r\t\v")

-- Offsets of a record between which nothing is to be trimmed.
local function trim(self, first, last)
    local what, set = self.trim_record, SPACE
    if not what then return first, last end
    if type(what) == "string" then
        set = set_of(what)
    elseif what ~= true then
        raise("EINVAL", "trim_record")
    end
    local data = self[DATA]
    while first < last and set[data[first]] ~= 0 do first = first + 1 end
    while last > first and set[data[last - 1]] ~= 0 do last = last - 1 end
    return first, last
end

local function split_string(separator, data, length, progress, bounds, room)
    return native_split(data, length, separator, #separator, progress, bounds, room)
end

local function split_regex(self, find, re, first, last)
    if re[GROUPS] > 0 then raise("ENOTSUP") end
    return list_fields(find, re[HANDLE], self[VIEWS], self[DATA] + first, last - first, first)
end

-- The current record as the attributes want it.
local function result_of(self)
    local start = self[START]
    local first, last = trim(self, start, start + self[LENGTH])
    local separator = self.field_separator
    if separator == nil then
        local pattern = self.field_pattern
        if pattern == nil then return span_view(self[BUFFER], first, last - first, self[SIZE] - first) end
        if class_name(pattern) ~= "regex" then raise("EINVAL", "field_pattern") end
        return split_regex(self, regex.patsplit, pattern, first, last)
    elseif type(separator) == "string" then
        if separator == "" then raise("EINVAL", "field_separator") end
        return list_fields(split_string, separator, self[VIEWS], self[DATA] + first, last - first, first)
    elseif class_name(separator) == "regex" then
        return split_regex(self, regex.split, separator, first, last)
    end
    return separator(span_view(self[BUFFER], first, last - first, self[SIZE] - first))
end

-- The most frequent case: the next record that a string ends and that is returned as it is, if it has been read.
local function next_record(self, separator)
    local i = self[NEXT]
    if i > self[LAST] or self[SEPARATOR] ~= separator then
        local last = self[RECORDS](self[START], self[STOP], separator, self[AHEAD])
        i, self[LAST], self[SEPARATOR] = 1, last, separator
        if last == 0 then return nil end
    end
    local record = self[AHEAD][i]
    self[NEXT], self[LENGTH], self[TERMINATOR] = i + 1, tonumber(cast(span_pointer, record).len), #separator
    self.record_terminator = separator
    self.record_number = self.record_number + 1
    return record
end

function methods:get_line()
    check_self(self)
    -- Outside of a run the stream decides whether it can be read.
    if state.current then enter() end
    discard(self)
    local separator = self.record_separator
    if type(separator) == "string" and separator ~= "" and self.field_separator == nil and self.field_pattern == nil
        and not self.trim_record
    then
        local record = next_record(self, separator)
        if record then return record end
    end
    self[LAST] = 0
    find_record(self, separator)
    self.record_number = self.record_number + 1
    return result_of(self)
end

local function check_record(self)
    check_self(self)
    if not self[LENGTH] then raise("EINVAL") end
end

function methods:buffered_line()
    check_record(self)
    local start = self[START]
    return span_view(self[BUFFER], start, self[LENGTH], self[SIZE] - start)
end

function methods:remove_line()
    check_record(self)
    discard(self)
    self.record_terminator = nil
end

function methods:buffer()
    check_self(self)
    -- The current record stays where it is, for whoever has spans of it.
    if not self[LENGTH] then compact(self) end
    local start = self[START]
    return span_view(self[BUFFER], start, self[STOP] - start, self[SIZE] - start), 1
end

function methods:set_buffer(bs, offset)
    check_self(self)
    if class_name(bs) ~= "byte_span" then raise("EINVAL", 2) end
    if offset ~= nil and type(offset) ~= "number" then raise("EINVAL", 3) end
    local data = bs:slice(offset)
    adopt(self, bs)
    self[BUFFER]:copy(data)
    set_data(self, #data)
    self.record_terminator = nil
end

return scanner
