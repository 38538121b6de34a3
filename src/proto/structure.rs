//! `google.protobuf.Struct` as the bytes it travels in.
//!
//! The generated types would have a tree of messages, several levels and allocations for each level of JSON.
//! Diagnostics are deep, and of most of them only a few texts are ever looked at: so an object is checked when it comes
//! and kept as it came. [`reader`] looks into it, [`writer`] writes one.

mod reader;
mod text;
mod writer;

use std::fmt;
use std::mem;

use prost::bytes::{Buf, BufMut, Bytes};
use prost::encoding::{
    DecodeContext, WireType, bool, bytes, double, encode_key, encode_varint, int32, message, skip_field,
    string,
};
use prost::{DecodeError, Message};
use serde_json::{Map, Value};

pub use reader::{WireList, WireObject, WireValue};
use reader::{content, fixed};
pub(super) use text::{Members, Name};
pub use writer::{ListWriter, ObjectWriter, ValueWriter};
pub(super) use writer::{begin, end};

/// Room for an object that is being written, in bytes; most need no more.
const USUAL_SIZE: usize = 256;

/// An object as a message.
///
/// A decoder refuses what is nested deeper than a message may be: 100 levels of messages, some 30 of JSON.
#[derive(Clone, Default)]
pub struct Struct {
    /// The members as they are written; well-formed.
    encoded: Vec<u8>,
}

impl Struct {
    /// An object written member by member.
    pub fn write(members: impl FnOnce(&mut ObjectWriter<'_>)) -> Self {
        let mut encoded = Vec::with_capacity(USUAL_SIZE);
        members(&mut ObjectWriter::new(&mut encoded));
        Self { encoded }
    }

    /// The object, to be looked into.
    pub fn object(&self) -> WireObject<'_> {
        WireObject::new(&self.encoded)
    }
}

/// What is nested too deep for readers of messages is written as its text.
impl From<&Map<String, Value>> for Struct {
    fn from(members: &Map<String, Value>) -> Self {
        Self::write(|object| object.members(members))
    }
}

impl PartialEq for Struct {
    fn eq(&self, other: &Self) -> bool {
        self.object().to_json() == other.object().to_json()
    }
}

impl fmt::Debug for Struct {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.object().to_json().fmt(formatter)
    }
}

/// A field's key as it is written: one byte for each of the fields here.
#[expect(
    clippy::cast_possible_truncation,
    reason = "tags are below 16, wire types below 8"
)]
const fn written(tag: u32, wire_type: WireType) -> u8 {
    (tag << 3) as u8 | wire_type as u8
}

/// The map entries of `Struct`, and the values of `ListValue`.
const ITEM: u32 = 1;
const KEY: u32 = 1;
const VALUE: u32 = 2;

// The kinds of a `Value`.
const NULL: u32 = 1;
const NUMBER: u32 = 2;
const TEXT: u32 = 3;
const BOOL: u32 = 4;
const OBJECT: u32 = 5;
const LIST: u32 = 6;

// Their keys as they are written.
const ITEM_BYTES: u8 = written(ITEM, WireType::LengthDelimited);
const KEY_BYTES: u8 = written(KEY, WireType::LengthDelimited);
const VALUE_BYTES: u8 = written(VALUE, WireType::LengthDelimited);
const NULL_VARINT: u8 = written(NULL, WireType::Varint);
const NUMBER_FIXED: u8 = written(NUMBER, WireType::SixtyFourBit);
const TEXT_BYTES: u8 = written(TEXT, WireType::LengthDelimited);
const BOOL_VARINT: u8 = written(BOOL, WireType::Varint);
const OBJECT_BYTES: u8 = written(OBJECT, WireType::LengthDelimited);
const LIST_BYTES: u8 = written(LIST, WireType::LengthDelimited);

impl Message for Struct {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        buffer.put_slice(&self.encoded);
    }

    fn encoded_len(&self) -> usize {
        self.encoded.len()
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        if tag != ITEM {
            return skip_field(wire_type, tag, buffer, context);
        }
        let mut entry = Bytes::new();
        bytes::merge(wire_type, &mut entry, buffer, context.clone())?;
        encode_key(ITEM, WireType::LengthDelimited, &mut self.encoded);
        let start = self.encoded.len();
        encode_varint(entry.len() as u64, &mut self.encoded);
        self.encoded.extend_from_slice(&entry);
        let plain = Plain { levels: PLAIN_LEVELS };
        if plain.entry(&entry) {
            return Ok(());
        }
        let mut written = self.encoded.get(start..).unwrap_or_default();
        message::merge(wire_type, &mut Check::default(), &mut written, context)
    }

    fn clear(&mut self) {
        self.encoded.clear();
    }
}

