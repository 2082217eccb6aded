-- The project's front door: what `make` and CI promise to whoever starts them.

local environment = require "spec.environment"
local helper = require "spec.helper"

local quote = helper.quote

local function shell(command)
    return helper.shell("cd " .. quote(helper.root) .. " && " .. command)
end

-- A command in an environment that has the named programs and nothing else.
local function only_with(programs, command)
    local directory = os.tmpname()
    os.remove(directory)
    local output, status = shell(string.format(
        "mkdir %s && for p in %s; do ln -s \"$(command -v $p)\" %s/; done && env -i PATH=%s HOME=/nonexistent %s",
        directory, programs, directory, directory, command))
    shell("rm -r " .. directory)
    return output, status
end

local BASIC = "sh bash env make dirname sed cat grep awk"

describe("make build", function()
    it("says what to install where Rust is missing", function()
        local output, status = only_with(BASIC, "make build")
        assert.is_not_equal(0, status)
        assert.matches("building needs Rust 1%.%d+ or newer %(cargo and rustc%), and it is not here", output)
        assert.matches("rustup", output, 1, true)
    end)
end)

describe("make setup", function()
    it("does nothing where all is there", function()
        local output, status = shell(".ci/setup base test")
        assert.same({ "", 0 }, { output, status })
    end)

    it("says what to install where there is no apt", function()
        local output, status = only_with(BASIC, ".ci/setup base test")
        assert.is_not_equal(0, status)
        assert.matches("apt%-get install.* luajit .*socat.* lua%-busted", output)
    end)
end)

describe("OpenResty's luajit2", function()
    it("is unpacked beside Debian's luajit, which it conflicts with", function()
        local luajit2 = "build/luajit2/luajit2"
        environment.need("luajit2", function()
            return select(2, shell("test -x " .. luajit2)) == 0
        end)
        -- Only OpenResty's branch has this module built in.
        local output, status = shell(luajit2 .. [[ -e 'print(require "table.clone" and require("ffi").abi("gc64"))']])
        assert.same({ "true\n", 0 }, { output, status })
    end)
end)

describe("make demo", function()
    it("talks to the echo server through socat, loads it, and succeeds", function()
        local output, status = shell(".ci/demo")
        assert.equal(0, status, output)
        assert.matches('the answer is "hello, emilua"', output, 1, true)
        assert.matches("32 of 32 connections", output, 1, true)
    end)

    it("fails where the server does not answer", function()
        local output, status = shell("LUAJIT=false .ci/demo")
        assert.equal(1, status)
        assert.matches("demo: FAILED: the server ended before it listened", output, 1, true)
    end)
end)

describe("the sum of a test run", function()
    local function summary(failed, ...)
        local paths = {}
        for i = 1, select("#", ...) do
            paths[i] = helper.write_temporary((select(i, ...)))
        end
        local output, status = shell(".ci/summary " .. failed .. " " .. table.concat(paths, " "))
        for _, path in ipairs(paths) do
            os.remove(path)
        end
        return { output, status }
    end

    local BUSTED = "+++\n%d successes / %d failures / %d errors / %d pending : 0.1 seconds\n"
    local CARGO = "\ntest result: %s. %d passed; %d failed; %d ignored; 0 measured; 0 filtered out; finished in 0.0s\n"

    it("adds busted's and cargo's counts", function()
        assert.same({ "12 passed, 0 failed, 3 skipped\n", 0 },
            summary(0, CARGO:format("ok", 5, 0, 2), BUSTED:format(7, 0, 0, 1)))
        assert.same({ "1 passed, 0 failed, 0 skipped\n", 0 },
            summary(0, "1 success / 0 failures / 0 errors / 0 pending : 0.1 seconds\n"))
    end)

    it("counts failures and errors as failed", function()
        assert.same({ "7 passed, 6 failed, 0 skipped\n", 1 },
            summary(1, CARGO:format("FAILED", 0, 1, 0), BUSTED:format(7, 2, 3, 0)))
    end)

    it("fails for a runner that died or ran nothing", function()
        assert.same({ "7 passed, 1 failed, 0 skipped\n", 1 },
            summary(1, CARGO:format("ok", 7, 0, 0), "Segmentation fault\n"))
        assert.same({ "0 passed, 1 failed, 0 skipped\n", 1 }, summary(0, ""))
    end)
end)

describe("README", function()
    it("opens with the command for the main job and the one for the tests", function()
        local file = assert(io.open(helper.root .. "README.md"))
        local text = file:read("*a")
        file:close()
        local commands = text:match("```sh[^\n]*\n(.-)```")
        assert.matches("^make demo[^\n]*\nmake test", commands)
    end)
end)
