-- The global functions that are replaced so that code inside them may suspend, and so that scopes
-- and interruption work: pcall, xpcall, coroutine.*, require, dofile. Outside of fibers they are stock.
local import = ...
local S = import("core.scheduler")
local L = import("core.layout")
local list = import("core.list")
local scope = import("core.scope")
local shims = import("core.coroutine")

local ON = L.ON
local state = S.state
local error, ipairs, loadfile, rawget, type = error, ipairs, loadfile, rawget, type
local package, pcall = package, pcall
local stock_require, stock_dofile = require, dofile
local _G = _G

-- Modules that fibers are loading: {fiber, waiting fibers}.
local loading = {}

local REQUIRE = { name = "require", masked = true }

function REQUIRE.remove(f) list.remove(loading[f[ON]].waiters, f) end

-- Whether fiber `f` is, through requires, what the current fiber's own modules wait for.
local function waits_for(f, current)
    while f do
        if f == current then return true end
        local kind = f[L.WAIT]
        if kind == REQUIRE then
            local entry = loading[f[ON]]
            f = entry and entry.fiber
        else
            f = kind and kind.inner and kind.inner(f)
        end
    end
    return false
end

-- The loader of a module, or nil and where it was searched.
local function search(name)
    local loaders = package.loaders
    if type(loaders) ~= "table" then error("'package.loaders' must be a table", 4) end
    local tried = {}
    for _, searcher in ipairs(loaders) do
        local loader = searcher(name)
        if type(loader) == "function" then return loader end
        if type(loader) == "string" then tried[#tried + 1] = loader end
    end
    return nil, table.concat(tried)
end

local function find_loader(name)
    local loader, tried = search(name)
    return loader or error("module '" .. name .. "' not found:" .. tried, 3)
end

local function load(name, loader, entry)
    loading[name] = entry
    -- pcall is the stock one: an error is no point of interruption.
    local ok, value = pcall(loader, name)
    loading[name] = nil
    while true do
        local f = list.pop(entry.waiters)
        if not f then break end
        S.wake(f, false)
    end
    if not ok then error(value, 0) end
    if value ~= nil then
        package.loaded[name] = value
    elseif package.loaded[name] == nil then
        package.loaded[name] = true
    end
    return package.loaded[name]
end

local function shim_require(name)
    local f = state.current
    if not f or type(name) ~= "string" then return stock_require(name) end
    while true do
        local value = package.loaded[name]
        if value then
            -- Stock's mark of a module that is being loaded outside of fibers.
            if type(value) == "userdata" then return stock_require(name) end
            return value
        end
        local entry = loading[name]
        if not entry then break end
        if waits_for(entry.fiber, f) then
            error("loop or previous error loading module '" .. name .. "'", 2)
        end
        S.check_yieldable()
        list.push(entry.waiters, f)
        S.suspend(f, REQUIRE, name)
    end
    return load(name, find_loader(name), { fiber = f, waiters = list.new() })
end

local function shim_dofile(path)
    if not state.current then return stock_dofile(path) end
    local chunk, message = loadfile(path)
    if not chunk then error(message, 0) end
    return chunk()
end

local function install(t, name, f)
    if rawget(t, name) ~= f then t[name] = f end
end

-- Idempotent: test runners put the stock functions back between files.
local function install_shims()
    install(_G, "pcall", scope.pcall)
    install(_G, "xpcall", scope.xpcall)
    install(_G, "require", shim_require)
    install(_G, "dofile", shim_dofile)
    for name, f in pairs(shims) do install(_G.coroutine, name, f) end
end

-- A dropped fiber loads nothing any more.
local function reset() loading = {} end

return { install_shims = install_shims, require = shim_require, reset = reset, search = search }
