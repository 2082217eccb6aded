//! The decoder of messages between processes. The first byte of an input is the count of descriptors, the next two the
//! format, the rest the packet.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::ops::Range;

#[allow(dead_code, reason = "only what is needed here is called")]
#[path = "../../../src/subprocess/wire/mod.rs"]
mod wire;

use wire::{Content, Format, Given, Value, Writer, read};

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
    let Ok(content) = read(packet, descriptors, format) else {
        return;
    };
    let mut needed = 0;
    for (key, value) in parts(&content) {
        if let Some(key) = key {
            assert!(packet.get(key).is_some());
        }
        match value {
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
    written_again(packet, &content, needed, format);
});

/// The values with their keys.
fn parts(content: &Content) -> Vec<(Option<Range<usize>>, &Value)> {
    match content {
        Content::Single(value) => vec![(None, value)],
        Content::Dictionary(members) => {
            assert!(!members.is_empty());
            members
                .iter()
                .map(|member| (Some(member.key.clone()), &member.value))
                .collect()
        }
    }
}

/// What was read can be written, and reads as the same.
fn written_again(packet: &[u8], content: &Content, descriptors: usize, format: Format) {
    let mut writer = Writer::new(format);
    let parts_before = parts(content);
    for (key, value) in &parts_before {
        let value = match value {
            Value::Boolean(b) => Given::Boolean(*b),
            Value::Number(n) => Given::Number(*n),
            Value::String(range) => Given::String(&packet[range.clone()]),
            Value::Bytes(range) => Given::Bytes(&packet[range.clone()]),
            Value::Descriptor(_) => Given::Descriptor,
            Value::Address(_) => Given::Address,
        };
        let key = key.clone().map(|key| &packet[key]);
        writer
            .add(key, value)
            .expect("what was read has the format's limits");
    }
    let again = writer.finish().expect("there are members");
    assert!(again.len() <= format.longest_packet());
    let content = read(&again, descriptors, format).expect("what was written is right");
    let parts_after = parts(&content);
    assert_eq!(parts_after.len(), parts_before.len());
    for ((old_key, old), (new_key, new)) in parts_before.into_iter().zip(parts_after) {
        assert_eq!(
            old_key.map(|key| &packet[key]),
            new_key.map(|key| &again[key])
        );
        match (old, new) {
            (Value::Number(a), Value::Number(b)) => assert_eq!(a.to_bits(), b.to_bits()),
            (Value::String(a), Value::String(b)) | (Value::Bytes(a), Value::Bytes(b)) => {
                assert_eq!(packet[a.clone()], again[b.clone()]);
            }
            (a, b) => assert_eq!(a, b),
        }
    }
}
