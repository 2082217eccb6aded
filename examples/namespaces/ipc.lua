-- An IPC namespace: message queues, semaphores and shared memory of System V and POSIX queues are the guest's own.
package.path = arg[0]:gsub("[^/]*$", "?.lua;", 1) .. package.path
local emilua = require "emilua"
local guest = require "guest"

local ffi = require "ffi"

ffi.cdef "int msgget(int, int); int msgctl(int, int, void *);"
local IPC_PRIVATE, IPC_CREAT, IPC_RMID, MODE = 0, 512, 0, 384

local COUNT = [[
    local n = -1 -- the heading
    for _ in io.lines "/proc/sysvipc/msg" do n = n + 1 end
    print("message queues: " .. n) ]]

emilua.run(function()
    local queue = ffi.C.msgget(IPC_PRIVATE, IPC_CREAT + MODE)
    loadstring(COUNT)()
    io.stdout:flush()
    guest.run { namespaces = { "ipc" }, script = "", source = COUNT }
    ffi.C.msgctl(queue, IPC_RMID, nil)
end)
