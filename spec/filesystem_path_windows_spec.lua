-- The Windows form of paths, whose rules need no Windows.

local helper = require "spec.helper"

helper.install()

require "emilua"
local import = debug.getregistry()["emilua.import"]
local mt = import("core.errors").class "filesystem.path"
local function make(text) return setmetatable({ text }, mt) end
local grammar = import "filesystem.path.windows"
import "filesystem.path.class"(grammar, mt, make)
function mt.__tostring(self) return self[1] end

local function is_path(text, p) assert.equal(text, tostring(p)) end

local function components(p)
    local list = {}
    for part in p:iterator() do list[#list + 1] = part end
    return list
end

describe("a path of Windows", function()
    it("is decomposed", function()
        for _, row in ipairs {
            -- path, root_name, root_directory, relative_path, parent_path, filename, extension
            { [[C:\a\b.txt]], "C:", "\\", [[a\b.txt]], [[C:\a]], "b.txt", ".txt" },
            { [[C:a]], "C:", "", "a", "C:", "a", "" },
            { [[C:\]], "C:", "\\", "", [[C:\]], "", "" },
            { "C:/a/", "C:", "/", "a/", "C:/a", "", "" },
            { [[\\server\share\x]], [[\\server]], "\\", [[share\x]], [[\\server\share]], "x", "" },
            { "//server", "//server", "", "", "//server", "", "" },
            { [[\\?\C:\a]], [[\\?]], "\\", [[C:\a]], [[\\?\C:]], "a", "" },
            { [[\a]], "", "\\", "a", "\\", "a", "" },
            { [[a/b\c]], "", "", [[a/b\c]], "a/b", "c", "" },
            { "1:a", "", "", "1:a", "", "1:a", "" },
        } do
            local p = make(row[1])
            assert.same(row, {
                row[1], p.root_name, p.root_directory, tostring(p.relative_path), tostring(p.parent_path), p.filename,
                p.extension,
            })
        end
    end)

    it("is absolute with a root name and a root directory", function()
        for text, absolute in pairs {
            ["C:\\a"] = true, ["C:a"] = false, ["\\a"] = false, a = false, ["//s/a"] = true,
        } do
            assert.equal(absolute, make(text).is_absolute)
            assert.equal(not absolute, make(text).is_relative)
        end
    end)

    it("is iterated from the root name on", function()
        assert.same({ "C:", "\\", "a", "b" }, components(make [[C:\a/b]]))
        assert.same({ "C:", "a", "" }, components(make [[C:a\]]))
        assert.same({ "//server", "/", "share" }, components(make "//server/share"))
    end)

    it("has both separators, of which one is preferred", function()
        assert.equal("\\", grammar.preferred)
        assert.equal("C:/a/b", make([[C:\a/b]]):to_generic())
        is_path([[C:\a\b]], make([[C:/a\b]]):make_preferred())
        is_path([[C:/a\b]], make([[C:/a\b]]))
    end)

    it("is appended to", function()
        for _, row in ipairs {
            { "foo", [[c:\bar]], [[c:\bar]] }, { "foo", "c:", "c:" }, { "c:", "", "c:" },
            { "c:foo", [[\bar]], [[c:\bar]] }, { "c:foo", "c:bar", [[c:foo\bar]] },
            { "c:", "foo", "c:foo" }, { "foo", "bar", [[foo\bar]] },
            { "foo/", "bar", "foo/bar" }, { "foo", "", "foo\\" }, { [[\\server]], "share", [[\\server\share]] },
            { "foo", "d:bar", "d:bar" }, { "c:foo", "d:bar", "d:bar" }, { [[c:\foo]], [[\bar]], [[c:\bar]] },
        } do
            is_path(row[3], make(row[1]) / row[2])
        end
    end)

    it("is made normal with the preferred separator", function()
        for text, result in pairs {
            ["C:/a/../b"] = [[C:\b]], ["C:\\..\\a"] = [[C:\a]], ["C:a\\.."] = "C:", ["//s/a/./b/"] = [[\\s\a\b\]],
            ["a/b/.."] = "a\\", [""] = "", ["."] = ".",
        } do
            is_path(result, make(text):lexically_normal())
        end
    end)

    it("is relative only to what has the same root name", function()
        is_path([[..\c]], make([[C:\a\c]]):lexically_relative("C:/a/b"))
        is_path("", make([[C:\a]]):lexically_relative([[D:\a]]))
        is_path("", make([[C:\a]]):lexically_relative("C:a"))
        is_path([[C:\a]], make([[C:\a]]):lexically_proximate([[D:\a]]))
    end)

    it("equals one with other separators", function()
        assert.is_true(make [[C:\a\b]] == make "C:/a/b")
        assert.is_true(make [[\\s\a]] == make "//s//a")
        assert.is_false(make [[C:\a]] == make "C:a")
        assert.is_true(make "C:a" < make [[C:\a]])
    end)

    it("must be UTF-8, of which Windows makes UTF-16", function()
        for _, text in ipairs { "", "a", "caf\195\169", "\226\130\172", "\240\159\152\128", "\237\159\191" } do
            grammar.check(text)
        end
        for _, text in ipairs {
            "\255", "\195", "a\128", "\192\128", "\224\128\128", "\237\160\128", "\244\144\128\128", "\240\159\152",
            "\240\128\128\128", "\195\40",
        } do
            helper.EILSEQ(function() grammar.check(text) end)
            helper.EILSEQ(function() return make "a" / text end)
        end
    end)
end)
