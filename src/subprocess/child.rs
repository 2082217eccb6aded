//! An actor's process from its creation to its first Lua code.

use super::barrier::Barrier;
use super::close::close_from;
use super::configuration::Configuration;
use super::init_script::{self, Script};
use super::platform::{die_with_parent, seccomp};
use super::protocol::Stream;
use super::zygote::{self, SOCKET};
use super::{actor, host, message, pid1};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::sys::socket::{AddressFamily, Shutdown, SockFlag, SockType, shutdown, socketpair};
use nix::sys::stat::fstat;
use nix::unistd::{ForkResult, fork, pipe};
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Where the socket of a service is while the init script runs.
const SERVICE: RawFd = SOCKET + 1;

/// The standard streams of a child.
pub struct Streams {
    pub kinds: [Stream; 3],
    /// The descriptors of those that are given.
    pub given: [Option<OwnedFd>; 3],
}

/// Ends this process without the destructors and handlers of the image it was forked from.
pub fn exit(status: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}

/// Never returns: what goes wrong before there is a VM is reported, and ends the process with 1.
pub fn main(socket: OwnedFd, streams: Streams) -> ! {
    match start(socket, streams) {
        Ok(start) => actor::main(start),
        Err(error) => {
            // Who has gone away meanwhile needs no report.
            if error.kind() != io::ErrorKind::UnexpectedEof {
                super::report(&format!("<3>ipc_actor: {}\n", error_text(&error)));
            }
            exit(1)
        }
    }
}

fn error_text(error: &io::Error) -> String {
    let system = error.raw_os_error().map(crate::system::error_text);
    system.unwrap_or_else(|| error.to_string())
}

/// What an actor begins with.
pub struct Start {
    pub inbox: OwnedFd,
    pub configuration: Configuration,
    /// Serves calls of libc from the first code of the actor on.
    pub service: Option<OwnedFd>,
    /// To be waited at before the first code of the actor.
    pub barriers: Vec<Barrier>,
}

fn start(socket: OwnedFd, streams: Streams) -> io::Result<Start> {
    let socket = install(socket, streams)?;
    close_from(SOCKET + 1);
    reset_signals()?;
    die_with_parent();

    let mut configuration = Configuration::receive(socket.as_fd())?;
    let orders = configuration.orders;
    let service = configuration.service.take().map(keep_service).transpose()?;
    let first = SOCKET + 1 + RawFd::from(service.is_some());
    let first_free = place_directories(std::mem::take(&mut configuration.directories), first)?;
    shutdown(socket.as_raw_fd(), Shutdown::Write)?;
    if orders.script {
        run_script(&socket)?;
        close_from(first_free);
    }
    let filter = orders.filter.then(|| receive_filter(&socket));
    let filter = filter.transpose()?;
    let mut barriers = Vec::from_iter(pid1::split(|| configuration.wipe())?);
    ignore(Signal::SIGPIPE)?;
    // PID 1, which runs nothing of the actor's, is without it; what the actor may start is not.
    if let Some(filter) = filter {
        install_filter(&filter);
    }
    if orders.zygote {
        barriers.push(start_zygote(&mut configuration)?);
    }
    Ok(Start {
        inbox: socket,
        configuration,
        service,
        barriers,
    })
}

/// Puts the socket of a service where the init script leaves it alone.
fn keep_service(service: OwnedFd) -> io::Result<OwnedFd> {
    let service = out_of_the_way(service, 10)?;
    place(&service, SERVICE)?;
    // SAFETY: it was put there just now, and the number belongs to nothing else.
    let service = unsafe { OwnedFd::from_raw_fd(SERVICE) };
    fcntl(&service, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(service)
}

/// Puts the streams at 0 to 2 and the socket at [`SOCKET`].
fn install(socket: OwnedFd, streams: Streams) -> io::Result<OwnedFd> {
    // None of what is about to be moved may lie where another is moved to.
    let socket = out_of_the_way(socket, 10)?;
    let mut sources = [None, None, None];
    for ((number, kind), given) in streams.kinds.into_iter().enumerate().zip(streams.given) {
        sources[number] = match kind {
            Stream::Share => None,
            Stream::Given => {
                let given = given.ok_or(io::ErrorKind::InvalidInput)?;
                make_blocking(&given)?;
                Some(out_of_the_way(given, 10)?)
            }
            Stream::Dead => Some(out_of_the_way(dead_end(number)?, 10)?),
        };
    }
    for (number, source) in sources.iter().enumerate() {
        if let Some(source) = source {
            place(source, number as RawFd)?;
        }
    }
    place(&socket, SOCKET)?;
    // SAFETY: it was put there just now, and the number belongs to nothing else any more.
    let socket = unsafe { OwnedFd::from_raw_fd(SOCKET) };
    fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(socket)
}

/// Puts the directories of libraries at `first` and behind, where the Lua half expects them and the script leaves them.
/// Returns the number behind them.
fn place_directories(directories: Vec<OwnedFd>, first: RawFd) -> io::Result<RawFd> {
    let first_free = first + directories.len() as RawFd;
    let moved = directories
        .into_iter()
        .map(|directory| out_of_the_way(directory, first_free));
    let moved = moved.collect::<io::Result<Vec<_>>>()?;
    for (directory, number) in moved.iter().zip(first..) {
        place(directory, number)?;
    }
    Ok(first_free)
}

/// The same descriptor under a number from `low` on.
pub fn out_of_the_way(fd: OwnedFd, low: RawFd) -> io::Result<OwnedFd> {
    let moved = fcntl(&fd, FcntlArg::F_DUPFD_CLOEXEC(low))?;
    // SAFETY: the kernel has just made it.
    Ok(unsafe { OwnedFd::from_raw_fd(moved) })
}

/// What writes to standard output, or reads in a script, does not expect EAGAIN.
fn make_blocking(fd: &OwnedFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK))?;
    Ok(())
}

