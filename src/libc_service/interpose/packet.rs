//! Packets as a slave writes and reads them.

use crate::wire::{Answer, FIELDS, Function, HEAD, LONGEST_TEXT, MAGIC, Request};

/// Descriptors of an answer at most.
pub const DESCRIPTORS: usize = 16;
/// The protocol of a lookup, beside UDP.
pub const TCP: u32 = 1;

/// What an answer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Kind {
    /// Result and errno.
    Number,
    /// The call is to be made without the master.
    Real,
    /// Of stat and lstat.
    Status,
    /// Of a lookup: an address, or none.
    Address,
    /// Of a lookup: the index of its error in the list of libc_service/wire.lua.
    LookupError,
}

/// The fields of [`Answer::status`].
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum Field {
    Device,
    Inode,
    /// Permission bits.
    Mode,
    /// Index of the name of its type.
    Type,
    Links,
    User,
    Group,
    SpecialDevice,
    Size,
    BlockSize,
    Blocks,
    /// Seconds, then nanoseconds, as in the two that follow.
    Accessed,
    Modified = 13,
    Changed = 15,
}

impl Request {
    pub const fn new(function: Function) -> Self {
        Self {
            magic: MAGIC,
            function: function as u32,
            flags: 0,
            mode: 0,
            port: 0,
            lengths: [0; 2],
            texts: [0; 2 * LONGEST_TEXT],
        }
    }

    /// Appends a text: the first, then the second. False when it is too long.
    pub fn set_text(&mut self, n: usize, text: &[u8]) -> bool {
        let start = if n == 0 { 0 } else { self.lengths[0] as usize };
        match self.texts.get_mut(start..start + text.len()) {
            Some(room) if text.len() < LONGEST_TEXT => {
                room.copy_from_slice(text);
                self.lengths[n] = text.len() as u32;
                true
            }
            _ => false,
        }
    }

    /// The bytes of the packet.
    pub fn packet(&self) -> &[u8] {
        let length = HEAD + self.lengths.iter().sum::<u32>() as usize;
        // SAFETY: the struct is of integers without padding; a packet is no longer than it.
        unsafe {
            std::slice::from_raw_parts((&raw const *self).cast(), length.min(size_of::<Self>()))
        }
    }
}

impl Answer {
    pub const fn new(kind: Kind) -> Self {
        Self {
            magic: MAGIC,
            kind: kind as u32,
            result: 0,
            errno: 0,
            family: 0,
            scope: 0,
            address: [0; 16],
            status: [0; FIELDS],
        }
    }

    /// The struct as room for a packet.
    pub fn room(&mut self) -> &mut [u8] {
        // SAFETY: any bytes are a valid struct of integers.
        unsafe { std::slice::from_raw_parts_mut((&raw mut *self).cast(), size_of::<Self>()) }
    }

    pub fn is(&self, kind: Kind) -> bool {
        self.kind == kind as u32
    }

    /// Whether a packet of `length` bytes that has been received answers a call of `function`.
    pub fn is_valid(&self, length: usize, function: Function) -> bool {
        let fits = match function {
            Function::Stat | Function::Lstat => {
                self.is(Kind::Status) || self.is(Kind::Number) && self.result == -1
            }
            Function::Getaddrinfo => {
                self.is(Kind::LookupError)
                    || self.is(Kind::Address)
                        && matches!(self.family, 0 | 4 | 6)
                        && (-1..=i32::from(u16::MAX)).contains(&self.result)
            }
            _ => self.is(Kind::Number),
        };
        self.magic == MAGIC && length == size_of::<Self>() && (fits || self.is(Kind::Real))
    }
}
