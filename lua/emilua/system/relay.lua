-- system.terminal.relay: what happens at a pseudo terminal, at ours.
local import = ...
local copy = import("stream").copy
local descriptor = import("io.descriptor")
local group = import("group")
local pcall = import("core.scope").stock_pcall
local serial_port = import("serial_port")
local signal = import("system.signal")
local standard = import("system.standard")
local terminal = import("system.terminal")
local enter = import("core.scheduler").enter
local error = error

local function copy_size(there) terminal.set_size(there, terminal.size("stdin")) end

-- Keeps the size of `there` that of ours, until one of them is hung up.
local function follow_size(there, changes)
    while pcall(copy_size, there) do changes:wait() end
end

local function relay(master)
    enter()
    descriptor.use(master, 1)
    terminal.size("stdin") -- raises ENOTTY before anything has changed
    local changes = signal.set.new(signal.SIGWINCH)
    local there = master:dup()
    local port = serial_port.new(master)
    local hung_up = false
    local function hang_up()
        if hung_up then return end
        hung_up = true
        port:close()
        there:close()
    end
    terminal.raw("stdin")
    local ok, e = pcall(group, function(g)
        local typing = g:spawn(function()
            pcall(copy, standard.in_, port)
            hang_up()
        end)
        local sizing = g:spawn(follow_size, there, changes)
        pcall(copy, port, standard.out)
        typing:interrupt()
        sizing:interrupt()
    end)
    hang_up()
    changes:clear()
    pcall(terminal.restore, "stdin")
    if not ok then error(e, 0) end
end

return relay
