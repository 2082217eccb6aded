-- What the specs of the program form share: trees of files, and the launcher run in them.

local helper = require "spec.helper"

local programs = {}

local quote = helper.quote

--- The command that starts the launcher of this project.
programs.launcher = helper.interpreter .. " " .. quote(helper.root .. "lua/bin/emilua")

local made = {}

--- Writes files, path to text, below a new directory, whose name may be given, and returns the directory.
function programs.tree(files, name)
    local root = os.tmpname()
    os.remove(root)
    made[#made + 1] = root
    root = root .. "/" .. (name or "app")
    helper.shell("mkdir -p " .. quote(root))
    for path, text in pairs(files) do
        local full = root .. "/" .. path
        helper.shell("mkdir -p " .. quote(full:match("^(.*)/")))
        local file = assert(io.open(full, "wb"))
        file:write(text)
        file:close()
    end
    return root
end

--- Removes all trees.
function programs.clean()
    for i, root in ipairs(made) do
        helper.shell("chmod -R u+rwx " .. quote(root) .. "; rm -rf " .. quote(root))
        made[i] = nil
    end
end

--- Starts the launcher with a command line. Options: `env`, `directory` to start in, `before` (shell text in front),
-- `after` (shell text behind, e.g. a redirection). Returns stdout and stderr merged, and the exit status.
function programs.launch(arguments, opts)
    opts = opts or {}
    local words = { "cd " .. quote(opts.directory or helper.root) .. ";", opts.before or "", "env" }
    for variable, value in pairs(opts.env or {}) do words[#words + 1] = quote(variable .. "=" .. value) end
    words[#words + 1] = "timeout -k 5 60 " .. (opts.launcher or programs.launcher)
    for _, argument in ipairs(arguments) do words[#words + 1] = quote(argument) end
    words[#words + 1] = opts.after or "</dev/null"
    return helper.shell(table.concat(words, " "))
end

--- Runs `app.lua`, or `opts.script`, of a tree of files. `DIR` in the output stands for the tree's directory.
function programs.run(files, opts)
    opts = opts or {}
    local root = programs.tree(files, opts.name)
    local arguments = { root .. "/" .. (opts.script or "app.lua") }
    for _, argument in ipairs(opts.args or {}) do arguments[#arguments + 1] = argument end
    local env = {}
    for variable, value in pairs(opts.env or {}) do env[variable] = value:gsub("DIR", function() return root end) end
    local output, status = programs.launch(arguments, { env = env, before = opts.before and
        opts.before:gsub("DIR", function() return quote(root) end) })
    return (output:gsub(root:gsub("%p", "%%%0"), "DIR")), status, root
end

return programs
