-- TCP echo in the main VM: see echo_server.lua.

require("emilua").run(function() dofile "bench/emilua/echo_server.lua" end)
