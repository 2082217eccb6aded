local environment = require "spec.environment"
local helper = require "spec.helper"

-- Runs the lines as the body of an `it`, in a busted of its own.
local function outcome(body, must_work)
    local name = os.tmpname()
    local path = name .. "_spec.lua"
    local file = assert(io.open(path, "w"))
    file:write('local environment = require "spec.environment"\n',
        'describe("outer", function() it("inner", function()\n', body, "\nend) end)\n")
    file:close()
    local text, status = helper.shell(string.format(
        "cd %s; EMILUA_MUST_WORK=%s busted --output=plainTerminal %s",
        helper.quote(helper.root), must_work and "1" or "", path))
    os.remove(name)
    os.remove(path)
    local successes, failures, errors, pending =
        text:match("(%d+) success%a* / (%d+) failures? / (%d+) errors? / (%d+) pending")
    assert(successes, text)
    return {
        success = tonumber(successes), failed = tonumber(failures) + tonumber(errors), pending = tonumber(pending),
        status = status, text = text,
    }
end

local LISTED = 'environment.missing.teleport = { why = "no such hardware", probe = function() return %s end }\n'

describe("environment.need", function()
    it("lets the spec run where the feature works", function()
        local o = outcome('environment.need("luajit", jit ~= nil)')
        assert.same({ 1, 0, 0, 0 }, { o.success, o.failed, o.pending, o.status })
        o = outcome('environment.need("luajit", function() return true end)', true)
        assert.same({ 1, 0, 0, 0 }, { o.success, o.failed, o.pending, o.status })
    end)

    it("skips the spec where the feature is missing, and says which", function()
        local o = outcome('environment.need("teleport", false) error("not reached")')
        assert.same({ 0, 0, 1, 0 }, { o.success, o.failed, o.pending, o.status })
        assert.matches("missing here: teleport", o.text, 1, true)
    end)

    it("fails on the CI machine where an unlisted feature is missing", function()
        local o = outcome('environment.need("teleport", false)', true)
        assert.same({ 0, 1, 0 }, { o.success, o.failed, o.pending })
        assert.is_not_equal(0, o.status)
        assert.matches("teleport must work here", o.text, 1, true)
    end)

    it("skips on the CI machine what is listed and missing", function()
        local o = outcome(LISTED:format("false") .. 'environment.need("teleport") error("not reached")', true)
        assert.same({ 0, 0, 1, 0 }, { o.success, o.failed, o.pending, o.status })
        assert.matches("teleport: no such hardware", o.text, 1, true)
    end)

    it("fails on the CI machine what is listed and works", function()
        local o = outcome(LISTED:format("true") .. 'environment.need("teleport")', true)
        assert.same({ 0, 1, 0 }, { o.success, o.failed, o.pending })
        assert.is_not_equal(0, o.status)
        assert.matches("teleport works, but", o.text, 1, true)
    end)

    it("runs elsewhere what is listed and works", function()
        local o = outcome(LISTED:format("true") .. 'environment.need("teleport")')
        assert.same({ 1, 0, 0, 0 }, { o.success, o.failed, o.pending, o.status })
    end)

    it("refuses an unlisted feature without a test for it", function()
        local o = outcome('environment.need("teleport")')
        assert.equal(1, o.failed)
        assert.matches("no feature teleport is listed", o.text, 1, true)
    end)
end)

describe("a skip that did not come from environment.need", function()
    it("fails on the CI machine", function()
        local o = outcome('pending("later")', true)
        assert.equal(1, o.failed)
        assert.is_not_equal(0, o.status)
        assert.matches("skipped without environment.need", o.text, 1, true)
        o = outcome('end) pending("a block", function()', true)
        assert.equal(1, o.failed)
        assert.is_not_equal(0, o.status)
    end)

    it("is let through elsewhere", function()
        local o = outcome('pending("later")')
        assert.same({ 0, 0, 1, 0 }, { o.success, o.failed, o.pending, o.status })
    end)
end)

describe("environment.missing", function()
    it("lists only what the CI machine lacks", function()
        for name, feature in pairs(environment.missing) do
            assert.is_string(feature.why)
            if environment.must_work() then
                assert(not feature.probe(), name .. " works, but is listed as missing")
            end
        end
    end)
end)
