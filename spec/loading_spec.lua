-- Loading the module: what require finds, what it changes, and require, dofile and loadfile in fibers.

local helper = require "spec.helper"
local emilua = require "emilua"
local time = require "emilua.time"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber

local MODULES = { "time", "mutex", "recursive_mutex", "condition_variable", "future", "generic_error", "asio_error",
    "stream", "ip", "byte_span" }

-- A directory with Lua files, by name; removed by `remove`.
local function directory(files)
    local path = os.tmpname()
    os.remove(path)
    assert(os.execute("mkdir " .. helper.quote(path)))
    for name, text in pairs(files) do
        local file = assert(io.open(path .. "/" .. name, "w"))
        file:write(text)
        file:close()
    end
    return path, function() os.execute("rm -r " .. helper.quote(path)) end
end

describe("require \"emilua\"", function()
    helper.install()

    it("works in luajit", function()
        assert.are.same({ "table\n", 0 }, { helper.child 'print(type(require "emilua"))' })
    end)

    it("has the names of core §0.1", function()
        for name, kind in pairs {
            run = "function", spawn = "function", scope = "function", scope_cleanup_push = "function",
            scope_cleanup_pop = "function", type = "function",
        } do
            assert.are.equal(kind, type(emilua[name]), name)
        end
        assert.are.equal("this_fiber", getmetatable(emilua.this_fiber))
        assert.are.equal("function", type(emilua.byte_span.new))
        assert.is_true(rawequal(emilua.byte_span, require "emilua.byte_span"))
    end)

    it("gives the same table each time", function()
        assert.is_true(rawequal(emilua, require "emilua"))
        for _, name in ipairs(MODULES) do
            assert.is_true(rawequal(require("emilua." .. name), require("emilua." .. name)))
        end
    end)

    it("works from a coroutine", function()
        assert.are.same({ "run in a coroutine, run outside\n", 0 }, { helper.child [[
            local function go(text)
                local emilua = require "emilua"
                return emilua.run(function()
                    local f = emilua.spawn(function()
                        require("emilua.time").sleep(0.001)
                        return text
                    end)
                    return f:join()
                end)
            end
            local co = coroutine.create(go)
            local ok, text = coroutine.resume(co, "run in a coroutine")
            assert(ok, text)
            co = nil
            collectgarbage()
            collectgarbage()
            print(text .. ", " .. go("run outside"))
        ]] })
    end)

    it("works from a coroutine that ends before the first run", function()
        assert.are.same({ "fine\n", 0 }, { helper.child [[
            local emilua
            coroutine.wrap(function() emilua = require "emilua" end)()
            collectgarbage()
            collectgarbage()
            print(emilua.run(function()
                emilua.this_fiber.yield()
                return "fine"
            end))
        ]] })
    end)

    for _, name in ipairs(MODULES) do
        it("require \"emilua." .. name .. "\" works first too", function()
            local output, status = helper.child(([[
                local module = require "emilua.%s"
                local emilua = require "emilua"
                assert(rawequal(module, require "emilua.%s"))
                print(emilua.run(function()
                    emilua.this_fiber.yield()
                    require("emilua.time").sleep(0)
                    return type(module) ~= "nil"
                end))
            ]]):format(name, name))
            assert.are.same({ "true\n", 0 }, { output, status })
        end)
    end

    it("works in busted, where this runs", function()
        assert.are.equal("fine", emilua.run(function() return "fine" end))
    end)

    it("an unknown part fails as stock require does", function()
        local ok, e = pcall(require, "emilua.nope")
        assert.is_false(ok)
        assert.is_truthy(tostring(e):find("module 'emilua.nope' not found", 1, true), tostring(e))
        assert.is_false((pcall(require, "emilua.file_descriptor")))
    end)

    it("has all its Lua parts inside the .so", function()
        local path, remove = directory {}
        assert(os.execute("cp " .. helper.quote(helper.root .. "/emilua.so") .. " " .. helper.quote(path)))
        local list = '"' .. table.concat(MODULES, '", "') .. '"'
        local output, status = helper.child(([[
            package.path, package.cpath = "", %q
            local emilua = require "emilua"
            for _, name in ipairs {%s} do
                assert(require("emilua." .. name))
            end
            print(emilua.run(function()
                require("emilua.time").sleep(0.001)
                return "fine"
            end))
        ]]):format(path .. "/?.so", list))
        remove()
        assert.are.same({ "fine\n", 0 }, { output, status })
    end)

    it("loads the bytecode that this interpreter's like made of them at the build", function()
        local output = helper.child [[
            require "emilua"
            print(debug.getregistry()["emilua.import"]("core.native").bytecode())
        ]]
        assert.equal("true\n", output)
    end)

    it("knows by a probe that has every instruction whether bytecode fits", function()
        local jit_util, bcnames = require "jit.util", require("jit.vmdef").bcnames
        -- Only made by the JIT, by loading, or by nothing.
        local missing, unused = {}, {}
        for name in ([[ ISTYPE ISNUM TGETR TSETR JFORI IFORL JFORL IITERL JITERL ILOOP JLOOP IFUNCF JFUNCF IFUNCV JFUNCV
                FUNCC FUNCCW ]]):gmatch "%S+" do
            unused[name] = true
        end
        for name in bcnames:gmatch "......" do missing[(name:gsub(" ", ""))] = true end
        local function scan(f)
            for i = 0, math.huge do
                local instruction = jit_util.funcbc(f, i)
                if not instruction then break end
                local at = instruction % 256 * 6
                missing[(bcnames:sub(at + 1, at + 6):gsub(" ", ""))] = nil
            end
            for i = -1, -math.huge, -1 do
                local constant = jit_util.funck(f, i)
                if constant == nil then break end
                if type(constant) == "proto" then scan(constant) end
            end
        end
        scan(assert(loadfile(helper.root .. "lua/emilua/core/probe.lua")))
        for name in pairs(unused) do missing[name] = nil end
        assert.same({}, missing)
    end)

    it("adds no global but the shims", function()
        assert.are.same({ "", 0 }, { helper.child [[
            local before = {}
            for name in pairs(_G) do before[name] = true end
            require "emilua"
            require "emilua.time"
            require "emilua.ip"
            for name in pairs(_G) do
                if not before[name] then print(name) end
            end
        ]] })
    end)

    it("leaves io, os, debug and package untouched", function()
        assert.are.same({ "", 0 }, { helper.child [[
            local libraries, before = {"io", "os", "debug", "string", "table", "math"}, {}
            for _, library in ipairs(libraries) do
                before[library] = {}
                for name, value in pairs(_G[library]) do before[library][name] = value end
            end
            require "emilua"
            require "emilua.ip"
            for _, library in ipairs(libraries) do
                for name, value in pairs(_G[library]) do
                    if before[library][name] ~= value then print(library, name) end
                end
            end
        ]] })
    end)

    it("works in an interpreter without the JIT", function()
        local output, status = helper.child([[
            local emilua = require "emilua"
            print(jit.status(), emilua.run(function()
                local f = emilua.spawn(function() emilua.this_fiber.yield() return "fine" end)
                require("emilua.time").sleep(0.001)
                return f:join()
            end))
        ]], { interpreter = "luajit -joff" })
        assert.are.equal(0, status, output)
        assert.is_truthy(output:find("^false.*fine\n$"), output)
    end)
end)

