-- The scanner, for docs_spec.lua.
local scanner = {}

scanner.structure = { "stream.scanner" }

scanner.arguments = { "scanner_options" }

function scanner.objects()
    local module = require("emilua.stream").scanner
    local instance = module.new{ stream = { read_some = function(_, bs) return bs:copy("a,b\n") end } }
    instance:get_line()
    instance.field_separator = ","
    instance.field_pattern = require("emilua.regex").new{ pattern = "a", grammar = "ecma" }
    return { ["stream.scanner"] = { module, class = instance } }
end

return scanner
