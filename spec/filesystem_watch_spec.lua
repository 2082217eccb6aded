local emilua = require "emilua"
local filesystem = require "emilua.filesystem"
local fs_helper = require "spec.fs_helper"
local helper = require "spec.helper"

local at, fails, shell, write = fs_helper.at, fs_helper.fails, fs_helper.shell, fs_helper.write
local watch = filesystem.watch

helper.install()
fs_helper.install()

-- The next `n` events as "type name", names relative to the test's directory.
local function events(watcher, n)
    local list = {}
    for i = 1, n do
        local event = watcher:read()
        list[i] = event.type .. " " .. (tostring(event.path):sub(#fs_helper.directory + 2):gsub("^%./", ""))
    end
    return list
end

-- Reads until that event comes.
local function await(watcher, kind, name)
    while true do
        local event = watcher:read()
        if event.type == kind and event.path == at(name) then return event end
    end
end

describe("filesystem.watch", function()
    it("reports what happens in a directory", helper.fiber(function()
        local watcher = watch(at ".", { events = { "create", "close_write", "delete", "moved_from", "moved_to" } })
        assert.equal("filesystem.watcher", getmetatable(watcher))
        shell "echo x > a; mv a b; mkdir d; rm b; rmdir d"
        assert.same({
            "create a", "close_write a", "moved_from a", "moved_to b", "create d", "delete b", "delete d",
        }, events(watcher, 7))
        watcher:close()
    end))

    it("tells directories, and the halves of a move", helper.fiber(function()
        local watcher = watch(at ".", { events = { "create", "moved_from", "moved_to" } })
        shell "touch f; mkdir d; mv d e"
        local f, d, from, to = watcher:read(), watcher:read(), watcher:read(), watcher:read()
        assert.is_false(f.is_directory)
        assert.is_true(d.is_directory)
        assert.is_nil(d.cookie)
        assert.is_number(from.cookie)
        assert.equal(from.cookie, to.cookie)
        assert.is_true(to.path == at "./e")
        watcher:close()
    end))

    it("waits for what is not there yet", helper.fiber(function()
        local watcher = watch(at ".", { events = { "create" } })
        local fiber = emilua.spawn(function() return watcher:read() end)
        emilua.this_fiber.yield()
        write "late"
        assert.equal("late", fiber:join().path.filename)
        watcher:close()
    end))

    it("watches a file", helper.fiber(function()
        local p = write "f"
        local watcher = watch(p, { events = { "modify", "attrib", "delete_self" } })
        shell "echo x >> f; chmod 600 f; rm f"
        assert.same({ "modify f", "attrib f" }, events(watcher, 2))
        local event = watcher:read()
        while event.type == "attrib" do event = watcher:read() end
        assert.equal("delete_self", event.type)
        watcher:close()
    end))

    it("knows every event by default but reading and opening", helper.fiber(function()
        write "f"
        local watcher = watch(at ".")
        shell "cat f; touch g"
        assert.equal("create g", events(watcher, 1)[1])
        watcher:close()
        watcher = watch(at ".", { events = { "open", "access", "close_nowrite" } })
        write("f", "x")
        shell "cat f"
        assert.same({ "open f", "access f", "close_nowrite f" }, events(watcher, 3))
        watcher:close()
    end))

    it("keeps names byte by byte", helper.fiber(function()
        local watcher = watch(at ".", { events = { "create" } })
        for _, name in ipairs { "\255\n", ("x"):rep(255), " " } do
            write(name)
            assert.equal(name, watcher:read().path.filename)
        end
        watcher:close()
    end))

    it("loses nothing when it is interrupted", helper.fiber(function()
        local watcher = watch(at ".", { events = { "create" } })
        local seen = 0
        for i = 1, 50 do
            local fiber = emilua.spawn(function()
                watcher:read()
                seen = seen + 1
            end)
            if i % 3 == 0 then emilua.this_fiber.yield() end
            write("f" .. i)
            if i % 2 == 0 then emilua.this_fiber.yield() end
            fiber:interrupt()
            fiber:join()
        end
        while seen < 50 do
            watcher:read()
            seen = seen + 1
        end
        write "last"
        assert.equal("last", watcher:read().path.filename)
        watcher:close()
    end))

    it("is shared by fibers, each of which gets events of its own", helper.fiber(function()
        local watcher = watch(at ".", { events = { "create" } })
        local names, fibers = {}, {}
        for i = 1, 10 do
            fibers[i] = emilua.spawn(function()
                for _ = 1, 10 do
                    local name = watcher:read().path.filename
                    names[#names + 1] = name
                end
            end)
        end
        emilua.this_fiber.yield()
        for i = 1, 100 do write(("%03d"):format(i)) end
        for i = 1, 10 do fibers[i]:join() end
        table.sort(names)
        assert.equal(100, #names)
        for i = 1, 100 do assert.equal(("%03d"):format(i), names[i]) end
        watcher:close()
    end))

    it("aborts its reads when it is cancelled or closed", helper.fiber(function()
        local watcher = watch(at ".")
        for _, name in ipairs { "cancel", "close" } do
            local fiber = emilua.spawn(function() return select(2, pcall(watcher.read, watcher)) end)
            emilua.this_fiber.yield()
            watcher[name](watcher)
            helper.is_error(fiber:join(), "system", "ECANCELED")
        end
        assert.is_false(watcher.is_open)
        helper.raises("system", "EBADF", function() watcher:read() end)
        helper.raises("system", "EBADF", function() watcher:add(at ".") end)
        helper.raises("system", "EBADF", function() watcher:remove(at ".") end)
        helper.raises("system", "EBADF", function() watcher:cancel() end)
        watcher:close()
    end))

    it("reports an overflow of the kernel's queue", helper.fiber(function()
        local file = assert(io.open "/proc/sys/fs/inotify/max_queued_events")
        local limit = file:read "*n"
        file:close()
        local watcher = watch(at ".", { events = { "modify" } })
        -- Equal events in a row are one, so there are two files.
        shell(("for i in $(seq %d); do echo >> a; echo >> b; done"):format(limit / 2 + 10))
        local event
        repeat event = watcher:read() until event.type ~= "modify"
        assert.equal("overflow", event.type)
        assert.is_nil(event.path)
        watcher:close()
    end))
end)

describe("filesystem.watch of a tree", function()
    local EVENTS = { events = { "create", "close_write", "delete", "moved_from", "moved_to" }, recursive = true }

    it("reports what happens below", helper.fiber(function()
        shell "mkdir -p t/a/b"
        local watcher = watch(at "t", EVENTS)
        shell "touch t/a/b/f; rm t/a/b/f"
        assert.same({ "create t/a/b/f", "close_write t/a/b/f", "delete t/a/b/f" }, events(watcher, 3))
        watcher:close()
    end))

    it("takes in directories that are made, and what was in them by then", helper.fiber(function()
        shell "mkdir t"
        local watcher = watch(at "t", EVENTS)
        shell "mkdir -p t/new/deep; touch t/new/deep/early"
        local wanted = { ["t/new"] = true, ["t/new/deep"] = true, ["t/new/deep/early"] = true }
        while next(wanted) do
            local event = watcher:read()
            if event.type == "create" then wanted[tostring(event.path):sub(#fs_helper.directory + 2)] = nil end
        end
        write "t/new/deep/late"
        await(watcher, "close_write", "t/new/deep/late")
        watcher:close()
    end))

    it("takes in what is moved in, and lets go what is moved out", helper.fiber(function()
        shell "mkdir -p t/a outside/sub"
        local watcher = watch(at "t", EVENTS)
        shell "mv outside t/inside"
        await(watcher, "moved_to", "t/inside")
        write "t/inside/sub/f"
        await(watcher, "create", "t/inside/sub/f")
        shell "mv t/inside gone"
        await(watcher, "moved_from", "t/inside")
        write "gone/sub/g"
        write "t/end"
        local event
        repeat
            event = watcher:read()
            assert.is_nil(tostring(event.path):find("/g", 1, true))
        until event.path == at "t/end"
        watcher:close()
    end))

    it("follows a directory that is renamed within", helper.fiber(function()
        shell "mkdir -p t/a/b"
        local watcher = watch(at "t", EVENTS)
        shell "mv t/a t/z"
        await(watcher, "moved_to", "t/z")
        write "t/z/b/f"
        await(watcher, "close_write", "t/z/b/f")
        watcher:close()
    end))

    it("does not follow links", helper.fiber(function()
        shell "mkdir t outside; ln -s ../outside t/l"
        local watcher = watch(at "t", EVENTS)
        write "outside/f"
        write "t/end"
        assert.same({ "create t/end" }, events(watcher, 1))
        watcher:close()
    end))
end)

describe("filesystem.watcher", function()
    it("watches more than one path", helper.fiber(function()
        shell "mkdir a b"
        local watcher = watch(at "a", { events = { "create" } })
        assert.equal(0, select("#", watcher:add(at "b", { events = { "delete" } })))
        shell "touch b/f a/f; rm a/f b/f"
        assert.same({ "create a/f", "delete b/f" }, events(watcher, 2))
        assert.equal(0, select("#", watcher:remove(at "a")))
        shell "touch a/g b/g; rm b/g"
        assert.same({ "delete b/g" }, events(watcher, 1))
        watcher:close()
    end))

    it("raises errors of the system with the path", helper.fiber(function()
        fails("ENOENT", function() watch(at "no") end, at "no", nil, "system")
        local watcher = watch(at ".")
        fails("ENOENT", function() watcher:add(at "no") end, at "no", nil, "system")
        watcher:close()
    end))

    it("has no unknown members, and raises EINVAL for wrong arguments", helper.fiber(function()
        fs_helper.refuses_others { watch = 1 }
        for _, wrong in ipairs { 1, "x", true } do helper.EINVAL(function() watch(at ".", wrong) end, 2) end
        for _, wrong in ipairs { {}, { "modified" }, "create" } do
            helper.EINVAL(function() watch(at ".", { events = wrong }) end, "events")
        end
        helper.EINVAL(function() watch(at ".", { recursive = 1 }) end, "recursive")
        local watcher = watch(at ".")
        helper.bad_index(function() return watcher.no_such_thing end)
        helper.EINVAL(function() watcher:add("x") end, 2)
        helper.EINVAL(function() watcher:add(at ".", 1) end, 3)
        helper.EINVAL(function() watcher:remove(at "other") end, 2)
        for _, name in ipairs { "read", "add", "remove", "close", "cancel" } do
            helper.EINVAL(function() watcher[name]({}, at ".") end, 1)
        end
        watcher:close()
    end))
end)
