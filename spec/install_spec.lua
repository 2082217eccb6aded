-- Installs the rock as users do, from a clean copy of the sources, and runs the example from where it was installed.

local docs = require "spec.docs_helper"
local helper = require "spec.helper"

local quote = helper.quote
-- The same path every time, so that cargo recognises what it has built there.
local work = helper.root .. "build/install"
local luarocks = "luarocks --lua-version=5.1 --tree " .. quote(work .. "/tree") .. " "
local rock = work .. "/tree/lib/luarocks/rocks-5.1/emilua/"

local function run(command)
    local output, status = helper.shell("cd " .. quote(helper.root) .. " && " .. command)
    assert(status == 0, command .. "\n" .. output)
    return output
end

local function exists(path)
    local file = io.open(path)
    return file ~= nil and file:close()
end

-- What git would hand out; without git, what is there.
local SOURCES = "if git rev-parse --git-dir; then git ls-files -co --exclude-standard; " ..
    "else find . -type f -not -path './target/*' -not -path './build/*' -not -name '*.so'; fi 2>/dev/null"

-- A copy of what is built: installing takes no download then, and cannot disturb the project's own target folder.
local TARGET = os.getenv("CARGO_TARGET_DIR") or "target"
local CARGO = "CARGO_NET_OFFLINE=true CARGO_TARGET_DIR=" .. quote(work .. "/target") .. " "

local function assert_installed(version)
    local root = rock .. version
    assert.is_true(exists(work .. "/tree/lib/lua/5.1/emilua.so"))
    assert.is_true(exists(work .. "/tree/lib/lua/5.1/libemilua_libc_service.so"))
    for _, name in ipairs { "doc/README.md", "doc/LICENSE", "doc/CHANGELOG.md", "doc/examples/echo_server.lua" } do
        assert(exists(root .. "/" .. name), name .. " is not installed")
    end
    for _, pair in ipairs { { "lua/meta", root .. "/meta" }, { "docs", root .. "/doc/docs" } } do
        run("diff -r " .. pair[1] .. " " .. quote(pair[2]))
    end
end

local function assert_runs(version)
    local output = run("LUA_PATH='' LUA_CPATH=" .. quote(work .. "/tree/lib/lua/5.1/?.so") .. " .ci/demo " ..
        quote(rock .. version .. "/doc/examples/echo_server.lua"))
    assert.matches("demo: passed\n", output, 1, true)
end

-- The launcher is the script itself, and finds the module from its own place.
local function assert_launches(version)
    run("cmp lua/bin/emilua " .. quote(work .. "/tree/bin/emilua"))
    local output = run("cd / && env -u LUA_PATH LUA_CPATH='' " .. quote(work .. "/tree/bin/emilua") .. " " ..
        quote(rock .. version .. "/doc/examples/program"))
    assert.matches("^hello, main\nhello, fiber\n", output)
    assert.is_true(exists(rock .. version .. "/man/man1/emilua.1"))
end

local function assert_removed(version)
    run(luarocks .. "remove emilua " .. version)
    assert.is_false(exists(work .. "/tree/lib/lua/5.1/emilua.so"))
    assert.is_false(exists(work .. "/tree/lib/lua/5.1/libemilua_libc_service.so"))
    assert.is_false(exists(work .. "/tree/bin/emilua"))
    assert.is_false(exists(rock .. version .. "/doc/README.md"))
end

-- Before the README's commands, in the clean copy: a `sudo` for machines without, LuaRocks' tree and make's root below
-- `work`, one file of specs for all (not the SPEC of a make that runs this), and OpenResty's interpreter from where it
-- is unpacked already.
local READER = [[
    set -e; unset MAKEFLAGS; sudo() { DESTDIR=$WORK/root "$@"; }
    export WORK=%s SPEC=spec/format_spec.lua LUAROCKS_CONFIG=$PWD/../luarocks.lua
    echo "rocks_trees = { { name = 'system', root = '$WORK/tree' } }" >$LUAROCKS_CONFIG
    mkdir -p ../my-project build; [ ! -e %s ] || ln -sfn %s build
]]

