local emilua = require "emilua"
local helper = require "spec.helper"

local byte_span = emilua.byte_span

helper.install()

local function span(text)
    return byte_span.append(text)
end

-- Both forms that a search argument may have.
local function forms(text)
    return ipairs{text, span(text)}
end

local FORWARD = {"find", "find_first_of", "find_first_not_of"}
local BACKWARD = {"rfind", "find_last_of", "find_last_not_of"}

local function check_arguments(name)
    it("raises EINVAL if the target is neither a string nor a span", function()
        local bs = span("abc")
        for _, target in ipairs{1, true, {}} do
            helper.EINVAL(function() bs[name](bs, target) end, 2)
        end
    end)

    it("raises EINVAL if the position is not a number", function()
        local bs = span("abc")
        for _, position in ipairs{"1", true, {}} do
            helper.EINVAL(function() bs[name](bs, "a", position) end, 3)
        end
    end)

    it("takes nil for the empty target", function()
        local bs = span("abc")
        for position = 1, 3 do
            assert.equal((bs[name](bs, "", position)), (bs[name](bs, nil, position)))
        end
    end)

    it("counts the length, not the capacity", function()
        local bs = span("aaaXbb"):slice(1, 3)
        assert.is_nil(bs[name](bs, name:find("not") and "a" or "X"))
        helper.ERANGE(function() bs[name](bs, "X", 5) end)
    end)
end

for name, cases in pairs{
    starts_with = {{"", true}, {"a", true}, {"abc", true}, {"abcd", true}, {"abcde", false}, {"b", false}},
    ends_with = {{"", true}, {"d", true}, {"bcd", true}, {"abcd", true}, {"xabcd", false}, {"c", false}},
} do
    describe("byte_span:" .. name, function()
        it("tells whether the span does, for a string or a span", function()
            local bs = span("abcd")
            for _, case in ipairs(cases) do
                for _, target in forms(case[1]) do
                    assert.equal(case[2], bs[name](bs, target))
                end
            end
        end)

        it("is true for the empty target, also on an empty span", function()
            local bs = byte_span.new(0)
            for _, target in forms("") do assert.is_true(bs[name](bs, target)) end
            assert.is_false(bs[name](bs, "a"))
        end)

        it("raises EINVAL for another type, also for nil", function()
            local bs = span("abc")
            helper.EINVAL(function() bs[name](bs) end, 2)
            for _, target in ipairs{1, true, {}} do
                helper.EINVAL(function() bs[name](bs, target) end, 2)
            end
        end)
    end)
end

describe("byte_span:find", function()
    it("returns the smallest index from start on where the target begins", function()
        local bs = span("abcabc")
        for _, target in forms("bc") do
            assert.equal(2, bs:find(target))
            assert.equal(2, bs:find(target, 2))
            assert.equal(5, bs:find(target, 3))
            assert.is_nil(bs:find(target, 6))
        end
        assert.equal(1, bs:find("abcabc"))
        assert.is_nil(bs:find("abcabca"))
        assert.is_nil(bs:find("x"))
        assert.equal(3, span("aaab"):find("ab"))
        assert.equal(2, span("a\0b"):find("\0b"))
    end)

    it("returns start for an empty target", function()
        local bs = span("abc")
        assert.equal(1, bs:find(""))
        assert.equal(3, bs:find("", 3))
    end)

    check_arguments("find")
end)

describe("byte_span:rfind", function()
    it("returns the largest index up to end_ where the target begins; the match may reach beyond end_", function()
        local bs = span("abcabc")
        for _, target in forms("bc") do
            assert.equal(5, bs:rfind(target))
            assert.equal(5, bs:rfind(target, 5))
            assert.equal(2, bs:rfind(target, 4))
            assert.equal(2, bs:rfind(target, 2))
            assert.is_nil(bs:rfind(target, 1))
        end
        assert.equal(1, bs:rfind("abcabc"))
        assert.equal(1, bs:rfind("abcabc", 1))
        assert.is_nil(bs:rfind("abcabca"))
        assert.is_nil(bs:rfind("x"))
    end)

    it("does not match beyond the length", function()
        assert.is_nil(span("abcd"):slice(1, 3):rfind("cd"))
    end)

    it("returns end_ for an empty target", function()
        local bs = span("abc")
        assert.equal(3, bs:rfind(""))
        assert.equal(1, bs:rfind("", 1))
    end)

    check_arguments("rfind")
end)

describe("byte_span:find_first_of", function()
    it("returns the first byte at or after start that is in the set", function()
        local bs = span("abcabc")
        for _, set in forms("cb") do
            assert.equal(2, bs:find_first_of(set))
            assert.equal(3, bs:find_first_of(set, 3))
            assert.equal(5, bs:find_first_of(set, 4))
        end
        assert.is_nil(bs:find_first_of("a", 5))
        assert.is_nil(bs:find_first_of("x"))
    end)

    it("returns nil for an empty set", function()
        assert.is_nil(span("abc"):find_first_of(""))
    end)

    check_arguments("find_first_of")
end)

