-- The first code of the filters' state, in the process of a slave: makes their world, which is that of an init.script,
-- and returns the function that runs one, and bits that tell which there are.
local ffi = require("ffi")

local world = ffi.cast(ffi.typeof([[
    const struct {
        const struct { const char *name; size_t name_length; const char *text; size_t length; } *sources;
        size_t count;
        const char *filters;
        size_t length;
        void *init_script;
        void (*ask)(void *);
    } * /* world */ ]]), (...))

local texts = {}
for i = 0, tonumber(world.count) - 1 do
    local source = world.sources[i]
    texts[ffi.string(source.name, source.name_length)] = ffi.string(source.text, source.length)
end

-- The compiled chunk of a source.
local function source(name) return assert(loadstring(texts[name], "=[emilua." .. name .. "]")) end

local import = source("subprocess.init_script.main")(source, { init_script = world.init_script })
errexit = false -- luacheck: ignore

return import("libc_service.filter")(world.ask, ffi.string(world.filters, world.length))
