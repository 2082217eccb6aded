---@meta emilua.time

-- All durations are seconds, fractions allowed. Reference: docs/reference/time.md

---The module `require "emilua.time"` returns.
---@class emilua.timelib
---@field steady_clock emilua.time.steady_clocklib monotonic
---@field system_clock emilua.time.system_clocklib wall clock, UNIX epoch
---@field high_resolution_clock emilua.time.high_resolution_clocklib the finest clock
---@field steady_timer emilua.time.steady_timerlib
---@field system_timer emilua.time.system_timerlib
local time = {}

---Suspends the calling fiber for at least `seconds`.
---@async
---@param seconds number
function time.sleep(seconds) end

---@class emilua.time.steady_clocklib
local steady_clock = {}

---@return emilua.steady_clock.time_point
function steady_clock.now() end

---@return emilua.steady_clock.time_point
function steady_clock.epoch() end

---@class emilua.time.system_clocklib
local system_clock = {}

---@return emilua.system_clock.time_point
function system_clock.now() end

---@return emilua.system_clock.time_point
function system_clock.epoch() end

---@class emilua.time.high_resolution_clocklib
---@field is_steady boolean whether this clock is monotonic
local high_resolution_clock = {}

---@return emilua.high_resolution_clock.time_point
function high_resolution_clock.now() end

---@return emilua.high_resolution_clock.time_point
function high_resolution_clock.epoch() end

---@class emilua.steady_clock.time_point
---@field seconds_since_epoch number
---@operator add(number): emilua.steady_clock.time_point
---@operator sub(number): emilua.steady_clock.time_point
---@operator sub(emilua.steady_clock.time_point): number
local steady_point = {}

---Moves the time point forward.
---@param seconds number
function steady_point:add(seconds) end

---Moves the time point back.
---@param seconds number
function steady_point:sub(seconds) end

---@class emilua.system_clock.time_point
---@field seconds_since_epoch number
---@operator add(number): emilua.system_clock.time_point
---@operator sub(number): emilua.system_clock.time_point
---@operator sub(emilua.system_clock.time_point): number
local system_point = {}

---Moves the time point forward.
---@param seconds number
function system_point:add(seconds) end

---Moves the time point back.
---@param seconds number
function system_point:sub(seconds) end

---@class emilua.high_resolution_clock.time_point
---@field seconds_since_epoch number
---@operator sub(emilua.high_resolution_clock.time_point): number

---@class emilua.time.steady_timerlib
local steady_timerlib = {}

---A timer that has already expired.
---@return emilua.steady_timer
function steady_timerlib.new() end

---@class emilua.steady_timer
---@field expiry emilua.steady_clock.time_point
local steady_timer = {}

---Sets the expiry and cancels pending waits.
---@param point emilua.steady_clock.time_point
---@return integer cancelled number of waits
function steady_timer:expires_at(point) end

---Sets the expiry from now on and cancels pending waits.
---@param seconds number
---@return integer cancelled number of waits
function steady_timer:expires_after(seconds) end

---Waits for the expiry.
---@async
function steady_timer:wait() end

---Cancels pending waits; the expiry stays.
---@return integer cancelled number of waits
function steady_timer:cancel() end

---@class emilua.time.system_timerlib
local system_timerlib = {}

---A timer that has already expired.
---@return emilua.system_timer
function system_timerlib.new() end

---Follows adjustments of the wall clock.
---@class emilua.system_timer
---@field expiry emilua.system_clock.time_point
local system_timer = {}

---Sets the expiry and cancels pending waits.
---@param point emilua.system_clock.time_point
---@return integer cancelled number of waits
function system_timer:expires_at(point) end

---Waits for the expiry.
---@async
function system_timer:wait() end

---Cancels pending waits; the expiry stays.
---@return integer cancelled number of waits
function system_timer:cancel() end

return time
