-- Core §17 and §4: the command `emilua`.

local helper = require "spec.helper"
local programs = require "spec.program_helper"

local launch = programs.launch

local HINT = "--main-context-concurrency-hint"

describe("§17.1 the command line", function()
    local root

    setup(function()
        root = programs.tree {
            ["app.lua"] = "print(_CONTEXT, _FILE)",
            ["package/init.lua"] = "print(require('./part').name, _FILE)", ["package/part.lua"] = "name = 'part'",
            ["bad.lua"] = "local = 1", ["empty/x"] = "",
        }
    end)

    teardown(programs.clean)

    local function check(expected, status, ...)
        local output, code = launch({ ... }, { directory = root })
        assert.same({ expected, status }, { output, code })
    end

    it("SCRIPT is the entry; made absolute", function()
        check("main\t" .. root .. "/app.lua\n", 0, root .. "/app.lua")
        check("main\t" .. root .. "/app.lua\n", 0, "app.lua")
        check("main\t" .. root .. "/app.lua\n", 0, "./app.lua")
        check("main\t" .. root .. "/app.lua\n", 0, ".//././app.lua")
        check("main\t" .. root .. "/package/../app.lua\n", 0, "package/../app.lua")
    end)

    it("a directory means its init.lua", function()
        check("part\t" .. root .. "/package/init.lua\n", 0, "package")
        check("part\t" .. root .. "/package/init.lua\n", 0, "package/")
    end)

    it("-h, --help: usage on stdout, status 0", function()
        for _, option in ipairs { "-h", "--help" } do
            local output, status = launch({ option }, { after = "2>/dev/null" })
            assert.matches("^Usage: emilua %[OPTION%]%.%.%. SCRIPT %[%-%- ARG%.%.%.%]\n", output)
            assert.equal(0, status)
            for _, word in ipairs { "--test", "--version", HINT, "EMILUA_PATH", "EMILUA_COLORS" } do
                assert.truthy(output:find(word, 1, true), word)
            end
        end
    end)

    it("--version: three lines on stdout, status 0", function()
        local output, status = launch({ "--version" }, { after = "2>/dev/null" })
        assert.matches("^Emilua %d+%.%d+%.%d+\nLuaJIT 2%.%S*\nTokio %d+%.%d+%.%d+\n$", output)
        assert.equal(0, status)
    end)

    it("--test: _CONTEXT is test", function()
        check("test\t" .. root .. "/app.lua\n", 0, "--test", "app.lua")
        check("test\t" .. root .. "/app.lua\n", 0, "app.lua", "--test")
    end)

    it("the hint: every value, both spellings", function()
        for _, value in ipairs { "0", "1", "unsafe-io", "unsafe", "safe" } do
            check("main\t" .. root .. "/app.lua\n", 0, HINT, value, "app.lua")
            check("main\t" .. root .. "/app.lua\n", 0, HINT .. "=" .. value, "app.lua")
        end
    end)

    it("--: end of options; what follows is the program's", function()
        check("main\t" .. root .. "/app.lua\n", 0, "app.lua", "--", "--test", "-x", "other.lua", "-")
        check("main\t" .. root .. "/app.lua\n", 0, "app.lua", "--")
    end)

    it("no script", function()
        check("missing filename\n", 2)
        check("missing filename\n", 2, "--test")
        check("missing filename\n", 2, "--", "app.lua")
    end)

    it("a second script before --", function()
        check("emilua doesn't support more than one input file\n", 2, "app.lua", "app.lua")
        check("emilua doesn't support more than one input file\n", 2, "app.lua", "", "--")
    end)

    it("- as script", function()
        check("stdin not supported as input file\n", 2, "-")
        check("stdin not supported as input file\n", 2, "app.lua", "-")
    end)

    it("an unknown option, as it was given", function()
        check("bad short option: -x\n", 2, "-x", "app.lua")
        check("bad short option: -hx\n", 2, "-hx")
        check("bad long option: --xyz\n", 2, "--xyz", "app.lua")
        check("bad long option: --xyz=1\n", 2, "app.lua", "--xyz=1")
        check("bad long option: --tests\n", 2, "app.lua", "--tests")
    end)

    it("a bad or missing hint", function()
        check("value `2` not supported for option `" .. HINT .. "`\n", 2, HINT, "2", "app.lua")
        check("value `` not supported for option `" .. HINT .. "`\n", 2, HINT .. "=", "app.lua")
        check("value `app.lua` not supported for option `" .. HINT .. "`\n", 2, HINT, "app.lua")
        check("missing value for option `" .. HINT .. "`\n", 2, "app.lua", HINT)
        check("missing value for option `" .. HINT .. "`\n", 2, "app.lua", HINT, "--")
    end)

    it("mistakes are told on stderr", function()
        local output = launch({}, { after = "2>/dev/null" })
        assert.equal("", output)
    end)

    it("an unreadable script: status 1", function()
        check("Error starting the lua VM: No such file or directory: " .. root .. "/none.lua\n", 1, "none.lua")
        check("Error starting the lua VM: No such file or directory: " .. root .. "/bad.lua/x\n", 1, "bad.lua/x")
        -- A directory without init.lua.
        check("Error starting the lua VM: No such file or directory: " .. root .. "/empty/init.lua\n", 1, "empty")
    end)

    it("a syntax error: status 1", function()
        check("Error starting the lua VM: " .. root .. "/bad.lua:1: '<name>' expected near '='\n", 1, "bad.lua")
    end)
end)