/// dup2(2) to a number that this process is about to reuse: what was there belongs to the image it was forked from, or
/// is what the new one replaces. (nix's `dup2_raw` takes a failure for a descriptor.)
pub fn place(from: impl AsFd, to: RawFd) -> nix::Result<()> {
    // SAFETY: nothing in this process relies on the number.
    Errno::result(unsafe { libc::dup2(from.as_fd().as_raw_fd(), to) }).map(drop)
}

/// The end of a pipe whose other end is closed: for standard input reads give the end of file, for others writes EPIPE.
fn dead_end(number: usize) -> io::Result<OwnedFd> {
    let (read, write) = pipe()?;
    Ok(if number == 0 { read } else { write })
}

/// As a new program finds them, whatever the zygote blocks.
fn reset_signals() -> io::Result<()> {
    for number in [Signal::SIGCHLD, Signal::SIGPIPE] {
        // SAFETY: the default disposition runs no code.
        unsafe { signal(number, SigHandler::SigDfl) }?;
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    Ok(())
}

fn ignore(number: Signal) -> io::Result<()> {
    // SAFETY: nothing is run.
    unsafe { signal(number, SigHandler::SigIgn) }?;
    Ok(())
}

/// A script that fails has told why, and ends the process.
fn run_script(socket: &OwnedFd) -> io::Result<()> {
    let mut text = vec![0; message::length(socket.as_fd())?];
    let message = message::receive(socket.as_fd(), &mut text)?;
    if message.truncated {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    // All calls of a script block, also on what was a stream of the host's.
    message.descriptors.iter().try_for_each(make_blocking)?;
    let argument = message.descriptors.first().map(AsRawFd::as_raw_fd);
    let before = identity(socket)?;
    let succeeded = init_script::run(&Script {
        text: &text,
        argument,
    });
    super::wipe(&mut text);
    // The script may have closed it, or put something else there.
    message.descriptors.into_iter().for_each(std::mem::forget);
    if !succeeded {
        exit(1);
    }
    // So it may have done with the inbox, and what is opened next would be taken for it. A filter that the script has
    // installed may forbid to look: then nothing can be told.
    let now = identity(socket);
    if now.is_ok_and(|now| now != before) || now == Err(Errno::EBADF) {
        return Err(io::Error::other("the init script has closed descriptor 3"));
    }
    Ok(())
}

/// What a descriptor refers to.
fn identity(fd: &OwnedFd) -> nix::Result<(libc::dev_t, libc::ino_t)> {
    let stat = fstat(fd)?;
    Ok((stat.st_dev, stat.st_ino))
}

fn receive_filter(socket: &OwnedFd) -> io::Result<Vec<u8>> {
    let mut program = vec![0; message::length(socket.as_fd())?];
    message::receive(socket.as_fd(), &mut program)?;
    Ok(program)
}

/// One that the kernel refuses is told of, and ends the process.
fn install_filter(program: &[u8]) {
    if let Err(error) = seccomp(program) {
        super::report(&format!("<3>ipc_actor/seccomp: {}\n", error.desc()));
        exit(1);
    }
}

/// This process's own zygote, for actors of the actor: forked before any of its code runs.
fn start_zygote(configuration: &mut Configuration) -> io::Result<Barrier> {
    let (barrier, held) = Barrier::new()?;
    let (ours, theirs) = socketpair(
        AddressFamily::Unix,
        SockType::SeqPacket,
        None,
        SockFlag::SOCK_CLOEXEC,
    )?;
    // SAFETY: the process has one thread.
    match unsafe { fork() }? {
        ForkResult::Child => {
            configuration.wipe();
            place(&theirs, SOCKET)?;
            close_from(SOCKET + 1);
            // SAFETY: it was put there just now; `theirs` has been closed under it.
            let control = unsafe { zygote::control() }?;
            std::mem::forget((ours, theirs, barrier));
            held.leave();
            zygote::serve(control)
        }
        ForkResult::Parent { .. } => {
            host::adopt(ours);
            Ok(barrier)
        }
    }
}
