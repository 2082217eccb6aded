-- Groups of cgroup v2 for guests, where some were delegated to this process.
local import = ...
local cgroup = import("cgroup")
local state = import("core.scheduler").state

local pairs, pcall, setmetatable, tostring = pairs, pcall, setmetatable, tostring

local groups = {}

local known

-- {parent, memory, pids}: which controllers groups of guests can have, and where they are made.
function groups.find()
    if not known then
        local parent, controllers = cgroup.delegated({ "memory", "pids" })
        known = controllers or {}
        known.parent = parent
    end
    return known
end

-- The groups of guests, each with the context that it belongs to, by the main fiber of the run. A run ends after all
-- guests: then their groups are garbage, and removed.
local WEAK_KEYS, WEAK_VALUES = { __mode = "k" }, { __mode = "v" }
local runs, outside = setmetatable({}, WEAK_KEYS), {}

-- Whether there have been processes and are none, or the group is gone.
local function has_served(group)
    local ok, events = pcall(group.get, group, "cgroup.events")
    -- The script of a guest writes this 0.
    return not ok or events:find("populated 0", 1, true) and group:get("cgroup.max.descendants") == "0"
end

-- Forgets the groups of guests that have ended, unless there may be more of the same context.
local function sweep(made)
    for group, context in pairs(made) do
        if not context[1] and has_served(group) then made[group] = nil end
    end
end

-- The directory of a new group with these limits, for the guests of a context.
function groups.new(limits, context)
    local run = state.main or outside
    local made = runs[run] or {}
    runs[run] = made
    sweep(made)
    local group = cgroup.new({ parent = known.parent, limits = limits })
    made[group] = setmetatable({ context }, WEAK_VALUES)
    return tostring(group.path)
end

return groups
