-- Pseudo-terminals for specs: a controlling end that fibers read and write, and children at the other end.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local pipe = require "emilua.pipe"
local time = require "emilua.time"
local fd = require "spec.fd_helper"
local ffi = require "ffi"

ffi.cdef [[
    int posix_openpt(int);
    int grantpt(int);
    int unlockpt(int);
    int ptsname_r(int, char *, size_t);
    int emilua_spec_dup(int) __asm__("dup");
]]

local pty = {}

local PATIENCE = 60 -- seconds

local descriptor = debug.getregistry()["emilua.import"]("io.descriptor")
local RDWR, NOCTTY, CLOEXEC = 2, 0x100, 0x80000

--- A new terminal: {reader, writer: streams of the controlling end; slave: the other end}.
function pty.open()
    local number = ffi.C.posix_openpt(RDWR + NOCTTY + CLOEXEC)
    assert(number >= 0 and ffi.C.grantpt(number) == 0 and ffi.C.unlockpt(number) == 0)
    local name = ffi.new("char[64]")
    assert(ffi.C.ptsname_r(number, name, 64) == 0)
    local master = descriptor.adopt(number)
    local other = master:dup()
    return {
        reader = fd.keep(pipe.read_stream.new(master)),
        writer = fd.keep(pipe.write_stream.new(other)),
        slave = fd.open(ffi.string(name), RDWR + NOCTTY + CLOEXEC),
        text = "",
    }
end

--- Types `text`.
function pty.type(terminal, text) terminal.writer:write_some(byte_span.append(text)) end

local function read_until(terminal, pattern)
    local bs = byte_span.new(4096)
    while not terminal.text:find(pattern) do
        terminal.text = terminal.text .. tostring(bs:first(terminal.reader:read_some(bs)))
    end
end

--- Reads until the terminal has shown something that matches `pattern`; returns the captures and forgets what was
-- before.
function pty.expect(terminal, pattern)
    local ok, e = pcall(emilua.timeout, PATIENCE, read_until, terminal, pattern)
    if not ok then error(("%s, waiting for %q in %q"):format(tostring(e), pattern, terminal.text), 2) end
    local first, last = terminal.text:find(pattern)
    local shown = terminal.text:sub(first, last)
    terminal.text = terminal.text:sub(last + 1)
    return shown:match(pattern)
end

--- The state of a process as a letter of proc(5).
function pty.state(pid)
    local file = io.open("/proc/" .. pid .. "/stat")
    if not file then return "gone" end
    local state = file:read("*a"):match("%) (%a)")
    file:close()
    return state
end

--- Waits until a process has this state.
function pty.wait_state(pid, state)
    for _ = 1, 2000 do
        if pty.state(pid) == state then return end
        time.sleep(0.005)
    end
    error(("process %d is %s, not %s"):format(pid, pty.state(pid), state))
end

return pty
