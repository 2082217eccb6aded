use super::*;
use proptest::prelude::*;

/// A value as the property tests make it, with its texts.
#[derive(Clone, Debug, PartialEq)]
enum Made {
    Boolean(bool),
    Number(f64),
    String(Vec<u8>),
    Bytes(Vec<u8>),
    Descriptor,
    Address,
}

impl Made {
    fn given(&self) -> Given<'_> {
        match self {
            Self::Boolean(b) => Given::Boolean(*b),
            Self::Number(n) => Given::Number(*n),
            Self::String(text) => Given::String(text),
            Self::Bytes(bytes) => Given::Bytes(bytes),
            Self::Descriptor => Given::Descriptor,
            Self::Address => Given::Address,
        }
    }

    fn of(value: &Value, packet: &[u8]) -> Self {
        match value.clone() {
            Value::Boolean(b) => Self::Boolean(b),
            Value::Number(n) => Self::Number(n),
            Value::String(range) => Self::String(packet[range].to_vec()),
            Value::Bytes(range) => Self::Bytes(packet[range].to_vec()),
            Value::Descriptor(_) => Self::Descriptor,
            Value::Address(_) => Self::Address,
        }
    }

    fn needs_descriptor(&self) -> bool {
        matches!(self, Self::Descriptor | Self::Address)
    }
}

fn text(format: Format) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..=format.longest().min(300))
}

fn value(format: Format) -> BoxedStrategy<Made> {
    let common = prop_oneof![
        any::<bool>().prop_map(Made::Boolean),
        any::<f64>()
            .prop_filter("compared below", |n| !n.is_nan())
            .prop_map(Made::Number),
        text(format).prop_map(Made::String),
        Just(Made::Descriptor),
        Just(Made::Address),
    ];
    match format {
        Format::Short => common.boxed(),
        Format::Long(_) => {
            prop_oneof![4 => common, 1 => text(format).prop_map(Made::Bytes)].boxed()
        }
    }
}

fn format() -> impl Strategy<Value = Format> {
    prop_oneof![Just(Format::Short), (0..2000_u32).prop_map(Format::Long)]
}

type Dictionary = Vec<(Vec<u8>, Made)>;

fn dictionary() -> impl Strategy<Value = (Format, Dictionary)> {
    format().prop_flat_map(|format| {
        let member = (text(format), value(format));
        (Just(format), prop::collection::vec(member, 1..=MEMBERS))
    })
}

fn write(format: Format, members: &Dictionary) -> (Vec<u8>, usize) {
    let mut writer = Writer::new(format);
    for (key, value) in members {
        writer.add(Some(key), value.given()).unwrap();
    }
    let packet = writer.finish().unwrap();
    let descriptors = members.iter().filter(|(_, value)| value.needs_descriptor());
    (packet, descriptors.count())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn dictionaries_are_read_back((format, members) in dictionary()) {
        let (packet, descriptors) = write(format, &members);
        prop_assert!(packet.len() <= format.longest_packet());
        let Content::Dictionary(read) = read(&packet, descriptors, format).unwrap() else {
            return Err(TestCaseError::fail("a single value"));
        };
        let back: Dictionary = read
            .iter()
            .map(|member| (packet[member.key.clone()].to_vec(), Made::of(&member.value, &packet)))
            .collect();
        prop_assert_eq!(back, members);
    }

    #[test]
    fn single_values_are_read_back(
        (format, value) in format().prop_flat_map(|format| (Just(format), value(format))),
    ) {
        let mut writer = Writer::new(format);
        writer.add(None, value.given()).unwrap();
        let packet = writer.finish().unwrap();
        let read = read(&packet, usize::from(value.needs_descriptor()), format).unwrap();
        let Content::Single(read) = read else {
            return Err(TestCaseError::fail("a dictionary"));
        };
        prop_assert_eq!(Made::of(&read, &packet), value);
    }

    /// Whatever a peer sends, reading ends with an answer whose ranges are inside the packet.
    #[test]
    fn garbage_is_harmless(
        packet in prop::collection::vec(any::<u8>(), 0..600),
        descriptors in 0..=MEMBERS,
        format in format(),
    ) {
        check(&packet, descriptors, format);
    }

    /// The same for packets that are nearly right.
    #[test]
    fn mutations_are_harmless(
        (format, members) in dictionary(),
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let (mut packet, descriptors) = write(format, &members);
        let at = at.index(packet.len());
        packet[at] = with;
        check(&packet, descriptors, format);
        packet.truncate(cut.index(packet.len()));
        check(&packet, descriptors, format);
    }

    #[test]
    fn a_packet_that_is_cut_short_is_refused(
        (format, members) in dictionary(),
        cut in any::<prop::sample::Index>(),
    ) {
        let (mut packet, descriptors) = write(format, &members);
        packet.truncate(cut.index(packet.len()));
        prop_assert_eq!(read(&packet, descriptors, format), Err(Invalid));
    }

    #[test]
    fn a_missing_descriptor_is_refused((format, members) in dictionary()) {
        let (packet, descriptors) = write(format, &members);
        if descriptors > 0 {
            prop_assert_eq!(read(&packet, descriptors - 1, format), Err(Invalid));
        }
    }
}

