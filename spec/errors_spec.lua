-- Core §1: error values.

local helper = require "spec.helper"
local emilua = require "emilua"
local asio_error = require "emilua.asio_error"
local byte_span = require "emilua.byte_span"
local condition_variable = require "emilua.condition_variable"
local future = require "emilua.future"
local generic_error = require "emilua.generic_error"
local mutex = require "emilua.mutex"
local recursive_mutex = require "emilua.recursive_mutex"
local time = require "emilua.time"

local this_fiber = emilua.this_fiber

local GENERIC_NAMES = [[
    E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF EBADMSG EBUSY ECANCELED ECHILD
    ECONNABORTED ECONNREFUSED ECONNRESET EDEADLK EDESTADDRREQ EDOM EEXIST EFAULT EFBIG EHOSTUNREACH EIDRM EILSEQ
    EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR ELOOP EMFILE EMLINK EMSGSIZE ENAMETOOLONG ENETDOWN ENETRESET
    ENETUNREACH ENFILE ENOBUFS ENODEV ENOENT ENOEXEC ENOLCK ENOLINK ENOMEM ENOMSG ENOPROTOOPT ENOSPC ENOSYS ENOTCONN
    ENOTDIR ENOTEMPTY ENOTRECOVERABLE ENOTSOCK ENOTSUP ENOTTY ENXIO EOPNOTSUPP EOVERFLOW EOWNERDEAD EPERM EPIPE
    EPROTO EPROTONOSUPPORT EPROTOTYPE ERANGE EROFS ESPIPE ESRCH ETIMEDOUT ETXTBSY EWOULDBLOCK EXDEV ]]

local BASIC = {
    access_denied = "EACCES", address_family_not_supported = "EAFNOSUPPORT", address_in_use = "EADDRINUSE",
    already_connected = "EISCONN", already_started = "EALREADY", bad_descriptor = "EBADF", broken_pipe = "EPIPE",
    connection_aborted = "ECONNABORTED", connection_refused = "ECONNREFUSED", connection_reset = "ECONNRESET",
    fault = "EFAULT", host_unreachable = "EHOSTUNREACH", in_progress = "EINPROGRESS", interrupted = "EINTR",
    invalid_argument = "EINVAL", message_size = "EMSGSIZE", name_too_long = "ENAMETOOLONG", network_down = "ENETDOWN",
    network_reset = "ENETRESET", network_unreachable = "ENETUNREACH", no_buffer_space = "ENOBUFS",
    no_descriptors = "EMFILE", no_memory = "ENOMEM", no_permission = "EPERM", no_protocol_option = "ENOPROTOOPT",
    no_such_device = "ENODEV", not_connected = "ENOTCONN", not_socket = "ENOTSOCK", operation_aborted = "ECANCELED",
    operation_not_supported = "EOPNOTSUPP", shut_down = "ESHUTDOWN", timed_out = "ETIMEDOUT", try_again = "EAGAIN",
    would_block = "EWOULDBLOCK",
}

local MISC = {
    already_open = { 1, "Already open" },
    eof = { 2, "End of file" },
    not_found = { 3, "Element not found" },
    fd_set_failure = { 4, "The descriptor does not fit into the select call's fd_set" },
}

local NETDB = {
    host_not_found = { 1, "Host not found (authoritative)" },
    host_not_found_try_again = { 2, "Host not found (non-authoritative), try again later" },
    no_recovery = { 3, "A non-recoverable error occurred during database lookup" },
    no_data = { 4, "The query is valid, but it does not have associated data" },
}

local ADDRINFO = {
    service_not_found = { helper.addrinfo.service_not_found, "Service not found" },
    socket_type_not_supported = { helper.addrinfo.socket_type_not_supported, "Socket type not supported" },
}

local CORE_MESSAGES = {
    "Cannot have a module with this name",
    "Module not found",
    "The root module doesn't have a parent and can't reference one",
    "The module you're trying to import has a dependency on the current module (and it is partially loaded already)",
    "A leaf module cannot import child modules",
    "You can only import modules from the main fiber",
    "Bad root context",
    "Requested key wasn't found in the table/userdata",
    "The fiber coroutine is reserved to the scheduler",
    "Suspension already allowed",
    "Interrupt-ability already allowed",
    "EPERM within a forbid-suspend block",
    "Fiber interrupted",
    "scope_cleanup_pop() called w/o a matching scope_cleanup_push()",
    "Channel closed",
    "Broadcast the address before attempting to receive on it",
    "Lua code cannot import this module directly",
    "std::raise() failed",
    "Failed to parse RDF",
    "Parsed RDF doesn't contain a recognized Emilua module",
    "Parsed RDF module contains an invalid error category",
    "Broken promise",
    "Promise already satisfied",
    "Global _FILE is missing or invalid",
}

