---@meta emilua.serial_port

-- Reference: docs/reference/serial_port.md

---A serial port that the machine has.
---@class emilua.serial_port_entry
---@field device string
---@field kind "usb"|"pci"|"bluetooth"|"unknown"
---@field vendor_id? integer
---@field product_id? integer
---@field serial_number? string
---@field manufacturer? string
---@field product? string

---The module `require "emilua.serial_port"` returns.
---@class emilua.serial_portlib
local serial_port = {}

---A closed object, or one that takes `fd` over.
---@param fd? emilua.file_descriptor
---@return emilua.serial_port
function serial_port.new(fd) end

---A new pseudo terminal. Not on Windows.
---@return emilua.serial_port master
---@return emilua.file_descriptor slave
function serial_port.ptypair() end

---The serial ports that the machine has.
---@return emilua.serial_port_entry[]
function serial_port.list() end

---A serial line, or the master of a pseudo terminal.
---@class emilua.serial_port: emilua.read_stream, emilua.write_stream
---@field is_open boolean
---@field baud_rate integer bits per second
---@field flow_control? "software"|"hardware"
---@field parity? "odd"|"even"
---@field stop_bits "one"|"one_point_five"|"two"
---@field character_size integer 5 to 8 bits
local port = {}

---Opens a device; its settings are left untouched.
---@param device string
function port:open(device) end

---Waits for bytes.
---@async
---@param bs emilua.byte_span
---@return integer n
function port:read_some(bs) end

---Waits until bytes can be written.
---@async
---@param bs emilua.byte_span
---@return integer n
function port:write_some(bs) end

---Aborts pending operations and closes. May be repeated.
function port:close() end

---Aborts pending operations.
function port:cancel() end

---Takes `fd` over, which is dead afterwards.
---@param fd emilua.file_descriptor
function port:assign(fd) end

---Aborts pending operations and hands the descriptor over; the object is closed.
---@return emilua.file_descriptor
function port:release() end

---Whether it is a terminal.
---@return boolean
function port:isatty() end

---The foreground process group of the terminal.
---@return integer pgid
function port:tcgetpgrp() end

---Sets the foreground process group of the terminal.
---@param pgid integer
function port:tcsetpgrp(pgid) end

---Sends a break, which holds the thread up for a quarter to half a second.
function port:send_break() end

return serial_port