describe("byte_span:find_last_of", function()
    it("returns the last byte at or before end_ that is in the set", function()
        local bs = span("abcabc")
        for _, set in forms("ab") do
            assert.equal(5, bs:find_last_of(set))
            assert.equal(4, bs:find_last_of(set, 4))
            assert.equal(2, bs:find_last_of(set, 3))
        end
        assert.is_nil(bs:find_last_of("c", 2))
        assert.is_nil(bs:find_last_of("x"))
    end)

    it("returns nil for an empty set", function()
        assert.is_nil(span("abc"):find_last_of(""))
    end)

    check_arguments("find_last_of")
end)

describe("byte_span:find_first_not_of", function()
    it("returns the first byte at or after start that is not in the set", function()
        local bs = span("abcabc")
        for _, set in forms("ab") do
            assert.equal(3, bs:find_first_not_of(set))
            assert.equal(3, bs:find_first_not_of(set, 3))
            assert.equal(6, bs:find_first_not_of(set, 4))
        end
        assert.is_nil(bs:find_first_not_of("abc"))
        assert.equal(1, bs:find_first_not_of("x"))
    end)

    it("returns start for an empty set", function()
        assert.equal(1, span("abc"):find_first_not_of(""))
        assert.equal(3, span("abc"):find_first_not_of("", 3))
    end)

    check_arguments("find_first_not_of")
end)

describe("byte_span:find_last_not_of", function()
    it("returns the last byte at or before end_ that is not in the set", function()
        local bs = span("abcabc")
        for _, set in forms("cb") do
            assert.equal(4, bs:find_last_not_of(set))
            assert.equal(4, bs:find_last_not_of(set, 4))
            assert.equal(1, bs:find_last_not_of(set, 3))
        end
        assert.is_nil(bs:find_last_not_of("abc"))
        assert.equal(6, bs:find_last_not_of("x"))
    end)

    it("returns end_ for an empty set", function()
        assert.equal(3, span("abc"):find_last_not_of(""))
        assert.equal(1, span("abc"):find_last_not_of("", 1))
    end)

    check_arguments("find_last_not_of")
end)

describe("the position of a search", function()
    it("forward must be in 1..#bs + 1, else ERANGE", function()
        local bs = span("abc")
        for _, name in ipairs(FORWARD) do
            for _, start in ipairs{0, -1, 5, 2 ^ 32 + 1, 2 ^ 53, math.huge} do
                helper.ERANGE(function() bs[name](bs, "a", start) end)
                helper.ERANGE(function() bs[name](bs, "", start) end)
            end
        end
    end)

    it("forward gives nil at #bs + 1 in all cases", function()
        for _, name in ipairs(FORWARD) do
            for _, target in ipairs{"", "a", "x"} do
                local bs = span("abc")
                assert.is_nil(bs[name](bs, target, 4))
                bs = byte_span.new(0)
                assert.is_nil(bs[name](bs, target, 1))
                assert.is_nil(bs[name](bs, target))
            end
        end
    end)

    it("backward must be in 0..#bs, else ERANGE", function()
        local bs = span("abc")
        for _, name in ipairs(BACKWARD) do
            for _, end_ in ipairs{-1, 4, 2 ^ 32, 2 ^ 53, math.huge} do
                helper.ERANGE(function() bs[name](bs, "a", end_) end)
                helper.ERANGE(function() bs[name](bs, "", end_) end)
            end
        end
    end)

    it("backward gives nil at 0 in all cases", function()
        for _, name in ipairs(BACKWARD) do
            for _, target in ipairs{"", "a", "x"} do
                local bs = span("abc")
                assert.is_nil(bs[name](bs, target, 0))
                bs = byte_span.new(0)
                assert.is_nil(bs[name](bs, target, 0))
                assert.is_nil(bs[name](bs, target))
            end
        end
    end)
end)

describe("searches of random spans", function()
    local function begins(text, target, i)
        return text:sub(i, i + #target - 1) == target
    end

    local function is_in(text, set, i)
        return set:find(text:sub(i, i), 1, true) ~= nil
    end

    local function is_not_in(text, set, i)
        return not is_in(text, set, i)
    end

    local tests = {
        find = begins, rfind = begins, find_first_of = is_in, find_last_of = is_in, find_first_not_of = is_not_in,
        find_last_not_of = is_not_in,
    }

    local function expected(name, text, target, position)
        local forward = name == "find" or name:find("first")
        for i = position, forward and #text or 1, forward and 1 or -1 do
            if tests[name](text, target, i) then return i end
        end
    end

    local function random_text(length)
        local bytes = {}
        for i = 1, length do bytes[i] = string.char(math.random(97, 99)) end
        return table.concat(bytes)
    end

    it("agree with a loop over the bytes", function()
        local seed = tonumber(os.getenv("EMILUA_SEED")) or os.time()
        math.randomseed(seed)
        for _ = 1, 3000 do
            local text, target = random_text(math.random(0, 40)), random_text(math.random(0, 3))
            local bs = span("c" .. text .. "abc"):slice(2, 1 + #text)
            for name in pairs(tests) do
                local forward = name == "find" or name:find("first")
                local position = forward and math.random(1, #text + 1) or math.random(0, #text)
                assert.equal(expected(name, text, target, position), bs[name](bs, target, position),
                    ("seed %d: %s of %q in %q from %d"):format(seed, name, target, text, position))
            end
        end
    end)
end)
