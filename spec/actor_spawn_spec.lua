-- spawn_vm: options, their checks in order, and which module is meant (actors §2).

local actors = require "spec.actor_helper"
local emilua = require "emilua"
local helper = require "spec.helper"
local inbox = require "emilua.inbox"
local programs = require "spec.program_helper"

local core, fiber, worker = actors.core, helper.fiber, actors.worker

helper.install()

-- What an actor made with `opts` sends; its text has `reply`.
local function ask(text, opts)
    local channel = worker("local reply = inbox:receive() " .. text, opts)
    channel:send(inbox)
    local answer = inbox:receive()
    channel:close()
    return answer
end

describe("spawn_vm", function()
    it("returns a tx-channel and does not suspend", fiber(function()
        emilua.this_fiber.forbid_suspend()
        local channel = worker ""
        emilua.this_fiber.allow_suspend()
        assert.equal("tx-channel", getmetatable(channel))
        assert.equal("tx-channel", emilua.type(channel))
    end))

    it("cannot be called outside of a run", function()
        helper.EPERM(function() emilua.spawn_vm { source = "" } end)
        helper.EPERM(function() emilua.spawn_context_threads(1) end)
    end)

    it("runs the entry with _CONTEXT, and emilua.context is worker", fiber(function()
        assert.same({ context = "worker", module = "worker", file = "nil" },
            ask "reply:send{ context = _CONTEXT, module = emilua.context, file = tostring(_FILE) }")
        assert.equal("main", emilua.context)
    end))

    it("shares nothing: globals of the entry are those of a new VM", fiber(function()
        _G.actor_spec_global = 1
        assert.equal("nil", ask "reply:send(type(actor_spec_global))")
        _G.actor_spec_global = nil
    end))

    it("lets the actor start actors of its own", fiber(function()
        assert.equal("grandchild", ask [[
            local c = emilua.spawn_vm{ source = "require 'emilua.inbox':receive():send('grandchild')" }
            c:send(reply) ]])
    end))

    it("does not let the actor run emilua.run", fiber(function()
        assert.equal(helper.errno.EPERM, ask [[
            local ok, e = pcall(emilua.run, function() end)
            reply:send(e.code) ]])
    end))

    it("hands package.path, package.cpath, and preloaded functions without upvalues over", fiber(function()
        local upvalue = 1
        local path = package.path
        package.path = "./nowhere/?.lua;" .. path
        package.preload.actor_spec_plain = function(name) return { name = name } end
        package.preload.actor_spec_closure = function() return upvalue end
        assert.same({ path = true, cpath = package.cpath, name = "actor_spec_plain", closure = "nil" }, ask [[
            reply:send{
                path = package.path:sub(1, 11) == "./nowhere/?", cpath = package.cpath,
                name = require "actor_spec_plain".name, closure = type(package.preload.actor_spec_closure),
            } ]])
        package.path = path
        package.preload.actor_spec_plain, package.preload.actor_spec_closure = nil, nil
    end))

    it("reports an error of the main fiber, and nobody else ends", function()
        local output, status = helper.child [[
            local emilua = require "emilua"
            emilua.run(function()
                emilua.spawn_vm{ source = "error('gone', 0)", name = "x" }
                emilua.spawn_vm{ source = "syntax error here", name = "y" }
                emilua.spawn_vm{ source = "error({})" }
                emilua.spawn_vm{ source = "return ('x'):rep(2^40)" }
            end)
            print "run has ended" ]]
        assert.equal(0, status)
        assert.truthy(output:find("panicked: 'gone'", 1, true))
        assert.truthy(output:find("y:1:", 1, true))
        assert.truthy(output:find("run has ended", 1, true))
    end)
end)

describe("the checks of spawn_vm", function()
    local CASES = {
        { "neither string nor table", function() return 1 end, "EINVAL", 1 },
        { "nil", function() return nil end, "EINVAL", 1 },
        { "module of another type", function() return { module = 1 } end, "EINVAL", "module" },
        { "module and source", function() return { module = ".", source = "" } end, "EINVAL", "module" },
        { "source of another type", function() return { source = 1, module = "." } end, "EINVAL", "source" },
        { "name of another type", function() return { source = "", name = 1 } end, "EINVAL", "name" },
        { "subprocess with inherit_context", function()
            return { module = ".", subprocess = {}, inherit_context = true }
        end, "EINVAL", 1 },
        { "subprocess with new_master", function()
            return { module = ".", subprocess = {}, new_master = false }
        end, "EINVAL", 1 },
    }
    for _, case in ipairs(CASES) do
        it("refuse " .. case[1], fiber(function()
            helper[case[3]](function() emilua.spawn_vm(case[2]()) end, case[4])
        end))
    end

    it("refuse an empty id", fiber(function()
        helper.raises("emilua.core", "invalid_module_name", function() emilua.spawn_vm "" end, { module = "" })
        helper.raises("emilua.core", "invalid_module_name", function() emilua.spawn_vm { module = "" } end,
            { module = "" })
        core("invalid_module_name", function() emilua.spawn_vm {} end)
    end))

    it("refuse a caller that is in no file", fiber(function()
        local call = loadstring("local emilua = ... emilua.spawn_vm './x'", "=nowhere")
        core("current_module_not_known", function() call(emilua) end)
    end))

    it("refuse new_master of a VM that is not the master", fiber(function()
        assert.equal(helper.errno.EPERM, ask [[
            local ok, e = pcall(emilua.spawn_vm, { source = "", new_master = true })
            reply:send(e.code) ]])
    end))

    it("take options of other types for absent", fiber(function()
        assert.equal("fine", ask("reply:send 'fine'",
            { inherit_context = 1, new_master = "x", concurrency_hint = "safe" }))
    end))

    it("refuse a subprocess that is no table: without it the actor would have no walls", fiber(function()
        for _, value in ipairs { 1, "x", true, false } do
            helper.EINVAL(function() emilua.spawn_vm { source = "", subprocess = value } end, "subprocess")
        end
    end))
end)

