-- The option `scheduler` of system.spawn.
local import = ...
local errors = import("core.errors")

local raise = errors.raise
local type = type

-- Policies by name: {number, least priority, greatest}; a real-time policy needs a priority.
local LINUX = { other = { 0, 0, 0 }, fifo = { 1, 1, 99 }, rr = { 2, 1, 99 }, batch = { 3, 0, 0 }, idle = { 5, 0, 0 } }
local FREEBSD = { fifo = { 1, 0, 31 }, other = { 2, 0, 103 }, rr = { 3, 0, 31 }, batch = false, idle = false }

return function(plan, scheduler)
    plan.policy = -1
    if scheduler == nil then return end
    if type(scheduler) ~= "table" then raise("EINVAL", "scheduler") end
    local bsd = jit.os == "BSD"
    local name, priority, reset = scheduler.policy, scheduler.priority, scheduler.reset_on_fork
    local policy
    if name ~= nil then
        policy = type(name) == "string" and (bsd and FREEBSD or LINUX)[name]
        if policy == false and bsd and FREEBSD[name] == false then raise("ENOTSUP", "scheduler.policy") end
        if not policy then raise("EINVAL", "scheduler.policy") end
        plan.policy = policy[1]
    end
    if priority ~= nil then
        if type(priority) ~= "number" or priority % 1 ~= 0 or priority < -0x80000000 or priority > 0x7fffffff then
            raise("EINVAL", "scheduler.priority")
        end
        plan.priority, plan.has_priority = priority, 1
    end
    if policy and (plan.priority < policy[2] or plan.priority > policy[3]) then
        raise("EINVAL", "scheduler.priority")
    end
    if policy and priority == nil and (name == "fifo" or name == "rr") then raise("EINVAL", "scheduler.priority") end
    if reset ~= nil then
        if type(reset) ~= "boolean" or not policy then raise("EINVAL", "scheduler.reset_on_fork") end
        if bsd then raise("ENOTSUP", "scheduler.reset_on_fork") end
        plan.reset_on_fork = reset and 1 or 0
    end
end
