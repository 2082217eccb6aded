-- Packets of actors §14 as a peer sends them that does not use this module.

local inbox = require "emilua.inbox"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local ffi = require "ffi"
require "spec.subprocess_helper"

local import = debug.getregistry()["emilua.import"]
local attach, descriptor = import("actor.class").native.attach, import("io.descriptor")

ffi.cdef [[
    typedef struct { void *base; size_t length; } hostile_iovec;
    typedef struct {
        void *name; uint32_t name_length; hostile_iovec *data; size_t count;
        void *control; size_t control_length; int flags;
    } hostile_message;
    typedef struct { size_t length; int level, type, fds[64]; } hostile_rights;
    int64_t sendmsg(int, const hostile_message *, int);
]]

local SOL_SOCKET, SCM_RIGHTS, DONTWAIT_NOSIGNAL = 1, 1, 0x4040
local MEMBERS = 20

-- A socket to the inbox of this VM, that the kernel frees when it is closed.
local function connect()
    local ours, theirs = unix.seqpacket.socket.pair()
    attach(descriptor.give(theirs:release()), 0)
    local fd = ours:release()
    return fd, descriptor.number(fd)
end

-- Sends a packet of bytes and descriptors.
local function send(number, bytes, fds)
    local data = ffi.new("hostile_iovec[1]", { { ffi.cast("char *", bytes), #bytes } })
    local message = ffi.new("hostile_message")
    message.data, message.count = data, 1
    local rights
    if fds and #fds > 0 then
        rights = ffi.new("hostile_rights")
        rights.length, rights.level, rights.type = 16 + 4 * #fds, SOL_SOCKET, SCM_RIGHTS
        for i = 1, #fds do rights.fds[i - 1] = fds[i] end
        message.control, message.control_length = rights, math.floor((16 + 4 * #fds + 7) / 8) * 8
    end
    local sent = tonumber(ffi.C.sendmsg(number, message, DONTWAIT_NOSIGNAL))
    assert(sent == #bytes, "sendmsg: " .. ffi.errno())
end

local slot = ffi.new("union { double number; uint64_t bits; char bytes[8]; }")

local function bits(value)
    slot.bits = value
    return ffi.string(slot.bytes, 8)
end

local function double(value)
    slot.number = value
    return ffi.string(slot.bytes, 8)
end

local TAG = 0x7FF0000000000000ULL
local function tag(kind) return bits(TAG + kind) end
local TRUE, FALSE, STRING, DESCRIPTOR, ADDRESS, NOTHING = tag(1), tag(2), tag(3), tag(4), tag(5), tag(6)

-- A dictionary of slots, padded, and texts.
local function dictionary(slots, texts)
    return table.concat(slots) .. NOTHING:rep(MEMBERS - #slots) .. texts
end

local function text(s) return string.char(#s) .. s end

-- The outcome of `receive` for a packet that is the last of the only sender.
local function outcome(packet, fds)
    local fd, number = connect()
    send(number, packet, fds)
    fd:close()
    local ok, value = pcall(inbox.receive, inbox)
    if ok then
        -- Nothing is left but the end.
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
        return value
    end
    helper.is_error(value, "emilua.core", "no_senders")
    return nil
end

return {
    connect = connect, send = send, outcome = outcome, dictionary = dictionary, text = text, bits = bits,
    double = double,
    tag = tag, TAG = TAG, MEMBERS = MEMBERS, TRUE = TRUE, FALSE = FALSE, STRING = STRING, DESCRIPTOR = DESCRIPTOR,
    ADDRESS = ADDRESS, NOTHING = NOTHING,
}
