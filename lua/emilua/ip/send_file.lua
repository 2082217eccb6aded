-- ip.tcp.socket:send_file(file, offset, size[, head[, tail[, n_per_send]]]): a file, between two spans.
local import = ...
local L = import("core.layout")
local enter = import("core.scheduler").enter
local errors = import("core.errors")
local native = import("io.native")
local object = import("io.object")
local perform = import("core.operation").perform
local scope = import("core.scope")

local INTERRUPTED, MASK = L.INTERRUPTED, L.MASK
local class_name, raise, raise_code = errors.class_name, errors.raise, errors.raise_code
local error, type = error, type
local HANDLE, WRITE = object.HANDLE, object.WRITE

-- Bytes of a file that go at once: a disk that has to be waited for holds up no more than that.
local PIECE = 2 ^ 20

local function check_count(value, arg)
    if type(value) ~= "number" or value % 1 ~= 0 or value < 0 or value > 2 ^ 53 then raise("EINVAL", arg) end
end

local function check_span(value, arg)
    if value ~= nil and class_name(value) ~= "byte_span" then raise("EINVAL", arg) end
end

-- What call(...) moves; nil when the fiber was interrupted and something was sent before, which is the result then.
local function move(f, sent, d, ...)
    if sent > 0 and f[INTERRUPTED] and f[MASK] == 0 then return nil end
    local ok, n = scope.pcall(perform, d, f, ...)
    if not ok then
        if sent > 0 and errors.is_interrupted(n) then return nil end
        error(n, 0)
    end
    if n < 0 then raise_code(n) end
    return n
end

-- Sends a span; how much is sent then, and whether it goes on.
local function send_span(f, self, sent, bs)
    local done = 0
    while bs and done < #bs do
        local n = move(f, sent, self[WRITE], native.write, self[HANDLE], bs:slice(done + 1))
        if not n then return sent, false end
        done, sent = done + n, sent + n
    end
    return sent, true
end

-- Sends `size` bytes of a file, or what it has.
local function send_content(f, self, sent, file, offset, size, piece)
    local done = 0
    while done < size do
        local most = size - done < piece and size - done or piece
        local n = move(f, sent, self[WRITE], native.send_file, self[HANDLE], file[HANDLE], offset + done, most)
        if not n then return sent, false end
        if n == 0 then break end
        done, sent = done + n, sent + n
    end
    return sent, true
end

return function(self, file, offset, size, head, tail, n_per_send)
    check_count(offset, 3)
    check_count(size, 4)
    if n_per_send ~= nil then check_count(n_per_send, 7) end
    local f = enter()
    if class_name(self) ~= "ip.tcp.socket" then raise("EINVAL", 1) end
    if class_name(file) ~= "file.random_access" then raise("EINVAL", 2) end
    check_span(head, 5)
    check_span(tail, 6)
    if native.is_open(self[HANDLE]) == 0 or not file.is_open then errors.raise_system("EBADF") end
    if size == 0 then size = math.huge end
    local piece = n_per_send and n_per_send > 0 and n_per_send < PIECE and n_per_send or PIECE
    local sent, go_on = send_span(f, self, 0, head)
    if go_on then sent, go_on = send_content(f, self, sent, file, offset, size, piece) end
    if go_on then sent = send_span(f, self, sent, tail) end
    return sent
end
