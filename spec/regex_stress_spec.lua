-- regex: random patterns against a matcher that tries everything, random texts as patterns, large subjects and patterns
-- on which backtracking engines take for ever. `EMILUA_SEED` repeats the random cases.

local byte_span = require "emilua.byte_span"
local regex = require "emilua.regex"
local helper = require "spec.helper"

helper.install()

local random = math.random

-- A random pattern as a tree: {kind, ...}.
local function random_tree(depth)
    local kind = random(depth > 0 and 9 or 4)
    if kind <= 2 then return { "byte", ("abc"):sub(random(3)):sub(1, 1) } end
    if kind == 3 then return { "set", random(2) == 1, ({ "ab", "bc", "a", "c" })[random(4)] } end
    if kind == 4 then return { "any" } end
    if kind == 5 then return { "alt", random_tree(depth - 1), random_tree(depth - 1) } end
    if kind == 6 then
        local min = random(0, 2)
        return { "repeat", random_tree(depth - 1), min, random(2) == 1 and min + random(0, 2) or nil }
    end
    if kind == 7 then return { random(2) == 1 and "bol" or "eol" } end
    return { "seq", random_tree(depth - 1), random_tree(depth - 1) }
end

local function pattern_of(tree, grammar)
    local open, close = "(", ")"
    if grammar == "ecma" then open = "(?:" end
    local kind = tree[1]
    if kind == "byte" then return tree[2] end
    if kind == "set" then return "[" .. (tree[2] and "^" or "") .. tree[3] .. "]" end
    if kind == "any" then return "." end
    if kind == "bol" then return "(" .. "^)" end
    if kind == "eol" then return "($)" end
    if kind == "alt" then
        return open .. pattern_of(tree[2], grammar) .. "|" .. pattern_of(tree[3], grammar) .. close
    end
    if kind == "seq" then return pattern_of(tree[2], grammar) .. pattern_of(tree[3], grammar) end
    return open .. pattern_of(tree[2], grammar) .. close .. "{" .. tree[3] .. "," .. (tree[4] or "") .. "}"
end

-- Calls next(end) for each way in which `tree` matches at `at`, in the order of preference, until it returns true.
local function try(tree, text, at, next)
    local kind = tree[1]
    if kind == "seq" then
        return try(tree[2], text, at, function(middle) return try(tree[3], text, middle, next) end)
    elseif kind == "alt" then
        return try(tree[2], text, at, next) or try(tree[3], text, at, next)
    elseif kind == "bol" then
        return at == 1 and next(at)
    elseif kind == "eol" then
        return at == #text + 1 and next(at)
    elseif kind == "repeat" then
        local function again(count, from)
            local more = (not tree[4] or count < tree[4]) and try(tree[2], text, from, function(middle)
                -- ECMAScript refuses an empty round beyond the minimum; for the longest match it makes no difference.
                if middle == from and count >= tree[3] then return false end
                return again(count + 1, middle)
            end)
            return more or count >= tree[3] and next(from)
        end
        return again(0, at)
    end
    local c = text:sub(at, at)
    if c == "" then return false end
    if kind == "byte" and c ~= tree[2] then return false end
    if kind == "set" and (tree[3]:find(c, 1, true) ~= nil) == tree[2] then return false end
    return next(at + 1)
end

local function expected(tree, text, longest)
    for start = 1, #text + 1 do
        local best
        try(tree, text, start, function(stop)
            if not best or stop > best then best = stop end
            return not longest
        end)
        if best then return start, best - 1 end
    end
end

