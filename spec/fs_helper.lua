-- What the specs of filesystem share: a fresh directory for each test, the shell, and errors with paths.

local filesystem = require "emilua.filesystem"
local helper = require "spec.helper"

local fs_helper = {}

local new = filesystem.path.new

--- Runs a shell command that must succeed, in the test's directory; returns its output without the last newline.
function fs_helper.shell(command)
    local output, status = helper.shell("cd " .. helper.quote(fs_helper.directory) .. " && { " .. command .. "\n}")
    if status ~= 0 then error(command .. ": " .. output, 2) end
    return (output:gsub("\n$", ""))
end

--- The path of a name in the test's directory.
function fs_helper.at(name) return new(fs_helper.directory .. "/" .. name) end

--- Writes a file in the test's directory and returns its path.
function fs_helper.write(name, text)
    local file = assert(io.open(fs_helper.directory .. "/" .. name, "wb"))
    file:write(text or "")
    file:close()
    return fs_helper.at(name)
end

function fs_helper.read(name)
    local file = assert(io.open(fs_helper.directory .. "/" .. name, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

--- Asserts that `f()` raises `code` in that category (generic without one), with these texts of `path1` and `path2`.
function fs_helper.fails(code, f, path1, path2, category)
    local e = helper.raises(category or "generic", code, f)
    for name, wanted in pairs { path1 = path1 or false, path2 = path2 or false } do
        local found = e[name] and tostring(e[name]) or false
        if found ~= (wanted and tostring(wanted)) then
            error(("expected %s=%s, got %s"):format(name, tostring(wanted), tostring(found)), 2)
        end
        if found then assert(getmetatable(e[name]) == "filesystem.path") end
    end
    return e
end

--- Checks functions that take paths: `functions[name]` is the number of their path arguments, all in front.
function fs_helper.refuses_others(functions)
    for name, count in pairs(functions) do
        for arg = 1, count do
            for _, wrong in ipairs { "x", 1, {}, true, filesystem.path, new "a\0b" } do
                local arguments = { new "x", new "x" }
                arguments[arg] = wrong
                helper.EINVAL(function() filesystem[name](unpack(arguments, 1, count)) end, arg)
            end
        end
    end
end

--- Runs a Lua source text as the user nobody; returns its output and status.
function fs_helper.child_as_user(source)
    local script = helper.write_temporary(source)
    local output, status = helper.shell(("chmod 644 %s; cd / && %s env LUA_CPATH=%s %s %s"):format(helper.quote(script),
        "setpriv --reuid=65534 --regid=65534 --clear-groups", helper.quote(helper.root .. "/?.so;;"),
        helper.interpreter, helper.quote(script)))
    os.remove(script)
    return output, status
end

--- Makes a directory before and removes it after each test of the calling file.
function fs_helper.install()
    local environment = getfenv(2)
    environment.before_each(function()
        fs_helper.directory = helper.shell("mktemp -d"):gsub("\n", "")
    end)
    environment.after_each(function()
        helper.shell("chmod -R u+rwx " .. helper.quote(fs_helper.directory) .. " 2>/dev/null; rm -rf "
            .. helper.quote(fs_helper.directory))
    end)
end

return fs_helper
