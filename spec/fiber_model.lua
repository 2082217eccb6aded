-- Fibers as core §2 to §10 describe them, in the simplest form: one queue, lists of waiters, nothing fast.
-- `property_spec.lua` compares the module with it. The functions are those of the adapter there.

local unpack = unpack

-- The model runs outside of `emilua.run`, where the shims of these functions behave as stock.
local create, resume, switch = coroutine.create, coroutine.resume, coroutine.yield

local function failure(category, code)
    return {category = category, code = code}
end

local INTERRUPTED = failure("emilua.core", 13)

local function remove(list, value)
    for i, candidate in ipairs(list) do
        if candidate == value then return table.remove(list, i) end
    end
end

return function()
    local model = {}
    local ready = {}
    local current

    local function wake(fiber, reason)
        fiber.give_up = nil
        fiber.reason = reason
        ready[#ready + 1] = fiber
    end

    -- Suspends the current fiber; `give_up` takes it out of what it waits for when it is interrupted.
    local function suspend(give_up)
        local fiber = current
        if fiber.disabled == 0 then fiber.give_up = give_up end
        switch()
        if fiber.reason == "interrupted" then return true end
    end

    local function check_interruption()
        if current.interrupted and current.disabled == 0 then error(INTERRUPTED, 0) end
    end

    local function leave_scope(fiber)
        local handlers = table.remove(fiber.scopes)
        fiber.disabled = fiber.disabled + 1
        for i = #handlers, 1, -1 do handlers[i]() end
        fiber.disabled = fiber.disabled - 1
    end

    local function in_scope(f)
        local fiber = current
        table.insert(fiber.scopes, {})
        local results = {pcall(f)}
        leave_scope(fiber)
        return unpack(results, 1, 2)
    end

    local function new_fiber(f)
        local fiber = {disabled = 0, scopes = {}}
        fiber.thread = create(function()
            fiber.ok, fiber.value = in_scope(f)
            fiber.done = true
            -- A joiner goes first, before any other ready fiber.
            if fiber.joiner then
                fiber.joiner.give_up, fiber.joiner.reason = nil, nil
                table.insert(ready, 1, fiber.joiner)
            end
        end)
        return fiber
    end

    function model.run(f)
        local main = new_fiber(f)
        main.is_main = true
        ready[1] = main
        while #ready > 0 do
            current = table.remove(ready, 1)
            assert(resume(current.thread))
        end
        if not main.ok then error(main.value, 0) end
    end

    function model.spawn(f)
        local fiber = new_fiber(f)
        wake(fiber)
        return fiber
    end

    function model.join(fiber)
        check_interruption()
        if fiber.joined or fiber.joiner then error(failure("generic", 22), 0) end
        if fiber == current then error(failure("generic", 35), 0) end
        if not fiber.done then
            fiber.joiner = current
            if suspend(function() fiber.joiner = nil end) then error(INTERRUPTED, 0) end
        end
        fiber.joiner, fiber.joined = nil, true
        fiber.caught = fiber.value == INTERRUPTED
        if fiber.ok then return fiber.value end
        if not fiber.caught then error(fiber.value, 0) end
    end

    function model.interrupt(fiber)
        fiber.interrupted = true
        if fiber.give_up then
            fiber.give_up()
            wake(fiber, "interrupted")
        end
    end

    function model.caught(fiber)
        if not fiber.joined then error(failure("generic", 22), 0) end
        return fiber.caught
    end

    function model.joinable(fiber)
        return not fiber.joined and not fiber.joiner
    end

    function model.yield()
        check_interruption()
        wake(current)
        switch()
    end

    function model.disable() current.disabled = current.disabled + 1 end

    function model.restore()
        if current.disabled == 0 then error(failure("emilua.core", 11), 0) end
        current.disabled = current.disabled - 1
    end

    function model.push(handler)
        local scopes = current.scopes
        table.insert(scopes[#scopes], handler)
    end

    function model.protected(f)
        check_interruption()
        return in_scope(f)
    end

    function model.wrapped(f)
        check_interruption()
        local ok, value = in_scope(f)
        if not ok then error(value, 0) end
        return value
    end

    function model.scoped(f)
        local value
        local ok, e = in_scope(function() value = f() end)
        if not ok then error(e, 0) end
        return value
    end

    function model.new_mutex() return {waiters = {}} end

    function model.lock(m)
        if not m.locked then
            m.locked = true
        else
            table.insert(m.waiters, current)
            suspend()
        end
    end

    function model.try_lock(m)
        local free = not m.locked
        m.locked = true
        return free
    end

    function model.unlock(m)
        if not m.locked then error(failure("generic", 1), 0) end
        local waiter = table.remove(m.waiters, 1)
        if waiter then wake(waiter) else m.locked = false end
    end

    function model.new_recursive_mutex() return {level = 0} end

    function model.try_lock_recursive(m)
        if m.level > 0 and m.owner ~= current then return false end
        m.owner, m.level = current, m.level + 1
        return true
    end

    function model.unlock_recursive(m)
        if m.level == 0 or m.owner ~= current then error(failure("generic", 1), 0) end
        m.level = m.level - 1
    end

    function model.new_condition() return {} end

    function model.wait(c, m)
        if not m.locked then error(failure("generic", 1), 0) end
        check_interruption()
        local fiber = current
        model.unlock(m)
        table.insert(c, fiber)
        local interrupted = suspend(function() remove(c, fiber) end)
        model.lock(m)
        if interrupted then error(INTERRUPTED, 0) end
    end

    function model.notify_one(c)
        if c[1] then wake(table.remove(c, 1)) end
    end

    function model.notify_all(c)
        while c[1] do model.notify_one(c) end
    end

    function model.new_future()
        local f = {waiters = {}}
        return f, f
    end

    local function satisfy(f, ok, value)
        if f.satisfied then error(failure("emilua.core", 23), 0) end
        f.satisfied, f.ok, f.value = true, ok, value
        while f.waiters[1] do wake(table.remove(f.waiters, 1)) end
    end

    function model.set_value(p, value) satisfy(p, true, value) end

    function model.set_error(p, e) satisfy(p, false, e) end

    function model.get(f)
        check_interruption()
        local fiber = current
        if not f.satisfied then
            table.insert(f.waiters, fiber)
            if suspend(function() remove(f.waiters, fiber) end) then error(INTERRUPTED, 0) end
        end
        if not f.ok then error(f.value, 0) end
        return f.value
    end

    return model
end
