-- What sockets and acceptors of every family have.
local import = ...
local errors = import("core.errors")
local native = import("io.native")
local object = import("io.object")
local operation = import("core.operation")
local enter = import("core.scheduler").enter

local class_name, raise = errors.class_name, errors.raise
local type = type
local perform, TOKEN = operation.perform, operation.TOKEN
local io_accept = native.accept
local check, exception = object.check, object.exception

local HANDLE, READ, WRITE, FLAGS, EXCEPTION = object.HANDLE, object.READ, object.WRITE, object.FLAGS, object.EXCEPTION

local socket = {}

local WAITS = { read = READ, write = WRITE, error = EXCEPTION }

-- Adds wait().
function socket.waiting(class, methods)
    function methods:wait(kind)
        if type(kind) ~= "string" then raise("EINVAL", 2) end
        local f = enter()
        if class_name(self) ~= class then raise("EINVAL", 1) end
        local which = WAITS[kind]
        if not which then raise("EINVAL", 2) end
        if which == EXCEPTION then
            local d = exception(self)
            check(perform(d, f, native.wait_exception, self[HANDLE], d[TOKEN]))
        else
            check(perform(self[which], f, native.wait, self[HANDLE], which == READ and 0 or 1))
        end
    end
end

local SHUTDOWN = { receive = 0, send = 1, both = 2 }

-- Adds what sockets with a peer have.
function socket.peered(class, methods)
    local function check_self(self)
        if class_name(self) ~= class then raise("EINVAL", 1) end
        return self[HANDLE]
    end

    function methods:disconnect()
        local code = native.disconnect(check_self(self))
        if code == -errors.number.ENOSYS then raise("ENOSYS") end
        check(code)
    end

    function methods:shutdown(what)
        local handle = check_self(self)
        local how = SHUTDOWN[what]
        if not how then raise("EINVAL", 2) end
        check(native.shutdown(handle, how))
    end

    function methods:io_control(command)
        local handle = check_self(self)
        if type(command) ~= "string" then raise("EINVAL", 2) end
        if command ~= "bytes_readable" then raise("ENOTSUP") end
        return check(native.bytes_readable(handle))
    end
end

local SOMAXCONN = 0x7fffffff

-- Connections that died in the queue.
local ABORTED = {
    [-errors.system_number.ECONNABORTED] = true,
    [-errors.system_number.EPROTO] = true,
}

-- Adds listen(), accept() of sockets with metatable `socket_mt`, and the option "enable_connection_aborted".
function socket.accepting(class, methods, socket_mt)
    function methods:listen(backlog)
        if class_name(self) ~= class then raise("EINVAL", 1) end
        if backlog == nil then
            backlog = SOMAXCONN
        elseif type(backlog) ~= "number" or backlog % 1 ~= 0 or backlog < -2 ^ 31 or backlog >= 2 ^ 31 then
            raise("EINVAL", 2)
        end
        check(native.listen(self[HANDLE], backlog))
    end

    function methods:accept()
        local f = enter()
        if class_name(self) ~= class then raise("EINVAL", 1) end
        -- The connection's owner exists before the connection does: no error in between can lose it.
        local new = object.new(socket_mt)
        local d, handle, new_handle = self[READ], self[HANDLE], new[HANDLE]
        local code = perform(d, f, io_accept, handle, new_handle)
        while code ~= 0 do
            if not ABORTED[code] or self[FLAGS] then errors.raise_code(code) end
            code = perform(d, f, io_accept, handle, new_handle)
        end
        return new
    end

    -- "enable_connection_aborted" is a flag of the object, not of the kernel.
    local set_option, get_option = methods.set_option, methods.get_option

    function methods:set_option(name, value, ...)
        if name ~= "enable_connection_aborted" then return set_option(self, name, value, ...) end
        if class_name(self) ~= class then raise("EINVAL", 1) end
        if type(value) ~= "boolean" then raise("EINVAL", 3) end
        if native.is_open(self[HANDLE]) == 0 then errors.raise_system("EBADF") end
        self[FLAGS] = value
    end

    function methods:get_option(name)
        if name ~= "enable_connection_aborted" then return get_option(self, name) end
        if class_name(self) ~= class then raise("EINVAL", 1) end
        if native.is_open(self[HANDLE]) == 0 then errors.raise_system("EBADF") end
        return self[FLAGS]
    end
end

return socket
