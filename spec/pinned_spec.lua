-- Core §19 in module form: each program runs in an interpreter of its own.

local helper = require "spec.helper"

local PRELUDE = [[
local emilua = require "emilua"
local condition_variable, future = require "emilua.condition_variable", require "emilua.future"
local mutex, recursive_mutex = require "emilua.mutex", require "emilua.recursive_mutex"
local time = require "emilua.time"
local spawn, this_fiber, scope, byte_span = emilua.spawn, emilua.this_fiber, emilua.scope, emilua.byte_span
local scope_cleanup_push, scope_cleanup_pop = emilua.scope_cleanup_push, emilua.scope_cleanup_pop
local ok, e = pcall(emilua.run, function()
]]

local POSTLUDE = [[

end)
if not ok then print("run raised: " .. tostring(e)) end
]]

local function failed(message) return "run raised: " .. message .. "\n" end

require "spec.pinned_cases" {
    output_of = function(body) return (helper.child(PRELUDE .. body .. POSTLUDE)) end,
    failed = failed,
    failed_handler = failed,
    stuck = function() return failed "Resource deadlock avoided" end,
}
