-- What file.stream and file.random_access have in common: the object, and all but its transfers.
--
-- An object is a table {set of its operations, direction in which they take turns} with a handle, a cdata whose
-- finaliser closes the file. Only streams, which have one position, take turns.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local descriptor = import("io.descriptor")
local lock = import("file.lock")
local native = import("file.native")
local operation = import("core.operation")
local pending = import("file.pending")
local turn = import("file.turn")
local ffi = require("ffi")

local INTERRUPTED, MASK = L.INTERRUPTED, L.MASK
local check_yieldable, enter, pass = S.check_yieldable, S.enter, S.pass
local class_name, raise, raise_code = errors.class_name, errors.raise, errors.raise_code
local raise_core, raise_system = errors.raise_core, errors.raise_system
local setmetatable, tostring, type = setmetatable, tostring, type
local CANCELED, ENOSYS = -errors.system_number.ECANCELED, -errors.number.ENOSYS
local core, metatable = import("core.native"), import("io.object").metatable
local vm = core.vm

local TOKEN = operation.TOKEN
local HANDLE, TURN = core.HANDLE, 2 -- and pending.OPERATIONS

-- Actions of src/file.
local object = { HANDLE = HANDLE, TURN = TURN, READ = 0, WRITE = 1, SYNC_ALL = 2, SYNC_DATA = 3 }

local number = ffi.new("double[1]")

-- What Windows lacks is told by ENOSYS.
local function check(code)
    if code == ENOSYS then raise("ENOSYS") end
    if code < 0 then raise_code(code) end
    return code
end

-- A closed object of the class with metatable `mt`.
function object.new(mt, takes_turns)
    local d = takes_turns and operation.direction() or false
    local handle = ffi.gc(native.new(vm), d and function(p)
        native.free(p)
        operation.recycle(d[TOKEN])
    end or native.free)
    return setmetatable({ ["\0handle"] = handle, {}, d }, mt)
end

-- Hands the descriptor of `fd`, argument `arg` of the caller, over to a closed object; `fd` is dead then.
function object.take(handle, fd, arg)
    local from = descriptor.use(fd, arg)
    if native.is_open(handle) == 1 then errors.raise_misc(1) end
    check(native.assign(handle, from))
end

-- The result of an operation of `f`, or its error.
function object.finish(f, code)
    if code >= 0 then return code end
    if code == CANCELED and f[INTERRUPTED] and f[MASK] == 0 then raise_core(13) end
    raise_code(code)
end
local finish = object.finish

-- An empty span is done at once, and is a suspension point all the same.
function object.nothing(f, self)
    check_yieldable()
    pass(f)
    if native.is_open(self[HANDLE]) == 0 then raise_system("EBADF") end
    return 0
end

-- Numbers of flags by name: their bits for src/file/access.
local FLAGS = {
    append = 1, create = 2, exclusive = 4, read_only = 8, read_write = 16, sync_all_on_write = 32, truncate = 64,
    write_only = 128,
}
local ACCESS = { read_only = true, read_write = true, write_only = true }

-- The bits of a list of names and the mask of the system, which a number is.
local function check_flags(flags)
    if type(flags) == "number" then
        if flags % 1 ~= 0 or flags < 0 or flags >= 2 ^ 31 then raise("EINVAL", 3) end
        return 0, flags
    end
    if type(flags) ~= "table" then errors.expected(3, "open", "table", flags) end
    local bits, access = {}, nil
    for _, name in ipairs(flags) do
        if not FLAGS[name] or ACCESS[name] and access and access ~= name then raise("EINVAL", 3) end
        bits[name] = FLAGS[name]
        access = ACCESS[name] and name or access
    end
    local sum = 0
    for _, bit in pairs(bits) do sum = sum + bit end
    return sum, 0
end

-- Adds what both classes have to `methods` and `properties`, and returns the class's metatable.
function object.class(class, methods, properties)
    local function check_self(self)
        if class_name(self) ~= class then raise("EINVAL", 1) end
        return self[HANDLE]
    end

    function methods:open(path, flags)
        local handle = check_self(self)
        if class_name(path) ~= "filesystem.path" then raise("EINVAL", 2) end
        local names, mask = check_flags(flags)
        if native.is_open(handle) == 1 then errors.raise_misc(1) end
        local text = tostring(path)
        check(native.open(handle, text, #text, names, mask))
    end

    local function abort(self)
        pending.abort(self)
        lock.abort(self)
        if self[TURN] then turn.abort(self[TURN]) end
    end

    function methods:cancel()
        local handle = check_self(self)
        if native.is_open(handle) == 0 then raise_system("EBADF") end
        abort(self)
    end

    function methods:close()
        local handle = check_self(self)
        abort(self)
        check(native.close(handle))
        lock.retry()
    end

    function methods:assign(fd)
        object.take(check_self(self), fd, 2)
    end

    function methods:release()
        local handle = check_self(self)
        if native.is_open(handle) == 0 then raise("EBADF") end
        local fd = descriptor.new()
        abort(self)
        check(native.release(handle, fd[descriptor.HANDLE]))
        return fd
    end

    function methods:resize(bytes)
        if type(bytes) ~= "number" then errors.expected(2, "resize", "number", bytes) end
        check(native.resize(check_self(self), bytes))
    end

    local function sync(action)
        return function(self)
            local f = enter()
            local handle = check_self(self)
            check_yieldable()
            finish(f, pending.perform(f, self, handle, action, nil, -1))
        end
    end
    methods.sync_all = sync(object.SYNC_ALL)
    methods.sync_data = sync(object.SYNC_DATA)

    local function locks(kind)
        return function(self)
            local f = enter()
            check(lock.wait(f, self, check_self(self), kind))
        end, function(self)
            return check(native.lock(check_self(self), kind)) == 1
        end
    end
    methods.lock, methods.try_lock = locks(lock.EXCLUSIVE)
    methods.lock_shared, methods.try_lock_shared = locks(lock.SHARED)

    function methods:unlock()
        check(native.lock(check_self(self), lock.UNLOCK))
        lock.retry()
    end

    function properties.is_open(self) return native.is_open(self[HANDLE]) == 1 end

    function properties.size(self)
        check(native.size(self[HANDLE], number))
        return number[0]
    end

    return metatable(class, methods, properties)
end

return object
