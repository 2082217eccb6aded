-- First-in first-out lists of fibers, linked through the fibers: {first, last}.
local import = ...
local L = import("core.layout")
local NEXT, PREV = L.NEXT, L.PREV

local FIRST, LAST = 1, 2

local list = {}

function list.new() return { false, false } end

function list.push(q, f)
    local last = q[LAST]
    f[PREV], f[NEXT] = last, false
    if last then last[NEXT] = f else q[FIRST] = f end
    q[LAST] = f
end

function list.pop(q)
    local f = q[FIRST]
    if f then
        local next = f[NEXT]
        q[FIRST] = next
        if next then next[PREV] = false else q[LAST] = false end
        f[NEXT] = false
    end
    return f
end

function list.remove(q, f)
    local prev, next = f[PREV], f[NEXT]
    if prev then prev[NEXT] = next else q[FIRST] = next end
    if next then next[PREV] = prev else q[LAST] = prev end
    f[PREV], f[NEXT] = false, false
end

return list