describe("§17.1 at start", function()
    after_each(programs.clean)

    it("the signal mask is emptied and dispositions are reset", function()
        local root = programs.tree {
            ["app.lua"] = [[
                local ffi = require "ffi"
                ffi.cdef "int raise(int);"
                print "before"
                ffi.C.raise(15)
                print "after"
            ]],
            -- Ignores SIGTERM and SIGUSR1 and blocks SIGTERM, then starts the program.
            ["start.lua"] = [[
                local ffi = require "ffi"
                ffi.cdef "void *signal(int, void *); int sigprocmask(int, const void *, void *);"
                ffi.cdef "int execvp(const char *, const char *const *);"
                ffi.C.signal(15, ffi.cast("void *", 1))
                ffi.C.signal(10, ffi.cast("void *", 1))
                local set = ffi.new("uint64_t[16]")
                set[0] = 2^14
                ffi.C.sigprocmask(0, set, nil)
                local words = ffi.new("const char *[4]", { arg[1], arg[2], arg[3] })
                ffi.C.execvp(arg[1], words)
            ]],
        }
        local words = { root .. "/start.lua", "luajit", helper.root .. "lua/bin/emilua", root .. "/app.lua" }
        -- The shell would say on its own error stream how the program ended.
        local _, status = launch(words, { launcher = "luajit", after = "</dev/null; exit $?" })
        assert.equal(128 + 15, status)
    end)

    it("a locale that cannot be set: a warning", function()
        local output, status = programs.run({ ["app.lua"] = "print 'runs'" }, { env = { LC_ALL = "xx_XX.UTF-8" } })
        assert.matches("^<4>Failed to set the native locale: [^\n]+\nruns\n$", output)
        assert.equal(0, status)
    end)

    it("finds emilua.so from its own real path, through links and without package.cpath", function()
        local root = programs.tree { ["app.lua"] = "print 'runs'" }
        local output = helper.shell(("cd %s && ln -s %s em && LUA_CPATH='' LUA_PATH='' ./em app.lua"):format(
            helper.quote(root), helper.quote(helper.root .. "lua/bin/emilua")))
        assert.equal("runs\n", output)
    end)

    it("finds it by package.cpath when it is not near", function()
        local root = programs.tree { ["app.lua"] = "print 'runs'" }
        local output = helper.shell(("cd %s && mkdir bin && cp %s bin/ && LUA_CPATH=%s bin/emilua app.lua"):format(
            helper.quote(root), helper.quote(helper.root .. "lua/bin/emilua"), helper.quote(helper.root .. "?.so")))
        assert.equal("runs\n", output)
    end)

    it("searches PREFIX/lib/emilua-MAJOR.MINOR for modules, after EMILUA_PATH", function()
        local root = programs.tree {
            ["app.lua"] = "print(require('a')._FILE) print(require('b')._FILE)",
            ["lib/emilua-0.1/a.lua"] = "", ["lib/emilua-0.1/b.lua"] = "", ["path/b.lua"] = "",
        }
        local output = launch({ "app.lua" }, {
            directory = root, before = "mkdir bin && cp " .. helper.quote(helper.root .. "lua/bin/emilua") .. " bin &&",
            launcher = "bin/emilua", env = { EMILUA_PATH = "path", LUA_CPATH = helper.root .. "?.so" },
        })
        assert.equal(root .. "/lib/emilua-0.1/a.lua\n" .. root .. "/path/b.lua\n", output)
    end)

    it("the loop cannot start: says why, status 1", function()
        local root = programs.tree { ["app.lua"] = "print 'never'" }
        local output, status = launch({ root .. "/app.lua" }, {
            launcher = "sh -c 'ulimit -n 5; exec \"$@\"' sh " .. programs.launcher,
        })
        assert.same({ "emilua: Too many open files\n", 1 }, { output, status })
    end)

    it("without it: says where it looked, status 1", function()
        local root = programs.tree {}
        local output, status = helper.shell(("cd %s && mkdir bin && cp %s bin/ && LUA_CPATH='/none/?.so' bin/emilua a")
            :format(helper.quote(root), helper.quote(helper.root .. "lua/bin/emilua")))
        assert.matches("^emilua: emilua%.so not found:.*/none/emilua%.so", output)
        assert.equal(1, status)
    end)
end)

