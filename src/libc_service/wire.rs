//! What a slave and its master say to each other. The library that is preloaded into other programs has this file too.
//!
//! A call is one packet on the slave's socket, which all processes of the slave share. It brings a socket for its answer,
//! one packet too: so calls of threads and of forked processes cannot be mixed up, and one that is given up leaves
//! nothing behind. Numbers are in the order of this machine, flags and modes are those of its C library.

/// Bytes of one text at most: `PATH_MAX`.
pub const LONGEST_TEXT: usize = 4096;
/// What a packet begins with: its letters, and the version of this file.
pub const MAGIC: u32 = u32::from_ne_bytes(*b"els1");

/// The calls, and a list of them.
macro_rules! functions {
    ($($(#[$about:meta])* $name:ident,)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u32)]
        pub enum Function {
            $($(#[$about])* $name,)*
        }

        pub const FUNCTIONS: &[Function] = &[$(Function::$name,)*];
    };
}

// In the order of the names in libc_service/wire.lua.
functions! {
    Open,
    /// Relative to a directory, which comes along.
    Openat,
    Unlink,
    Rmdir,
    Rename,
    Mkdir,
    Access,
    Eaccess,
    Stat,
    Lstat,
    /// The socket comes along, as in the five that follow.
    ConnectUnix,
    ConnectInet,
    ConnectInet6,
    BindUnix,
    BindInet,
    BindInet6,
    Getaddrinfo,
}

use Function::*;

impl Function {
    /// How many descriptors a call brings beside the socket for its answer.
    pub fn brings(self) -> usize {
        match self {
            Openat | ConnectUnix | ConnectInet | ConnectInet6 | BindUnix | BindInet | BindInet6 => {
                1
            }
            _ => 0,
        }
    }

    /// The lengths that its two texts may have.
    fn lengths(self) -> [std::ops::RangeInclusive<usize>; 2] {
        const PATH: std::ops::RangeInclusive<usize> = 0..=LONGEST_TEXT - 1;
        match self {
            Rename | Getaddrinfo => [PATH, PATH],
            ConnectUnix | BindUnix => [1..=108, 0..=0],
            ConnectInet | BindInet => [4..=4, 0..=0],
            ConnectInet6 | BindInet6 => [16..=16, 0..=0],
            _ => [PATH, 0..=0],
        }
    }

    /// Whether its texts are C strings.
    fn is_of_strings(self) -> bool {
        !matches!(
            self,
            ConnectUnix | ConnectInet | ConnectInet6 | BindUnix | BindInet | BindInet6
        )
    }
}

/// Bits of [`Request::flags`] of `getaddrinfo`.
pub const HAS_NODE: u32 = 1;
pub const HAS_SERVICE: u32 = 2;
/// The greatest [`Request::mode`] of it; 1 is TCP, 0 says nothing.
pub const UDP: u32 = 2;

/// A call. Its packet ends with the last byte of its texts.
#[derive(Clone)]
#[repr(C)]
pub struct Request {
    pub magic: u32,
    pub function: u32,
    /// Of open; what access asks; which texts a lookup has.
    pub flags: u32,
    /// Of a new file or directory; the scope of an address; the protocol of a lookup.
    pub mode: u32,
    pub port: u32,
    pub lengths: [u32; 2],
    /// Path, address or node; then the second path, or the service.
    pub texts: [u8; 2 * LONGEST_TEXT],
}

/// Bytes before the texts.
pub const HEAD: usize = std::mem::offset_of!(Request, texts);

impl Request {
    pub fn function(&self) -> Option<Function> {
        FUNCTIONS.get(self.function as usize).copied()
    }

    /// One of the texts; the lengths are right.
    pub fn text(&self, n: usize) -> &[u8] {
        let [first, second] = self.lengths.map(|length| length as usize);
        let range = if n == 0 {
            0..first
        } else {
            first..first + second
        };
        self.texts.get(range).unwrap_or_default()
    }

    /// The struct as room for a packet.
    pub fn room(&mut self) -> &mut [u8] {
        // SAFETY: any bytes are a valid struct of integers.
        unsafe { std::slice::from_raw_parts_mut((&raw mut *self).cast(), size_of::<Self>()) }
    }

    /// Whether a packet of `length` bytes that has been received is a call.
    pub fn is_valid(&self, length: usize, descriptors: usize) -> bool {
        let Some(function) = self.function() else {
            return false;
        };
        let lengths = self.lengths.map(|length| length as usize);
        let [first, second] = function.lengths();
        self.magic == MAGIC
            && first.contains(&lengths[0])
            && second.contains(&lengths[1])
            && length == HEAD + lengths[0] + lengths[1]
            && descriptors == 1 + function.brings()
            && self.port <= u32::from(u16::MAX)
            && (function != Getaddrinfo || self.flags <= HAS_NODE | HAS_SERVICE && self.mode <= UDP)
            && !(function.is_of_strings() && [0, 1].iter().any(|&n| self.text(n).contains(&0)))
    }
}

/// Fields of a status.
pub const FIELDS: usize = 17;

/// An answer.
#[derive(Clone)]
#[repr(C)]
pub struct Answer {
    pub magic: u32,
    pub kind: u32,
    /// Of an address the port, or -1.
    pub result: i32,
    pub errno: i32,
    /// Of an address: 4, 6, or 0 for none.
    pub family: u32,
    pub scope: u32,
    pub address: [u8; 16],
    pub status: [i64; FIELDS],
}

impl Answer {
    /// The bytes of the packet.
    pub fn packet(&self) -> &[u8] {
        // SAFETY: the struct is of integers without padding.
        unsafe { std::slice::from_raw_parts((&raw const *self).cast(), size_of::<Self>()) }
    }
}

const _: () = assert!(HEAD == 28 && size_of::<Request>() == HEAD + 2 * LONGEST_TEXT);
const _: () = assert!(size_of::<Answer>() == 40 + 8 * FIELDS);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Receives a packet.
    fn read(packet: &[u8]) -> Request {
        // SAFETY: zeros are a valid struct of integers.
        let mut request: Request = unsafe { std::mem::zeroed() };
        request.room()[..packet.len()].copy_from_slice(packet);
        request
    }

    fn packet(function: Function, first: &[u8], second: &[u8]) -> Vec<u8> {
        let lengths = [first.len() as u32, second.len() as u32];
        let head = [MAGIC, function as u32, 0, 0, 0].into_iter().chain(lengths);
        let head: Vec<u8> = head.flat_map(u32::to_ne_bytes).collect();
        [&head, first, second].concat()
    }

    #[test]
    fn a_call_is_read_back() {
        for (n, function) in FUNCTIONS.iter().copied().enumerate() {
            assert_eq!(function as usize, n);
            let [first, second] = function.lengths().map(|range| *range.end());
            let packet = packet(function, &vec![b'a'; first], &vec![b'b'; second]);
            let read = read(&packet);
            assert!(read.is_valid(packet.len(), 1 + function.brings()));
            assert!(!read.is_valid(packet.len(), 2 + function.brings()));
            assert!(!read.is_valid(packet.len() - 1, 1 + function.brings()));
            assert_eq!(read.text(0).len(), first);
            assert_eq!(read.text(1), vec![b'b'; second]);
        }
    }

    #[test]
    fn strings_have_no_zeros_and_names_of_sockets_may() {
        assert!(!read(&packet(Open, b"a\0b", b"")).is_valid(HEAD + 3, 1));
        assert!(read(&packet(ConnectUnix, b"\0ab", b"")).is_valid(HEAD + 3, 2));
    }

    proptest! {
        #[test]
        fn no_packet_is_read_beyond_its_end(
            head in prop::collection::vec(prop_oneof![0_u32..20, any::<u32>()], 6),
            body in prop::collection::vec(any::<u8>(), 0..2 * LONGEST_TEXT),
            descriptors in 0_usize..4,
        ) {
            let mut packet = MAGIC.to_ne_bytes().to_vec();
            packet.extend(head.iter().flat_map(|word| word.to_ne_bytes()));
            packet.extend(&body);
            let request = read(&packet);
            if request.is_valid(packet.len(), descriptors) {
                prop_assert_eq!(request.text(0).len() + request.text(1).len(), body.len());
            }
        }
    }
}
