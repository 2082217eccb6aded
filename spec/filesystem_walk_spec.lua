local emilua = require "emilua"
local environment = require "spec.environment"
local filesystem = require "emilua.filesystem"
local fs_helper = require "spec.fs_helper"
local helper = require "spec.helper"
local time = require "emilua.time"

local new = filesystem.path.new
local at, fails, shell, write = fs_helper.at, fs_helper.fails, fs_helper.shell, fs_helper.write
local walk = filesystem.walk

helper.install()
fs_helper.install()

local function make_tree()
    shell "mkdir -p t/a/b/c t/d t/.git/x; touch t/1 t/a/2 t/a/b/3 t/a/b/c/4 t/d/5 t/.git/6; ln -s ../a t/d/link"
end

local function sorted(list)
    table.sort(list)
    return list
end

-- "depth path size-or-type" of each entry.
local function collect(f)
    local list = {}
    for e, depth in f do
        local kind = e.symlink_status.type
        list[#list + 1] = ("%d %s %s"):format(depth, e.path, kind == "regular" and e.file_size or kind)
    end
    return sorted(list)
end

local function collect_recursive(name)
    return collect((filesystem.recursive_directory_iterator(at(name))))
end

describe("filesystem.walk", function()
    it("yields what a recursive iterator does", helper.fiber(function()
        make_tree()
        assert.same(collect_recursive "t", collect(walk(at "t")))
        local root = new(helper.root)
        local function names(f)
            local list = {}
            for e, depth in f do list[#list + 1] = depth .. tostring(e.path) end
            return sorted(list)
        end
        for _, jobs in ipairs { 1, 2, 64 } do
            assert.same(names((filesystem.recursive_directory_iterator(root / "lua"))),
                names(walk(root / "lua", { jobs = jobs })))
        end
    end))

    it("yields a directory before its content", helper.fiber(function()
        local seen = { [helper.root .. "lua"] = true }
        for e in walk(new(helper.root .. "lua")) do
            assert.is_true(seen[tostring(e.path.parent_path)])
            seen[tostring(e.path)] = true
        end
    end))

    it("prunes directories, which are yielded and not entered", helper.fiber(function()
        make_tree()
        local asked = {}
        local found = collect(walk(at "t", {
            prune = function(e, depth)
                asked[#asked + 1] = depth .. e.path.filename
                return e.path.filename == ".git" or depth == 1
            end,
        }))
        assert.same({ "0.git", "0a", "0d", "1b" }, sorted(asked))
        assert.equal(#shell(
            "find t -mindepth 1 \\( -name .git -o -name b \\) -prune -printf x -o -mindepth 1 -printf x"), #found)
    end))

    it("stops at a depth", helper.fiber(function()
        make_tree()
        for depth = 0, 4 do
            assert.equal(#shell(("find t -mindepth 1 -maxdepth %d -printf x"):format(depth + 1)),
                #collect(walk(at "t", { max_depth = depth })))
        end
    end))

    it("knows the attributes without asking again, until refresh", helper.fiber(function()
        write("f", "12")
        local e = walk(at ".")()
        write("f", "12345")
        assert.equal(2, e.file_size)
        e:refresh()
        assert.equal(5, e.file_size)
    end))

    it("follows a link for what it leads to", helper.fiber(function()
        shell "mkdir t; echo hello > f; ln -s ../f t/l; ln -s no t/dangling; ln -s .. t/up"
        for e in walk(at "t") do
            assert.equal("symlink", e.symlink_status.type)
            local name = e.path.filename
            if name == "l" then assert.equal(6, e.file_size) end
            if name == "up" then assert.equal("directory", e.status.type) end
            if name == "dangling" then fails("ENOENT", function() return e.file_size end, at "t/dangling") end
        end
    end))

    it("takes a link as its root, and names as they are", helper.fiber(function()
        shell "mkdir t; ln -s t l"
        write("t/\255\n")
        assert.equal(fs_helper.directory .. "/l/\255\n", tostring(walk(at "l")().path))
    end))

    it("raises what cannot be read, with the directory, and has ended then", helper.fiber(function()
        for _, name in ipairs { "no", "f" } do
            write "f"
            local f = walk(at(name))
            fails(name == "no" and "ENOENT" or "ENOTDIR", f, at(name))
            assert.is_nil(f())
        end
    end))

    it("skips what may not be opened when told to", function()
        environment.need("root", helper.shell "id -u" == "0\n")
        shell "chmod 755 .; mkdir -p t/a; mkdir -m 700 t/secret; touch t/a/1 t/secret/2"
        local output = fs_helper.child_as_user(([[
            local emilua, filesystem = require "emilua", require "emilua.filesystem"
            local p = filesystem.path.new %q
            emilua.run(function()
                local n = 0
                for _ in filesystem.walk(p, { skip_permission_denied = true }) do n = n + 1 end
                local ok, e = pcall(function() for _ in filesystem.walk(p) do end end)
                print(n, ok, e.category, e.code, e.path1.filename)
            end)
        ]]):format(fs_helper.directory .. "/t"))
        assert.equal("3\tfalse\tgeneric\t13\tsecret\n", output)
    end)

    it("raises what the pruning function raises, and has ended then", helper.fiber(function()
        make_tree()
        local f = walk(at "t", { prune = function() error("no", 0) end })
        assert.same({ false, "no" }, { pcall(f) })
        assert.is_nil(f())
    end))

    it("can go on after an interruption, and nothing is lost", helper.fiber(function()
        make_tree()
        local all = #collect_recursive "t"
        for _ = 1, 20 do
            local f, n = walk(at "t", { jobs = 1 }), 0
            local fiber = emilua.spawn(function()
                for _ in f do n = n + 1 end
            end)
            emilua.this_fiber.yield()
            fiber:interrupt()
            fiber:join()
            for _ in f do n = n + 1 end
            assert.equal(all, n)
        end
    end))

    it("belongs to one fiber at a time", helper.fiber(function()
        make_tree()
        local all = #collect_recursive "t"
        local busy = 0
        local function count(f)
            local n = 0
            while true do
                local ok, e = pcall(f)
                if not ok then
                    helper.is_error(e, "generic", "EBUSY")
                    busy = busy + 1
                    emilua.this_fiber.yield()
                elseif e then
                    n = n + 1
                else
                    return n
                end
            end
        end
        -- The threads may be so quick that no fiber waits.
        repeat
            local f, n, fibers = walk(at "t"), 0, {}
            for i = 1, 3 do fibers[i] = emilua.spawn(function() return count(f) end) end
            for _, fiber in ipairs(fibers) do n = n + fiber:join() end
            assert.equal(all, n)
        until busy > 0
    end))

    it("lets other fibers run meanwhile", helper.fiber(function()
        local turns, done = 0, false
        emilua.spawn(function()
            while not done do
                turns = turns + 1
                time.sleep(0)
            end
        end):detach()
        -- One walk may find all it asks for ready.
        for _ = 1, 500 do
            for _ in walk(new(helper.root .. "lua")) do end
            if turns > 0 then break end
        end
        done = true
        assert.is_true(turns > 0)
    end))

    it("suspends, so that it needs a run and is refused in a forbid-suspend block", helper.fiber(function()
        emilua.this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", walk(at "."))
        emilua.this_fiber.allow_suspend()
    end))

    it("raises EINVAL for wrong arguments", function()
        fs_helper.refuses_others { walk = 1 }
        for _, wrong in ipairs { 1, "x", true } do helper.EINVAL(function() walk(at ".", wrong) end, 2) end
        for name, values in pairs {
            prune = { ".git", true }, max_depth = { -1, 0.5, "1" }, skip_permission_denied = { 1 },
            jobs = { 0, 65, 1.5 },
        } do
            for _, wrong in ipairs(values) do
                helper.EINVAL(function() walk(at ".", { [name] = wrong }) end, name)
            end
        end
    end)

    it("may be given up at any time", helper.fiber(function()
        make_tree()
        for _ = 1, 50 do walk(new(helper.root .. "lua"))() end
        collectgarbage()
    end))
end)
