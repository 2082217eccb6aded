-- What every object with a descriptor has in common. An object is a table {direction of reading, direction of writing,
-- flags, direction of exceptions or false} with a handle, a cdata whose finaliser closes the descriptor.
local import = ...
local errors = import("core.errors")
local native = import("io.native")
local operation = import("core.operation")
local S = import("core.scheduler")
local ffi = require("ffi")

local class_name, raise, raise_code = errors.class_name, errors.raise, errors.raise_code
local error, rawset, setmetatable = error, rawset, setmetatable
local enter, charge, check_yieldable, pass = S.enter, S.charge, S.check_yieldable, S.pass
local abort, await, direction, recycle = operation.abort, operation.await, operation.direction, operation.recycle
local HEAD, TOKEN = S.HEAD, operation.TOKEN
local io_new, io_free, io_close, io_is_open = native.new, native.free, native.close, native.is_open
local core = import("core.native")
local vm, PENDING = core.vm, core.PENDING
local cast, gc, tokens_pointer = ffi.cast, ffi.gc, native.tokens_pointer

local HANDLE, READ, WRITE, FLAGS, EXCEPTION = core.HANDLE, 1, 2, 3, 4
-- Of an object without a direction of exceptions; see src/io/mod.rs.
local NO_TOKEN = 0xffffffff

local object = { HANDLE = HANDLE, READ = READ, WRITE = WRITE, FLAGS = FLAGS, EXCEPTION = EXCEPTION }

function object.check(code)
    if code < 0 then raise_code(code) end
    return code
end
local check = object.check

-- The finaliser of every handle. A closure for each would keep their making from being compiled.
local function free(handle)
    local tokens = cast(tokens_pointer, handle)
    local read, write, exception = tokens.read, tokens.write, tokens.exception
    io_free(handle)
    recycle(read, write)
    if exception ~= NO_TOKEN then recycle(exception) end
end

local function parts()
    local read, write = direction(), direction()
    return gc(io_new(vm, read[TOKEN], write[TOKEN]), free), read, write
end

-- A closed object of the class with metatable `mt`.
function object.new(mt)
    local handle, read, write = parts()
    -- In parentheses: a tail call of a built-in function would keep this from being compiled.
    return (setmetatable({ ["\0handle"] = handle, read, write, false, false }, mt))
end

-- Takes the parts of an object, which is closed from then on. It gets others if it is ever used again.
function object.take(self)
    local handle, read, write = self[HANDLE], self[READ], self[WRITE]
    self[HANDLE], self[READ], self[WRITE], self[FLAGS], self[EXCEPTION] = nil, nil, nil, false, false
    return handle, read, write
end

local function renew(self)
    local handle, read, write = parts()
    rawset(self, HANDLE, handle)
    rawset(self, READ, read)
    rawset(self, WRITE, write)
end

-- The direction of urgent data and errors, which few objects ever wait for.
function object.exception(self)
    local d = self[EXCEPTION]
    if d then return d end
    d = direction()
    self[EXCEPTION] = d
    cast(tokens_pointer, self[HANDLE]).exception = d[TOKEN]
    return d
end

-- Whether a fiber waits in any direction.
function object.is_waited_for(self)
    local exception = self[EXCEPTION]
    return self[READ][HEAD] or self[WRITE][HEAD] or exception and exception[HEAD]
end

local function abort_all(self)
    abort(self[READ])
    abort(self[WRITE])
    if self[EXCEPTION] then abort(self[EXCEPTION]) end
end

-- An empty span is done at once, and is a suspension point all the same.
function object.nothing(f, self)
    check_yieldable()
    pass(f)
    if io_is_open(self[HANDLE]) == 0 then errors.raise_system("EBADF") end
    return 0
end
local nothing = object.nothing

-- Names of the classes that read and that write bytes of their descriptor.
object.streams = { [READ] = {}, [WRITE] = {} }

-- The method that makes `call` on a span in one direction. The common case, that nobody waits and the call is done
-- at once, is here and not in operation.perform(): it is compiled into one trace.
function object.transfer(class, way, call)
    object.streams[way][class] = true
    return function(self, bs)
        local f = enter()
        if class_name(self) ~= class then raise("EINVAL", 1) end
        if class_name(bs) ~= "byte_span" then raise("EINVAL", 2) end
        if #bs == 0 then return nothing(f, self) end
        local d, handle = self[way], self[HANDLE]
        local n = PENDING
        if not d[HEAD] then
            n = call(handle, bs)
            if n > 0 then
                charge(f)
                return n
            end
        end
        if n == PENDING then n = await(d, f, call, handle, bs) end
        if n < 0 then raise_code(n) end
        return n
    end
end

-- The metatable of a class. properties: functions of the object.
function object.metatable(class, methods, properties)
    local mt = errors.class(class)

    function mt:__index(key)
        local method = methods[key]
        if method then return method end
        local property = properties[key]
        if property then return property(self) end
        if key ~= HANDLE and key ~= READ and key ~= WRITE then errors.bad_index() end
        renew(self)
        return self[key]
    end

    function mt.__newindex()
        error(("attempt to index a %s value: it has no fields to write"):format(class), 2)
    end

    return mt
end

-- Adds close(), cancel() and is_open, and returns the class's metatable.
function object.class(class, methods, properties)
    local function check_self(self)
        if class_name(self) ~= class then raise("EINVAL", 1) end
        return self[HANDLE]
    end

    function methods:cancel()
        if io_is_open(check_self(self)) == 0 then errors.raise_system("EBADF") end
        abort_all(self)
    end

    function methods:close()
        local handle = check_self(self)
        abort_all(self)
        check(io_close(handle))
    end

    function properties.is_open(self) return io_is_open(self[HANDLE]) == 1 end

    return object.metatable(class, methods, properties)
end

-- The method release() of a class.
function object.release(class)
    local receive = import("io.descriptor").receive
    return function(self)
        if class_name(self) ~= class then raise("EINVAL", 1) end
        local handle = self[HANDLE]
        if io_is_open(handle) == 0 then raise("EBADF") end
        local fd = receive(handle)
        abort_all(self)
        return fd
    end
end

-- For classes that take and give no descriptors on Windows: replaces the methods there, and returns the constructor.
function object.keep_on_windows(methods, new)
    if ffi.os ~= "Windows" then return new end
    local function absent() raise("ENOSYS") end
    methods.assign, methods.release = absent, absent
    return function(fd)
        if fd ~= nil then raise("EINVAL", 1) end
        return new()
    end
end

-- Adds release() and assign(fd) to the methods of the class of `mt`, and returns its constructor new([fd]).
function object.exchange(mt, methods)
    local class = mt.__metatable
    local transfer = import("io.descriptor").transfer
    methods.release = object.release(class)

    function methods:assign(fd)
        if class_name(self) ~= class then raise("EINVAL", 1) end
        transfer(fd, 2, self)
        self[FLAGS] = false
    end

    return function(fd)
        local self = object.new(mt)
        if fd ~= nil then transfer(fd, 1, self) end
        return self
    end
end

return object
