---@meta emilua.seccomp

-- Reference: docs/reference/seccomp.md

---@alias emilua.seccomp_action
---| "allow"
---| "kill_process"
---| "kill_thread"
---| "log"
---| "trap"
---| {errno: string|integer}
---| {trace: integer}

---A condition on an argument of a call.
---@class emilua.seccomp_condition
---@field index integer which argument, 0 to 5
---@field type "dword"|"qword" whether 32 or 64 bits of it count
---@field op "eq"|"ne"|"lt"|"le"|"gt"|"ge"|"masked_eq"
---@field value integer negative ones in two's complement; also int64_t and uint64_t
---@field mask? integer of masked_eq: the bits that are compared

---Calls, named in the list part or by `name`, and what becomes of them.
---@class emilua.seccomp_rule
---@field name? string
---@field action? emilua.seccomp_action by default the profile's `match`
---@field args? emilua.seccomp_condition[] all must hold; else the rules that follow decide
---@field [integer] string

---@class emilua.seccomp_profile
---@field default emilua.seccomp_action of calls that no rule matches
---@field match? emilua.seccomp_action of rules without one of their own; by default "allow"
---@field syscalls (string|emilua.seccomp_rule)[] the first that matches decides
---@field architecture? "x86_64"|"aarch64"|"riscv64" by default this machine's

---The module `require "emilua.seccomp"` returns.
---@class emilua.seccomplib
local seccomp = {}

---Compiles a profile to a program for `seccomp_set_mode_filter`. Linux only.
---@param profile emilua.seccomp_profile|string a table, or seccompiler's JSON
---@param filter? string which filter of the JSON, if it has several
---@return emilua.byte_span
function seccomp.compile(profile, filter) end

---A new table for `compile`, which may be changed before. Linux only.
---@param name "worker"|"container" of sandboxes; of programs with capabilities in their own namespaces
---@return emilua.seccomp_profile
function seccomp.profile(name) end

return seccomp
