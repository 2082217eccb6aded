-- Running filters: a call of the program as Lua values, and what a filter returns as the answer.
local import = ...
local serial = import("subprocess.serial")
local wire = import("libc_service.wire")
local ffi = require("ffi")
local bit = require("bit")

local bor, copy, ffi_string, lshift = bit.bor, ffi.copy, ffi.string, bit.lshift
local error, ipairs, loadstring, pairs, pcall, type = error, ipairs, loadstring, pairs, pcall, type
local unpack = unpack

ffi.cdef([[
    const char *inet_ntop(int, const void *, char *, unsigned int);
    int inet_pton(int, const char *, void *); ]])

-- Same layout as in src/libc_service/interpose/call.rs.
local call_type = ffi.typeof([[
    struct { $ request; int32_t brought; uint32_t count; int32_t descriptors[16]; $ answer; } /* call */ ]],
    wire.request, wire.answer)
local call_pointer = ffi.typeof("$ * /* call */", call_type)

local function bad(n, wanted) error(("bad argument #%d to a proxy (%s expected)"):format(n, wanted), 0) end

local function integer(value, n)
    if type(value) ~= "number" or value % 1 ~= 0 then bad(n, "integer") end
    return value
end

local function string_of(value, n)
    if type(value) ~= "string" or #value >= wire.LONGEST_TEXT then bad(n, "string") end
    return value
end

