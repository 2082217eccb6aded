-- Regular expressions, for docs_spec.lua.
local regex = {}

regex.structure = { "regex.match_flag" }

regex.arguments = { "regex_options" }

function regex.objects()
    local module = require "emilua.regex"
    local re = module.new{ pattern = "(a)", grammar = "ecma" }
    local result = module.search(re, "a")
    return {
        regex = { module, class = re }, regex_result = { class = result }, regex_range = { class = result[0] },
        ["regex.match_flag"] = { module.match_flag },
    }
end

return regex
