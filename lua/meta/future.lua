---@meta emilua.future

-- Reference: docs/reference/future.md

---The module `require "emilua.future"` returns.
---@class emilua.futurelib
local future = {}

---@return emilua.promise
---@return emilua.future
function future.new() end

---The writing end.
---@class emilua.promise
local promise = {}

---@param value any
function promise:set_value(value) end

---@param err any what every `get()` will raise; not `nil`
function promise:set_error(err) end

---The reading end. Any number of fibers may `get()` it, any number of times.
---@class emilua.future
local f = {}

---Waits for the promise and returns its value or raises its error.
---@async
---@return any
function f:get() end

return future
