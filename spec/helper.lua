-- What the specs share: runs, error assertions, child interpreters and the check that nothing is left behind.

local helper = {}

local unpack = unpack

-- Numbers instead of `emilua.generic_error`, so that a wrong table there cannot hide a wrong code here.
helper.errno = {
    E2BIG = 7, EACCES = 13, EADDRINUSE = 98, EADDRNOTAVAIL = 99, EAFNOSUPPORT = 97, EAGAIN = 11, EALREADY = 114,
    EBADF = 9, EBADMSG = 74, EBUSY = 16, ECANCELED = 125, ECHILD = 10, ECONNABORTED = 103, ECONNREFUSED = 111,
    ECONNRESET = 104, EDEADLK = 35, EDESTADDRREQ = 89, EDOM = 33, EEXIST = 17, EFAULT = 14, EFBIG = 27,
    EHOSTUNREACH = 113, EIDRM = 43, EILSEQ = 84, EINPROGRESS = 115, EINTR = 4, EINVAL = 22, EIO = 5, EISCONN = 106,
    EISDIR = 21, ELOOP = 40, EMFILE = 24, EMLINK = 31, EMSGSIZE = 90, ENAMETOOLONG = 36, ENETDOWN = 100,
    ENETRESET = 102, ENETUNREACH = 101, ENFILE = 23, ENOBUFS = 105, ENODEV = 19, ENOENT = 2, ENOEXEC = 8, ENOLCK = 37,
    ENOLINK = 67, ENOMEM = 12, ENOMSG = 42, ENOPROTOOPT = 92, ENOSPC = 28, ENOSYS = 38, ENOTCONN = 107, ENOTDIR = 20,
    ENOTEMPTY = 39, ENOTRECOVERABLE = 131, ENOTSOCK = 88, ENOTSUP = 95, ENOTTY = 25, ENXIO = 6, EOPNOTSUPP = 95,
    EOVERFLOW = 75, EOWNERDEAD = 130, EPERM = 1, EPIPE = 32, EPROTO = 71, EPROTONOSUPPORT = 93, EPROTOTYPE = 91,
    ERANGE = 34, EROFS = 30, ESHUTDOWN = 108, ESPIPE = 29, ESRCH = 3, ETIMEDOUT = 110, ETXTBSY = 26, EWOULDBLOCK = 11,
    EXDEV = 18,
}

-- The short names of core §1.3.
helper.core = {
    invalid_module_name = 1, module_not_found = 2, root_cannot_import_parent = 3, cyclic_import = 4,
    leaf_cannot_import_child = 5, only_main_fiber_may_import = 6, bad_root_context = 7, bad_index = 8,
    bad_coroutine = 9, suspension_already_allowed = 10, interruption_already_allowed = 11, forbid_suspend_block = 12,
    interrupted = 13, unmatched_scope_cleanup = 14, channel_closed = 15, no_senders = 16, internal_module = 17,
    raise_error = 18, bad_rdf = 19, bad_rdf_module = 20, bad_rdf_error_category = 21, broken_promise = 22,
    promise_already_satisfied = 23, current_module_not_known = 24,
}

-- The short names of the asio categories (core §1.5).
helper.misc = { already_open = 1, eof = 2, not_found = 3, fd_set_failure = 4 }
helper.netdb = { host_not_found = 1, host_not_found_try_again = 2, no_recovery = 3, no_data = 4 }
helper.addrinfo = { service_not_found = -8, socket_type_not_supported = -7 }

local names_of = {
    ["generic"] = helper.errno,
    ["system"] = helper.errno,
    ["emilua.core"] = helper.core,
    ["asio.misc"] = helper.misc,
    ["asio.netdb"] = helper.netdb,
    ["asio.addrinfo"] = helper.addrinfo,
}

local function number_of(category, code)
    if type(code) == "number" then
        return code
    end
    local names = names_of[category] or error("no names known for category " .. category, 3)
    return names[code] or error("no code " .. code .. " in category " .. category, 3)
end

local function describe_error(e)
    if type(e) == "table" and getmetatable(e) == "error_code" then
        return string.format("%s %s (arg=%s, index=%s): %s", tostring(e.category), tostring(e.code), tostring(e.arg),
            tostring(e.index), tostring(e))
    end
    return type(e) .. ": " .. tostring(e)
end
helper.describe_error = describe_error

-- What is wrong with `e`, or nil. No pcall: the calling fiber may be interrupted.
local function complaint(e, category, code, fields)
    local wanted = number_of(category, code)
    if type(e) ~= "table" or getmetatable(e) ~= "error_code" or tostring(e.category) ~= category or e.code ~= wanted
    then
        return string.format("expected %s %s (%d), got %s", category, code, wanted, describe_error(e))
    end
    for _, name in ipairs { "arg", "index", "module" } do
        if e[name] ~= fields[name] then
            return string.format("expected %s %s with %s=%s, got %s", category, code, name, tostring(fields[name]),
                describe_error(e))
        end
    end
    for name, value in pairs(fields) do
        if e[name] ~= value then
            return string.format("expected %s=%s, got %s", name, tostring(value), tostring(e[name]))
        end
    end
