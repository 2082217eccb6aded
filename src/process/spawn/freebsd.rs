//! From the fork to the exec on FreeBSD: pdfork(2), whose child reports an error through a pipe.

use crate::process::exec;
use crate::process::plan::{ABSENT, Plan, SHARE};
use libc::{c_int, c_uint, pid_t};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// The first number that is none of a child's.
const FIRST_FREE: c_int = 10;

/// Whether the child survives its descriptor.
pub fn is_daemon(plan: &Plan) -> bool {
    match plan.daemon {
        ABSENT => !capsicum::sandboxed(),
        wanted => wanted != 0,
    }
}

/// Starts a child and waits until it has executed its program.
pub fn start(plan: &Plan) -> io::Result<(pid_t, OwnedFd)> {
    let (report, reporter) = unistd::pipe2(OFlag::O_CLOEXEC)?;
    let daemon = if is_daemon(plan) { libc::PD_DAEMON } else { 0 };
    let flags = libc::PD_CLOEXEC | daemon;
    let mut descriptor = -1;
    // SAFETY: the child calls only what is safe after a fork, and executes or ends.
    let pid = Errno::result(unsafe { libc::pdfork(&raw mut descriptor, flags) })?;
    if pid == 0 {
        // SAFETY: in the child; the plan is valid.
        unsafe {
            let errno = execute(plan, reporter.as_raw_fd()) as c_int;
            libc::write(ERROR_PIPE, (&raw const errno).cast(), size_of::<c_int>());
            libc::_exit(127);
        }
    }
    // SAFETY: the kernel has made it for us.
    let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
    drop(reporter);
    let mut errno = [0_u8; size_of::<c_int>()];
    if unistd::read(&report, &mut errno)? == 0 {
        return Ok((pid, descriptor));
    }
    // SAFETY: no status is asked for; the child has called _exit.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    Err(io::Error::from_raw_os_error(c_int::from_ne_bytes(errno)))
}

/// Where the child writes its error: beside its own descriptors and the program.
const ERROR_PIPE: c_int = FIRST_FREE;
const PROGRAM: c_int = FIRST_FREE + 1;

fn check(result: c_int) -> Result<c_int, Errno> {
    Errno::result(result)
}

/// Does what the plan says, in the order of the chapter, and executes the program. Returns the error.
///
/// # Safety
/// In the child; the plan is valid.
unsafe fn execute(plan: &Plan, reporter: c_int) -> Errno {
    // SAFETY: as the caller promises.
    unsafe {
        // The numbers from 10 on are moved beyond 11 first, so that these two are free.
        let result = move_away(reporter, PROGRAM + 1).and_then(|reporter| {
            let result = prepare(plan, reporter);
            // An error before the descriptors were placed.
            libc::dup2(reporter, ERROR_PIPE);
            result
        });
        match result {
            Ok(()) => run(plan),
            Err(errno) => errno,
        }
    }
}

