-- JSON, for docs_spec.lua.
local json = {}

json.structure = { "json.writer" }

json.arguments = { "json_decode_options", "json_encode_options", "json_lines_options", "json_null" }

function json.objects()
    local module = require "emilua.json"
    local state
    local hooked = setmetatable({}, {
        __tojson = function(_, s)
            state = s
            s.writer:value(true)
        end,
    })
    module.encode({ hooked }, { indent = " " })
    return {
        json = { module }, ["json.writer"] = { module.writer, class = module.writer.new() },
        json_state = { state, class = state },
    }
end

return json
