//! Objects, lists and values where they lie on the wire. Nothing is copied but what is asked for.
//!
//! The bytes have been checked; whatever cannot be read all the same is as good as not there.

use std::iter;

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use serde_json::{Map, Value};

use super::{
    BOOL, ITEM, ITEM_BYTES, KEY, KEY_BYTES, LIST, LIST_BYTES, NUMBER, NUMBER_FIXED, OBJECT, OBJECT_BYTES,
    TEXT, TEXT_BYTES, VALUE, VALUE_BYTES,
};
use crate::proto::json::number_to_json;

/// A value. Of several kinds in one value the last counts, as for any message.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum WireValue<'a> {
    /// `null`, or no kind at all.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number; there are no others than doubles.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// An object.
    Object(WireObject<'a>),
    /// A list.
    List(WireList<'a>),
}

/// An object: the fields of a `Struct`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WireObject<'a>(&'a [u8]);

/// A list: the fields of a `ListValue`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WireList<'a>(&'a [u8]);

impl<'a> WireValue<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        Self::read_usual(bytes).unwrap_or_else(|| Self::read_any(bytes))
    }

    /// A value that is written as usual: with one kind, once.
    #[inline]
    fn read_usual(bytes: &'a [u8]) -> Option<Self> {
        let (key, mut rest) = bytes.split_first()?;
        let value = match *key {
            TEXT_BYTES => Self::Text(std::str::from_utf8(content(&mut rest)?).ok()?),
            OBJECT_BYTES => Self::Object(WireObject(content(&mut rest)?)),
            LIST_BYTES => Self::List(WireList(content(&mut rest)?)),
            NUMBER_FIXED => Self::Number(f64::from_bits(fixed(&mut rest)?)),
            _ => return None,
        };
        rest.is_empty().then_some(value)
    }

    fn read_any(bytes: &'a [u8]) -> Self {
        let kinds = Fields(bytes).filter_map(|field| match field {
            (NUMBER, Payload::Fixed(bits)) => Some(Self::Number(f64::from_bits(bits))),
            (TEXT, Payload::Bytes(text)) => Some(Self::Text(std::str::from_utf8(text).ok()?)),
            (BOOL, Payload::Varint(flag)) => Some(Self::Bool(flag != 0)),
            (OBJECT, Payload::Bytes(fields)) => Some(Self::Object(WireObject(fields))),
            (LIST, Payload::Bytes(fields)) => Some(Self::List(WireList(fields))),
            (super::NULL, _) => Some(Self::Null),
            _ => None,
        });
        kinds.last().unwrap_or_default()
    }

    /// The text, if it is one.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The object, if it is one.
    pub fn as_object(self) -> Option<WireObject<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The member of an object.
    pub fn get(self, key: &str) -> Option<WireValue<'a>> {
        self.as_object()?.get(key)
    }

    /// The members of an object with these keys, as [`WireObject::pick`]; anything else has none.
    pub fn pick<const N: usize>(self, keys: [&str; N]) -> [WireValue<'a>; N] {
        match self {
            Self::Object(object) => object.pick(keys),
            _ => [Self::Null; N],
        }
    }

    /// The elements of a list; anything else has none.
    pub fn items(self) -> impl Iterator<Item = WireValue<'a>> {
        let list = match self {
            Self::List(list) => list,
            _ => WireList(&[]),
        };
        list.items()
    }

    /// As JSON; keys in alphabetical order, integral numbers as integers.
    pub fn to_json(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(flag),
            Self::Number(number) => number_to_json(number),
            Self::Text(text) => Value::String(text.to_owned()),
            Self::Object(object) => Value::Object(object.to_json()),
            Self::List(list) => list.items().map(Self::to_json).collect(),
        }
    }
}

impl<'a> WireObject<'a> {
    pub(super) fn new(fields: &'a [u8]) -> Self {
        Self(fields)
    }

    /// Whether it has no members.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The members in the order in which they came; of those with the same key the last counts.
    pub fn members(self) -> impl Iterator<Item = (&'a str, WireValue<'a>)> {
        self.entries().map(|(key, value)| {
            let key = std::str::from_utf8(key).unwrap_or_default();
            (key, WireValue::read(value))
        })
    }

    /// The member with this key.
    pub fn get(self, key: &str) -> Option<WireValue<'a>> {
        let same_key = self.entries().filter(|(name, _)| *name == key.as_bytes());
        same_key.last().map(|(_, value)| WireValue::read(value))
    }

    /// The members with these keys, in one pass that reads nothing else; one that is not there is as good as null.
    pub fn pick<const N: usize>(self, keys: [&str; N]) -> [WireValue<'a>; N] {
        let mut found: [&[u8]; N] = [&[]; N];
        for (name, value) in self.entries() {
            let wanted = keys.iter().position(|key| key.as_bytes() == name);
            if let Some(place) = wanted.and_then(|at| found.get_mut(at)) {
                *place = value;
            }
        }
        found.map(WireValue::read)
    }

    /// Keys, and values that have not been read.
    fn entries(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        items(self.0).map(|entry| usual_entry(entry).unwrap_or_else(|| any_entry(entry)))
    }

    /// As JSON; keys in alphabetical order, integral numbers as integers.
    pub fn to_json(self) -> Map<String, Value> {
        let members = self.members();
        let mut object: Map<String, Value> = members
            .map(|(key, value)| (key.to_owned(), value.to_json()))
            .collect();
        object.sort_keys();
        object
    }
}

