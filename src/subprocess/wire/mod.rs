//! The format of a message between processes. One packet is one message: either one value, or a flat dictionary.
//!
//! ```text
//! u64 members[MEMBERS]     tagged slots
//! u8  strings[]            texts behind their lengths
//! ```
//!
//! A slot is a double, or a tag: a signalling NaN with the kind of the value in its lowest bits. One value: the first slot
//! is the tag of nothing, the second the value. A dictionary: a slot for each value, then the tag of nothing if there is
//! room; its texts are each key, directly followed by its value if that is one. See docs/ipc.md.
//!
//! What comes in is hostile: nothing is believed before it has been checked, and nothing is allocated by its word.

use std::ops::Range;

/// Members of a dictionary, and descriptors of a message, at most.
pub const MEMBERS: usize = 20;

const SLOT: usize = size_of::<u64>();
/// Where the texts begin.
const HEAD: usize = MEMBERS * SLOT;

const TAG: u64 = 0x7FF0_0000_0000_0000;
const SIGN: u64 = 1 << 63;
const MANTISSA: u64 = (1 << 52) - 1;
const QUIET: u64 = 1 << 51;

const TRUE: u64 = TAG | 1;
const FALSE: u64 = TAG | 2;
const STRING: u64 = TAG | 3;
const DESCRIPTOR: u64 = TAG | 4;
const ADDRESS: u64 = TAG | 5;
const NOTHING: u64 = TAG | 6;
/// Only in the second format.
const BYTES: u64 = TAG | 7;

/// How long texts may be, and how their lengths are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// At most 255 bytes, behind one byte; no byte spans.
    Short,
    /// At most so many bytes, behind four bytes.
    Long(u32),
}

/// Greatest limit of [`Format::Long`].
pub const LONGEST_TEXT: u32 = 65536;

impl Format {
    /// That of a channel whose texts may be so long; 0 is the first format.
    pub fn of_limit(limit: f64) -> Self {
        match limit as u32 {
            0 => Self::Short,
            limit => Self::Long(limit.min(LONGEST_TEXT)),
        }
    }

    /// The limit of [`Format::of_limit`].
    pub fn limit(self) -> u32 {
        match self {
            Self::Short => 0,
            Self::Long(limit) => limit,
        }
    }

    fn longest(self) -> usize {
        match self {
            Self::Short => 255,
            Self::Long(limit) => limit as usize,
        }
    }

    fn prefix(self) -> usize {
        match self {
            Self::Short => 1,
            Self::Long(_) => 4,
        }
    }

    /// Bytes of the longest packet.
    pub fn longest_packet(self) -> usize {
        HEAD + MEMBERS * 2 * (self.prefix() + self.longest())
    }
}

/// A value of a message. Texts are ranges of the packet; descriptors are counted in the order of the slots.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    Boolean(bool),
    Number(f64),
    String(Range<usize>),
    Bytes(Range<usize>),
    Descriptor(usize),
    Address(usize),
}

/// A value of a dictionary with its key.
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    pub key: Range<usize>,
    pub value: Value,
}

/// What a packet says.
#[derive(Clone, PartialEq, Debug)]
pub enum Content {
    Single(Value),
    /// There is a member at least.
    Dictionary(Vec<Member>),
}

/// What is wrong with a message: the sender's mistake, or a peer that is not to be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Invalid;

fn slot(packet: &[u8], number: usize) -> Option<u64> {
    let bytes = packet.get(number * SLOT..)?.first_chunk()?;
    Some(u64::from_ne_bytes(*bytes))
}

/// Reads texts one after the other.
struct Texts<'a> {
    packet: &'a [u8],
    at: usize,
    format: Format,
}

impl Texts<'_> {
    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.packet.get(self.at..)?;
        let length = match self.format {
            Format::Short => usize::from(*rest.first()?),
            Format::Long(limit) => {
                let length = u32::from_ne_bytes(*rest.first_chunk()?);
                (length <= limit).then_some(length as usize)?
            }
        };
        let start = self.at + self.format.prefix();
        let end = start.checked_add(length)?;
        self.packet.get(start..end)?;
        self.at = end;
        Some(start..end)
    }
}

/// Reads values, and counts the descriptors that they need.
struct Values<'a> {
    texts: Texts<'a>,
    descriptors: usize,
}

