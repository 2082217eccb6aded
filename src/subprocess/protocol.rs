//! What host and zygote say to each other, one packet a request.
//!
//! Host and zygote are the same build of this module: a packet is a fixed head of words and, for some requests, bytes.
//! Nothing of a container is in it, for the zygote's memory is copied into the next one.

use super::message;
use nix::errno::Errno;
use std::os::fd::{BorrowedFd, RawFd};

/// What a request asks for. Its operands are the words of [`Request`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Action {
    /// A child: clone flags, two bits for each standard stream (see [`Stream`]), and 1 if it is to end with the host.
    /// Descriptors: the child's socket, then those of the streams.
    Spawn = 1,
    /// The rest is what the host has done to itself: the zygote does the same, so that new actors do not escape it.
    /// The last descriptor is a socket for the answer. Here: real, effective, saved user id.
    Setresuid,
    Setresgid,
    /// Bytes: the group ids, four each.
    Setgroups,
    /// capset(2). Bytes: its two data structs.
    Capabilities,
    DropBound,
    /// Capability, and whether it is raised.
    SetAmbient,
    ResetAmbient,
    Securebits,
    NoNewPrivs,
    /// Bytes: the program.
    Seccomp,
    /// Flags. Descriptor: the ruleset.
    Landlock,
    /// Descriptor: the directory.
    ChangeDirectory,
    ChangeRoot,
    Umask,
    /// Number of a standard stream. Descriptor: what it becomes.
    Stream,
}

const ACTIONS: [Action; 16] = [
    Action::Spawn,
    Action::Setresuid,
    Action::Setresgid,
    Action::Setgroups,
    Action::Capabilities,
    Action::DropBound,
    Action::SetAmbient,
    Action::ResetAmbient,
    Action::Securebits,
    Action::NoNewPrivs,
    Action::Seccomp,
    Action::Landlock,
    Action::ChangeDirectory,
    Action::ChangeRoot,
    Action::Umask,
    Action::Stream,
];

impl Action {
    pub fn from_word(word: u64) -> Option<Self> {
        ACTIONS.into_iter().find(|action| *action as u64 == word)
    }
}

/// What a child's standard stream is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Stream {
    /// One end of a pipe whose other end is closed.
    Dead = 0,
    /// The host's.
    Share = 1,
    /// A descriptor that comes along.
    Given = 2,
}

impl Stream {
    /// That of a standard stream in the second word of [`Action::Spawn`].
    pub fn of(word: u64, number: usize) -> Self {
        match word >> (2 * number) & 3 {
            1 => Self::Share,
            2 => Self::Given,
            _ => Self::Dead,
        }
    }
}

/// Words of a request's head: the action and three operands.
const WORDS: usize = 4;
const HEAD: usize = WORDS * size_of::<u64>();

/// Longest packet: a seccomp program of the kernel's greatest size fits.
pub const LONGEST: usize = HEAD + 65536 * 8;

/// A request as it is read.
pub struct Request<'a> {
    pub action: Action,
    pub words: [u64; 3],
    pub bytes: &'a [u8],
}

impl<'a> Request<'a> {
    /// Nothing if that is no request.
    pub fn parse(packet: &'a [u8]) -> Option<Self> {
        let (head, bytes) = packet.split_at_checked(HEAD)?;
        let mut words = head
            .chunks_exact(size_of::<u64>())
            .map(|word| u64::from_ne_bytes(word.try_into().unwrap_or_default()));
        let action = Action::from_word(words.next()?)?;
        let words = [words.next()?, words.next()?, words.next()?];
        Some(Self {
            action,
            words,
            bytes,
        })
    }

    pub fn send(&self, socket: BorrowedFd<'_>, descriptors: &[RawFd]) -> nix::Result<()> {
        let mut packet = Vec::with_capacity(HEAD + self.bytes.len());
        for word in [self.action as u64].iter().chain(&self.words) {
            packet.extend_from_slice(&word.to_ne_bytes());
        }
        packet.extend_from_slice(self.bytes);
        message::send(socket, &packet, descriptors).map(drop)
    }
}

/// The zygote's answer: the child's id, or an error number.
#[derive(Clone, Copy)]
pub struct Answer {
    pub pid: i32,
    pub errno: i32,
}

impl Answer {
    pub fn to_bytes(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.pid.to_ne_bytes());
        bytes[4..].copy_from_slice(&self.errno.to_ne_bytes());
        bytes
    }

    pub fn parse(bytes: &[u8]) -> nix::Result<Self> {
        let (pid, errno) = bytes.split_at_checked(4).ok_or(Errno::EPROTO)?;
        let number = |bytes: &[u8]| bytes.try_into().map(i32::from_ne_bytes);
        Ok(Self {
            pid: number(pid).map_err(|_| Errno::EPROTO)?,
            errno: number(errno).map_err(|_| Errno::EPROTO)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_read_back() {
        for (i, action) in ACTIONS.into_iter().enumerate() {
            assert_eq!(action as u64, i as u64 + 1);
            assert_eq!(Action::from_word(action as u64), Some(action));
        }
        assert_eq!(Action::from_word(0), None);
        assert_eq!(Action::from_word(ACTIONS.len() as u64 + 1), None);
    }

    #[test]
    fn short_packets_are_no_requests() {
        assert!(Request::parse(&[1; HEAD - 1]).is_none());
        assert!(Request::parse(&[]).is_none());
    }
}
