-- What the specs of child processes share.

local byte_span = require "emilua.byte_span"
local system = require "emilua.system"
local helper = require "spec.helper"
local assert = require "luassert"

local process = {}

-- Options by default: `sh` and what it needs.
local function options(script, opts)
    local all = { program = "sh", arguments = { "sh", "-c", script }, environment = { PATH = "/usr/bin:/bin" } }
    for name, value in pairs(opts or {}) do
        if value == process.NONE then value = nil end
        all[name] = value
    end
    return all
end

--- As an option's value: not given.
process.NONE = {}

--- All that a stream gives until its end.
function process.read_all(stream)
    local bs, texts = byte_span.new(4096), {}
    while true do
        local ok, n = pcall(stream.read_some, stream, bs)
        if not ok then
            helper.is_error(n, "asio.misc", "eof")
            stream:close()
            return table.concat(texts)
        end
        texts[#texts + 1] = tostring(bs:first(n))
    end
end

--- Runs a shell script in a child with further options of spawn. Returns what it printed, its exit code and its signal.
function process.shell(script, opts)
    local all = options(script, opts)
    all.stdout = all.stdout or "pipe"
    all.stderr = all.stderr or "share"
    local p = system.spawn(all)
    local text = p.stdout and process.read_all(p.stdout)
    p:wait()
    return text, p.exit_code, p.exit_signal
end

--- Starts one.
function process.start(script, opts) return system.spawn(options(script, opts)) end

--- Asserts that spawn refuses `opts` with EINVAL and this `arg`.
function process.refused(opts, arg)
    local all = options("exit 1", opts)
    helper.EINVAL(function() system.spawn(all) end, arg)
end

--- True where processes may do what root may.
process.is_root = system.getresuid() == 0

--- The number of children of this process, of whatever state.
function process.children()
    return helper.holdings().count.children
end

--- The shell command that runs `command` as an ordinary user.
function process.unprivileged(command)
    if not process.is_root then return command end
    return "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all " .. command
end

--- Asserts that no child is left.
function process.none_left() assert.equal(0, process.children()) end

return process
