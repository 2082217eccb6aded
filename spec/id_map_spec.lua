-- emilua.id_map: users and groups of a user namespace.

local id_map = require "emilua.id_map"
local system = require "emilua.system"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"
local process = require "spec.process_helper"

local closing = fd.closing

helper.install()

local IDS = "cat /proc/self/uid_map /proc/self/gid_map; cat /proc/self/setgroups; id -u; id -g"

-- Starts a shell script in a new user namespace, which goes on when its input ends. Returns it when it is in there.
local function start(script)
    local child = process.start(("exec unshare --user sh -c 'echo; read line; %s'"):format(script), {
        stdin = "pipe", stdout = "pipe",
    })
    child.stdout:read_some(require "emilua.byte_span".new(1))
    return child
end

-- What it prints then, its spaces made one.
local function finish(child)
    child.stdin:close()
    local text = process.read_all(child.stdout)
    child:wait()
    return (text:gsub("[ \t]+", " "):gsub("\n ", "\n"):gsub("^ ", ""))
end

local function ids_of(map)
    local child = start(IDS)
    id_map.write(child.pid, map)
    return finish(child)
end

describe("id_map.single", function()
    it("is this user and group, root by default", function()
        local _, uid = system.getresuid()
        local _, gid = system.getresgid()
        assert.same({ uid = { { 0, uid, 1 } }, gid = { { 0, gid, 1 } } }, id_map.single())
        assert.same({ uid = { { 1000, uid, 1 } }, gid = { { 1000, gid, 1 } } }, id_map.single(1000))
    end)

    it("checks its argument", function()
        for _, id in ipairs { -1, 0.5, 2 ^ 32 - 1, "0", false } do
            helper.EINVAL(function() id_map.single(id) end, 1)
        end
    end)
end)

describe("id_map.write", function()
    it("gives a namespace its ids", closing(function()
        local _, uid = system.getresuid()
        local _, gid = system.getresgid()
        local kept = uid == 0 and "allow" or "deny"
        assert.equal(("7 %d 1\n7 %d 1\n%s\n7\n7\n"):format(uid, gid, kept), ids_of(id_map.single(7)))
    end))

    it("gives several ranges", closing(function()
        if not process.is_root then return end
        assert.equal("0 0 10\n10 1000 5\n5 0 1\nallow\n0\n5\n", ids_of {
            uid = { { 0, 0, 10 }, { 10, 1000, 5 } }, gid = { { 5, 0, 1 } },
        })
    end))

    it("raises the kernel's error", closing(function()
        local child = start(IDS)
        id_map.write(child.pid, id_map.single())
        local e = helper.raises("system", "EPERM", function() id_map.write(child.pid, id_map.single()) end)
        assert.equal(("/proc/%d/uid_map"):format(child.pid), tostring(e.path1))
        finish(child)
        helper.raises("system", "ENOENT", function() id_map.write(2 ^ 31, id_map.single()) end)
        local other = start(IDS)
        helper.raises("system", "EINVAL", function()
            id_map.write(other.pid, { uid = { { 0, 0, 2 }, { 1, 5, 2 } }, gid = { { 0, 0, 1 } } })
        end)
        finish(other)
    end))

    it("checks its arguments", closing(function()
        local map = id_map.single()
        for _, pid in ipairs { 0, -1, 1.5, "1", false } do helper.EINVAL(function() id_map.write(pid, map) end, 1) end
        local list = { { 0, 0, 1 } }
        for _, wrong in ipairs {
            false, {}, { uid = list }, { uid = list, gid = {} }, { uid = list, gid = { { 0, 0 } } },
            { uid = list, gid = { { 0, 0, 1, 1 } } }, { uid = { { 0, "0", 1 } }, gid = list },
            { uid = { 0 }, gid = list },
        } do
            helper.EINVAL(function() id_map.write(1, wrong) end, 2)
        end
    end))
end)

describe("id_map.range", function()
    -- Runs a Lua program as an ordinary user, to whom `ranges` leaves ids.
    local function as_nobody(ranges, source)
        local files = { helper.write_temporary(ranges), helper.write_temporary(source) }
        local output, status = helper.shell(([[
            chmod 644 %s %s
            unshare -m sh -c "mount --bind %s /etc/subuid; mount --bind %s /etc/subgid
                LUA_CPATH='%s?.so;;' exec timeout 60 setpriv --reuid=65534 --regid=65534 --clear-groups \
                    --inh-caps=-all %s %s" ]]):format(files[1], files[2], files[1], files[1], helper.root,
            helper.interpreter, files[2]))
        for _, path in ipairs(files) do os.remove(path) end
        return output, status
    end

    it("is root's own first 65,536 ids", function()
        if not process.is_root then return end
        assert.same({ uid = { { 0, 0, 65536 } }, gid = { { 0, 0, 65536 } } }, id_map.range())
    end)

    it("is an ordinary user's own id and those of subuid(5), which newuidmap(1) writes", function()
        if not process.is_root then return end
        for _, name in ipairs { "nobody", "65534" } do
            local output, status = as_nobody(("root:1:1\n%s:700000:1000\n%s:9:9\n"):format(name, name), [[
                local byte_span, id_map = require "emilua.byte_span", require "emilua.id_map"
                local emilua, system = require "emilua", require "emilua.system"
                emilua.run(function()
                    local child = system.spawn {
                        program = "unshare", environment = system.environment, stdin = "pipe", stdout = "pipe",
                        arguments = {
                            "unshare", "--user", "sh", "-c", "echo; read line; echo $(cat /proc/self/?id_map)",
                        },
                    }
                    local buffer = byte_span.new(1000)
                    child.stdout:read_some(buffer)
                    id_map.write(child.pid, id_map.range())
                    child.stdin:close()
                    io.write(tostring(buffer:first(child.stdout:read_some(buffer))))
                    child:wait()
                end) ]])
            assert.equal(0, status, output)
            assert.equal("0 65534 1 1 700000 1000 0 65534 1 1 700000 1000\n", output)
        end
    end)

    it("raises ENOENT where a user has none, and what newuidmap(1) says", function()
        if not process.is_root then return end
        local output = as_nobody("root:1:1\n", [[
            local emilua, id_map = require "emilua", require "emilua.id_map"
            print(select(2, pcall(id_map.range)), select(2, pcall(id_map.range)).detail)
            emilua.run(function()
                local ok, e = pcall(id_map.write, 1, { uid = { { 0, 5, 1 } }, gid = { { 0, 5, 1 } } })
                print(e, e.detail)
            end) ]])
        assert.matches("^No such file or directory\tuser 65534 has no range in /etc/subuid\n", output)
        assert.matches("\nOperation not permitted\tnewuidmap: [^\n]+\n$", output)
    end)
end)
