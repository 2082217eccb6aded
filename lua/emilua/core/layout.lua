-- Slots of a fiber, which is a table with an array part of at most 16 slots, 0 included: LuaJIT allocates
-- such a table in one piece. A coroutine's record uses DEPTH and HANDLERS of the same layout.
return {
    SINCE = 0, -- when it was made or last gave its turn up: the coarse time at the start of that step
    NEXT = 1, -- links of the one queue that the fiber is in: ready, or waiting for something
    PREV = 2,
    CO = 3, -- the Lua thread, false before the start; after a failure that nobody joined, the sentinel of the report
    FN = 4, -- the function; when done its packed results, or {error}
    WAIT = 5, -- false while runnable; a kind of wait (core.scheduler); DONE or FAILED
    ON = 6, -- what is waited for; when woken the outcome
    INTERRUPTED = 7, -- sticky flag
    MASK = 8, -- how often interruption is disabled
    FORBID = 9, -- how often suspension is forbidden
    DEPTH = 10, -- how many scopes are open
    HANDLERS = 11, -- list of cleanup handlers, newest first: {f, depth, older}
    HANDLE = 12, -- JOINABLE, JOINED, DETACHED, MAIN, HELPER, or the fiber that is joining
    EXTRA = 13, -- false, or a table with the rare things: local_, name,
    -- trace and passed (tracebacks), caught; for timeouts and groups: ended, borrows, caller, ...
    OLDER = 14, -- links of the list of all live fibers
    NEWER = 15,
    BUSY = 1, -- of a coroutine's record: a fiber is suspended inside it
}
