---@meta emilua.recursive_mutex

-- Reference: docs/reference/recursive_mutex.md

---The module `require "emilua.recursive_mutex"` returns.
---@class emilua.recursive_mutexlib
local recursive_mutex = {}

---@return emilua.recursive_mutex
function recursive_mutex.new() end

---A mutex that its owner, a fiber, may lock again.
---@class emilua.recursive_mutex
local m = {}

---Takes the mutex, or one more level of it. No interruption point.
---@async
function m:lock() end

---Takes the mutex, or one more level of it, unless another fiber owns it.
---@return boolean taken
function m:try_lock() end

---Gives one level back; with the last one the mutex goes to the first waiter.
function m:unlock() end

return recursive_mutex
