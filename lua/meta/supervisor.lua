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
---@field init? {script: string, arg?: emilua.file_descriptor, values?: table<string, string|number|boolean|table>}
---@field source_tree_cache? table<string, string|table>
---@field native_modules_cache? string[]|"all"
---@field ld_library_directories? emilua.file_descriptor[] FreeBSD: where its dynamic linker looks for libraries
---@field pd_daemon? boolean FreeBSD: the child survives its process descriptor
---@field libc_service? emilua.libc_service.slave
---@field seccomp? emilua.byte_span program that is installed before the VM starts
---@field supervisor? boolean false: no supervisor of its own
---@field die_with_host? boolean true: it gets SIGKILL when this process ends, however it ends
---@field jit? boolean
---@field package_path? string makes it a VM in module form
---@field ipc? {strings: integer} the second format, with texts of at most so many bytes

---What an init script has as globals. Guide: docs/guide/init-script.md
---@class emilua.init_script
---@field C emilua.init_script.C system calls and constants
---@field errexit boolean `true`: a failing call ends the process with 1; `false`: it returns `-1` and the error number
---@field arg? integer number of the descriptor `init.arg`
local script = {}

---Permissions of a file.
---@param user integer
---@param group integer
---@param other integer
---@return integer
function script.mode(user, group, other) end

---@param fd integer
---@param bytes string
---@return integer count, integer errno
function script.write_all(fd, bytes) end

---@param fd integer a UNIX socket
---@param bytes string
---@param other integer what is sent along
---@return integer count, integer errno
function script.send_with_fd(fd, bytes, other) end

---@param fd integer a UNIX socket
---@param size integer
---@return string|nil bytes, integer fd, integer errno
function script.receive_with_fd(fd, size) end

---@return integer result, integer errno
function script.set_no_new_privs() end

---Whether processes of the same user may trace this one and take its descriptors. Linux only.
---@param on boolean
---@return integer result, integer errno
function script.set_dumpable(on) end

---A network interface goes up. Linux only.
---@param name string
---@return integer result, integer errno
function script.interface_up(name) end

---@param fd integer
---@param path string
---@return integer result, integer errno
function script.bind_unix(fd, path) end

---@param device integer
---@return integer
function script.dev_major(device) end

---@param device integer
---@return integer
function script.dev_minor(device) end

---Calls return a result and an error number, which is 0; with `errexit = false`, after a failure, `-1` and the number.
---Its other fields are the constants of the system's headers: `C.O_RDONLY`.
---@class emilua.init_script.C
---@field [string] integer
---
---Descriptors.
---@field dup fun(fd: integer): integer, integer
---@field dup2 fun(old: integer, new: integer): integer, integer
---@field close fun(fd: integer): integer, integer
---@field closefrom fun(low: integer)
---@field read fun(fd: integer, size: integer): string|nil, integer
---@field write fun(fd: integer, bytes: string): integer, integer
---@field open fun(path: string, flags: integer, mode?: integer): integer, integer
---@field socket fun(domain: integer, kind: integer, protocol: integer): integer, integer
---@field listen fun(fd: integer, backlog: integer): integer, integer
---
---Files.
---@field access fun(path: string, mode: integer): integer, integer
---@field eaccess fun(path: string, mode: integer): integer, integer
---@field mkdir fun(path: string, mode: integer): integer, integer
---@field mkfifo fun(path: string, mode: integer): integer, integer
---@field mknod fun(path: string, mode: integer, device: integer): integer, integer
---@field link fun(old: string, new: string): integer, integer
---@field linkat fun(from: integer, old: string, to: integer, new: string, flags: integer): integer, integer
---@field symlink fun(target: string, path: string): integer, integer
---@field chown fun(path: string, uid: integer, gid: integer): integer, integer
---@field chmod fun(path: string, mode: integer): integer, integer
---@field chdir fun(path: string): integer, integer
---@field chroot fun(path: string): integer, integer
---@field umask fun(mask: integer): integer
---@field makedev fun(major: integer, minor: integer): integer
---
---Identity, limits, programs.
---@field setsid fun(): integer, integer
---@field setpgid fun(pid: integer, group: integer): integer, integer
---@field setresuid fun(real: integer, effective: integer, saved: integer): integer, integer
---@field setresgid fun(real: integer, effective: integer, saved: integer): integer, integer
---@field setgroups fun(groups: integer[]): integer, integer
---@field sethostname fun(name: string): integer, integer
---@field setdomainname fun(name: string): integer, integer
---@field setrlimit fun(resource: integer, soft?: integer, hard?: integer): integer, integer
---@field execve fun(path: string, arguments?: string[], environment?: table<string, string>): integer, integer
---@field fexecve fun(fd: integer, arguments?: string[], environment?: table<string, string>): integer, integer
---
---Linux: mounts and namespaces. (FreeBSD: mount(fstype, target, flags, data).)
---@field mount fun(source: string?, target: string, fstype: any, flags: any, data?: string): integer, integer
---@field umount fun(target: string): integer, integer
---@field umount2 fun(target: string, flags: integer): integer, integer
---@field pivot_root fun(new_root: string, put_old: string): integer, integer
---@field fsopen fun(name: string|nil, flags: integer): integer, integer
---@field fsconfig fun(fd: integer, command: integer, key?: string, value?: string, aux: integer): integer, integer
---@field fsmount fun(fd: integer, flags: integer, attributes: integer): integer, integer
---@field fspick fun(directory: integer, path: string|nil, flags: integer): integer, integer
---@field open_tree fun(directory: integer, path: string|nil, flags: integer): integer, integer
---@field move_mount fun(from: integer, old?: string, to: integer, new?: string, flags: integer): integer, integer
---@field mount_setattr fun(directory: integer, path?: string, flags: integer, attributes: table): integer, integer
---@field unshare fun(flags: integer): integer, integer
---@field setns fun(fd: integer, kind: integer): integer, integer
---
---Linux: rights.
---@field cap_set_proc fun(text: string): integer, integer
---@field cap_drop_bound fun(name: string): integer, integer A capability, or "all"
---@field cap_set_ambient fun(name: string, on: boolean): integer, integer
---@field cap_reset_ambient fun(): integer, integer
---@field cap_set_secbits fun(bits: integer): integer, integer
---@field seccomp_set_mode_filter fun(program: string): integer, integer
---@field landlock_create_ruleset fun(attr: table|nil, flags?: string[]): integer, integer
---@field landlock_add_rule fun(ruleset: integer, kind: string, rule: table): integer, integer
---@field landlock_restrict_self fun(ruleset: integer): integer, integer
---
---FreeBSD: mounts, Capsicum, jails.
---@field unmount fun(target: string, flags: integer): integer, integer
---@field cap_enter fun(): integer, integer
---@field caph_limit_stdio fun(): integer, integer
---@field caph_cache_tzdata fun(zone?: string): integer, integer
---@field jail_attach fun(jail: integer): integer, integer
---@field jail_set fun(parameters: table<string, string|boolean>, flags?: string[]): integer, integer

return supervisor
