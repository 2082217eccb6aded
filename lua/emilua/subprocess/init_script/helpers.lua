-- The helpers of an init.script that are globals.
local import = ...
local system = import("subprocess.init_script.calls")
local functions, native = system.functions, system.native
local check_integer, check_size = system.check_integer, system.check_size
local check_string, check_bytes = system.check_string, system.check_bytes
local sub = string.sub
local globals = _G

function globals.mode(user, group, other)
    check_integer("mode", 1, user)
    check_integer("mode", 2, group)
    check_integer("mode", 3, other)
    return user * 64 + group * 8 + other
end

function globals.write_all(fd, bytes)
    check_integer("write_all", 1, fd)
    check_bytes("write_all", 2, bytes)
    local written = 0
    repeat
        local n, code = functions.write(fd, sub(bytes, written + 1))
        if n < 0 then return n, code end
        written = written + n
    until written >= #bytes
    return written, 0
end

local receive, send = native.receive_with_fd, native.send_with_fd

function globals.receive_with_fd(fd, size)
    check_integer("receive_with_fd", 1, fd)
    check_size("receive_with_fd", 2, size)
    local bytes, received = receive(fd, size)
    if not bytes then
        local _, code = system.fail("receive_with_fd", received)
        return nil, -1, code
    end
    return bytes, received, 0
end

function globals.send_with_fd(fd, bytes, other)
    check_integer("send_with_fd", 1, fd)
    check_bytes("send_with_fd", 2, bytes)
    check_integer("send_with_fd", 3, other)
    local n, code = send(fd, bytes, other)
    if not n then return system.fail("send_with_fd", code) end
    return n, 0
end

function globals.bind_unix(fd, path)
    check_integer("bind_unix", 1, fd)
    check_bytes("bind_unix", 2, path)
    local done, code = native.bind_unix(fd, path)
    if not done then return system.fail("bind_unix", code) end
    return 0, 0
end

function globals.set_no_new_privs()
    local done, code = native.set_no_new_privs()
    if not done then return system.fail("set_no_new_privs", code) end
    return 0, 0
end

function globals.dev_major(device)
    check_size("dev_major", 1, device)
    return native.major(device)
end

function globals.dev_minor(device)
    check_size("dev_minor", 1, device)
    return native.minor(device)
end

function functions.makedev(major, minor)
    check_integer("makedev", 1, major)
    check_integer("makedev", 2, minor)
    return native.make_device(major, minor)
end

function functions.mknod(path, mode, device)
    check_string("mknod", 1, path)
    check_integer("mknod", 2, mode)
    check_size("mknod", 3, device)
    local done, code = native.mknod(path, mode, device)
    if not done then return system.fail("mknod", code) end
    return 0, 0
end

return true
