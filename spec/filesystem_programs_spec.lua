-- filesystem under the launcher, where `_FILE` is a path.

local programs = require "spec.program_helper"

local function check(expected, source)
    local output = programs.run { ["app.lua"] = source, ["data/part.lua"] = "file = _FILE" }
    assert.equal(expected, output)
end

describe("_FILE", function()
    after_each(programs.clean)

    it("is the path of the module", function()
        check("DIR/app.lua\tfilesystem.path\tDIR/data/part.lua\n",
            "print(_FILE, getmetatable(_FILE), require('/data/part').file)")
    end)

    it("can do at once what a path can, whichever comes first", function()
        for source, output in pairs {
            ["_FILE.parent_path"] = "DIR", ["_FILE.parent_path / 'data'"] = "DIR/data",
            ["_FILE .. '.bak'"] = "DIR/app.lua.bak",
            ["'x' / _FILE"] = "DIR/app.lua", ["'x' .. _FILE"] = "xDIR/app.lua", ["_FILE:to_generic()"] = "DIR/app.lua",
            ["_FILE == require('/data/part').file"] = "false", ["_FILE < require('/data/part').file"] = "true",
            ["_FILE <= require('/data/part').file"] = "true", ["require('filesystem').exists(_FILE)"] = "true",
            ["pcall(function() return _FILE.x end)"] = "false\tRequested key wasn't found in the table/userdata",
            ["pcall(function() _FILE.x = 1 end)"] = "false\tRequested key wasn't found in the table/userdata",
        } do
            check(output .. "\n", "print(" .. source .. ")")
        end
    end)
end)

describe("require 'filesystem'", function()
    after_each(programs.clean)

    it("gives the module", function()
        check("filesystem\ttrue\n", [[
            local filesystem = require "filesystem"
            print(getmetatable(filesystem), _FILE.parent_path == filesystem.canonical(_FILE.parent_path))
        ]])
    end)
end)
