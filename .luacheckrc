std = "luajit"
max_line_length = 120
cache = false

files["spec"] = { std = "+busted" }
files["examples/*_spec.lua"] = { std = "+busted" }
files[".busted"] = { std = "lua51" }
-- Programs for the launcher: their globals are what they export.
files["examples/program"] = {
    allow_defined_top = true,
    ignore = { "131" },
    read_globals = {
        "_CONTEXT", "_FILE", "byte_span", "scope", "scope_cleanup_pop", "scope_cleanup_push", "spawn", "spawn_vm",
        "this_fiber",
    },
}
files["examples/container"] = files["examples/program"]
files["examples/container/world.lua"] = {
    globals = { "errexit" }, read_globals = { "C", "arg", "container", "interface_up", "mode", "set_dumpable" },
}
-- Definitions for LuaLS have signatures without bodies.
files["lua/meta"] = { ignore = { "211", "212", "213", "231", "241" } }
-- Has every instruction, not sense.
files["lua/emilua/core/probe.lua"] = { ignore = { "." } }