describe("luarocks", function()
    setup(function()
        run("rm -rf " .. quote(work))
        run("mkdir -p " .. quote(work .. "/target") .. " " .. quote(work .. "/emilua-0.1.0"))
        run("cp -a " .. quote(TARGET .. "/release") .. " " .. quote(work .. "/target/"))
        run("(" .. SOURCES .. ") | tar -cf - -T - --ignore-failed-read 2>/dev/null | tar -xf - -C " ..
            quote(work .. "/emilua-0.1.0"))
    end)

    teardown(function()
        run("rm -rf " .. quote(work))
    end)

    it("and make install the module, the definitions and the documents by the README's commands", function()
        local unpacked = quote(helper.root .. "build/luajit2")
        local commands = READER:format(quote(work), unpacked, unpacked)
        for _, block in ipairs(docs.blocks "README.md") do
            if block.info == "sh install" then commands = commands .. block.text end
        end
        local output = run("cd " .. quote(work .. "/emilua-0.1.0") .. " && export " .. CARGO .. "&& " .. commands)
        assert.matches("demo: passed\n", output, 1, true)
        assert.matches("\n%d+ passed, 0 failed, 0 skipped\n", output)
        assert.is_true(exists(work .. "/my-project/emilua.so"))
        assert.is_true(exists(work .. "/root/usr/local/bin/emilua"))
        assert_installed("scm-1")
        assert_runs("scm-1")
        assert_launches("scm-1")
        assert_removed("scm-1")
    end)

    it("install builds a source rock whose source is a file:// archive", function()
        run("cd " .. quote(work) .. " && rm -f emilua-0.1.0/*.so && tar -czf emilua-0.1.0.tar.gz emilua-0.1.0")
        local file = assert(io.open(helper.root .. "rockspec/emilua-scm-1.rockspec"))
        local text = file:read("*a")
        file:close()
        local changes
        text, changes = text:gsub('version = "scm%-1"', 'version = "0.1.0-1"')
        assert.equal(1, changes)
        text, changes = text:gsub('url = "git[^"]*"', function()
            return string.format("url = %q", "file://" .. work .. "/emilua-0.1.0.tar.gz")
        end)
        assert.equal(1, changes)
        file = assert(io.open(work .. "/emilua-0.1.0-1.rockspec", "w"))
        file:write(text)
        file:close()

        run("cd " .. quote(work) .. " && " .. luarocks .. "pack emilua-0.1.0-1.rockspec")
        run("cd " .. quote(work) .. " && rm emilua-0.1.0.tar.gz && " .. CARGO .. luarocks ..
            "install emilua-0.1.0-1.src.rock")
        assert_installed("0.1.0-1")
        assert_runs("0.1.0-1")
        assert_launches("0.1.0-1")
        assert_removed("0.1.0-1")
    end)

    it("accepts the rockspec for its Rust build type", function()
        run("luarocks --lua-version=5.1 lint rockspec/rust-mlua/emilua-scm-1.rockspec")
    end)
end)

describe("make install", function()
    it("installs below PREFIX, inside DESTDIR", function()
        local root = os.tmpname()
        os.remove(root)
        run("make install PREFIX=/opt/emilua DESTDIR=" .. quote(root))
        for _, name in ipairs {
            "lib/lua/5.1/emilua.so", "lib/lua/5.1/libemilua_libc_service.so", "share/man/man1/emilua.1",
            "share/doc/emilua/README.md",
            "share/doc/emilua/examples/echo_server.lua",
        } do
            assert(exists(root .. "/opt/emilua/" .. name), name .. " is not installed")
        end
        local output = run("env LUA_CPATH='' " .. quote(root .. "/opt/emilua/bin/emilua") .. " examples/program")
        assert.matches("^hello, main\nhello, fiber\n", output)
        run("diff -r lua/meta " .. quote(root .. "/opt/emilua/share/emilua/meta"))
        run("diff -r docs " .. quote(root .. "/opt/emilua/share/doc/emilua/docs"))
        run("rm -r " .. quote(root))
    end)
end)