/// Everything before the exec.
///
/// # Safety
/// In the child; the plan is valid.
unsafe fn prepare(plan: &Plan, reporter: c_int) -> Result<(), Errno> {
    // SAFETY: system calls with pointers to locals or from the plan.
    unsafe {
        for signal in 1..=126 {
            libc::signal(signal, libc::SIG_DFL);
        }
        schedule(plan)?;
        if plan.new_session != 0 {
            check(libc::setsid())?;
        }
        if plan.process_group != ABSENT {
            check(libc::setpgid(0, plan.process_group))?;
        }
        if plan.group_count != ABSENT {
            check(libc::setgroups(plan.group_count, plan.groups))?;
        }
        if (plan.rgid, plan.egid) != (u32::MAX, u32::MAX) {
            check(libc::setresgid(plan.rgid, plan.egid, plan.egid))?;
        }
        if (plan.ruid, plan.euid) != (u32::MAX, u32::MAX) {
            check(libc::setresuid(plan.ruid, plan.euid, plan.euid))?;
        }
        if plan.umask != ABSENT {
            libc::umask(plan.umask as libc::mode_t);
        }
        if plan.death_signal != 0 {
            let mut signal = plan.death_signal;
            let what = libc::PROC_PDEATHSIG_CTL;
            check(libc::procctl(
                libc::P_PID,
                0,
                what,
                (&raw mut signal).cast(),
            ))?;
        }
        if !plan.directory_path.is_null() {
            check(libc::chdir(plan.directory_path))?;
        } else if plan.directory != ABSENT {
            check(libc::fchdir(plan.directory))?;
        }
        take_terminal(plan)?;
        place_descriptors(plan, reporter)?;
        let mut none = MaybeUninit::uninit();
        libc::sigemptyset(none.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
    }
    Ok(())
}

unsafe fn schedule(plan: &Plan) -> Result<(), Errno> {
    let parameters = libc::sched_param {
        sched_priority: plan.priority,
    };
    // SAFETY: a pointer to a local.
    unsafe {
        if plan.policy != ABSENT {
            check(libc::sched_setscheduler(
                0,
                plan.policy,
                &raw const parameters,
            ))?;
        } else if plan.has_priority != 0 {
            check(libc::sched_setparam(0, &raw const parameters))?;
        }
    }
    Ok(())
}

/// The controlling terminal, or the foreground for the child's process group.
unsafe fn take_terminal(plan: &Plan) -> Result<(), Errno> {
    // SAFETY: a pointer to a local; tcsetpgrp stops who does not block SIGTTOU.
    unsafe {
        if plan.terminal != ABSENT {
            check(libc::ioctl(plan.terminal, libc::TIOCSCTTY, 0))?;
            // Programs expect a terminal that blocks, and lose output where it does not.
            let off: c_int = 0;
            check(libc::ioctl(plan.terminal, libc::FIONBIO, &raw const off))?;
        } else if plan.foreground != ABSENT {
            let mut mask = MaybeUninit::uninit();
            libc::sigemptyset(mask.as_mut_ptr());
            libc::sigaddset(mask.as_mut_ptr(), libc::SIGTTOU);
            libc::pthread_sigmask(libc::SIG_BLOCK, mask.as_ptr(), std::ptr::null_mut());
            check(libc::tcsetpgrp(plan.foreground, libc::getpgrp()))?;
        }
    }
    Ok(())
}

unsafe fn move_away(descriptor: c_int, least: c_int) -> Result<c_int, Errno> {
    // SAFETY: no memory is passed.
    check(unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, least) })
}

/// Puts every descriptor in its place and closes all others.
unsafe fn place_descriptors(plan: &Plan, reporter: c_int) -> Result<(), Errno> {
    let mut sources = plan.descriptors;
    // SAFETY: no memory is passed.
    unsafe {
        for source in &mut sources {
            if *source >= 0 {
                *source = move_away(*source, PROGRAM + 1)?;
            }
        }
        let program = match plan.candidates.is_null() {
            true => move_away(plan.program, PROGRAM + 1)?,
            false => ABSENT,
        };
        for (number, source) in (0..).zip(sources) {
            if source >= 0 {
                check(libc::dup2(source, number))?;
            } else if source != SHARE {
                libc::close(number);
            }
        }
        check(libc::dup2(reporter, ERROR_PIPE))?;
        libc::fcntl(ERROR_PIPE, libc::F_SETFD, libc::FD_CLOEXEC);
        if program == ABSENT {
            libc::close(PROGRAM);
        } else {
            check(libc::dup2(program, PROGRAM))?;
            libc::fcntl(PROGRAM, libc::F_SETFD, libc::FD_CLOEXEC);
        }
        check(libc::close_range(PROGRAM as c_uint + 1, c_uint::MAX, 0))?;
    }
    Ok(())
}

/// Executes the program. Returns the error.
unsafe fn run(plan: &Plan) -> Errno {
    // SAFETY: lists that end with null, of texts that end with NUL.
    unsafe {
        exec::write_pids(plan, libc::getpid() as u32);
        if plan.candidates.is_null() {
            libc::fexecve(PROGRAM, plan.arguments, plan.environment);
            return Errno::last();
        }
        exec::search(plan, |path| {
            libc::execve(path, plan.arguments, plan.environment);
        })
    }
}