local WRONG_SELVES = { false, 1, "text", {}, print, generic_error }

local function core_error()
    return helper.bad_index(function()
        return generic_error.ENOSUCHNAME
    end)
end

-- One object of each class of the chapter, by class name. A fiber needs a run.
local function objects()
    local promise, value = future.new()
    return {
        mutex = mutex.new(),
        recursive_mutex = recursive_mutex.new(),
        condition_variable = condition_variable.new(),
        promise = promise,
        future = value,
        byte_span = byte_span.new(1),
        steady_timer = time.steady_timer.new(),
        system_timer = time.system_timer.new(),
        ["steady_clock.time_point"] = time.steady_clock.now(),
        ["system_clock.time_point"] = time.system_clock.now(),
        ["high_resolution_clock.time_point"] = time.high_resolution_clock.now(),
    }
end

local METHODS = {
    fiber = "join detach interrupt cancel",
    mutex = "lock try_lock unlock",
    recursive_mutex = "lock try_lock unlock",
    condition_variable = "wait notify_one notify_all",
    promise = "set_value set_error",
    future = "get",
    byte_span = "append slice sub trimmed copy fill first last starts_with ends_with find rfind find_first_of " ..
        "find_last_of find_first_not_of find_last_not_of get_u16be set_u16be",
    steady_timer = "expires_at expires_after wait cancel",
    system_timer = "expires_at wait cancel",
    ["steady_clock.time_point"] = "add sub",
    ["system_clock.time_point"] = "add sub",
}

describe("§1.1 the error table", function()
    helper.install()

    it("is a fresh table, safe to annotate", function()
        local first = helper.EINVAL(function() byte_span.new("x") end)
        local second = helper.EINVAL(function() byte_span.new("x") end)
        assert.are.equal("table", type(first))
        assert.is_false(rawequal(first, second))
        first.note = "mine"
        assert.are.equal("mine", first.note)
        assert.is_nil(second.note)
    end)

    it("has an integer code and a category object", function()
        local e = generic_error.EINVAL
        assert.are.equal(helper.errno.EINVAL, e.code)
        assert.are.equal("error_category", getmetatable(e.category))
    end)

    it("has arg where a rule says which argument was wrong", function()
        helper.EINVAL(function() byte_span.new(1).append(1) end, 1)
        helper.EINVAL(function() byte_span.append("a", 1) end, 2)
    end)

    it("has index = 2 on bad_index only", function()
        assert.are.equal(2, core_error().index)
        assert.is_nil(generic_error.EINVAL.index)
    end)

    it("getmetatable(e) is the string error_code", function()
        assert.are.equal("error_code", getmetatable(generic_error.EINVAL))
        assert.are.equal("error_code", getmetatable(core_error()))
    end)

    it("tostring(e) is the category's message for the code", function()
        assert.are.equal("Invalid argument", tostring(generic_error.EINVAL))
        assert.are.equal("End of file", tostring(asio_error.misc.eof))
        assert.are.equal("Requested key wasn't found in the table/userdata", tostring(core_error()))
    end)

    it("tostring(e) follows a changed code or category", function()
        local e = generic_error.EINVAL
        e.code = helper.errno.EPERM
        assert.are.equal("Operation not permitted", tostring(e))
        e.code, e.category = 2, asio_error.misc.eof.category
        assert.are.equal("End of file", tostring(e))
    end)

    it("tostring(e) is EINVAL if code or category were damaged", function()
        local e = generic_error.EPERM
        e.code = {}
        helper.EINVAL(function() return tostring(e) end)
        e.code = nil
        helper.EINVAL(function() return tostring(e) end)
        e = generic_error.EPERM
        e.category = nil
        helper.EINVAL(function() return tostring(e) end)
        e.category = "generic"
        helper.EINVAL(function() return tostring(e) end)
        e.category = time.steady_clock.now()
        helper.EINVAL(function() return tostring(e) end)
    end)

    it("e1 == e2 iff same code and same category", function()
        assert.is_true(generic_error.EINVAL == generic_error.EINVAL)
        assert.is_false(generic_error.EINVAL == generic_error.EPERM)
    end)

    it("== ignores extra fields", function()
        local e = generic_error.EINVAL
        e.arg = 3
        e.note = "mine"
        assert.is_true(e == generic_error.EINVAL)
        assert.is_true(generic_error.EINVAL == e)
    end)

    it("errors with equal codes of different categories are different (§18 #1)", function()
        assert.is_false(generic_error.ECANCELED == asio_error.basic.operation_aborted)
        assert.is_false(asio_error.misc.eof == asio_error.netdb.host_not_found_try_again)
        assert.is_false(generic_error.EDOM == asio_error.basic.network_down)
    end)

    it("an error table never equals a plain table", function()
        local e = generic_error.EINVAL
        assert.is_false(e == { code = e.code, category = e.category })
    end)
end)

