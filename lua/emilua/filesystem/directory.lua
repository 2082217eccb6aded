-- Directories that are iterated: flat, or recursively with control over where to go, and what they yield.
local import = ...
local check = import("filesystem.check")
local clock = import("filesystem.clock")
local errors = import("core.errors")
local native = import("filesystem.native")
local path = import("filesystem.path")
local status = import("filesystem.status")
local value = import("filesystem.path.value")
local ffi = require("ffi")

local check_path, fail = check.path, check.fail
local class_name = errors.class_name
local setmetatable, tonumber = setmetatable, tonumber
local ffi_gc, ffi_string = ffi.gc, ffi.string
local join, new_path = path.lexical.join, value.new
local native_free, native_next, native_open, native_stat, path_stat =
    native.directory_free, native.directory_next, native.directory_open, native.directory_stat, native.stat
local DIRECTORY, SYMLINK = status.DIRECTORY, status.SYMLINK
local EACCES = -errors.number.EACCES

local directory = {}

-- An open directory is a table of a handle and the text in front of its entries' names; one that is closed has no
-- handle.
local HANDLE, PREFIX = import("core.native").HANDLE, 1

local out = ffi.new("void *[1]")

-- Opens the directory `name`, below the open directory `parent` if there is one. Returns nil and the code of a failure.
local function open(parent, name, text, follow)
    local code = native_open(parent and parent[HANDLE] or nil, name, follow, out)
    if code < 0 then return nil, code end
    return { ["\0handle"] = ffi_gc(out[0], native_free), join(text, "") }
end

local function close(d)
    local handle = d[HANDLE]
    d[HANDLE] = false
    if handle then native_free(ffi_gc(handle, nil)) end
end

-- An entry is a table {name, directory, type, record}. The record is its number in the job of the directory, where a
-- walk has asked for the attributes already; else false.
local NAME, OF, KIND, RECORD = 1, 2, 3, 4
local JOB = "\0job"
directory.JOB = JOB

local scratch = native.new_stat()

local function text_of(e) return e[OF][PREFIX] .. e[NAME] end
directory.text_of = text_of

-- The attributes of an entry: looked up in its directory while that is open, which is both fast and immune to a rename.
local function attributes(e, follow)
    local i, job = e[RECORD], e[OF][JOB]
    if i and job and i >= 0 and i < job.view.count then
        local known = job.view.records[i].stat
        if follow == 0 or known.kind ~= SYMLINK then return known end
    end
    local handle = e[OF][HANDLE]
    local code
    if handle then
        code = native_stat(handle, e[NAME], follow, scratch)
    else
        code = path_stat(text_of(e), follow, scratch)
    end
    if code < 0 then fail(code, text_of(e)) end
    return scratch
end

local properties = {
    path = function(e) return new_path(text_of(e)) end,
    file_size = function(e)
        local size = status.size(attributes(e, 1))
        if size < 0 then fail(size, text_of(e)) end
        return size
    end,
    hardlink_count = function(e) return tonumber(attributes(e, 1).links) end,
    last_write_time = function(e) return clock.point(attributes(e, 1).modified) end,
    status = function(e) return status.of(attributes(e, 1)) end,
    symlink_status = function(e) return status.of(attributes(e, 0)) end,
}
properties.hard_link_count = properties.hardlink_count

local methods = {}

function methods:refresh()
    if class_name(self) ~= "filesystem.directory_entry" then errors.raise("EINVAL", 1) end
    self[RECORD] = false
end

local entry_mt = errors.class("filesystem.directory_entry")

function entry_mt:__index(key)
    local property = properties[key]
    if property then return property(self) end
    return methods[key] or errors.bad_index()
end

function entry_mt.__newindex() errors.bad_index() end

local function new_entry(d, name, kind, record) return setmetatable({ name, d, kind, record }, entry_mt) end
directory.new_entry = new_entry

local found = native.new_entry()

-- The next entry; nil at the end, nil and the code of a failure.
local function read(d)
    local code = native_next(d[HANDLE], found)
    if code == 1 then return new_entry(d, ffi_string(found.name, found.length), found.kind, false) end
    return nil, code < 0 and code or nil
end

