---@meta emilua.system

-- Reference: docs/reference/system.md

---The module `require "emilua.system"` returns: the process, its children, its terminal and its rights.
---@class emilua.systemlib
---@field arguments string[] program, script, and the arguments of the script; a new list each time
---@field environment table<string, string> at the start of the process; a new table each time
---@field in_ emilua.system.in_
---@field out emilua.system.out
---@field err emilua.system.err
---@field signal emilua.system.signallib
---@field terminal emilua.system.terminallib
---@field SECBIT_NOROOT integer
---@field SECBIT_NOROOT_LOCKED integer
---@field SECBIT_NO_SETUID_FIXUP integer
---@field SECBIT_NO_SETUID_FIXUP_LOCKED integer
---@field SECBIT_KEEP_CAPS integer
---@field SECBIT_KEEP_CAPS_LOCKED integer
---@field SECBIT_NO_CAP_AMBIENT_RAISE integer
---@field SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED integer
local system = {}

---Ends the VM, and in the master the process.
---@param code? integer default 0
---@param opts? { force?: 0|2|"abort" } master only
function system.exit(code, opts) end

---The inherited descriptor `n`, once; later `nil`.
---@param n integer 3 to 9
---@return emilua.file_descriptor?
function system.get_lowfd(n) end

---The directories that the loader searches for libraries.
---@return emilua.file_descriptor[]
function system.get_ld_library_directories() end

---@class emilua.system.scheduler
---@field policy? "other"|"batch"|"idle"|"fifo"|"rr"
---@field priority? integer
---@field reset_on_fork? boolean

---@alias emilua.system.stdio "share"|"pipe"|emilua.file_descriptor

---@class emilua.system.spawn_options
---@field program string|emilua.filesystem.path|emilua.file_descriptor
---@field arguments? string[] the whole argv, the program's name included
---@field environment? table<string, string> the whole environment; default: empty
---@field stdin? emilua.system.stdio default: an empty pipe
---@field stdout? emilua.system.stdio default: a pipe without reader
---@field stderr? emilua.system.stdio default: a pipe without reader
---@field extra_fds? table<integer, emilua.file_descriptor|emilua.libc_service.slave> by number in the child, 3 to 9
---@field signal_on_gcreaper? integer default: SIGTERM
---@field pd_daemon? boolean FreeBSD
---@field scheduler? emilua.system.scheduler
---@field start_new_session? boolean
---@field set_ctty? emilua.file_descriptor
---@field process_group? integer 0: its own
---@field foreground? "stdin"|"stdout"|"stderr"|emilua.file_descriptor
---@field ruid? integer
---@field euid? integer
---@field rgid? integer
---@field egid? integer
---@field extra_groups? integer[]
---@field set_no_new_privs? boolean Linux
---@field seccomp_set_mode_filter? emilua.byte_span Linux
---@field landlock_restrict_self? emilua.file_descriptor Linux
---@field umask? integer
---@field working_directory? emilua.filesystem.path|emilua.file_descriptor
---@field pdeathsig? integer
---@field setns_user? emilua.file_descriptor Linux
---@field setns_mount? emilua.file_descriptor Linux
---@field setns_uts? emilua.file_descriptor Linux
---@field setns_ipc? emilua.file_descriptor Linux
---@field setns_net? emilua.file_descriptor Linux
---@field create_breakaway_from_job? boolean Windows
---@field create_new_console? boolean Windows
---@field create_no_window? boolean Windows
---@field detached_process? boolean Windows

---Starts a program.
---@param opts emilua.system.spawn_options
---@return emilua.subprocess
function system.spawn(opts) end

---@class emilua.system.run_options : emilua.system.spawn_options
---@field input? string|emilua.byte_span what the program reads
---@field timeout? number seconds
---@field output_limit? integer bytes of all captured streams together

---@class emilua.system.run_result
---@field status integer exit code, or 128 + signal
---@field signal? integer
---@field stdout? string
---@field stderr? string

---Runs a program to its end.
---@async
---@param opts emilua.system.run_options
---@return emilua.system.run_result
function system.run(opts) end

