---@meta emilua

-- Fibers, scopes and the entry point. Reference: docs/reference/emilua.md

---The module `require "emilua"` returns.
---@class emilua
---@field context string `"main"`, in an actor `"worker"`
---@field version string `MAJOR.MINOR.PATCH`
---@field limits {ipc_members: integer, ipc_string: integer, ipc_long_string: integer} of messages to other processes
---@field this_fiber emilua.this_fiberlib the calling fiber
---@field byte_span emilua.byte_spanlib the table `require "emilua.byte_span"` returns
local emilua = {}

---@class emilua.run_options
---@field leaks? "ignore"|"error" `"error"`: fail if a fiber, an operation or a descriptor is left behind

---@class emilua.spawn_options
---@field name? string shown by `emilua.fibers` and in the `fibers` of an error of `emilua.run`

---Runs `main` as the main fiber on the calling thread and returns its values
---once nothing is left to do. Raises main's error unchanged.
---@param main async fun(): ...
---@param opts? emilua.run_options
---@return any ...
function emilua.run(main, opts) end

---The traceback of the error that main raised in the last run.
---@return string?
function emilua.traceback() end

---Starts a fiber that runs `f()`. The caller goes on; the fiber runs when its turn comes.
---@param f async fun(): ...
---@param opts? emilua.spawn_options
---@return emilua.fiber
function emilua.spawn(f, opts) end

---Calls `f()` in a scope of its own and runs the scope's cleanup handlers afterwards, last one first.
---@param f async fun()
function emilua.scope(f) end

---Adds a cleanup handler to the innermost scope of the current Lua thread.
---@param handler async fun()
function emilua.scope_cleanup_push(handler) end

---Removes the last handler of the innermost scope and calls it unless `execute` is `false`.
---@async
---@param execute? boolean default `true`
function emilua.scope_cleanup_pop(execute) end

---Formats by a string of {fmt}'s syntax: `format("{:>8.3f}|{}", 3.14159, "text")`.
---Named arguments are pairs `{name, value}`.
---@param fmt string
---@param ... boolean|number|string|table
---@return string
function emilua.format(fmt, ...) end

---The values of `f(...)`. When `seconds` are over before it has ended, `f` is interrupted,
---has unwound, and ETIMEDOUT is raised. `f` has the caller's `local_`, `id`, `is_main` and
---recursive mutexes.
---@async
---@param seconds number
---@param f async fun(...): ...
---@param ... any
---@return any ...
function emilua.timeout(seconds, f, ...) end

---The values of `body(g)`, once every fiber that `g:spawn` began has ended. The first error
---interrupts all others, waits for them, and is raised.
---@async
---@param body async fun(g: emilua.group): ...
---@return any ...
function emilua.group(body) end

---What every live fiber does, the oldest first.
---@return emilua.live_fiber[]
function emilua.fibers() end

---Prints `fibers()` on stderr.
function emilua.dump() end

---Starts a VM of its own, an *actor*, and returns a channel to its inbox.
---@param module string|emilua.spawn_vm_options
---@return emilua.channel
function emilua.spawn_vm(module) end

---@class emilua.spawn_vm_options
---@field module? string|emilua.path the entry: as for `require`, a path that begins with `.` or `/`, or `"."`
---@field source? string a chunk as text, instead of a module
---@field name? string of the chunk
---@field inherit_context? boolean default `true`; `false`: in a new context, with a thread of its own
---@field concurrency_hint? integer|"safe" `1`: no thread can be added to the new context
---@field new_master? boolean the actor becomes the master VM, for good
---@field subprocess? emilua.subprocess_options an actor in a process of its own; not on Windows

---Adds threads to the context of the calling VM. They end when it has no VM any more.
---@param count number
function emilua.spawn_context_threads(count) end

---A pool of actors that answer calls. Its entry returns the function that does.
---@param options emilua.pool_options
---@return emilua.pool
function emilua.pool(options) end

---@class emilua.pool_options
---@field module? string as for `spawn_vm`
---@field source? string as for `spawn_vm`
---@field name? string of the chunk
---@field vms? integer default 1
---@field threads? integer of their context, default `vms`
---@field queue? integer calls that may wait for a VM, default 1024

---What `emilua.pool` returns.
---@class emilua.pool
local pool = {}

---The answer to a message, by a VM of the pool that has nothing else to do.
---@async
---@param message boolean|number|string|table|emilua.channel|emilua.inbox|emilua.file_descriptor
---@return any
function pool:call(message) end

---Ends the VMs when they have answered; calls that wait for one fail.
function pool:close() end

---The live actors of this run, the oldest first.
---@return emilua.live_actor[]
function emilua.actors() end

---@class emilua.live_actor
---@field id integer unique in the process
---@field name string the module, or the `name` that `spawn_vm` was given
---@field context integer number of the context that runs it
---@field state "running"|"ready"|"waiting"
---@field queued integer messages in the inbox
---@field is_master boolean

---The class name of an object of the runtime, `type(value)` for any other value.
---@param value any
---@return string
function emilua.type(value) end

---What the body of `emilua.group` gets.
---@class emilua.group
local group = {}

---Starts a child of the group, which runs `f(...)`. It cannot be detached.
---@param f async fun(...): ...
---@param ... any
---@return emilua.fiber
function group:spawn(f, ...) end

---The sending end of an actor's inbox. `==` tells whether two lead to the same VM.
---@class emilua.channel
local channel = {}

---Posts a copy of a value. It does not wait for a `receive`; other fibers run before it returns.
---@async
---@param message boolean|number|string|table|emilua.channel|emilua.inbox|emilua.file_descriptor
function channel:send(message) end

---Closes this sender. What was sent is still delivered.
function channel:close() end

---Handle of a fiber.
---@class emilua.fiber
---@field joinable boolean neither joined nor detached, and no fiber is inside `join()` on it
---@field cancellation_caught boolean the joined fiber ended by interruption
---@field interruption_caught boolean same as `cancellation_caught`
local fiber = {}

---Waits for the end of the fiber and returns its values or raises its error.
---No values if it ended by interruption.
---@async
---@return any ...
function fiber:join() end

---Gives the handle up: the fiber runs on by itself and reports its own errors.
function fiber:detach() end

---Asks the fiber to end: its next interruption point raises.
function fiber:cancel() end

---Same as `cancel`.
function fiber:interrupt() end

---The calling fiber. Its members are plain functions.
---@class emilua.this_fiberlib
---@field is_main boolean
---@field local_ table storage of the fiber, shared by its coroutines
---@field id string address as in the fiber's report
local this_fiber = {}

---Lets every other ready fiber run first.
---@async
function this_fiber.yield() end

---Names the fiber in `emilua.fibers` and in the `fibers` of an error; `nil` takes the name away.
---@param name string?
function this_fiber.set_name(name) end

---Makes suspending calls raise until the matching `allow_suspend`.
function this_fiber.forbid_suspend() end

---Ends one `forbid_suspend`.
function this_fiber.allow_suspend() end

---Holds interruption back until the matching `restore_cancellation`.
function this_fiber.disable_cancellation() end

---Ends one `disable_cancellation`. Never an interruption point itself.
function this_fiber.restore_cancellation() end

---Same as `disable_cancellation`.
function this_fiber.disable_interruption() end

---Same as `restore_cancellation`.
function this_fiber.restore_interruption() end

return emilua
