-- regex (system §6): construction, grammars, match, search, split, patsplit.

local byte_span = require "emilua.byte_span"
local regex = require "emilua.regex"
local helper = require "spec.helper"

helper.install()

local EINVAL, ENOTSUP, raises = helper.EINVAL, helper.ENOTSUP, helper.raises
local flag = regex.match_flag
local GRAMMARS = { "basic", "extended", "ecma" }

local CODES = {
    ctype = 1, escape = 2, backref = 3, brack = 4, paren = 5, brace = 6, badbrace = 7, range = 8, space = 9,
    badrepeat = 10, complexity = 11, stack = 12, collate = 13,
}

local function new(pattern, grammar, opts)
    local o = { pattern = pattern, grammar = grammar or "extended" }
    for name, value in pairs(opts or {}) do o[name] = value end
    return regex.new(o)
end

local function texts(list)
    local result = {}
    for i, v in ipairs(list) do result[i] = tostring(v) end
    return result
end

-- Bounds of the match and its groups, as {start, end_} lists; false for those absent, nil without a match.
local function found(re, subject, flags)
    local result = regex.search(re, subject, flags)
    if result.empty then
        assert.is_nil(result[0])
        return nil
    end
    local list = {}
    for i = 0, re.mark_count do list[i] = result[i] and { result[i].start, result[i].end_ } or false end
    return list
end

-- What `re` matches first in a text.
local function first(re, text, flags)
    local result = regex.search(re, text, flags)
    return not result.empty and text:sub(result[0].start, result[0].end_) or nil
end

describe("regex.new", function()
    it("wants a table with a pattern and a grammar", function()
        for _, opts in ipairs{ 1, "a" } do assert.error(function() regex.new(opts) end) end
        assert.error(function() regex.new() end)
        for _, opts in ipairs{ {}, { pattern = "a" }, { grammar = "ecma" }, { pattern = 1, grammar = "ecma" } } do
            assert.error(function() regex.new(opts) end)
        end
    end)

    it("knows three grammars", function()
        for _, name in ipairs(GRAMMARS) do assert.equal(name, new("a", name).grammar) end
        for _, name in ipairs{ "awk", "grep", "egrep", "ECMA", "" } do
            EINVAL(function() new("a", name) end, "grammar")
        end
    end)

    it("takes booleans as options", function()
        for _, name in ipairs{ "ignore_case", "nosubs", "optimize" } do
            for _, value in ipairs{ 1, "true", {} } do EINVAL(function() new("a", "ecma", { [name] = value }) end,
                name) end
        end
    end)

    it("gives an object with properties and no methods", function()
        local re = new("(a)(b)", "extended", { ignore_case = true, optimize = true })
        assert.equal("regex", getmetatable(re))
        assert.same({ 2, "extended", true, false, true },
            { re.mark_count, re.grammar, re.ignore_case, re.nosubs, re.optimized })
        re = new("(a)(b)", "ecma", { nosubs = true })
        assert.same({ 0, "ecma", false, true, false },
            { re.mark_count, re.grammar, re.ignore_case, re.nosubs, re.optimized })
        helper.bad_index(function() return re.match end)
        helper.bad_index(function() return re:match "a" end)
        helper.EPERM(function() re.grammar = "basic" end)
    end)

    it("takes any bytes in a pattern", function()
        assert.equal("\0\255", first(new("\0\255", "ecma"), "a\0\255b"))
        assert.equal("\195\169", first(new("\195\169", "basic"), "caf\195\169"))
        assert.equal("\169", first(new("[\195\169]$"), "caf\195\169"))
    end)
end)

describe("the module regex", function()
    it("is a plain table with match_flag", function()
        assert.is_nil(regex.no_such_member)
        assert.same({ not_bol = 1, not_eol = 2, not_bow = 4, not_eow = 8, any = 16, not_null = 32, continuous = 64 },
            flag)
    end)
end)

