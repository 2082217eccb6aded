-- filesystem.watch: a stream of what happens to files, by inotify(7).
local import = ...
local S = import("core.scheduler")
local byte_span = import("byte_span")
local check = import("filesystem.check")
local core = import("core.native")
local descriptor = import("io.descriptor")
local directory = import("filesystem.directory")
local errors = import("core.errors")
local native = import("filesystem.native")
local object = import("io.object")
local operation = import("core.operation")
local path = import("filesystem.path")
local value = import("filesystem.path.value")
local ffi = require("ffi")

local band, bor = bit.band, bit.bor
local check_path, fail_posix = check.path, check.fail_posix
local enter, perform = S.enter, operation.perform
local ipairs, pairs, rawset, remove, type = ipairs, pairs, rawset, table.remove, type
local class_name, raise = errors.class_name, errors.raise
local join, new_path = path.lexical.join, value.new
local io_close, is_open = import("io.native").close, import("io.native").is_open
local read = descriptor.native.read
local HANDLE, READ = object.HANDLE, object.READ
local ENOENT, ENOTDIR = -errors.number.ENOENT, -errors.number.ENOTDIR

local CLASS = "filesystem.watcher"

-- Bits of inotify(7).
local EVENTS = {
    access = 0x1, modify = 0x2, attrib = 0x4, close_write = 0x8, close_nowrite = 0x10, open = 0x20,
    moved_from = 0x40, moved_to = 0x80, create = 0x100, delete = 0x200, delete_self = 0x400, move_self = 0x800,
}
local UNMOUNT, OVERFLOW, IGNORED, IS_DIRECTORY = 0x2000, 0x4000, 0x8000, 0x40000000
local ONLY_DIRECTORY, DONT_FOLLOW = 0x01000000, 0x02000000
local NAMES = { [UNMOUNT] = "unmount", [OVERFLOW] = "overflow" }
for name, mask in pairs(EVENTS) do NAMES[mask] = name end
local KIND_BITS = 0xffff

local DEFAULT = bor(EVENTS.modify, EVENTS.attrib, EVENTS.close_write, EVENTS.moved_from, EVENTS.moved_to,
    EVENTS.create, EVENTS.delete, EVENTS.delete_self, EVENTS.move_self)
-- What a recursive watch must see to follow the tree.
local STRUCTURE = bor(EVENTS.create, EVENTS.moved_from, EVENTS.moved_to)

-- A watcher has under STATE the `watches` by number, which are {text, asked, recursive}; their `numbers` by text;
-- a `queue` of the events that have been read and not handed out; and a `buffer`.
local STATE = "\0state"
local TEXT, ASKED, RECURSIVE = 1, 2, 3

local event_pointer = ffi.typeof([[
    const struct { int32_t watch; uint32_t mask, cookie, length; char name[1]; } * ]])
local HEADER = 16

local methods, properties = {}, {}
local mt = object.class(CLASS, methods, properties)

local function push(self, kind, text, mask, cookie)
    local queue = self[STATE].queue
    queue[#queue + 1] = {
        type = kind, path = text and new_path(text), is_directory = band(mask, IS_DIRECTORY) ~= 0,
        cookie = cookie ~= 0 and cookie or nil,
    }
end

local function add_one(self, text, asked, recursive, flags)
    local mask = recursive and bor(asked, STRUCTURE) or asked
    local number = native.watch_add(self[HANDLE], text, bor(mask, flags))
    if number < 0 then return number end
    local before = self[STATE].watches[number]
    if before then self[STATE].numbers[before[TEXT]] = nil end
    self[STATE].watches[number] = { text, asked, recursive }
    self[STATE].numbers[text] = number
    return number
end

-- Watches the directories below one. `report`: their entries are new, and nobody was told so. Returns the code of a
-- failure and the path.
local function add_below(self, text, asked, report)
    local names = directory.names(text)
    -- It is gone, or closed to us.
    if not names then return 0 end
    for _, name in ipairs(names) do
        local inner = join(text, name)
        local code = add_one(self, inner, asked, true, bor(ONLY_DIRECTORY, DONT_FOLLOW))
        if report and band(asked, EVENTS.create) ~= 0 and code ~= ENOENT then
            push(self, "create", inner, code >= 0 and IS_DIRECTORY or 0, 0)
        end
        if code >= 0 then
            code, inner = add_below(self, inner, asked, report)
        elseif code == ENOTDIR or code == ENOENT then
            code = 0
        end
        if code < 0 then return code, inner end
    end
    return 0
