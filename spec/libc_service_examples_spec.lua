-- The example of libc_service, run as a user runs it.

local helper = require "spec.helper"

local function run(words)
    return helper.shell("timeout 60 " .. helper.interpreter .. " examples/hand_files.lua " .. words)
end

describe("examples/hand_files.lua", function()
    it("hands out the files that are named", function()
        local output, status = run "/a=LICENSE b=README.md -- head -qn1 /a b"
        assert.equal("MIT License\n# emilua\n", output)
        assert.equal(0, status)
    end)

    it("hands out nothing else", function()
        local output, status = run "/a=LICENSE -- cat LICENSE"
        assert.equal("cat: LICENSE: Permission denied\n", output)
        assert.equal(1, status)
        output = run "/a=/none/such -- cat /a"
        assert.equal("cat: /a: No such file or directory\n", output)
    end)
end)
