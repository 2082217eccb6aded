---@meta emilua.file_descriptor

-- Reference: docs/reference/file_descriptor.md

---@alias emilua.file_descriptor.type "socket"|"symlink"|"regular"|"block"|"directory"|"character"|"fifo"|"unknown"

---@alias emilua.file_descriptor.open_flag
---| "append" | "create" | "exclusive" | "read_only" | "read_write" | "write_only" | "sync_all_on_write" | "truncate"
---| "directory" | "no_follow" | "path" | "temporary" | "resolve_beneath" | "resolve_in_root" | "resolve_no_magiclinks"
---| "resolve_no_symlinks" | "resolve_no_xdev" | "resolve_cached"

---The owner of a descriptor. There is no constructor: other objects give it.
---@class emilua.file_descriptor
---@field type emilua.file_descriptor.type
---@field non_blocking boolean writable
local file_descriptor = {}

---Closes. May be repeated.
function file_descriptor:close() end

---Another descriptor of the same open file.
---@return emilua.file_descriptor
function file_descriptor:dup() end

---Compares the open files: 0 the same, 1 less, 2 greater, 3 unordered.
---@param other emilua.file_descriptor
---@return 0|1|2|3
function file_descriptor:kcmp(other) end

---Whether it is a socket of this family, type and protocol.
---@param family "unix"|"inet"|"inet6"
---@param type? "stream"|"datagram"|"seqpacket"
---@param protocol? "tcp"|"udp"
---@return boolean
function file_descriptor:is_socket(family, type, protocol) end

---Opens a file relative to this directory.
---@param path emilua.filesystem.path
---@param flags emilua.file_descriptor.open_flag[]
---@param mode? integer permissions of a file that is made
---@return emilua.file_descriptor
function file_descriptor:openat(path, flags, mode) end

---The capabilities that the file gives a program. Linux.
---@return emilua.linux_capabilities
function file_descriptor:cap_get() end

---Sets the capabilities that the file gives a program. Linux.
---@param caps emilua.linux_capabilities
function file_descriptor:cap_set(caps) end

---Keeps only these Capsicum rights. FreeBSD.
---@param rights string[]
function file_descriptor:cap_rights_limit(rights) end

---Whether it has all of these Capsicum rights. FreeBSD.
---@param rights string[]
---@return boolean
function file_descriptor:cap_rights_contains(rights) end

---Gives these Capsicum rights up. FreeBSD.
---@param rights string[]
function file_descriptor:cap_rights_remove(rights) end

---Keeps only these ioctl commands. FreeBSD.
---@param commands integer[]
function file_descriptor:cap_ioctls_limit(commands) end

---The ioctl commands that are allowed. FreeBSD.
---@return integer[]|"all"
function file_descriptor:cap_ioctls_get() end

---Keeps only these fcntl commands. FreeBSD.
---@param names ("getfl"|"setfl"|"getown"|"setown")[]
function file_descriptor:cap_fcntls_limit(names) end

---The fcntl commands that are allowed. FreeBSD.
---@return string[]
function file_descriptor:cap_fcntls_get() end

return file_descriptor