end

-- Forgets the watches below a directory that has left the tree.
local function forget_below(self, text)
    local prefix = join(text, "")
    for inner, number in pairs(self[STATE].numbers) do
        if inner == text or inner:sub(1, #prefix) == prefix then native.watch_remove(self[HANDLE], number) end
    end
end

local function handle_event(self, event)
    local watch = self[STATE].watches[event.watch]
    local mask = event.mask
    if band(mask, OVERFLOW) ~= 0 then return push(self, "overflow", nil, 0, 0) end
    if not watch then return end
    if band(mask, IGNORED) ~= 0 then
        self[STATE].watches[event.watch] = nil
        if self[STATE].numbers[watch[TEXT]] == event.watch then self[STATE].numbers[watch[TEXT]] = nil end
        return
    end
    local text = watch[TEXT]
    if event.length > 0 then text = join(text, ffi.string(event.name)) end
    local kind = band(mask, KIND_BITS)
    if band(kind, bor(watch[ASKED], UNMOUNT)) ~= 0 then push(self, NAMES[kind], text, mask, event.cookie) end
    if watch[RECURSIVE] and band(mask, IS_DIRECTORY) ~= 0 and event.length > 0 then
        if kind == EVENTS.moved_from then
            forget_below(self, text)
        elseif kind == EVENTS.create or kind == EVENTS.moved_to then
            local code = add_one(self, text, watch[ASKED], true, bor(ONLY_DIRECTORY, DONT_FOLLOW))
            if code >= 0 then code = add_below(self, text, watch[ASKED], kind == EVENTS.create) end
            -- Too many watches for example: from here on something is missed.
            if code < 0 and code ~= ENOTDIR and code ~= ENOENT then push(self, "overflow", text, mask, 0) end
        end
    end
end

-- Reads what there is, unless another fiber has read more than it has taken.
local function fill(self)
    if self[STATE].queue[1] then return 1 end
    local n = read(self[HANDLE], self[STATE].buffer)
    if n <= 0 then return n end
    local data = ffi.cast(core.span_pointer, self[STATE].buffer).data
    local at = 0
    while at < n do
        local event = ffi.cast(event_pointer, data + at)
        at = at + HEADER + event.length
        handle_event(self, event)
    end
    return n
end

function methods:read()
    local f = enter()
    if class_name(self) ~= CLASS then raise("EINVAL", 1) end
    while true do
        local code = perform(self[READ], f, fill, self)
        if code < 0 then errors.raise_code(code) end
        local event = remove(self[STATE].queue, 1)
        if event then return event end
    end
end

local function is_events(x)
    if type(x) ~= "table" or #x == 0 then return false end
    for _, name in ipairs(x) do
        if not EVENTS[name] then return false end
    end
    return true
end

local OPTIONS = { events = is_events, recursive = check.is_boolean }

local function add(self, text, opts)
    local asked = DEFAULT
    if opts.events then
        asked = 0
        for _, name in ipairs(opts.events) do asked = bor(asked, EVENTS[name]) end
    end
    local recursive = opts.recursive or false
    local code = add_one(self, text, asked, recursive, 0)
    if code >= 0 and recursive then code, text = add_below(self, text, asked, false) end
    return code, text
end

local function check_open(self)
    if class_name(self) ~= CLASS then raise("EINVAL", 1) end
    if is_open(self[HANDLE]) == 0 then errors.raise_system("EBADF") end
end

function methods:add(p, opts)
    check_open(self)
    local text = check_path(p, 2)
    local code, failed = add(self, text, check.options(opts, 3, OPTIONS))
    if code < 0 then fail_posix(code, failed) end
end

-- Ends the watch of a path, and of what is below it.
function methods:remove(p)
    check_open(self)
    local text = check_path(p, 2)
    if not self[STATE].numbers[text] then raise("EINVAL", 2) end
    forget_below(self, text)
end

local functions = {}

function functions.watch(p, opts)
    local text = check_path(p, 1)
    opts = check.options(opts, 2, OPTIONS)
    local self = object.new(mt)
    rawset(self, STATE, { watches = {}, numbers = {}, queue = {}, buffer = byte_span.new(2 ^ 14) })
    local code, failed = native.watch_open(self[HANDLE]), text
    if code >= 0 then code, failed = add(self, text, opts) end
    if code < 0 then
        io_close(self[HANDLE])
        fail_posix(code, failed)
    end
    return self
end

return { functions = functions }
