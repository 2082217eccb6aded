-- dial and listen: sockets by the text of an endpoint, `HOST:SERVICE`.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local core = import("core.native")
local endpoint = import("ip.endpoint")
local errors = import("core.errors")
local flags = import("ip.flags")
local resolve = import("ip.resolve")
local scope = import("core.scope")
local timer = import("core.timer")

local WAIT = L.WAIT
local error, ipairs, tonumber = error, ipairs, tonumber
local enter, check_yieldable, interrupt, wake = S.enter, S.check_yieldable, S.interrupt, S.wake
local is_interrupted, raise_code, raise_core = errors.is_interrupted, errors.raise_code, errors.raise_core

local dial = {}

-- RFC 8305 §5: how long an attempt is alone before the next one begins.
local ATTEMPT_DELAY = 0.25

-- A new socket that has tried to connect: it, or nil and the error.
local function attempt(new, entry)
    local socket = new()
    local ok, e = scope.pcall(socket.connect, socket, entry.address, entry.port)
    if ok then return socket end
    socket:close()
    return nil, e
end

-- Each entry in turn.
local function one_by_one(entries, new)
    local last
    for _, entry in ipairs(entries) do
        local socket, e = attempt(new, entry)
        if socket then return socket end
        if is_interrupted(e) then error(e, 0) end
        last = e
    end
    if last == nil then errors.raise_misc(3) end
    error(last, 0)
end

-- RFC 8305 §4: the families take turns, that of the first entry first.
local function interleave(entries)
    local first, second, order = {}, {}, {}
    for _, entry in ipairs(entries) do
        local list = entry.address.is_v6 == entries[1].address.is_v6 and first or second
        list[#list + 1] = entry
    end
    for i = 1, #entries do
        order[#order + 1] = first[i]
        order[#order + 1] = second[i]
    end
    return order
end

-- Whoever starts the attempts waits for the end of one of them, or for the time of the next.
local NEXT = { name = "dial", external = true }

function NEXT.remove(f) timer.cancel(f[L.ON]) end

local function wait(f)
    local token = timer.token()
    local code = timer.operations.after(core.vm, ATTEMPT_DELAY, token)
    if code < 0 then raise_code(code) end
    if timer.wait(f, NEXT, token, token) == S.CUT then raise_core(errors.INTERRUPTED) end
end

local function stop_waiting(f)
    if f[WAIT] == NEXT then
        NEXT.remove(f)
        wake(f, false)
    end
end

-- The entries in a race: one begins when the one before has failed, or has not connected for a while.
local function race(entries, new)
    local winner, last
    local fibers, running = {}, 0

    local function body(g)
        local f = enter()
        local function run(entry)
            local socket, e = attempt(new, entry)
            running = running - 1
            if not socket then
                if not is_interrupted(e) then last = e end
            elseif winner then
                socket:close()
            else
                winner = socket
            end
            stop_waiting(f)
        end
        check_yieldable()
        for _, entry in ipairs(interleave(entries)) do
            running = running + 1
            fibers[#fibers + 1] = g:spawn(run, entry)
            wait(f)
            if winner then break end
        end
        while running > 0 and not winner do wait(f) end
        for _, fiber in ipairs(fibers) do interrupt(fiber) end
    end

    local ok, e = scope.pcall(import("group"), body)
    if ok and winner then return winner end
    -- Interrupted, perhaps when it was won.
    if winner then winner:close() end
    error(ok and last or e, 0)
end

-- A socket of class `new` that is connected to one of the entries.
function dial.connect(entries, new)
    if #entries > 1 then return race(entries, new) end
    return one_by_one(entries, new)
end

-- The addresses of an endpoint's text. Numbers need no lookup.
local function addresses(text, kind)
    local host, service, a = endpoint.split(text)
    local f = enter()
    check_yieldable()
    if a and service:find("^%d+$") then return { { address = a, port = tonumber(service) } } end
    return resolve.addresses(f, host, service, 0, kind, resolve.DEFAULT)
end

-- ip.tcp.dial for sockets that new() makes.
function dial.tcp(new)
    return function(text) return dial.connect(addresses(text, resolve.STREAM), new) end
end

-- ip.udp.dial. To connect sends nothing, so there is no race.
function dial.udp(new)
    return function(text) return one_by_one(addresses(text, resolve.DATAGRAM), new) end
end

-- Where to listen: an address and a port.
local function passive(text)
    local host, service, a = endpoint.split(text)
    if service == "" then service = "0" end
    if a and service:find("^%d+$") then return a, tonumber(service) end
    -- Not a suspension point: the calling thread does the lookup.
    local entry = resolve.addresses(false, host, service, 0, resolve.STREAM, flags.LOOKUP.passive)[1]
    return entry.address, entry.port
end

-- ip.tcp.listen for acceptors that new() makes.
function dial.listen(new)
    return function(text)
        local a, port = passive(text)
        local acceptor = new()
        acceptor:open(a)
        local ok, e = scope.pcall(function()
            acceptor:set_option("reuse_address", true)
            acceptor:bind(a, port)
            acceptor:listen()
        end)
        if ok then return acceptor end
        acceptor:close()
        error(e, 0)
    end
end

return dial
