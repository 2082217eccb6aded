-- An HTTP/1.1 client: writes what a URL names. The exit status is 1 unless the server's is 2xx.
--
-- usage: luajit examples/http_get.lua http://HOST[:PORT][/PATH]

local emilua = require "emilua"
local asio_error = require "emilua.asio_error"
local ip = require "emilua.ip"
local stream = require "emilua.stream"

local authority, path = (arg[1] or ""):match "^http://([^/]+)(.*)$"
if not authority then error("usage: luajit examples/http_get.lua http://HOST[:PORT][/PATH]", 0) end
local endpoint = authority:find ":%d+$" and authority or authority .. ":80"

-- line() and take([n]) of what a socket receives; take() gives less than n bytes at the end only.
local function reader(socket)
    local data, buffer = "", emilua.byte_span.new(65536)
    local function more()
        local ok, n = pcall(socket.read_some, socket, buffer)
        if ok then data = data .. tostring(buffer:first(n)) elseif n ~= asio_error.misc.eof then error(n, 0) end
        return ok
    end
    local function take(n)
        while (not n or #data < n) and more() do end
        local taken = data:sub(1, n or -1)
        data = data:sub(#taken + 1)
        return taken
    end
    local function line()
        while not data:find("\r\n", 1, true) do assert(more(), "the answer ends too early") end
        return take(data:find("\r\n", 1, true) + 1):sub(1, -3)
    end
    return line, take
end

local status = emilua.run(function()
    local socket = ip.tcp.dial(endpoint)
    stream.write_all(socket, ("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"):format(
        path ~= "" and path or "/", authority))
    local line, take = reader(socket)
    local code = line():match "^HTTP/1%.%d (%d%d%d)"
    local headers = {}
    for text in line do
        local name, value = text:match "^([^:]+):%s*(.-)%s*$"
        if not name then break end
        headers[name:lower()] = value
    end
    if (headers["transfer-encoding"] or ""):lower() == "chunked" then
        for size in line do
            size = tonumber(size:match "%x+", 16)
            if size == 0 then break end
            io.write(take(size))
            line()
        end
    else
        io.write(take(tonumber(headers["content-length"])))
    end
    socket:close()
    return code
end)
os.exit((status or ""):find "^2" and 0 or 1)
