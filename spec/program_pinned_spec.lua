-- Core §19 in program form: each program runs under the launcher.

local helper = require "spec.helper"
local programs = require "spec.program_helper"

local PRELUDE = [[
local condition_variable, future = require "condition_variable", require "future"
local mutex, recursive_mutex = require "mutex", require "recursive_mutex"
local time = require "time"
]]

local function failed(message) return "Main fiber from VM ADDR panicked: '" .. message .. "'\n" end

require "spec.pinned_cases" {
    output_of = function(body) return (helper.child(PRELUDE .. body, { interpreter = programs.launcher })) end,
    failed = failed,
    failed_handler = function() return "" end,
    stuck = function(line) return "Possible deadlock(s) detected during VM ADDR shutdown:\n\t" .. line .. "\n" end,
}

local function check(expected, files, opts)
    local output = programs.run(files, opts)
    assert.equal(expected, helper.normalise(output))
end

-- The same with the tracebacks.
local function check_trace(expected, files)
    local output = programs.run(files)
    assert.equal(expected, (output:gsub("0x%x+", "ADDR")))
end

describe("modules", function()
    after_each(programs.clean)

    it("32. texts of errors 1 to 6", function()
        check(failed "Cannot have a module with this name", { ["app.lua"] = "require './/aaa'" })
        check(failed "Cannot have a module with this name", { ["app.lua"] = "require 'aaa-'" })
        check(failed "Module not found", { ["app.lua"] = "require './foo'" })
        check(failed "The root module doesn't have a parent and can't reference one",
            { ["app.lua"] = "require '../foo'" })
        check(failed("The module you're trying to import has a dependency on the current module" ..
            " (and it is partially loaded already)"),
            { ["app.lua"] = "require './foo'", ["foo.lua"] = "require '../foo'" })
        check(failed "A leaf module cannot import child modules",
            { ["app.lua"] = "require './foo'", ["foo.lua"] = "require './x'" })
        check("Fiber ADDR panicked: 'You can only import modules from the main fiber'\n",
            { ["app.lua"] = "spawn(function() require './foo' end):detach()", ["foo.lua"] = "" })
    end)

    it("33. a read error on the module file; the traceback is the importer's", function()
        -- Reading the first page of this file is EIO.
        local output = programs.run({ ["app.lua"] = "\nrequire './foo'" },
            { before = "ln -s /proc/self/mem DIR/foo.lua;" })
        assert.equal("Main fiber from VM ADDR panicked: 'Input/output error'\nstack traceback:\n" ..
            "\tDIR/app.lua:2: in main chunk\n", (output:gsub("0x%x+", "ADDR")))
    end)

    it("33. a syntax error and an error of the body; the traceback is the importer's", function()
        check_trace("Main fiber from VM ADDR panicked: 'DIR/foo.lua:1: '<name>' expected near '=''\n" ..
            "stack traceback:\n\tDIR/app.lua:2: in main chunk\n",
            { ["app.lua"] = "\nrequire './foo'", ["foo.lua"] = "local = 1" })
        check_trace("Main fiber from VM ADDR panicked: 'tag'\nstack traceback:\n\tDIR/app.lua:2: in main chunk\n",
            { ["app.lua"] = "\nrequire './foo'", ["foo.lua"] = "error('tag', 0)" })
    end)

    it("34. the body runs once; globals are isolated both ways; setfenv(0, t); coroutine.wrap", function()
        check("once\nmain\t\t1\tnil\ttrue\n7\ntrue\n", {
            ["app.lua"] = [[
                mine = 1
                local foo = require "./foo"
                print(_CONTEXT, foo.context, mine, theirs, foo == require "./foo")
                print(require("./bar").seven)
                print(coroutine.wrap(function() return require "./foo" end)() == foo)
            ]],
            ["foo.lua"] = "print 'once' theirs = mine or 2 context = _CONTEXT mine = 3",
            ["bar.lua"] = "setfenv(0, { seven = 7 })",
        })
    end)

    it("34. is_main, id and local_ of a module body", function()
        check("true\ttrue\ttrue\n", {
            ["app.lua"] = "this_fiber.local_.id = this_fiber.id require './foo'",
            ["foo.lua"] = "local id = this_fiber.local_.id print(this_fiber.is_main, id ~= nil, id == this_fiber.id)",
        })
    end)

    it("35. init.lua, ./foo (directory), ./bar, /pkg/qux (root id)", function()
        check("init\nfoo\nbar\nqux\n", {
            ["init.lua"] = "print 'init' require './foo'",
            ["foo/init.lua"] = "print 'foo' require './bar'",
            ["foo/bar.lua"] = "print 'bar' require '/pkg/qux'",
            ["pkg/qux.lua"] = "print 'qux'",
        }, { script = "init.lua" })
    end)
end)
