---@meta emilua.errors

-- Types of error values; no module of this name exists. Reference: docs/reference/errors.md

---@class emilua.live_fiber
---@field id string
---@field name? any
---@field state "running"|"ready"|"waiting"
---@field waits_for string
---@field since number seconds since it last gave its turn up, or was spawned
---@field traceback string

---A fresh table for each error.
---@class emilua.error_code
---@field code integer the number inside its category
---@field category emilua.error_category
---@field arg? integer|string which argument was wrong
---@field index? integer `2`, on `emilua.core` bad_index only
---@field where? string `file:line` of the call, with `arg`
---@field fibers? emilua.live_fiber[] on EDEADLK and EBUSY of `emilua.run`
---@field descriptors? integer on EBUSY of `emilua.run`: how many were left open
---@field cause? any on ETIMEDOUT of `emilua.timeout`: the error of the function, if it was not the interruption
---@field detail? string what the code alone does not say
---@field path1? emilua.filesystem.path on errors of `filesystem`: the path involved
---@field path2? emilua.filesystem.path the second one, of functions of two paths
---@field line? integer on errors of `json.decode`: where it is, from 1
---@field column? integer the same in bytes of its line, from 1
---@field offset? integer the same in bytes of the text, from 1
---@field path? (string|integer)[] on errors of a value of `json.decode`: the keys and positions that lead to it
---@field record? integer on errors of `json.lines`: number of the line
---@field needed? integer on ENOBUFS of `json.encode_into`: length of the text
---@field position? integer on errors of `regex.new`: bytes of the pattern that had been read
---@field feature? "back reference"|"look-ahead" on ENOTSUP of `regex.new`
---@field module? string on errors of `require`: the module's id
---@field jailparam_init? string on errors of jails (FreeBSD): the parameter whose name is refused
---@field jailparam_import? string the same, whose value is refused
---@field ret? integer on errors of `signal.raise`: what raise(3) returned
local error_code = {}

---The `generic` error of the same meaning, where there is one; a copy otherwise.
---@return emilua.error_code
function error_code:togeneric() end

---@class emilua.error_category
local error_category = {}

---The text for a code. `category.message(code)` works too.
---@param code integer
---@return string
function error_category:message(code) end