describe("random patterns", function()
    it("match where a matcher that tries everything says so", helper.seeded(1500, function()
        local tree = random_tree(4)
        for _, grammar in ipairs{ "extended", "ecma" } do
            local pattern = pattern_of(tree, grammar)
            local re = regex.new{ pattern = pattern, grammar = grammar, nosubs = true }
            for _ = 1, 4 do
                local bytes = {}
                for i = 1, random(0, 7) do bytes[i] = ("abc"):sub(random(3)):sub(1, 1) end
                local text = table.concat(bytes)
                local start, stop = expected(tree, text, grammar == "extended")
                local result = regex.search(re, text)
                local got = result[0] or {}
                assert(got.start == start and got.end_ == stop, ("%s %s in %q: %s,%s, not %s,%s"):format(grammar,
                    pattern, text, tostring(got.start), tostring(got.end_), tostring(start), tostring(stop)))
                local whole = false
                try(tree, text, 1, function(at)
                    whole = at == #text + 1
                    return whole
                end)
                assert((regex.match(re, text) ~= nil) == whole, ("%s %s: match of %q"):format(grammar, pattern, text))
                -- The flag that only forbids what is not there takes the other engine, and must agree.
                local groups = regex.new{ pattern = "(" .. pattern .. ")", grammar = grammar }
                local flagged = regex.search(groups, text .. "\0", regex.match_flag.not_eol)
                local plain = regex.search(groups, text .. "\0")
                if not pattern:find("$", 1, true) then
                    assert((flagged[1] or {}).end_ == (plain[1] or {}).end_, pattern)
                end
            end
        end
    end))

    it("split a text into what joins to it", helper.seeded(1500, function()
        local re = regex.new{ pattern = pattern_of(random_tree(3), "ecma"), grammar = "ecma", nosubs = true }
        local bytes = {}
        for i = 1, random(0, 40) do bytes[i] = ("abc"):sub(random(3)):sub(1, 1) end
        local text = table.concat(bytes)
        local fields, bs = regex.split(re, text), byte_span.append(text)
        local views = regex.split(re, bs)
        assert(#fields == #views and #fields >= 1)
        local at = 1
        for i, field in ipairs(fields) do
            assert(field == tostring(views[i]))
            local start, stop = text:find(field, at, true)
            assert(start == at or field ~= "" and start > at or i == #fields)
            at = (stop or at - 1) + 1
        end
        local matches = regex.patsplit(re, text)
        for i, view in ipairs(regex.patsplit(re, bs)) do assert(matches[i] == tostring(view)) end
    end))
end)

describe("random bytes", function()
    it("as a pattern are compiled or refused", helper.seeded(5000, function()
        local bytes = {}
        for i = 1, random(0, 20) do
            local at = random(28)
            bytes[i] = random(6) == 1 and string.char(random(0, 255)) or ([[()[]{}*+?|\.^$-:=,09abdw\1]]):sub(at, at)
        end
        for _, grammar in ipairs{ "basic", "extended", "ecma" } do
            local ok, re = pcall(regex.new, { pattern = table.concat(bytes), grammar = grammar })
            if ok then
                regex.search(re, "some text\nab09")
                regex.match(re, "ab", 127)
            else
                assert(getmetatable(re) == "error_code", re)
            end
        end
    end))
end)

describe("patterns that explode elsewhere", function()
    local text = ("a"):rep(20000) .. "b"

    for _, pattern in ipairs{ "(a*)*c", "(a|aa)+$", "(a|a?)+c", "(.*)(.*)(.*)(.*)x", "(x+x+)+y", "^(a+)+$" } do
        it("take linear time: " .. pattern, function()
            for _, grammar in ipairs{ "extended", "ecma" } do
                local re = regex.new{ pattern = pattern, grammar = grammar }
                assert.is_true(regex.search(re, text).empty)
                assert.is_nil(regex.match(re, text))
                assert.is_true(regex.search(re, text, regex.match_flag.not_bol + regex.match_flag.not_null).empty)
            end
        end)
    end

    it("of a hundred optional bytes", function()
        local n = 100
        local re = regex.new{ pattern = ("a?"):rep(n) .. ("a"):rep(n), grammar = "ecma" }
        assert.equal(n, regex.search(re, ("a"):rep(n))[0].end_)
    end)
end)

describe("a subject of 100 MB", function()
    it("is searched, matched and split without a copy", function()
        local bs = byte_span.new(100 * 2 ^ 20):fill(97)
        bs:slice(#bs - 3):copy ",bcd"
        local function new(pattern) return regex.new{ pattern = pattern, grammar = "extended" } end
        assert.equal(#bs - 2, regex.search(new "b", bs)[0].start)
        assert.equal(#bs, regex.search(new "b(c|cd)", bs)[0].end_)
        assert.is_true(regex.search(new "x", bs).empty)
        assert.is_true(rawequal(bs, regex.match(new "a+,[b-d]*", bs)))
        local fields = regex.split(new ",", bs)
        assert.same({ #bs - 4, 3 }, { #fields[1], #fields[2] })
        local first, second = regex.match(new "([^,]*),(.*)", bs)
        assert.same({ #bs - 4, "bcd" }, { #first, tostring(second) })
    end)
end)