-- The names of all entries of a directory; nil and the code of a failure.
function directory.names(text)
    local d, code = open(nil, text, text, 1)
    if not d then return nil, code end
    local names = {}
    repeat
        code = native_next(d[HANDLE], found)
        if code == 1 then names[#names + 1] = ffi_string(found.name, found.length) end
    until code ~= 1
    close(d)
    if code < 0 then return nil, code end
    return names
end

local OPTIONS = { skip_permission_denied = check.is_boolean }
local RECURSIVE_OPTIONS = {
    skip_permission_denied = check.is_boolean, follow_directory_symlink = check.is_boolean,
}

-- Opens the directory that is argument 1; false for one that counts as empty.
local function open_first(p, options)
    local text = check_path(p, 1)
    local d, code = open(nil, text, text, 1)
    if d then return d end
    if code ~= EACCES or not options.skip_permission_denied then fail(code, text) end
    return false
end

local functions = {}
directory.functions = functions

function functions.directory_iterator(p, opts)
    local d = open_first(p, check.options(opts, 2, OPTIONS))
    return function()
        if not d then return nil end
        local e, code = read(d)
        if not e then
            close(d)
            d = false
            if code then fail(code) end
        end
        return e
    end
end

-- The state of a recursive iteration: the open directories at 1 to `depth`, the `last` entry, and whether a descent
-- into it is `pending`.

local function finish(state)
    for i = state.depth, 1, -1 do
        close(state[i])
        state[i] = nil
    end
    state.depth, state.last = 0, false
end

local function leave(state)
    local depth = state.depth
    close(state[depth])
    state[depth] = nil
    state.depth, state.last = depth - 1, false
end

-- Opens the directory that the entry is. A link is looked up by its whole path, in which the system counts links, so
-- that a loop ends. Returns nil and the code of a failure.
local function open_entry(e, options)
    if e[KIND] == DIRECTORY then return open(e[OF], e[NAME], text_of(e), 0) end
    if e[KIND] ~= SYMLINK or not options.follow_directory_symlink then return nil end
    local text = text_of(e)
    -- What is no directory, or leads nowhere, is no concern of an iteration.
    local code = path_stat(text, 1, scratch)
    if code < 0 then return nil, not status.is_missing(code) and code or nil end
    if scratch.kind ~= DIRECTORY then return nil end
    return open(nil, text, text, 1)
end

local function descend(state)
    local d, code = open_entry(state.last, state.options)
    if d then
        local depth = state.depth + 1
        state[depth], state.depth = d, depth
    elseif code and (code ~= EACCES or not state.options.skip_permission_denied) then
        finish(state)
        fail(code)
    end
end

local function advance(state)
    if state.last and state.pending then descend(state) end
    state.pending = true
    while state.depth > 0 do
        local depth = state.depth
        local e, code = read(state[depth])
        state.last = e or false
        if e then return e, depth - 1 end
        if code then
            finish(state)
            fail(code)
        end
        leave(state)
    end
end

local HANDLE_CLASS = "filesystem.recursive_directory_iterator"
local STATE = 1
local handle_methods = {}
local handle_mt = errors.class(HANDLE_CLASS)

-- The state of a handle whose iteration has not ended.
local function state_of(handle, arg)
    if class_name(handle) ~= HANDLE_CLASS then errors.raise("EINVAL", 1) end
    local state = handle[STATE]
    if state.depth == 0 then errors.raise("EINVAL", arg) end
    return state
end

function handle_methods:disable_recursion_pending() state_of(self, 1).pending = false end

function handle_methods:pop() leave(state_of(self)) end

function handle_mt:__index(key)
    if key == "recursion_pending" then return state_of(self, 1).pending end
    return handle_methods[key] or errors.bad_index()
end

function handle_mt.__newindex() errors.bad_index() end

function functions.recursive_directory_iterator(p, opts)
    local options = check.options(opts, 2, RECURSIVE_OPTIONS)
    local d = open_first(p, options)
    local state = { d or nil, options = options, depth = d and 1 or 0, last = false, pending = true }
    local handle = setmetatable({ state }, handle_mt)
    return function() return advance(state) end, handle
end

return directory
