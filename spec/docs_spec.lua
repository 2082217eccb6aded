-- The public names of lua/meta, of docs/reference and of the running module agree, and the examples in the
-- documentation run.
--
-- Conventions of the pages:
--   * a name is documented by a heading `### ` or by the first cell of a table row, in backticks, as OWNER.NAME or
--     OWNER:NAME;
--   * a section says **Suspends** if the definition has ---@async;
--   * blocks of code are run: see spec/docs_helper.lua.

local environment = require "spec.environment"
local docs = require "spec.docs_helper"
local helper = require "spec.helper"
local jit_util = require "jit.util"

-- The index, and pages about commands: they have no definitions.
local UNDEFINED = { README = true, launcher = true }

local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
end

local function exists(path)
    local file = io.open(path)
    if file then file:close() end
    return file ~= nil
end

local function glob(pattern)
    local paths = {}
    local pipe = io.popen("ls " .. pattern .. " 2>/dev/null")
    for path in pipe:lines() do paths[#paths + 1] = path end
    pipe:close()
    return paths
end

-- The pages that define modules, by name.
local PAGES = {}
for _, path in ipairs(glob "docs/reference/*.md") do
    local page = path:match "([%w_]+)%.md$"
    if not UNDEFINED[page] then PAGES[#PAGES + 1] = page end
end

-- What spec/docs/*.lua tell about the modules:
--   structure: fields that lead to a table with names of its own
--   arguments: classes that only describe arguments
--   objects(): owner -> { table of that name, class = instance of the class of that name }; called in a run
--   close(objects): closes what they hold
local STRUCTURE, ARGUMENTS, PARTS = {}, {}, {}
for _, path in ipairs(glob "spec/docs/*.lua") do
    local part = dofile(path)
    PARTS[#PARTS + 1] = part
    for _, name in ipairs(part.structure or {}) do STRUCTURE[name] = true end
    for _, name in ipairs(part.arguments or {}) do ARGUMENTS[#ARGUMENTS + 1] = name end
end

local function keys(set)
    local list = {}
    for key in pairs(set) do list[#list + 1] = key end
    table.sort(list)
    return list
end

-- Names that `a` has and `b` lacks.
local function missing(a, b)
    local list = {}
    for _, name in ipairs(keys(a)) do
        if b[name] == nil then list[#list + 1] = name end
    end
    return list
end

-- "ip.address:to_v4" -> "ip.address", ":", "to_v4"
local function split(name)
    return name:match "^(.*)([.:])([^.:]+)$"
end

-- emilua.mutexlib, the module's table, and emilua.mutex, the class, both own names that begin with "mutex".
local function owner_of(class)
    return (class:gsub("^emilua%.", ""):gsub("lib$", ""))
end

-- Adds the names that a definition file declares: name -> "value", "function" or "async".
local function add_declared(path, names)
    local class_of, class, async = {}, nil, false
    for line in io.lines(path) do
        local field = line:match "^%-%-%-@field ([%w_]+)"
        local variable = line:match "^local ([%w_]+) = {}"
        local receiver, separator, name = line:match "^function ([%w_]+)([.:])([%w_]+)"
        class = line:match "^%-%-%-@class ([%w_.]+)" or class
        async = line:find "^%-%-%-@async" ~= nil or async and line ~= ""
        if field then names[owner_of(class) .. "." .. field] = "value" end
        if variable then class_of[variable] = class end
        if receiver then
            local owner = owner_of(assert(class_of[receiver], path .. ": no class for " .. receiver))
            names[owner .. separator .. name] = async and "async" or "function"
        end
    end
end

-- The names of all definition files, and the set of their owners.
local function definitions()
    local names, owners = {}, {}
    for _, page in ipairs(PAGES) do add_declared("lua/meta/" .. page .. ".lua", names) end
    for name in pairs(STRUCTURE) do names[name] = nil end
    for _, owner in ipairs(ARGUMENTS) do
        for name in pairs(names) do
            if split(name) == owner then names[name] = nil end
        end
    end
    for name in pairs(names) do owners[split(name)] = true end
    return names, owners
end

-- Adds the names that a page documents: name -> text of its section, "" for a row of a table.
local function add_documented(path, owners, names)
    local section, lines = {}, {}
    local function finish()
        for _, name in ipairs(section) do names[name] = table.concat(lines, "\n") end
    end
    for line in io.lines(path) do
        if line:find "^##" then
            finish()
            section, lines = {}, {}
        end
        if line:find "^### `" then
            for name in line:gmatch "`([%w_.]+[.:][%w_]+)" do section[#section + 1] = name end
        elseif line:find "^| `" then
            for name in line:match("^|([^|]*)"):gmatch "`([%w_.]+[.:][%w_]+)" do
                if owners[split(name)] then names[name] = "" end
            end
        end
        lines[#lines + 1] = line
    end
    finish()
end

local names, owners = definitions()

describe("the definitions in lua/meta", function()
    it("are one file per page of docs/reference", function()
        local found = {}
        for _, path in ipairs(glob "lua/meta/*.lua") do found[#found + 1] = path:match "([%w_]+)%.lua$" end
        assert.same(PAGES, found)
    end)

    it("are valid Lua that only declares", function()
        for _, page in ipairs(PAGES) do
            local text = read("lua/meta/" .. page .. ".lua")
            assert.truthy(text:find "^%-%-%-@meta emilua", page)
            assert(loadstring(text, page))()
        end
    end)
end)

describe("the pages in docs/reference", function()
    local documented = {}
    for _, page in ipairs(PAGES) do add_documented("docs/reference/" .. page .. ".md", owners, documented) end
    for name in pairs(STRUCTURE) do documented[name] = nil end

    it("document every definition", function() assert.same({}, missing(names, documented)) end)

    it("document nothing else", function() assert.same({}, missing(documented, names)) end)

    it("say which functions suspend", function()
        for name, section in pairs(documented) do
            if section ~= "" then
                assert.equal(names[name] == "async", section:find("**Suspends**", 1, true) ~= nil, name)
            end
        end
    end)

    it("have errors, an example and references for every name with a section", function()
        for name, section in pairs(documented) do
            if section ~= "" then
                for _, part in ipairs{ "\nErrors", "\n```lua", "\nSee also: " } do
                    assert.truthy(section:find(part, 1, true), name .. " lacks " .. part)
                end
            end
        end
    end)
end)

describe("the links in the documentation", function()
    -- GitHub's rule for the anchor of a heading.
    local function anchors(path)
        local found, count = {}, {}
        for line in io.lines(path) do
            local heading = line:match "^#+ (.*)"
            if heading then
                local anchor = heading:lower():gsub("[^%w_ -]", ""):gsub(" ", "-")
                local n = count[anchor] or 0
                count[anchor] = n + 1
                found[n == 0 and anchor or anchor .. "-" .. n] = true
            end
        end
        return found
    end

    -- What `make install` and the rock install beside each other.
    local function is_installed(path)
        local normal, n = path
        repeat normal, n = normal:gsub("[^/]+/%.%./", "", 1) until n == 0
        return normal:find "^docs/" or normal:find "^examples/" or normal:find "^%u%u+%.?m?d?$"
    end

    it("lead somewhere, in what is installed too", function()
        local broken = {}
        for _, path in ipairs(glob "README.md CHANGELOG.md docs/*.md docs/*/*.md") do
            for target in read(path):gmatch "%]%(([^)%s]+)%)" do
                if not target:find "^%a+:" then
                    local file, anchor = target:match "^([^#]*)#?(.*)$"
                    local linked = file == "" and path or (path:match "^(.*/)" or "") .. file
                    local ok = exists(linked) and is_installed(linked) and (anchor == "" or anchors(linked)[anchor])
                    if not ok then broken[#broken + 1] = path .. ": " .. target end
                end
            end
        end
        assert.same({}, broken)
    end)

    it("lead from the index of the reference to each of its pages", function()
        local index = read "docs/reference/README.md"
        for _, page in ipairs(PAGES) do assert.truthy(index:find("(" .. page .. ".md)", 1, true), page) end
    end)
end)

describe("the running module", function()
    local objects = {}

    setup(function()
        require "emilua".run(function()
            for _, part in ipairs(PARTS) do
                for owner, places in pairs(part.objects()) do objects[owner] = places end
            end
        end)
    end)

    teardown(function()
        for _, part in ipairs(PARTS) do
            if part.close then part.close(objects) end
        end
    end)

    local function get(object, key)
        return select(2, pcall(function()
            local value = object[key]
            return value
        end))
    end

    local function is_bad_index(value)
        return debug.getmetatable(value) and getmetatable(value) == "error_code"
            and tostring(value.category) == "emilua.core" and value.code == 8
    end

    -- "function", "value" or nil.
    local function kind_of(object, key)
        local value = get(object, key)
        if value == nil or is_bad_index(value) then return nil end
        return type(value) == "function" and "function" or "value"
    end

    -- Keys that the object or its index handler may know: those of the handler's tables, also among its upvalues, and
    -- its string constants.
    local function candidates(object)
        local found, seen = {}, {}
        local function scan(value, depth)
            if seen[value] or depth > 3 then return end
            if type(value) == "table" then
                seen[value] = true
                for key, inner in next, value do
                    if type(key) == "string" then found[key] = true end
                    if type(inner) == "table" then scan(inner, depth + 1) end
                end
                scan((debug.getmetatable(value) or {}).__index, depth + 1)
            elseif type(value) == "function" then
                seen[value] = true
                for i = 1, 60 do
                    local name, upvalue = debug.getupvalue(value, i)
                    if not name then break end
                    scan(upvalue, depth + 1)
                end
                for i = -1, -200, -1 do
                    local ok, constant = pcall(jit_util.funck, value, i)
                    if not ok or constant == nil then break end
                    if type(constant) == "string" then found[constant] = true end
                end
            end
        end
        if type(object) == "table" then
            for key in next, object do
                if type(key) == "string" then found[key] = true end
            end
        end
        scan((debug.getmetatable(object) or {}).__index, 0)
        return found
    end

    it("has every documented name", function()
        local absent = {}
        for _, name in ipairs(keys(names)) do
            local owner, separator, key = split(name)
            local places = assert(objects[owner], "no object for " .. owner)
            local wanted = names[name] == "value" and "value" or "function"
            local found = false
            if separator == "." and places[1] ~= nil then found = kind_of(places[1], key) == wanted end
            if not found and places.class ~= nil then found = kind_of(places.class, key) == wanted end
            if not found then absent[#absent + 1] = name end
        end
        assert.same({}, absent)
    end)

    it("has no other names", function()
        local extra = {}
        for owner, places in pairs(objects) do
            for place, object in pairs(places) do
                for key in pairs(candidates(object)) do
                    local dotted = owner .. "." .. key
                    local known = names[dotted] or STRUCTURE[dotted] or place == "class" and names[owner .. ":" .. key]
                    if not known and not key:find "^[_%z]" and kind_of(object, key) then extra[dotted] = true end
                end
            end
        end
        assert.same({}, keys(extra))
    end)

    it("hides no name from these checks", function()
        local hidden = {}
        for name in pairs(names) do
            local owner, separator, key = split(name)
            local seen = false
            for place, object in pairs(objects[owner]) do
                if separator == "." or place == "class" then seen = seen or candidates(object)[key] end
            end
            if not seen then hidden[name] = true end
        end
        assert.same({}, keys(hidden))
    end)
end)

describe("the blocks of code in", function()
    local json = require "emilua.json"

    local NEEDS = {
        ["lua multicast"] = { "multicast", environment.has_multicast },
        ["lua memory"] = { "cgroup v2, memory" },
        ["lua cgroup"] = { "control groups", function() return helper.run(environment.makes_groups) end },
    }

    local function run(directory, step)
        if step.info == "json" then
            json.decode(step.text)
        elseif step.file then
            docs.write(directory, step)
        elseif step.info == "sh" then
            local output, status, errors = docs.shell(directory, step.program)
            assert.equal(docs.normalise(step.output), docs.normalise(output), errors)
            assert.equal(0, status, errors)
        else
            if NEEDS[step.info] then environment.need(unpack(NEEDS[step.info])) end
            assert.same({ step.output, 0 }, { helper.child(step.program, { timeout = 30, directory = directory }) })
        end
    end

    for _, path in ipairs(glob "README.md docs/*.md docs/*/*.md") do
        local steps = docs.steps(path)
        if steps[1] then
            describe(path, function()
                local directory

                setup(function() directory = docs.directory() end)

                teardown(function() helper.shell("rm -r " .. directory) end)

                for _, step in ipairs(steps) do
                    it("run: line " .. step.line, function() run(directory, step) end)
                end
            end)
        end
    end
end)
