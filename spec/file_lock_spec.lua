local emilua = require "emilua"
local file = require "emilua.file"
local time = require "emilua.time"
local files = require "spec.file_helper"
local helper = require "spec.helper"

local spawn = emilua.spawn
local closing = files.closing

helper.install()

for name, open in pairs{ ["file.stream"] = files.stream, ["file.random_access"] = files.random_access } do
    describe(name .. ":lock and lock_shared", function()
        it("are held at once where nobody holds the file", closing(function()
            local one, two = open(""), open("")
            assert.equal(0, select("#", one:lock()))
            assert.is_false(two:try_lock())
            assert.is_false(two:try_lock_shared())
            one:unlock()
            one:lock_shared()
            two:lock_shared()
            assert.is_false(two:try_lock())
        end))

        it("suspend until held", closing(function()
            local one, two = open(""), open("")
            one:lock()
            local waiter = files.waiting(function()
                two:lock()
                return "held"
            end)
            assert.is_true(waiter.joinable)
            one:unlock()
            assert.equal("held", waiter:join())
            assert.is_false(one:try_lock())
        end))

        it("are got when the holder closes the file", closing(function()
            local one, two = open(""), open("")
            one:lock()
            local waiter = files.waiting(function() two:lock_shared() end)
            one:close()
            waiter:join()
        end))

        it("wait for other processes", closing(function()
            local one = open("")
            local ready = files.name("ready")
            os.execute(("flock %s sh -c 'touch %s; while test -e %s; do sleep 0.01; done' &")
                :format(files.name(), ready, ready))
            while os.execute("test -e " .. ready) ~= 0 do time.sleep(0.01) end
            assert.is_false(one:try_lock())
            local waiter = files.waiting(function() one:lock() end)
            os.remove(ready)
            waiter:join()
            assert.equal(1, select(2, helper.shell("flock -n " .. files.name() .. " true")))
            one:unlock()
            assert.equal(0, select(2, helper.shell("flock -n " .. files.name() .. " true")))
        end))

        it("are cancellable", closing(function()
            local one, two = open(""), open("")
            one:lock()
            local waiter = files.waiting(function() two:lock() end)
            waiter:interrupt()
            waiter:join()
            assert.is_true(waiter.interruption_caught)
            for _, method in ipairs{ "cancel", "close" } do
                local fiber = files.waiting(function()
                    helper.raises("system", "ECANCELED", function() two:lock() end)
                    return true
                end)
                two[method](two)
                assert.is_true(fiber:join())
            end
            one:unlock()
            assert.is_true(one:try_lock())
        end))

        it("serve everybody who waits", closing(function()
            local held, most, fibers = 0, 0, {}
            for i = 1, 8 do
                local object = open("")
                fibers[i] = spawn(function()
                    object:lock()
                    held = held + 1
                    most = math.max(most, held)
                    helper.turns(3)
                    held = held - 1
                    object:unlock()
                end)
            end
            for i = 1, 8 do fibers[i]:join() end
            assert.equal(1, most)
        end))

        it("raise EBADF on a closed object", closing(function()
            local object = (name == "file.stream" and file.stream or file.random_access).new()
            for _, method in ipairs{ "lock", "lock_shared", "try_lock", "try_lock_shared", "unlock" } do
                helper.raises("system", "EBADF", function() object[method](object) end)
            end
        end))
    end)

    describe(name .. ":try_lock, try_lock_shared and unlock", function()
        it("never suspend", closing(function()
            local object = open("")
            emilua.this_fiber.forbid_suspend()
            assert.is_true(object:try_lock())
            assert.is_true(object:try_lock_shared())
            assert.equal(0, select("#", object:unlock()))
            object:unlock()
            emilua.this_fiber.allow_suspend()
        end))
    end)
end
