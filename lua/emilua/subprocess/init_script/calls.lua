-- The calls of an init.script. System calls are made through the FFI, by prototypes: a line names a function and the
-- types of its arguments.
local import = ...
local native = import("subprocess.init_script.native")
local ffi = require("ffi")

local cast, errno, new = ffi.cast, ffi.errno, ffi.new
local error, pairs, tonumber, traceback, type = error, pairs, tonumber, debug.traceback, type
local find, format = string.find, string.format
local globals = _G

local system = { native = native, constants = native.constants() }
local functions = {}
system.functions = functions

-- Ends the process, whatever errexit says.
function system.die(name, text)
    native.report(format("<3>ipc_actor/init/%s: %s\n", name, text))
    native.exit(1)
end

-- What a failing call does: it ends the process, or returns -1 (or `value`) and the error number.
local function fail(name, code, value)
    if globals.errexit then system.die(name, traceback(native.error_text(code), 2)) end
    return value or -1, code
end
system.fail = fail

-- The results of a C function that returns -1 and sets errno.
local function result(name, value)
    value = tonumber(value)
    if value == -1 then return fail(name, errno()) end
    return value, 0
end
system.result = result

local function bad_argument(name, n, wanted, value)
    error(format("bad argument #%d to '%s' (%s expected, got %s)", n, name, wanted, type(value)), 4)
end

local function out_of_range(name, n) error(format("bad argument #%d to '%s' (number out of range)", n, name), 4) end

local function check_string(name, n, value)
    if type(value) ~= "string" then bad_argument(name, n, "string", value) end
    if find(value, "\0", 1, true) then error(format("bad argument #%d to '%s' (string contains zeros)", n, name), 4) end
    return value
end

local function check_integer(name, n, value)
    if type(value) ~= "number" then bad_argument(name, n, "number", value) end
    -- Conversions would make another number of it, 0 among them. Sums of flags may have the sign bit.
    if value % 1 ~= 0 or value < -2 ^ 31 or value >= 2 ^ 32 then out_of_range(name, n) end
    return value
end
system.check_string, system.check_integer = check_string, check_integer

-- A count of bytes or the number of a device, which may have more bits.
local function check_size(name, n, value)
    if type(value) ~= "number" then bad_argument(name, n, "number", value) end
    if value % 1 ~= 0 or value < 0 or value >= 2 ^ 64 then out_of_range(name, n) end
    return value
end
system.check_size = check_size

-- Types of arguments by letter: the C type, and the check, which returns what is passed.
local TYPES = {
    i = { "int", check_integer },
    u = { "unsigned int", check_integer },
    l = { "long", check_integer },
    s = { "const char *", check_string },
    -- A string or nil.
    n = { "const char *", function(name, n, value) return value ~= nil and check_string(name, n, value) or nil end },
    -- The same; another type ends the process.
    N = {
        "const char *",
        function(name, _, value)
            if value ~= nil and type(value) ~= "string" then system.die(name, "invalid argument") end
            return value
        end,
    },
}

-- Calls with `checks` applied to the arguments; what there is no check for is not passed.
local function checked(name, checks, call)
    local a, b, c, d, e, f = checks[1], checks[2], checks[3], checks[4], checks[5], checks[6]
    return function(p, q, r, s, t, u)
        p = a and a(name, 1, p)
        q = b and b(name, 2, q)
        r = c and c(name, 3, r)
        s = d and d(name, 4, s)
        t = e and e(name, 5, t)
        u = f and f(name, 6, u)
        return result(name, call(p, q, r, s, t, u))
    end
end

