-- Copying files, links and trees.
local import = ...
local check = import("filesystem.check")
local directory = import("filesystem.directory")
local errors = import("core.errors")
local native = import("filesystem.native")
local path = import("filesystem.path")
local status = import("filesystem.status")

local check_path, fail = check.path, check.fail
local raise = errors.raise
local ipairs, pairs, type = ipairs, pairs, type
local native_stat = native.stat
local number = errors.number
local lexical = path.lexical
local join = lexical.join
local REGULAR, DIRECTORY, SYMLINK = status.REGULAR, status.DIRECTORY, status.SYMLINK

local functions = {}

local EXISTING = { skip = true, overwrite = true, update = true }

local function is_existing(x) return EXISTING[x] == true end

local function is_same(a, b) return a.device == b.device and a.inode == b.inode end

-- Copies a regular file, links followed; `existing` says what to do when there is one. Whether it was copied.
local function copy_file(a, b, existing)
    local from, to = native.new_stat(), native.new_stat()
    local code = native_stat(a, 1, from)
    if code == 0 and from.kind ~= REGULAR then code = -number.ENOTSUP end
    if code < 0 then fail(code, a, b) end
    code = native_stat(b, 1, to)
    local exists = code == 0
    if not exists and not status.is_missing(code) then fail(code, a, b) end
    if exists then
        if is_same(from, to) then fail(-number.EEXIST, a, b) end
        if to.kind ~= REGULAR then fail(to.kind == DIRECTORY and -number.EISDIR or -number.ENOTSUP, a, b) end
        if not existing then fail(-number.EEXIST, a, b) end
        if existing == "skip" or existing == "update" and to.modified >= from.modified then return false end
    end
    code = native.copy_file(a, b, exists and 1 or 0)
    if code < 0 then fail(code, a, b) end
    return true
end

-- copy_file(a, b[, on_existing]); release 0.6 took a table {existing = ...}.
function functions.copy_file(a, b, existing)
    local from, to = check_path(a, 1), check_path(b, 2)
    if type(existing) == "table" then
        existing = check.options(existing, 3, { existing = is_existing }).existing
    elseif existing ~= nil and not is_existing(existing) then
        raise("EINVAL", 3)
    end
    return copy_file(from, to, existing)
end

-- `directory`: the target is one. Only Windows has to know.
local function create_symlink(target, link, is_directory)
    local code = native.symbolic_link(target, link, is_directory)
    if code < 0 then fail(code, target, link) end
end

function functions.create_symlink(target, link) create_symlink(check_path(target, 1), check_path(link, 2), 0) end

function functions.create_directory_symlink(target, link)
    create_symlink(check_path(target, 1), check_path(link, 2), 1)
end

local function create_hardlink(target, link)
    local code = native.hard_link(target, link)
    if code < 0 then fail(code, target, link) end
end

function functions.create_hardlink(target, link) create_hardlink(check_path(target, 1), check_path(link, 2)) end
functions.create_hard_link = functions.create_hardlink

local function copy_symlink(a, b)
    local target, code = native.path(native.read_link, a)
    if not target then fail(code, a, b) end
    local attributes = native.new_stat()
    local to_directory = native_stat(a, 1, attributes) == 0 and attributes.kind == DIRECTORY
    code = native.symbolic_link(target, b, to_directory and 1 or 0)
    if code < 0 then fail(code, a, b) end
end

function functions.copy_symlink(a, b) copy_symlink(check_path(a, 1), check_path(b, 2)) end

local HOW = {
    directories_only = "directories_only", create_symlinks = "create_symlinks",
    create_hardlinks = "create_hardlinks", create_hard_links = "create_hardlinks",
}
local OPTIONS = {
    existing = is_existing,
    recursive = check.is_boolean,
    symlinks = function(x) return x == "copy" or x == "skip" end,
    copy = function(x) return HOW[x] ~= nil end,
}

-- The attributes of a path; false when there is no such file. `a`, `b`: of the step.
local function look(text, follow, a, b)
    local attributes = native.new_stat()
    local code = native_stat(text, follow, attributes)
    if code == 0 then return attributes end
    if not status.is_missing(code) then fail(code, a, b) end
    return false
end

local function copy_regular(a, b, to, o)
    if o.how == "directories_only" then return end
    if o.how == "create_symlinks" then return create_symlink(a, b, 0) end
    if o.how == "create_hardlinks" then return create_hardlink(a, b) end
    if to and to.kind == DIRECTORY then b = join(b, lexical.filename(a)) end
    copy_file(a, b, o.existing)
end

local copy_any

local function copy_directory(a, b, from, to, o)
    if not to then
        local code = native.make_directory(b, from.mode)
        if code < 0 then fail(code, b, a) end
        to = look(b, 1, b, a)
    end
    -- A tree that is copied into itself would never end.
    if not o.root then
        o.root = to
    elseif is_same(from, o.root) then
        fail(-number.EINVAL, a, b)
    end
    local names, code = directory.names(a)
    if not names then fail(code, a, "") end
    for _, name in ipairs(names) do copy_any(join(a, name), join(b, name), o) end
end

-- `o`: {existing, symlinks, how, recursive, levels}; how many levels of directories are copied without `recursive`.
function copy_any(a, b, o)
    local follow = (o.symlinks or o.how == "create_symlinks") and 0 or 1
    local from, to = look(a, follow, a, b), look(b, follow, a, b)
    if not from then fail(-number.ENOENT, a, b) end
    if to and is_same(from, to) then fail(-number.EEXIST, a, b) end
    if status.is_other(from.kind) or to and status.is_other(to.kind) then fail(-number.EINVAL, a, b) end
    if from.kind == DIRECTORY and to and to.kind == REGULAR then fail(-number.EISDIR, a, b) end
    if from.kind == SYMLINK then
        if o.symlinks == "skip" then return end
        if o.symlinks ~= "copy" or to then fail(-number.EINVAL, a, b) end
        return copy_symlink(a, b)
    end
    if from.kind == REGULAR then return copy_regular(a, b, to, o) end
    if o.how == "create_symlinks" then fail(-number.EISDIR, a, b) end
    if not o.recursive then
        if o.levels == 0 then return end
        o.levels = 0
    end
    copy_directory(a, b, from, to, o)
end

function functions.copy(a, b, opts)
    local from, to = check_path(a, 1), check_path(b, 2)
    opts = check.options(opts, 3, OPTIONS)
    local o = {
        existing = opts.existing, symlinks = opts.symlinks, how = HOW[opts.copy], recursive = opts.recursive,
        levels = 1,
    }
    for name in pairs(OPTIONS) do
        if opts[name] then o.levels = 0 end
    end
    copy_any(from, to, o)
end

return { functions = functions }
