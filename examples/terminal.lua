-- A serial terminal: luajit examples/terminal.lua DEVICE [BAUD_RATE]
--
-- What is typed goes to the line, what the line sends is shown; Ctrl-] ends it.
local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local serial_port = require "emilua.serial_port"
local stream = require "emilua.stream"
local system = require "emilua.system"

if not arg[1] then
    print("usage: terminal.lua DEVICE [BAUD_RATE]")
    for _, port in ipairs(serial_port.list()) do print(port.device, port.kind, port.product or "") end
    os.exit(2)
end

local END = 0x1d -- Ctrl-]

-- Copies until the end of the input, or until `last` is read.
local function copy(from, to, last)
    local buffer = byte_span.new(4096)
    while true do
        local ok, n = pcall(from.read_some, from, buffer)
        if not ok then return end
        local text = buffer:first(n)
        local at = last and text:find(string.char(last))
        stream.write_all(to, at and text:first(at - 1) or text)
        if at then return end
    end
end

emilua.run(function()
    local line = serial_port.new()
    line:open(arg[1])
    line.character_size, line.parity, line.stop_bits = 8, nil, "one"
    if arg[2] then line.baud_rate = tonumber(arg[2]) end
    pcall(system.terminal.raw, "stdin")
    local shown = emilua.spawn(function() copy(line, system.out) end)
    copy(system.in_, line, END)
    shown:interrupt()
    shown:join()
    pcall(system.terminal.restore, "stdin")
    line:close()
end)