/// Levels of messages that are plain without counting how deep the object itself lies.
const PLAIN_LEVELS: usize = 60;

/// Looks at messages inside an object where they lie: whether they are well-formed beyond doubt. So are nearly all;
/// what is not, [`Check`] decides.
#[derive(Clone, Copy)]
struct Plain {
    /// So many levels of messages may come.
    levels: usize,
}

impl Plain {
    /// A member of an object.
    fn entry(self, message: &[u8]) -> bool {
        self.all(message, |inside, key, rest| match key {
            KEY_BYTES => content(rest).is_some_and(is_text),
            VALUE_BYTES => content(rest).is_some_and(|value| inside.value(value)),
            _ => false,
        })
    }

    fn value(self, message: &[u8]) -> bool {
        self.all(message, |inside, key, rest| match key {
            TEXT_BYTES => content(rest).is_some_and(is_text),
            OBJECT_BYTES => content(rest).is_some_and(|object| inside.object(object)),
            LIST_BYTES => content(rest).is_some_and(|list| inside.list(list)),
            NULL_VARINT | BOOL_VARINT => short_varint(rest),
            NUMBER_FIXED => fixed(rest).is_some(),
            _ => false,
        })
    }

    fn object(self, message: &[u8]) -> bool {
        self.all(message, |inside, key, rest| {
            key == ITEM_BYTES && content(rest).is_some_and(|entry| inside.entry(entry))
        })
    }

    fn list(self, message: &[u8]) -> bool {
        self.all(message, |inside, key, rest| {
            key == ITEM_BYTES && content(rest).is_some_and(|value| inside.value(value))
        })
    }

    /// Whether all fields of a message are plain; `is_plain` is given the key of each, and takes what follows it.
    #[inline]
    fn all(self, mut message: &[u8], is_plain: impl Fn(Self, u8, &mut &[u8]) -> bool) -> bool {
        let Some(levels) = self.levels.checked_sub(1) else {
            return false;
        };
        while let [key, rest @ ..] = message {
            message = rest;
            if !is_plain(Self { levels }, *key, &mut message) {
                return false;
            }
        }
        true
    }
}

/// Takes a varint of one byte, as `null` and booleans are.
fn short_varint(bytes: &mut &[u8]) -> bool {
    let [0..=0x7f, rest @ ..] = *bytes else {
        return false;
    };
    *bytes = rest;
    true
}

/// Whether bytes are a text. Most are ASCII, which is seen sooner.
fn is_text(bytes: &[u8]) -> bool {
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok()
}

/// What a field of a message inside an object holds, if that is a message.
fn nested(level: Level, tag: u32) -> Option<Level> {
    match (level, tag) {
        (Level::Entry, VALUE) | (Level::List, ITEM) => Some(Level::Value),
        (Level::Object, ITEM) => Some(Level::Entry),
        (Level::Value, OBJECT) => Some(Level::Object),
        (Level::Value, LIST) => Some(Level::List),
        _ => None,
    }
}

/// Reads the messages inside an object and keeps nothing of them: what is not well-formed is an error, as it would be
/// for the generated types.
#[derive(Debug, Default)]
struct Check {
    level: Level,
    /// The text read last.
    text: String,
}

/// The message that is being read.
#[derive(Debug, Default, Clone, Copy)]
enum Level {
    /// A member of an object.
    #[default]
    Entry,
    Value,
    Object,
    List,
}

impl Check {
    fn nested(
        &mut self,
        level: Level,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        let around = mem::replace(&mut self.level, level);
        message::merge(wire_type, self, buffer, context)?;
        self.level = around;
        Ok(())
    }
}

impl Message for Check {
    fn encode_raw(&self, _: &mut impl BufMut) {}

    fn encoded_len(&self) -> usize {
        0
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        if let Some(level) = nested(self.level, tag) {
            return self.nested(level, wire_type, buffer, context);
        }
        match (self.level, tag) {
            (Level::Entry, KEY) | (Level::Value, TEXT) => {
                string::merge(wire_type, &mut self.text, buffer, context)
            }
            (Level::Value, NULL) => int32::merge(wire_type, &mut 0, buffer, context),
            (Level::Value, NUMBER) => double::merge(wire_type, &mut 0.0, buffer, context),
            (Level::Value, BOOL) => bool::merge(wire_type, &mut false, buffer, context),
            _ => skip_field(wire_type, tag, buffer, context),
        }
    }

    fn clear(&mut self) {}
}

#[cfg(test)]
mod tests;