describe("e:togeneric()", function()
    helper.install()

    it("gives a new error table", function()
        local e = generic_error.EINVAL
        local other = e:togeneric()
        assert.is_false(rawequal(e, other))
        assert.is_true(e == other)
        assert.are.equal("error_code", getmetatable(other))
    end)

    it("turns a system code into generic with that errno", function()
        for name, errno in pairs(BASIC) do
            if name ~= "shut_down" then
                helper.is_error(asio_error.basic[name]:togeneric(), "generic", errno)
            end
        end
    end)

    it("gives same code and category for everything else", function()
        helper.is_error(asio_error.misc.eof:togeneric(), "asio.misc", "eof")
        helper.is_error(asio_error.netdb.no_data:togeneric(), "asio.netdb", "no_data")
        helper.is_error(asio_error.addrinfo.service_not_found:togeneric(), "asio.addrinfo", "service_not_found")
        local core = core_error()
        core.index = nil
        helper.is_error(core:togeneric(), "emilua.core", "bad_index")
    end)

    it("does not carry extra fields over", function()
        local e = asio_error.basic.try_again
        e.note, e.arg = "mine", 4
        local other = e:togeneric()
        assert.is_nil(rawget(other, "note"))
        assert.is_nil(rawget(other, "arg"))
        assert.is_nil(rawget(core_error():togeneric(), "index"))
    end)

    it("is EINVAL(arg=1) for a table whose category is not a category object", function()
        local e = generic_error.EPERM
        e.category = "generic"
        helper.EINVAL(function() e:togeneric() end, 1)
        e.category = nil
        helper.EINVAL(function() e:togeneric() end, 1)
        helper.EINVAL(function() e.togeneric({ code = 1, category = {} }) end, 1)
        helper.EINVAL(function() e.togeneric({ code = 1, category = mutex.new() }) end, 1)
    end)
end)

describe("§1.2 an error category", function()
    helper.install()

    local generic = generic_error.EINVAL.category

    it("getmetatable(c) is error_category", function()
        assert.are.equal("error_category", getmetatable(generic))
    end)

    it("tostring(c) is its name", function()
        assert.are.equal("generic", tostring(generic))
        assert.are.equal("system", tostring(asio_error.basic.fault.category))
        assert.are.equal("asio.misc", tostring(asio_error.misc.eof.category))
        assert.are.equal("asio.netdb", tostring(asio_error.netdb.no_data.category))
        assert.are.equal("asio.addrinfo", tostring(asio_error.addrinfo.service_not_found.category))
        assert.are.equal("emilua.core", tostring(core_error().category))
    end)

    it("c1 == c2 iff same category (§18 #1: identity)", function()
        assert.is_true(generic == generic_error.EPERM.category)
        assert.is_false(generic == asio_error.basic.fault.category)
        assert.is_false(asio_error.misc.eof.category == asio_error.netdb.no_data.category)
        assert.is_true(core_error().category == core_error().category)
    end)

    it("c:message(code) and c.message(code) give the text (§18 #2)", function()
        assert.are.equal("Invalid argument", generic:message(helper.errno.EINVAL))
        assert.are.equal("Invalid argument", generic.message(helper.errno.EINVAL))
        local misc = asio_error.misc.eof.category
        assert.are.equal("End of file", misc:message(2))
        assert.are.equal("End of file", misc.message(2))
    end)

    it("the messages of generic and system are those of strerror", function()
        for _, category in ipairs { generic, asio_error.basic.fault.category } do
            assert.are.equal("Operation not permitted", category:message(1))
            assert.are.equal("No such file or directory", category:message(2))
            assert.are.equal("Resource deadlock avoided", category:message(35))
            assert.are.equal("Operation canceled", category:message(125))
            assert.are.equal("Unknown error 4095", category:message(4095))
        end
    end)

    it("any other index is bad_index", function()
        helper.bad_index(function() return generic.nope end)
        helper.bad_index(function() return generic[1] end)
        helper.bad_index(function() return generic.name end)
    end)
end)

