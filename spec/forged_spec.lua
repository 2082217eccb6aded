-- An object of a program's own whose metatable says that it is of a class of the runtime. It is of none: methods and
-- arguments refuse it, whatever is in it. What breaks memory is not survived by the child that tries.

local helper = require "spec.helper"

local PRELUDE = [=[
    local emilua, generic_error = require "emilua", require "emilua.generic_error"
    local byte_span, condition_variable = require "emilua.byte_span", require "emilua.condition_variable"
    local fs, ip, json = require "emilua.filesystem", require "emilua.ip", require "emilua.json"
    local stream, system = require "emilua.stream", require "emilua.system"
    local time, tls = require "emilua.time", require "emilua.tls"
    local objects = require "spec.objects"
    local make, path = objects.make, fs.path.new
    local function bytes() return byte_span.new(8) end
    local import = debug.getregistry()["emilua.import"]

    local function lines(command)
        local list, pipe = {}, io.popen(command)
        for line in pipe:lines() do list[#list + 1] = line end
        pipe:close()
        return list
    end

    -- Modules and values that have no methods.
    local METHODLESS = {}
    for name in ([[asio_error asio_error.addrinfo asio_error.basic asio_error.misc asio_error.netdb error_category
        filesystem filesystem.file_status filesystem.space_info generic_error high_resolution_clock.time_point json-null
        libc_service.slave rdf_error_category_module regex system this_fiber]]):gmatch "%S+" do
        METHODLESS[name] = true
    end

    -- Every class, by its name: the sources that have one are loaded.
    local function find_classes()
        for _, name in ipairs(lines "cd lua/emilua && grep -rl 'class(' --include=*.lua *") do
            import((name:gsub("%.lua$", ""):gsub("/", ".")))
        end
        local errors, classes = import("core.errors"), {}
        for mt in pairs(errors.classes) do
            if errors.class_name(setmetatable({}, mt)) ~= "module" then classes[mt.__metatable] = mt end
        end
        return classes
    end

    -- Names of methods, all that are documented.
    local NAMES = lines "grep -rhoE '^function [a-z_.]+[.:][a-z_0-9]+' lua/meta | sed 's/.*[.:]//' | sort -u"

    -- The methods of a class: its metatable has them, or they are those of an object.
    local function methods_of(class, mt)
        if type(mt.__index) == "table" then return mt.__index end
        local methods, object = {}, (make[class] or function() return setmetatable({}, mt) end)()
        for _, name in ipairs(NAMES) do
            local ok, method = pcall(function() return object[name] end)
            if ok and type(method) == "function" then methods[name] = method end
        end
        return methods, object
    end

    -- Objects that say they are of `class`: without anything, of the other type, with a metatable that has an answer to
    -- everything, with what a real one has.
    local function forge(class, object)
        local userdata = newproxy(true)
        local mt = getmetatable(userdata)
        mt.__metatable, mt.__len = class, function() return 8 end
        local robbed = setmetatable({}, { __metatable = class })
        for key, value in next, type(object) == "table" and object or {} do rawset(robbed, key, value) end
        local answering = setmetatable({ __metatable = class }, { __index = function() return class end })
        return { setmetatable({}, { __metatable = class }), userdata, setmetatable({}, answering), robbed }
    end

    -- What f() raises in a fiber that may not wait.
    local function try(f)
        local ok, e
        local fiber = emilua.spawn(function() ok, e = pcall(f) end)
        emilua.this_fiber.yield()
        fiber:interrupt()
        fiber:join()
        return not ok and e or nil
    end

    -- A channel to an actor.
    local channel
    local function worker()
        channel = channel or emilua.spawn_vm { source = [[
            local inbox = require "emilua.inbox"
            while pcall(inbox.receive, inbox) do end ]] }
        return channel
    end

    -- Where objects are arguments, beside objects.uses.
    local USES = {
        function(o) stream.read_all(make["file.stream"](), o) end,
        function(o) make["pipe.write_stream"]():write_some(o) end,
        function(o) make["file.random_access"]():read_some_at(0, o) end,
        function(o) make["ip.tcp.socket"]():send_file(o, 0, 0) end,
        function(o) make["ip.tcp.socket"]():connect(o, 9) end,
        function(o) make["ip.tcp.socket"]():assign("v4", o) end,
        function(o) make["ip.udp.socket"]():open(o) end,
        function(o) make["ip.udp.socket"]():set_option("join_multicast_group", o) end,
        function(o) make["unix.stream.socket"]():send_with_fds(bytes(), { o }) end,
        function(o) make["unix.stream.acceptor"]():bind(o) end,
        function(o) make["file_descriptor"]():kcmp(o) end,
        function(o) make["file_descriptor"]():openat(o, { "read_only" }) end,
        function(o) make["file_descriptor"]():cap_set(o) end,
        function(o) make["byte_span"]():copy(o) end,
        function(o) make["byte_span"]():find(o) end,
        function(o) return byte_span.append(o) end,
        function(o) return bytes() == o end,
        function(o) return path "/" / o end,
        function(o) return path "/" == o end,
        function(o) return ip.address.loopback_v4() < o end,
        function(o) return time.steady_clock.now() - o end,
        function(o) return time.steady_clock.now() < o end,
        function(o) return generic_error.EPERM == o end,
        function(o) return generic_error.EPERM.togeneric(o) end,
        function(o) ip.connect(o, {}) end,
        function(o) ip.tostring(o, 1) end,
        function(o) tls.dial("127.0.0.1:9", o) end,
        function(o) fs.last_write_time(path "/none/such", o) end,
        function(o) fs.clock.from_system(o) end,
        function(o) json.encode(o) end,
        function(o) json.encode(1, { state = { writer = o, visited = {} } }) end,
        function(o) json.decode(o) end,
        function(o) condition_variable.new():wait(o) end,
        function(o) emilua.spawn_vm { module = o } end,
        function(o) emilua.spawn_vm { source = "", subprocess = { libc_service = o } } end,
        function(o) emilua.spawn_vm { source = "", subprocess = { seccomp = o } } end,
        function(o) emilua.spawn_vm { source = "", subprocess = { stdout = o } } end,
        function(o) system.spawn { program = o } end,
        function(o) system.spawn { program = "true", stdout = o } end,
        function(o) system.spawn { program = "true", extra_fds = { [3] = o } } end,
        function(o) system.spawn { program = "true", working_directory = o } end,
        function(o) worker():send(o) end,
        function(o) worker():send { value = o } end,
        function(o) assert(import("actor.class").native.encode({ value = o }, 9)) end,
    }

    -- Whether methods may raise `e`: arguments may be looked at before the object is.
    local function is_refused(e)
        if type(e) == "string" then return not e:find "%[emilua" and e:find "bad argument #%d" end
        return e == generic_error.EINVAL
    end
]=]

local function run(body) return helper.child(PRELUDE .. body, { timeout = 120 }) end

describe("a forged object", function()
    it("is refused by each method of each class", function()
        local output, status = run [[
            emilua.run(function()
                local found = 0
                for class, mt in pairs(find_classes()) do
                    local methods, object = {}, nil
                    if not METHODLESS[class] then
                        methods, object = methods_of(class, mt)
                        if not next(methods) then print(class, "has no methods") end
                    end
                    for _, forged in ipairs(forge(class, object)) do
                        for name, method in pairs(methods) do
                            local known = false
                            for _, arguments in ipairs(objects.arguments) do
                                local e = try(function() method(forged, unpack(arguments)) end)
                                if not is_refused(e) then print(class, name, e, type(e) == "table" and e.arg) end
                                known = known or type(e) == "table" and e.arg == 1
                                found = found + 1
                            end
                            if not known then print(class, name, "is not looked at") end
                        end
                    end
                end
                print(found > 5000)
            end)
        ]]
        assert.same({ "true\n", 0 }, { output, status })
    end)

    it("is refused as an argument", function()
        local output, status = run [[
            emilua.run(function()
                for _, use in ipairs(objects.uses) do table.insert(USES, use) end
                for class in pairs(find_classes()) do
                    for _, forged in ipairs(forge(class, make[class] and make[class]())) do
                        for i, use in ipairs(USES) do
                            local e = try(function() use(forged) end)
                            -- stream.copy() takes what has the methods of a stream.
                            if type(e) == "string" and e:find "%[emilua" and not e:find "io%.copy" then
                                print(class, i, e)
                            end
                        end
                    end
                end
                print "survived"
            end)
        ]]
        assert.same({ "survived\n", 0 }, { output, status })
    end)

    it("is not the module that has the name of a class either", helper.fiber(function()
        for _, name in ipairs { "mutex", "recursive_mutex", "condition_variable" } do
            local module = require("emilua." .. name)
            local object = module.new()
            for _, method in ipairs { "lock", "unlock", "wait", "notify_one" } do
                local ok, f = pcall(function() return object[method] end)
                if ok then helper.EINVAL(function() f(module) end, 1) end
            end
        end
    end))
end)
