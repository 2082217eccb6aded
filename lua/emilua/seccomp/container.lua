-- The seccomp profile "container": for programs with capabilities in namespaces of their own. What is listed only the
-- host may do, or has no namespace of its own; all else is allowed.
local CLONE_NEWUSER = 0x10000000
local AF_VSOCK = 40

local container = {}

-- A new profile.
function container.profile()
    -- A new user namespace would bring all capabilities back, and clone3(2) hides its flags from filters: C libraries
    -- do without it.
    local new_user = { index = 0, type = "qword", op = "masked_eq", mask = CLONE_NEWUSER, value = CLONE_NEWUSER }
    return {
        default = "allow", match = { errno = "EPERM" },
        syscalls = {
            { "clone", "unshare", args = { new_user } },
            { "socket", args = { { index = 0, type = "dword", op = "eq", value = AF_VSOCK } } },
            { "clone3", "io_uring_setup", "io_uring_enter", "io_uring_register", action = { errno = "ENOSYS" } },
            {
                "acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "delete_module", "finit_module", "fsconfig",
                "fsmount", "fsopen", "fspick", "init_module", "ioperm", "iopl", "kexec_file_load", "kexec_load",
                "keyctl", "mount", "mount_setattr", "move_mount", "open_by_handle_at", "open_tree",
                "perf_event_open", "pivot_root", "quotactl", "quotactl_fd", "reboot", "request_key", "setns",
                "settimeofday", "swapoff", "swapon", "syslog", "umount2", "userfaultfd",
            },
        },
    }
end

return container
