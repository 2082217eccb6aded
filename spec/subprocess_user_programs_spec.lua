-- Actors in processes of their own as an ordinary user has them: a container without any right, and, where root runs
-- the tests, the specs that need none once more.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local file = require "emilua.file"
local inbox = require "emilua.inbox"
local system = require "emilua.system"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local process = require "spec.process_helper"
require "spec.subprocess_helper"

local fiber, quote = helper.fiber, helper.quote

-- The ring lives as long as the VM.
file.backend()

helper.install()

describe("a container in a user namespace", function()
    local SCRIPT = [[
        local function give(path)
            local fd = C.open(path, C.O_WRONLY)
            send_with_fd(arg, ".", fd)
            C.close(fd)
        end
        give "/proc/self/uid_map"
        write_all(C.open("/proc/self/setgroups", C.O_WRONLY), "deny")
        give "/proc/self/gid_map"
        if #C.read(arg, 1) == 0 then os.exit(1) end
        C.mount(nil, "/", nil, bit.bor(C.MS_REC, C.MS_PRIVATE))
        C.umask(0)
        C.mount(nil, "/mnt", "tmpfs", bit.bor(C.MS_NOSUID, C.MS_NODEV))
        C.mkdir("/mnt/mnt", mode(7, 5, 5))
        C.chdir "/mnt"
        C.pivot_root(".", "/mnt/mnt")
        C.chroot "."
        C.umount2("/mnt", C.MNT_DETACH)
        C.sethostname "box"
        C.setsid()
        C.cap_set_proc "="
    ]]

    it("is root there, in a world of its own, without rights", fiber(function()
        local host, guest = unix.seqpacket.socket.pair()
        local fd = guest:release()
        local actor = emilua.spawn_vm {
            source = [[
                local filesystem = require "emilua.filesystem"
                local inbox = require "emilua.inbox"
                local system = require "emilua.system"
                local reply, names = inbox:receive(), {}
                for entry in filesystem.directory_iterator(filesystem.path.new "/") do
                    names[#names + 1] = tostring(entry.path)
                end
                reply:send {
                    uid = (system.getresuid()), gid = (system.getresgid()), files = table.concat(names, " "),
                    capabilities = tostring(system.cap_get_proc()),
                    writes = io.open("/written", "w") ~= nil, mounts = os.execute("true") == 0,
                }
            ]],
            subprocess = {
                newns_user = true, newns_mount = true, newns_pid = true, newns_uts = true, newns_ipc = true,
                newns_net = true, stderr = "share", init = { script = SCRIPT, arg = fd },
            },
        }
        fd:close()
        local buffer = byte_span.new(1)
        local function map(id)
            local _, fds = host:receive_with_fds(buffer, 1)
            local stream = file.stream.new(fds[1])
            stream:write_some(byte_span.append("0 " .. id .. " 1\n"))
            stream:close()
        end
        map((select(2, system.getresuid())))
        map((select(2, system.getresgid())))
        host:send(byte_span.append ".")
        host:close()
        actor:send(inbox)
        assert.same({ uid = 0, gid = 0, files = "/mnt", capabilities = "=", writes = true, mounts = false },
            inbox:receive())
        actor:close()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))
end)

if process.is_root then
    describe("an ordinary user's run of the specs", function()
        local SPECS = {
            "subprocess", "subprocess_pinned", "subprocess_hygiene", "subprocess_outcome",
            "subprocess_user_programs",
        }

        it("passes", function()
            local pipe = io.popen "mktemp -d"
            local directory = pipe:read "*l"
            pipe:close()
            local files = {}
            for i, name in ipairs(SPECS) do files[i] = "spec/" .. name .. "_spec.lua" end
            local output, status = helper.shell(([[
                cp -r %s/emilua.so %s/spec %s/.busted %s && chmod -R a+rX %s && cd %s || exit
                LUA_CPATH="./?.so;;" timeout -k 5 120 %s -o TAP %s </dev/null
            ]]):format(quote(helper.root), quote(helper.root), quote(helper.root), directory, directory, directory,
                process.unprivileged("busted --lua=luajit"), table.concat(files, " ")))
            helper.shell("rm -r " .. directory)
            assert.equal(0, status, output)
            assert.matches("\nok %d+ ", output)
            assert.is_nil(output:find("# SKIP", 1, true), output)
        end)
    end)
end
