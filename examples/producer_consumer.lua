-- A bounded queue between producers and consumers.

local condition_variable = require "emilua.condition_variable"
local emilua = require "emilua"
local mutex = require "emilua.mutex"

local queue = {}
queue.__index = queue

function queue.new(capacity)
    return setmetatable({
        capacity = capacity, closed = false, items = {},
        lock = mutex.new(), not_full = condition_variable.new(), not_empty = condition_variable.new(),
    }, queue)
end

-- The handler unlocks also when the fiber is interrupted in a wait, which locks the mutex again before it raises.
local function with_lock(lock, f)
    emilua.scope(function()
        lock:lock()
        emilua.scope_cleanup_push(function() lock:unlock() end)
        f()
    end)
end

function queue:put(item)
    with_lock(self.lock, function()
        while #self.items == self.capacity do self.not_full:wait(self.lock) end
        table.insert(self.items, item)
        self.not_empty:notify_one()
    end)
end

-- nil once the queue is closed and empty.
function queue:take()
    local item
    with_lock(self.lock, function()
        while #self.items == 0 and not self.closed do self.not_empty:wait(self.lock) end
        item = table.remove(self.items, 1)
        self.not_full:notify_one()
    end)
    return item
end

function queue:close()
    self.closed = true
    self.not_empty:notify_all()
end

emilua.run(function()
    local q, producers, consumers, taken, sum = queue.new(4), {}, {}, 0, 0
    for p = 1, 2 do producers[p] = emilua.spawn(function() for i = p, 100, 2 do q:put(i) end end) end
    for c = 1, 3 do
        consumers[c] = emilua.spawn(function() for i in q.take, q do taken, sum = taken + 1, sum + i end end)
    end
    for _, fiber in ipairs(producers) do fiber:join() end
    q:close()
    for _, fiber in ipairs(consumers) do fiber:join() end
    print(("%d items, sum %d"):format(taken, sum))
end)
