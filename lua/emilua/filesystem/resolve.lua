-- Where paths lead: absolute, canonical and relative ones, the working directory and others that the system knows.
local import = ...
local check = import("filesystem.check")
local errors = import("core.errors")
local native = import("filesystem.native")
local path = import("filesystem.path")
local status = import("filesystem.status")
local value = import("filesystem.path.value")

local check_path, fail = check.path, check.fail
local getenv, ipairs = os.getenv, ipairs
local lexical = path.lexical
local join, new_path = lexical.join, value.new
local EINVAL = -errors.number.EINVAL

local functions = {}

local function working_directory()
    local text, code = native.path(native.working_directory)
    return text or fail(code)
end

function functions.absolute(p)
    local text = check_path(p, 1)
    if text == "" then fail(EINVAL, text) end
    return new_path(p.is_absolute and text or join(working_directory(), text))
end

function functions.canonical(p)
    local text = check_path(p, 1)
    local result, code = native.path(native.canonical, text)
    return new_path(result or fail(code, text))
end

-- The canonical form of the longest prefix that exists, and the rest. Nil and the code of a failure.
local function weakly_canonical(text)
    local rest = {}
    local prefix = text
    while prefix ~= "" do
        local result, code = native.path(native.canonical, prefix)
        if result then
            prefix = result
            break
        end
        if not status.is_missing(code) then return nil, code end
        local parent = lexical.parent(prefix)
        if parent == prefix then break end
        rest[#rest + 1] = lexical.filename(prefix)
        prefix = parent
    end
    for i = #rest, 1, -1 do prefix = join(prefix, rest[i]) end
    return lexical.normal(prefix)
end

function functions.weakly_canonical(p)
    local text = check_path(p, 1)
    local result, code = weakly_canonical(text)
    return new_path(result or fail(code, text))
end

-- The canonical forms of a path and of its base, which is the working directory if there is none.
local function with_base(p, base)
    local text = check_path(p, 1)
    local base_text = base == nil and working_directory() or check_path(base, 2)
    local a, code = weakly_canonical(text)
    local b
    if a then b, code = weakly_canonical(base_text) end
    if not b then fail(code, text, base_text) end
    return a, b
end

function functions.relative(p, base) return new_path(lexical.relative(with_base(p, base))) end

function functions.proximate(p, base)
    local a, b = with_base(p, base)
    local text = lexical.relative(a, b)
    return new_path(text == "" and a or text)
end

function functions.read_symlink(p)
    local text = check_path(p, 1)
    local result, code = native.path(native.read_link, text)
    return new_path(result or fail(code, text))
end

local function temp_directory()
    for _, name in ipairs { "TMPDIR", "TMP", "TEMP", "TEMPDIR" } do
        local text = getenv(name)
        if text then return text end
    end
    return "/tmp"
end

function functions.temp_directory_path()
    local text = temp_directory()
    if status.stat(text, 1).kind ~= status.DIRECTORY then fail(-errors.number.ENOTDIR, text) end
    return new_path(text)
end

return {
    functions = functions,
    working_directory = working_directory,
}
