-- Core §14: the module system of programs.

local programs = require "spec.program_helper"

-- Prints how a require fails: category, code and field `module`.
local TRY = [[
local function try(id)
    local ok, e = pcall(require, id)
    if ok then return print("loaded", id) end
    if type(e) ~= "table" then return print(e) end
    print(tostring(e.category), e.code, tostring(e), e.module)
end
]]

local NOT_FOUND = "emilua.core\t2\tModule not found\t"
local BAD_NAME = "emilua.core\t1\tCannot have a module with this name\t"
local CYCLIC = "emilua.core\t4\tThe module you're trying to import has a dependency on the current module" ..
    " (and it is partially loaded already)\t"
local LEAF = "emilua.core\t5\tA leaf module cannot import child modules\tnil\n"
local PARENT = "emilua.core\t3\tThe root module doesn't have a parent and can't reference one\tnil\n"
local ONLY_MAIN = "You can only import modules from the main fiber"
local UNKNOWN = "emilua.core\t24\tGlobal _FILE is missing or invalid\tnil\n"

local function check(expected, files, opts)
    local output = programs.run(files, opts)
    assert.equal(expected, output)
end

describe("§14.1 require(id)", function()
    after_each(programs.clean)

    it("takes a string: a Lua argument error else", function()
        check("DIR/app.lua:1: bad argument #1 to 'require' (string expected, got table)\n", {
            ["app.lua"] = "local ok, e = pcall(function() require {} end) print(e)",
        })
    end)

    it("wants _FILE of a known module in the caller's environment", function()
        check(UNKNOWN .. UNKNOWN .. UNKNOWN .. UNKNOWN, {
            ["app.lua"] = TRY .. [[
                local function from(env)
                    local f = setfenv(function() local m = require "time" return m end, env)
                    local ok, e = pcall(f)
                    print(tostring(e.category), e.code, tostring(e), e.module)
                end
                from { require = require }
                from { require = require, _FILE = "/etc/passwd" }
                from { require = require, _FILE = 3 }
                _FILE = nil
                try "time"
            ]],
        })
    end)

    it("checks _FILE before the fiber, the fiber before the id", function()
        check("Global _FILE is missing or invalid\n" .. ONLY_MAIN .. "\n" .. ONLY_MAIN .. "\n", {
            ["app.lua"] = [[
                spawn(function()
                    local file = _FILE
                    _FILE = nil
                    print(select(2, pcall(require, "..")))
                    _FILE = file
                    print(select(2, pcall(require, "..")))
                    print(select(2, pcall(require, "time")))
                end):join()
            ]],
        })
    end)

    it("works in a user's coroutine of the main fiber, also when the body suspends", function()
        check("x\n1\n", {
            ["app.lua"] = [[
                spawn(function() print "x" end)
                print(coroutine.wrap(function() return require("./m").v end)())
            ]],
            ["m/init.lua"] = "this_fiber.yield() v = 1",
        })
    end)

    it("refuses ill formed ids", function()
        local ids = { "", ".", "..", "./", "../", "./a/b", ".//a", ".//aaa", ".a", "././a", "/", "//a", "/a/", "/a//b",
            "/a-b", "aaa-", "a/b", "1a", "a.", "a b", "./.././a", "/./a", "/../a" }
        local calls, lines = {}, {}
        for _, id in ipairs(ids) do
            calls[#calls + 1] = ("try %q"):format(id)
            lines[#lines + 1] = BAD_NAME .. id .. "\n"
        end
        check(table.concat(lines), { ["app.lua"] = TRY .. table.concat(calls, "\n") })
    end)

    it("takes the importer from the environment of the calling function, not from what is being loaded", function()
        check("app\napp\nlib\nlib\n", {
            ["app.lua"] = [[
                local lib = require "./lib"
                function load_from_app(r) local m = r "./which" return m.name end
                print(load_from_app(require))
                -- lib's own require, called by a function of the entry.
                local env = lib
                print((function() local m = env.require("./which") return m.name end)())
                print(lib.load())
                -- A tail call in lib, whose frame is gone.
                print(lib.tail().name)
            ]],
            ["which.lua"] = "name = 'app'",
            ["lib/init.lua"] = [[
                function load() local m = require "./which" return m.name end
                function tail() return require "./which" end
            ]],
            ["lib/which.lua"] = "name = 'lib'",
        })
    end)

    it("honours an environment that inherits a module's", function()
        check("m\n", {
            ["app.lua"] = [[
                local function f() local m = require "./m" return m.name end
                setfenv(f, setmetatable({}, { __index = _G }))
                print(f())
            ]],
            ["m.lua"] = "name = 'm'",
        })
    end)

    it("finds root ids in the importer's import root, across directories", function()
        check("deep\n", {
            ["app.lua"] = "print(require('./a').name)",
            ["a/init.lua"] = "name = require('./b').name",
            ["a/b.lua"] = "name = require('/x/y/z').name",
            ["x/y/z.lua"] = "name = 'deep'",
        })
    end)

    it("tries N.lua, N/init.lua and N.ttl in this order", function()
        local ttl = [[
            @prefix c: <https://schema.emilua.org/error_category/0/#>.
            <about:emilua-module> a <https://schema.emilua.org/error_category/0/>;
                c:error [ c:code 7; c:alias "x"; c:message "seven" ].
        ]]
        check("file\nfile\ndirectory\ndirectory\nrdf_error_category_module\nrdf_error_category_module\n", {
            ["app.lua"] = [[
                print(require("./one").name)
                print(require("/one").name)
                print(require("./two").name)
                print(require("/two").name)
                print(getmetatable(require("./three")))
                print(getmetatable(require("/three")))
            ]],
            ["one.lua"] = "name = 'file'", ["one/init.lua"] = "name = 'directory'", ["one.ttl"] = ttl,
            ["two/init.lua"] = "name = 'directory'", ["two.ttl"] = ttl,
            ["three.ttl"] = ttl,
        })
    end)

    it("raises module_not_found with the id", function()
        check(NOT_FOUND .. "./x\n" .. NOT_FOUND .. "/x/y\n" .. NOT_FOUND .. "nowhere_to_be_found\n" ..
            NOT_FOUND .. "io\n" .. NOT_FOUND .. "debug\n", {
            ["app.lua"] = TRY .. "try './x' try '/x/y' try 'nowhere_to_be_found' try 'io' try 'debug'",
        })
    end)

    it("raises ENOSYS for core names that this version has not, and shadows external packages", function()
        require "emilua"
        local present = {}
        for _, name in ipairs(debug.getregistry()["emilua.import"] "public") do present[name] = true end
        for _, name in ipairs{ "file", "inbox", "libc_service", "regex", "serial_port" } do
            if not present[name] then
                check("generic\t38\tFunction not implemented\tnil\n", {
                    ["app.lua"] = ("%s try '%s'"):format(TRY, name),
                    ["path/" .. name .. ".lua"] = "",
                }, { env = { EMILUA_PATH = "DIR/path" } })
            end
        end
        check("function\n", {
            ["app.lua"] = "print(type(require('time').sleep))",
            ["path/time.lua"] = "error 'never'",
        }, { env = { EMILUA_PATH = "DIR/path" } })
    end)
end)

describe("§14.2 relative ids", function()
    after_each(programs.clean)

    local function tries(expected, importer, files)
        files[importer] = TRY .. "try './x' try '../x' try '../../x'"
        check(expected, files)
    end

    it("of the entry script R/app.lua", function()
        tries("loaded\t./x\n" .. PARENT .. PARENT, "app.lua", { ["x.lua"] = "" })
    end)

    it("of a leaf R/foo.lua", function()
        tries(LEAF .. "loaded\t../x\n" .. PARENT, "foo.lua", { ["app.lua"] = "require './foo'", ["x.lua"] = "" })
    end)

    it("of R/foo/init.lua", function()
        tries("loaded\t./x\nloaded\t../x\n" .. PARENT, "foo/init.lua",
            { ["app.lua"] = "require './foo'", ["x.lua"] = "", ["foo/x.lua"] = "" })
    end)

    it("of a leaf R/foo/bar.lua", function()
        tries(LEAF .. "loaded\t../x\nloaded\t../../x\n", "foo/bar.lua",
            { ["app.lua"] = "require '/foo/bar'", ["x.lua"] = "", ["foo/x.lua"] = "" })
    end)

    it("may begin with ./ before the levels", function()
        check("loaded\t./../x\n", { ["app.lua"] = "require './foo'", ["foo/init.lua"] = TRY .. "try './../x'",
            ["x.lua"] = "" })
    end)

    it("a module of a search directory has that as import root and passes it on", function()
        check(PARENT .. "sibling\n", {
            ["app.lua"] = "require 'pkg'",
            ["sibling.lua"] = "error 'never'",
            ["path/pkg/init.lua"] = "require './sub'",
            ["path/pkg/sub.lua"] = TRY .. "try '../../../x' print(require('/sibling').name)",
            ["path/sibling.lua"] = "name = 'sibling'",
        }, { env = { EMILUA_PATH = "DIR/path" } })
    end)
end)

describe("§14.3 loading", function()
    after_each(programs.clean)

    it("a module is loaded once; two requires give the same value", function()
        check("body\ntrue\ttrue\n", {
            ["app.lua"] = [[
                local a = require "./m"
                print(a == require "./m", a == require "/m")
            ]],
            ["m.lua"] = "print 'body'",
        })
    end)

    it("the body runs in its own fiber while the importer waits and other fibers run", function()
        check("other\nstart\nend\nmain\n", {
            ["app.lua"] = "spawn(function() print 'other' end) require './m' print 'main'",
            ["m.lua"] = "print 'start' require('time').sleep(0.001) print 'end'",
        })
    end)

    it("is_main, id and local_ are the importer's", function()
        check("true\ttrue\ttrue\nset\n", {
            ["app.lua"] = [[
                this_fiber.local_.id = this_fiber.id
                require "./m"
                print(this_fiber.local_.by_module)
            ]],
            ["m.lua"] = [[
                print(this_fiber.is_main, this_fiber.id == this_fiber.local_.id, this_fiber.local_.id ~= nil)
                this_fiber.local_.by_module = "set"
            ]],
        })
    end)

    it("importers without storage share what the body makes", function()
        check("set\n", {
            ["app.lua"] = "require './m' print(this_fiber.local_.x)",
            ["m.lua"] = "this_fiber.local_.x = 'set'",
        })
    end)

    it("coroutine.yield in a body is reserved to the scheduler, running() is nil", function()
        check("nil\nThe fiber coroutine is reserved to the scheduler\n", {
            ["app.lua"] = "local ok, e = pcall(require, './m') print(e)",
            ["m.lua"] = "print(coroutine.running()) coroutine.yield()",
        })
    end)

    it("it has fresh globals: invisible to others, library tables shared", function()
        check("nil\nnil\ttrue\ttrue\n1\n", {
            ["app.lua"] = [[
                mine = 1
                local m = require "./m"
                print(theirs, m.strings == string, m._G ~= _G and m._G == m)
                print(mine)
            ]],
            ["m.lua"] = "print(mine) theirs = 2 mine = 2 strings = string",
        })
    end)

    it("_FILE is a filesystem.path, absolute; _CONTEXT is its own", function()
        check("filesystem.path\tDIR/app.lua\tmain\nfilesystem.path\tDIR/m.lua\t\n", {
            ["app.lua"] = "print(getmetatable(_FILE), _FILE, _CONTEXT) require './m'",
            ["m.lua"] = "print(getmetatable(_FILE), _FILE, _CONTEXT)",
        })
    end)

    it("load, loadstring and dofile compile with the module's globals, also in spawned fibers", function()
        check("nil\tm\tm\tm\tm\n", {
            ["app.lua"] = [[
                local m = require "./m"
                print(name, m.by_loadstring, m.by_load, m.by_fiber, m.by_coroutine)
            ]],
            ["m.lua"] = [[
                name = "m"
                loadstring("by_loadstring = name")()
                load(coroutine.wrap(function() coroutine.yield("by_load = name") end))()
                spawn(function() this_fiber.yield() loadstring("by_fiber = name")() end):join()
                coroutine.wrap(function() loadstring("by_coroutine = name")() end)()
            ]],
        })
    end)

    it("require returns the globals as they are when the body ends, builtins visible through them", function()
        check("late\ttrue\n", {
            ["app.lua"] = "local m = require './m' print(m.x, m.print == print)",
            ["m.lua"] = "x = 'early' this_fiber.yield() x = 'late'",
        })
    end)

    it("setfenv(0, t) makes t the export", function()
        check("1\tnil\n", {
            ["app.lua"] = "local m = require './m' print(m.only, m.print)",
            ["m.lua"] = "setfenv(0, { only = 1 })",
        })
    end)

    it("the value returned by the chunk is ignored", function()
        check("table\n", { ["app.lua"] = "print(type(require './m'))", ["m.lua"] = "return 7" })
    end)

    it("handlers of the body's root scope run before require returns", function()
        check("body\nhandler\nmain\n", {
            ["app.lua"] = "require './m' print 'main'",
            ["m.lua"] = "scope_cleanup_push(function() this_fiber.yield() print 'handler' end) print 'body'",
        })
    end)

    it("fibers that the body spawned live on", function()
        check("main\nfiber\n", {
            ["app.lua"] = "require './m' print 'main'",
            ["m.lua"] = "spawn(function() require_nothing = 1 this_fiber.yield() this_fiber.yield() print 'fiber' end)",
        })
    end)

    it("an error of the body is raised unchanged", function()
        check("true\tfalse\ttag\n", {
            ["app.lua"] = [[
                local ok, e = pcall(require, "./m")
                print(e.this == "value", pcall(require, "./n"))
            ]],
            ["m.lua"] = "error { this = 'value' }",
            ["n.lua"] = "error('tag', 0)",
        })
    end)

    it("a syntax error is the usual string", function()
        check("DIR/m.lua:2: '<name>' expected near '='\n", {
            ["app.lua"] = "local ok, e = pcall(require, './m') print(e)",
            ["m.lua"] = "local a\nlocal = 1",
        })
    end)

    it("an unreadable file gives the OS error; external ids add the module", function()
        -- A directory of that name: root may read any file.
        check("system\t21\tIs a directory\tnil\nsystem\t21\tIs a directory\text\n", {
            ["app.lua"] = TRY .. "try './m' try 'ext'",
            ["m.lua/x"] = "",
            ["path/ext.lua/x"] = "",
        }, { env = { EMILUA_PATH = "DIR/path" } })
    end)

    it("an empty file is an empty module, and a module may start with #!", function()
        check("loaded\t./empty\n1\n", {
            ["app.lua"] = "#!/usr/bin/env emilua\n" .. TRY .. "try './empty' print(require('./hash').x)",
            ["empty.lua"] = "",
            ["hash.lua"] = "#!/usr/bin/env emilua\nx = 1",
        })
    end)

    it("importing a module that is still being loaded is cyclic", function()
        check((CYCLIC .. "nil\n"):rep(4), {
            ["app.lua"] = TRY .. "require './m' try './app' try '/app'",
            ["m/init.lua"] = TRY .. "require './n'",
            ["m/n.lua"] = TRY .. "try '../../m' try '/m'",
        })
    end)

    it("an external module's cycle has the id", function()
        check(CYCLIC .. "b\n", {
            ["app.lua"] = "require 'b'",
            ["path/b.lua"] = TRY .. "try 'b'",
        }, { env = { EMILUA_PATH = "DIR/path" } })
    end)

    it("a failed module can be tried again", function()
        check("false\tfirst\ntrue\n", {
            ["app.lua"] = [[
                print(pcall(require, "./m"))
                this_fiber.local_.again = true
                print((pcall(require, "./m")))
            ]],
            ["m.lua"] = "if not this_fiber.local_.again then error('first', 0) end",
        })
    end)

    it("a module that has vanished since it was loaded keeps its value", function()
        check("true\n", {
            ["app.lua"] = "local m = require './m' m.remove() print(m == require './m')",
            ["m.lua"] = "local ffi = require 'ffi' ffi.cdef 'int unlink(const char *)'\n" ..
                "function remove() ffi.C.unlink(tostring(_FILE)) end",
        })
    end)
end)

describe("§14.4 EMILUA_PATH", function()
    after_each(programs.clean)

    it("is searched in order", function()
        check("one\ntwo\n", {
            ["app.lua"] = "print(require('a').name) print(require('b').name)",
            ["p1/a.lua"] = "name = 'one'",
            ["p2/a.lua"] = "name = 'never'", ["p2/b/init.lua"] = "name = 'two'",
        }, { env = { EMILUA_PATH = "DIR/p1:DIR/none::DIR/p2" } })
    end)

    it("is not used for relative and root ids", function()
        check(NOT_FOUND .. "./a\n" .. NOT_FOUND .. "/a\n", {
            ["app.lua"] = TRY .. "try './a' try '/a'",
            ["p/a.lua"] = "",
        }, { env = { EMILUA_PATH = "DIR/p" } })
    end)

    it("passes over files that fail as .ttl or plugin", function()
        check("two\n" .. NOT_FOUND .. "b\n", {
            ["app.lua"] = TRY .. "print(require('a').name) try 'b'",
            ["p1/a.ttl"] = "this is no turtle", ["p1/b.so"] = "nor a library",
            ["p2/a.lua"] = "name = 'two'",
        }, { env = { EMILUA_PATH = "DIR/p1:DIR/p2" } })
    end)

    it("loads native plugins by stock rules", function()
        local root = programs.tree {
            ["app.lua"] = "local m = require 'plug' print(m.answer, m == require 'plug')",
            ["plug.c"] = [[
                typedef struct lua_State lua_State;
                void lua_createtable(lua_State *, int, int);
                void lua_pushinteger(lua_State *, long);
                void lua_setfield(lua_State *, int, const char *);
                int luaopen_plug(lua_State *L)
                {
                    lua_createtable(L, 0, 1);
                    lua_pushinteger(L, 42);
                    lua_setfield(L, -2, "answer");
                    return 1;
                }
            ]],
        }
        local output = programs.launch({ "app.lua" }, {
            directory = root, before = "cc -shared -fPIC -o plug.so plug.c &&", env = { EMILUA_PATH = "." },
        })
        assert.equal("42\ttrue\n", output)
    end)

    it("rocks are found by package.path after it: stock globals, return value kept", function()
        check("rock\ttable\ttrue\tsub\nfalse\tDIR/rocks/bad.lua:1: tag\n", {
            ["app.lua"] = [[
                local m = require "rock"
                print(m.name, m.io, m == require "rock", require("rock.sub").name)
                print(pcall(require, "bad"))
            ]],
            ["rocks/rock.lua"] = [[
                this_fiber = this_fiber
                local sub = require "rock.sub"
                assert(sub.name == "sub" and package.loaded["rock.sub"] == sub)
                loadstring("rock_global = io")()
                require("emilua").this_fiber.yield()
                return { name = "rock", io = type(rock_global) }
            ]],
            ["rocks/rock/sub.lua"] = "return { name = 'sub' }",
            ["rocks/bad.lua"] = "error 'tag'",
        }, { env = { LUA_PATH = "DIR/rocks/?.lua;;" } })
    end)

    it("a rock's globals are not the program's", function()
        check("nil\tnil\n", {
            ["app.lua"] = "require 'rock' loadstring('here = 1')() print(rock_global, io)",
            ["rocks/rock.lua"] = "rock_global = io",
        }, { env = { LUA_PATH = "DIR/rocks/?.lua;;" } })
    end)
end)

describe("§14.4 _CONTEXT", function()
    after_each(programs.clean)

    local files = {
        ["app.lua"] = "print(_CONTEXT) require './a' require '/b' require 'c'",
        ["a/init.lua"] = "print(_CONTEXT) require './d'",
        ["a/d.lua"] = "print(_CONTEXT) require '/e'",
        ["b.lua"] = "print(_CONTEXT)", ["e.lua"] = "print(_CONTEXT)",
        ["p/c/init.lua"] = "print(_CONTEXT) require './f'", ["p/c/f.lua"] = "print(_CONTEXT)",
    }

    it("is main for the entry and empty for what is imported", function()
        check("main\n\n\n\n\n\n\n", files, { env = { EMILUA_PATH = "DIR/p" } })
    end)

    it("with --test is test for the entry and what test modules import by relative ids", function()
        check("test\ntest\ntest\n\n\n\n\n", files, { env = { EMILUA_PATH = "DIR/p" }, args = { "--test" } })
    end)
end)
