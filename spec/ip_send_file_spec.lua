local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local file = require "emilua.file"
local filesystem = require "emilua.filesystem"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn = emilua.spawn
local closing, keep, pair = tcp.closing, tcp.keep, tcp.pair

helper.install()

local CONTENT = {}
for i = 1, 300000 do CONTENT[i] = ("%07d\n"):format(i) end
CONTENT = table.concat(CONTENT)

-- Runs f with a file of CONTENT.
local function with_file(f)
    return closing(function()
        local path = helper.write_temporary(CONTENT)
        local page = keep(file.random_access.new())
        page:open(filesystem.path.new(path), {"read_only"})
        os.remove(path)
        f(page)
    end)
end

-- A fiber that returns all that comes.
local function receiver(sock)
    return spawn(function()
        local bs, pieces = byte_span.new(65536), {}
        while true do
            local ok, n = pcall(sock.read_some, sock, bs)
            if not ok then return table.concat(pieces) end
            pieces[#pieces + 1] = tostring(bs:first(n))
        end
    end)
end

-- What arrives of send_file(...) and what it returns.
local function sent(...)
    local client, server = pair()
    local fiber = receiver(server)
    local n = client:send_file(...)
    client:close()
    return fiber:join(), n
end

describe("ip.tcp.socket:send_file", function()
    it("sends a file, or a part of it", with_file(function(page)
        for _, case in ipairs{ {0, 0, CONTENT}, {0, 10, CONTENT:sub(1, 10)}, {5, 20, CONTENT:sub(6, 25)},
            {#CONTENT - 3, 0, CONTENT:sub(-3)}, {#CONTENT - 3, 100, CONTENT:sub(-3)}, {#CONTENT + 7, 0, ""} } do
            local text, n = sent(page, case[1], case[2])
            assert.is_true(text == case[3])
            assert.equal(#case[3], n)
        end
    end))

    it("between two spans", with_file(function(page)
        local head, tail = byte_span.append("head "), byte_span.append(" tail")
        assert.same({"head 0000001 tail", 17}, {sent(page, 0, 7, head, tail)})
        assert.same({"0000001 tail", 12}, {sent(page, 0, 7, nil, tail)})
        assert.same({"head 0000001", 12}, {sent(page, 0, 7, head, nil, 3)})
    end))

    it("leaves the rest of the file to others", with_file(function(page)
        sent(page, 0, 100)
        local bs = byte_span.new(8)
        page:read_some_at(0, bs)
        assert.equal("0000001\n", tostring(bs))
    end))

    it("interrupted, has sent what it returns", with_file(function(page)
        for turns = 0, 20 do
            local client, server = pair()
            local count
            local sender = spawn(function() count = client:send_file(page, 0, 0, byte_span.append "x", nil, 4096) end)
            helper.turns(turns)
            sender:interrupt()
            sender:join()
            client:close()
            assert.equal(count or 0, #receiver(server):join())
        end
    end))

    it("raises EPIPE when nobody reads any more", with_file(function(page)
        local client, server = pair()
        server:set_option("linger", true, 0)
        server:close()
        local ok, e
        repeat ok, e = pcall(client.send_file, client, page, 0, 8) until not ok
        assert.is_true(e.code == helper.errno.EPIPE or e.code == helper.errno.ECONNRESET)
    end))

    it("raises EBADF when the socket or the file is closed", with_file(function(page)
        helper.raises("system", "EBADF", function() tcp.new_socket():send_file(page, 0, 0) end)
        local client = pair()
        helper.raises("system", "EBADF", function() client:send_file(file.random_access.new(), 0, 0) end)
    end))

    it("refuses wrong arguments", with_file(function(page)
        local client = pair()
        tcp.check_wrong_self(client, "send_file", page, 0, 0)
        for _, value in ipairs{1, true, "LICENSE", {}, byte_span.new(1), file.stream.new()} do
            helper.EINVAL(function() client:send_file(value, 0, 0) end, 2)
        end
        for _, value in ipairs{-1, 1.5, "1", true, {}, 2 ^ 60} do
            helper.EINVAL(function() client:send_file(page, value, 0) end, 3)
            helper.EINVAL(function() client:send_file(page, 0, value) end, 4)
            helper.EINVAL(function() client:send_file(page, 0, 0, nil, nil, value) end, 7)
        end
        for _, value in ipairs{1, true, "text", {}} do
            helper.EINVAL(function() client:send_file(page, 0, 0, value) end, 5)
            helper.EINVAL(function() client:send_file(page, 0, 0, nil, value) end, 6)
        end
    end))
end)
