-- Never run: the parser makes of it every instruction that it knows. An interpreter that dumps it to the same bytes as
-- the one that was there at the build can load the bytecode of that build (src/lua/bytecode.rs).
local a, b, c = ...
local up, text, number, flag = a, b, c, nil
local function f(x, y, ...)
    up = x
    text = "s"
    number = 1.5
    flag = nil
    if x == y or x ~= y or x == "s" or x ~= "s" or x == 1 or x ~= 1 or x == nil or x ~= nil then x = not y end
    if x < y or x <= y or x > y or x >= y or not (x < y) or not (x <= y) then y = -x end
    if not (x > y) or not (x >= y) then y = x and y end
    if x <= y then y = f("s") end
    x = x + y - x * y / x % y ^ x .. y .. x
    x = x + 1 - 2 * 3 / x
    y = x - 1 + y * 2 / 3 % 4
    y = (1 - x) + (2 + x) * (3 * x) / (4 / x) % (5 % x)
    x = #y
    local t, u = {}, { 1, 2, k = "v", [x] = y, ... }
    t[x], t.k, t[1], t[300], global = u[y], u.k, u[1], u[300], other
    local cdata, small, large, huge = 1LL, 7, -32768, 123456789
    local n1, n2, n3
    for i = 1, 10, 2 do if i then break end end
    for k, v in pairs(t) do t[k] = function() return v, k, up end end
    for k, v in next, t do t[k] = v end
    for k in f, t do t[k] = nil end
    while x and y do x = y or t end
    repeat local z = x; t[1] = function() return z end until z
    f(x, f(...))
    f(...)
    t:k(f(x))
    if t and (x or y) and not (x and t) then return end
    if u then return x end
    if cdata then return x, y end
    if small then return f(x) end
    if large then return f(f(x)) end
    if huge then return x, f(y) end
    if n1 then return ... end
    return n2 == n3 and true or false, x ~= true, y == false, up, text, number, flag, { f = f, f(x) }
end
return f, { f(...) }
