-- Messages of UNIX sockets: with flags, with names, and with descriptors.
local import = ...
local descriptor = import("io.descriptor")
local errors = import("core.errors")
local io = import("io.native")
local flags = import("ip.flags")
local name = import("unix.name")
local native = import("unix.native")
local object = import("io.object")
local operation = import("core.operation")
local S = import("core.scheduler")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local error, type = error, type
local enter, charge, pcall = S.enter, S.charge, S.pcall
local await, perform = operation.await, operation.perform
local check, nothing = object.check, object.nothing
local new_name, new_message = native.new_name, native.new_message
local PENDING = import("core.native").PENDING
local HEAD = S.HEAD
local HANDLE, READ, WRITE = object.HANDLE, object.READ, object.WRITE

-- The only flag, with the number that src/io gives it.
local FLAGS = { peek = flags.MESSAGE.peek }

-- Most descriptors that one call asks for.
local MOST = 255

local message = {}

local function check_flags(list, arg)
    if list ~= nil then flags.list(FLAGS, list, arg) end
end

local function flag_bits(list, arg)
    if list == nil then return 0 end
    return flags.bits(FLAGS, list, arg)
end

local function check_objects(self, class, bs)
    if class_name(self) ~= class then raise("EINVAL", 1) end
    if class_name(bs) ~= "byte_span" then raise("EINVAL", 2) end
end

local function check_list(list, arg)
    if type(list) ~= "table" then raise("EINVAL", arg) end
end

-- Adds receive() and send(). ends: an empty message is the end.
function message.plain(class, methods, ends)
    function methods:receive(bs, list)
        check_flags(list, 3)
        local f = enter()
        check_objects(self, class, bs)
        local bits = flag_bits(list, 3)
        local n = perform(self[READ], f, io.receive, self[HANDLE], bs, bits)
        if n > 0 then return n end
        if n == 0 and ends then errors.raise_misc(2) end
        return check(n)
    end

    function methods:send(bs, list)
        check_flags(list, 3)
        local f = enter()
        check_objects(self, class, bs)
        local bits = flag_bits(list, 3)
        return check(perform(self[WRITE], f, io.send, self[HANDLE], bs, bits))
    end
end

-- recvmsg() for fiber `f`; the count.
local function receive(self, f, bs, m, from)
    return check(perform(self[READ], f, native.receive, self[HANDLE], m, bs, from))
end

-- The objects of the descriptors in a native list.
local function objects(fds)
    local list = {}
    while true do
        local fd = descriptor.new()
        if native.fds_take(fds, fd[descriptor.HANDLE]) == 0 then return list end
        list[#list + 1] = fd
    end
end

-- The list of at most `limit` descriptors that a message brings, and the message.
local function collecting(limit, ends)
    local fds, m = ffi.gc(native.fds_new(), native.fds_free), new_message(0)
    m.fds, m.count, m.ends = fds, limit, ends and 1 or 0
    return fds, m
end

-- The descriptors of a list, each once, and the message that sends them. The list is argument `arg`.
local function sending(list, arg)
    local once, seen = {}, {}
    for i = 1, #list do
        local fd = list[i]
        if fd == nil then break end
        descriptor.use(fd, arg)
        if not seen[fd] then
            seen[fd] = true
            once[#once + 1] = fd
        end
    end
    local m = new_message(#once)
    m.count = #once
    for i = 1, #once do m.handles[i - 1] = once[i][descriptor.HANDLE] end
    return once, m
end

local function lock(fds) for i = 1, #fds do descriptor.lock(fds[i]) end end

local function unlock(fds) for i = 1, #fds do descriptor.unlock(fds[i]) end end

-- sendmsg() for fiber `f`; the descriptors are in flight while it waits.
local function send(self, f, bs, to, fds, m)
    local d, handle = self[WRITE], self[HANDLE]
    local n = PENDING
    if not d[HEAD] then n = native.send(handle, m, bs, to) end
    if n == PENDING then
        lock(fds)
        local ok, result = pcall(await, d, f, native.send, handle, m, bs, to)
        unlock(fds)
        if not ok then error(result, 0) end
        n = result
    else
        charge(f)
    end
    return check(n)
end

local function check_limit(limit)
    if type(limit) ~= "number" or limit % 1 ~= 0 or limit < 1 then raise("EINVAL", 3) end
    return limit > MOST and MOST or limit
end

-- Adds receive_with_fds() and send_with_fds(). is_stream: an empty span is done at once.
function message.with_fds(class, methods, ends, is_stream)
    function methods:receive_with_fds(bs, limit)
        limit = check_limit(limit)
        local f = enter()
        check_objects(self, class, bs)
        if is_stream and #bs == 0 then return nothing(f, self), {} end
        local fds, m = collecting(limit, ends)
        local n = receive(self, f, bs, m)
        return n, objects(fds)
    end

    function methods:send_with_fds(bs, list)
        check_list(list, 3)
        local f = enter()
        check_objects(self, class, bs)
        local fds, m = sending(list, 3)
        if is_stream and #bs == 0 then return nothing(f, self) end
        local n = send(self, f, bs, nil, fds, m)
        return n
    end
end

-- Adds what datagrams have: names of senders and receivers.
function message.named(class, methods)
    function methods:receive_from(bs, list)
        check_flags(list, 3)
        local f = enter()
        check_objects(self, class, bs)
        local m, from = new_message(0), new_name()
        m.peek = flag_bits(list, 3)
        local n = receive(self, f, bs, m, from)
        return n, name.to_path(from)
    end

    function methods:receive_from_with_fds(bs, limit)
        limit = check_limit(limit)
        local f = enter()
        check_objects(self, class, bs)
        local from = new_name()
        local fds, m = collecting(limit, false)
        local n = receive(self, f, bs, m, from)
        return n, from.length > 0 and name.to_path(from) or nil, objects(fds)
    end

    function methods:send_to(bs, path, list)
        check_flags(list, 4)
        local f = enter()
        check_objects(self, class, bs)
        local to = name.from_path(path, 3)
        flag_bits(list, 4)
        local n = send(self, f, bs, to, {}, new_message(0))
        return n
    end

    function methods:send_to_with_fds(bs, path, list)
        check_list(list, 4)
        local f = enter()
        check_objects(self, class, bs)
        local to = name.from_path(path, 3)
        if to.length == 0 then to = nil end
        local fds, m = sending(list, 4)
        local n = send(self, f, bs, to, fds, m)
        return n
    end
end

return message
