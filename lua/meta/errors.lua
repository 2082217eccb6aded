---@meta emilua.errors

-- Types of error values; no module of this name exists. Reference: docs/reference/errors.md

---A fresh table for each error.
---@class emilua.error_code
---@field code integer the number inside its category
---@field category emilua.error_category
---@field arg? integer|string which argument was wrong
---@field index? integer `2`, on `emilua.core` bad_index only
---@field detail? string what the code alone does not say
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