-- Grammar, pattern, name of the error.
local INVALID = {
    { "extended", "[[:foo:]]", "ctype" }, { "basic", "[[::]]", "ctype" }, { "ecma", "[[:Alpha:]]", "ctype" },
    { "basic", "\\d", "escape" }, { "basic", "\\+", "escape" }, { "basic", "\\|", "escape" },
    { "basic", "\\n", "escape" },
    { "extended", "\\d", "escape" }, { "extended", "\\1", "escape" }, { "extended", "(a)\\1", "escape" },
    { "extended", "\\b", "escape" }, { "extended", "\\n", "escape" }, { "basic", "a\\", "escape" },
    { "extended", "a\\", "escape" }, { "ecma", "a\\", "escape" }, { "ecma", "\\x1", "escape" },
    { "ecma", "\\xg0", "escape" },
    { "ecma", "\\u00e", "escape" }, { "ecma", "\\u0100", "escape" }, { "ecma", "\\c1", "escape" },
    { "ecma", "[\\", "escape" },
    { "basic", "\\1", "backref" }, { "ecma", "(a)\\2", "backref" }, { "ecma", "\\1(a)", "backref" },
    { "basic", "[a", "brack" }, { "extended", "[", "brack" }, { "ecma", "[a-", "brack" }, { "extended", "[]", "brack" },
    { "extended", "[^]", "brack" }, { "extended", "[[:alpha:", "brack" }, { "extended", "[[.a", "brack" },
    { "basic", "\\(a", "paren" }, { "basic", "a\\)", "paren" }, { "extended", "(a", "paren" },
    { "extended", "a)", "paren" },
    { "ecma", "(", "paren" }, { "ecma", ")", "paren" }, { "ecma", "(?:a", "paren" }, { "ecma", "(?i)a", "paren" },
    { "ecma", "(?<n>a)", "paren" }, { "ecma", "(?P<n>a)", "paren" }, { "ecma", "(?<=a)b", "paren" },
    { "ecma", "(?", "paren" },
    { "basic", "a\\{1", "brace" }, { "extended", "a{1", "brace" }, { "extended", "a{", "brace" },
    { "ecma", "a{1,2", "brace" },
    { "extended", "a{3,1}", "badbrace" }, { "basic", "a\\{3,1\\}", "badbrace" }, { "ecma", "a{x}", "badbrace" },
    { "ecma", "a{,2}", "badbrace" }, { "extended", "a{1;2}", "badbrace" }, { "ecma", "a{99999999999}", "badbrace" },
    { "basic", "[b-a]", "range" }, { "extended", "[z-a]", "range" }, { "ecma", "[\\w-z]", "range" },
    { "ecma", "[a-\\d]", "range" }, { "extended", "[[:alpha:]-z]", "range" },
    { "extended", "a{1000}{1000}{1000}", "space" }, { "ecma", ("("):rep(1000) .. (")"):rep(1000), "space" },
    { "ecma", "a" .. ("*"):rep(100000), "space" }, { "basic", "a" .. ("*"):rep(1000), "space" },
    { "extended", "*a", "badrepeat" }, { "extended", "+", "badrepeat" }, { "extended", "?a", "badrepeat" },
    { "extended", "{1}", "badrepeat" }, { "ecma", "*", "badrepeat" }, { "ecma", "a|*", "badrepeat" },
    { "ecma", "(*a)", "badrepeat" }, { "ecma", "^*", "badrepeat" }, { "extended", "a|+", "badrepeat" },
    { "ecma", "\\b+", "badrepeat" }, { "extended", "(?:a)", "badrepeat" }, { "basic", "\\{1\\}", "badrepeat" },
    { "basic", "[[.foo.]]", "collate" }, { "extended", "[[=ab=]]", "collate" }, { "ecma", "[[..]]", "collate" },
}

