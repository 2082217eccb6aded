-- The other specs once more: without the JIT, with a JIT that compiles at once, with a collector that never rests, in
-- OpenResty's LuaJIT. memory_spec.lua runs some under memcheck.

local helper = require "spec.helper"
local environment = require "spec.environment"
local passes = require("spec.variant_helper").passes

local quote = helper.quote
local LUAJIT = helper.interpreter:match("^%S+")
local LUAJIT2 = "build/luajit2/luajit2"

-- These start programs of their own, or take long; the switches of fibers are in the others. So it is with files whose
-- names end in `examples`, `stress` or `programs`.
local APART = {
    bench = true, docs = true, environment = true, frame = true, hostile = true, install = true, memory = true,
    runner = true, variants = true,
}

local function is_apart(name)
    return APART[name] or name:find "examples$" or name:find "stress$" or name:find "programs$"
end

-- The specs of the fibers themselves, which all variants run.
local CORE = {}
for name in ([[
    builtins busted byte_span byte_span_metamethods byte_span_numbers byte_span_search condition_variable coroutine
    errors execution fiber fibers format future group interruption ip ip_address ip_tcp ip_tcp_acceptor
    ip_tcp_concurrency ip_tcp_options ip_tcp_socket launcher loading mutex pcall pinned program_modules program_pinned
    property rdf recursive_mutex regressions report run scope stream time time_timer timeout ]]):gmatch "%S+" do
    CORE[name] = true
end

-- The names of the spec files to run, without `_spec.lua`: the core, or all that do not stand apart.
local function specs(all)
    local names = {}
    for name in helper.shell("ls " .. quote(helper.root) .. "spec"):gmatch("([%w_]+)_spec%.lua\n") do
        if CORE[name] or all and not is_apart(name) then
            names[#names + 1] = name
        end
    end
    return names
end

-- `describe` of a variant: each core spec is an `it`.
local function variant(title, interpreter, settings, all)
    describe(title, function()
        for _, name in ipairs(specs(all)) do
            it(name .. "_spec.lua passes", function()
                passes(name, interpreter, settings)
            end)
        end
    end)
end

local function collecting(how)
    return ("EMILUA_SPEC_COLLECT=%s LUA_INIT=@%s"):format(how, quote(helper.root .. "spec/collecting.lua"))
end

describe("the variants", function()
    it("run the core specs", function()
        local known = {}
        for _, name in ipairs(specs(false)) do
            known[name] = true
        end
        for _, name in ipairs { "fiber", "interruption", "ip_tcp_socket", "scope", "stream", "time_timer" } do
            assert.is_true(known[name], name)
        end
    end)

    it("run them in the interpreter that they name", function()
        for interpreter, expected in pairs {
            [LUAJIT .. " -joff"] = "false\n",
            [LUAJIT .. " -jon"] = "true\n",
        } do
            assert.are.equal(expected, (helper.child("print((jit.status()))", { interpreter = interpreter })))
        end
    end)

    it("collect at each switch of fibers", function()
        local output, status = helper.child([[
            local count, collect = 0, collectgarbage
            function collectgarbage(what, ...)
                if what == "step" then count = count + 1 end
                return collect(what, ...)
            end
            dofile("spec/collecting.lua")
            local emilua = require "emilua"
            emilua.run(function() for _ = 1, 10 do emilua.this_fiber.yield() end end)
            print(count >= 20)
        ]])
        assert.are.same({ "true\n", 0 }, { output, status })
    end)
end)

variant("luajit -joff", LUAJIT .. " -joff", nil, true)
variant("luajit -jon, traces of every loop", LUAJIT .. " -jon -Ohotloop=1 -Ohotexit=1")
variant("a step of the collector at each switch", LUAJIT .. " -jon", collecting("step"))
variant("whole collections between switches, without the JIT", LUAJIT .. " -joff", collecting("full"))

describe("OpenResty's luajit2", function()
    for _, name in ipairs {
        "byte_span", "coroutine", "fiber", "interruption", "ip_tcp_concurrency", "loading", "report", "run", "scope",
        "stream", "time_timer",
    } do
        it(name .. "_spec.lua passes", function()
            environment.need("luajit2", function()
                return select(2, helper.shell("test -x " .. quote(helper.root .. LUAJIT2))) == 0
            end)
            passes(name, LUAJIT2)
        end)
    end
end)
