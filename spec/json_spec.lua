-- json (system §5): members, decode, encode, hooks, the writer.

local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local json = require "emilua.json"
local helper = require "spec.helper"

helper.install()

local decode, encode, null = json.decode, json.encode, json.null
local EINVAL, raises = helper.EINVAL, helper.raises
local LEXER, DOM = "trial.protocol.json", "emilua.json.dom"

-- Objects of the runtime, which are no values of JSON.
local function objects()
    return { require("emilua.mutex").new(), byte_span.new(1), json.writer.new(), json.lexer_ecat,
        require("emilua.generic_error").EINVAL }
end

local NOT_ENCODABLE = { print, coroutine.create(print), newproxy(true), require("ffi").new("int64_t", 1) }

describe("json.null", function()
    it("is a table whose text is null", function()
        assert.equal("table", type(null))
        assert.equal("null", tostring(null))
        assert.equal("json-null", getmetatable(null))
        assert.equal("table", type(decode "null"))
        assert.is_true(decode "null" == null)
    end)

    it("has no fields and takes none", function()
        raises("emilua.core", "bad_index", function() return null.x end)
        helper.EPERM(function() null.x = 1 end)
        assert.error(function() setmetatable(null, {}) end)
    end)
end)

describe("the module json", function()
    it("is a plain table", function() assert.is_nil(json.no_such_member) end)

    it("has two categories with the documented texts", function()
        local function texts(category, count)
            local list = {}
            for code = 1, count do list[code] = category:message(code) end
            return list
        end
        assert.equal(LEXER, tostring(json.lexer_ecat))
        assert.same({ "unexpected token", "trial.protocol.json error", "invalid value", "incompatible type",
            "unbalanced end array bracket", "unbalanced end object bracket", "expected end array bracket",
            "expected end object bracket", "algorithm used requires more tokens than available" },
            texts(json.lexer_ecat, 9))
        assert.equal(DOM, tostring(json.dom_ecat))
        assert.same({ "ERANGE on json", "Too many levels", "Array too long", "Reference cycle exists" },
            texts(json.dom_ecat, 4))
    end)
end)

describe("json.is_array", function()
    it("is true for tagged tables only", function()
        assert.is_true(json.is_array(json.into_array()))
        assert.is_true(json.is_array(decode "[]"))
        for _, v in ipairs{ {}, { 1 }, null, decode "{}", setmetatable({}, {}), "", 1, true, print } do
            assert.is_false(json.is_array(v))
        end
        assert.is_false(json.is_array())
        assert.is_false(json.is_array(nil))
    end)
end)

describe("json.into_array", function()
    it("makes a tagged table", function()
        assert.same({}, json.into_array())
        assert.is_true(json.is_array(json.into_array(nil)))
    end)

    it("tags a table and returns it, twice if asked", function()
        local t = { 1, 2 }
        assert.is_true(rawequal(t, json.into_array(t)))
        assert.is_true(rawequal(t, json.into_array(t)))
        assert.is_true(json.is_array(t))
    end)

    it("refuses what is no table or has another metatable", function()
        for _, v in ipairs{ "", 1, true, print, null, setmetatable({}, {}), byte_span.new(1) } do
            EINVAL(function() json.into_array(v) end, 1)
        end
        EINVAL(function() json.into_array(setmetatable({}, { __metatable = false })) end, 1)
    end)
end)

