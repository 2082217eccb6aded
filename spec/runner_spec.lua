-- .ci/specs, which runs the spec files: what it tells of files that fail, die, or cannot be run.

local helper = require "spec.helper"

local quote = helper.quote

local FILES = {
    good = [[ it("passes", function() end) it("passes too", function() io.write "an open line" end) ]],
    failing = [[ it("passes", function() end) it("fails", function() assert.equal(1, 2) end) ]],
    skipping = [[ it("passes", function() end) it("skips", function() pending "later" end) ]],
    broken = [[ error "does not load" ]],
    dying = [[
        it("passes", function() end)
        it("dies", function() os.execute("kill -SEGV " .. io.open("/proc/self/stat"):read "*n") end)
        it("never runs", function() end)
        it("never runs either", function() end) ]],
    exiting = [[ it("passes", function() os.exit(0) end) it("never runs", function() end) ]],
    killing = [[
        it("kills its runner", function()
            local function parent(pid) return io.open("/proc/" .. pid .. "/stat"):read "*a":match "%) %a (%d+)" end
            os.execute("kill -9 " .. parent(parent(io.open("/proc/self/stat"):read "*n")))
        end) ]],
}

-- Runs these files by a copy of the script in a tree of its own; returns the output and the status.
local function run(names, settings)
    local tree = os.tmpname()
    os.remove(tree)
    helper.shell(("mkdir -p %s/spec %s/.ci && cp %s.ci/specs %s/.ci && cp %sspec/busted_runner.lua %s/spec"):format(
        tree, tree, quote(helper.root), tree, quote(helper.root), tree))
    local words = { "cd", tree, ";", settings or "", "LUAJIT=" .. quote(helper.interpreter), ".ci/specs" }
    for name in names:gmatch "%S+" do
        local path = "spec/" .. name .. "_spec.lua"
        local file = assert(io.open(tree .. "/" .. path, "w"))
        file:write('describe("inner", function()\n', FILES[name], "\nend)\n")
        file:close()
        words[#words + 1] = path
    end
    local output, status = helper.shell(table.concat(words, " "))
    helper.shell("rm -r " .. tree)
    return output, status
end

local function has(output, ...)
    for _, text in ipairs { ... } do
        assert.truthy(output:find(text, 1, true), text .. "\n\n" .. output)
    end
end

describe(".ci/specs", function()
    helper.install()

    it("tells what has passed, and nothing more", function()
        local output, status = run "good"
        assert.equal(0, status, output)
        assert.matches("^ +%d+ s     2 passed  spec/good_spec%.lua\n2 successes / 0 failures / 0 errors / 0 pending\n$",
            output)
    end)

    it("tells failures whole, and goes on", function()
        local output, status = run("failing good", "JOBS=1")
        assert.equal(1, status)
        has(output, "not ok 2 - inner fails\n# spec/failing_spec.lua @ 2\n# Failure message: ",
            "# Expected:\n# (number) 1\n", "exit status 1\n", "     2 passed  spec/good_spec.lua\n",
            "\n3 successes / 1 failures / 0 errors / 0 pending\n")
        assert.is_nil(output:find("ok 1 - inner passes", 1, true), output)
    end)

    it("tells what was skipped", function()
        local output, status = run "skipping"
        assert.equal(0, status, output)
        has(output, "# spec/skipping_spec.lua @ 2: inner skips\nok 2 - # SKIP spec/skipping_spec.lua:2: later\n",
            "\n1 successes / 0 failures / 0 errors / 1 pending\n")
    end)

    it("counts a file that does not load", function()
        local output, status = run "broken"
        assert.equal(1, status)
        has(output, "does not load", "\n0 successes / 1 failures / 0 errors / 0 pending\n")
    end)

    it("counts the tests that a dead process has left, and runs the other files", function()
        local output, status = run("dying good", "JOBS=1")
        assert.equal(1, status)
        has(output, "     1 passed  spec/dying_spec.lua\n",
            "# spec/dying_spec.lua @ 3: inner dies\ndied here: 3 of its tests did not end\nexit status 139\n",
            "     2 passed  spec/good_spec.lua\n", "\n3 successes / 0 failures / 3 errors / 0 pending\n")
    end)

    it("counts them also if the process says that all is well", function()
        local output, status = run "exiting"
        assert.equal(1, status)
        has(output, "died here: 2 of its tests did not end\n",
            "\n0 successes / 0 failures / 2 errors / 0 pending\n")
    end)

    it("counts the files that were not run", function()
        local output, status = run("killing good", "JOBS=1")
        assert.equal(1, status)
        has(output, "spec/killing_spec.lua was not run\nspec/good_spec.lua was not run\n",
            "\n0 successes / 0 failures / 2 errors / 0 pending\n")
    end)
end)