describe("programs in unusual directories", function()
    after_each(programs.clean)

    for _, name in ipairs { "with space", "Größe ünd 名前", "quote'd \"name\"", "per%cent [x] (y).-+*?^$", "a.lua" } do
        it(("%q"):format(name), function()
            local files = {
                ["app.lua"] = "print(_FILE, require('./module').name, require('ext')._FILE)",
                ["module/init.lua"] = "name = require('/other').name",
                ["other.lua"] = "name = 'other'",
                ["search path/ext.lua"] = "",
            }
            local output, status = programs.run(files, { name = name, env = { EMILUA_PATH = "DIR/search path" } })
            assert.same({ "DIR/app.lua\tother\tDIR/search path/ext.lua\n", 0 }, { output, status })
        end)
    end

    it("a script with spaces and non-ASCII letters in its name", function()
        local output = programs.run({ ["mein prögramm"] = "print(_FILE)" }, { script = "mein prögramm" })
        assert.equal("DIR/mein prögramm\n", output)
    end)

    it("a relative script in a directory that is a link", function()
        local root = programs.tree { ["real/app.lua"] = "require './m'", ["real/m.lua"] = "print(_FILE)" }
        local output = launch({ "link/app.lua" }, { directory = root, before = "ln -s real link;" })
        assert.equal(root .. "/link/m.lua\n", output)
    end)
end)

