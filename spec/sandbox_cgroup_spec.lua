-- Limits of guests by cgroup v2: the files that are written, in a directory that stands for the hierarchy, and the real
-- thing where there is one.

local environment = require "spec.environment"
local helper = require "spec.helper"
local process = require "spec.process_helper"
local specs = require "spec.sandbox_helper"

helper.install()

-- Runs a program that sees `directory` as the root of the hierarchy, and itself in its group `own`.
local function pretending(directory, own, source)
    return specs.program(([[
        local directory, own, open = %q, %q, io.open
        local PRETENDED = {
            ["/proc/self/mountinfo"] = "30 1 0:26 / " .. directory .. " rw,relatime - cgroup2 cgroup2 rw\n",
            ["/proc/self/cgroup"] = "1:name=systemd:/\n0::" .. own .. "\n",
        }
        function io.open(path, mode)
            local text = PRETENDED[path]
            return text and { read = function() return text end, close = function() end } or open(path, mode)
        end
        local sandbox = require "emilua.sandbox"
        local function read(path) return (open(path):read "*a") end
        require("emilua").run(function() %s end)
    ]]):format(directory, own, source))
end

-- A directory with the files of a group that has these controllers.
local function hierarchy(controllers)
    local directory = os.tmpname()
    os.remove(directory)
    helper.shell(("mkdir %s && cd %s && touch cgroup.procs && echo '%s' | tee cgroup.controllers >"
        .. "cgroup.subtree_control"):format(directory, directory, controllers))
    return directory
end

-- The same with a group app/main, in which the program is to be.
local function nested()
    local directory = hierarchy "memory pids"
    helper.shell(("cd %s && mkdir -p app/main && touch app/main/cgroup.procs && cp cgroup.* app"):format(directory))
    return directory
end

local LIMITED = [[
    local box = sandbox.new { memory = "64M", processes = 16 }
    local script = box:context { source = "" }.subprocess.init.script
    local group = script:match '"cgroup"%]="([^"]*)"'
    print(group:match "^(.*)/emilua%-%d+%-1$", script:find("RLIMIT_AS", 1, true), script:find("RLIMIT_NPROC", 1, true))
    for _, name in ipairs { "memory.max", "memory.swap.max", "memory.oom.group", "pids.max" } do
        print(name, read(group .. "/" .. name))
    end
]]
local WRITTEN = "\tnil\tnil\nmemory.max\t67108864\nmemory.swap.max\t0\nmemory.oom.group\t1\npids.max\t16\n"

describe("a guest's group", function()
    it("lies below the root that this process sees, with the limits", function()
        local directory = hierarchy "cpu memory pids"
        local text = pretending(directory, "/", LIMITED)
        helper.shell("rm -r " .. directory)
        assert.equal(directory .. WRITTEN, text)
    end)

    it("lies beside this process's own in a directory that was delegated", function()
        local directory = nested()
        -- What systemd marks so.
        local _, status = helper.shell(("python3 -c 'import os; os.setxattr(\"%s/app\", \"user.delegate\", b\"1\")'")
            :format(directory))
        environment.need("user attributes", status == 0)
        local text = pretending(directory, "/app/main", LIMITED)
        helper.shell("rm -r " .. directory)
        assert.equal(directory .. "/app" .. WRITTEN, text)
    end)

    it("is not made where root may write and nothing was delegated", function()
        if not process.is_root then return end
        local directory = nested()
        local text = pretending(directory, "/app/main", [[
            local script = sandbox.new { memory = "64M" }:context { source = "" }.subprocess.init.script
            print(script:find('["cgroup"]', 1, true), script:match 'RLIMIT_AS"%]=(%d+)')
        ]])
        helper.shell("rm -r " .. directory)
        assert.equal("nil\t67108864\n", text)
    end)

    it("bounds memory", function()
        environment.need "cgroup v2, memory"
        local text = specs.program [[
            local emilua, sandbox = require "emilua", require "emilua.sandbox"
            emilua.run(function()
                local box = sandbox.new { memory = "64M" }
                print(box.report.memory)
                io.stdout:flush()
                local guest = emilua.spawn_vm(box:context { stdout = "share", source = [=[
                    print "begun"
                    io.flush()
                    local hoard = {}
                    while true do hoard[#hoard + 1] = ("x"):rep(2 ^ 20) .. #hoard end
                ]=] })
                while pcall(guest.send, guest, 1) do require("emilua.time").sleep(0.01) end
            end)
        ]]
        assert.equal("active\nbegun\n", text)
    end)

    it("bounds processes, and is removed behind the guest", function()
        environment.need "cgroup v2, pids"
        local text = specs.program [[
            local emilua, sandbox = require "emilua", require "emilua.sandbox"
            local path
            emilua.run(function()
                local box = sandbox.new { processes = 16 }
                print(box.report.processes)
                io.stdout:flush()
                local guest = emilua.spawn_vm(box:context { stdout = "share", source = [=[
                    local ffi = require "ffi"
                    ffi.cdef "int fork(void); int pause(void);"
                    local n = 0
                    while n < 1000 do
                        local child = ffi.C.fork()
                        if child == 0 then ffi.C.pause() end
                        if child < 0 then break end
                        n = n + 1
                    end
                    print(n < 16)
                    io.flush()
                ]=] })
                while pcall(guest.send, guest, 1) do require("emilua.time").sleep(0.01) end
                -- With the next one that of a guest goes that has ended.
                local context = box:context { source = "" }
                path = context.subprocess.init.script:match '"cgroup"%]="([^"]*)"'
                print((io.open(path .. "/pids.max"):read()))
                local first = path:gsub("2$", "1")
                while io.open(first .. "/pids.max") do
                    collectgarbage()
                    box:context { source = "" }
                    require("emilua.time").sleep(0.01)
                end
                -- One that has not been used does not, nor those of options that are there.
                print((io.open(path .. "/pids.max"):read()))
                context = nil -- luacheck: ignore
            end)
            collectgarbage()
            collectgarbage()
            for i = 1, 6000 do
                if not io.open(path .. "/pids.max") then break end
                emilua.run(function() require("emilua.time").sleep(0.01) end)
            end
            print((io.open(path .. "/pids.max")))
        ]]
        assert.equal("active\ntrue\n16\n16\nnil\n", text)
    end)
end)
