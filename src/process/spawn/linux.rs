//! From the fork to the exec on Linux: a process that borrows our memory until it executes its program.
//!
//! `CLONE_VM | CLONE_VFORK` makes the price independent of how much memory the host has, and lets the child
//! report an error by writing it down. In return, until the exec it must not allocate, lock, or call what the C
//! library does to all threads: only plain system calls.

use crate::process::exec;
use crate::process::plan::{ABSENT, Plan, SHARE};
use libc::{c_int, c_long, c_uint, c_ulong, c_void, pid_t};
use nix::errno::Errno;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// Stack of the child until it executes. It holds no more than a few frames.
const STACK: usize = 64 << 10;

/// The first number that is none of a child's.
const FIRST_FREE: c_int = 10;

const LANDLOCK_RESTRICT_SELF: c_long = 446;

/// A set of all signals, or of none, as the kernel has it.
type Signals = u64;

/// sigprocmask(2), which the C library would keep from its own signals.
fn set_mask(mask: Signals) -> Signals {
    let mut before: Signals = 0;
    // SAFETY: two sets of the size that is passed.
    unsafe {
        let (new, old) = (&raw const mask, &raw mut before);
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            new,
            old,
            size_of::<Signals>(),
        );
    }
    before
}

/// What the child gets.
struct Start<'a> {
    plan: &'a Plan,
    /// The error that it has met.
    error: Errno,
}

/// Starts a child and waits until it has executed its program.
pub fn start(plan: &Plan) -> io::Result<(pid_t, OwnedFd)> {
    let mut stack = Vec::<u8>::with_capacity(STACK);
    let mut start = Start {
        plan,
        error: Errno::UnknownErrno,
    };
    let mut pidfd: c_int = -1;
    // A handler of ours that ran in the child would run in our memory.
    let mask = set_mask(Signals::MAX);
    let dumpable = dumpable();
    // This thread waits until the child has executed or ended.
    // SAFETY: the stack grows down from an aligned address and is used by one process at a time.
    let pid = unsafe {
        let top = stack
            .as_mut_ptr()
            .add(STACK)
            .map_addr(|address| address & !15);
        libc::clone(
            child,
            top.cast(),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD,
            (&raw mut start).cast(),
            &raw mut pidfd,
        )
    };
    let pid = Errno::result(pid);
    // A change of ids in the child has made the memory that it shared with us private to root.
    if dumpable != self::dumpable() {
        set_dumpable(dumpable);
    }
    set_mask(mask);
    let pid = pid?;
    // SAFETY: the kernel has made it for us.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    if start.error == Errno::UnknownErrno {
        return Ok((pid, pidfd));
    }
    // SAFETY: no status is asked for; the child has called _exit.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::__WALL) };
    Err(start.error.into())
}

fn dumpable() -> c_int {
    let zero: c_ulong = 0;
    // SAFETY: no memory is passed.
    unsafe { libc::prctl(libc::PR_GET_DUMPABLE, zero, zero, zero, zero) }
}

fn set_dumpable(value: c_int) {
    let zero: c_ulong = 0;
    // SAFETY: no memory is passed. Values other than 0 and 1 are refused, and are never left either.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, value as c_ulong, zero, zero, zero) };
}

extern "C" fn child(start: *mut c_void) -> c_int {
    // SAFETY: `start` passes its own, and waits.
    let start = unsafe { &mut *start.cast::<Start<'_>>() };
    // SAFETY: the plan is valid, and this is the child of a clone with memory of its own kind.
    start.error = unsafe { execute(start.plan) };
    // SAFETY: it ends this process alone.
    unsafe { libc::_exit(127) }
}

/// The error of a plain system call.
fn check(result: c_long) -> Result<c_int, Errno> {
    Errno::result(result).map(|value| value as c_int)
}

/// Does what the plan says, in the order of the chapter, and executes the program. Returns the error.
///
/// # Safety
/// In the child; the plan is valid.
unsafe fn execute(plan: &Plan) -> Errno {
    // SAFETY: as the caller promises.
    unsafe {
        match prepare(plan) {
            Ok(program) => run(plan, program),
            Err(errno) => errno,
        }
    }
}

/// Everything before the exec; the number of the program's descriptor.
///
/// # Safety
/// In the child; the plan is valid.
unsafe fn prepare(plan: &Plan) -> Result<c_int, Errno> {
    // SAFETY: plain system calls; pointers are to locals or from the plan.
    unsafe {
        reset_dispositions();
        schedule(plan)?;
        if plan.new_session != 0 {
            check(libc::syscall(libc::SYS_setsid))?;
        }
        if plan.process_group != ABSENT {
            check(libc::syscall(libc::SYS_setpgid, 0, plan.process_group))?;
        }
        if plan.no_new_privs == 0 {
            restrict(plan)?;
            install_filter(plan)?;
        }
        take_identity(plan)?;
        if plan.no_new_privs != 0 {
            let (on, zero): (c_ulong, c_ulong) = (1, 0);
            check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, on, zero, zero, zero).into())?;
            restrict(plan)?;
        }
        if plan.umask != ABSENT {
            libc::syscall(libc::SYS_umask, plan.umask);
        }
        set_death_signal(plan)?;
        if !plan.directory_path.is_null() {
            check(libc::syscall(libc::SYS_chdir, plan.directory_path))?;
        } else if plan.directory != ABSENT {
            check(libc::syscall(libc::SYS_fchdir, plan.directory))?;
        }
        take_terminal(plan)?;
        enter_namespaces(plan)?;
        let program = place_descriptors(plan)?;
        set_mask(0);
        if plan.no_new_privs != 0 {
            install_filter(plan)?;
        }
        Ok(program)
    }
}