describe("§17.2 EMILUA_COLORS", function()
    after_each(programs.clean)

    local PANIC = "\27%[31;1mMain fiber from VM 0x%x+ panicked: '\27%[4mtag\27%[24m'\27%[22;39m\n" ..
        "\27%[2mstack traceback:\n.*\27%[22m\n$"

    local function panic(env, in_terminal)
        local root = programs.tree { ["app.lua"] = "error('tag', 0)" }
        if not in_terminal then return (launch({ root .. "/app.lua" }, { env = env })) end
        local output = launch({ "-qec", programs.launcher .. " " .. root .. "/app.lua", "/dev/null" },
            { env = env, launcher = "script" })
        return (output:gsub("\r", ""))
    end

    it("1 forces colour", function() assert.matches("^" .. PANIC, panic { EMILUA_COLORS = "1" }) end)

    it("0, empty and unset: none on what is no terminal", function()
        for _, env in ipairs { { EMILUA_COLORS = "0" }, { EMILUA_COLORS = "" }, {} } do
            assert.matches("^Main fiber from VM 0x%x+ panicked: 'tag'\nstack traceback:\n", panic(env))
        end
    end)

    it("other text: a warning, then auto", function()
        assert.matches("^<4>Ignoring unrecognized value for EMILUA_COLORS\nMain fiber from VM",
            panic { EMILUA_COLORS = "yes" })
    end)

    it("the warning is not printed when the level is below 4", function()
        assert.matches("^Main fiber from VM", panic { EMILUA_COLORS = "yes", EMILUA_LOG_LEVELS = "3" })
    end)

    -- Entries of our own: which ones a machine has is its own affair.
    local function entry(colours)
        local numbers = {}
        for i = 1, 15 do numbers[i] = i == 14 and string.char(colours, 0) or "\255\255" end
        return "\26\1" .. "\5\0" .. "\1\0" .. "\15\0" .. "\0\0" .. "\0\0" .. "test\0" .. "\0" .. table.concat(numbers)
    end

    local function terminal(name, colours)
        local root = programs.tree { ["t/plain"] = entry(0), ["t/test"] = entry(colours or 8) }
        return panic({ TERM = name, TERMINFO = root }, true)
    end

    it("auto on a terminal: if its terminfo entry has colours", function()
        assert.matches(PANIC, terminal "test")
        assert.matches("^Main fiber from VM", terminal "plain")
        assert.matches("^Main fiber from VM", terminal "no-such-terminal")
        assert.matches("^Main fiber from VM", terminal "")
    end)

    it("only stderr is coloured", function()
        local output = programs.run({ ["app.lua"] = "print 'text'" }, { env = { EMILUA_COLORS = "1" } })
        assert.equal("text\n", output)
    end)

    it("a warning with colour", function()
        local output = programs.run({ ["app.lua"] = "" }, { env = { EMILUA_COLORS = "1", LC_ALL = "xx_XX" } })
        assert.matches("^<4>\27%[93;1mFailed to set the native locale: [^\n]+\27%[22;39m\n$", output)
    end)
end)

describe("§17.3 EMILUA_LOG_LEVELS", function()
    after_each(programs.clean)

    local function output(levels)
        return (programs.run({ ["app.lua"] = "error('tag', 0)" }, { env = { EMILUA_LOG_LEVELS = levels } }))
    end

    it("texts of §4.2 are silent below level 3", function()
        for _, levels in ipairs { "2", "0", "emilua:2", "2,other:7", "other:7,emilua:0" } do
            assert.equal("", output(levels), levels)
        end
        for _, levels in ipairs { "3", "4", "7", "emilua:3", "other:0", "" } do
            assert.matches("^Main fiber from VM", output(levels), 1, false)
        end
    end)
end)

describe("§4.4 the exit status", function()
    after_each(programs.clean)

    local function status(app, env)
        local _, code = programs.run({ ["app.lua"] = app }, { env = env })
        return code
    end

    it("0 when the program ends, also with failing secondary fibers and deadlocks", function()
        assert.equal(0, status "")
        assert.equal(0, status "spawn(function() error 'x' end):detach()")
        assert.equal(0, status "local m = require('mutex').new() m:lock() m:lock()")
    end)

    it("1 after a main panic or a failing cleanup handler", function()
        assert.equal(1, status "error 'x'")
        assert.equal(1, status "scope_cleanup_push(function() error 'x' end)")
        assert.equal(1, status "spawn(function() scope(function() scope_cleanup_push(error) end) end)")
    end)

    it("0 then with EMILUA_COMPAT=0.6", function()
        assert.equal(0, status("error 'x'", { EMILUA_COMPAT = "0.6" }))
        assert.equal(0, status("scope_cleanup_push(function() error 'x' end)", { EMILUA_COMPAT = "0.6" }))
        assert.equal(1, status("error 'x'", { EMILUA_COMPAT = "1" }))
    end)
end)