---A child process.
---@class emilua.subprocess
---@field pid integer? `nil` once it has been waited for
---@field exit_code integer exit code, or 128 + signal; after a wait
---@field exit_signal integer? after a wait
---@field stdin emilua.pipe.write_stream? of `stdin = "pipe"`
---@field stdout emilua.pipe.read_stream? of `stdout = "pipe"`
---@field stderr emilua.pipe.read_stream? of `stderr = "pipe"`
local subprocess = {}

---Waits for the end of the child and reaps it.
---@async
function subprocess:wait() end

---Sends a signal; 0 only checks.
---@param sig integer
function subprocess:kill(sig) end

---The capabilities of the child. Linux.
---@return emilua.linux_capabilities
function subprocess:cap_get() end

---@class emilua.system.in_ : emilua.read_stream
local in_ = {}

---@async
---@param bs emilua.byte_span
---@return integer n
function in_:read_some(bs) end

---@return emilua.file_descriptor
function in_:dup() end

---@param fd emilua.file_descriptor
function in_:dup_from(fd) end

---@return boolean
function in_:isatty() end

---@return integer
function in_:tcgetpgrp() end

---@param pgid integer
function in_:tcsetpgrp(pgid) end

---@class emilua.system.out : emilua.write_stream
local out = {}

---@async
---@param bs emilua.byte_span
---@return integer n
function out:write_some(bs) end

---@return emilua.file_descriptor
function out:dup() end

---@param fd emilua.file_descriptor
function out:dup_from(fd) end

---@return boolean
function out:isatty() end

---@return integer
function out:tcgetpgrp() end

---@param pgid integer
function out:tcsetpgrp(pgid) end

---@class emilua.system.err : emilua.write_stream
local err = {}

---@async
---@param bs emilua.byte_span
---@return integer n
function err:write_some(bs) end

---@return emilua.file_descriptor
function err:dup() end

---@param fd emilua.file_descriptor
function err:dup_from(fd) end

---@return boolean
function err:isatty() end

---@return integer
function err:tcgetpgrp() end

---@param pgid integer
function err:tcsetpgrp(pgid) end

---@class emilua.system.terminallib
local terminal = {}

---@alias emilua.system.terminal "stdin"|"stdout"|"stderr"|emilua.file_descriptor

---@param where? emilua.system.terminal default: `"stdout"`
---@return integer columns
---@return integer rows
function terminal.size(where) end

---@param where emilua.system.terminal
---@param columns integer
---@param rows integer
function terminal.set_size(where, columns, rows) end

---Raw mode, until `restore` or the end of the process.
---@param where? emilua.system.terminal default: `"stdin"`
function terminal.raw(where) end

---The mode before `raw`.
---@param where? emilua.system.terminal default: `"stdin"`
function terminal.restore(where) end

---Shows a pseudo-terminal at ours until nobody has it open any more. Master VM only.
---@async
---@param master emilua.file_descriptor taken over
function terminal.relay(master) end

---@class emilua.system.signallib
---@field set emilua.system.signal.setlib
---@field SIGABRT integer
---@field SIGALRM integer
---@field SIGBUS integer
---@field SIGCHLD integer
---@field SIGCONT integer
---@field SIGFPE integer
---@field SIGHUP integer
---@field SIGILL integer
---@field SIGINT integer
---@field SIGIO integer
---@field SIGKILL integer
---@field SIGPIPE integer
---@field SIGPROF integer
---@field SIGQUIT integer
---@field SIGSEGV integer
---@field SIGSTOP integer
---@field SIGSYS integer
---@field SIGTERM integer
---@field SIGTRAP integer
---@field SIGTSTP integer
---@field SIGTTIN integer
---@field SIGTTOU integer
---@field SIGURG integer
---@field SIGUSR1 integer
---@field SIGUSR2 integer
---@field SIGVTALRM integer
---@field SIGWINCH integer
---@field SIGXCPU integer
---@field SIGXFSZ integer
local signal = {}

---@param sig integer
function signal.raise(sig) end

---@param sig integer
function signal.ignore(sig) end

---@param sig integer
function signal.default(sig) end

---@class emilua.system.signal.setlib
local setlib = {}

---A set of the signals given.
---@param ... integer
---@return emilua.system.signal.set
function setlib.new(...) end

---@class emilua.system.signal.set
local set = {}

---@param sig integer
function set:add(sig) end

