-- Core §16: the Lua built-ins of programs.

local programs = require "spec.program_helper"

local function check(expected, app)
    local output = programs.run { ["app.lua"] = app }
    assert.equal(expected, output)
end

describe("§16 Lua built-ins in programs", function()
    after_each(programs.clean)

    it("present: the base library", function()
        check("", [[
            for name in ([=[ assert collectgarbage dofile error gcinfo getfenv getmetatable ipairs load loadfile
                loadstring newproxy next pairs pcall print rawequal rawget rawset select setfenv setmetatable tonumber
                tostring type unpack xpcall require ]=]):gmatch "%S+" do
                if type(_G[name]) ~= "function" then print(name) end
            end
        ]])
    end)

    it("present: coroutine, string, table, math, bit, jit, _VERSION", function()
        check("Lua 5.1\n", [[
            for name in ("coroutine string table math bit jit"):gmatch "%S+" do
                if type(_G[name]) ~= "table" then print(name) end
            end
            print(_VERSION)
        ]])
    end)

    it("present: the runtime's globals", function()
        check("", [[
            for name in ("spawn scope scope_cleanup_push scope_cleanup_pop"):gmatch "%S+" do
                if type(_G[name]) ~= "function" then print(name) end
            end
            assert(getmetatable(this_fiber) == "this_fiber" and byte_span.new(1))
        ]])
    end)

    it("absent: io, os, package, module, debug, ffi", function()
        check("nil\tnil\tnil\tnil\tnil\tnil\n", "print(io, os, package, module, debug, ffi)")
    end)

    it("no other globals", function()
        check("", [[
            local known = {}
            for name in ([=[ assert collectgarbage dofile error gcinfo getfenv getmetatable ipairs load loadfile
                loadstring newproxy next pairs pcall print rawequal rawget rawset select setfenv setmetatable tonumber
                tostring type unpack xpcall require coroutine string table math bit jit _VERSION _G _FILE _CONTEXT
                spawn this_fiber scope scope_cleanup_push scope_cleanup_pop byte_span format spawn_vm
                spawn_context_threads ]=]):gmatch "%S+" do
                known[name] = true
            end
            for name in pairs(_G) do
                if not known[name] then print(name) end
            end
        ]])
    end)

    it("ffi by require only", function()
        check("3\n", "local ffi = require 'ffi' print(tonumber(ffi.new('int', 3)))")
    end)

    it("_G is the module's own globals", function()
        check("1\ttrue\n", "x = 1 print(_G.x, getfenv(1) == _G)")
    end)

    it("yield across pcall, xpcall with arguments", function()
        check("true\t1\ntrue\t2\t3\n", [[
            print(pcall(function() this_fiber.yield() return 1 end))
            print(xpcall(function(...) this_fiber.yield() return ... end, print, 2, 3))
        ]])
    end)

    it("replaced: pcall, xpcall are scopes", function()
        check("body\nhandler\nafter\n", [[
            pcall(function()
                scope_cleanup_push(function() print "handler" end)
                print "body"
            end)
            print "after"
        ]])
    end)

    it("replaced: the coroutine functions", function()
        check("nil\tfalse\tThe fiber coroutine is reserved to the scheduler\n", [[
            local ok, e = pcall(coroutine.yield)
            print(coroutine.running(), ok, tostring(e))
        ]])
    end)

    it("dofile and loadfile: the globals of the caller, and may suspend", function()
        local output = programs.run {
            ["app.lua"] = [[
                local directory = tostring(_FILE):match "^(.*)/"
                x = "seen"
                print(dofile(directory .. "/other.lua"), y)
                setfenv(loadfile(directory .. "/other.lua"), { x = "env", this_fiber = this_fiber })()
                print(y)
            ]],
            ["other.lua"] = "this_fiber.yield() y = x return 1",
        }
        assert.equal("1\tseen\nseen\n", output)
    end)

    it("a script may start with a #! line", function() check("2\n", "#!/usr/bin/emilua\nprint(2)") end)

    it("forwards trailing nils", function()
        check("4\n3\n3\n2\n", [[
            print(select("#", pcall(function() return 1, nil, nil end)))
            print(select("#", coroutine.resume(coroutine.create(function() return nil, nil end))))
            print(select("#", coroutine.wrap(function() return nil, 1, nil end)()))
            print(select("#", spawn(function() return nil, nil end):join()))
        ]])
    end)

    it("spawn: a Lua argument error for what is no function", function()
        check("DIR/app.lua:1: bad argument #1 to 'spawn' (function expected, got number)\n",
            "print(select(2, pcall(function() spawn(1) end)))")
    end)

    it("the module itself can be required: the same objects, but no run inside of the run", function()
        check("true\ttrue\nOperation not permitted\n", [[
            local emilua = require "emilua"
            print(emilua.this_fiber == this_fiber, require "emilua.time" == require "time")
            print(tostring(select(2, pcall(emilua.run, print))))
        ]])
    end)
end)