/// Every signal to its default: what the host ignores, the child shall not, and no handler may run here.
unsafe fn reset_dispositions() {
    // `struct sigaction` of the kernel: handler, flags, restorer and mask, all zero.
    let default = [0_u64; 4];
    for signal in 1..=64 {
        let none = std::ptr::null_mut::<c_void>();
        let size = size_of::<Signals>();
        // SAFETY: the action has the kernel's size. SIGKILL and SIGSTOP are refused.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                &raw const default,
                none,
                size,
            )
        };
    }
}

unsafe fn schedule(plan: &Plan) -> Result<(), Errno> {
    if plan.policy == ABSENT && plan.has_priority == 0 {
        return Ok(());
    }
    // `struct sched_param`.
    let priority = plan.priority;
    // SAFETY: a pointer to a local.
    unsafe {
        if plan.policy == ABSENT {
            check(libc::syscall(
                libc::SYS_sched_setparam,
                0,
                &raw const priority,
            ))?;
        } else {
            let reset = if plan.reset_on_fork != 0 {
                libc::SCHED_RESET_ON_FORK
            } else {
                0
            };
            let policy = plan.policy | reset;
            check(libc::syscall(
                libc::SYS_sched_setscheduler,
                0,
                policy,
                &raw const priority,
            ))?;
        }
    }
    Ok(())
}

unsafe fn restrict(plan: &Plan) -> Result<(), Errno> {
    if plan.ruleset != ABSENT {
        // SAFETY: no memory is passed.
        check(unsafe { libc::syscall(LANDLOCK_RESTRICT_SELF, plan.ruleset, 0) })?;
    }
    Ok(())
}

unsafe fn install_filter(plan: &Plan) -> Result<(), Errno> {
    if plan.filter_length > 0 {
        let program = libc::sock_fprog {
            len: plan.filter_length as u16,
            filter: plan.filter.cast_mut().cast(),
        };
        let mode = libc::SECCOMP_SET_MODE_FILTER;
        // SAFETY: the plan has that many instructions.
        check(unsafe { libc::syscall(libc::SYS_seccomp, mode, 0, &raw const program) })?;
    }
    Ok(())
}

/// Groups, then group ids, then user ids, after which the others could not be changed any more.
unsafe fn take_identity(plan: &Plan) -> Result<(), Errno> {
    // SAFETY: the plan has as many groups as it says.
    unsafe {
        if plan.group_count != ABSENT {
            let count = plan.group_count as usize;
            check(libc::syscall(libc::SYS_setgroups, count, plan.groups))?;
        }
        if (plan.rgid, plan.egid) != (u32::MAX, u32::MAX) {
            check(libc::syscall(
                libc::SYS_setresgid,
                plan.rgid,
                plan.egid,
                plan.egid,
            ))?;
        }
        if (plan.ruid, plan.euid) != (u32::MAX, u32::MAX) {
            check(libc::syscall(
                libc::SYS_setresuid,
                plan.ruid,
                plan.euid,
                plan.euid,
            ))?;
        }
    }
    Ok(())
}

unsafe fn set_death_signal(plan: &Plan) -> Result<(), Errno> {
    if plan.death_signal != 0 {
        let (signal, zero) = (plan.death_signal as c_ulong, 0 as c_ulong);
        // SAFETY: no memory is passed.
        check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal, zero, zero, zero) }.into())?;
    }
    Ok(())
}

