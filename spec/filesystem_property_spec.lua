-- The lexical algorithms against a reference written the way C++17 [fs.path] words them: text edited step by step,
-- where the module works on lists of names; and the rules that hold for all paths.

local filesystem = require "emilua.filesystem"
local helper = require "spec.helper"

helper.install()

local new = filesystem.path.new
local ROUNDS = 4000

local seed = tonumber(os.getenv "EMILUA_SEED") or os.time()
local random

local PIECES = { "a", "b", "ab", ".", "..", "/", "/", "/", "//", "a.b", ".a", "a.", "...", "\255", "\n", " " }

local function text()
    local parts = {}
    for i = 1, random(0, 8) do parts[i] = PIECES[random(#PIECES)] end
    return table.concat(parts)
end

local function check(f)
    for i = 1, ROUNDS do
        random = math.random
        math.randomseed(seed + i)
        local ok, e = pcall(f)
        if not ok then error(("EMILUA_SEED=%d, round %d: %s"):format(seed, i, tostring(e)), 0) end
    end
end

-- [fs.path.generic] 6, literally.
local function normal(s)
    if s == "" then return "" end
    s = s:gsub("/+", "/")
    local before
    repeat
        before = s
        s = s:gsub("^%./", ""):gsub("/%./", "/"):gsub("/%.$", "/")
    until s == before
    if s == "." then s = "" end
    -- Removes a name that is not dot-dot, the separator behind it and the dot-dot, with the separator behind that.
    local from = 1
    while true do
        local first, last, name = s:find("([^/]+)/%.%.", from)
        if not first then break end
        local follows = s:sub(last + 1, last + 1)
        if name ~= ".." and (follows == "" or follows == "/") then
            s = s:sub(1, first - 1) .. s:sub(last + (follows == "/" and 2 or 1))
            from = 1
        else
            from = first + #name
        end
    end
    repeat
        before = s
        s = s:gsub("^/%.%./", "/"):gsub("^/%.%.$", "/")
    until s == before
    if s:find("^%.%./$") or s:find("/%.%./$") then s = s:sub(1, -2) end
    return s == "" and "." or s
end

local function list(p)
    local parts = {}
    for part in p:iterator() do parts[#parts + 1] = part end
    return parts
end

-- [fs.path.gen] lexically_relative, with its iterators.
local function relative(p, base)
    if p.is_absolute ~= base.is_absolute then return "" end
    local a, b = list(p), list(base)
    local i = 1
    while a[i] and b[i] and a[i] == b[i] do i = i + 1 end
    if not a[i] and not b[i] then return "." end
    local n = 0
    for k = i, #b do
        if b[k] == ".." then n = n - 1 elseif b[k] ~= "." and b[k] ~= "" then n = n + 1 end
    end
    if n < 0 then return "" end
    if n == 0 and (not a[i] or a[i] == "") then return "." end
    local result = new ""
    for _ = 1, n do result = result / ".." end
    for k = i, #a do result = result / a[k] end
    return tostring(result)
end

-- Names that compare(3) orders.
local function compare(p, q)
    if p.has_root_directory ~= q.has_root_directory then return q.has_root_directory and -1 or 1 end
    local a, b = list(p.relative_path), list(q.relative_path)
    for i = 1, math.max(#a, #b) do
        if a[i] ~= b[i] then
            if not a[i] then return -1 end
            if not b[i] then return 1 end
            return a[i] < b[i] and -1 or 1
        end
    end
    return 0
end

describe("lexically_normal", function()
    it("does what the eight steps of C++17 do", function()
        check(function()
            local s = text()
            assert.equal(normal(s), tostring(new(s):lexically_normal()), ("%q"):format(s))
        end)
    end)

    it("is the same done twice", function()
        check(function()
            local once = new(text()):lexically_normal()
            assert.equal(tostring(once), tostring(once:lexically_normal()))
        end)
    end)
end)

describe("lexically_relative", function()
    it("does what C++17 says", function()
        check(function()
            local a, b = new(text()), new(text())
            local way = tostring(a:lexically_relative(b))
            assert.equal(relative(a, b), way, ("%q to %q"):format(tostring(a), tostring(b)))
        end)
    end)

    it("leads from the base to the path, if the base does not climb", function()
        check(function()
            local a, b = new(text()):lexically_normal(), new(text()):lexically_normal()
            local way = a:lexically_relative(b)
            if not way.empty and not tostring(b):find("^%.%.") then
                local there = tostring((b / way):lexically_normal()):gsub("(.)/$", "%1")
                assert.equal(a.empty and "." or (tostring(a):gsub("(.)/$", "%1")), there)
            end
        end)
    end)
end)

describe("a path", function()
    it("is its root and what is relative to it", function()
        check(function()
            local p = new(text())
            assert.is_true(p.root_path / p.relative_path == p)
            assert.equal(p.filename, p.stem .. p.extension)
            assert.equal(tostring(p), tostring(p:remove_filename() .. p.filename))
        end)
    end)

    it("is its parent and its name", function()
        check(function()
            local p = new(text())
            if p.has_relative_path then
                assert.is_true(p.parent_path / p.filename == p)
                assert.equal(#list(p) - 1, #list(p.parent_path))
            else
                assert.equal(tostring(p), tostring(p.parent_path))
            end
        end)
    end)

    it("is put together from its components", function()
        check(function()
            local p = new(text())
            local q = new ""
            for part in p:iterator() do q = q / part end
            assert.is_true(p == q)
        end)
    end)

    it("is ordered as its components are", function()
        check(function()
            local a, b = new(text()), new(text())
            local order = compare(a, b)
            assert.equal(order == 0, a == b)
            assert.equal(order < 0, a < b)
            assert.equal(order <= 0, a <= b)
        end)
    end)
end)

describe("a path and Rust's std::path", function()
    local function encode(s)
        return "x" .. s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    end

    -- Its answers about pairs of texts, by a program that is compiled here.
    local function ask(pairs_of_texts)
        local lines = {}
        for i, pair in ipairs(pairs_of_texts) do lines[i] = encode(pair[1]) .. " " .. encode(pair[2]) .. "\n" end
        local input, program = helper.write_temporary(table.concat(lines)), os.tmpname()
        local output, code = helper.shell(("cd %s && rustc --edition 2024 -o %s %s && %s < %s"):format(
            helper.quote(helper.root), program, "spec/path_reference.rs", program, input))
        os.remove(input)
        os.remove(program)
        assert(code == 0, output)
        return output
    end

    it("agree about joining and absolute paths, and about names where both have one", function()
        local asked = {}
        math.randomseed(seed)
        random = math.random
        for i = 1, ROUNDS do asked[i] = { text(), text() } end
        local i = 0
        for line in ask(asked):gmatch "[^\n]+" do
            i = i + 1
            local a, b = new(asked[i][1]), new(asked[i][2])
            local absolute, joined, name, stem, extension = line:match "^(%S+) (%S+) (%S+) (%S+) (%S+)$"
            local about = ("EMILUA_SEED=%d: %q"):format(seed, tostring(a))
            assert.equal(absolute, tostring(a.is_absolute), about)
            assert.equal(joined, encode(tostring(a / b)), about)
            -- There a separator or a dot at the end does not count, and a dot-dot is no name.
            if a.filename ~= "" and a.filename ~= "." and a.filename ~= ".." then
                assert.equal(name, encode(a.filename), about)
                assert.equal(stem, encode(a.stem), about)
                assert.equal(extension, encode((a.extension:gsub("^%.", ""))), about)
            end
        end
        assert.equal(ROUNDS, i)
    end)
end)