end

--- Asserts that `e` is an error table of that category (its name) and code (a number or a name).
-- `arg`, `index` and `module` must be exactly those of `fields`, also when absent there; other fields of `fields` must
-- be equal. Returns `e`.
function helper.is_error(e, category, code, fields)
    local wrong = complaint(e, category, code, fields or {})
    if wrong then
        error(wrong, 2)
    end
    return e
end

--- Asserts that `f()` raises that error (see `is_error`), and returns the error.
-- The call goes through `pcall`, which is an interruption point: interrupt the calling fiber inside `f`.
function helper.raises(category, code, f, fields)
    local ok, e = pcall(f)
    if ok then
        error("expected " .. category .. " " .. code .. ", but nothing was raised", 2)
    end
    local wrong = complaint(e, category, code, fields or {})
    if wrong then
        error(wrong, 2)
    end
    return e
end

-- `helper.EINVAL(f, arg)` and so on: `f()` raises that `generic` error, with exactly that `arg`.
for name in pairs(helper.errno) do
    helper[name] = function(f, arg)
        local ok, e = pcall(f)
        local wrong = ok and "expected " .. name .. ", but nothing was raised"
            or complaint(e, "generic", name, { arg = arg })
        if wrong then
            error(wrong, 2)
        end
        return e
    end
end

--- Asserts that `f()` raises `core.bad_index(index=2)`.
function helper.bad_index(f)
    return helper.raises("emilua.core", "bad_index", f, { index = 2 })
end

--- Asserts that `f()` raises the stock argument error for argument `n`.
function helper.argument_error(f, n)
    local ok, e = pcall(f)
    if ok or type(e) ~= "string" or not e:find("bad argument #" .. n .. " to '", 1, true) then
        error("expected a bad argument #" .. n .. ", got " .. (ok and "no error" or describe_error(e)), 2)
    end
    return e
end

--- Runs `f` as the main fiber and returns its values. A run that leaves something behind fails, unless
-- `opts.leaks` is `"ignore"`.
function helper.run(f, opts)
    local settings = { leaks = "error" }
    for name, value in pairs(opts or {}) do
        settings[name] = value
    end
    return require("emilua").run(f, settings)
end

--- An `it` whose body is the main fiber of a run.
function helper.fiber(f, opts)
    return function()
        helper.run(f, opts)
    end
end

--- Lets every fiber that is ready now have `n` turns (one by default).
function helper.turns(n)
    local yield = require("emilua").this_fiber.yield
    for _ = 1, n or 1 do
        yield()
    end
end

--- A function that runs `f` in a fiber that is interrupted already and has forbidden suspension, and joins it.
function helper.blocked(f)
    local emilua, fiber = require "emilua", nil
    fiber = emilua.spawn(function()
        fiber:interrupt()
        emilua.this_fiber.forbid_suspend()
        f()
    end)
    return function() fiber:join() end
end

--- Runs `f` in a fiber that is interrupted already; true if `f` was cut short by it.
function helper.interruption_caught(f)
    local fiber
    fiber = require("emilua").spawn(function()
        fiber:interrupt()
        f()
    end)
    fiber:join()
    return fiber.interruption_caught
end

--- A random test of `count` cases: an error names the seed, which EMILUA_SEED sets.
function helper.seeded(count, case)
    return function()
        local seed = tonumber(os.getenv "EMILUA_SEED") or os.time()
        for i = 1, count do
            math.randomseed(seed + i)
            local ok, message = pcall(case)
            if not ok then error(("EMILUA_SEED=%d, case %d: %s"):format(seed, i, tostring(message)), 0) end
        end
    end
end

helper.root = (debug.getinfo(1, "S").source:match("^@(.*)spec/helper%.lua$") or "")
if helper.root:sub(1, 1) ~= "/" then
    local pipe = io.popen("pwd")
    helper.root = pipe:read("*l") .. "/" .. helper.root
    pipe:close()
end

--- The interpreter of the children; `LUAJIT="luajit -joff"` runs them all without the JIT.
helper.interpreter = os.getenv("LUAJIT") or "luajit"

--- Quotes a word for the shell.
function helper.quote(word)
    return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

--- Runs a shell command and returns its output (stdout and stderr merged) and its exit status (128 + n for signal n).
function helper.shell(command)
    local pipe = io.popen("( " .. command .. "\n) 2>&1; printf '\\n%d' $?")
    local text = pipe:read("*a")
    pipe:close()
    local output, status = text:match("^(.*)\n(%d+)$")
    return output, tonumber(status)
end

--- True if the command exists.
function helper.has_command(name)
    local _, status = helper.shell("command -v " .. helper.quote(name) .. " >/dev/null")
    return status == 0
end

--- Writes `text` to a new temporary file and returns its path.
function helper.write_temporary(text)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    return path
end

