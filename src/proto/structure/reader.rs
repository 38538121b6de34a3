//! Objects, lists and values where they lie on the wire. Nothing is copied but what is asked for.
//!
//! The bytes have been checked; whatever cannot be read all the same is as good as not there.

use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use serde_json::{Map, Value};

use super::{BOOL, ITEM, KEY, LIST, NUMBER, OBJECT, TEXT, VALUE};
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
        items(self.0).map(|entry| {
            let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
            for field in Fields(entry) {
                match field {
                    (KEY, Payload::Bytes(bytes)) => key = bytes,
                    (VALUE, Payload::Bytes(bytes)) => value = bytes,
                    _ => {}
                }
            }
            (key, value)
        })
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

/// The messages in field [`ITEM`].
fn items(fields: &[u8]) -> impl Iterator<Item = &[u8]> {
    Fields(fields).filter_map(|field| match field {
        (ITEM, Payload::Bytes(message)) => Some(message),
        _ => None,
    })
}

/// What stands in a field, by wire type; of other wire types, nothing is of interest.
#[derive(Debug, PartialEq)]
pub(super) enum Payload<'a> {
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
#[inline]
pub(super) fn next_field<'a>(bytes: &mut &'a [u8]) -> Option<(u32, Payload<'a>)> {
    const VARINT: u8 = WireType::Varint as u8;
    const FIXED: u8 = WireType::SixtyFourBit as u8;
    const BYTES: u8 = WireType::LengthDelimited as u8;
    // Nearly all keys are one byte, and nearly all lengths one or two.
    let [key @ 0x08..=0x7f, rest @ ..] = *bytes else {
        return any_field(bytes);
    };
    let content = |length: usize, rest: &'a [u8]| {
        let (content, rest) = rest.split_at_checked(length)?;
        Some((Payload::Bytes(content), rest))
    };
    let read = match (key & 0x07, rest) {
        (BYTES, [length @ 0..=0x7f, rest @ ..]) => content(usize::from(*length), rest),
        (BYTES, [low, high @ 0..=0x7f, rest @ ..]) => {
            content(usize::from(*high) << 7 | usize::from(*low & 0x7f), rest)
        }
        (VARINT, [value @ 0..=0x7f, rest @ ..]) => Some((Payload::Varint(u64::from(*value)), rest)),
        (FIXED, rest) => rest
            .split_first_chunk()
            .map(|(bits, rest)| (Payload::Fixed(u64::from_le_bytes(*bits)), rest)),
        _ => return any_field(bytes),
    };
    let (payload, rest) = read?;
    *bytes = rest;
    Some((u32::from(key >> 3), payload))
}

/// [`next_field`] for fields of every kind.
pub(super) fn any_field<'a>(bytes: &mut &'a [u8]) -> Option<(u32, Payload<'a>)> {
    if bytes.is_empty() {
        return None;
    }
    let (tag, wire_type) = decode_key(bytes).ok()?;
    let payload = match wire_type {
        WireType::Varint => Payload::Varint(decode_varint(bytes).ok()?),
        WireType::SixtyFourBit => Payload::Fixed(bytes.try_get_u64_le().ok()?),
        WireType::LengthDelimited => {
            let length = usize::try_from(decode_varint(bytes).ok()?).ok()?;
            let (content, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            Payload::Bytes(content)
        }
        _ => {
            skip_field(wire_type, tag, bytes, DecodeContext::default()).ok()?;
            Payload::Other
        }
    };
    Some((tag, payload))
}
