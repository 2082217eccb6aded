-- What the TLS specs share: certificates made by openssl, pairs of sessions, and openssl as the peer.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local stream = require "emilua.stream"
local time = require "emilua.time"
local tls = require "emilua.tls"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn = emilua.spawn
local keep = tcp.keep

local M = {}

-- NAME.pem and NAME.key for each; `issue` takes the name, the issuer, the dates and the extensions.
local SCRIPT = [[
set -e
cat > conf <<END
[ca]
default_ca = issuer
[issuer]
database = index
new_certs_dir = .
default_md = sha256
policy = names
unique_subject = no
rand_serial = yes
[names]
commonName = supplied
[req]
distinguished_name = none
[none]
END
: > index
key() { openssl ecparam -genkey -name prime256v1 -noout -out $1.key; }
root() {
    key $1
    openssl req -config conf -x509 -new -key $1.key -subj "/CN=$1" -days 100 -out $1.pem \
        -addext basicConstraints=critical,CA:TRUE $2 $3
}
sign() {
    openssl req -config conf -new -key $1.key -subj "/CN=$1" -out $1.csr
    printf "$5" > $1.ext
    openssl ca -config conf -batch -notext -cert $2.pem -keyfile $2.key -startdate $3 -enddate $4 \
        -extfile $1.ext -in $1.csr -out $1.pem 2>/dev/null
}
issue() { key $1; sign "$@"; }
since=20200101000000Z until=20491231000000Z
both='extendedKeyUsage=serverAuth,clientAuth\n'
root ca
root stranger
issue middle ca $since $until 'basicConstraints=critical,CA:TRUE\n'
issue server ca $since $until "subjectAltName=DNS:localhost,DNS:*.wild.test,IP:127.0.0.1\n$both"
issue other ca $since $until "subjectAltName=DNS:other.test\n$both"
issue client ca $since $until "subjectAltName=DNS:client.test\nextendedKeyUsage=clientAuth\n"
issue expired ca $since 20210101000000Z "subjectAltName=DNS:localhost\n$both"
issue early ca 20480101000000Z $until "subjectAltName=DNS:localhost\n$both"
issue below middle $since $until "subjectAltName=DNS:localhost\n$both"
openssl genrsa -out rsa.key 2048 2>/dev/null
sign rsa ca $since $until "subjectAltName=DNS:localhost\n$both"
root self -addext subjectAltName=DNS:localhost
cat below.pem middle.pem > chain.pem
openssl x509 -in server.pem -outform der -out server.der
openssl ec -in server.key -outform der -out server.sec1 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in server.key -outform der -out server.p8
openssl rsa -traditional -in rsa.key -out rsa.pkcs1 2>/dev/null
openssl pkcs8 -topk8 -passout pass:secret -in server.key -out encrypted.key
mkdir hashed
cp ca.pem hashed/$(openssl x509 -noout -subject_hash -in ca.pem).0
]]

--- The folder of the certificates, made at the first use.
function M.folder()
    if not M.made then
        local folder = os.tmpname()
        os.remove(folder)
        local output, status = helper.shell("mkdir " .. folder .. " && cd " .. folder .. " && " .. SCRIPT)
        assert(status == 0, output)
        M.made = folder
    end
    return M.made
end

--- Removes it.
function M.remove()
    helper.shell("rm -rf " .. M.folder())
    M.made = nil
end

--- Installs the checks of helper.lua and removes the certificates at the end of the file.
function M.install()
    local environment = getfenv(2)
    environment.before_each(helper.before_each)
    environment.after_each(helper.after_each)
    environment.setup(M.folder)
    environment.teardown(M.remove)
end

--- The path of a file of the folder, and its contents as a span.
function M.path(name) return M.folder() .. "/" .. name end

function M.data(name)
    local file = assert(io.open(M.path(name), "rb"))
    local text = file:read "*a"
    file:close()
    return byte_span.append(text)
end

--- The same as a filesystem.path.
function M.fs_path(name)
    return require("emilua.filesystem").path.new(M.path(name))
end

--- A context of a server with that certificate.
function M.server_context(name, method)
    local ctx = tls.context.new(method or "tls")
    ctx:use_certificate_chain(M.data(name .. ".pem"))
    ctx:use_private_key(M.data((name == "chain" and "below" or name) .. ".key"), "pem")
    return ctx
end

--- A context of a client that trusts those certificates and verifies.
function M.client_context(roots, method)
    local ctx = tls.context.new(method or "tls")
    for name in (roots or "ca"):gmatch "%S+" do ctx:add_certificate_authority(M.data(name .. ".pem")) end
    ctx:set_verify_mode "peer"
    return ctx
