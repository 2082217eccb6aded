std = "luajit"
max_line_length = 120
cache = false

files["spec"] = { std = "+busted" }
files["examples/*_spec.lua"] = { std = "+busted" }
files[".busted"] = { std = "lua51" }
-- Definitions for LuaLS have signatures without bodies.
files["lua/meta"] = { ignore = { "211", "212", "213", "231", "241" } }
