//! What the host has changed about itself, done again in its zygote, so that new actors start from the same rights.

use super::child::place;
use super::message;
use super::protocol::{Action, Answer, Request};
use super::zygote::failure;
use nix::errno::Errno;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Uid, chroot, fchdir, setgroups, setresgid, setresuid};
use std::os::fd::{AsFd, OwnedFd, RawFd};

/// Does what a request says and confirms it on its last descriptor.
pub fn answer(request: &Request<'_>, mut descriptors: Vec<OwnedFd>) {
    let Some(socket) = descriptors.pop() else {
        return;
    };
    let answer = match apply(request, descriptors.into_iter().next()) {
        Ok(()) => Answer { pid: 0, errno: 0 },
        Err(error) => failure(&error.into()),
    };
    // Without confirmation the host ends.
    let _ = message::send(socket.as_fd(), &answer.to_bytes(), &[]);
}

fn apply(request: &Request<'_>, descriptor: Option<OwnedFd>) -> nix::Result<()> {
    let [a, b, c] = request.words;
    let descriptor = || descriptor.as_ref().ok_or(Errno::EBADF);
    match request.action {
        Action::Setresuid => setresuid(uid(a), uid(b), uid(c)).and_then(|()| stay_dumpable()),
        Action::Setresgid => setresgid(gid(a), gid(b), gid(c)).and_then(|()| stay_dumpable()),
        Action::Setgroups => setgroups(&groups(request.bytes)),
        Action::Umask => {
            umask(Mode::from_bits_truncate(a as libc::mode_t));
            Ok(())
        }
        Action::ChangeDirectory => fchdir(descriptor()?),
        Action::ChangeRoot => fchdir(descriptor()?).and_then(|()| chroot(".")),
        Action::Stream => place(descriptor()?, a as RawFd),
        Action::Spawn => Err(Errno::EINVAL),
        _ => super::platform::mirror(request, descriptor().ok()),
    }
}

fn uid(word: u64) -> Uid {
    Uid::from_raw(word as u32)
}

fn gid(word: u64) -> Gid {
    Gid::from_raw(word as u32)
}

fn groups(bytes: &[u8]) -> Vec<Gid> {
    bytes
        .chunks_exact(4)
        .map(|id| Gid::from_raw(u32::from_ne_bytes(id.try_into().unwrap_or_default())))
        .collect()
}

/// After a change of ids the kernel gives /proc/self to root, and no child could map its ids unprivileged.
fn stay_dumpable() -> nix::Result<()> {
    super::platform::stay_dumpable()
}