describe("§1.3 category emilua.core", function()
    helper.install()

    it("has the name emilua.core", function()
        assert.are.equal("emilua.core", tostring(core_error().category))
    end)

    for code, message in ipairs(CORE_MESSAGES) do
        it("code " .. code .. " says: " .. message, function()
            assert.are.equal(message, core_error().category:message(code))
        end)
    end

    it("recognises an interruption by code 13 of emilua.core", helper.fiber(function()
        local seen
        local f = emilua.spawn(function()
            local _, e = pcall(time.sleep, 60)
            seen = e
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.are.equal(13, seen.code)
        assert.are.equal("emilua.core", tostring(seen.category))
    end))
end)

describe("§1.4 generic_error", function()
    helper.install()

    it("getmetatable gives generic_error", function()
        assert.are.equal("generic_error", getmetatable(generic_error))
    end)

    it("has each name with its errno, category generic", function()
        for name in GENERIC_NAMES:gmatch("%S+") do
            helper.is_error(generic_error[name], "generic", name)
        end
    end)

    it("returns a new table on each access", function()
        assert.is_false(rawequal(generic_error.EINVAL, generic_error.EINVAL))
        local e = generic_error.EINVAL
        e.note = 1
        assert.is_nil(rawget(generic_error.EINVAL, "note"))
    end)

    it("any other key is bad_index", function()
        helper.bad_index(function() return generic_error.ENOSUCHNAME end)
        helper.bad_index(function() return generic_error.einval end)
        helper.bad_index(function() return generic_error[1] end)
        helper.bad_index(function() return generic_error[true] end)
    end)
end)

describe("§1.5 asio_error", function()
    helper.install()

    it("getmetatable gives asio_error, asio_error.basic and so on", function()
        assert.are.equal("asio_error", getmetatable(asio_error))
        for _, group in ipairs { "basic", "misc", "netdb", "addrinfo" } do
            assert.are.equal("asio_error." .. group, getmetatable(asio_error[group]))
        end
    end)

    it("basic holds system errors", function()
        for name, errno in pairs(BASIC) do
            helper.is_error(asio_error.basic[name], "system", errno)
        end
    end)

    it("misc holds asio.misc errors with their messages", function()
        for name, entry in pairs(MISC) do
            local e = helper.is_error(asio_error.misc[name], "asio.misc", entry[1])
            assert.are.equal(entry[2], tostring(e))
        end
    end)

    it("netdb holds asio.netdb errors with their messages", function()
        for name, entry in pairs(NETDB) do
            local e = helper.is_error(asio_error.netdb[name], "asio.netdb", entry[1])
            assert.are.equal(entry[2], tostring(e))
        end
    end)

    it("addrinfo holds asio.addrinfo errors with their messages", function()
        for name, entry in pairs(ADDRINFO) do
            local e = helper.is_error(asio_error.addrinfo[name], "asio.addrinfo", entry[1])
            assert.are.equal(entry[2], tostring(e))
        end
    end)

    it("each index returns a new table", function()
        assert.is_false(rawequal(asio_error.basic.fault, asio_error.basic.fault))
        assert.is_false(rawequal(asio_error.misc.eof, asio_error.misc.eof))
    end)

    it("an unknown name of a group is bad_index", function()
        for _, group in ipairs { "basic", "misc", "netdb", "addrinfo" } do
            helper.bad_index(function() return asio_error[group].nope end)
            helper.bad_index(function() return asio_error[group][1] end)
        end
    end)

    it("an unknown group is bad_index (README decision 8)", function()
        helper.bad_index(function() return asio_error.nope end)
        helper.bad_index(function() return asio_error[1] end)
    end)

    it("a cancelled or re-armed wait ends with basic.operation_aborted", helper.fiber(function()
        local timer = time.steady_timer.new()
        timer:expires_after(60)
        local f = emilua.spawn(function()
            timer:wait()
        end)
        this_fiber.yield()
        timer:cancel()
        helper.raises("system", "ECANCELED", function() f:join() end)
    end))

    it("an interrupted fiber gets core.interrupted, which is none of the look-alikes", helper.fiber(function()
        local seen
        local f = emilua.spawn(function()
            local _, e = pcall(time.sleep, 60)
            seen = e
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        helper.is_error(seen, "emilua.core", "interrupted")
        assert.is_false(seen == asio_error.basic.operation_aborted)
        assert.is_false(seen == asio_error.basic.interrupted)
    end))

    it("togeneric changes nothing in misc.eof", function()
        assert.is_true(asio_error.misc.eof:togeneric() == asio_error.misc.eof)
    end)
end)

describe("§1.6 conventions", function()
    helper.install()

    it("a method with a wrong self is EINVAL(arg=1)", helper.fiber(function()
        local samples = objects()
        samples.fiber = emilua.spawn(function() end)
        for class, methods in pairs(METHODS) do
            for name in methods:gmatch("%S+") do
                local method = samples[class][name]
                for _, self in ipairs(WRONG_SELVES) do
                    local ok, complaint = pcall(helper.EINVAL, function() method(self) end, 1)
                    assert.is_true(ok, class .. ":" .. name .. " with " .. tostring(self) .. ": " ..
                        tostring(complaint))
                end
                helper.EINVAL(function() method() end, 1)
                for other, object in pairs(samples) do
                    if other ~= class then
                        local ok, complaint = pcall(helper.EINVAL, function() method(object) end, 1)
                        assert.is_true(ok, class .. ":" .. name .. " with a " .. other .. ": " .. tostring(complaint))
                    end
                end
            end
        end
        samples.fiber:join()
    end))

    it("an unknown field of an object is bad_index", helper.fiber(function()
        local samples = objects()
        samples.fiber = emilua.spawn(function() end)
        samples.this_fiber = this_fiber
        for class, object in pairs(samples) do
            local ok, complaint = pcall(helper.bad_index, function() return object.nope end)
            assert.is_true(ok, class .. ": " .. tostring(complaint))
        end
        for class, object in pairs(samples) do
            local ok, complaint = pcall(helper.bad_index, function() return object[true] end)
            assert.is_true(ok, class .. ": " .. tostring(complaint))
        end
        samples.fiber:join()
    end))

    it("an unknown field of mutex, recursive_mutex, condition_variable is bad_index", function()
        helper.bad_index(function() return mutex.nope end)
        helper.bad_index(function() return recursive_mutex.nope end)
        helper.bad_index(function() return condition_variable.nope end)
    end)

    it("those module tables are protected by their names", function()
        assert.are.equal("mutex", getmetatable(mutex))
        assert.are.equal("recursive_mutex", getmetatable(recursive_mutex))
        assert.are.equal("condition_variable", getmetatable(condition_variable))
    end)

    it("assigning a field of those module tables or of this_fiber is EPERM", helper.fiber(function()
        helper.EPERM(function() mutex.nope = 1 end)
        helper.EPERM(function() mutex.new = 1 end)
        helper.EPERM(function() recursive_mutex.nope = 1 end)
        helper.EPERM(function() recursive_mutex.new = 1 end)
        helper.EPERM(function() condition_variable.nope = 1 end)
        helper.EPERM(function() condition_variable.new = 1 end)
        helper.EPERM(function() this_fiber.nope = 1 end)
        helper.EPERM(function() this_fiber.yield = 1 end)
        helper.EPERM(function() this_fiber.local_ = {} end)
    end))

    it("an unknown field of future, time, its clocks and timers, byte_span is nil", function()
        for _, module in ipairs {
            future, time, time.steady_clock, time.system_clock, time.high_resolution_clock, time.steady_timer,
            time.system_timer, byte_span,
        } do
            assert.is_nil(module.nope)
        end
    end)

    it("getmetatable(obj) is the type name", helper.fiber(function()
        for class, object in pairs(objects()) do
            assert.are.equal(class, getmetatable(object))
        end
        local f = emilua.spawn(function() end)
        assert.are.equal("fiber", getmetatable(f))
        f:join()
        assert.are.equal("this_fiber", getmetatable(this_fiber))
    end))

    it("emilua.type gives it too, for any value (README decision 17)", helper.fiber(function()
        for class, object in pairs(objects()) do
            assert.are.equal(class, emilua.type(object))
        end
        assert.are.equal("error_code", emilua.type(generic_error.EINVAL))
        assert.are.equal("error_category", emilua.type(generic_error.EINVAL.category))
        assert.are.equal("this_fiber", emilua.type(this_fiber))
        assert.are.equal("number", emilua.type(1))
        assert.are.equal("string", emilua.type("mutex"))
        assert.are.equal("table", emilua.type({}))
        assert.are.equal("table", emilua.type(setmetatable({}, { __metatable = "mutex" })))
        assert.are.equal("function", emilua.type(print))
        assert.are.equal("boolean", emilua.type(false))
        assert.are.equal("nil", emilua.type(nil))
    end))

    it("an argument error of the runtime points at the caller's line", function()
        local e = helper.EINVAL(function() byte_span.new("x") end)
        if e.where then
            assert.is_truthy(e.where:find("errors_spec.lua:%d+"))
        end
        local line = debug.getinfo(1, "l").currentline + 1
        local _, text = pcall(function() emilua.spawn(1) end)
        assert.is_truthy(text:find("errors_spec.lua:" .. line .. ":", 1, true), text)
    end)
end)
