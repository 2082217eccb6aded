---@meta emilua.condition_variable

-- Reference: docs/reference/condition_variable.md

---The module `require "emilua.condition_variable"` returns.
---@class emilua.condition_variablelib
local condition_variable = {}

---@return emilua.condition_variable
function condition_variable.new() end

---@class emilua.condition_variable
local cond = {}

---Releases `mutex`, waits for a notification and locks `mutex` again, also before raising.
---@async
---@param mutex emilua.mutex a locked one
function cond:wait(mutex) end

---Wakes the fiber that has waited longest.
function cond:notify_one() end

---Wakes every waiting fiber, in the order of their waits.
function cond:notify_all() end

return condition_variable
