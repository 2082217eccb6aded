-- What a machine may lack, and which specs may therefore be skipped.
--
-- A spec that needs such a thing calls `environment.need` at its start, never `pending` itself. On the CI machine
-- (`EMILUA_MUST_WORK=1`) a skip fails, unless its feature is listed here and its probe shows that it is missing; a
-- listed feature that works fails too, so that the list cannot outlive its reasons.

local environment = {}

-- Features that the CI machine lacks: `name = {why = text, probe = function}`; the probe returns true if the feature
-- works after all.
environment.missing = {}

local function contains(path, word)
    local file = io.open(path)
    local text = file and file:read "*a" or ""
    if file then file:close() end
    return (" " .. text:gsub("%s", " ") .. " "):find(" " .. word .. " ", 1, true) ~= nil
end

-- Whether a controller can be had for a new control group.
local function controls(name)
    return contains("/sys/fs/cgroup/cgroup.controllers", name)
        or contains("/sys/fs/cgroup/unified/cgroup.controllers", name)
end

for _, name in ipairs { "cpu", "memory", "pids" } do
    environment.missing["cgroup v2, " .. name] = {
        why = name .. " is a controller of cgroup v1",
        probe = function() return controls(name) end,
    }
end

local MARK = "missing here: "

--- True on the CI machine.
function environment.must_work()
    local value = os.getenv("EMILUA_MUST_WORK")
    return value ~= nil and value ~= "" and value ~= "0"
end

--- To be called inside an `it`: skips it if the feature `name` is missing.
-- `works`, a boolean or a function that returns one, tells for features that are not listed above.
function environment.need(name, works)
    local pending = getfenv(2).pending
    local listed = environment.missing[name]
    if listed then
        works = listed.probe
    elseif works == nil then
        error("no feature " .. name .. " is listed in spec/environment.lua", 2)
    end
    if type(works) == "function" then
        works = works()
    end

    if not environment.must_work() then
        return works or pending(MARK .. name .. (listed and ": " .. listed.why or ""))
    elseif works and listed then
        error(name .. " works, but spec/environment.lua lists it as missing", 2)
    elseif works then
        return works
    elseif listed then
        return pending(MARK .. name .. ": " .. listed.why)
    end
    error(name .. " must work here: spec/environment.lua does not list it as missing", 2)
end

-- The status is a boolean or a number, depending on the interpreter's build.
local function succeeds(command)
    local status = os.execute("( " .. command .. " ) >/dev/null 2>&1")
    return status == true or status == 0
end

--- Whether there is a route to IPv4 multicast groups, without which none can be joined.
function environment.has_multicast() return succeeds "ip route get 239.255.77.1" end

--- Whether there is an interface that carries IPv6 multicasts.
function environment.has_multicast_v6()
    return succeeds "ip -6 route show table all type multicast | grep ff00::/8"
end

--- Whether control groups may be made; called in a run.
function environment.makes_groups()
    local ok, group = pcall(require "emilua.cgroup".new)
    if ok then group:close() end
    return ok
end

-- Turns each skip that did not come from `need` into an error of the run.
local function watch()
    local busted = require "busted"
    local marked = {}
    busted.subscribe({ "pending" }, function(element, _, message)
        marked[element] = tostring(message):find(MARK, 1, true) ~= nil
        return nil, true
    end)
    busted.subscribe({ "test", "end" }, function(element, parent, status)
        if status == "pending" and not marked[element] then
            busted.publish({ "error", element.descriptor }, element, parent,
                "skipped without environment.need: " .. tostring(element.name), element.trace)
        end
        return nil, true
    end)
end

-- .busted names this file as its helper, which is run without a module name.
if ... == nil and environment.must_work() then
    watch()
end

return environment
