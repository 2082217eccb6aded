---@meta emilua.supervisor

-- Reference: docs/reference/supervisor.md

---The helper process that makes actors in processes of their own.
---@class emilua.supervisorlib
local supervisor = {}

---Starts the supervisor, unless it is there already; `spawn_vm{subprocess = ...}` does so when it is first called.
---@param interpreter? string of a luajit; by default this process's own, `emilua.interpreter`, or that in `PATH`
function supervisor.start(interpreter) end

---The sending end of a channel to an actor in another process.
---@class emilua.ipc_actor_channel
---@field child_pid integer the process, for its direct parent
local ipc_actor_channel = {}

---Sends one message; see docs/ipc.md for what it may be.
---@async
---@param message boolean|number|string|table|emilua.inbox|emilua.channel|emilua.file_descriptor
function ipc_actor_channel:send(message) end

---Closes this end. What was sent is still delivered, and the child lives on until this VM ends.
function ipc_actor_channel:close() end

---The child does not end with this VM any more.
function ipc_actor_channel:detach() end

---Sends a signal to the child; SIGKILL also closes the channel.
---@param signo? integer SIGKILL by default
function ipc_actor_channel:kill(signo) end

---The table `emilua.limits`: what bounds a message to an actor in another process.
---@class emilua.limits
---@field ipc_members integer members of a table
---@field ipc_string integer bytes of a string or key
---@field ipc_string_max integer the greatest `ipc.strings` of the second format

---`options.subprocess` of `emilua.spawn_vm`.
---@class emilua.subprocess_options
---@field newns_user? boolean
---@field newns_mount? boolean
---@field newns_pid? boolean
---@field newns_net? boolean
---@field newns_ipc? boolean
---@field newns_uts? boolean
---@field environment? table<string, string> the whole environment of the child; nothing is inherited
---@field stdin? "share"|emilua.file_descriptor
---@field stdout? "share"|emilua.file_descriptor
---@field stderr? "share"|emilua.file_descriptor
---@field init? {script: string, arg?: emilua.file_descriptor}
---@field source_tree_cache? table<string, string|table>
---@field native_modules_cache? string[]|"all"
---@field seccomp? emilua.byte_span program that is installed before the VM starts
---@field supervisor? boolean false: no supervisor of its own
---@field jit? boolean
---@field package_path? string makes it a VM in module form
---@field ipc? {strings: integer} the second format, with texts of at most so many bytes

return supervisor
