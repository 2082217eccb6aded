-- Which modules an actor in another process finds: source_tree_cache and native_modules_cache, actors §2.4.

local emilua = require "emilua"
local filesystem = require "emilua.filesystem"
local pipe = require "emilua.pipe"
local helper = require "spec.helper"
local programs = require "spec.program_helper"
local subprocess = require "spec.subprocess_helper"

local fiber, speaking = helper.fiber, subprocess.speaking

helper.install()
after_each(programs.clean)

-- What the actor in the cached file /app.lua prints.
local function cached(tree, subprocess_options)
    local read, write = pipe.pair()
    local options = { stdout = write:release(), source_tree_cache = tree }
    options.stderr = options.stdout
    for name, value in pairs(subprocess_options or {}) do options[name] = value end
    local channel = emilua.spawn_vm { module = filesystem.path.new("/app.lua"), subprocess = options }
    options.stdout:close()
    local output = subprocess.drain(read)
    channel:close()
    return output
end

-- A root in which there is nothing.
local function empty_root()
    local root = os.tmpname()
    os.remove(root)
    helper.shell("mkdir " .. root)
    return { script = ("C.chroot(%q) C.chdir('/')"):format(root) }, function() helper.shell("rmdir " .. root) end
end

describe("source_tree_cache", function()
    local TREE = {
        ["app.lua"] = [[
            package.path = "/?.lua;/?/init.lua"
            print(require("a"), require("b"), require("b.a"), require("b.c.a"), tostring(_FILE), _CONTEXT)
        ]],
        ["a.lua"] = "return 'top'",
        a = { ["init.lua"] = "return 'behind the file'" },
        b = { ["init.lua"] = "return 'init'", ["a.lua"] = "return 'deep'", c = { ["a.lua"] = "return 'deeper'" } },
    }
    local WANTED = "top\tinit\tdeep\tdeeper\t/app.lua\tworker\n"

    it("has sources at every depth", fiber(function() assert.equal(WANTED, cached(TREE)) end))

    it("needs no file system", fiber(function()
        local init, clean = empty_root()
        assert.equal(WANTED, cached(TREE, { init = init }))
        clean()
    end))

    it("is sought before the file system, and only it has what is not there", fiber(function()
        local root = programs.tree { ["a.lua"] = "return 'file a'", ["b.lua"] = "return 'file b'" }
        local tree = { ["a.lua"] = "return 'cached a'" }
        for name in root:reverse():gmatch("[^/]+") do tree = { [name:reverse()] = tree } end
        tree["app.lua"] = ([[
            package.path = %q .. "/?.lua"
            print(require "a", require "b", (pcall(require, "c")))
        ]]):format(root)
        assert.equal("cached a\tfile b\tfalse\n", cached(tree))
    end))

    it("goes a hundred levels deep, and takes large sources", fiber(function()
        local path = ("/d"):rep(100)
        local tree = { ["deep.lua"] = "return 'deep', [[" .. ("x"):rep(2 ^ 20) .. "]]" }
        for _ = 1, 100 do tree = { d = tree } end
        tree["app.lua"] = ("package.path = %q .. '/?.lua' print(require 'deep')"):format(path)
        assert.equal("deep\n", cached(tree))
    end))

    it("serves the actors in the child's process as well", fiber(function()
        local init, clean = empty_root()
        assert.equal("from the cache\n", cached({
            ["app.lua"] = [[
                local emilua, inbox = require "emilua", require "emilua.inbox"
                local other = emilua.spawn_vm "./other"
                other:send(inbox)
                print(emilua.timeout(20, inbox.receive, inbox))
            ]],
            ["other.lua"] = [[
                package.path = "/?.lua"
                require("emilua.inbox"):receive():send(require "text")
            ]],
            ["text.lua"] = "return 'from the cache'",
        }, { init = init }))
        clean()
    end))

    it("is not handed on to processes that the child makes", fiber(function()
        assert.equal("false\n", cached {
            ["app.lua"] = [[
                local emilua, inbox = require "emilua", require "emilua.inbox"
                local child = emilua.spawn_vm {
                    subprocess = {},
                    source = "package.path = '/?.lua' "
                        .. "require('emilua.inbox'):receive():send((pcall(require, 'secret')))",
                }
                child:send(inbox)
                print(emilua.timeout(20, inbox.receive, inbox))
            ]],
            ["secret.lua"] = "return 1",
        })
    end))

    it("has the module that was resolved in the parent, in a program", function()
        local app = [[
            local fs, inbox = require "filesystem", require "inbox"
            local root = tostring(fs.current_working_directory())
            local tree = {
                ["worker.lua"] = "local told = require('/lib').name .. ' ' .. tostring(_FILE) .. ' ' .. _CONTEXT "
                    .. "require('inbox'):receive():send(told)",
                lib = { ["init.lua"] = "name = require('./part').name", ["part.lua"] = "name = 'part'" },
            }
            for name in root:reverse():gmatch("[^/]+") do tree = { [name:reverse()] = tree } end
            local actor = spawn_vm {
                module = "./worker",
                subprocess = {
                    stdout = "share", stderr = "share", source_tree_cache = tree,
                    init = { script = "C.chroot('/proc/self/fdinfo') C.chdir('/')" },
                },
            }
            actor:send(inbox)
            print(inbox:receive())
        ]]
        local root = programs.tree { ["app.lua"] = app, ["worker.lua"] = "print 'the file'" }
        local wanted = ("part %s/worker.lua worker\n"):format(root)
        assert.equal(wanted, (programs.launch({ "app.lua" }, { directory = root })))
    end)
end)

