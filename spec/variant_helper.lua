-- A spec file once more, in another interpreter.

local assert = require "luassert"
local helper = require "spec.helper"

local variant = {}

--- Runs the spec file `name` with busted in `interpreter`, by `command` if that differs. Fails unless all of it ran and
-- passed.
function variant.passes(name, interpreter, settings, command)
    local line = "cd %s; %s LUAJIT=%s timeout -k 5 300 %s spec/busted_runner.lua --ignore-lua -o TAP %s </dev/null"
    local quote = helper.quote
    local output, status = helper.shell(line:format(quote(helper.root), settings or "", quote(interpreter),
        command or interpreter, "spec/" .. name .. "_spec.lua"))
    local ran, failed = 0, 0
    for result in output:gmatch("[^\n]+") do
        if result:find("^ok %d") and not result:find("# SKIP", 1, true) then
            ran = ran + 1
        elseif result:find("^not ok %d") then
            failed = failed + 1
        end
    end
    assert.are.same({ 0, 0 }, { status, failed }, output)
    assert.is_true(ran > 0, output)
    assert.is_truthy(output:find("\n1%.%.%d+\n"), output)
end

return variant