local function put_texts(request, first, second)
    request.lengths[0], request.lengths[1] = #first, second and #second or 0
    copy(request.texts, first, #first)
    if second then copy(request.texts + #first, second, #second) end
end

-- The arguments of each call: as values, and put into a call.
local arguments = {}

local function path_and(field)
    return {
        get = function(call) return wire.text(call.request, 0), call.request[field] end,
        put = function(call, path, value)
            put_texts(call.request, string_of(path, 1))
            call.request[field] = integer(value, 2)
        end,
    }
end

local path = {
    get = function(call) return wire.text(call.request, 0) end,
    put = function(call, text) put_texts(call.request, string_of(text, 1)) end,
}

-- The mode is passed with every open(): the flags say whether it means something.
local open = {
    get = function(call) return wire.text(call.request, 0), call.request.flags, call.request.mode end,
    put = function(call, text, flags, mode)
        put_texts(call.request, string_of(text, 1))
        call.request.flags, call.request.mode = integer(flags, 2), integer(mode or 0, 3)
    end,
}

-- The arguments of `inner` behind a descriptor.
local function descriptor_and(inner)
    return {
        get = function(call) return call.brought, inner.get(call) end,
        put = function(call, fd, ...)
            call.brought = integer(fd, 1)
            inner.put(call, ...)
        end,
    }
end

local text_buffer, bytes = ffi.new("char[64]"), ffi.new("uint8_t[16]")

-- An address as a text, and a port.
local function address(family, size)
    return {
        get = function(call)
            local text = wire.text(call.request, 0)
            return ffi_string(ffi.C.inet_ntop(family, text, text_buffer, 64)), call.request.port
        end,
        put = function(call, text, port)
            if ffi.C.inet_pton(family, string_of(text, 2), bytes) ~= 1 then bad(2, "address") end
            put_texts(call.request, ffi_string(bytes, size))
            call.request.port = integer(port, 3) % 65536
        end,
    }
end

local AF_INET, AF_INET6 = C.AF_INET, C.AF_INET6 -- luacheck: ignore C

local lookup = {
    get = function(call)
        local request = call.request
        local node, service = wire.text(request, 0), wire.text(request, 1)
        if bit.band(request.flags, wire.HAS_NODE) == 0 then node = nil end
        if bit.band(request.flags, wire.HAS_SERVICE) == 0 then service = nil end
        return node, service, request.mode ~= 0 and wire.protocols[request.mode] or nil
    end,
    put = function(call, node, service, protocol)
        local request = call.request
        request.flags = (node and wire.HAS_NODE or 0) + (service and wire.HAS_SERVICE or 0)
        request.mode = wire.protocols[protocol or "any"] or bad(3, "protocol")
        put_texts(request, string_of(node or "", 1), string_of(service or "", 2))
    end,
}

arguments.open, arguments.openat = open, descriptor_and(open)
arguments.unlink, arguments.rmdir, arguments.stat, arguments.lstat = path, path, path, path
arguments.mkdir, arguments.access, arguments.eaccess = path_and("mode"), path_and("flags"), path_and("flags")
arguments.rename = {
    get = function(call) return wire.text(call.request, 0), wire.text(call.request, 1) end,
    put = function(call, from, to) put_texts(call.request, string_of(from, 1), string_of(to, 2)) end,
}
for _, verb in ipairs({ "connect", "bind" }) do
    arguments[verb .. "_unix"] = descriptor_and(path)
    arguments[verb .. "_inet"] = descriptor_and(address(AF_INET, 4))
    arguments[verb .. "_inet6"] = descriptor_and(address(AF_INET6, 16))
end
arguments.getaddrinfo = lookup

-- Result and error number of an answer.
local function get_answer(answer)
    local kind = answer.kind
    if kind == wire.STATUS then return wire.get_status(answer), 0 end
    if kind == wire.LOOKUP_ERROR then return wire.lookup_errors[answer.result] or "fail", answer.error end
    if kind ~= wire.ADDRESS then return answer.result, answer.error end
    if answer.family == 0 then return nil, 0 end
    local family = answer.family == 4 and AF_INET or AF_INET6
    local text = ffi_string(ffi.C.inet_ntop(family, answer.address, text_buffer, 64))
    return { text, answer.result >= 0 and answer.result or nil }, 0
end

local function put_address(answer, result)
    local text, port = result[1], result[2]
    if type(text) ~= "string" or port ~= nil and type(port) ~= "number" then return false end
    local is_v6 = text:find(":", 1, true)
    if ffi.C.inet_pton(is_v6 and AF_INET6 or AF_INET, text, answer.address) ~= 1 then return false end
    answer.family, answer.result = is_v6 and 6 or 4, port and port % 65536 or -1
    return true
end

-- Puts what a filter has returned into an answer. False when that is nothing the call could give.
local function put_answer(name, answer, result, code)
    if type(code or 0) ~= "number" then return false end
    ffi.fill(answer, ffi.sizeof(answer))
    answer.magic, answer.error = wire.MAGIC, code or 0
    if name == "getaddrinfo" then
        answer.kind = wire.ADDRESS
        if result == nil then return true end
        if type(result) == "table" then return put_address(answer, result) end
        answer.kind, answer.result = wire.LOOKUP_ERROR, wire.lookup_errors[result] or -1
        return answer.result >= 0
    end
    if type(result) == "table" and (name == "stat" or name == "lstat") then return wire.put_status(answer, result) end
    if type(result) ~= "number" then return false end
    answer.kind, answer.result = wire.NUMBER, result
    return true
end

-- `ask` passes a call on: a function of C. `text` has the sources by name.
return function(ask, text)
    -- Filters by the number of their function.
    local filters = {}
    local functions = 0
    for name, chunk in pairs(serial.decode(text)) do
        local filter = loadstring(chunk, "=" .. name)
        local number = wire.functions[name]
        if filter and number then
            filters[number] = filter
            functions = bor(functions, lshift(1, number))
        end
    end

    -- The function that passes a call of the filter on.
    local function proxy_of(call, name)
        return function(...)
            local own = call_type()
            own.request.magic, own.request.number = wire.MAGIC, wire.functions[name]
            own.request.mode, own.brought = call.request.mode, call.brought
            arguments[name].put(own, ...)
            ask(own)
            local results = { get_answer(own.answer) }
            for i = 0, own.count - 1 do results[3 + i] = own.descriptors[i] end
            return unpack(results, 1, 2 + own.count)
        end
    end

    local function run(pointer)
        local call = ffi.cast(call_pointer, pointer)
        local number = call.request.number
        local name = wire.functions[number]
        local ok, result, code = pcall(filters[number], proxy_of(call, name), arguments[name].get(call))
        return ok and put_answer(name, call.answer, result, code)
    end

    return run, functions
end