describe("an invalid pattern is refused:", function()
    for _, case in ipairs(INVALID) do
        local grammar, pattern, name = unpack(case)
        it(("%s %q: %s"):format(grammar, pattern:sub(1, 30), name), function()
            local e = raises("regex", CODES[name], function() new(pattern, grammar) end)
            assert.truthy(e.position >= 0 and e.position <= #pattern)
            assert.truthy(#tostring(e) > 0)
        end)
    end

    it("back references and look-ahead, which these engines have not", function()
        for _, case in ipairs{ { "basic", "\\(a\\)\\1" }, { "ecma", "(a)\\1" }, { "ecma", "(a)(b)\\2" },
            { "ecma", "(a\\1)" } } do
            assert.equal("back reference", ENOTSUP(function() new(case[2], case[1]) end, "pattern").feature)
        end
        for _, pattern in ipairs{ "(?=a)", "a(?!b)" } do
            assert.equal("look-ahead", ENOTSUP(function() new(pattern, "ecma") end, "pattern").feature)
        end
    end)
end)

-- Grammar, pattern, text, the first match in it (nil: none).
local MATCHES = {
    -- Groups and alternatives.
    { "basic", "\\(ab\\)*c", "xababc", "ababc" }, { "basic", "a|b", "xa|b", "a|b" }, { "basic", "(a)", "a(a)", "(a)" },
    { "extended", "(ab)*c|d", "xababc", "ababc" }, { "extended", "a|", "b", "" }, { "extended", "()a", "a", "a" },
    { "ecma", "(?:ab|a)(?:c|bcd)", "abcd", "abc" }, { "ecma", "a|ab", "ab", "a" }, { "ecma", "", "x", "" },
    -- Repetition.
    { "basic", "a\\{2,3\\}", "aaaa", "aaa" }, { "basic", "a\\{2\\}", "aaa", "aa" },
    { "basic", "a\\{2,\\}", "aaaa", "aaaa" },
    { "basic", "a+?{}", "a+?{}", "a+?{}" }, { "basic", "a\\{0\\}b", "aab", "b" }, { "extended", "a{2}", "aaa", "aa" },
    { "extended", "a+b?c*", "xaabcc", "aabcc" }, { "extended", "a\\+\\?\\*\\{\\}\\(\\)\\|", "a+?*{}()|", "a+?*{}()|" },
    { "extended", "a}]", "a}]", "a}]" }, { "ecma", "a}]", "a}]", "a}]" }, { "ecma", "a+?", "aaa", "a" },
    { "ecma", "a*?b", "aab", "aab" }, { "ecma", "a??b", "ab", "ab" }, { "ecma", "a{1,2}?", "aa", "a" },
    { "extended", "a**", "aa", "aa" }, { "extended", "(a{2}){2}", "aaaaa", "aaaa" },
    -- Rounds that could be empty: one beyond the least number takes a byte, or another alternative is tried.
    { "ecma", "(?:[ab]){1,3}(?:(?:(?:c){0,}|b)){0,}", "bcbcbb", "bcbcbb" },
    { "ecma", "(?:[ab]){1,3}(?:(?:(?:c){0,}|b)){0,}", "babbab", "babb" },
    { "ecma", "(?:|a)*", "aa", "aa" }, { "ecma", "(?:|a)+", "aa", "aa" }, { "ecma", "(?:|a){2}", "aa", "" },
    { "ecma", "(?:|a){1,2}", "aaa", "a" }, { "ecma", "(?:|a)?", "aa", "a" }, { "ecma", "(?:|a)*?", "aa", "" },
    { "ecma", "(?:|a)*?b", "aab", "aab" }, { "ecma", "(?:a?\\b|b)*", "ab", "" }, { "ecma", "(?:^|a)*", "aa", "aa" },
    { "ecma", "(?:(?:a*|b)*|c)*", "abacb", "abacb" }, { "ecma", "(?:|\195\169|\195\160)*", "\195\160\195", "\195\160" },
    { "extended", "(|a)*", "aa", "aa" },
    -- What is literal at the start in the basic grammar.
    { "basic", "*a", "b*a", "*a" }, { "basic", "\\(*a\\)", "*a", "*a" }, { "basic", "^*a", "*a", "*a" },
    { "basic", "a^b", "a^b", "a^b" }, { "basic", "a$b", "a$b", "a$b" }, { "basic", "\\(^a\\)", "a", "a" },
    { "basic", "\\(a$\\)", "ba", "a" }, { "basic", "\\(^a\\)", "ba" }, { "basic", "\\^a\\$", "^a$", "^a$" },
    -- Anchors.
    { "extended", "^a", "ba" }, { "extended", "a$", "ab" }, { "ecma", "^a", "b\na" }, { "ecma", "a$", "a\n" },
    { "extended", "a^b", "a^b" }, { "ecma", "^$", "", "" }, { "extended", "^|b", "ab", "" },
    -- The dot.
    { "ecma", ".+", "\n\rab\0c\n", "ab\0c" }, { "basic", ".*", "a\n\rb\0c", "a\n\rb" },
    { "extended", ".+", "\0a\n", "a\n" },
    { "ecma", ".", "\255", "\255" },
    -- Escapes of ECMAScript.
    { "ecma", "\\d+", "ab12c", "12" }, { "ecma", "\\D+", "12ab3", "ab" }, { "ecma", "\\w+", "-a_9-", "a_9" },
    { "ecma", "\\W+", "a-+b", "-+" }, { "ecma", "\\s+", "a \t\n\v\f\rb", " \t\n\v\f\r" },
    { "ecma", "\\S+", " ab ", "ab" },
    { "ecma", "\\bb\\w*", "ab bc", "bc" }, { "ecma", "\\Bb", "b ab", "b" }, { "ecma", "\\w", "\195\169" },
    { "ecma", "\\n\\t\\r\\f\\v\\0", "\n\t\r\f\v\0", "\n\t\r\f\v\0" },
    { "ecma", "\\cJ\\x41\\u0042\\xff", "\nAB\255", "\nAB\255" },
    { "ecma", "\\A\\p\\z\\.\\/", "Apz./", "Apz./" }, { "ecma", "\\(\\[\\{\\^\\$\\|", "([{^$|", "([{^$|" },
    -- Brackets.
    { "basic", "[a-c]*", "abcd", "abc" }, { "extended", "[^a-c]+", "abxyc", "xy" },
    { "extended", "[]a]+", "b]a", "]a" },
    { "extended", "[^]a]+", "]ab", "b" }, { "extended", "[a-]+", "b-a", "-a" }, { "extended", "[-a]+", "b-a", "-a" },
    { "basic", "[\\n]*", "\\n", "\\n" }, { "extended", "[\\d]+", "1\\d", "\\d" },
    { "ecma", "[\\n\\d]+", "a1\n2", "1\n2" },
    { "ecma", "[\\b]", "a\bb", "\b" }, { "ecma", "[]", "a" }, { "ecma", "[^]", "\n", "\n" },
    { "ecma", "[\\]]", "]", "]" },
    { "ecma", "[\\x41-\\x43]+", "ZABCD", "ABC" }, { "extended", "[[:alpha:]_]+", "1a_B2", "a_B" },
    { "ecma", "[^[:space:]]+", " ab ", "ab" }, { "basic", "[[:digit:]]*", "12a", "12" },
    { "extended", "[[.-.]a]+", "b-a", "-a" },
    { "extended", "[[.hyphen.][.space.]]+", "a- b", "- " }, { "extended", "[[=a=]b]+", "xab", "ab" },
    { "extended", "[[.a.]-c]+", "xabcd", "abc" }, { "extended", "[a&&b]+", "&&ab", "&&ab" },
    { "extended", "[a~~b-]+", "~-", "~-" },
    { "extended", "[[a]+", "][a", "[a" }, { "extended", "[[:xdigit:]]+", "xyzAf09g", "Af09" },
    -- The longest match of the POSIX grammars.
    { "extended", "a|ab", "ab", "ab" }, { "extended", "(a|ab)(c|bcd)", "abcd", "abcd" },
    { "extended", "a?(ab)?", "ab", "ab" },
    { "extended", "(a|ab)*c|ab", "ab", "ab" }, { "basic", "a*\\(ab\\)*", "aab", "aab" },
    { "extended", "x*|y", "yx", "y" },
    { "ecma", "a?(ab)?", "ab", "a" }, { "extended", "(foo|foobar)$", "foobar", "foobar" },
}

describe("the grammars:", function()
    for _, case in ipairs(MATCHES) do
        local grammar, pattern, text, expected = unpack(case)
        it(("%s %q in %q"):format(grammar, pattern, text), function()
            local re = new(pattern, grammar, { nosubs = true })
            assert.equal(expected, first(re, text))
            if expected == text then assert.equal(text, regex.match(re, text)) end
        end)
    end

    it("have classes of ASCII", function()
        local function members(class)
            local list, re = {}, new("[[:" .. class .. ":]]")
            for byte = 0, 255 do
                if regex.match(re, string.char(byte)) then list[#list + 1] = string.char(byte) end
            end
            return table.concat(list)
        end
        for class, pattern in pairs{
            alnum = "%w", alpha = "%a", cntrl = "%c", digit = "%d", lower = "%l", punct = "%p", space = "%s",
                upper = "%u",
            xdigit = "%x", graph = "[%w%p]", print = "[%w%p ]", blank = "[ \t]",
        } do
            local expected = {}
            for byte = 0, 127 do
                local c = string.char(byte)
                if c:find(pattern) or byte == 0 and class == "cntrl" then expected[#expected + 1] = c end
            end
            assert.equal(table.concat(expected), members(class), class)
        end
    end)

    it("fold the case of ASCII if asked", function()
        for _, grammar in ipairs(GRAMMARS) do
            assert.equal("AbC", first(new("aBc", grammar, { ignore_case = true }), "xAbCx"))
            assert.equal("aZ", first(new("[A-Z][[:lower:]]", grammar, { ignore_case = true }), "1aZ1"))
            assert.is_nil(first(new("[^a]", grammar, { ignore_case = true }), "A"))
            assert.is_nil(first(new("\195\160", grammar, { ignore_case = true }), "\195\128"))
        end
    end)

    it("capture nothing with nosubs", function()
        assert.equal("ab", regex.match(new("(a)(b)", "ecma", { nosubs = true }), "ab"))
        assert.equal("ab", regex.match(new("(?:a)b", "ecma"), "ab"))
    end)
end)

describe("regex.match", function()
    it("wants the whole subject", function()
        local re = new "a"
        assert.equal("a", regex.match(re, "a"))
        for _, text in ipairs{ "", "a ", " a", "aa" } do assert.is_nil(regex.match(re, text)) end
        assert.equal(1, select("#", regex.match(re, "b")))
        assert.equal("a ", regex.match(new "a.*", "a "))
        assert.equal("ab", regex.match(new("a|ab", "ecma"), "ab"))
    end)

    it("returns a value per group, empty for one that took no part", function()
        assert.same({ n = 2, "", "b" }, helper.pack(regex.match(new " (a)?(b)", " b")))
        assert.same({ n = 3, "a", "", "" }, helper.pack(regex.match(new "(a)(b)?(c*)", "a")))
        local a, b = regex.match(new " (a)?(b)", byte_span.append " b")
        assert.equal("byte_span", getmetatable(a))
        assert.same({ 0, "b" }, { #a, tostring(b) })
    end)

    it("gives spans of the same memory for a span", function()
        local bs = byte_span.append("key=value;rest"):slice(1, 9)
        local key, value = regex.match(new "([a-z]+)=([a-z]+)", bs)
        assert.same({ "key", "value" }, texts{ key, value })
        assert.same({ 14, 10 }, { key.capacity, value.capacity })
        value[1] = 86
        assert.equal("key=Value", tostring(bs))
        assert.is_true(rawequal(bs, regex.match(new ".*", bs)))
    end)

    it("checks its arguments", function()
        local re = new "a"
        for _, name in ipairs{ "match", "search", "split", "patsplit" } do
            EINVAL(function() regex[name]("a", "a") end, 1)
            EINVAL(function() regex[name]({}, "a") end, 1)
            for _, subject in ipairs{ 1, {}, true, re } do EINVAL(function() regex[name](re, subject) end, 2) end
            EINVAL(function() regex[name](re) end, 2)
        end
        for _, name in ipairs{ "match", "search" } do
            for _, flags in ipairs{ "1", {}, true } do EINVAL(function() regex[name](re, "a", flags) end, 3) end
        end
    end)
end)

describe("regex.search", function()
    it("gives the bounds of the match and of the groups", function()
        for _, subject in ipairs{ " uabd", byte_span.append " uabd" } do
            local result = regex.search(new "u(ab)(c)?", subject)
            assert.is_false(result.empty)
            assert.same({ start = 2, end_ = 4 }, result[0])
            assert.same({ start = 3, end_ = 4 }, result[1])
            assert.is_nil(result[2])
            local slice = type(subject) == "string" and subject.sub or subject.slice
            assert.equal("ab", tostring(slice(subject, result[1].start, result[1].end_)))
        end
    end)

    it("says that there is none", function()
        assert.same({ empty = true }, regex.search(new "a", "b"))
        assert.same({ empty = true }, regex.search(new "a", byte_span.new(0)))
        assert.same({ empty = true }, regex.search(new "a", ""))
    end)

    it("gives an empty match before character k as k, k - 1", function()
        assert.same({ 1, 0 }, found(new "x*", "ab")[0])
        assert.same({ 3, 2 }, found(new "$", "ab")[0])
        assert.same({ 1, 0 }, found(new "", "")[0])
        assert.same({ 1, 0 }, found(new "^", byte_span.new(0, 5))[0])
    end)

    it("tells of a group in a repetition what it matched last, and nothing of a round that was refused", function()
        assert.same({ [0] = { 1, 0 }, false }, found(new("(a*)*", "ecma"), "b"))
        assert.same({ [0] = { 1, 0 }, { 1, 0 } }, found(new("(a*)+", "ecma"), "b"))
        assert.same({ [0] = { 1, 3 }, { 3, 3 }, { 2, 1 } }, found(new("(a()|b|c)*", "ecma"), "abc"))
        assert.same({ n = 1, "b" }, helper.pack(regex.match(new("(|a|b)*", "ecma"), "ab")))
        assert.same({ n = 1, "b" }, helper.pack(regex.match(new("(|a|b){3,}", "ecma"), "ab")))
    end)

    it("has a place for a group that can never match", function()
        for _, grammar in ipairs{ "extended", "ecma" } do
            local re = new("(x){0}(a)|(y){0}b(c)", grammar)
            assert.equal(4, re.mark_count)
            assert.same({ [0] = { 1, 1 }, false, { 1, 1 }, false, false }, found(re, "a"))
            assert.same({ n = 4, "", "", "", "c" }, helper.pack(regex.match(re, "bc")))
        end
    end)

    it("gives the groups of the match that is chosen", function()
        assert.same({ [0] = { 1, 4 }, { 1, 1 }, { 2, 4 }, { 5, 4 } }, found(new "(a|ab)(c|bcd)(d*)", "abcd"))
        assert.same({ [0] = { 1, 4 }, { 1, 2 }, { 3, 3 }, { 4, 4 } }, found(new("(ab|a)(c|bcd)(d*)", "ecma"), "abcd"))
        assert.same({ [0] = { 1, 3 }, { 3, 3 } }, found(new "(a|b)*", "aba"))
        assert.same({ [0] = { 1, 2 }, false, { 1, 2 } }, found(new "(a)|(ab)", "ab"))
        assert.same({ [0] = { 1, 1 }, { 1, 1 }, false }, found(new("(a)|(ab)", "ecma"), "ab"))
        assert.same({ [0] = { 2, 4 }, { 2, 4 }, { 3, 3 } }, found(new("\\(a\\(b\\)c\\)", "basic"), "xabcx"))
    end)
end)

describe("the flag", function()
    it("not_bol: the beginning of the subject is no beginning of a line", function()
        local re = new("^a|b", "ecma")
        assert.equal("a", first(re, "ab"))
        assert.equal("b", first(re, "ab", flag.not_bol))
        assert.is_nil(regex.match(new "^a", "a", flag.not_bol))
        assert.equal("a", regex.match(new "a", "a", flag.not_bol))
        assert.same({ [0] = { 2, 3 }, { 2, 2 } }, found(new "^(b)|(a|b)b", "abb", flag.not_bol)
            and found(new "^a|(b)b", "abb", flag.not_bol))
    end)

    it("not_eol: the end of the subject is no end of a line", function()
        assert.equal("b", first(new("a$|b", "ecma"), "ba", flag.not_eol))
        assert.is_nil(first(new "a$", "a", flag.not_eol))
        assert.is_nil(regex.match(new("a$", "basic"), "a", flag.not_eol))
    end)

    it("not_bow and not_eow: they are no beginning and no end of a word", function()
        local re = new("\\bfoo\\b", "ecma")
        assert.same({ 1, 3 }, found(re, "foo foo")[0])
        assert.same({ 5, 7 }, found(re, "foo foo", flag.not_bow)[0])
        assert.is_nil(found(re, "foo", flag.not_eow))
        assert.is_nil(regex.match(re, "foo", flag.not_bow))
        assert.same({ 1, 1 }, found(new("\\Bf", "ecma"), "f", flag.not_bow)[0])
        assert.same({ [0] = { 3, 3 }, { 3, 3 } }, found(new("\\b(a)", "ecma"), "a a", flag.not_bow))
    end)

    it("any: makes no difference", function() assert.equal("ab", first(new "a|ab", "ab", flag.any)) end)

    it("not_null: a match at the leftmost place that is not empty", function()
        assert.equal("aa", first(new("a*", "ecma"), "baa", flag.not_null))
        assert.equal("a", first(new("|a", "ecma"), "ba", flag.not_null))
        assert.equal("a", first(new("a*?", "ecma"), "baa", flag.not_null))
        assert.is_nil(first(new "a*", "b", flag.not_null))
        assert.is_nil(regex.match(new "a*", "", flag.not_null))
        assert.equal("aa", regex.match(new "a*", "aa", flag.not_null))
        assert.same({ [0] = { 2, 3 }, { 2, 3 } }, found(new "(a*)", "baa", flag.not_null))
    end)

    it("continuous: only at the start", function()
        assert.is_nil(first(new "b", "ab", flag.continuous))
        assert.equal("ab", first(new "a|ab", "abb", flag.continuous))
        assert.is_nil(first(new "a*", "ba", flag.continuous + flag.not_null))
        assert.is_nil(first(new "[b]+", "ab", flag.continuous))
    end)
end)

describe("regex.split", function()
    local function split(pattern, subject, grammar)
        local strings = regex.split(new(pattern, grammar), subject)
        assert.same(strings, texts(regex.split(new(pattern, grammar), byte_span.append(subject))))
        return strings
    end

    it("gives the text between matches", function()
        assert.same({ "a", "", "b" }, split(",", "a,,b,"))
        assert.same({ "" }, split(",", ","))
        assert.same({ "" }, split(",", ""))
        assert.same({ "", "a" }, split(",", ",a"))
        assert.same({ "abc" }, split(",", "abc"))
        assert.same({ "a", "b", "c" }, split("[ \t]+", "a \t b c "))
        assert.same({ "a", "b", "c" }, split(", *", "a,  b,c"))
        assert.same({ "x", "b" }, split("ab|a-|a", "xa-b"))
    end)

    it("splits a line into eight fields", function()
        local line = 'Robbins,Arnold,"1234 A Pretty Street, NE",MyTown,MyState,12345-6789,USA'
        assert.equal(8, #split(",", line, "basic"))
    end)

    it("splits at no empty match", function()
        assert.same({ "abc" }, split("^", "abc"))
        assert.same({ "abc" }, split("$", "abc"))
        assert.same({ "abc" }, split("x*", "abc"))
        assert.same({ "a", "c" }, split("b*", "abbc"))
        assert.same({ "a", "c" }, split("|b", "abc", "ecma"))
        assert.same({ "" }, split("x*", ""))
    end)

    it("matches ^ only before the first separator", function()
        assert.same({ "", "aab" }, split("^a", "aaab"))
        assert.same({ "", "ab" }, split("^a|c", "aab"))
    end)

    it("gives spans of the same memory for a span", function()
        local bs = byte_span.append("a,b,c----"):slice(1, 5)
        local fields = regex.split(new ",", bs)
        assert.same({ 9, 7, 5 }, { fields[1].capacity, fields[2].capacity, fields[3].capacity })
        fields[2][1] = 66
        assert.equal("a,B,c", tostring(bs))
        fields, bs = fields[2], nil -- luacheck: ignore
        collectgarbage()
        assert.equal("B", tostring(fields))
    end)

    it("takes any number of fields", function()
        for _, n in ipairs{ 255, 256, 257, 1000, 5000 } do
            local list = split(",", ("x,"):rep(n - 1) .. "y")
            assert.equal(n, #list)
            assert.equal("y", list[n])
        end
    end)

    it("and patsplit want no groups", function()
        for _, name in ipairs{ "split", "patsplit" } do
            ENOTSUP(function() regex[name](new "(a)", "a") end)
            assert.truthy(regex[name](new("(a)", "extended", { nosubs = true }), "a"))
        end
    end)
end)

describe("regex.patsplit", function()
    local function patsplit(pattern, subject, grammar)
        local re = new(pattern, grammar, { nosubs = true })
        local strings = regex.patsplit(re, subject)
        assert.same(strings, texts(regex.patsplit(re, byte_span.append(subject))))
        return strings
    end

    it("gives the matches; the byte behind each is the separator", function()
        assert.same({ "", "a", "", "b", "" }, patsplit("[^,]*", ",a,,b,"))
        assert.same({ "1", "3" }, patsplit("[0-9]", "1234"))
        assert.same({ "12", "3" }, patsplit("[0-9]+", "a12b3c"))
        assert.same({}, patsplit("x", "abc"))
        assert.same({}, patsplit("x", ""))
        assert.same({ "" }, patsplit("x*", ""))
        assert.same({ "", "", "" }, patsplit("x*", "ab"))
    end)

    it("keeps a quoted field whole", function()
        assert.same({ "Robbins", "Arnold", '"1234 A Pretty Street, NE"', "MyTown", "MyState", "12345-6789", "USA" },
            patsplit('([^,]+)|("[^"]+")',
                'Robbins,Arnold,"1234 A Pretty Street, NE",MyTown,MyState,12345-6789,USA'))
    end)

    it("gives seven fields of a line, the empty ones included", function()
        for _, line in ipairs{ ",b,c,d,e,f,g", "a,b,c,,e,f,g", "a,b,c,d,e,f,", ",,,,,,", "a,b,c,d,e,f,g" } do
            local list = patsplit("[^,]*", line)
            assert.equal(7, #list)
            assert.equal(line, table.concat(list, ","))
        end
    end)

    it("takes a non-empty match where an empty one was", function()
        assert.same({ "", "a", "" }, patsplit("|a", "ab", "ecma"))
        assert.same({ "", "a", "", "a" }, patsplit("a*?", "aaa", "ecma"))
    end)

    it("matches ^ only once", function()
        assert.same({ "" }, patsplit("^", "abc"))
        assert.same({ "a" }, patsplit("^a", "aaa"))
        assert.same({ "", "a" }, patsplit("^|a", "a", "ecma"))
    end)
end)