describe("§4.1, §4.3 the end of a program", function()
    after_each(programs.clean)

    local function check(expected, app)
        local output = programs.run { ["app.lua"] = app }
        assert.equal(expected, helper.normalise(output))
    end

    it("a failing main fiber: its report, even for an interruption; others are dropped, no deadlock notice", function()
        check("main\nMain fiber from VM ADDR panicked: 'Fiber interrupted'\n", [[
            local time, m = require "time", require("mutex").new()
            spawn(function() scope_cleanup_push(function() print "never" end) time.sleep(60) end):detach()
            m:lock()
            spawn(function() m:lock() end):detach()
            this_fiber.yield()
            local e, h
            h = spawn(function()
                local _
                _, e = pcall(function()
                    h:interrupt()
                    this_fiber.yield()
                end)
            end)
            h:join()
            print "main"
            error(e)
        ]])
    end)

    it("reports of failed fibers with live handles follow main's", function()
        check("Main fiber from VM ADDR panicked: 'main'\nFiber ADDR panicked: 'one'\nFiber ADDR panicked: 'two'\n", [[
            collectgarbage "stop"
            F = spawn(function() error("one", 0) end)
            G = spawn(function() error("two", 0) end)
            this_fiber.yield()
            error("main", 0)
        ]])
    end)

    it("main's root handlers run, then its report", function()
        check("handler\nMain fiber from VM ADDR panicked: 'tag'\n", [[
            scope_cleanup_push(function() print "handler" end)
            error("tag", 0)
        ]])
    end)

    it("a failing cleanup handler: its line, no other", function()
        check("VM ADDR forcibly closed due to error raised on cleanup handler from coroutine ADDR\n", [[
            local m = require("mutex").new()
            m:lock()
            spawn(function() m:lock() end):detach()
            this_fiber.yield()
            scope(function() scope_cleanup_push(function() error "x" end) end)
            print "never"
        ]])
    end)

    it("main waiting for ever: the notice", function()
        local header = "Possible deadlock(s) detected during VM ADDR shutdown:\n"
        check(header .. "\tNo scheduled fibers remaining to unlock mutex ADDR\n",
            "local m = require('mutex').new() m:lock() m:lock() print 'never'")
        check(header .. "\tUnderlying promise for future ADDR is broken\n",
            "P, F = require('future').new() F:get() print 'never'")
    end)

    it("main waiting for what has no notice: nothing", function()
        check("", "local m, c = require('mutex').new(), require('condition_variable').new() " ..
            "m:lock() c:wait(m) print 'never'")
    end)

    it("the VM goes on until no fiber is ready and no operation pending", function()
        check("main\nlate\n", [[
            local time = require "time"
            spawn(function()
                time.sleep(0.01)
                print "late"
            end)
            print "main"
        ]])
    end)

    it("the main fiber's id is the VM's address", function()
        local output = programs.run { ["app.lua"] = "print(this_fiber.id) error('tag', 0)" }
        local id, address = output:match "^(0x%x+)\nMain fiber from VM (0x%x+) panicked"
        assert.truthy(id)
        assert.equal(id, address)
    end)

    it("the traceback is the user's frames", function()
        local output = programs.run { ["app.lua"] = "local function f()\n    error 'tag'\nend\nf()\n" }
        assert.equal("Main fiber from VM ADDR panicked: 'DIR/app.lua:2: tag'\nstack traceback:\n" ..
            "\tDIR/app.lua:2: in function 'f'\n\tDIR/app.lua:4: in main chunk\n", (output:gsub("0x%x+", "ADDR")))
    end)

    it("finalizers of the program run at the end", function()
        check("main\nfinal\n", [[
            local p = newproxy(true)
            getmetatable(p).__gc = function() print "final" end
            P = p
            print "main"
        ]])
    end)
end)

describe("README decision 27: SIGQUIT", function()
    local PROGRAM = [[
        local ffi = require "ffi"
        local time = require "time"
        ffi.cdef "int raise(int);"
        local sleeper = spawn(function() time.sleep(60) end, { name = "sleeper" })
        this_fiber.yield()
        for _ = 1, 2 do
            ffi.C.raise(3)
            time.sleep(0.05)
        end
        sleeper:cancel()
        print "goes on"
    ]]

    it("prints what every fiber does, each time, and the program goes on", function()
        local output = programs.run { ["app.lua"] = PROGRAM }
        local dumps = select(2, output:gsub("'sleeper' waits for sleep", ""))
        assert.equal(2, dumps, output)
        assert.truthy(output:find("goes on\n$"), output)
    end)
end)
