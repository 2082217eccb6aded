-- Runs the attacks of sandbox_attacks.lua, in a sandbox and out of one. It needs nothing of the other helpers, so that
-- it can run as an ordinary user beside a copy of the library.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local filesystem = require "emilua.filesystem"
local ip = require "emilua.ip"
local pipe = require "emilua.pipe"
local sandbox = require "emilua.sandbox"
local system = require "emilua.system"
local unix = require "emilua.unix"
local ffi = require "ffi"

ffi.cdef [[ int emilua_spec_attack_open(const char *, int, ...) __asm__("open"); ]]

local runner = {}

local descriptor = debug.getregistry()["emilua.import"]("io.descriptor")

local function open(path) return descriptor.adopt(ffi.C.emilua_spec_attack_open(path, 0)) end

local RECEIVE = [[
    local kept
    local function received()
        kept = require("emilua.inbox"):receive()
        return tonumber(tostring(kept):match "%d+$")
    end
]]

-- What the guest prints.
local function run(attack, source, environment, options)
    local read, write = pipe.pair()
    local stream = write:release()
    local guest = {
        source = source, name = "attack", environment = environment, stdout = stream, stderr = stream,
    }
    if options then
        guest = sandbox.new(options):context(guest)
    else
        guest = { source = guest.source, name = guest.name, subprocess = guest }
        guest.subprocess.source, guest.subprocess.name = nil, nil
    end
    local channel = emilua.spawn_vm(guest)
    stream:close()
    local fd = attack.directory and open(environment.DATA) or attack.file and open(environment.DATA .. "/file")
    if attack.socket then
        local socket = ip.tcp.socket.new()
        socket:open("v4")
        fd = socket:release()
    end
    if fd then
        channel:send(fd)
        fd:close()
    end
    local parts, buffer = {}, byte_span.new(4096)
    while true do
        local ok, n = pcall(read.read_some, read, buffer)
        if not ok then break end
        parts[#parts + 1] = tostring(buffer:first(n))
    end
    read:close()
    channel:close()
    return table.concat(parts)
end

--- The outputs of an attack: in the sandbox and, if it says what to expect there, in none.
function runner.run(attack, prelude)
    local data, secret = os.tmpname(), os.tmpname()
    os.remove(data)
    assert(os.execute(("mkdir %s && echo contents > %s/file"):format(data, data)) == 0)
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open("v4")
    acceptor:bind(ip.address.loopback_v4(), 0)
    acceptor:listen()
    local name = "emilua-spec-" .. system.getpid()
    local datagrams = unix.datagram.socket.new()
    datagrams:open()
    datagrams:bind(filesystem.path.new("\0" .. name))
    local environment = {
        HOST = tostring(system.getpid()), SECRET = secret, DATA = data, NAME = name,
        PORT = tostring(acceptor.local_port),
    }
    prelude = prelude .. RECEIVE
    local options = attack.options and attack.options(environment) or {}
    local inside = run(attack, prelude .. attack.source, environment, options)
    local free = attack.free and run(attack, prelude .. (attack.free_source or attack.source), environment)
    acceptor:close()
    datagrams:close()
    assert(os.execute(("rm -r %s %s"):format(data, secret)) == 0)
    return inside, free
end

return runner