describe("the module of spawn_vm in module form", function()
    local files

    before_each(function()
        files = programs.tree {
            ["main.lua"] = [[
                local emilua = require "emilua"
                if _CONTEXT == "worker" then
                    require "emilua.inbox":receive():send{ file = tostring(_FILE), path = package.path }
                    return
                end
                local inbox = require "emilua.inbox"
                emilua.run(function()
                    for i = 1, #arg do
                        local ok, c = pcall(emilua.spawn_vm, arg[i])
                        if ok then
                            c:send(inbox)
                            print(inbox:receive().file:match("([^/]*/[^/]*)$"))
                        else
                            print(tostring(c), c.module)
                        end
                    end
                end) ]],
            ["worker.lua"] = "require 'emilua.inbox':receive():send{ file = tostring(_FILE) }",
            ["dir/init.lua"] = "require 'emilua.inbox':receive():send{ file = tostring(_FILE) }",
            ["lib/app/named.lua"] = "require 'emilua.inbox':receive():send{ file = tostring(_FILE) }",
        }
    end)

    after_each(programs.clean)

    local function run(...)
        local words = { "cd " .. helper.quote(files) .. ";", "LUA_CPATH=" .. helper.quote(helper.root .. "/?.so;;"),
            "LUA_PATH='./lib/?.lua;;'", "timeout 60", helper.interpreter, "main.lua" }
        for _, word in ipairs { ... } do words[#words + 1] = helper.quote(word) end
        return (helper.shell(table.concat(words, " ")))
    end

    it("is the caller's own file for a dot", function() assert.equal("app/main.lua\n", run ".") end)

    it("is a path relative to the caller's file", function()
        assert.equal("app/worker.lua\napp/worker.lua\ndir/init.lua\n", run("./worker.lua", "./worker", "./dir"))
    end)

    it("is an absolute path", function() assert.equal("app/worker.lua\n", run(files .. "/worker.lua")) end)

    it("is searched by package.path", function() assert.equal("app/named.lua\n", run "app.named") end)

    it("is module_not_found with the id", function()
        assert.equal("Module not found\t./none\nModule not found\tapp.none\n", run("./none", "app.none"))
    end)
end)

describe("the module of spawn_vm in a program", function()
    after_each(programs.clean)

    it("is resolved as relative and root ids of require", function()
        local say = "require 'inbox' print(tostring(_FILE):match('app/(.*)$'), _CONTEXT)"
        local output = programs.run {
            ["app.lua"] = [[
                local function try(...)
                    local ok, c = pcall(spawn_vm, ...)
                    if not ok then print(c, c.module) return end
                    while pcall(c.send, c, 1) do this_fiber.yield() end
                end
                try("./leaf") try("/a/b/deep") try("./a/b") try("ext") try("json") try("../up") try("./none")
                try{ module = "" } try{ module = _FILE } try(".x") ]],
            ["leaf.lua"] = say .. [[
                local ok, e = pcall(spawn_vm, "./child") print(e)
                spawn_vm("../sibling") ]],
            ["sibling.lua"] = say, ["a/b/deep.lua"] = say,
        }
        assert.equal(table.concat({
            "leaf.lua\tworker", "A leaf module cannot import child modules", "a/b/deep.lua\tworker",
            "Cannot have a module with this name\t./a/b", "Cannot have a module with this name\text",
            "Cannot have a module with this name\tjson",
            "The root module doesn't have a parent and can't reference one\tnil", "Module not found\t./none",
            "Cannot have a module with this name\t", "Cannot have a module with this name\tnil",
            "Cannot have a module with this name\t.x", "sibling.lua\tworker",
        }, "\n") .. "\n", (output:gsub("\nsibling.lua\tworker", "", 1)) .. "sibling.lua\tworker\n")
    end)

    it("has its import root and its context only in the entry", function()
        assert.equal("worker\n\n", (programs.run {
            ["app.lua"] = "spawn_vm './w'", ["w.lua"] = "print(_CONTEXT) require '../m'", ["m.lua"] = "print(_CONTEXT)",
        }))
    end)

    it("may be a text, which imports what its spawner could", function()
        assert.equal("m\n", (programs.run {
            ["app.lua"] = "spawn_vm{ source = [[ print(require '/m'.name) ]] }", ["m.lua"] = "name = 'm'",
        }))
    end)

    it("refuses a function without a known _FILE", function()
        assert.equal("Global _FILE is missing or invalid\n", (programs.run {
            ["app.lua"] = [[
                local f = loadstring("local ok, e = pcall(spawn_vm, './x') return ok, e")
                print(select(2, setfenv(f, { pcall = pcall, spawn_vm = spawn_vm })())) ]],
        }))
    end)

    it("promises one thread with --main-context-concurrency-hint=1", function()
        local root = programs.tree { ["app.lua"] = "print(pcall(spawn_context_threads, 0))" }
        assert.equal("false\tOperation not supported\n",
            (programs.launch({ "--main-context-concurrency-hint=1", root .. "/app.lua" })))
    end)
end)
