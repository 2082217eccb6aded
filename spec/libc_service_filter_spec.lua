-- Filters of libc_service: Lua that runs in the slave's process.

local ip = require "emilua.ip"
local helper = require "spec.helper"
local service = require "spec.libc_service_helper"

local fiber, call = helper.fiber, service.call

helper.install()
teardown(service.remove)

-- What `access /a 0` gives when this is its filter, and what the master was asked for.
local function access(source, answer)
    local text, _, asked = call({ "access /a 4" }, { access = answer or 7 }, { filters = { access = source } })
    return text:match "^access: ([^\n]*)\n$", asked
end

describe("a filter", function()
    it("gets the proxy and the arguments of the call", fiber(function()
        local list = { "openat_cwd a", "open /a 1 640", "unlink /b", "rename /c /d", "mkdir /e", "eaccess /f 2",
            "lstat /g", "connect_unix /h", "connect_inet 10.0.0.1 80", "bind_inet6 ::1 81", "getaddrinfo i 80 any udp",
            "getaddrinfo - http any any" }
        local filters = {}
        for name in ("open unlink rename mkdir eaccess lstat connect_unix connect_inet bind_inet6"):gmatch "%S+" do
            filters[name] = [[
                local values = { ... }
                local words = { type(values[1]) }
                for i = 2, select("#", ...) do words[i] = tostring(values[i]) end
                C.write(1, table.concat(words, " ") .. "\n")
                return -1, C.EDOM ]]
        end
        filters.getaddrinfo = "C.write(1, table.concat({ type(...), tostring(select(2, ...)), " ..
            "tostring(select(3, ...)), tostring(select(4, ...)) }, ' ') .. '\\n') return 'again'"
        local text, _, asked = call(list, {}, { filters = filters })
        local lines = {}
        for line in text:gmatch "[^\n]+" do
            if line:find "^function" then lines[#lines + 1] = line:gsub("^function ", "") end
        end
        lines[1] = lines[1]:gsub(" %d+$", " N")
        for i = 8, 10 do lines[i] = lines[i]:gsub("^%d+", "N") end
        assert.same({ "a 0 N", "/a 1 416", "/b", "/c /d", "/e 489", "/f 2", "/g", "N /h", "N 10.0.0.1 80", "N ::1 81",
            "i 80 udp", "nil http nil" }, lines)
        assert.same({}, asked)
        assert.truthy(text:find("\nunlink: -1 EDOM\n", 1, true))
        assert.truthy(text:find("\ngetaddrinfo: Temporary failure in name resolution\n", 1, true))
    end))

    it("returns the result and the error number", fiber(function()
        assert.equal("3", (access "return 3"))
        assert.equal("-1 EXDEV", (access "return -1, C.EXDEV"))
        local _, asked = access "return 3"
        assert.same({}, asked)
    end))

    it("gets from the proxy result, error number and descriptors", fiber(function()
        local function answer(master)
            local a, b = service.file_of "one ", service.file_of "two"
            master:send_with_fds(-2, { a, b }, helper.errno.ENOSPC)
            a:close()
            b:close()
        end
        local text = call({ "access /a 0" }, { access = answer }, { filters = { access = [[
            local proxy, path, mode = ...
            local results = { proxy(path, mode) }
            local result, errno, a, b = unpack(results)
            C.write(1, #results .. " " .. result .. " " .. errno .. " " .. C.read(a, 9) .. C.read(b, 9) .. "\n")
            C.close(a)
            C.close(b)
            return 5 ]] } })
        assert.equal("4 -2 28 one two\naccess: 5\n", text)
    end))

    it("may ask for something else, and more than once", fiber(function()
        local _, asked = access([[
            local proxy, path, mode = ...
            proxy("/b", mode)
            return proxy(path .. "/c", 0) ]])
        assert.same({ "access /b r", "access /a/c f" }, asked)
    end))

    it("has the world of an init script, without errexit", fiber(function()
        assert.equal("1", (access([[
            assert(errexit == false and arg == nil)
            assert(select(2, C.open("/none/such", C.O_RDONLY)) == C.ENOENT)
            assert(type(send_with_fd) == "function" and mode(6, 4, 0) == 416)
            assert(require("ffi") and bit and io and os and debug)
            return 1 ]])))
    end))

    it("keeps its globals", fiber(function()
        local text = call({ "access /a 0", "eaccess /a 0", "access /a 0" }, {}, { filters = {
            access = "n = (n or 0) + 1 return n", eaccess = "n = (n or 0) + 10 return n",
        } })
        assert.equal("access: 1\neaccess: 11\naccess: 12\n", text)
    end))

    it("is not served itself", fiber(function()
        local result, asked = access([[
            local file = io.open("/none/such")
            return C.access("/", 0) == 0 and not file and os.rename("/none/a", "/none/b") == nil and 1 or 0 ]])
        assert.equal("1", result)
        assert.same({}, asked)
    end))

    it("is passed over when it fails", fiber(function()
        for _, source in ipairs{ "error 'x'", "return", "return nil", "return 'x'", "return {}", "return true",
            "return 1, 'x'", "local p = ... p()", "local p = ... p(1, 2, 3)", "nothing()" } do
            local result, asked = access(source)
            assert.equal("7", result, source)
            assert.same({ "access /a r" }, asked)
        end
    end))

    it("is given what the C library returns when the slave's rights are used", fiber(function()
        local function real(master) master:use_slave_credentials() end
        local text = call({ "open /dev/null 0 0", "stat /dev/null", "unlink /none", "getaddrinfo 127.0.0.1 80 any tcp",
            "getaddrinfo ::1 80 any tcp", "mkdir /none/such" },
            { open = real, stat = real, unlink = real, getaddrinfo = real, mkdir = real }, { filters = {
            open = "local p = ... local fd, e = p(select(2, ...)) assert(fd > 2 and e == 0) return fd",
            stat = "local s = (...)(select(2, ...)) assert(s.type == 'character') s.type = 'fifo' s.size = 5 return s",
            unlink = "return (...)(select(2, ...))",
            mkdir = "return (...)(select(2, ...))",
            getaddrinfo = "local a = (...)(select(2, ...)) a[2] = a[2] + 1 return a",
        } })
        assert.truthy(text:find("open: cloexec=0 nonblock=0 \n", 1, true), text)
        assert.truthy(text:find("mode=10666 .* size=5 "), text)
        assert.truthy(text:find("unlink: %-1 ENOENT\ngetaddrinfo: 127.0.0.1 81 1 127.0.0.1\n"), text)
        assert.truthy(text:find("getaddrinfo: ::1 81 1 ::1\nmkdir: -1 ENOENT\n", 1, true), text)
    end))

    it("works without a master", fiber(function()
        local text = call({ "access /a 0", "access / 4", "stat /dev/null" }, {
            access = function(master) master:close() end,
        }, { filters = { access = "return (...)(select(2, ...))", stat = "return (...)(select(2, ...))" } })
        assert.truthy(text:find("^access: %-1 ENOENT\naccess: 0\nstat: dev="), text)
    end))

    it("answers stat with a table", fiber(function()
        local text = call({ "stat /a", "lstat /a" }, { stat = { size = 3 } }, { filters = {
            stat = "local s = (...)(select(2, ...)) s.mode = 7 return s", lstat = "return -1, C.ELOOP",
        } })
        assert.truthy(text:find("mode=100007 .* size=3 .*\nlstat: %-1 ELOOP\n"), text)
    end))

    it("answers lookups with an address, a name of an error, or nothing", fiber(function()
        local list = { "getaddrinfo a 80 any tcp", "getaddrinfo b 80 any tcp", "getaddrinfo c 80 any tcp",
            "getaddrinfo d 80 any tcp" }
        local text, _, asked = call(list, {
            getaddrinfo = function(master) master:send{ ip.address.loopback_v6(), 5 } end,
        }, { filters = { getaddrinfo = [[
            local proxy, node, service, protocol = ...
            if node == "a" then return { "192.0.2.7", 9 } end
            if node == "b" then return "noname" end
            if node == "c" then return nil end
            local found = proxy(node, service, protocol)
            return { found[1], found[2] + 1 } ]] } })
        assert.equal("getaddrinfo: 192.0.2.7 9 1 a\ngetaddrinfo: Name or service not known\ngetaddrinfo:\n" ..
            "getaddrinfo: ::1 6 1 d\n", text)
        assert.same({ "getaddrinfo d 80 tcp" }, asked)
    end))

    it("may replace the socket of a connect", fiber(function()
        local text = call({ "connect_inet 192.0.2.1 80" }, {
            connect_inet = function(master)
                local a, b = require("emilua.unix").stream.socket.pair()
                local fd = a:release()
                master:send_with_fds(0, { fd })
                fd:close()
                b:close()
            end,
        }, { filters = { connect_inet = [[
            local connect, socket, address, port = ...
            local result, errno, fd = connect(socket, address, port)
            C.dup2(fd, socket)
            C.close(fd)
            errexit = false
            return select(1, C.dup(socket)) > 0 and -1 or 0, C.EISCONN ]] } })
        assert.equal("connect_inet: -1 EISCONN\n", text)
    end))
end)
