-- The seccomp profile "worker": what the runtime, the C library and a program that computes need. What is dangerous and
-- known is EPERM; what is not listed is ENOSYS, so that libraries fall back from what is newer.
local ipairs, pairs = ipairs, pairs

local worker = {}

local function words(text)
    local list = {}
    for word in text:gmatch("%S+") do list[#list + 1] = word end
    return list
end

local ALLOWED = words [[
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek close close_range dup dup2
    dup3 pipe pipe2 splice tee sendfile copy_file_range fsync fdatasync sync_file_range ftruncate fallocate
    fadvise64 readahead flock epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 poll
    ppoll select pselect6 eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime signalfd signalfd4
    inotify_init inotify_init1 inotify_add_watch inotify_rm_watch

    stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat getcwd
    chdir fchdir getdents getdents64 rename renameat renameat2 rmdir link linkat symlink symlinkat unlink
    unlinkat truncate umask getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr

    munmap mremap madvise msync mincore brk mlock mlock2 munlock membarrier futex futex_waitv set_robust_list
    get_robust_list rseq set_tid_address gettid sched_yield sched_getaffinity sched_getparam sched_getscheduler
    sched_get_priority_max sched_get_priority_min getcpu arch_prctl exit exit_group rt_sigaction rt_sigprocmask
    rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack restart_syscall pause alarm setitimer
    getitimer timer_create timer_settime timer_gettime timer_getoverrun timer_delete clock_gettime clock_getres
    clock_nanosleep nanosleep gettimeofday time times

    getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgid getpgrp getsid getrusage
    sysinfo uname getrlimit getpriority getrandom capget wait4 waitid

    recvfrom recvmsg recvmmsg sendto sendmsg sendmmsg shutdown getsockname getpeername getsockopt setsockopt
    accept accept4 ]]

-- What Landlock does not look at. In a mount namespace it reaches the writable paths only.
local METADATA = words [[
    chown fchown lchown fchownat utime utimes futimesat utimensat setxattr lsetxattr fsetxattr removexattr
    lremovexattr fremovexattr ]]

local CHILDREN = words [[ fork vfork execve execveat kill tgkill setpgid setsid pidfd_open pidfd_send_signal ]]

local NETWORK = words [[ connect bind listen ]]

-- Calls that are denied where nothing above or below allows them.
local DENIED = words [[
    io_uring_setup io_uring_enter io_uring_register ptrace process_vm_readv process_vm_writev process_madvise
    process_mrelease kcmp pidfd_open pidfd_getfd pidfd_send_signal kill tkill tgkill rt_sigqueueinfo
    rt_tgsigqueueinfo fork vfork clone execve execveat setpgid setsid unshare setns mount umount2 pivot_root
    chroot fsopen fsconfig fsmount fspick open_tree move_mount mount_setattr add_key request_key keyctl bpf
    userfaultfd perf_event_open init_module finit_module delete_module kexec_load kexec_file_load reboot swapon
    swapoff acct quotactl quotactl_fd syslog settimeofday clock_settime clock_adjtime adjtimex sethostname
    setdomainname open_by_handle_at name_to_handle_at fanotify_init fanotify_mark personality iopl ioperm
    modify_ldt vhangup memfd_create memfd_secret shmget shmat shmctl shmdt msgget msgsnd msgrcv msgctl semget
    semop semtimedop semctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr mknod mknodat
    setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset seccomp
    landlock_create_ruleset landlock_add_rule landlock_restrict_self sched_setscheduler sched_setparam
    sched_setattr sched_setaffinity setpriority ioprio_set setrlimit prlimit64 prctl ioctl fcntl socket
    socketpair connect bind listen mmap mprotect pkey_mprotect open openat creat mkdir mkdirat chmod fchmod
    fchmodat fchmodat2 ]]
for _, name in ipairs(METADATA) do DENIED[#DENIED + 1] = name end

worker.ALLOWED, worker.DENIED = ALLOWED, DENIED

local function equal(index, value) return { index = index, type = "dword", op = "eq", value = value } end

local function different(index, value) return { index = index, type = "dword", op = "ne", value = value } end

local function masked(index, kind, mask, value)
    return { index = index, type = kind, op = "masked_eq", mask = mask, value = value }
end

-- Adds a rule that allows `name` under the conditions.
local function allow(rules, name, ...) rules[#rules + 1] = { name = name, args = { ... } } end

local function allow_all(rules, names)
    for _, name in ipairs(names) do rules[#rules + 1] = name end
end

-- Options and commands by call, in the argument `index`.
local COMMANDS = {
    -- F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL, locks, F_GETOWN, F_DUPFD_CLOEXEC, sizes of pipes, F_GET_SEALS: none
    -- sends signals.
    { "fcntl", 1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 36, 37, 38, 1030, 1031, 1032, 1034 },
    -- TCGETS TCSETS TCSETSW TCSETSF TIOCGPGRP TIOCOUTQ TIOCGWINSZ FIONREAD FIONBIO FIONCLEX FIOCLEX SIOCATMARK
    { "ioctl", 1, 0x5401, 0x5402, 0x5403, 0x5404, 0x540f, 0x5411, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451, 0x8905 },
    -- PDEATHSIG, GET_DUMPABLE, NAME, GET_SECCOMP, CAPBSET_READ, GET_SECUREBITS, TIMERSLACK, NO_NEW_PRIVS,
    -- GET_TID_ADDRESS, CAP_AMBIENT, SET_VMA
    { "prctl", 0, 1, 2, 3, 15, 16, 21, 23, 27, 29, 30, 38, 39, 40, 47, 0x53564d41 },
}

-- Bits that make a file run with its owner's rights. On a path that is writable it would be the host's user.
local SET_ID = 0xc00
local MODES = {
    open = 2, openat = 3, creat = 1, mkdir = 1, mkdirat = 2, chmod = 1, fchmod = 1, fchmodat = 2, fchmodat2 = 2,
}
local CHANGES_MODE = { chmod = true, fchmod = true, fchmodat = true, fchmodat2 = true }

local PROT_EXEC = 4
local RLIMIT_CORE = 4
local CLONE_THREAD = 0x10000
-- CLONE_NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET
local CLONE_NAMESPACES = 0x7e020000
local AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
local SOCK_STREAM, SOCK_SEQPACKET = 1, 5
-- The number of the actor in its PID namespace: PID 1 is its parent.
local OWN_PID = 2

-- The rules for what there is to be, {net, processes, jit, pid_namespace, mount_namespace}.
local function rules_for(box)
    local rules = {}
    allow_all(rules, ALLOWED)
    for _, command in ipairs(COMMANDS) do
        for i = 3, #command do allow(rules, command[1], equal(command[2], command[i])) end
    end
    for name, index in pairs(MODES) do
        if box.mount_namespace or not CHANGES_MODE[name] then allow(rules, name, masked(index, "dword", SET_ID, 0)) end
    end
    if box.mount_namespace then allow_all(rules, METADATA) end
    -- Limits of this process, not of others, and not that of core dumps: lowered to 0 it allows them to pipes.
    allow(rules, "setrlimit", different(0, RLIMIT_CORE))
    allow(rules, "prlimit64", equal(0, 0), different(1, RLIMIT_CORE))

    for name, index in pairs({ mmap = 2, mprotect = 2, pkey_mprotect = 2 }) do
        if box.jit then
            rules[#rules + 1] = name
        else
            allow(rules, name, masked(index, "qword", PROT_EXEC, 0))
        end
    end

    if box.processes then
        allow_all(rules, CHILDREN)
        allow(rules, "clone", masked(0, "qword", CLONE_NAMESPACES, 0))
    else
        allow(rules, "clone", masked(0, "qword", CLONE_NAMESPACES + CLONE_THREAD, CLONE_THREAD))
        if box.pid_namespace then
            allow(rules, "kill", equal(0, OWN_PID))
            allow(rules, "tgkill", equal(0, OWN_PID))
        end
    end

    -- An end of a pair of datagram sockets could be connected elsewhere.
    for _, kind in ipairs({ SOCK_STREAM, SOCK_SEQPACKET }) do
        allow(rules, "socketpair", equal(0, AF_UNIX), masked(1, "dword", 0xf, kind))
    end
    if box.net then
        for _, family in ipairs({ AF_INET, AF_INET6 }) do allow(rules, "socket", equal(0, family)) end
        allow_all(rules, NETWORK)
    end

    local denied = { action = { errno = "EPERM" } }
    allow_all(denied, DENIED)
    rules[#rules + 1] = denied
    return rules
end

-- A new profile for {net, processes, jit, pid_namespace, mount_namespace}.
function worker.profile(box) return { default = { errno = "ENOSYS" }, syscalls = rules_for(box) } end

return worker