describe("native_modules_cache", function()
    -- A C module NAME, which returns its name.
    local function plugin(name)
        return ([[
            typedef struct lua_State lua_State;
            void lua_pushstring(lua_State *, const char *);
            int luaopen_%s(lua_State *L) { lua_pushstring(L, "native %s"); return 1; }
        ]]):format(name, name)
    end

    local root
    before_each(function()
        root = programs.tree {
            ["plug.c"] = plugin "plug", ["other.c"] = plugin "other", ["sub/leaf.c"] = plugin "sub_leaf",
        }
        local output, status = helper.shell(
            ("cd %s && for i in plug other sub/leaf; do cc -shared -fPIC -o $i.so $i.c || exit; done"):format(root))
        assert.equal(0, status, output)
    end)

    -- What the names are to an actor in an empty root: their values, or false.
    local function found(names, cache)
        local cpath = package.cpath
        package.cpath = root .. "/?.so;" .. cpath
        local init, clean = empty_root()
        local ok, channel, output = pcall(speaking, ([[
            for name in (%q):gmatch "%%S+" do
                local ok, value = pcall(require, name)
                print(name, ok and value)
            end
        ]]):format(names), { init = init, native_modules_cache = cache })
        package.cpath = cpath
        local text = ok and output()
        clean()
        if not ok then error(channel, 0) end
        channel:close()
        return text
    end

    it("has the modules that an actor without a file system can load", fiber(function()
        assert.equal("plug\tfalse\nother\tfalse\n", found("plug other"))
        assert.equal("plug\tnative plug\nother\tfalse\n", found("plug other", { "plug" }))
        assert.equal("plug\tnative plug\nsub.leaf\tnative sub_leaf\n", found("plug sub.leaf", { "plug", "sub.leaf" }))
        assert.equal("plug\tfalse\n", found("plug", {}))
    end))

    it("takes all that lie beside one, and all at all", fiber(function()
        assert.equal("plug\tnative plug\nother\tnative other\nsub.leaf\tfalse\n",
            found("plug other sub.leaf", { "plug:" }))
        assert.equal("plug\tnative plug\nother\tnative other\n", found("plug other", "all"))
    end))

    it("serves the actors in the child's process, and goes on to children that are given it", fiber(function()
        local cpath = package.cpath
        package.cpath = root .. "/?.so;" .. cpath
        local channel, output = speaking([[
            local emilua, inbox = require "emilua", require "emilua.inbox"
            local source = "require('emilua.inbox'):receive():send(require 'plug')"
            local function say(opts)
                opts.source = source
                emilua.spawn_vm(opts):send(inbox)
                print(emilua.timeout(20, inbox.receive, inbox))
            end
            say {}
            say { subprocess = { native_modules_cache = { "plug" } } }
        ]], { native_modules_cache = { "other", "plug" } })
        package.cpath = cpath
        assert.equal("native plug\nnative plug\n", output())
        channel:close()
    end))

    it("raises module_not_found at spawn_vm for one that is not there", fiber(function()
        for _, id in ipairs { "none", "none:", "plug.none" } do
            helper.raises("emilua.core", "module_not_found", function()
                emilua.spawn_vm { source = "", subprocess = { native_modules_cache = { id } } }
            end, { module = id:gsub(":", "") })
        end
    end))

    it("refuses what is no list of strings", fiber(function()
        for _, value in ipairs { 1, "some", true, { 1 }, { "plug", {} } } do
            helper.EINVAL(function()
                emilua.spawn_vm { source = "", subprocess = { native_modules_cache = value } }
            end, "subprocess/native_modules_cache")
        end
    end))

    it("is the only external path of a program's child without EMILUA_PATH", function()
        local app = [[
            local inbox, system = require "inbox", require "system"
            local function try(cache, environment)
                local actor = spawn_vm {
                    module = "./worker",
                    subprocess = {
                        stderr = "share", native_modules_cache = cache, environment = environment,
                    },
                }
                actor:send(inbox)
                print(inbox:receive())
            end
            try()
            try { "plug" }
            try(nil, { EMILUA_PATH = system.environment.EMILUA_PATH })
            print(require "plug", pcall(try, { "none" }))
        ]]
        local worker = [[
            local inbox = require "inbox"
            local ok, value = pcall(require, "plug")
            inbox:receive():send(tostring(ok) .. " " .. tostring(value))
        ]]
        local directory = programs.tree { ["app.lua"] = app, ["worker.lua"] = worker }
        local output = programs.launch({ "app.lua" }, { directory = directory, env = { EMILUA_PATH = root } })
        assert.equal("false Module not found\ntrue native plug\ntrue native plug\n"
            .. "native plug\tfalse\tModule not found\n", output)
    end)
end)
