---@meta emilua.sandbox

-- Reference: docs/reference/sandbox.md

---A path, absolute and without `..`.
---@alias emilua.sandbox_path string|emilua.filesystem.path

---@alias emilua.sandbox_protection
---| "user_namespace"
---| "mount_namespace"
---| "pid_namespace"
---| "net_namespace"
---| "ipc_namespace"
---| "uts_namespace"
---| "landlock"
---| "landlock_net"
---| "landlock_scope"
---| "seccomp"
---| "processes"
---| "memory"
---| "cpu"
---| "files"

---What a sandbox allows. All that is not given is forbidden.
---@class emilua.sandbox_options
---@field read? emilua.sandbox_path[] what may be read
---@field write? emilua.sandbox_path[] what may be read and written
---@field exec? emilua.sandbox_path[] what may be read and executed
---@field net? boolean the host's network by IP
---@field processes? boolean|integer children; at most so many processes and threads, 64 for `true`
---@field memory? integer|string bytes, or a text as "256M"
---@field cpu? integer seconds of processor time of each process
---@field files? integer open descriptors of each process
---@field jit? boolean false: no memory is ever executable
---@field allow_degraded? emilua.sandbox_protection[] what may be missing

---A guest.
---@class emilua.sandbox_context
---@field module? string found by `package.path` of this process, and sent
---@field source? string instead of a module
---@field name? string of the source
---@field modules? string[] others that the guest may require
---@field environment? table<string, string>
---@field ipc? {strings: integer}
---@field stdin? "share"|emilua.file_descriptor
---@field stdout? "share"|emilua.file_descriptor
---@field stderr? "share"|emilua.file_descriptor

---The module `require "emilua.sandbox"` returns.
---@class emilua.sandboxlib
local sandbox = {}

---What guests are to be forbidden; an error if this system cannot forbid it. Linux only.
---@param options? emilua.sandbox_options
---@return emilua.sandbox
function sandbox.new(options) end

---By name, whether this system offers a protection, and why not. `landlock_version` is a number.
---@return table<emilua.sandbox_protection, boolean|integer> offers
---@return table<emilua.sandbox_protection, string> reasons
function sandbox.probe() end

---@class emilua.sandbox
---@field report table<emilua.sandbox_protection, "active"|"absent"|"given up"> a new table
local box = {}

---The options by which `emilua.spawn_vm` starts one guest.
---@param guest string|emilua.sandbox_context a module, or more about it
---@return table
function box:context(guest) end

return sandbox
