-- Ids of user namespaces, for docs_spec.lua.
local parts = { arguments = { "id_map_lists" } }

function parts.objects() return { id_map = { require "emilua.id_map" } } end

return parts