fn check(packet: &[u8], descriptors: usize, format: Format) {
    let check = |value| match value {
        Value::String(range) | Value::Bytes(range) => assert!(packet.get(range).is_some()),
        Value::Descriptor(n) | Value::Address(n) => assert!(n < descriptors),
        Value::Boolean(_) | Value::Number(_) => {}
    };
    match read(packet, descriptors, format) {
        Ok(Content::Single(value)) => check(value),
        Ok(Content::Dictionary(members)) => {
            for member in members {
                assert!(packet.get(member.key).is_some());
                check(member.value);
            }
        }
        Err(Invalid) => {}
    }
}

fn single(slot: u64) -> Vec<u8> {
    [NOTHING, slot]
        .into_iter()
        .flat_map(u64::to_ne_bytes)
        .collect()
}

#[test]
fn tags_are_exact() {
    let format = Format::Short;
    for kind in 7..64 {
        assert_eq!(read(&single(TAG | kind), 1, format), Err(Invalid));
    }
    for kind in 1..8 {
        assert_eq!(read(&single(SIGN | TAG | kind), 1, format), Err(Invalid));
        assert_eq!(read(&single(TAG | 1 << 50 | kind), 1, format), Err(Invalid));
    }
    assert_eq!(read(&single(NOTHING), 0, format), Err(Invalid));
}

#[test]
fn a_root_descriptor_comes_alone() {
    for count in [0, 2, MEMBERS] {
        assert_eq!(
            read(&single(DESCRIPTOR), count, Format::Short),
            Err(Invalid)
        );
        assert_eq!(read(&single(ADDRESS), count, Format::Short), Err(Invalid));
    }
    assert!(read(&single(DESCRIPTOR), 1, Format::Short).is_ok());
    // Beside other values they are too many, but no harm.
    assert!(read(&single(TRUE), 3, Format::Short).is_ok());
}

#[test]
fn not_a_number_is_canonical() {
    let mut writer = Writer::new(Format::Short);
    let odd = f64::from_bits(0xFFF8_0000_0000_1234);
    writer.add(None, Given::Number(odd)).unwrap();
    let packet = writer.finish().unwrap();
    assert_eq!(packet, single(0x7FF8_0000_0000_0000));
    let content = read(&single(0x7FF8_0000_0000_1234), 0, Format::Short).unwrap();
    assert!(
        matches!(content, Content::Single(Value::Number(n)) if n.to_bits() == f64::NAN.to_bits())
    );
}

#[test]
fn sizes_are_those_of_the_chapter() {
    let size = |key: Option<&[u8]>, value| {
        let mut writer = Writer::new(Format::Short);
        writer.add(key, value).unwrap();
        writer.finish().unwrap().len()
    };
    assert_eq!(size(None, Given::Number(1.0)), 16);
    assert_eq!(size(None, Given::Descriptor), 16);
    assert_eq!(size(None, Given::String(b"")), 8 * MEMBERS + 1);
    assert_eq!(size(None, Given::String(b"abc")), 8 * MEMBERS + 4);
    assert_eq!(size(Some(b"k"), Given::Number(1.0)), 8 * MEMBERS + 2);
    assert_eq!(size(Some(b"k"), Given::String(b"abc")), 8 * MEMBERS + 6);
}

#[test]
fn limits_are_kept() {
    let mut writer = Writer::new(Format::Short);
    assert_eq!(
        writer.add(Some(&[0; 256]), Given::Boolean(true)),
        Err(Invalid)
    );
    let mut writer = Writer::new(Format::Short);
    assert_eq!(writer.add(None, Given::Bytes(b"x")), Err(Invalid));
    let mut writer = Writer::new(Format::Short);
    for _ in 0..MEMBERS {
        assert_eq!(writer.add(Some(b"k"), Given::Boolean(true)), Ok(()));
    }
    assert_eq!(writer.add(Some(b"k"), Given::Boolean(true)), Err(Invalid));
    assert_eq!(Writer::new(Format::Short).finish(), Err(Invalid));
}
