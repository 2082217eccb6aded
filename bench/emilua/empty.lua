-- The least program that uses the module.

require("emilua").run(function() end)