--- Runs a Lua source text in a child interpreter that finds this project's `emilua.so`.
-- Options: `args` (list), `env` (table), `stdin` (text), `interpreter`, `timeout` (seconds, 60), `directory` (where it
-- runs, the project's root), `before` (shell text in front, e.g. `"ulimit -n 16;"`). The path of the script in the
-- output reads `input.lua`.
-- Returns stdout and stderr merged, and the exit status (124 = timed out, 128 + n = signal n).
function helper.child(source, opts)
    opts = opts or {}
    local script = helper.write_temporary(source)
    local input = opts.stdin and helper.write_temporary(opts.stdin)
    local words = { "cd " .. helper.quote(opts.directory or helper.root) .. ";", opts.before or "",
        "LUA_CPATH=" .. helper.quote(helper.root .. "/?.so;;") }
    for name, value in pairs(opts.env or {}) do
        words[#words + 1] = name .. "=" .. helper.quote(value)
    end
    words[#words + 1] = "timeout -k 5 " .. (opts.timeout or 60)
    words[#words + 1] = opts.interpreter or helper.interpreter
    words[#words + 1] = helper.quote(script)
    for _, argument in ipairs(opts.args or {}) do
        words[#words + 1] = helper.quote(argument)
    end
    words[#words + 1] = "< " .. helper.quote(input or "/dev/null")
    local output, status = helper.shell(table.concat(words, " "))
    os.remove(script)
    if input then
        os.remove(input)
    end
    return (output:gsub(script:gsub("%p", "%%%0"), "input.lua")), status
end

--- The output of a program without tracebacks, addresses replaced.
function helper.normalise(output)
    return (output:gsub("0x%x+", "ADDR"):gsub("stack traceback:\n", ""):gsub("\t[^\n]*:[^\n]*:? in [^\n]*\n", "")
        :gsub("\t%.%.%.[^\n]*\n", ""))
end

--- The id of this process.
function helper.pid()
    local file = assert(io.open("/proc/self/stat"))
    local pid = file:read("*l"):match("^%d+")
    file:close()
    return pid
end

--- What this process holds: `{descriptors = {number → target}, threads = {id → true}, children = {id → true}}`, and
-- the `count` of each.
function helper.holdings()
    local pid = helper.pid()
    local held = { descriptors = {}, threads = {}, children = {} }
    held.count = { descriptors = 0, threads = 0, children = 0 }
    -- Through a file: popen's own pipe would be seen, with one end or with both.
    local path = os.tmpname()
    os.execute(string.format("{ echo shell $$; ls -l /proc/%s/fd; for t in /proc/%s/task/*; do " ..
        "echo thread ${t##*/} $(cat $t/comm $t/children 2>&-); done; } > %s", pid, pid, path))
    local shell
    local function add(kind, key, value)
        held[kind][key] = value
        held.count[kind] = held.count[kind] + 1
    end
    for line in io.lines(path) do
        local descriptor, target = line:match(" (%d+) %-> (.*)$")
        local thread, name, children = line:match("^thread (%d+)%s*(%S*)%s*(.*)$")
        shell = line:match("^shell (%d+)") or shell
        if descriptor then
            add("descriptors", descriptor, target)
        elseif thread then
            -- Those of the pool and of the kernel's io_uring end by themselves when they have had nothing to do for
            -- a while; one that has ended meanwhile has no name.
            if name ~= "" and name ~= "emilua-work" and not name:find("^iou%-") then add("threads", thread, name) end
            for child in children:gmatch("%d+") do
                if child ~= shell then
                    add("children", child, true)
                end
            end
        end
    end
    os.remove(path)
    return held
end

local baseline

--- Remembers what this process holds now. The runtime's own descriptors exist after a first run.
function helper.before_each()
    helper.run(function()
        local time = require("emilua.time")
        time.sleep(0.0001)
        time.system_timer.new():wait()
    end)
    collectgarbage()
    collectgarbage()
    baseline = helper.holdings()
end

-- What there is more than before the test, after whatever can be collected is: a text, or nil.
local function left_behind()
    collectgarbage()
    collectgarbage()
    local now = helper.holdings()
    for _, kind in ipairs { "descriptors", "threads", "children" } do
        if now.count[kind] > baseline.count[kind] then
            local extra = {}
            for key, value in pairs(now[kind]) do
                if baseline[kind][key] ~= value then
                    extra[#extra + 1] = key .. (value ~= true and " -> " .. value or "")
                end
            end
            return "left behind, " .. kind .. ": " .. table.concat(extra, ", ")
        end
    end
end

--- Fails if more descriptors, threads or children exist than before the test.
function helper.after_each()
    if not left_behind() then return end
    -- Compiled code keeps the closures alive that it was made for, and what they refer to.
    require("jit").flush()
    local text = left_behind()
    if text then error(text, 0) end
end

--- Checks after each `it` of the enclosing `describe` that nothing is left behind.
function helper.install()
    local environment = getfenv(2)
    environment.before_each(helper.before_each)
    environment.after_each(helper.after_each)
end

--- `n` and the values, so that trailing `nil`s can be compared.
function helper.pack(...)
    return { n = select("#", ...), ... }
end

--- The values of a `pack`, from `first` on.
function helper.unpack(values, first)
    return unpack(values, first or 1, values.n)
end

return helper