end

--- The stream behind a table, so that the session cannot use the socket itself.
function M.wrapped(socket)
    return {
        read_some = function(_, bs) return socket:read_some(bs) end,
        write_some = function(_, bs) return socket:write_some(bs) end,
        close = function() socket:close() end,
    }
end

local function same(socket) return socket end

--- Two sessions before their handshake, client and server. `wrap` goes around each socket.
function M.new_pair(client_ctx, server_ctx, wrap)
    local a, b = tcp.pair()
    wrap = wrap or same
    return keep(tls.socket.new(wrap(a), client_ctx or M.client_context())),
        keep(tls.socket.new(wrap(b), server_ctx or M.server_context "server"))
end

--- Both handshakes at once: the outcomes {ok, error} of the client and of the server.
function M.shake_hands(client, server)
    local accepted
    local fiber = spawn(function()
        accepted = { pcall(server.server_handshake, server) }
        -- Else the other side might wait for ever.
        if not accepted[1] then server:close() end
    end)
    local connected = { pcall(client.client_handshake, client) }
    if not connected[1] then client:close() end
    fiber:join()
    return connected, accepted
end

--- Two sessions after their handshake.
function M.pair(client_ctx, server_ctx, wrap)
    local client, server = M.new_pair(client_ctx, server_ctx, wrap)
    local connected, accepted = M.shake_hands(client, server)
    if not connected[1] then error(connected[2], 0) end
    if not accepted[1] then error(accepted[2], 0) end
    return client, server
end

--- Reads until the end and returns the text.
function M.read_rest(socket)
    local buffer, parts = byte_span.new(20000), {}
    while true do
        local ok, n = pcall(socket.read_some, socket, buffer)
        if not ok then
            helper.is_error(n, "asio.misc", "eof")
            return table.concat(parts)
        end
        parts[#parts + 1] = tostring(buffer:first(n))
    end
end

--- Sends `text` from `a` to `b` and compares.
function M.exchange(a, b, text)
    local writing = spawn(function() stream.write_all(a, text) end)
    local got = byte_span.new(#text)
    stream.read_all(b, got)
    writing:join()
    assert(tostring(got) == text, "another text has arrived")
end

local function read_file(path)
    local file = io.open(path, "rb")
    if not file then return "" end
    local text = file:read "*a"
    file:close()
    return text
end

--- Runs a shell command beside this process. `peer.output()` is what it has printed, `peer.wait()` lets it end and
-- returns its output and status, `peer.await(pattern)` the match of a pattern in its output.
function M.start(command)
    local path = os.tmpname()
    local peer = {}
    os.execute(("( timeout -k 5 60 sh -c %s; echo $? > %s.status ) > %s 2>&1 &"):format(
        helper.quote(command), path, path))
    function peer.output() return read_file(path) end
    function peer.await(pattern)
        for _ = 1, 6000 do
            local found = peer.output():match(pattern)
            if found then return found end
            time.sleep(0.01)
        end
        error("not seen: " .. pattern .. " in: " .. peer.output())
    end
    function peer.wait()
        local status
        for _ = 1, 7000 do
            status = tonumber(read_file(path .. ".status"))
            if status then break end
            time.sleep(0.01)
        end
        local output = peer.output()
        os.remove(path)
        os.remove(path .. ".status")
        return output, status
    end
    return peer
end

--- `openssl s_server` with those arguments, in the folder of the certificates; the peer and its port.
function M.s_server(arguments)
    local peer = M.start("cd " .. M.folder() .. " && openssl s_server -accept 127.0.0.1:0 -naccept 1 " .. arguments)
    return peer, tonumber(peer.await "ACCEPT [%d.]+:(%d+)")
end

--- `openssl s_client` to that port, its input a shell command.
function M.s_client(port, arguments, input)
    return M.start(("cd %s && %s | openssl s_client -connect 127.0.0.1:%d %s"):format(
        M.folder(), input or "true", port, arguments))
end

--- A connected TCP socket.
function M.connect(port)
    local socket = tcp.new_socket()
    socket:connect(ip.address.loopback_v4(), port)
    return socket
end

--- The class name of an error's category.
function M.is_ssl(e, code)
    return helper.is_error(e, "asio.ssl", code)
end

M.closing, M.keep, M.listening = tcp.closing, tcp.keep, tcp.listening
M.tcp_pair, M.interruption_caught, M.check_wrong_self = tcp.pair, tcp.interruption_caught, tcp.check_wrong_self

return M
