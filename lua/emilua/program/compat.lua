-- What release 0.6 did otherwise and programs of that time may rely on. Only programs of the launcher see it.
local import = ...

local getenv, pairs = os.getenv, pairs

local compat = {}

-- Values of --main-context-concurrency-hint that newer releases have not.
compat.hints = { safe = true }

-- The exit status after the main fiber or a cleanup handler failed.
function compat.failure_status()
    return getenv("EMILUA_COMPAT") == "0.6" and 0 or 1
end

-- An OR of the numbers in `known`, as a list of names; nil when it is none.
local function names(known, number)
    local list = {}
    for name, bit in pairs(known) do
        if number % (2 * bit) >= bit then
            list[#list + 1] = name
            number = number - bit
        end
    end
    return number == 0 and list or nil
end

local function copy(t)
    local new = {}
    for key, value in pairs(t) do new[key] = value end
    return new
end

-- What modules had: the integer flags by name, and the classes of UNIX sockets under names of their own.
local additions = {}

function additions.ip(ip, flags)
    ip.message_flag, ip.address_info_flag = copy(flags.MESSAGE), {}
    for name, bit in pairs(flags.LOOKUP) do
        if not name:find("^numeric_") then ip.address_info_flag[name] = bit end
    end
end

function additions.tls(tls)
    tls.context_flag = copy(import("tls.context").FLAGS)
end

function additions.unix(unix, flags)
    unix.stream_socket, unix.stream_acceptor = unix.stream.socket, unix.stream.acceptor
    unix.seqpacket_socket, unix.seqpacket_acceptor = unix.seqpacket.socket, unix.seqpacket.acceptor
    unix.datagram_socket = unix.datagram.socket
    unix.message_flag = { peek = flags.MESSAGE.peek }
end

-- A core module as a program gets it.
function compat.import(name)
    local module = import(name)
    local add = additions[name]
    if add then
        local flags = import("ip.flags")
        flags.from_integer = names
        add(module, flags)
        additions[name] = nil
    end
    return module
end

return compat
