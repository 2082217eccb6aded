-- The public names of lua/meta, of docs/reference and of the running module agree, and the examples in the
-- documentation run.
--
-- Conventions of the pages:
--   * a name is documented by a heading `### ` or by the first cell of a table row, in backticks, as OWNER.NAME or
--     OWNER:NAME;
--   * a section says **Suspends** if the definition has ---@async;
--   * a block ```lua is a program: run in the project's root, it exits with 0 and prints what its `-->` comments say;
--     ```lua prelude goes before all later blocks of its page; ```lua noexec is not run.

local helper = require "spec.helper"
local jit_util = require "jit.util"

local PAGES = {
    "asio_error", "busted", "byte_span", "condition_variable", "emilua", "errors", "future", "generic_error", "ip",
    "mutex", "recursive_mutex", "stream", "time",
}

-- Pages about commands, which have no definitions.
local COMMANDS = { launcher = true }

-- Fields that lead to a table with names of its own.
local STRUCTURE = {}
for name in ([[
    emilua.this_fiber emilua.byte_span
    time.steady_clock time.system_clock time.high_resolution_clock time.steady_timer time.system_timer
    ip.address ip.tcp ip.tcp.socket ip.tcp.acceptor
    asio_error.basic asio_error.misc asio_error.netdb asio_error.addrinfo ]]):gmatch "%S+" do
    STRUCTURE[name] = true
end

-- Types that only describe arguments.
local ARGUMENTS = {
    "busted_options", "ip.endpoint", "live_fiber", "read_stream", "run_options", "spawn_options", "write_stream",
}

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
        for _, pattern in ipairs{ "lua/meta/*.lua", "docs/reference/*.md" } do
            local found = {}
            for _, path in ipairs(glob(pattern)) do
                local page = path:match "([%w_]+)%.%w+$"
                if not COMMANDS[page] then found[#found + 1] = page end
            end
            assert.same(PAGES, found)
        end
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
                for _, part in ipairs{ "\nErrors", "\n```lua\n", "\nSee also: " } do
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

    it("lead somewhere", function()
        local broken = {}
        for _, path in ipairs(glob "README.md docs/*.md docs/*/*.md") do
            for target in read(path):gmatch "%]%(([^)%s]+)%)" do
                if not target:find "^%a+:" then
                    local file, anchor = target:match "^([^#]*)#?(.*)$"
                    local linked = file == "" and path or (path:match "^(.*/)" or "") .. file
                    local ok = exists(linked) and (anchor == "" or anchors(linked)[anchor])
                    if not ok then broken[#broken + 1] = path .. ": " .. target end
                end
            end
        end
        assert.same({}, broken)
    end)
end)

describe("the running module", function()
    -- owner -> { table of that name, class = instance of the class of that name }
    local function make_objects()
        local emilua = require "emilua"
        local future, ip, time = require "emilua.future", require "emilua.ip", require "emilua.time"
        local objects = {
            emilua = { emilua }, this_fiber = { emilua.this_fiber }, stream = { require "emilua.stream" },
            byte_span = { emilua.byte_span, class = emilua.byte_span.new(4) },
            time = { time }, ip = { ip }, ["ip.tcp"] = { ip.tcp },
            ["ip.address"] = { ip.address, class = ip.address.loopback_v6() },
            generic_error = { require "emilua.generic_error" }, busted = { require "emilua.busted" },
        }
        for _, name in ipairs{ "mutex", "recursive_mutex", "condition_variable" } do
            local module = require("emilua." .. name)
            objects[name] = { module, class = module.new() }
        end
        for _, name in ipairs{ "steady_clock", "system_clock", "high_resolution_clock" } do
            objects["time." .. name] = { time[name] }
            objects[name .. ".time_point"] = { class = time[name].now() }
        end
        for _, name in ipairs{ "steady_timer", "system_timer" } do
            objects["time." .. name] = { time[name] }
            objects[name] = { class = time[name].new() }
        end
        local asio_error = require "emilua.asio_error"
        objects.asio_error = { asio_error }
        for _, group in ipairs{ "basic", "misc", "netdb", "addrinfo" } do
            objects["asio_error." .. group] = { asio_error[group] }
        end
        local promise, result = future.new()
        objects.promise, objects.future = { class = promise }, { future, class = result }
        local fiber = emilua.spawn(function() end)
        fiber:join()
        objects.fiber = { class = fiber }
        emilua.group(function(g) objects.group = { class = g } end)
        -- The optional fields of an error come from several.
        local e = select(2, pcall(function() return fiber.no_such_field end))
        e.arg, e.cause, e.detail, e.where, e.fibers, e.descriptors = 1, "", "", "", {}, 0
        objects.error_code, objects.error_category = { class = e }, { class = e.category }
        local acceptor, client = ip.tcp.acceptor.new(), ip.tcp.socket.new()
        acceptor:open("v4")
        acceptor:bind("127.0.0.1", 0)
        acceptor:listen()
        client:connect(ip.address.loopback_v4(), acceptor.local_port)
        objects["ip.tcp.socket"] = { ip.tcp.socket, class = client }
        objects["ip.tcp.acceptor"] = { ip.tcp.acceptor, class = acceptor }
        return objects
    end

    local objects

    setup(function() objects = require "emilua".run(make_objects) end)

    teardown(function()
        if not objects then return end
        objects["ip.tcp.socket"].class:close()
        objects["ip.tcp.acceptor"].class:close()
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
                    if not known and not key:find "^_" and kind_of(object, key) then extra[dotted] = true end
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

describe("the examples in the documentation", function()
    -- The blocks of a page that are run, with the preludes before them.
    local function programs(path)
        local list, block, prelude, number = {}, nil, "", 0
        for line in io.lines(path) do
            number = number + 1
            local indent, info = line:match "^( *)```(.*)$"
            if block and info == "" then
                local text = table.concat(block.lines, "\n") .. "\n"
                if block.info == "lua prelude" then prelude = prelude .. text end
                if block.info == "lua" then list[#list + 1] = { line = block.line, text = prelude .. text } end
                block = nil
            elseif block then
                block.lines[#block.lines + 1] = line:sub(#block.indent + 1)
            elseif info then
                block = { info = info, indent = indent, line = number, lines = {} }
            end
        end
        assert(not block, path .. ": a block is not closed")
        return list
    end

    local function expected_output(text)
        local lines = {}
        for output in text:gmatch "%-%-> ([^\n]*)" do lines[#lines + 1] = output .. "\n" end
        return table.concat(lines)
    end

    for _, path in ipairs(glob "README.md docs/*.md docs/*/*.md") do
        for _, program in ipairs(programs(path)) do
            it(("run: %s:%d"):format(path, program.line), function()
                assert.same({ expected_output(program.text), 0 }, { helper.child(program.text, { timeout = 30 }) })
            end)
        end
    end
end)
