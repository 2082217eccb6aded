-- What other processes are made of, as /proc tells: their memory, descriptors, relatives, sessions.

local ffi = require "ffi"

ffi.cdef [[
    int probe_open(const char *, int, ...) __asm__("open");
    int64_t probe_pread(int, void *, size_t, int64_t) __asm__("pread");
    int probe_close(int) __asm__("close");
]]

local probe = {}

local function contents(path)
    local file = io.open(path, "rb")
    if not file then return "" end
    local text = file:read("*a") or ""
    file:close()
    return text
end

--- The children of a process.
function probe.children(pid)
    local list = {}
    local text = contents(("/proc/%d/task/%d/children"):format(pid, pid))
    for id in text:gmatch "%d+" do list[#list + 1] = tonumber(id) end
    return list
end

--- Its parent; nil when it has ended.
function probe.parent(pid) return tonumber(contents("/proc/" .. pid .. "/status"):match "\nPPid:%s*(%d+)") end

--- Whether it is running.
function probe.is_alive(pid)
    local state = contents("/proc/" .. pid .. "/stat"):match "%) (%a)"
    return state ~= nil and state ~= "Z" and state ~= "X"
end

--- Whether this process may not look at its memory.
function probe.is_hidden(pid)
    local file = io.open(("/proc/%d/mem"):format(pid), "rb")
    if file then file:close() end
    return file == nil and probe.is_alive(pid)
end

--- The live processes of a session.
function probe.session(id)
    local list = {}
    local pipe = io.popen("cat /proc/[0-9]*/stat 2>/dev/null")
    for line in pipe:lines() do
        local pid, state, session = line:match "^(%d+) .*%) (%a) %d+ %d+ (%d+)"
        if tonumber(session) == id and state ~= "Z" and state ~= "X" then list[#list + 1] = tonumber(pid) end
    end
    pipe:close()
    return list
end

local CHUNK = 2 ^ 20
local buffer = ffi.new("char[?]", CHUNK)

-- The longest of the texts.
local function longest(texts)
    local most = 0
    for _, text in pairs(texts) do most = math.max(most, #text) end
    return most
end

-- Looks for texts in a mapping: marks in `found` the names of those that are there. Returns how many bytes could be
-- read; what cannot be, as [vvar], belongs to the kernel. Pieces overlap by the longest text.
local function look(memory, first, last, texts, found)
    local at, overlap = first, longest(texts)
    while true do
        local n = tonumber(ffi.C.probe_pread(memory, buffer, math.min(CHUNK, last - at), at))
        if n <= 0 then return at - first end
        local piece = ffi.string(buffer, n)
        for name, text in pairs(texts) do
            if piece:find(text, 1, true) then found[name] = true end
        end
        if at + n >= last then return last - first end
        at = at + math.max(n - overlap, 1)
    end
end

--- Looks for texts, {name = text}, in every readable mapping of a process: the names of those that are there, each with
-- a mapping, in order; how many bytes were looked through.
function probe.search(pid, texts)
    local memory = ffi.C.probe_open("/proc/" .. pid .. "/mem", 0)
    assert(memory >= 0, "the memory of " .. pid .. " cannot be read")
    local list, looked = {}, 0
    for line in contents("/proc/" .. pid .. "/maps"):gmatch "[^\n]+" do
        local first, last, rights, name = line:match "^(%x+)%-(%x+) (%S+) %S+ %S+ %d+%s*(.*)$"
        if rights:find "^r" and name ~= "[vsyscall]" then
            local found = {}
            looked = looked + look(memory, tonumber(first, 16), tonumber(last, 16), texts, found)
            for key in pairs(found) do
                list[#list + 1] = key .. " in " .. (name == "" and "anonymous memory" or name)
            end
        end
    end
    ffi.C.probe_close(memory)
    table.sort(list)
    return list, looked
end

local CLOSE_ON_EXEC = 0x80000 -- O_CLOEXEC as fdinfo shows it

--- The descriptors of a process: {number → kind}; the kind is what the link names, without its number, and ends with
-- " x" if exec closes it.
function probe.descriptors(pid)
    local list = {}
    local pipe = io.popen(("ls -l /proc/%d/fd 2>/dev/null"):format(pid))
    for line in pipe:lines() do
        local number, target = line:match " (%d+) %-> (.*)$"
        if number then
            local flags = contents(("/proc/%d/fdinfo/%s"):format(pid, number)):match "flags:%s*(%d+)"
            local closed = bit.band(tonumber(flags or "0", 8), CLOSE_ON_EXEC) ~= 0
            list[tonumber(number)] = target:gsub(":%[%d+%]$", "") .. (closed and " x" or "")
        end
    end
    pipe:close()
    return list
end

return probe
