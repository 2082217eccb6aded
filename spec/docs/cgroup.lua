-- Control groups, for docs_spec.lua.
local cgroup = {
    arguments = { "cgroup_options" },
}

function cgroup.objects()
    local module = require "emilua.cgroup"
    local ok, group = pcall(module.new)
    if ok then group:close() end
    return { cgroup = { module, class = ok and group or nil } }
end

return cgroup
