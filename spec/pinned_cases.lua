-- Core §19: programs of the original's regression suite, one test per line of the list, for either form.
--
-- `form` says how a form runs and ends: output_of(body) gives the output of a program whose main fiber is `body`,
-- stdout and stderr merged; failed(message) is what an error of main prints,
-- failed_handler(message) what follows the line of a failed cleanup handler, stuck(line) what a main that waits for
-- ever prints, where `line` is that of the notice.

local helper = require "spec.helper"

-- Before each body, beside the names of the modules.
local PRELUDE = [[
local push, pop = scope_cleanup_push, scope_cleanup_pop
local function try(f, ...)
    local result = {pcall(f, ...)}
    result[2] = tostring(result[2])
    print(unpack(result))
end
]]

local function define(form)
    local function output_of(body)
        return helper.normalise(form.output_of(PRELUDE .. body))
    end

    local function check(expected, body)
        assert.equal((expected:gsub("\n +", "\n")), output_of(body))
    end

    local function panic(message)
        return "Fiber ADDR panicked: '" .. message .. "'\n"
    end

    describe("fibers", function()
        it("1. spawn and join: the order of output, three values, errors", function()
            check("A\nB\nC\n", [[
                local f = spawn(function() print "B" end)
                print "A"
                f:join()
                print "C"
            ]])
            check("A\nB\nC\n1\t2\t3\n", [[
                local f = spawn(function() print "B" return 1, 2, 3 end)
                print "A"
                this_fiber.yield()
                print "C"
                print(f:join())
            ]])
            check("A\nB\nC\n1\t2\t3\n", [[
                local f = spawn(function() this_fiber.yield() print "B" return 1, 2, 3 end)
                print "A"
                local a, b, c = f:join()
                print "C"
                print(a, b, c)
            ]])
            check("false\ttag\n", [[
                local f = spawn(function() error("tag", 0) end)
                print(pcall(function() return f:join() end))
            ]])
            check("false\ttag\n", [[
                local f = spawn(function() this_fiber.yield() error("tag", 0) end)
                this_fiber.yield()
                print(pcall(function() return f:join() end))
            ]])
        end)

        it("2. two fibers alternate with yield", function()
            check("first\nsecond\nthird\nfourth\n", [[
                spawn(function() print "first" this_fiber.yield() print "third" end):detach()
                spawn(function() print "second" this_fiber.yield() print "fourth" end):detach()
            ]])
        end)

        it("3. self-join, direct and inside coroutine.wrap: panic of the secondary fiber at the end", function()
            check("main ends\n" .. panic "Resource deadlock avoided", [[
                local f
                f = spawn(function() f:join() end)
                this_fiber.yield()
                print "main ends"
            ]])
            check("main ends\n" .. panic "Resource deadlock avoided", [[
                local f
                f = spawn(function() coroutine.wrap(function() f:join() end)() end)
                this_fiber.yield()
                print "main ends"
            ]])
        end)

        it("5. a failing fiber: handle dropped, collection stopped: report after the last output of main", function()
            check("main ends\n" .. panic "tag", [[
                collectgarbage("stop")
                spawn(function() error("tag", 0) end)
                this_fiber.yield()
                print "main ends"
            ]])
        end)

        it("5. a failing fiber: handle dropped, explicit collection: report at that point", function()
            check("before\n" .. panic "tag" .. "after\n", [[
                collectgarbage("stop")
                local function start() spawn(function() error("tag", 0) end) end
                start()
                this_fiber.yield()
                print "before"
                collectgarbage()
                collectgarbage()
                print "after"
            ]])
        end)

        it("5. a failing fiber: detached before it runs: report at failure time", function()
            check("before\n" .. panic "tag" .. "after\n", [[
                spawn(function() error("tag", 0) end):detach()
                print "before"
                this_fiber.yield()
                print "after"
            ]])
        end)

        it("5. a failing fiber: detached after it failed: report inside detach", function()
            check("before\n" .. panic "tag" .. "after\n", [[
                local f = spawn(function() error("tag", 0) end)
                this_fiber.yield()
                print "before"
                f:detach()
                print "after"
            ]])
        end)

        it("5. a failing fiber: detached while it still runs: report after main's last output", function()
            check("main ends\n" .. panic "tag", [[
                local f = spawn(function()
                    this_fiber.yield()
                    this_fiber.yield()
                    error("tag", 0)
                end)
                this_fiber.yield()
                f:detach()
                print "main ends"
            ]])
        end)

        it("6. forbid_suspend and allow_suspend", function()
            check(form.failed "Suspension already allowed", "this_fiber.allow_suspend()")
            check(form.failed "Suspension already allowed", [[
                for _ = 1, 4 do this_fiber.forbid_suspend() end
                for _ = 1, 4 do this_fiber.allow_suspend() end
                this_fiber.allow_suspend()
            ]])
            check("end\n", "this_fiber.forbid_suspend() print 'end'")
            for _, call in ipairs{
                "spawn(function() end):join()", "time.sleep(0)", "this_fiber.yield()", "mutex.new():lock()",
            } do
                check(form.failed "EPERM within a forbid-suspend block",
                    "this_fiber.forbid_suspend() " .. call .. " print 'never'")
            end
        end)

        it("7. local_: nil first, shared with coroutines, empty in a spawned fiber", function()
            check("nil\n1\nnil\n2\n1\n", [[
                print(this_fiber.local_.x)
                this_fiber.local_.x = 1
                coroutine.wrap(function() print(this_fiber.local_.x) end)()
                spawn(function()
                    print(this_fiber.local_.x)
                    this_fiber.local_.x = 2
                    this_fiber.yield()
                    print(this_fiber.local_.x)
                end):join()
                print(this_fiber.local_.x)
            ]])
        end)
    end)

    describe("interruption", function()
        it("8. self-interrupt returns; the next point inside coroutine.wrap raises; no report", function()
            for _, ending in ipairs{"", "f:detach()"} do
                check("interrupted\nin coroutine\n", [[
                    local f
                    f = spawn(function()
                        coroutine.wrap(function()
                            f:interrupt()
                            print "interrupted"
                            print "in coroutine"
                            this_fiber.yield()
                            print "never"
                        end)()
                        print "never"
                    end)
                    this_fiber.yield()
                ]] .. ending)
                check("started\n", [[
                    local f = spawn(function()
                        print "started"
                        this_fiber.yield()
                        print "never"
                    end)
                    f:interrupt()
                ]] .. ending)
            end
        end)

        it("9. interrupting a sleeping fiber while main joins it, or before, or when it has finished", function()
            check("interrupting\ntrue\n", [[
                local sleeper = spawn(function() time.sleep(60) print "never" end)
                spawn(function()
                    this_fiber.yield()
                    print "interrupting"
                    sleeper:interrupt()
                end):detach()
                sleeper:join()
                print(sleeper.interruption_caught)
            ]])
            check("true\n", [[
                local sleeper = spawn(function() time.sleep(60) print "never" end)
                this_fiber.yield()
                sleeper:interrupt()
                for _ = 1, 5 do this_fiber.yield() end
                sleeper:join()
                print(sleeper.interruption_caught)
            ]])
            check("true\n", [[
                local sleeper = spawn(function() time.sleep(60) print "never" end)
                sleeper:interrupt()
                sleeper:join()
                print(sleeper.interruption_caught)
            ]])
        end)

        it("10. reading interruption_caught in the eight not-joined situations", function()
            for _, ending in ipairs{"", "f:detach()\n"} do
                for _, situation in ipairs{
                    "local f = spawn(function() end)\n",
                    "local f = spawn(function() time.sleep(0.01) end) this_fiber.yield()\n",
                    "local f = spawn(function() end) this_fiber.yield()\n",
                    "local f = spawn(function() time.sleep(60) end) this_fiber.yield() f:interrupt() " ..
                        "this_fiber.yield()\n",
                } do
                    check(form.failed "Invalid argument", situation .. ending ..
                        "print(f.interruption_caught)")
                end
            end
        end)

        it("11. disable, yield, restore, print: the print happens, the yield after it raises", function()
            check("printed\ntrue\n", [[
                local f = spawn(function()
                    this_fiber.disable_interruption()
                    this_fiber.yield()
                    this_fiber.restore_interruption()
                    print "printed"
                    this_fiber.yield()
                    print "never"
                end)
                this_fiber.yield()
                f:interrupt()
                f:join()
                print(f.interruption_caught)
            ]])
        end)

        it("12. join interrupted by its own target, and joined again", function()
            check("false\tFiber interrupted\nfalse\tFiber interrupted\ntrue\tvalue\nfalse\tInvalid argument\n", [[
                local joiner
                local target = spawn(function()
                    this_fiber.yield()
                    joiner:interrupt()
                    return "value"
                end)
                joiner = spawn(function()
                    try(target.join, target)
                    this_fiber.disable_interruption()
                    try(function()
                        this_fiber.restore_interruption()
                        target:join()
                    end)
                    this_fiber.disable_interruption()
                    try(target.join, target)
                    try(target.join, target)
                    this_fiber.restore_interruption()
                end)
                joiner:join()
            ]])
        end)

        it("13. an interrupt during a masked sleep, after an unmasked join, does not cut the sleep short", function()
            check("true\ntrue\n", [[
                local quick = spawn(function() end)
                local f = spawn(function()
                    quick:join()
                    this_fiber.disable_interruption()
                    local start = time.steady_clock.now()
                    time.sleep(0.05)
                    print(time.steady_clock.now() - start >= 0.05)
                    this_fiber.restore_interruption()
                    this_fiber.yield()
                    print "never"
                end)
                time.sleep(0.01)
                f:interrupt()
                f:join()
                print(f.interruption_caught)
            ]])
        end)

        it("14. interrupt after detach or join is harmless, repeatedly", function()
            check("detached runs on\nend\n", [[
                local f = spawn(function()
                    this_fiber.yield()
                    this_fiber.yield()
                    print "detached runs on"
                end)
                this_fiber.yield()
                f:detach()
                for _ = 1, 3 do f:interrupt() end
                local g = spawn(function() end)
                g:join()
                for _ = 1, 3 do g:interrupt() end
                this_fiber.yield()
                print "end"
            ]])
        end)

        it("15. pcall, xpcall, resume and wrap on an interrupted fiber: nothing after them runs; scope does", function()
            for _, call in ipairs{
                "pcall(print, 'never')", "xpcall(print, print, 'never')", "coroutine.resume(co)", "wrapped()",
            } do
                check("scope\ntrue\n", [[
                    local f
                    f = spawn(function()
                        local co = coroutine.create(function() print "never" end)
                        local wrapped = coroutine.wrap(function() print "never" end)
                        f:interrupt()
                        scope(function() print "scope" end)
                        ]] .. call .. [[

                        print("never", co, wrapped)
                    end)
                    f:join()
                    print(f.interruption_caught)
                ]])
            end
        end)
    end)

    describe("scopes", function()
        local FORCED = "VM ADDR forcibly closed due to error raised on cleanup handler from coroutine ADDR\n"

        it("16. a handler after the body, before the next statement", function()
            check("body\nhandler\nnext\n", [[
                scope(function()
                    push(function() print "handler" end)
                    print "body"
                end)
                print "next"
            ]])
        end)

        it("16. a failing body: the handler first, then the error", function()
            check("handler\n" .. form.failed "tag", [[
                scope(function()
                    push(function() print "handler" end)
                    error("tag", 0)
                end)
                print "never"
            ]])
        end)

        it("16. a failing handler: the forced-close line, nothing printed after", function()
            check("body\n" .. FORCED .. form.failed_handler("tag"), [[
                spawn(function() this_fiber.yield() print "never" end):detach()
                this_fiber.yield()
                pcall(scope, function()
                    push(function() print "never" end)
                    push(function() error("tag", 0) end)
                    print "body"
                end)
                print "never"
            ]])
            check("body\n" .. FORCED .. form.failed_handler("tag"), [[
                push(function() print "never" end)
                push(function() error("tag", 0) end)
                print "body"
                pop()
                print "never"
            ]])
        end)

        it("17. root handlers: coroutine's at its end, main's after its body, fiber's when it ends", function()
            check("co body\nco 2\nco 1\nresumed\nfiber body\nfiber 2\nfiber 1\njoined\nmain body\nmain 2\nmain 1\n", [[
                push(function() print "main 1" end)
                push(function() print "main 2" end)
                coroutine.wrap(function()
                    push(function() print "co 1" end)
                    push(function() print "co 2" end)
                    print "co body"
                end)()
                print "resumed"
                spawn(function()
                    push(function() print "fiber 1" end)
                    push(function() print "fiber 2" end)
                    print "fiber body"
                end):join()
                print "joined"
                print "main body"
            ]])
        end)

        it("18. two detached failing fibers whose handlers yield", function()
            check("foo1\nbar1\nfoo2\n" .. panic "foo" .. "bar2\n" .. panic "bar", [[
                for _, name in ipairs{"foo", "bar"} do
                    spawn(function()
                        push(function()
                            print(name .. 1)
                            this_fiber.yield()
                            print(name .. 2)
                        end)
                        error(name, 0)
                    end):detach()
                end
            ]])
        end)

        it("19. one coroutine's handlers popped under several fibers", function()
            check("c3\np1\nc2\np2\nc1\np3\n", [[
                local co = coroutine.create(function()
                    for i = 1, 3 do push(function() print("c" .. i) end) end
                    for _ = 1, 3 do
                        coroutine.yield()
                        pop()
                    end
                end)
                coroutine.resume(co)
                for i = 1, 3 do
                    spawn(function()
                        push(function() print("p" .. i) end)
                        coroutine.resume(co)
                    end):join()
                end
            ]])
        end)
    end)

    describe("coroutines", function()
        it("20. return values and errors through resume; numbers through yield; status drives a loop", function()
            check("true\t1\tnil\t3\nfalse\ttag\n1\n2\n3\ndead\n", [[
                print(coroutine.resume(coroutine.create(function() return 1, nil, 3 end)))
                print(coroutine.resume(coroutine.create(function() error("tag", 0) end)))
                local co = coroutine.create(function() for i = 1, 3 do coroutine.yield(i) end end)
                while coroutine.status(co) ~= "dead" do
                    local _, i = coroutine.resume(co)
                    if i then print(i) end
                end
                print(coroutine.status(co))
            ]])
        end)

        it("21. yield and sleep inside resume or wrap print before the code after the resume", function()
            for _, suspend in ipairs{"this_fiber.yield()", "time.sleep(0.001)"} do
                check("before\nother\nafter\nresumed\nbefore\nafter\nresumed\n", [[
                    spawn(function() print "other" end):detach()
                    local function body() print "before" ]] .. suspend .. [[ print "after" end
                    coroutine.resume(coroutine.create(body))
                    print "resumed"
                    coroutine.wrap(body)()
                    print "resumed"
                ]])
            end
        end)

        it("22. a coroutine parked in another fiber is normal; resuming it raises EPERM", function()
            check("suspended\nnormal\n" .. form.failed "Operation not permitted", [[
                local co = coroutine.create(function() time.sleep(0.01) end)
                print(coroutine.status(co))
                local f = spawn(function() coroutine.resume(co) end)
                this_fiber.yield()
                print(coroutine.status(co))
                coroutine.resume(co)
            ]])
        end)

        it("23. coroutine.running is the thread in a coroutine, nil in fibers", function()
            check("nil\nthread: ADDR\nnil\n", [[
                print(coroutine.running())
                coroutine.wrap(function() print(coroutine.running()) end)()
                spawn(function() print((coroutine.running())) end):join()
            ]])
        end)

        it("24. coroutine.yield in main", function()
            check(form.failed "The fiber coroutine is reserved to the scheduler", "coroutine.yield()")
        end)
    end)

    describe("sync", function()
        it("25. unlock of a free mutex and wait with a free mutex; double lock in main", function()
            check(form.failed "Operation not permitted", "mutex.new():unlock()")
            check(form.failed "Operation not permitted", "condition_variable.new():wait(mutex.new())")
            check(form.stuck "No scheduled fibers remaining to unlock mutex ADDR",
                "local m = mutex.new() m:lock() m:lock() print 'never'")
        end)

        it("26. with a lock held over a sleep, waiters get it FIFO", function()
            check("101\n102\n201\n202\n301\n302\n311\n", [[
                local m = mutex.new()
                for i = 1, 3 do
                    spawn(function()
                        m:lock()
                        print(i * 100 + 1)
                        time.sleep(0.005)
                        print(i * 100 + 2)
                        m:unlock()
                        if i == 3 then
                            this_fiber.yield()
                            print(311)
                        end
                    end):detach()
                end
            ]])
        end)

        it("27. try_lock, plain and recursive", function()
            check("true\nfalse\n", [[
                local m = mutex.new()
                print(m:try_lock())
                spawn(function() print(m:try_lock()) end):join()
            ]])
            check("true\ntrue\nfalse\nfalse\ntrue\n", [[
                local m = recursive_mutex.new()
                local function other() spawn(function() print(m:try_lock()) end):join() end
                print(m:try_lock())
                print(m:try_lock())
                other()
                m:unlock()
                other()
                m:unlock()
                other()
            ]])
        end)

        it("28. condition variables: notify, interrupt, notify_all, no lock, lock held after", function()
            local function waiters(after)
                return [[
                    local c, m, fibers = condition_variable.new(), mutex.new(), {}
                    for i = 1, 3 do
                        fibers[i] = spawn(function()
                            m:lock()
                            push(function() m:unlock() end)
                            c:wait(m)
                            print(i)
                        end)
                    end
                    this_fiber.yield()
                ]] .. after .. [[

                    for i = 1, 3 do
                        c:notify_one()
                        fibers[i]:join()
                    end
                    for i = 1, 3 do print(fibers[i].interruption_caught) end
                    print(m:try_lock())
                ]]
            end
            check("1\n2\n3\nfalse\nfalse\nfalse\ntrue\n", waiters "c:notify_one() fibers[1]:interrupt()")
            check("2\n3\ntrue\nfalse\nfalse\ntrue\n", waiters "fibers[1]:interrupt() c:notify_one()")
            check("1\n2\n3\nfalse\nfalse\nfalse\ntrue\n", waiters "c:notify_all()")
            check("1\n2\n3\nfalse\nfalse\nfalse\ntrue\n", waiters "")
        end)

        it("29. futures", function()
            check("value\nvalue\nnil\n", [[
                local p, f = future.new()
                p:set_value("value")
                print(f:get())
                p, f = future.new()
                local getter = spawn(function() print(f:get()) end)
                this_fiber.yield()
                p:set_value("value")
                getter:join()
                p, f = future.new()
                p:set_value(nil)
                print(f:get())
            ]])
            check("false\ttag\nfalse\ttag\n", [[
                local p, f = future.new()
                p:set_error("tag")
                print(pcall(f.get, f))
                p, f = future.new()
                local getter = spawn(function() print(pcall(f.get, f)) end)
                this_fiber.yield()
                p:set_error("tag")
                getter:join()
            ]])
            check("false\tBroken promise\nfalse\tBroken promise\n", [[
                local held = {}
                local function make() local p, f = future.new() held.p, held.f = p, f end
                make()
                held.p = nil
                collectgarbage() collectgarbage()
                try(held.f.get, held.f)
                make()
                local getter = spawn(function() try(held.f.get, held.f) end)
                this_fiber.yield()
                held.p = nil
                collectgarbage() collectgarbage()
                getter:join()
            ]])
            assert.equal("Possible deadlock(s) detected during VM ADDR shutdown:\n" ..
                "\tUnderlying promise for future ADDR is broken\n", output_of[[
                local p, f = future.new()
                spawn(function() f:get() print(p) end):detach()
                this_fiber.yield()
                collectgarbage()
            ]])
            check("true\n", [[
                local p, f = future.new()
                local getter = spawn(function() f:get() print "never" end)
                this_fiber.yield()
                getter:interrupt()
                getter:join()
                print(getter.interruption_caught)
                return p
            ]])
            check("1\tvalue\n2\tvalue\n", [[
                local p, f = future.new()
                for i = 1, 2 do spawn(function() print(i, f:get()) end):detach() end
                this_fiber.yield()
                p:set_value("value")
            ]])
        end)
    end)

    describe("byte_span", function()
        it("30. constructions and slices that fail", function()
            for _, sizes in ipairs{"", "0, -1", "-1, 1", "2, 1"} do
                check(form.failed "Invalid argument", "byte_span.new(" .. sizes .. ")")
            end
            check("0\t0\n", "local bs = byte_span.new(1, 2):slice(1, 2):slice(3) print(#bs, bs.capacity)")
            for _, range in ipairs{"3", "0", "-1", "3, 1", "1, 4", "2):slice(1, 3"} do
                check(form.failed "Numerical result out of range", "byte_span.new(1, 3):slice(" .. range .. ")")
            end
        end)

        it("31. shared views, append and overlapping copy", function()
            check("Xb\naXcd\nababcd\ncdefef\nab ab ab\ntrue\tfalse\n", [[
                local bs = byte_span.append("ab")
                bs:slice(1, 1)[1] = 88
                print(tostring(bs))
                bs = byte_span.append("abcd")
                bs:slice(1, 1):append("X")
                print(tostring(bs))
                bs = byte_span.append("abcdef")
                bs:slice(3):copy(bs:slice(1, 4))
                print(tostring(bs))
                bs = byte_span.append("abcdef")
                bs:copy(bs:slice(3))
                print(tostring(bs))
                bs = byte_span.append("ab")
                print(tostring(bs:append(" ", bs, " ", bs)))
                local copy = byte_span.append(nil, bs)
                copy[1] = 65
                print(tostring(copy) == "Ab", tostring(bs) == "Ab")
            ]])
        end)
    end)
end

-- busted gives its functions to the files that it runs, not to this one.
return function(form)
    setfenv(define, getfenv(2))(form)
end