/// Programs expect a terminal that blocks, and lose output where it does not: `serial_port.ptypair` opens others.
unsafe fn block(terminal: c_int) -> Result<(), Errno> {
    let off: c_int = 0;
    let request = libc::FIONBIO;
    // SAFETY: a pointer to a local.
    check(unsafe { libc::syscall(libc::SYS_ioctl, terminal, request, &raw const off) })?;
    Ok(())
}

/// The controlling terminal, or the foreground for the child's process group. SIGTTOU, like all signals, is blocked.
unsafe fn take_terminal(plan: &Plan) -> Result<(), Errno> {
    // SAFETY: a pointer to a local.
    unsafe {
        if plan.terminal != ABSENT {
            check(libc::syscall(
                libc::SYS_ioctl,
                plan.terminal,
                libc::TIOCSCTTY,
                0,
            ))?;
            block(plan.terminal)?;
        } else if plan.foreground != ABSENT {
            let group: pid_t = libc::getpgrp();
            let request = libc::TIOCSPGRP;
            check(libc::syscall(
                libc::SYS_ioctl,
                plan.foreground,
                request,
                &raw const group,
            ))?;
        }
    }
    Ok(())
}

unsafe fn enter_namespaces(plan: &Plan) -> Result<(), Errno> {
    const TYPES: [c_int; 5] = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWNET,
    ];
    for (descriptor, kind) in plan.namespaces.into_iter().zip(TYPES) {
        if descriptor != ABSENT {
            // SAFETY: no memory is passed.
            check(unsafe { libc::syscall(libc::SYS_setns, descriptor, kind) })?;
        }
    }
    if plan.namespaces[0] != ABSENT {
        // New capabilities, which the user namespace has brought, have taken it away.
        // SAFETY: as above.
        unsafe { set_death_signal(plan)? };
    }
    Ok(())
}

/// A close-on-exec duplicate of `descriptor` whose number is none of a child's.
unsafe fn move_away(descriptor: c_int) -> Result<c_int, Errno> {
    // SAFETY: no memory is passed.
    check(unsafe {
        libc::syscall(
            libc::SYS_fcntl,
            descriptor,
            libc::F_DUPFD_CLOEXEC,
            FIRST_FREE,
        )
    })
}

/// Puts every descriptor in its place and closes all others. Returns the number of the program's.
unsafe fn place_descriptors(plan: &Plan) -> Result<c_int, Errno> {
    let mut sources = plan.descriptors;
    // SAFETY: no memory is passed.
    unsafe {
        for source in &mut sources {
            if (0..FIRST_FREE).contains(source) {
                *source = move_away(*source)?;
            }
        }
        let program = if plan.candidates.is_null() {
            move_away(plan.program)?
        } else {
            ABSENT
        };
        for (number, source) in (0..).zip(sources) {
            if source >= 0 {
                check(libc::syscall(libc::SYS_dup3, source, number, 0))?;
            } else if source != SHARE {
                libc::syscall(libc::SYS_close, number);
            }
        }
        if program == ABSENT {
            close_range(FIRST_FREE, c_uint::MAX)?;
        } else {
            close_range(FIRST_FREE, program as c_uint - 1)?;
            close_range(program + 1, c_uint::MAX)?;
        }
        Ok(program)
    }
}

unsafe fn close_range(first: c_int, last: c_uint) -> Result<(), Errno> {
    if first as c_uint > last {
        return Ok(());
    }
    // SAFETY: no memory is passed; this process has its own table of descriptors.
    unsafe {
        match check(libc::syscall(libc::SYS_close_range, first, last, 0)) {
            Err(Errno::ENOSYS | Errno::EPERM) => {}
            result => return result.map(|_| ()),
        }
        // Kernels before 5.9, and filters that do not know the call.
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        for number in first..(limit.rlim_cur as c_int).min(last.min(c_int::MAX as c_uint) as c_int)
        {
            libc::syscall(libc::SYS_close, number);
        }
    }
    Ok(())
}

/// Executes the program. Returns the error.
unsafe fn run(plan: &Plan, program: c_int) -> Errno {
    // SAFETY: lists that end with null, of texts that end with NUL.
    unsafe {
        exec::write_pids(plan, libc::syscall(libc::SYS_getpid) as u32);
        let (arguments, environment) = (plan.arguments, plan.environment);
        if program != ABSENT {
            let (empty, flags) = (c"".as_ptr(), libc::AT_EMPTY_PATH);
            libc::syscall(
                libc::SYS_execveat,
                program,
                empty,
                arguments,
                environment,
                flags,
            );
            return Errno::last();
        }
        exec::search(plan, |path| {
            libc::syscall(libc::SYS_execve, path, arguments, environment);
        })
    }
}
