local filesystem = require "emilua.filesystem"
local helper = require "spec.helper"

local path = filesystem.path
local new = path.new

helper.install()

local function is_path(text, p)
    assert.equal("filesystem.path", getmetatable(p))
    assert.equal(text, tostring(p))
end

local function components(p)
    local list = {}
    for part in p:iterator() do list[#list + 1] = part end
    return list
end

describe("filesystem", function()
    it("has a string as its metatable, and no unknown members", function()
        assert.equal("filesystem", getmetatable(filesystem))
        helper.bad_index(function() return filesystem.no_such_thing end)
        helper.EPERM(function() filesystem.exists = 1 end)
    end)
end)

describe("filesystem.path.new", function()
    it("keeps the bytes of a string", function()
        for _, text in ipairs { "", "a", "/a//b/./../", "caf\195\169", "\255\254", "a\nb", "a\0b", " " } do
            is_path(text, new(text))
        end
    end)

    it("without an argument gives the empty path", function()
        is_path("", new())
        is_path("", new(nil))
    end)

    it("raises EINVAL for anything else, a path too", function()
        for _, wrong in ipairs { 1, true, {}, new "a" } do
            helper.EINVAL(function() new(wrong) end, 1)
        end
    end)
end)

describe("filesystem.path.from_generic", function()
    it("reads the generic format", function() is_path("a/b", path.from_generic "a/b") end)

    it("raises EINVAL for anything else than a string", function()
        helper.EINVAL(function() path.from_generic() end, 1)
        for _, wrong in ipairs { 1, true, {}, new "a" } do
            helper.EINVAL(function() path.from_generic(wrong) end, 1)
        end
    end)
end)

describe("filesystem.path", function()
    it("is an object with a string as its metatable", function()
        assert.equal("filesystem.path", getmetatable(path))
        assert.equal("/", path.preferred_separator)
        helper.bad_index(function() return path.no_such_thing end)
    end)
end)

describe("a path", function()
    it("has no unknown members, and none to write", function()
        helper.bad_index(function() return new("a").no_such_thing end)
        helper.bad_index(function() new("a").filename = "b" end)
    end)

    it("is decomposed", function()
        local rows = {
            -- path, root_directory, relative_path, parent_path, filename, stem, extension
            { "/usr/x.tar.gz", "/", "usr/x.tar.gz", "/usr", "x.tar.gz", "x.tar", ".gz" },
            { "/", "/", "", "/", "", "", "" },
            { "a/b/", "", "a/b/", "a/b", "", "", "" },
            { ".profile", "", ".profile", "", ".profile", ".profile", "" },
            { "x.", "", "x.", "", "x.", "x", "." },
            { "..", "", "..", "", "..", "..", "" },
            { ".", "", ".", "", ".", ".", "" },
            { "", "", "", "", "", "", "" },
            { "a", "", "a", "", "a", "a", "" },
            { "/a", "/", "a", "/", "a", "a", "" },
            { "///a", "/", "a", "/", "a", "a", "" },
            { "a//b", "", "a//b", "a", "b", "b", "" },
            { "/a/b.c/d", "/", "a/b.c/d", "/a/b.c", "d", "d", "" },
            { ".a.b", "", ".a.b", "", ".a.b", ".a", ".b" },
            { "\255.\254", "", "\255.\254", "", "\255.\254", "\255", ".\254" },
            { "a\nb/c\n.d", "", "a\nb/c\n.d", "a\nb", "c\n.d", "c\n", ".d" },
        }
        for _, row in ipairs(rows) do
            local p = new(row[1])
            local found = {
                row[1], p.root_directory, tostring(p.relative_path), tostring(p.parent_path), p.filename, p.stem,
                p.extension,
            }
            assert.same(row, found)
            assert.equal("", p.root_name)
            is_path(row[2], p.root_path)
            assert.equal(row[1] == "", p.empty)
            assert.is_false(p.has_root_name)
            for name, text in pairs {
                root_path = row[2], root_directory = row[2], relative_path = row[3], parent_path = row[4],
                filename = row[5], stem = row[6], extension = row[7],
            } do
                assert.equal(text ~= "", p["has_" .. name], name .. " of " .. row[1])
            end
            assert.equal(row[2] ~= "", p.is_absolute)
            assert.equal(row[2] == "", p.is_relative)
        end
    end)
end)

describe("path:to_generic", function()
    it("is the generic form", function() assert.equal("a/b", new("a/b"):to_generic()) end)
end)

describe("path:iterator", function()
    it("gives root directory and names as strings, and an empty one for a separator at the end", function()
        for text, list in pairs {
            [""] = {}, ["/"] = { "/" }, ["//"] = { "/" }, ["a"] = { "a" }, ["/a/b"] = { "/", "a", "b" },
            ["a//b/"] = { "a", "b", "" }, ["./.."] = { ".", ".." },
        } do
            assert.same(list, components(new(text)))
        end
    end)

    it("gives nothing from then on", function()
        local f = new("a"):iterator()
        f()
        assert.is_nil(f())
    end)
end)

describe("path:make_preferred", function()
    it("changes nothing here", function() is_path("a\\b/c", new("a\\b/c"):make_preferred()) end)
end)

describe("path:remove_filename", function()
    it("drops the last component and keeps the separator", function()
        for text, result in pairs { ["a/b"] = "a/", ["a/"] = "a/", a = "", ["/a"] = "/", ["/"] = "/", [""] = "" } do
            is_path(result, new(text):remove_filename())
        end
    end)
end)

describe("path:replace_filename", function()
    it("appends to what remove_filename leaves", function()
        is_path("a/c", new("a/b"):replace_filename("c"))
        is_path("a/c", new("a/b"):replace_filename(new "c"))
        is_path("a/c", new("a/"):replace_filename("c"))
        is_path("/c", new("a/b"):replace_filename("/c"))
        is_path("a/", new("a/b"):replace_filename(""))
    end)
end)

describe("path:replace_extension", function()
    it("removes the extension, and appends one with a dot", function()
        for _, row in ipairs {
            { "a.txt", "md", "a.md" }, { "a.txt", ".md", "a.md" }, { "a.txt", "", "a" }, { "a", "md", "a.md" },
            { "a.tar.gz", "xz", "a.tar.xz" }, { ".profile", "bak", ".profile.bak" }, { "a/", "md", "a/.md" },
            { "a.", "md", "a.md" },
        } do
            is_path(row[3], new(row[1]):replace_extension(row[2]))
            is_path(row[3], new(row[1]):replace_extension(new(row[2])))
        end
        is_path("a", new("a.txt"):replace_extension())
        is_path("a", new("a.txt"):replace_extension(nil))
    end)
end)

describe("path:lexically_normal", function()
    it("collapses separators, drops dots and pairs of a name and dot-dot", function()
        for text, result in pairs {
            [""] = "", ["a/./b/.."] = "a/", ["a/."] = "a/", ["a/../.."] = "..", ["/.."] = "/", ["a/.."] = ".",
            ["."] = ".", ["./"] = ".", ["./a"] = "a", ["a//b"] = "a/b", ["a/b/"] = "a/b/", ["/"] = "/", ["//"] = "/",
            ["../"] = "..", ["../../a"] = "../../a", ["../a/../.."] = "../..", ["/../../a"] = "/a", ["/a/../"] = "/",
            ["a/b/../../../c"] = "../c", ["/."] = "/", ["..a/..b"] = "..a/..b",
        } do
            is_path(result, new(text):lexically_normal())
        end
    end)
end)

describe("path:lexically_relative", function()
    it("climbs from the base to what both have, and descends", function()
        for _, row in ipairs {
            { "/a/d", "/a/b/c", "../../d" }, { "a/b/c", "a", "b/c" }, { "a", "a", "." }, { "a/b", "a/b", "." },
            { "a/b/c", "a/b/c/x/y", "../.." }, { "a/b/c", "a/b/x/y", "../../c" }, { "a", "b/c", "../../a" },
            { "/a", "/", "a" }, { "/", "/a", ".." }, { "a/b/", "a/b", "." }, { "a/b", "a/b/", "." },
            { "a/b", "", "a/b" }, { "", "a", ".." }, { "", "", "." }, { "a/b", "a/./b", "../b" },
            { "a/b/", "a", "b/" },
        } do
            is_path(row[3], new(row[1]):lexically_relative(row[2]))
            is_path(row[3], new(row[1]):lexically_relative(new(row[2])))
        end
    end)

    it("is empty where no way is known", function()
        for _, row in ipairs {
            { "/a", "a" }, { "a", "/a" }, { "a", ".." }, { "a/b", "a/../.." }, { "a", "../b/.." },
        } do
            is_path("", new(row[1]):lexically_relative(row[2]))
        end
    end)
end)

describe("path:lexically_proximate", function()
    it("is the relative path, or the path itself where that is empty", function()
        is_path("../../d", new("/a/d"):lexically_proximate("/a/b/c"))
        is_path("/a", new("/a"):lexically_proximate("a"))
        is_path("a", new("a"):lexically_proximate(".."))
    end)
end)

describe("a method of a path", function()
    it("raises EINVAL for a wrong self and for wrong arguments", function()
        local p = new "a"
        for _, name in ipairs {
            "to_generic", "iterator", "make_preferred", "remove_filename", "replace_filename", "replace_extension",
            "lexically_normal", "lexically_relative", "lexically_proximate",
        } do
            helper.EINVAL(function() p[name]("a", "a") end, 1)
            helper.EINVAL(function() p[name](path, "a") end, 1)
        end
        for _, name in ipairs { "replace_filename", "lexically_relative", "lexically_proximate" } do
            helper.EINVAL(function() p[name](p) end, 2)
            helper.EINVAL(function() p[name](p, 1) end, 2)
        end
        helper.EINVAL(function() p:replace_extension(1) end, 2)
    end)
end)

describe("== of paths", function()
    it("compares component by component", function()
        assert.is_true(new "a//b" == new "a/b")
        assert.is_true(new "//a" == new "/a")
        assert.is_false(new "a/b/" == new "a/b")
        assert.is_false(new "a/./b" == new "a/b")
        assert.is_false(new "/a" == new "a")
        assert.is_true(new "" == new())
    end)

    it("is false for a string", function() assert.is_false(new "a" == "a") end)
end)

describe("< and <= of paths", function()
    it("go by root directory, then by components as byte strings", function()
        local order = { "", "a", "a/", "a/b", "a/b/c", "a.b", "b", "\255", "/", "/a", "/a/b", "/a.b" }
        for i, a in ipairs(order) do
            for k, b in ipairs(order) do
                assert.equal(i < k, new(a) < new(b), a .. " < " .. b)
                assert.equal(i <= k, new(a) <= new(b), a .. " <= " .. b)
            end
        end
        assert.is_true(new "a//b" <= new "a/b")
        assert.is_false(new "a//b" < new "a/b")
    end)
end)

describe("path / path", function()
    it("appends, with a separator if needed", function()
        for _, row in ipairs {
            { "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "", "b", "b" }, { "/", "b", "/b" }, { "a", "/b", "/b" },
            { "a", "", "a/" }, { "", "", "" }, { "a/", "", "a/" }, { "/", "", "/" }, { "a", "b/", "a/b/" },
        } do
            is_path(row[3], new(row[1]) / row[2])
            is_path(row[3], new(row[1]) / new(row[2]))
            is_path(row[3], row[1] / new(row[2]))
        end
    end)
end)

describe("path .. path", function()
    it("puts the texts together", function()
        is_path("/srv/data/log.txt", new("/srv") / "data" / "log" .. ".txt")
        is_path("ab", new "a" .. new "b")
        is_path("ab", "a" .. new "b")
    end)
end)

describe("an operator of paths", function()
    it("raises EINVAL for other operands, numbers included", function()
        for _, wrong in ipairs { 1, true, {} } do
            helper.EINVAL(function() return new "a" / wrong end, 2)
            helper.EINVAL(function() return wrong / new "a" end, 1)
            helper.EINVAL(function() return new "a" .. wrong end, 2)
            helper.EINVAL(function() return wrong .. new "a" end, 1)
        end
    end)
end)