impl Values<'_> {
    fn next(&mut self, slot: u64) -> Option<Value> {
        let is_tag = slot & TAG == TAG && slot & MANTISSA != 0 && slot & QUIET == 0;
        if !is_tag {
            let number = f64::from_bits(slot);
            return Some(Value::Number(if number.is_nan() {
                f64::NAN
            } else {
                number
            }));
        }
        let mut descriptor = || {
            self.descriptors += 1;
            self.descriptors - 1
        };
        // Equal to the whole tag: its sign, and bits beyond the kind, are part of the check.
        Some(match slot {
            TRUE => Value::Boolean(true),
            FALSE => Value::Boolean(false),
            STRING => Value::String(self.texts.next()?),
            BYTES if self.texts.format != Format::Short => Value::Bytes(self.texts.next()?),
            DESCRIPTOR => Value::Descriptor(descriptor()),
            ADDRESS => Value::Address(descriptor()),
            _ => return None,
        })
    }
}

/// Reads a packet that came with so many descriptors. All of it is right, or nothing of it counts.
pub fn read(packet: &[u8], descriptors: usize, format: Format) -> Result<Content, Invalid> {
    parse(packet, descriptors, format).ok_or(Invalid)
}

fn parse(packet: &[u8], descriptors: usize, format: Format) -> Option<Content> {
    let (first, second) = (slot(packet, 0)?, slot(packet, 1)?);
    let mut values = Values {
        texts: Texts {
            packet,
            at: HEAD,
            format,
        },
        descriptors: 0,
    };
    if first == NOTHING {
        let value = values.next(second)?;
        if values.descriptors != 0 && descriptors != 1 {
            return None;
        }
        return Some(Content::Single(value));
    }
    if packet.len() < HEAD {
        return None;
    }
    let mut members = Vec::with_capacity(MEMBERS);
    for number in 0..MEMBERS {
        let slot = slot(packet, number)?;
        if slot == NOTHING {
            break;
        }
        let key = values.texts.next()?;
        let value = values.next(slot)?;
        members.push(Member { key, value });
    }
    (values.descriptors <= descriptors).then_some(Content::Dictionary(members))
}

/// A value that is to be sent; descriptors go beside the packet.
#[derive(Clone, Copy)]
pub enum Given<'a> {
    Boolean(bool),
    Number(f64),
    String(&'a [u8]),
    Bytes(&'a [u8]),
    Descriptor,
    Address,
}

/// A message that is being written. No byte is sent that was not written for it.
pub struct Writer {
    format: Format,
    /// The slots, of which those that are not used yet are zero, and the texts.
    packet: Vec<u8>,
    /// Slots that are used.
    slots: usize,
    /// It is no dictionary.
    single: bool,
}

impl Writer {
    pub fn new(format: Format) -> Self {
        let mut packet = Vec::with_capacity(2 * HEAD);
        packet.resize(HEAD, 0);
        Self {
            format,
            packet,
            slots: 0,
            single: false,
        }
    }

    /// Adds a value: the only one if it has no key.
    pub fn add(&mut self, key: Option<&[u8]>, value: Given<'_>) -> Result<(), Invalid> {
        if self.single || self.slots == MEMBERS || key.is_none() && self.slots != 0 {
            return Err(Invalid);
        }
        match key {
            Some(key) => self.text(key)?,
            None => {
                self.slot(NOTHING);
                self.single = true;
            }
        }
        let slot = match value {
            Given::Boolean(true) => TRUE,
            Given::Boolean(false) => FALSE,
            Given::Number(number) if number.is_nan() => f64::NAN.to_bits() & !SIGN,
            Given::Number(number) => number.to_bits(),
            Given::String(text) => {
                self.text(text)?;
                STRING
            }
            Given::Bytes(bytes) if self.format != Format::Short => {
                self.text(bytes)?;
                BYTES
            }
            Given::Bytes(_) => return Err(Invalid),
            Given::Descriptor => DESCRIPTOR,
            Given::Address => ADDRESS,
        };
        self.slot(slot);
        Ok(())
    }

    fn slot(&mut self, slot: u64) {
        let at = self.slots * SLOT;
        self.packet[at..at + SLOT].copy_from_slice(&slot.to_ne_bytes());
        self.slots += 1;
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Invalid> {
        if text.len() > self.format.longest() {
            return Err(Invalid);
        }
        let length = text.len() as u32;
        match self.format {
            Format::Short => self.packet.push(length as u8),
            Format::Long(_) => self.packet.extend_from_slice(&length.to_ne_bytes()),
        }
        self.packet.extend_from_slice(text);
        Ok(())
    }

    /// The packet; fails for a message without values.
    pub fn finish(mut self) -> Result<Vec<u8>, Invalid> {
        if self.slots == 0 {
            return Err(Invalid);
        }
        if !self.single {
            while self.slots < MEMBERS {
                self.slot(NOTHING);
            }
        } else if self.packet.len() == HEAD {
            // A single value without text needs no more than its two slots.
            self.packet.truncate(self.slots * SLOT);
        }
        Ok(self.packet)
    }
}

#[cfg(test)]
mod tests;
