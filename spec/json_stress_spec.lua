-- json: random values and broken texts, deep and large documents, and what lack of memory does. `EMILUA_SEED` repeats
-- the random cases.

local byte_span = require "emilua.byte_span"
local json = require "emilua.json"
local helper = require "spec.helper"

helper.install()

local decode, encode, null = json.decode, json.encode, json.null

local random = math.random

local function random_string()
    local bytes = {}
    for i = 1, random(0, 12) do
        bytes[i] = random(8) == 1 and "\240\159\152\128" or random(4) == 1 and "\195\169" or string.char(random(0, 127))
    end
    return table.concat(bytes)
end

local function random_number()
    local kind = random(5)
    if kind == 1 then return random(-100, 100) end
    if kind == 2 then return random() end
    if kind == 3 then return (random() - 0.5) * 2 ^ random(-1070, 1020) end
    if kind == 4 then return 2 ^ random(0, 70) - 1 end
    return random(-2 ^ 31, 2 ^ 31 - 1)
end

local function random_value(depth)
    local kind = random(depth > 0 and 7 or 5)
    if kind == 1 then return null end
    if kind == 2 then return random(2) == 1 end
    if kind == 3 then return random_string() end
    if kind <= 5 then return random_number() end
    local t = {}
    if kind == 6 then
        for i = 1, random(0, 6) do t[i] = random_value(depth - 1) end
        return json.into_array(t)
    end
    for _ = 1, random(0, 6) do t[random_string()] = random_value(depth - 1) end
    return t
end

local function equal(a, b)
    if type(a) ~= "table" or a == null then return a == b end
    if type(b) ~= "table" or json.is_array(a) ~= json.is_array(b) then return false end
    for key, value in pairs(a) do
        if not equal(value, b[key]) then return false end
    end
    for key in pairs(b) do
        if a[key] == nil then return false end
    end
    return true
end

describe("random values", function()
    it("survive the round trip, whatever the options", helper.seeded(3000, function()
        local value = random_value(5)
        for _, opts in ipairs{ {}, { sort_keys = true }, { indent = "  " }, { sort_keys = true, indent = "" } } do
            local text = encode(value, opts)
            assert(equal(value, decode(text)), text)
            assert(equal(value, decode(byte_span.append(text))), text)
        end
        local text = encode(value, { sort_keys = true })
        assert(text == encode(decode(text), { sort_keys = true }), text)
    end))
end)

describe("broken texts", function()
    it("are refused with a position inside them, never worse", helper.seeded(3000, function()
        local text = encode(random_value(4))
        for _ = 1, random(3) do
            local at = random(0, #text)
            local kind = random(3)
            local piece = kind == 1 and "" or kind == 2 and string.char(random(0, 255)) or ('[]{},:"\\0'):sub(random(9))
            text = text:sub(1, at) .. piece .. text:sub(at + random(0, 2))
        end
        local ok, e = pcall(decode, text)
        if ok then
            encode(e)
        else
            assert(getmetatable(e) == "error_code", e)
            assert(e.offset >= 1 and e.offset <= #text + 1 and e.line >= 1 and e.column >= 1, text)
            local before = text:sub(1, e.offset - 1)
            local _, newlines = before:gsub("\n", "")
            assert(e.line == newlines + 1 and e.column == #before:match "[^\n]*$" + 1, text)
        end
    end))

    it("may end anywhere", function()
        local text = '{"a":[1,-2.5e+3,true,null,"x\\u00e9\\n"],"b":{"c":{}}}'
        for n = 0, #text - 1 do
            local e = select(2, pcall(decode, text:sub(1, n)))
            assert.equal(n + 1, e.offset)
            assert.truthy(e.code == 7 or e.code == 8 or e.code == 9)
        end
    end)
end)

describe("nesting", function()
    local function arrays(n) return ("["):rep(n) .. ("]"):rep(n) end
    local function objects(n) return ('{"a":'):rep(n) .. "1" .. ("}"):rep(n) end

    it("of any depth is read or refused, in a coroutine and in a fiber too", helper.fiber(function()
        for _, nested in ipairs{ arrays, objects } do
            for _, n in ipairs{ 1500, 4000, 10000, 1000000 } do
                local text = nested(n)
                local function try()
                    local ok, value = pcall(decode, text, { max_depth = 1e9 })
                    if ok then
                        assert.equal(text, encode(value, { max_depth = 1e9 }))
                    else
                        helper.is_error(value, "emilua.json.dom", 2)
                    end
                    helper.raises("emilua.json.dom", 2, function() decode(text) end)
                end
                try()
                coroutine.wrap(try)()
            end
        end
    end))

    it("that is not closed is refused as deep, not as unfinished", function()
        helper.raises("emilua.json.dom", 2, function() decode(("["):rep(1e6)) end)
    end)
end)

describe("large documents", function()
    it("of one string", function()
        local text = ("0123456789abcdef"):rep(2 ^ 20)
        assert.is_true(text == decode(encode(text)))
        assert.is_true(("\n"):rep(2 ^ 20) == decode(encode(("\n"):rep(2 ^ 20))))
    end)

    it("of one array", function()
        local value = decode("[" .. ("0,"):rep(2e6) .. "1]")
        assert.equal(2e6 + 1, #value)
        assert.equal(1, value[2e6 + 1])
        assert.equal(2 * (2e6 + 1) + 1, #encode(value))
    end)

    it("of one object", function()
        local members = {}
        for i = 1, 2e5 do members[i] = ('"k%d":%d'):format(i, i) end
        local value = decode("{" .. table.concat(members, ",") .. "}")
        for i = 1, 2e5, 997 do assert.equal(i, value["k" .. i]) end
        assert.is_true(equal(value, decode(encode(value))))
    end)

    it("of a number with a million digits", function()
        assert.equal(math.huge, decode(("9"):rep(1e6) .. ".5"))
        helper.raises("emilua.json.dom", 1, function() decode(("9"):rep(1e6)) end)
        assert.equal(0, decode("0." .. ("0"):rep(1e6) .. "1"))
    end)
end)

describe("finalisers", function()
    it("that raise while a document is read or written pass the parser and the walk", function()
        -- LuaJIT raises an error of a finaliser out of whatever allocates: here, only inside of json. (It crashes when
        -- that happens in compiled code.)
        assert.same({ "true\ttrue\n", 0 }, { helper.child([[
            jit.off()
            local json = require "emilua.json"
            local text = "[" .. ('{"a":["b\\n",1.5,{}]},'):rep(2000) .. "0]"
            local value = json.decode(text)
            local function finaliser() error("finaliser", 0) end
            local function prepare() getmetatable(newproxy(true)).__gc = finaliser end
            local options = { max_depth = 10 }
            local function attempt(f, x)
                collectgarbage("restart")
                f(x, options)
            end
            local function many(f, x)
                local failed = 0
                for _ = 1, 300 do
                    pcall(prepare)
                    local ok, e = pcall(attempt, f, x)
                    collectgarbage("stop")
                    assert(ok or e == "finaliser", e)
                    if not ok then failed = failed + 1 end
                end
                return failed > 0
            end
            collectgarbage("stop")
            print(many(json.decode, text), many(json.encode, value))
            os.exit(0) ]]) })
    end)
end)
