-- A terminal multiplexer in miniature: several commands, each in a terminal of its own, of which one is shown.
-- usage: luajit multiplexer.lua COMMAND ...     Ctrl-A n: the next one, Ctrl-A q: quit

local emilua = require "emilua"
local ffi = require "ffi"
local pipe = require "emilua.pipe"
local stream = require "emilua.stream"
local system = require "emilua.system"

ffi.cdef [[
    int posix_openpt(int);
    int grantpt(int);
    int unlockpt(int);
    int ptsname_r(int, char *, size_t);
    int open(const char *, int, ...);
    int dup3(int, int, int);
    int close(int);
]]

local RDWR_NOCTTY, CLOEXEC = 0x102, 0x80000
local PREFIX = "\1" -- Ctrl-A
local terminal, signal = system.terminal, system.signal
local windows, shown = {}, 1

local function show(text) stream.write_all(system.out, emilua.byte_span.append(text)) end

-- A descriptor of C as a file_descriptor: put in the place of one that we have.
local function own(number)
    local fd = system.in_:dup()
    assert(ffi.C.dup3(number, tonumber(tostring(fd):match "%d+"), CLOEXEC) >= 0)
    ffi.C.close(number)
    return fd
end

local function open_terminal()
    local number, name = ffi.C.posix_openpt(RDWR_NOCTTY), ffi.new "char[64]"
    assert(ffi.C.grantpt(number) == 0 and ffi.C.unlockpt(number) == 0 and ffi.C.ptsname_r(number, name, 64) == 0)
    return own(number), own(ffi.C.open(name, RDWR_NOCTTY))
end

-- Gives a window the size of our terminal.
local function fit(window)
    local ok, columns, rows = pcall(terminal.size, "stdin")
    if ok then terminal.set_size(window.slave, columns, rows) end
end

local function open_window(command)
    local master, slave = open_terminal()
    local window = { slave = slave, reader = pipe.read_stream.new(master:dup()), kept = "" }
    window.writer = pipe.write_stream.new(master)
    fit(window)
    window.child = system.spawn{
        program = "sh", arguments = { "sh", "-c", command }, environment = system.environment,
        stdin = slave, stdout = slave, stderr = slave, start_new_session = true, set_ctty = slave,
    }
    return window
end

-- Shows what a window writes, or keeps it until the window is shown.
local function forward(window)
    local buffer = emilua.byte_span.new(4096)
    while true do
        local text = tostring(buffer:first(window.reader:read_some(buffer)))
        if windows[shown] == window then show(text) else window.kept = window.kept .. text end
    end
end

local function switch()
    shown = shown % #windows + 1
    show(("\r\n[%d]\r\n"):format(shown) .. windows[shown].kept)
    windows[shown].kept = ""
end

-- Passes the keyboard on to the window that is shown, until it is told to quit.
local function read_keys()
    local buffer, prefixed = emilua.byte_span.new(1), false
    while true do
        system.in_:read_some(buffer)
        local key = tostring(buffer)
        if prefixed and key == "q" then return end
        if prefixed and key == "n" then
            switch()
        elseif key ~= PREFIX or prefixed then
            stream.write_all(windows[shown].writer, buffer)
        end
        prefixed = key == PREFIX and not prefixed
    end
end

emilua.run(function()
    assert(arg[1], "usage: luajit multiplexer.lua COMMAND ...")
    for i, command in ipairs(arg) do windows[i] = open_window(command) end
    local resized = signal.set.new(signal.SIGWINCH)
    for _, window in ipairs(windows) do
        emilua.spawn(function() pcall(forward, window) end):detach()
    end
    emilua.spawn(function()
        while true do
            resized:wait()
            for _, window in ipairs(windows) do fit(window) end
        end
    end):detach()
    terminal.raw()
    pcall(read_keys)
    -- Closing the terminals hangs the commands up; the mode of ours comes back at the end.
    system.exit(0)
end)
