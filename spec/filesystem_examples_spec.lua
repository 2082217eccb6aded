-- The examples that work on files, run as a user runs them.

local fs_helper = require "spec.fs_helper"
local helper = require "spec.helper"

local shell = fs_helper.shell

helper.install()
fs_helper.install()

local function example(name, arguments)
    return helper.shell(("cd %s && LUA_CPATH='./?.so;;' timeout 30 %s examples/%s.lua %s"):format(
        helper.quote(helper.root), helper.interpreter, name, arguments))
end

describe("examples/duplicates.lua", function()
    it("finds files of the same content", function()
        shell "mkdir -p a/b .git; echo same > 1; cp 1 a/2; cp 1 a/b/3; cp 1 .git/4; echo else > 5"
        shell ": > 6; : > 7; ln -s 1 8"
        assert.same({ "3 files of 5 bytes:\n  1\n  a/2\n  a/b/3\n", 0 }, { example("duplicates", fs_helper.directory) })
    end)

    it("finds none where there are none", function()
        shell "echo 1 > 1; echo 2 > 2"
        assert.same({ "", 0 }, { example("duplicates", fs_helper.directory) })
    end)
end)

describe("examples/watch_tree.lua", function()
    it("prints what happens", function()
        shell "mkdir a"
        local pipe = io.popen(("cd %s && LUA_CPATH='./?.so;;' timeout 30 %s examples/watch_tree.lua %s 2"):format(
            helper.quote(helper.root), helper.interpreter, fs_helper.directory))
        assert.equal("watching " .. fs_helper.directory, pipe:read "*l")
        shell "mkdir a/b; rmdir a/b"
        local text = pipe:read "*a"
        pipe:close()
        assert.truthy(text:find("create\ta/b\n", 1, true), text)
        assert.truthy(text:find("delete\ta/b\n", 1, true), text)
    end)
end)