describe("json.decode", function()
    it("takes strings and byte spans only", function()
        for _, v in ipairs{ 1, true, {}, null, print } do EINVAL(function() decode(v) end, 1) end
        EINVAL(function() decode() end, 1)
        assert.same({ 1 }, decode(byte_span.append("x[1]x"):slice(2, 4)))
        assert.equal("", decode(byte_span.append('""')))
    end)

    it("refuses wrong options", function()
        EINVAL(function() decode("1", 1) end, 2)
        for _, depth in ipairs{ "1", -1, 2 ^ 32, 0 / 0 } do
            EINVAL(function() decode("1", { max_depth = depth }) end, "max_depth")
        end
    end)

    it("gives a plain table for an object; of equal keys the last one wins", function()
        local value = decode ' {"a":1, "b" :{"":2," ":3 },"a": 4}'
        assert.same({ a = 4, b = { [""] = 2, [" "] = 3 } }, value)
        assert.is_nil(getmetatable(value))
        assert.same({ ["$serde_json::private::Number"] = "1" }, decode '{"$serde_json::private::Number":"1"}')
    end)

    it("finds a sibling after nested objects", function()
        assert.same({ a = { b = { c = {} } }, d = true }, decode '{"a":{"b":{"c":{}}},"d":true}')
    end)

    it("gives a tagged table for an array and keeps null in it", function()
        local value = decode "[null,1,null]"
        assert.is_true(json.is_array(value))
        assert.equal(3, #value)
        assert.is_true(value[1] == null and value[3] == null)
    end)

    it("takes scalars as documents", function()
        assert.is_true(decode "true")
        assert.is_false(decode " false\n")
        assert.equal("text", decode '"text"')
        assert.equal(-5, decode "\t-5\r")
    end)

    it("gives strings as UTF-8", function()
        assert.equal("a\"\\/\b\f\n\r\t", decode [["a\"\\\/\b\f\n\r\t"]])
        assert.equal("\195\169\226\130\172\240\159\152\128", decode [["\u00e9\u20AC\uD83D\uDE00"]])
        assert.equal("\195\169\0\127", decode '"\195\169\\u0000\127"')
    end)

    it("gives numbers by the rules of integers and doubles", function()
        for text, number in pairs{
            ["0"] = 0, ["-0"] = 0, ["12"] = 12, ["-7"] = -7, ["9007199254740993"] = 9007199254740992,
            ["9223372036854775807"] = 2 ^ 63, ["-9223372036854775808"] = -2 ^ 63, ["0.1"] = 0.1,
            ["-0.0"] = 0, ["1e2"] = 100, ["1E+2"] = 100, ["25e-1"] = 2.5, ["1e400"] = math.huge,
            ["-1e400"] = -math.huge, ["1e-400"] = 0, ["30.0"] = 30, ["5e-324"] = 5e-324,
            ["1.7976931348623157e308"] = 1.7976931348623157e308, ["2.2250738585072011e-308"] = 2.2250738585072011e-308,
            ["3" .. ("0"):rep(46) .. ".0"] = 3e46, ["1" .. ("0"):rep(580) .. ".0"] = math.huge,
            ["0.1000000000000000055511151231257827021181583404541015625"] = 0.1,
        } do
            assert.equal(number, decode(text), text)
            assert.same({ number, number }, decode("[" .. text .. "," .. text .. "]"))
        end
        assert.equal(math.huge, 1 / decode "-0")
        assert.equal(-math.huge, 1 / decode "-0.0")
        assert.equal("30", tostring(decode "30.0"))
        assert.equal("3e+46", tostring(decode("3" .. ("0"):rep(46) .. ".0")))
    end)

    it("raises ERANGE on json, with the path, for integers beyond 64 bits", function()
        for _, text in ipairs{ "9223372036854775808", "-9223372036854775809", "18446744073709551616",
            "3" .. ("0"):rep(46) } do
            assert.same({}, raises(DOM, 1, function() decode(text) end).path)
            for document, path in pairs{
                ['{"a":[1,%s]}'] = { "a", 2 }, ["[[],[[%s]]]"] = { 2, 1, 1 },
                    ['{"x":{},"":{"y":[0],"k":%s}}'] = { "", "k" },
                ["[%s,1]"] = { 1 },
            } do
                assert.same(path, raises(DOM, 1, function() decode(document:format(text)) end).path)
            end
        end
        assert.equal("ERANGE on json", tostring(raises(DOM, 1, function() decode "99999999999999999999" end)))
    end)

    it("keeps the kind of nested empty containers", function()
        for _, text in ipairs{ "[[]]", "[[{}]]", '[[{},"test"]]', '[[{}],"test"]', "{}", "[]", '{"a":[]}' } do
            assert.equal(text, encode(decode(text)))
        end
        assert.is_false(json.is_array(decode("[{}]")[1]))
    end)

    it("reads 27 levels", function()
        local text = ("["):rep(27) .. ("]"):rep(27)
        assert.equal(text, encode(decode(text)))
    end)

    it("raises Too many levels, without a path, beyond max_depth", function()
        local function nested(n) return ("["):rep(n) .. ("]"):rep(n) end
        assert.equal(nested(1000), encode(decode(nested(1000))))
        local e = raises(DOM, 2, function() decode(nested(1001)) end)
        assert.is_nil(e.path)
        assert.equal("Too many levels", tostring(e))
        assert.equal(2000, #encode(decode(nested(1000), { max_depth = 1000 })))
        raises(DOM, 2, function() decode('{"a":{}}', { max_depth = 1 }) end)
        raises(DOM, 2, function() decode("[]", { max_depth = 0 }) end)
        assert.equal(1.5, decode("1.5", { max_depth = 0 }))
        assert.equal("table", type(decode(nested(2000), { max_depth = 1e6 })))
    end)
end)

-- Text, code, offset, line, column.
local INVALID = {
    { "", 9, 1, 1, 1 }, { "  ", 9, 3, 1, 3 }, { "\n\n", 9, 3, 3, 1 },
    -- Text that ends inside something.
    { "tru", 9, 4, 1, 4 }, { "n", 9, 2, 1, 2 }, { '"abc', 9, 5, 1, 5 }, { '"a\\', 9, 4, 1, 4 },
    { '"\\u12', 9, 6, 1, 6 },
    { "-", 9, 2, 1, 2 }, { "1.", 9, 3, 1, 3 }, { "1e", 9, 3, 1, 3 }, { "1e+", 9, 4, 1, 4 },
    { "[", 9, 2, 1, 2 }, { "[1,", 9, 4, 1, 4 }, { "[ ", 9, 3, 1, 3 }, { "[[", 9, 3, 1, 3 }, { "[[],", 9, 5, 1, 5 },
    { "{", 9, 2, 1, 2 }, { '{"a"', 9, 5, 1, 5 }, { '{"a":', 9, 6, 1, 6 }, { '{"a":1,', 9, 8, 1, 8 },
    { '{"a":{"b"', 9, 10, 1, 10 }, { '{"a', 9, 4, 1, 4 }, { "[\n1,\n", 9, 6, 3, 1 },
    -- More than a document.
    { "123 true", 1, 5, 1, 5 }, { "{} true", 1, 4, 1, 4 }, { "[] true", 1, 4, 1, 4 }, { "1 ]", 1, 3, 1, 3 },
    { "[1]]", 1, 4, 1, 4 }, { "{}}", 1, 3, 1, 3 }, { "[],", 1, 3, 1, 3 }, { "1\n2", 1, 3, 2, 1 }, { "1\0", 1, 2, 1, 2 },
    -- Separators where they do not belong.
    { "[1,]", 1, 4, 1, 4 }, { "[,1]", 1, 2, 1, 2 }, { "[1,,2]", 1, 4, 1, 4 }, { '{"a":1,}', 1, 8, 1, 8 },
    { "{,}", 1, 2, 1, 2 }, { '{"a":1,,"b":2}', 1, 8, 1, 8 }, { '{"a"::1}', 1, 6, 1, 6 }, { '{"a",1}', 1, 5, 1, 5 },
    { '{"a" 1}', 1, 6, 1, 6 }, { '{"a":}', 1, 6, 1, 6 }, { ",", 1, 1, 1, 1 }, { ":", 1, 1, 1, 1 },
    { '{:1}', 1, 2, 1, 2 },
    -- Literals, numbers, strings, bytes.
    { "trux", 1, 4, 1, 4 }, { "nul ", 1, 4, 1, 4 }, { "True", 1, 1, 1, 1 }, { "NaN", 1, 1, 1, 1 }, { "x", 1, 1, 1, 1 },
    { "[tru}", 1, 5, 1, 5 }, { "007", 1, 2, 1, 2 }, { "-x", 1, 2, 1, 2 }, { "1.x", 1, 3, 1, 3 }, { ".5", 1, 1, 1, 1 },
    { "+1", 1, 1, 1, 1 }, { "1ex", 1, 3, 1, 3 }, { "0x10", 1, 2, 1, 2 }, { "'a'", 1, 1, 1, 1 },
    { '"\\x"', 1, 3, 1, 3 }, { '"\\u12g4"', 1, 7, 1, 7 }, { '"a\nb"', 1, 3, 1, 3 }, { '"\t"', 1, 2, 1, 2 },
    { '"\0"', 1, 2, 1, 2 }, { '"\\ud800"', 1 }, { '"\\ud800x"', 1 }, { '"\\udc00"', 1 }, { '"\\ud800\\u0041"', 1 },
    { '"\255"', 1, 2, 1, 2 }, { '"ab\192\128"', 1, 4, 1, 4 }, { '"\237\160\128"', 1, 2, 1, 2 },
    { "\239\187\191{}", 1, 1, 1, 1 },
    { "[1,\n \255]", 1, 6, 2, 2 }, { "1 \255", 1, 3, 1, 3 }, { "\255", 1, 1, 1, 1 }, { "/**/1", 1, 1, 1, 1 },
    -- Keys.
    { "{1:2}", 2, 2, 1, 2 }, { "{null:1}", 2, 2, 1, 2 }, { '{"a":1,2:3}', 2, 8, 1, 8 }, { "{[]:1}", 2, 2, 1, 2 },
    { "{'a':1}", 2, 2, 1, 2 },
    -- Brackets.
    { "]", 5, 1, 1, 1 }, { "}", 6, 1, 1, 1 }, { " \n ]", 5, 4, 2, 2 },
    { "[1 2]", 7, 4, 1, 4 }, { "[1}", 7, 3, 1, 3 }, { "[}", 7, 2, 1, 2 }, { "[1", 7, 3, 1, 3 }, { "[[]", 7, 4, 1, 4 },
    { '["a" "b"]', 7, 6, 1, 6 }, { "[1:2]", 7, 3, 1, 3 }, { "[{}[]]", 7, 4, 1, 4 },
    { '{"a":1 "b":2}', 8, 8, 1, 8 }, { '{"a":1', 8, 7, 1, 7 }, { '{"a":1]', 8, 7, 1, 7 }, { "{]", 8, 2, 1, 2 },
    { '{"a":{}', 8, 8, 1, 8 }, { '[{"a":1]', 8, 8, 1, 8 }, { '{"a":1:2}', 8, 7, 1, 7 },
}

describe("json.decode rejects, with its code and position,", function()
    for _, case in ipairs(INVALID) do
        local text, code, offset, line, column = unpack(case)
        it(("%q"):format(text), function()
            local e = raises(LEXER, code, function() decode(text) end)
            if offset then assert.same({ offset, line, column }, { e.offset, e.line, e.column }) end
            assert.equal("string", type(e.detail))
            raises(LEXER, code, function() decode(byte_span.append(text)) end)
        end)
    end
end)

describe("json.encode", function()
    it("writes scalars", function()
        for text, value in pairs{ null = null, ["true"] = true, ["false"] = false, ['""'] = "", ['"a"'] = "a",
            ["1"] = 1 } do
            assert.equal(text, encode(value))
        end
    end)

    it("writes numbers that read back equal, integers as digits", function()
        for _, case in ipairs{
            { 1e15, "1000000000000000" }, { -0.0, "0" }, { 0.1, "0.1" }, { 2 ^ 53, "9007199254740992" },
            { -2 ^ 63, "-9223372036854775808" }, { 2 ^ 62, "4611686018427387904" }, { 1.5, "1.5" }, { -2.25, "-2.25" },
            { 0 / 0, "null" }, { math.huge, "null" }, { -math.huge, "null" },
        } do
            assert.equal(case[2], encode(case[1]))
        end
        for _, x in ipairs{ 2 ^ 63, 1e300, 5e-324, 1.7976931348623157e308, 1 / 3, -1e-7, 123456.789e20 } do
            assert.equal(x, decode(encode(x)))
            assert.equal(x, tonumber(encode(x)))
        end
    end)

    it("escapes what JSON wants escaped, and the slash", function()
        assert.equal([["\"\\\/\b\f\n\r\t\u0000\u001f]] .. '\127\195\169\255"',
            encode '"\\/\b\f\n\r\t\0\31\127\195\169\255')
    end)

    it("writes tagged tables and those with #t > 0 as arrays, up to the first nil", function()
        assert.equal("[1,2]", encode{ 1, 2, x = 3 })
        assert.equal("[]", encode(json.into_array{ x = 1 }))
        assert.equal("[1]", encode(json.into_array{ 1, nil, 3 }))
        assert.equal("[[],{}]", encode{ json.into_array(), {} })
    end)

    it("writes other tables as objects of their string keys", function()
        assert.equal("{}", encode{})
        assert.equal('{"a":1}', encode{ a = 1, [0] = 2, [true] = 3, [1.5] = 4 })
        assert.equal('{"":{"a":null}}', encode(setmetatable({ [""] = { a = null } }, { __index = { b = 1 } })))
    end)

    it("takes a table of the program for what it is, whatever name its metatable has", function()
        for _, name in ipairs{ "locked", "mutex", "json-null" } do
            assert.equal('{"a":1}', encode(setmetatable({ a = 1 }, { __metatable = name })))
            assert.equal('{"x":[1,2]}', encode{ x = setmetatable({ 1, 2 }, { __metatable = name }) })
        end
    end)

    it("raises EINVAL for other values at the top and in arrays, and skips them as members", function()
        local values = objects()
        for _, v in ipairs(NOT_ENCODABLE) do values[#values + 1] = v end
        EINVAL(function() encode(nil) end)
        EINVAL(function() encode() end)
        for _, v in ipairs(values) do
            EINVAL(function() encode(v) end)
            EINVAL(function() encode{ v } end)
            EINVAL(function() encode{ a = { b = { v } } } end)
            assert.equal('{"b":1}', encode{ a = v, b = 1 })
        end
    end)

    it("raises Reference cycle exists for a table inside itself, not for one twice", function()
        local o = {}
        assert.equal("[{},{}]", encode{ o, o })
        assert.equal('{"a":[{}],"b":[{}]}', encode({ a = { o }, b = { o } }, { sort_keys = true }))
        local value = decode(encode{ x = { o, o } })
        assert.equal('{"x":[{},{}]}', encode(value))
        o.self = o
        assert.equal("Reference cycle exists", tostring(raises(DOM, 4, function() encode(o) end)))
        local list = { { {} } }
        list[1][1].x = list
        raises(DOM, 4, function() encode(list) end)
    end)

    it("raises Too many levels beyond max_depth", function()
        local value = {}
        for _ = 1, 999 do value = { value } end
        assert.equal(2000, #encode(value))
        raises(DOM, 2, function() encode{ value } end)
        assert.equal(2002, #encode({ value }, { max_depth = 2000 }))
        raises(DOM, 2, function() encode({ {} }, { max_depth = 1 }) end)
        assert.equal("1", encode(1, { max_depth = 0 }))
        for _ = 1, 20000 do value = { value } end
        raises(DOM, 2, function() encode(value, { max_depth = 1e6 }) end)
    end)

    it("goes on after an error with an empty text", function()
        EINVAL(function() encode{ 1, { "x", print } } end)
        assert.equal("[1]", encode{ 1 })
    end)

    it("sorts keys by their bytes if asked", function()
        assert.equal('{"":0,"B":1,"a":{"x":1,"y":2},"a\\u0000":3,"aa":4,"\255":5}',
            encode({ a = { y = 2, x = 1 }, B = 1, [""] = 0, aa = 4, ["a\0"] = 3, ["\255"] = 5, [7] = 1, f = print },
                { sort_keys = true }))
    end)

    it("indents if asked", function()
        local value = { a = { 1, {}, json.into_array(), { b = null } } }
        assert.equal('{\n\t"a": [\n\t\t1,\n\t\t{},\n\t\t[],\n\t\t{\n\t\t\t"b": null\n\t\t}\n\t]\n}',
            encode(value, { indent = "\t" }))
        assert.equal('{\n"a": [\n1\n]\n}', encode({ a = { 1 } }, { indent = "" }))
        assert.equal("1", encode(1, { indent = "  " }))
        assert.equal('{"a":1}', encode{ a = 1 })
    end)

    it("refuses wrong options", function()
        EINVAL(function() encode(1, 1) end, 2)
        for name, value in pairs{ indent = 2, sort_keys = 1, max_depth = "x", state = 1 } do
            EINVAL(function() encode(1, { [name] = value }) end, name)
        end
        EINVAL(function() encode(1, { max_depth = -1 }) end, "max_depth")
        for _, state in ipairs{ {}, { writer = json.writer.new() }, { writer = {}, visited = {} },
            { writer = json.writer.new(), visited = {}, indent = 1 } } do
            EINVAL(function() encode(1, { state = state }) end, "state")
        end
    end)
end)

describe("__tojson", function()
    local function hooked(f, t) return setmetatable(t or {}, { __tojson = f }) end

    it("writes the value, at the top and below", function()
        local function tojson(self, state) state.writer:value(self.x) end
        assert.equal("1", encode(hooked(tojson, { x = 1 })))
        assert.equal('[1,{"a":"2"}]', encode{ hooked(tojson, { x = 1 }), { a = hooked(tojson, { x = "2" }) } })
    end)

    it("is found raw, in tables and userdata, whatever __metatable says", function()
        local u = newproxy(true)
        getmetatable(u).__tojson = function(self, state)
            assert.equal(u, self)
            state.writer:value "proxy"
        end
        assert.equal('["proxy"]', encode{ u })
        assert.equal('{"u":"proxy"}', encode{ u = u })
        local t = setmetatable({}, { __metatable = "locked", __tojson = function(_, s) s.writer:value(1) end })
        assert.equal("[1]", encode{ t })
        local inherited = setmetatable({}, setmetatable({}, { __index = { __tojson = error } }))
        assert.equal("{}", encode(inherited))
    end)

    it("gets a state with writer, visited and indent; its results are ignored", function()
        local outer, seen = {}, nil
        outer.x = hooked(function(self, state)
            assert.equal("json.writer", getmetatable(state.writer))
            assert.equal("  ", state.indent)
            assert.is_true(state.visited[self])
            assert.is_true(state.visited[outer])
            seen = state
            state.writer:value(1)
            return "ignored"
        end)
        assert.equal('{\n  "x": 1\n}', encode(outer, { indent = "  " }))
        assert.is_nil(next(seen.visited))
        helper.raises("system", "EBADF", function() seen.writer:value(1) end)
    end)

    it("writes nested values through the state", function()
        local value = hooked(function(self, state)
            state.writer:begin_array()
            state.writer:value(self.x)
            assert.is_nil(encode(self.rest, { state = state, indent = "ignored" }))
            state.writer:end_array()
        end, { x = 1, rest = { "a", { b = 2 } } })
        assert.equal('[1,["a",{"b":2}]]', encode(value))
        assert.equal('{"v":[1,["a",{"b":2}]]}', encode({ v = value }, { sort_keys = true }))
        assert.equal('[\n 1,\n [\n  "a",\n  {\n   "b": 2\n  }\n ]\n]', encode(value, { indent = " " }))
    end)

    it("meets cycles through the state", function()
        local t = {}
        t.x = hooked(function(_, state) encode({ t }, { state = state }) end)
        raises(DOM, 4, function() encode(t) end)
        local own = hooked(function(self, state) encode(self, { state = state }) end)
        raises(DOM, 4, function() encode(own) end)
        local shared = hooked(function(_, state) encode({}, { state = state }) end)
        assert.equal("[{},{}]", encode{ shared, shared })
    end)

    it("may fail: its error is raised unchanged", function()
        local mine = {}
        local ok, e = pcall(encode, { 1, hooked(function() error(mine) end) })
        assert.is_false(ok)
        assert.is_true(rawequal(mine, e))
        assert.equal("[1]", encode{ 1 })
    end)

    it("cannot close what it has not opened, nor take the text", function()
        raises(LEXER, 1, function() encode{ hooked(function(_, s) s.writer:end_array() end) } end)
        helper.raises("system", "EBADF", function() encode{ hooked(function(_, s) s.writer:generate() end) } end)
    end)

    it("cannot recurse for ever", function()
        local function again(_, state) encode(hooked(again), { state = state }) end
        again = function(_, state) encode(hooked(again), { state = state }) end
        assert.is_false((pcall(encode, hooked(again))))
        assert.equal("[1]", encode{ 1 })
    end)

    it("may change the object that is being written when keys are sorted", function()
        local o = { c = 3 }
        o.a = hooked(function(_, state)
            o.b, o.c = nil, nil
            collectgarbage()
            state.writer:value(1)
        end)
        o.b = 2
        assert.equal('{"a":1}', encode(o, { sort_keys = true }))
    end)

    it("cannot suspend its fiber", helper.fiber(function()
        local e = helper.EPERM(function() encode(hooked(function() emilua.this_fiber.yield() end)) end)
        assert.truthy(e.detail)
    end))

    it("works with a state of one's own", function()
        local state = { writer = json.writer.new(), visited = {}, indent = " " }
        encode({ 1 }, { state = state })
        encode({ a = true }, { state = state })
        assert.equal('[\n 1\n],{\n "a": true\n}', state.writer:generate())
        assert.is_nil(next(state.visited))
    end)
end)

describe("json.encode_into", function()
    it("writes the text to the front of a span and returns its length", function()
        local bs = byte_span.append "............"
        assert.equal(7, json.encode_into(bs, { a = 1 }))
        assert.equal('{"a":1}.....', tostring(bs))
        assert.equal(2, json.encode_into(bs:slice(11), {}))
        assert.equal('{"a":1}...{}', tostring(bs))
        assert.equal(3, json.encode_into(bs, { 1 }, { sort_keys = true }))
    end)

    it("raises ENOBUFS with the length needed, and leaves the span alone", function()
        local bs = byte_span.with_zeros(3, 100)
        assert.equal(5, helper.ENOBUFS(function() json.encode_into(bs, { 1, 2 }) end).needed)
        assert.equal("\0\0\0", tostring(bs))
        assert.equal(3, json.encode_into(bs, { 1 }))
    end)

    it("refuses wrong arguments", function()
        EINVAL(function() json.encode_into("x", 1) end, 1)
        EINVAL(function() json.encode_into(byte_span.new(9), print) end)
        EINVAL(function() json.encode_into(byte_span.new(9), 1, 2) end, 3)
        EINVAL(function() json.encode_into(byte_span.new(9), 1, { state = {} }) end, "state")
    end)
end)

describe("json.writer", function()
    local function written(f)
        local w = json.writer.new()
        f(w)
        return w:generate()
    end

    it("separates elements, members and values at the top", function()
        assert.equal('1,[2,"a",{"k":null,"l":[]}],{}', written(function(w)
            w:value(1)
            w:begin_array()
            w:value(2)
            w:value "a"
            w:begin_object()
            w:value "k"
            w:value(null)
            w:value "l"
            w:begin_array()
            w:end_array()
            w:end_object()
            w:end_array()
            w:begin_object()
            w:end_object()
        end))
        assert.equal("", written(function() end))
    end)

    it("writes literals as they are, without separators", function()
        assert.equal("[1 2,3", written(function(w)
            w:begin_array()
            w:value(1)
            w:literal " 2"
            w:value(3)
        end))
        assert.equal("[/**/1", written(function(w)
            w:begin_array()
            w:literal "/**/"
            w:value(1)
        end))
    end)

    it("counts the open containers", function()
        local w = json.writer.new()
        assert.equal(0, w.level)
        w:begin_array()
        w:begin_object()
        assert.equal(2, w.level)
        w:end_object()
        assert.equal(1, w.level)
    end)

    it("closes only the innermost open container", function()
        local w = json.writer.new()
        raises(LEXER, 1, function() w:end_array() end)
        raises(LEXER, 1, function() w:end_object() end)
        w:begin_array()
        raises(LEXER, 1, function() w:end_object() end)
        w:begin_object()
        raises(LEXER, 1, function() w:end_array() end)
        w:end_object()
        w:end_array()
        assert.equal("[{}]", w:generate())
    end)

    it("is consumed by generate: every later use is an error", function()
        local w = json.writer.new()
        w:value(1)
        assert.equal("1", w:generate())
        for _, use in ipairs{
            function() w:value(1) end, function() w:begin_object() end, function() w:end_object() end,
            function() w:begin_array() end, function() w:end_array() end, function() w:literal "" end,
            function() w:generate() end, function() return w.level end,
            function() encode(1, { state = { writer = w, visited = {} } }) end,
        } do
            helper.raises("system", "EBADF", use)
        end
    end)

    it("checks its arguments", function()
        local w = json.writer.new()
        for _, v in ipairs{ {}, print, byte_span.new(1) } do EINVAL(function() w:value(v) end, 2) end
        EINVAL(function() w:value() end, 2)
        EINVAL(function() w:literal(1) end, 2)
        for _, name in ipairs{ "value", "begin_object", "end_object", "begin_array", "end_array", "literal",
            "generate" } do
            EINVAL(function() w[name]({}, 1) end, 1)
        end
        assert.equal("json.writer", getmetatable(w))
        helper.bad_index(function() return w.no_such_key end)
    end)
end)
