-- What a master sends, as an answer.
local import = ...
local address = import("ip.address")
local errors = import("core.errors")
local wire = import("libc_service.wire")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local type = type

-- The kernels have no error numbers beyond it.
local MOST = 4095

local endpoint = import("io.native").new_endpoint()

local function is_integer(value, least, most)
    return type(value) == "number" and value % 1 == 0 and value >= least and value <= most
end

-- An error number: an integer, or an error of the system.
local function error_number(code, arg)
    if code == nil then return 0 end
    if class_name(code) == "error_code" then
        if code.category ~= errors.generic and code.category ~= errors.system then raise("EINVAL", arg) end
        code = code.code
    end
    if not is_integer(code, 0, MOST) then raise("EINVAL", arg) end
    return code
end

-- What each call may be answered with, put into an answer; false when it may not. Others are numbers.
local put = {}

local function put_number(answer, result)
    answer.kind, answer.result = wire.NUMBER, is_integer(result, -2 ^ 31, 2 ^ 31 - 1) and result or 0
    return is_integer(result, -2 ^ 31, 2 ^ 31 - 1)
end

function put.stat(answer, result)
    if type(result) == "table" then return wire.put_status(answer, result) end
    return result == -1 and put_number(answer, result)
end
put.lstat = put.stat

local function put_address(answer, a, port)
    if class_name(a) ~= "ip.address" or port ~= nil and not is_integer(port, 0, 65535) then return false end
    address.to_endpoint(a, 0, endpoint)
    answer.family, answer.scope, answer.result = endpoint.family, endpoint.scope, port or -1
    ffi.copy(answer.address, endpoint.bytes, 16)
    return true
end

function put.getaddrinfo(answer, result)
    answer.kind = wire.ADDRESS
    if result == nil then return true end
    if type(result) == "table" then return put_address(answer, result[1], result[2]) end
    local number = type(result) == "string" and wire.lookup_errors[result]
    if not number then return false end
    answer.kind, answer.result = wire.LOOKUP_ERROR, number
    return true
end

-- The answer to a call of `name`; the error number `code` is argument `arg`.
return function(name, result, code, arg)
    local answer = wire.answer()
    answer.magic = wire.MAGIC
    if not (put[name] or put_number)(answer, result) then raise("EINVAL", 2) end
    answer.error = error_number(code, arg)
    return answer
end
