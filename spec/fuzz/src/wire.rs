//! The decoder of messages between processes. The first byte of an input is the count of descriptors, the next two the
//! format, the rest the packet.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "only what is needed here is called")]
#[path = "../../../src/subprocess/wire/mod.rs"]
mod wire;

use wire::{Format, Given, Member, Value, Writer, read};

fuzz_target!(|input: &[u8]| {
    let [descriptors, low, high, packet @ ..] = input else {
        return;
    };
    let limit = u16::from_le_bytes([*low, *high]);
    let format = Format::of_limit(f64::from(limit));
    if packet.len() > format.longest_packet() {
        return;
    }
    let descriptors = usize::from(*descriptors);
    let Ok(members) = read(packet, descriptors, format) else {
        return;
    };
    assert!(!members.is_empty() || packet.len() >= 8 * wire::MEMBERS);
    let mut needed = 0;
    for member in &members {
        if let Some(key) = &member.key {
            assert!(packet.get(key.clone()).is_some());
        }
        match &member.value {
            Value::String(range) | Value::Bytes(range) => {
                assert!(packet.get(range.clone()).is_some())
            }
            Value::Descriptor(n) | Value::Address(n) => {
                assert_eq!(*n, needed);
                needed += 1;
            }
            Value::Boolean(_) | Value::Number(_) => {}
        }
    }
    assert!(needed <= descriptors);
    if !members.is_empty() {
        written_again(packet, &members, needed, format);
    }
});

/// What was read can be written, and reads as the same.
fn written_again(packet: &[u8], members: &[Member], descriptors: usize, format: Format) {
    let mut writer = Writer::new(format);
    for member in members {
        let value = match &member.value {
            Value::Boolean(b) => Given::Boolean(*b),
            Value::Number(n) => Given::Number(*n),
            Value::String(range) => Given::String(&packet[range.clone()]),
            Value::Bytes(range) => Given::Bytes(&packet[range.clone()]),
            Value::Descriptor(_) => Given::Descriptor,
            Value::Address(_) => Given::Address,
        };
        let key = member.key.as_ref().map(|key| &packet[key.clone()]);
        writer
            .add(key, value)
            .expect("what was read has the format's limits");
    }
    let again = writer.finish().expect("there are members");
    assert!(again.len() <= format.longest_packet());
    let back = read(&again, descriptors, format).expect("what was written is right");
    assert_eq!(back.len(), members.len());
    for (old, new) in members.iter().zip(&back) {
        let key =
            |packet: &[u8], member: &Member| member.key.clone().map(|key| packet[key].to_vec());
        assert_eq!(key(packet, old), key(&again, new));
        match (&old.value, &new.value) {
            (Value::Number(a), Value::Number(b)) => assert_eq!(a.to_bits(), b.to_bits()),
            (Value::String(a), Value::String(b)) | (Value::Bytes(a), Value::Bytes(b)) => {
                assert_eq!(packet[a.clone()], again[b.clone()]);
            }
            (a, b) => assert_eq!(a, b),
        }
    }
}