describe("an interpreter that is no supported LuaJIT", function()
    helper.install()

    it("gets one clear error that names what was found", function()
        local output, status = helper.child([[require "emilua"]], { interpreter = "lua5.1" })
        assert.are.equal(1, status, output)
        assert.is_truthy(output:find("Lua 5.1", 1, true), output)
        assert.is_truthy(output:find("LuaJIT", 1, true), output)
    end)

    it("also when a part is loaded first", function()
        local output, status = helper.child([[print(pcall(require, "emilua.time"))]], { interpreter = "lua5.1" })
        assert.are.equal(0, status, output)
        assert.is_truthy(output:find("^false"), output)
    end)
end)

describe("loading", function()
    helper.install()

    local SELF = [[
        local function lines(path, pattern)
            local found = {}
            for line in io.lines(path) do
                if line:find(pattern) then found[#found + 1] = line end
            end
            return table.concat(found, "\n")
        end
        local function list(what)
            local pid = io.open("/proc/self/stat"):read("*n")
            collectgarbage()
            local path = os.tmpname()
            os.execute("ls /proc/" .. pid .. "/" .. what .. " | wc -l > " .. path)
            local file = io.open(path)
            local n = file:read("*n")
            file:close()
            os.remove(path)
            return n
        end
        local function threads() return list "task" end
        local function descriptors() return list "fd" end
        local function signals() return lines("/proc/self/status", "^Sig[BIC]") end
        local function load_all()
            require "emilua"
            for _, name in ipairs {"time", "mutex", "future", "ip", "stream"} do require("emilua." .. name) end
        end
    ]]

    for _, what in ipairs { "threads", "descriptors", "signals" } do
        it("changes no " .. what, function()
            assert.are.same({ "same\n", 0 }, { helper.child(SELF .. "local what = " .. what .. [[

                what()
                local before = what()
                load_all()
                print(what() == before and "same" or before .. "\n" .. what())
            ]]) })
        end)
    end

    it("the first run starts no thread", function()
        assert.are.same({ "1\n", 0 }, { helper.child(SELF .. [[
            load_all()
            require("emilua").run(function() require("emilua.time").sleep(0.001) end)
            print(threads())
        ]]) })
    end)

    it("the first run sets SIGPIPE to ignored if it is at its default, and nothing else stays changed", function()
        assert.are.same({ "true\n", 0 }, { helper.child(SELF .. [[
            load_all()
            local function ignored(text)
                return tonumber(text:match("SigIgn:%s*%x*(%x%x%x%x%x%x%x%x)"), 16)
            end
            local before = signals()
            require("emilua").run(function() require("emilua.time").sleep(0.001) end)
            local after = signals()
            print(bit.tobit(ignored(after)) == bit.bor(ignored(before), 0x1000))
            assert(before:match("SigBlk:%s*(%x+)") == after:match("SigBlk:%s*(%x+)"))
            assert(before:match("SigCgt:%s*(%x+)") == after:match("SigCgt:%s*(%x+)"))
        ]], { before = "env --default-signal=PIPE" }) })
    end)

    it("ends quickly when the interpreter ends, run or not", function()
        for _, body in ipairs {
            "require 'emilua'",
            "require 'emilua'.run(function() end)",
            "require 'emilua'.run(function() require 'emilua.time'.sleep(0.001) end)",
            "local ip = require 'emilua.ip'; A = ip.tcp.acceptor.new(); A:open('v4')",
        } do
            assert.are.same({ "", 0 }, { helper.child(body, { timeout = 20 }) })
        end
    end)
end)

describe("require in a fiber", function()
    helper.install()

    -- Requires `name` of a directory with `files` in the main fiber, or by `body`.
    local function with_modules(files, body)
        local path, remove = directory(files)
        local saved = package.path
        package.path = path .. "/?.lua;" .. saved
        local results = helper.pack(pcall(helper.run, body))
        package.path = saved
        for name in pairs(files) do
            package.loaded[name:match("^[^.]+")] = nil
        end
        remove()
        if not results[1] then
            error(results[2], 0)
        end
        return helper.unpack(results, 2)
    end

    it("follows the stock rules: path, return value, package.loaded, loaded once", function()
        with_modules({ ["spec_stock.lua"] = "SPEC_LOADS = (SPEC_LOADS or 0) + 1; return {name = ...}" }, function()
            local module = require "spec_stock"
            assert.are.equal("spec_stock", module.name)
            assert.is_true(rawequal(module, require "spec_stock"))
            assert.is_true(rawequal(module, package.loaded.spec_stock))
            assert.are.equal(1, SPEC_LOADS) -- luacheck: ignore
        end)
    end)

    it("a module body may suspend", function()
        with_modules({ ["spec_suspends.lua"] = [[
            local emilua = require "emilua"
            emilua.this_fiber.yield()
            require("emilua.time").sleep(0.001)
            local f = emilua.spawn(function() return "joined" end)
            return {value = f:join()}
        ]] }, function()
            local ran = false
            local f = spawn(function() ran = true end)
            assert.are.equal("joined", require("spec_suspends").value)
            assert.is_true(ran)
            f:join()
        end)
    end)

    it("nested module bodies may suspend", function()
        with_modules({
            ["spec_outer.lua"] = [[
                local inner = require "spec_inner"
                require("emilua.time").sleep(0)
                return {value = inner.value + 1}
            ]],
            ["spec_inner.lua"] = [[
                require("emilua").this_fiber.yield()
                return {value = 1}
            ]],
        }, function()
            assert.are.equal(2, require("spec_outer").value)
        end)
    end)

    it("is allowed in a spawned fiber (README decision 11), and in a coroutine", function()
        with_modules({
            ["spec_spawned.lua"] = [[require("emilua").this_fiber.yield() return 1]],
            ["spec_wrapped.lua"] = [[require("emilua").this_fiber.yield() return 2]],
        }, function()
            assert.are.equal(1, spawn(function() return (require "spec_spawned") end):join())
            assert.are.equal(2, coroutine.wrap(function() return (require "spec_wrapped") end)())
        end)
    end)

    it("re-raises the error of a body unchanged", function()
        with_modules({ ["spec_fails.lua"] = [[
            require("emilua").this_fiber.yield()
            error(package.loaded.spec_error)
        ]] }, function()
            package.loaded.spec_error = {}
            local ok, e = pcall(require, "spec_fails")
            assert.is_false(ok)
            assert.is_true(rawequal(package.loaded.spec_error, e))
            package.loaded.spec_error = nil
        end)
    end)

    it("can retry a module whose load failed", function()
        with_modules({ ["spec_retry.lua"] = [[
            SPEC_TRIES = (SPEC_TRIES or 0) + 1
            if SPEC_TRIES == 1 then error("first") end
            return SPEC_TRIES
        ]] }, function()
            assert.is_false((pcall(require, "spec_retry")))
            assert.are.equal(2, (require "spec_retry"))
        end)
    end)

    it("a missing module and a syntax error have the stock messages", function()
        with_modules({ ["spec_syntax.lua"] = "return return" }, function()
            local _, e = pcall(require, "spec_missing")
            assert.is_truthy(e:find("module 'spec_missing' not found:", 1, true), e)
            assert.is_truthy(e:find("no file '", 1, true), e)
            _, e = pcall(require, "spec_syntax")
            assert.is_truthy(e:find("error loading module 'spec_syntax' from file", 1, true), e)
        end)
    end)

    it("a module that requires itself while loading is an error, not a hang", function()
        with_modules({ ["spec_cycle.lua"] = [[return require "spec_cycle"]] }, function()
            local ok, e = pcall(require, "spec_cycle")
            assert.is_false(ok)
            assert.is_truthy(tostring(e):find("loop or previous error loading module", 1, true), tostring(e))
        end)
    end)

    it("honours package.preload and package.loaders", function()
        package.preload.spec_preload = function(name)
            this_fiber.yield()
            return { name = name }
        end
        helper.run(function()
            assert.are.equal("spec_preload", require("spec_preload").name)
        end)
        package.preload.spec_preload, package.loaded.spec_preload = nil, nil
        local function loader(name)
            if name == "spec_loader" then
                return function()
                    time.sleep(0)
                    return "from a loader"
                end
            end
        end
        table.insert(package.loaders, loader)
        helper.run(function()
            assert.are.equal("from a loader", (require "spec_loader"))
        end)
        package.loaders[#package.loaders] = nil
        package.loaded.spec_loader = nil
    end)

    it("a body without a return value gives true", function()
        with_modules({ ["spec_true.lua"] = "local x = 1" }, function()
            assert.is_true((require "spec_true"))
        end)
    end)

    it("a non-string is the stock arg error", helper.fiber(function()
        helper.argument_error(function() require() end, 1)
        helper.argument_error(function() require({}) end, 1)
    end))

    it("is no interruption point", helper.fiber(function()
        local f
        f = spawn(function()
            f:interrupt()
            require "emilua.time"
            return "reached"
        end)
        assert.are.equal("reached", f:join())
    end))
end)

describe("dofile and loadfile in a fiber", function()
    helper.install()

    local TEXT = [[
        require("emilua").this_fiber.yield()
        require("emilua.time").sleep(0)
        return "first", nil, ...
    ]]

    it("the chunk of dofile may suspend; its values come in exact number", function()
        local path, remove = directory { ["chunk.lua"] = TEXT }
        helper.run(function()
            local ran = false
            local f = spawn(function() ran = true end)
            assert.are.same({ n = 2, "first", nil }, helper.pack(dofile(path .. "/chunk.lua")))
            assert.is_true(ran)
            f:join()
        end)
        remove()
    end)

    it("the chunk of loadfile may suspend", function()
        local path, remove = directory { ["chunk.lua"] = TEXT }
        helper.run(function()
            local chunk = assert(loadfile(path .. "/chunk.lua"))
            assert.are.same({ n = 4, "first", nil, "x", nil }, helper.pack(chunk("x", nil)))
        end)
        remove()
    end)

    it("errors are those of stock", function()
        local path, remove = directory { ["syntax.lua"] = "return return", ["fails.lua"] = "error('tag', 0)" }
        helper.run(function()
            local chunk, e = loadfile(path .. "/syntax.lua")
            assert.is_nil(chunk)
            assert.is_truthy(e:find("syntax.lua:1:", 1, true), e)
            assert.is_nil((loadfile(path .. "/missing.lua")))
            assert.is_false((pcall(dofile, path .. "/syntax.lua")))
            assert.is_false((pcall(dofile, path .. "/missing.lua")))
            local _, tag = pcall(dofile, path .. "/fails.lua")
            assert.are.equal("tag", tag)
        end)
        remove()
    end)

    it("work outside a run", function()
        local path, remove = directory { ["chunk.lua"] = "return 1, nil, ..." }
        assert.are.same({ n = 2, 1, nil }, helper.pack(dofile(path .. "/chunk.lua")))
        assert.are.same({ n = 3, 1, nil, "x" }, helper.pack(loadfile(path .. "/chunk.lua")("x")))
        remove()
    end)
end)
