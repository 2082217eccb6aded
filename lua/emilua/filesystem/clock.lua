-- filesystem.clock: the time points of files, in nanoseconds since the UNIX epoch.
local import = ...
local errors = import("core.errors")
local time_clock = import("time.clock")
local system_clock = import("time").system_clock
local ffi = require("ffi")

local class_name = errors.class_name
local tonumber = tonumber
local system_epoch = system_clock.epoch
local NS = time_clock.NS
local CLASS = "filesystem.clock.time_point"

local methods = {}

function methods:to_system()
    if class_name(self) ~= CLASS then errors.raise("EINVAL", 1) end
    local tp = system_epoch()
    tp[NS] = self[NS]
    return tp
end

local properties = {
    seconds_since_unix_epoch = function(tp) return tonumber(tp[NS]) / 1e9 end,
}

local clock, point = time_clock.new("filesystem.clock", time_clock.SYSTEM, true, methods, properties)

clock.unix_epoch = clock.epoch

function clock.from_system(tp)
    if class_name(tp) ~= "system_clock.time_point" then errors.raise("EINVAL", 1) end
    return point(tp[NS])
end

return {
    public = errors.module("filesystem.clock", clock),
    CLASS = CLASS,
    -- The time point so many nanoseconds after the epoch.
    point = function(ns) return point(ffi.cast("int64_t", ns)) end,
    nanoseconds = function(tp) return tp[NS] end,
}
