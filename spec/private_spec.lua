-- What an object keeps for itself: whoever writes it by mistake gets errors, and nothing worse. A child does so to one
-- object of each class after the other.

local helper = require "spec.helper"

local PRELUDE = [[
    local emilua = require "emilua"
    local byte_span, file, fs = require "emilua.byte_span", require "emilua.file", require "emilua.filesystem"
    local ip = require "emilua.ip"
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

    -- An object of each class, and what is done with it.
    local IO = "open bind listen close cancel is_open connect accept read_some write_some receive send release assign"
        .. " receive_from send_to set_option get_option shutdown local_address available at_mark wait disconnect"
    local CLASSES = {
        { IO, function() return socket "tcp" end },
        { IO, function() return socket "udp" end },
        { IO, function() return ip.tcp.acceptor.new() end },
        { IO .. " receive_with_fds send_with_fds credentials", function() return (unix.stream.socket.pair()) end },
        { IO .. " receive_with_fds send_with_fds", function() return (unix.seqpacket.socket.pair()) end },
        { IO, function() return (pipe.pair()) end },
        { IO .. " baud_rate send_break", function() return (serial_port.ptypair()) end },
        { IO .. " size resize sync_all lock try_lock unlock seek", function() return opened "stream" end },
        { IO .. " size resize sync_all read_some_at write_some_at", function() return opened "random_access" end },
        { "close dup kcmp is_socket openat type non_blocking", function() return opened("stream"):release() end },
        { "set_verify_mode add_verify_path use_certificate set_default_verify_paths set_alpn",
            function() return tls.context.new "tls_client" end },
        { "client_handshake server_handshake read_some write_some shutdown close version set_verify_mode",
            function() return tls.socket.new((unix.stream.socket.pair()), tls.context.new "tls_client") end },
        { "", function() return path "/etc/passwd" end },
        { "to_v4 to_v6 is_loopback", function() return ip.address.new "10.1.2.3" end },
        { "to_v4 to_v6 is_loopback scope_id", function() return ip.address.loopback_v6() end },
        { "mark_count grammar", function() return regex.new{ pattern = "(a)(b)", grammar = "ecma" } end },
        { "get_line buffered_line remove_line buffer set_buffer", function()
            local s = stream.scanner.new{ stream = opened "stream" }
            s:get_line()
            return s
        end },
        { "path file_size status refresh", function() return fs.directory_iterator(path "/etc")() end },
        { "pop disable_recursion_pending", function()
            return (select(2, fs.recursive_directory_iterator(path "/etc")))
        end },
        { "type mode", function() return fs.status(path "/etc") end },
        { "expires_at expires_after cancel expiry wait", function() return time.steady_timer.new() end },
        { "add sub seconds_since_epoch", function() return time.steady_clock.now() end },
        { "pid wait kill exit_code stdin", function() return system.spawn{ program = "true" } end },
        { "add remove clear cancel wait", function() return system.signal.set.new(10) end },
        { "receive send arguments descriptors use_slave_credentials function_ close cancel",
            function() return (libc_service.new()) end },
        { "receive close cancel add remove", function() return fs.watch(path "/etc") end },
    }

    -- Values that no slot has, some of which the FFI takes for pointers.
    local VALUES = { "", ("long"):rep(1000), 1e9, -1, true, {}, { io.stdout, io.stdout }, { "a", "b" }, io.stdout,
        function() end, byte_span.new(1e5), newproxy() }

    local function bytes() return byte_span.new(8) end
    local ARGUMENTS = { {}, { bytes() }, { "v4" }, { ip.address.loopback_v4(), 1 }, { bytes(), 1 }, { 0 },
        { path "/none/such" } }
    local USES = {
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
        function(o) stream.scanner.new{ stream = opened "stream", record_separator = o }:get_line() end,
        function(o) time.steady_timer.new():expires_at(o) end,
        function(o) stream.copy(o, o) end,
    }

    -- In a fiber, which may not wait for long.
    local function try(f, ...)
        local fiber = emilua.spawn(function(...) pcall(f, ...) end, ...)
        emilua.this_fiber.yield()
        fiber:interrupt()
        fiber:join()
    end

    local function use(o, names)
        for name in names:gmatch "%S+" do
            local ok, method = pcall(function() return o[name] end)
            for _, arguments in ipairs(ok and type(method) == "function" and ARGUMENTS or {}) do
                try(function() method(o, unpack(arguments)) end)
            end
        end
        for _, f in ipairs(USES) do try(function() f(o) end) end
    end

    local function plain_keys(o)
        local keys = {}
        for key in next, o do
            if type(key) ~= "string" or key:byte() ~= 0 then keys[#keys + 1] = key end
        end
        return keys
    end

    -- In runs of their own: who breaks a queue of fibers has broken the run.
    local n = 0
    for _, class in ipairs(CLASSES) do
        local keys = emilua.run(function() return plain_keys(class[2]()) end)
        for _, key in ipairs(keys) do
            for _, value in ipairs(VALUES) do
                pcall(emilua.run, function()
                    local o = class[2]()
                    rawset(o, key, value)
                    use(o, class[1])
                end)
                n = n + 1
            end
        end
        collectgarbage()
    end
]]

describe("an object whose slots are overwritten", function()
    it("gives errors, whatever is put there", function()
        local output, status = helper.child(PRELUDE .. "print(n > 100)", { timeout = 120 })
        assert.same({ "true\n", 0 }, { output, status })
    end)
end)