-- The checks of a signature, and the list of its C types.
local function parse(letters)
    local checks, types = {}, {}
    for letter in letters:gmatch(".") do
        checks[#checks + 1], types[#types + 1] = TYPES[letter][2], TYPES[letter][1]
    end
    return checks, table.concat(types, ", "), #types
end

-- Adds functions of libc that return -1 on failure: lines of a name and a signature, or `NAME SYMBOL SIGNATURE`.
function system.define(lines)
    for line in lines:gmatch("[^\n]+") do
        local name, symbol, letters = line:match("^%s*(%S+) +(%S+) +(%S+)%s*$")
        if not name then
            name, letters = line:match("^%s*(%S+) *(%S*)%s*$")
            symbol = name
        end
        if name then
            local checks, types, n = parse(letters)
            ffi.cdef(("int %s(%s);"):format(symbol, n == 0 and "void" or types))
            local call = ffi.C[symbol]
            local exact = n == 0 and function() return call() end
                or n == 1 and function(a) return call(a) end
                or n == 2 and function(a, b) return call(a, b) end
                or n == 3 and function(a, b, c) return call(a, b, c) end
                or n == 4 and function(a, b, c, d) return call(a, b, c, d) end
                or function(a, b, c, d, e) return call(a, b, c, d, e) end
            functions[name] = checked(name, checks, exact)
        end
    end
end

-- A system call by number, with whatever it takes: integers, strings, pointers, nil.
local word = ffi.typeof("long")

local function to_word(value)
    if value == nil then return word(0) end
    if type(value) == "number" then return word(value) end
    return cast(word, cast("const char *", value))
end

ffi.cdef("long syscall(long, ...);")

function system.call(number, a, b, c, d, e, f)
    return ffi.C.syscall(word(number), to_word(a), to_word(b), to_word(c), to_word(d), to_word(e), to_word(f))
end

-- Adds system calls that libc need not have, by their numbers in `constants`: lines of a name and a signature.
function system.define_calls(lines)
    for name, letters in lines:gmatch("(%S+) +(%S+)") do
        local number = system.constants["SYS_" .. name]
        functions[name] = checked(name, (parse(letters)), function(...) return system.call(number, ...) end)
    end
end

system.define([[
    dup i
    dup2 ii
    close i
    socket iii
    listen ii
    access si
    eaccess si
    mkdir su
    mkfifo su
    link ss
    linkat isisi
    symlink ss
    chown suu
    chmod su
    chdir s
    chroot s
    setsid
    setpgid ii
    setresuid uuu
    setresgid uuu ]])

ffi.cdef([[
    int open(const char *, int, ...);
    intptr_t read(int, void *, size_t);
    intptr_t write(int, const void *, size_t);
    unsigned int umask(unsigned int);
    int setgroups(size_t, const unsigned int *);
    int sethostname(const char *, size_t);
    int setdomainname(const char *, size_t);
    int execve(const char *, const char *const *, const char *const *);
    int fexecve(int, const char *const *, const char *const *); ]])

local C = ffi.C

function functions.open(path, flags, mode)
    check_string("open", 1, path)
    check_integer("open", 2, flags)
    if mode ~= nil then check_integer("open", 3, mode) end
    return result("open", C.open(path, flags, new("unsigned int", mode or 0)))
end

function functions.closefrom(low)
    check_integer("closefrom", 1, low)
    native.close_from(low)
end

local MEMORY = 2 ^ 20 -- all that a script has

function functions.read(fd, size)
    check_integer("read", 1, fd)
    check_size("read", 2, size)
    if size > MEMORY then out_of_range("read", 2) end
    local buffer = new("char[?]", size)
    local n = tonumber(C.read(fd, buffer, size))
    if n == -1 then
        local _, code = fail("read", errno())
        return nil, code
    end
    return ffi.string(buffer, n), 0
end

-- setrlimit(2): nil is no limit.
local limits = ffi.typeof("struct { uint64_t soft, hard; }")
local UNLIMITED = ffi.os == "Linux" and 0xffffffffffffffffULL or 0x7fffffffffffffffULL
ffi.cdef("int setrlimit(int, const void *);")

function functions.setrlimit(resource, soft, hard)
    check_integer("setrlimit", 1, resource)
    soft = soft == nil and UNLIMITED or check_size("setrlimit", 2, soft)
    hard = hard == nil and UNLIMITED or check_size("setrlimit", 3, hard)
    return result("setrlimit", C.setrlimit(resource, limits(soft, hard)))
end

-- A string of any bytes.
local function check_bytes(name, n, value)
    if type(value) ~= "string" then bad_argument(name, n, "string", value) end
    return value
end
system.check_bytes = check_bytes

function functions.write(fd, bytes)
    check_integer("write", 1, fd)
    check_bytes("write", 2, bytes)
    return result("write", C.write(fd, bytes, #bytes))
end

function functions.umask(mask)
    check_integer("umask", 1, mask)
    return C.umask(mask)
end

for _, name in pairs({ "sethostname", "setdomainname" }) do
    functions[name] = function(text)
        check_bytes(name, 1, text)
        return result(name, C[name](text, #text))
    end
end

-- An array of C strings that ends with NULL; nil for nil. `anchor` keeps the strings.
local function strings(name, list)
    if list == nil then return nil end
    local array = new("const char *[?]", #list + 1)
    for i = 1, #list do
        if type(list[i]) ~= "string" then system.die(name, "invalid argument") end
        array[i - 1] = list[i]
    end
    return array
end

local function check_list(name, n, list)
    if list ~= nil and type(list) ~= "table" then bad_argument(name, n, "table", list) end
    return list
end

local function variables(name, list)
    if not list then return nil end
    local texts = {}
    for key, value in pairs(list) do
        if type(key) ~= "string" or type(value) ~= "string" then system.die(name, "invalid argument") end
        texts[#texts + 1] = key .. "=" .. value
    end
    return texts
end

local function exec(name, check)
    functions[name] = function(program, argv, envp)
        check(name, 1, program)
        argv, envp = check_list(name, 2, argv), variables(name, check_list(name, 3, envp))
        return result(name, C[name](program, strings(name, argv), strings(name, envp)))
    end
end
exec("execve", check_string)
exec("fexecve", check_integer)

function functions.setgroups(groups)
    if type(groups) ~= "table" then bad_argument("setgroups", 1, "table", groups) end
    local array = new("unsigned int[?]", #groups + 1)
    for i = 1, #groups do
        if type(groups[i]) ~= "number" then system.die("setgroups", "invalid argument") end
        array[i - 1] = check_integer("setgroups", 1, groups[i])
    end
    return result("setgroups", C.setgroups(#groups, array))
end

return system
