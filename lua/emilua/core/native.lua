-- The boundary: an area's struct of function pointers (src/bridge/mod.rs) is cast once, by bind().
-- A call through a cached pointer costs 4 ns when compiled.
local import = ...
local raw = import("core.raw")
local ffi = require("ffi")

local span_type = ffi.typeof("struct { uint8_t *data; intptr_t len, capacity; }")
local view_type = ffi.typeof([[
    struct {
        const uint32_t *ready, *due;
        uint32_t n_ready, n_due;
        int32_t descriptors;
    } ]])

local native = {
    -- The key of what native code takes from an object unseen: nobody writes it who writes a field or an element.
    -- Constructors spell it out, so that their tables have room for it.
    HANDLE = "\0handle",
    -- Codes of src/bridge/guard.rs.
    PENDING = -0x80000000,
    EOF = -0x7fffffff,
    PANIC = -0x7ffffffe,
    vm = ffi.cast("void *", raw.vm),
    view = ffi.cast(ffi.typeof("$ * /* view */", view_type), raw.vm),
    span_pointer = ffi.typeof("const $ * /* span */", span_type),
}

-- Without the JIT a call through the FFI costs four times one of a C function.
local jit_on = require("jit").status()

-- The operations of an area by name. `prototypes` declares them in C, in the order of the Rust half; a `$` stands for
-- one of the types that follow. Texts must differ: busted remembers the results of ffi.typeof by their text alone.
function native.bind(area, prototypes, ...)
    local names = {}
    local fields = prototypes:gsub("([%w_]+)(%b();)", function(name, arguments)
        names[#names + 1] = name
        return "(*" .. name .. ")" .. arguments
    end)
    local struct = ffi.typeof("struct { " .. fields .. " } *", ...)
    local operations, functions = ffi.cast(struct, raw.operations[area]), {}
    for i = 1, #names do
        local name = names[i]
        local twin = not jit_on and raw.functions[area .. "_" .. name]
        functions[name] = twin or operations[name]
    end
    return functions
end

native.collect = native.bind("vm", [[
    int32_t collect(void *vm); ]]).collect

local buffer = ffi.new("char[1024]")

-- The text that a function writes to a buffer; nil and its code when it fails.
function native.text(length)
    if length < 0 then return nil, length end
    return ffi.string(buffer, length)
end
native.buffer = buffer

-- The C functions too.
return setmetatable(native, { __index = raw.functions })
