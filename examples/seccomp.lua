-- A seccomp profile: an actor that computes and answers. It cannot open files, make sockets or start programs.
local emilua = require "emilua"
local inbox = require "emilua.inbox"
local seccomp = require "emilua.seccomp"

local program = seccomp.compile {
    -- The C library and the runtime try newer calls first: what they take for an old kernel lets them fall back.
    default = { errno = "ENOSYS" },
    syscalls = {
        -- Memory. LuaJIT's compiler needs pages that are executable.
        "brk", "mmap", "munmap", "mprotect", "mremap", "madvise",
        -- Messages and waiting.
        "read", "write", "recvmsg", "recvfrom", "sendmsg", "sendto", "close", "shutdown", "fcntl",
        "getsockname", "getsockopt", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "poll", "ppoll",
        "eventfd2", "timerfd_create", "timerfd_settime", "futex", "sched_yield", "getrandom",
        "clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday",
        -- The start of an actor: its supervisor is a fork of it, and signals are put in place.
        "clone", "set_robust_list", "close_range", "pipe", "pipe2", "dup2", "dup3", "umask", "getpid", "gettid",
        "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "wait4", "exit", "exit_group",
        { "socketpair", args = { { index = 0, type = "dword", op = "eq", value = 1 } } }, -- AF_UNIX
        -- What is worth an answer of its own.
        { "open", "openat", "openat2", "socket", "execve", "execveat", action = { errno = "EPERM" } },
    },
}

local ACTOR = [[
    local inbox = require "emilua.inbox"
    local host = inbox:receive()
    local sum = 0
    for i = 1, 1e7 do sum = sum + i end
    local _, reason = io.open "/etc/passwd"
    host:send { sum = sum, file = reason, program = os.execute "true" == 0 }
]]

emilua.run(function()
    -- %q writes any bytes as a string of Lua.
    local script = ("set_no_new_privs() C.seccomp_set_mode_filter(%q)"):format(tostring(program))
    local actor = emilua.spawn_vm {
        source = ACTOR, subprocess = { stderr = "share", init = { script = script } },
    }
    actor:send(inbox)
    local answer = inbox:receive()
    print(("sum %.0f, file: %s, program: %s"):format(answer.sum, answer.file, tostring(answer.program)))
end)
