---@meta emilua.libc_service

-- Reference: docs/reference/libc_service.md

---Calls of libc that are made for a process by a fiber of this VM.
---@class emilua.libc_servicelib
local libc_service = {}

---A master, and its slave, which is given to a process.
---@return emilua.libc_service.master
---@return emilua.libc_service.slave
function libc_service.new() end

---The side that answers the calls.
---@class emilua.libc_service.master
---@field function_ string name of the pending call
---@field is_open boolean
local master = {}

---Waits for the next call, which is pending then until it is answered.
---@async
function master:receive() end

---The arguments of the pending call; see the table of the reference.
---@return any ...
function master:arguments() end

---The descriptors that came with the pending call: a directory or a socket. Nothing when it is called again.
---@return emilua.file_descriptor ...
function master:descriptors() end

---Answers the pending call.
---@async
---@param result integer|table|string|nil what the call returns
---@param errno? integer|emilua.error_code
function master:send(result, errno) end

---Answers the pending call, with descriptors for its filter.
---@async
---@param result integer|table|string|nil what the call returns
---@param fds emilua.file_descriptor[]
---@param errno? integer|emilua.error_code
function master:send_with_fds(result, fds, errno) end

---Answers the pending call by letting the slave make it itself.
function master:use_slave_credentials() end

---Ends a fiber that waits in `receive`.
function master:cancel() end

---Closes the socket: all calls of the slave are the C library's from now on.
function master:close() end

---The side that is given to a process, by `spawn_vm` or by `system.spawn`. Its fields are only written.
---@class emilua.libc_service.slave
---@field [string] string? the source of a filter by the name of its call

return libc_service
