-- An object of each class, and what can be done with one, for specs that are after crashes.

local emilua = require "emilua"
local byte_span, file, fs = require "emilua.byte_span", require "emilua.file", require "emilua.filesystem"
local ip, json = require "emilua.ip", require "emilua.json"
local libc_service, pipe, regex = require "emilua.libc_service", require "emilua.pipe", require "emilua.regex"
local serial_port, stream, system = require "emilua.serial_port", require "emilua.stream", require "emilua.system"
local time, tls, unix = require "emilua.time", require "emilua.tls", require "emilua.unix"
local path = fs.path.new

local function opened(class)
    local f = file[class].new()
    f:open(path "/etc/passwd", { "read_only" })
    return f
end

local function socket(class)
    local s = ip[class].socket.new()
    s:open "v4"
    return s
end

local function bytes() return byte_span.new(8) end

local objects = {}

--- The makers of objects, by class.
objects.make = {
    ["ip.tcp.socket"] = function() return socket "tcp" end,
    ["ip.udp.socket"] = function() return socket "udp" end,
    ["ip.tcp.acceptor"] = function() return ip.tcp.acceptor.new() end,
    ["unix.stream.socket"] = function() return (unix.stream.socket.pair()) end,
    ["unix.stream.acceptor"] = function() return unix.stream.acceptor.new() end,
    ["unix.seqpacket.socket"] = function() return (unix.seqpacket.socket.pair()) end,
    ["unix.seqpacket.acceptor"] = function() return unix.seqpacket.acceptor.new() end,
    ["unix.datagram.socket"] = function() return (unix.datagram.socket.pair()) end,
    ["pipe.read_stream"] = function() return (pipe.pair()) end,
    ["pipe.write_stream"] = function() return (select(2, pipe.pair())) end,
    ["serial_port"] = function() return (serial_port.ptypair()) end,
    ["file.stream"] = function() return opened "stream" end,
    ["file.random_access"] = function() return opened "random_access" end,
    ["file_descriptor"] = function() return opened("stream"):release() end,
    ["tls.context"] = function() return tls.context.new "tls_client" end,
    ["tls.socket"] = function()
        return tls.socket.new((unix.stream.socket.pair()), tls.context.new "tls_client")
    end,
    ["filesystem.path"] = function() return path "/etc/passwd" end,
    ["ip.address"] = function() return ip.address.new "10.1.2.3" end,
    ["regex"] = function() return regex.new { pattern = "(a)(b)", grammar = "ecma" } end,
    ["filesystem.directory_entry"] = function() return fs.directory_iterator(path "/etc")() end,
    ["filesystem.recursive_directory_iterator"] = function()
        return (select(2, fs.recursive_directory_iterator(path "/etc")))
    end,
    ["filesystem.file_status"] = function() return fs.status(path "/etc") end,
    ["filesystem.space_info"] = function() return fs.space(path "/etc") end,
    ["filesystem.clock.time_point"] = function() return fs.last_write_time(path "/etc") end,
    ["filesystem.watcher"] = function() return fs.watch(path "/etc") end,
    ["steady_timer"] = function() return time.steady_timer.new() end,
    ["system_timer"] = function() return time.system_timer.new() end,
    ["steady_clock.time_point"] = function() return time.steady_clock.now() end,
    ["system_clock.time_point"] = function() return time.system_clock.now() end,
    ["high_resolution_clock.time_point"] = function() return time.high_resolution_clock.now() end,
    ["subprocess"] = function() return system.spawn { program = "true" } end,
    ["system.signal.set"] = function() return system.signal.set.new(10) end,
    ["libc_service.master"] = function() return (libc_service.new()) end,
    ["libc_service.slave"] = function() return (select(2, libc_service.new())) end,
    ["byte_span"] = bytes,
    ["json.writer"] = function() return json.writer.new() end,
    ["fiber"] = function() return emilua.spawn(function() end) end,
}

--- Arguments of methods.
objects.arguments = {
    {}, { bytes() }, { "v4" }, { ip.address.loopback_v4(), 1 }, { bytes(), 1 }, { 0 }, { path "/none/such" },
    { 0, "begin" }, { 0, 0, 0 }, { bytes(), {}, {} }, { bytes(), ip.address.loopback_v4(), 9 },
}

--- What else is done with an object.
objects.uses = {
    tostring,
    function(o) return o == o, o < o end,
    function(o) return o .. "x" end,
    function(o) return o + 1 end,
    function(o) socket("udp"):send_to(bytes(), o, 9) end,
    function(o) opened("stream"):assign(o) end,
    function(o) tls.socket.new(o, tls.context.new "tls_client") end,
    function(o) tls.socket.new((unix.stream.socket.pair()), o) end,
    function(o) fs.exists(o) end,
    function(o) tls.context.new("tls_client"):add_verify_path(o) end,
    function(o) regex.search(o, "xxabxx") end,
    function(o) regex.match(o, "ab") end,
    function(o) stream.scanner.new { stream = opened "stream", record_separator = o }:get_line() end,
    function(o) time.steady_timer.new():expires_at(o) end,
    function(o) stream.copy(o, o) end,
}

return objects
