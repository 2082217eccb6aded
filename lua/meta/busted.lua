---@meta emilua.busted

-- busted suites whose bodies are fibers. Reference: docs/reference/busted.md

---The module `require "emilua.busted"` returns.
---@class emilua.bustedlib
local busted = {}

---@class emilua.busted_options
---@field timeout? number seconds that a body may take, 10 by default
---@field leaks? "ignore"|"error" for tests, `"error"` by default

---A function that runs `f` as the main fiber of a run of its own.
---@param f async fun()
---@param opts? emilua.busted_options
---@return fun()
function busted.fiber(f, opts) end

---Replaces busted's functions that take bodies in the calling file or block.
---@param opts? emilua.busted_options
function busted.install(opts) end

---busted's `it` with a body that is a fiber.
---@param name string
---@param f? async fun()
function busted.it(name, f) end

---busted's `before_each` with a body that is a fiber.
---@param f async fun()
function busted.before_each(f) end

---busted's `after_each` with a body that is a fiber.
---@param f async fun()
function busted.after_each(f) end

---busted's `setup` with a body that is a fiber.
---@param f async fun()
function busted.setup(f) end

---busted's `teardown` with a body that is a fiber.
---@param f async fun()
function busted.teardown(f) end

return busted
