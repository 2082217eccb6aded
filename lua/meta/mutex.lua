---@meta emilua.mutex

-- Reference: docs/reference/mutex.md

---The module `require "emilua.mutex"` returns.
---@class emilua.mutexlib
local mutex = {}

---@return emilua.mutex
function mutex.new() end

---Mutual exclusion among the fibers of one VM. Records no owner.
---@class emilua.mutex
local m = {}

---Takes the mutex, waiting for it in order of arrival. No interruption point.
---@async
function m:lock() end

---Takes the mutex if it is free.
---@return boolean taken
function m:try_lock() end

---Hands the mutex to the first waiter or frees it.
function m:unlock() end

return mutex
