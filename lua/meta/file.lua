---@meta emilua.file

-- Reference: docs/reference/file.md

---@alias emilua.file.flag
---| "append"
---| "create"
---| "exclusive"
---| "read_only"
---| "read_write"
---| "sync_all_on_write"
---| "truncate"
---| "write_only"

---The module `require "emilua.file"` returns.
---@class emilua.filelib
---@field stream emilua.file.streamlib
---@field random_access emilua.file.random_accesslib
local file = {}

---@class emilua.file.streamlib
local streamlib = {}

---A closed object, or one that takes `fd` over.
---@param fd? emilua.file_descriptor
---@return emilua.file.stream
function streamlib.new(fd) end

---A file that is read and written from its position on, which advances.
---@class emilua.file.stream: emilua.read_stream, emilua.write_stream
---@field is_open boolean
---@field size integer bytes
local file_stream = {}

---Opens a file: synchronous, without `path1` in its errors.
---@param path emilua.filesystem.path
---@param flags emilua.file.flag[]|integer names, or the bits of open(2)
function file_stream:open(path, flags) end

---Aborts pending operations and closes. May be repeated.
function file_stream:close() end

---Aborts pending operations.
function file_stream:cancel() end

---Takes `fd` over, which is dead afterwards.
---@param fd emilua.file_descriptor
function file_stream:assign(fd) end

---Aborts pending operations and hands the descriptor over; the object is closed.
---@return emilua.file_descriptor
function file_stream:release() end

---Makes the file shorter, or longer by zeros.
---@param bytes integer
function file_stream:resize(bytes) end

---Waits until the disk has the bytes and the metadata of the file.
---@async
function file_stream:sync_all() end

---Waits until the disk has the bytes of the file.
---@async
function file_stream:sync_data() end

---Waits for the exclusive lock of flock(2).
---@async
function file_stream:lock() end

---Waits for a shared lock of flock(2).
---@async
function file_stream:lock_shared() end

---The exclusive lock, unless it would have to be waited for.
---@return boolean held
function file_stream:try_lock() end

---A shared lock, unless it would have to be waited for.
---@return boolean held
function file_stream:try_lock_shared() end

---Gives the lock up.
function file_stream:unlock() end

---Reads from the position on.
---@async
---@param bs emilua.byte_span
---@return integer n
function file_stream:read_some(bs) end

---Writes from the position on.
---@async
---@param bs emilua.byte_span
---@return integer n
function file_stream:write_some(bs) end

---Moves the position.
---@param offset integer
---@param whence "set"|"cur"|"end"
---@return integer position counted from 0
function file_stream:seek(offset, whence) end

---@class emilua.file.random_accesslib
local random_accesslib = {}

---A closed object, or one that takes `fd` over.
---@param fd? emilua.file_descriptor
---@return emilua.file.random_access
function random_accesslib.new(fd) end

---A file that is read and written at offsets.
---@class emilua.file.random_access
---@field is_open boolean
---@field size integer bytes
local random_access = {}

---Opens a file: synchronous, without `path1` in its errors.
---@param path emilua.filesystem.path
---@param flags emilua.file.flag[]|integer names, or the bits of open(2)
function random_access:open(path, flags) end

---Aborts pending operations and closes. May be repeated.
function random_access:close() end

---Aborts pending operations.
function random_access:cancel() end

---Takes `fd` over, which is dead afterwards.
---@param fd emilua.file_descriptor
function random_access:assign(fd) end

---Aborts pending operations and hands the descriptor over; the object is closed.
---@return emilua.file_descriptor
function random_access:release() end

---Makes the file shorter, or longer by zeros.
---@param bytes integer
function random_access:resize(bytes) end

---Waits until the disk has the bytes and the metadata of the file.
---@async
function random_access:sync_all() end

---Waits until the disk has the bytes of the file.
---@async
function random_access:sync_data() end

---Waits for the exclusive lock of flock(2).
---@async
function random_access:lock() end

---Waits for a shared lock of flock(2).
---@async
function random_access:lock_shared() end

---The exclusive lock, unless it would have to be waited for.
---@return boolean held
function random_access:try_lock() end

---A shared lock, unless it would have to be waited for.
---@return boolean held
function random_access:try_lock_shared() end

---Gives the lock up.
function random_access:unlock() end

---Reads at an offset.
---@async
---@param offset integer counted from 0
---@param bs emilua.byte_span
---@return integer n
function random_access:read_some_at(offset, bs) end

---Writes at an offset.
---@async
---@param offset integer counted from 0
---@param bs emilua.byte_span
---@return integer n
function random_access:write_some_at(offset, bs) end

---Anything with a `read_some_at` method.
---@class emilua.read_at
---@field read_some_at async fun(self: emilua.read_at, offset: integer, bs: emilua.byte_span): integer

---Anything with a `write_some_at` method.
---@class emilua.write_at
---@field write_some_at async fun(self: emilua.write_at, offset: integer, bs: emilua.byte_span): integer

---Reads until `bs` is full.
---@async
---@param io emilua.read_at
---@param offset integer counted from 0
---@param bs emilua.byte_span
---@return integer n `#bs`
function file.read_all_at(io, offset, bs) end

---Reads until at least `minimum` bytes are in `bs`.
---@async
---@param io emilua.read_at
---@param offset integer counted from 0
---@param bs emilua.byte_span
---@param minimum integer
---@return integer n bytes read
function file.read_at_least_at(io, offset, bs, minimum) end

---Writes all of `data`.
---@async
---@param io emilua.write_at
---@param offset integer counted from 0
---@param data emilua.byte_span|string
---@return integer n `#data`
function file.write_all_at(io, offset, data) end

---Writes at least the first `minimum` bytes of `bs`.
---@async
---@param io emilua.write_at
---@param offset integer counted from 0
---@param bs emilua.byte_span
---@param minimum integer
---@return integer n bytes written
function file.write_at_least_at(io, offset, bs, minimum) end

---All that is in a file.
---@async
---@param path emilua.filesystem.path
---@param limit? integer bytes; more are `EMSGSIZE`
---@return emilua.byte_span
function file.read_file(path, limit) end

---Makes `data` all that is in a file, which is created if there is none.
---@async
---@param path emilua.filesystem.path
---@param data emilua.byte_span|string
---@return integer n `#data`
function file.write_file(path, data) end

---How operations are performed that cannot be done at once; with a name, from now on in this VM.
---@param name? "io_uring"|"pool"
---@return "io_uring"|"pool"
function file.backend(name) end

return file