impl<'a> WireList<'a> {
    /// The elements.
    pub fn items(self) -> impl Iterator<Item = WireValue<'a>> {
        items(self.0).map(WireValue::read)
    }
}

/// Key and value of an entry that is written as usual: first the one, then the other, and nothing else.
#[inline]
fn usual_entry(mut entry: &[u8]) -> Option<(&[u8], &[u8])> {
    entry = entry.strip_prefix(&[KEY_BYTES])?;
    let key = content(&mut entry)?;
    entry = entry.strip_prefix(&[VALUE_BYTES])?;
    let value = content(&mut entry)?;
    entry.is_empty().then_some((key, value))
}

/// Key and value of any entry.
fn any_entry(entry: &[u8]) -> (&[u8], &[u8]) {
    let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
    for field in Fields(entry) {
        match field {
            (KEY, Payload::Bytes(bytes)) => key = bytes,
            (VALUE, Payload::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    (key, value)
}

/// The messages in field [`ITEM`].
fn items(mut fields: &[u8]) -> impl Iterator<Item = &[u8]> {
    iter::from_fn(move || {
        loop {
            if let [ITEM_BYTES, rest @ ..] = fields {
                fields = rest;
                return content(&mut fields);
            }
            if let (ITEM, Payload::Bytes(message)) = next_field(&mut fields)? {
                return Some(message);
            }
        }
    })
}

/// What stands in a field, by wire type; of other wire types, nothing is of interest.
enum Payload<'a> {
    Varint(u64),
    Fixed(u64),
    Bytes(&'a [u8]),
    Other,
}

/// The fields of a message: tags and what stands in them. Ends where the bytes make no sense.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = (u32, Payload<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        next_field(&mut self.0)
    }
}

/// The next field of a message; nothing at its end, and where the bytes make no sense.
fn next_field<'a>(bytes: &mut &'a [u8]) -> Option<(u32, Payload<'a>)> {
    if bytes.is_empty() {
        return None;
    }
    let (tag, wire_type) = decode_key(bytes).ok()?;
    let payload = match wire_type {
        WireType::Varint => Payload::Varint(decode_varint(bytes).ok()?),
        WireType::SixtyFourBit => Payload::Fixed(fixed(bytes)?),
        WireType::LengthDelimited => Payload::Bytes(content(bytes)?),
        _ => {
            skip_field(wire_type, tag, bytes, DecodeContext::default()).ok()?;
            Payload::Other
        }
    };
    Some((tag, payload))
}

/// Takes a length and as many bytes.
#[inline]
pub(super) fn content<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    // Nearly all lengths are one byte or two.
    let (length, rest) = match *bytes {
        [length @ 0..=0x7f, rest @ ..] => (usize::from(*length), rest),
        [low, high @ 0..=0x7f, rest @ ..] => (usize::from(*high) << 7 | usize::from(*low & 0x7f), rest),
        _ => {
            let length = usize::try_from(decode_varint(bytes).ok()?).ok()?;
            (length, *bytes)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(content)
}

/// Takes eight bytes.
#[inline]
pub(super) fn fixed(bytes: &mut &[u8]) -> Option<u64> {
    let (bits, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*bits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes of which many are keys, small lengths and the first halves of longer ones.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            Just(ITEM_BYTES),
            Just(VALUE_BYTES),
            prop::sample::select(vec![TEXT_BYTES, OBJECT_BYTES, LIST_BYTES, NUMBER_FIXED]),
            0u8..=9,
            0x80u8..=0x8f,
            any::<u8>(),
        ];
        prop::collection::vec(byte, 0..24)
    }

    proptest! {
        #[test]
        fn what_is_written_as_usual_is_read_as_anything_is(bytes in bytes()) {
            if let Some(entry) = usual_entry(&bytes) {
                prop_assert_eq!(entry, any_entry(&bytes));
            }
            if let Some(value) = WireValue::read_usual(&bytes) {
                let any = WireValue::read_any(&bytes);
                // Not every number is equal to itself.
                prop_assert_eq!(format!("{value:?}"), format!("{any:?}"));
            }
            let any = Fields(&bytes).filter_map(|field| match field {
                (ITEM, Payload::Bytes(message)) => Some(message),
                _ => None,
            });
            prop_assert_eq!(items(&bytes).collect::<Vec<_>>(), any.collect::<Vec<_>>());
        }

        /// A message is a length and as many bytes, however long the length is written.
        #[test]
        fn lengths_are_read_as_prost_reads_them(bytes in bytes()) {
            let (mut ours, mut theirs) = (bytes.as_slice(), bytes.as_slice());
            let length = decode_varint(&mut theirs).ok().and_then(|length| usize::try_from(length).ok());
            let expected = length.and_then(|length| theirs.split_at_checked(length));
            let found = content(&mut ours).map(|content| (content, ours));
            prop_assert_eq!(found, expected);
        }
    }
}
