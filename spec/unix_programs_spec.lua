-- UNIX sockets with socat as the peer, one for each kind; and descriptors between two processes.

local byte_span = require "emilua.byte_span"
local stream = require "emilua.stream"
local time = require "emilua.time"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local fds = require "spec.fd_helper"
local sockets = require "spec.unix_helper"

local closing, keep, outcome = fds.closing, fds.keep, fds.outcome

helper.install()

local PATIENCE = 30

-- Runs a shell command beside this process; returns a function that waits for its end and gives its output.
local function background(command)
    local output = os.tmpname()
    local pipe = io.popen(("timeout %d sh -c %s >%s 2>&1"):format(PATIENCE, helper.quote(command), output))
    return function()
        pipe:close()
        local text = helper.shell("cat " .. output)
        os.remove(output)
        return text
    end
end

-- Calls `f` until it succeeds: the peer takes a while to be there.
local function patiently(f)
    for _ = 1, PATIENCE * 100 do
        local ok, result = pcall(f)
        if ok then return result end
        time.sleep(0.01)
    end
    return f()
end

-- Methods of streams and of messages have different names.
local function method(sock, of_stream, of_messages)
    return getmetatable(sock):find("stream") and sock[of_stream] or sock[of_messages]
end

local function receive(sock)
    local bs = byte_span.new(1000)
    local n = outcome(method(sock, "read_some", "receive"), sock, bs)
    return type(n) == "number" and tostring(bs:slice(1, n)) or n
end

local function send(sock, text) method(sock, "write_some", "send")(sock, byte_span.append(text)) end

-- socat's option for the type of a socket.
local TYPES = { stream = 1, seqpacket = 5 }

describe("socat", function()
    for _, kind in ipairs(sockets.CONNECTED) do
        it("connects to an acceptor: " .. kind, closing(function()
            local file = sockets.file()
            local acceptor = keep(unix[kind].listen(file, 0x180))
            local wait = background(("echo question | socat -t 20 - UNIX-CONNECT:%s,type=%d"):format(file, TYPES[kind]))
            local server = keep(acceptor:accept())
            assert.equal("question\n", receive(server))
            send(server, "answer")
            assert.equal("eof", receive(server))
            server:close()
            assert.equal("answer", wait())
            os.remove(file)
        end))

        it("is dialled, by file and by abstract name: " .. kind, closing(function()
            local file, abstract = sockets.file(), sockets.endpoint()
            for ep, address in pairs{
                [file] = "UNIX-LISTEN:" .. file, [abstract] = "ABSTRACT-LISTEN:" .. abstract:sub(2),
            } do
                local wait = background(("socat %s,type=%d SYSTEM:'cat; echo end'"):format(address, TYPES[kind]))
                local sock = keep(patiently(function() return unix[kind].dial(ep) end))
                send(sock, "echo me")
                local text = receive(sock)
                sock:shutdown("send")
                while not text:find("end") do text = text .. receive(sock) end
                assert.equal("echo meend\n", text)
                sock:close()
                assert.equal("", wait())
            end
            os.remove(file)
        end))
    end

    it("exchanges datagrams", closing(function()
        local mine, theirs = sockets.file(), sockets.file()
        local sock = keep(unix.datagram.socket.new())
        sock:open()
        sock:bind(sockets.path(mine))
        -- It ends when its input does, which is when it has written what it got.
        local got = os.tmpname()
        local wait = background(([[
            (echo ping; until grep -q pong %s; do sleep 0.05; done) | socat -t 0.1 - UNIX-SENDTO:%s,bind=%s >%s
        ]]):format(got, mine, theirs, got))
        local bs = byte_span.new(100)
        local n, sender = sock:receive_from(bs)
        assert.equal("ping\n", tostring(bs:slice(1, n)))
        assert.equal(theirs, tostring(sender))
        sock:send_to(byte_span.append("pong"), sender)
        assert.equal("", wait())
        assert.equal("pong", helper.shell("cat " .. got))
        os.remove(got)
        os.remove(mine)
        os.remove(theirs)
    end))
end)

describe("another process", function()
    it("gets a descriptor and uses it", closing(function()
        local ep = sockets.endpoint()
        local acceptor = keep(unix.seqpacket.listen(ep))
        local child = helper.write_temporary(([[
            local emilua, unix = require "emilua", require "emilua.unix"
            local byte_span, pipe = require "emilua.byte_span", require "emilua.pipe"
            local stream = require "emilua.stream"
            emilua.run(function()
                local sock, bs = unix.seqpacket.dial(%q), byte_span.new(100)
                local n, fds = sock:receive_with_fds(bs, 2)
                local out = pipe.write_stream.new(fds[1])
                stream.write_all(out, ("%%d descriptors, a %%s, and: %%s"):format(#fds, fds[2].type,
                    tostring(bs:slice(1, n))))
            end)
        ]]):format(ep))
        local wait = background(("LUA_CPATH='%s?.so;;' %s %s"):format(helper.root, helper.interpreter, child))
        local server = keep(acceptor:accept())
        assert.is_number(server:get_option("remote_credentials").pid)
        local reading, writing = fds.pipe()
        local fd, directory = writing:release(), fds.open("/")
        server:send_with_fds(byte_span.append("hello"), { fd, directory })
        fd:close()
        local bs = byte_span.new(100)
        local text = "2 descriptors, a directory, and: hello"
        stream.read_all(reading, bs:first(#text))
        assert.equal(text, tostring(bs:first(#text)))
        assert.equal("eof", fds.reader(reading):join())
        assert.equal("", wait())
        os.remove(child)
    end))
end)

describe("stream.copy", function()
    it("relays socat to socat", closing(function()
        local front, back = sockets.file(), sockets.file()
        local acceptor = keep(unix.stream.listen(front))
        local data = os.tmpname()
        helper.shell("head -c 2000000 /dev/urandom > " .. data)
        local serving = background(("socat -u UNIX-LISTEN:%s SYSTEM:sha1sum"):format(back))
        local feeding = background(("socat -u OPEN:%s UNIX-CONNECT:%s"):format(data, front))
        local client = keep(acceptor:accept())
        local server = keep(patiently(function() return unix.stream.dial(back) end))
        assert.equal(2000000, stream.copy(client, server))
        server:close()
        client:close()
        assert.equal("", feeding())
        assert.equal(helper.shell("sha1sum < " .. data), serving())
        for _, file in ipairs{ front, back, data } do os.remove(file) end
    end))
end)
