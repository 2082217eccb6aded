-- What an object keeps for itself: whoever writes it by mistake gets errors, and nothing worse. A child does so to one
-- object of each class after the other.

local helper = require "spec.helper"

local PRELUDE = [[
    local emilua = require "emilua"
    local byte_span, ip, stream = require "emilua.byte_span", require "emilua.ip", require "emilua.stream"
    local objects = require "spec.objects"
    local make = objects.make

    -- The methods that are called of each class, and the maker of an object.
    local IO = "open bind listen close cancel is_open connect accept read_some write_some receive send release assign"
        .. " receive_from send_to set_option get_option shutdown local_address available at_mark wait disconnect"
    local CLASSES = {
        { IO, make["ip.tcp.socket"] },
        { IO, make["ip.udp.socket"] },
        { IO, make["ip.tcp.acceptor"] },
        { IO .. " receive_with_fds send_with_fds credentials", make["unix.stream.socket"] },
        { IO .. " receive_with_fds send_with_fds", make["unix.seqpacket.socket"] },
        { IO, make["pipe.read_stream"] },
        { IO .. " baud_rate send_break", make["serial_port"] },
        { IO .. " size resize sync_all lock try_lock unlock seek", make["file.stream"] },
        { IO .. " size resize sync_all read_some_at write_some_at", make["file.random_access"] },
        { "close dup kcmp is_socket openat type non_blocking", make["file_descriptor"] },
        { "set_verify_mode add_verify_path use_certificate set_default_verify_paths set_alpn", make["tls.context"] },
        { "client_handshake server_handshake read_some write_some shutdown close version set_verify_mode",
            make["tls.socket"] },
        { "", make["filesystem.path"] },
        { "to_v4 to_v6 is_loopback", make["ip.address"] },
        { "to_v4 to_v6 is_loopback scope_id", function() return ip.address.loopback_v6() end },
        { "mark_count grammar", make["regex"] },
        { "get_line buffered_line remove_line buffer set_buffer", function()
            local s = stream.scanner.new{ stream = make["file.stream"]() }
            s:get_line()
            return s
        end },
        { "path file_size status refresh", make["filesystem.directory_entry"] },
        { "pop disable_recursion_pending", make["filesystem.recursive_directory_iterator"] },
        { "type mode", make["filesystem.file_status"] },
        { "expires_at expires_after cancel expiry wait", make["steady_timer"] },
        { "add sub seconds_since_epoch", make["steady_clock.time_point"] },
        { "pid wait kill exit_code stdin", make["subprocess"] },
        { "add remove clear cancel wait", make["system.signal.set"] },
        { "receive send arguments descriptors use_slave_credentials function_ close cancel",
            make["libc_service.master"] },
        { "receive close cancel add remove", make["filesystem.watcher"] },
    }

    -- Values that no slot has, some of which the FFI takes for pointers.
    local VALUES = { "", ("long"):rep(1000), 1e9, -1, true, {}, { io.stdout, io.stdout }, { "a", "b" }, io.stdout,
        function() end, byte_span.new(1e5), newproxy() }

    -- In a fiber, which may not wait for long.
    local function try(f)
        local fiber = emilua.spawn(function() pcall(f) end)
        emilua.this_fiber.yield()
        fiber:interrupt()
        fiber:join()
    end

    local function use(o, names)
        for name in names:gmatch "%S+" do
            local ok, method = pcall(function() return o[name] end)
            for _, arguments in ipairs(ok and type(method) == "function" and objects.arguments or {}) do
                try(function() method(o, unpack(arguments)) end)
            end
        end
        for _, f in ipairs(objects.uses) do try(function() f(o) end) end
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