---@param sig integer
function set:remove(sig) end

function set:clear() end

function set:cancel() end

---Waits for a signal of the set.
---@async
---@return integer
function set:wait() end

---@return integer
function system.getpid() end

---@return integer
function system.getppid() end

---@return integer
function system.getpgrp() end

---@param pid integer 0: the caller
---@return integer
function system.getpgid(pid) end

---@param pid integer 0: the caller
---@return integer
function system.getsid(pid) end

---@param pid integer
---@param pgid integer
function system.setpgid(pid, pgid) end

---@return integer
function system.setsid() end

---@param pid integer negative: a process group
---@param sig integer
function system.kill(pid, sig) end

---@return integer real
---@return integer effective
---@return integer saved
function system.getresuid() end

---@return integer real
---@return integer effective
---@return integer saved
function system.getresgid() end

---@param real integer -1: unchanged
---@param effective integer
---@param saved integer
function system.setresuid(real, effective, saved) end

---@param real integer -1: unchanged
---@param effective integer
---@param saved integer
function system.setresgid(real, effective, saved) end

---@return integer[]
function system.getgroups() end

---@param groups integer[]
function system.setgroups(groups) end

function system.set_no_new_privs() end

---@param bpf emilua.byte_span
function system.seccomp_set_mode_filter(bpf) end

---@param attr? { handled_access_fs?: string[], handled_access_net?: string[], scoped?: string[] }
---@param flags? string[] `{"version"}` or `{"errata"}`
---@return emilua.file_descriptor|integer
function system.landlock_create_ruleset(attr, flags) end

---@param ruleset emilua.file_descriptor
---@param kind "path_beneath"|"net_port"
---@param attr { allowed_access: string[], parent_fd?: emilua.file_descriptor, port?: integer }
function system.landlock_add_rule(ruleset, kind, attr) end

---@param ruleset emilua.file_descriptor
---@param flags? string[] `log_same_exec_off`, `log_new_exec_on`, `log_subdomains_off`
function system.landlock_restrict_self(ruleset, flags) end

function system.caph_limit_stdio() end

---@return emilua.linux_capabilities
function system.cap_get_proc() end

---@return emilua.linux_capabilities
function system.cap_init() end

---@param text string
---@return emilua.linux_capabilities
function system.cap_from_text(text) end

---@param cap string
---@return boolean
function system.cap_get_bound(cap) end

---@param cap string
---@return boolean
function system.cap_get_ambient(cap) end

---@param cap string
function system.cap_drop_bound(cap) end

---@param cap string
---@param value boolean
function system.cap_set_ambient(cap, value) end

function system.cap_reset_ambient() end

---@return integer
function system.cap_get_secbits() end

---@param bits integer
function system.cap_set_secbits(bits) end

---@alias emilua.capability_flag "effective"|"inheritable"|"permitted"

---A set of capabilities.
---@class emilua.linux_capabilities
local capabilities = {}

---@return emilua.linux_capabilities
function capabilities:dup() end

function capabilities:clear() end

---@param flag emilua.capability_flag
function capabilities:clear_flag(flag) end

---@param cap string
---@param flag emilua.capability_flag
---@return boolean
function capabilities:get_flag(cap, flag) end

---@param flag emilua.capability_flag
---@param caps string[]
---@param value boolean
function capabilities:set_flag(flag, caps, value) end

---@param to emilua.capability_flag
---@param ref emilua.linux_capabilities
---@param from emilua.capability_flag
function capabilities:fill_flag(to, ref, from) end

---@param to emilua.capability_flag
---@param from emilua.capability_flag
function capabilities:fill(to, from) end

function capabilities:set_proc() end

---@return integer
function capabilities:get_nsowner() end

---@param uid integer
function capabilities:set_nsowner(uid) end

---@param params table<string, string|boolean>
---@param flags? string[] `"create"`, `"update"`, `"dying"`
---@return integer jid
function system.jail_set(params, flags) end

---@param params table names wanted as list, filters by name
---@param flags? string[] `"dying"`
---@return integer jid
---@return table<string, string>
function system.jail_get(params, flags) end

---@param jid integer
function system.jail_remove(jid) end

---@return string[]
function system.jailparam_all() end

return system
