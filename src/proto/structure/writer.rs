//! Writes objects, lists and values as messages, straight into the bytes they travel in.

use prost::encoding::{WireType, bool, double, encode_key, encode_varint, int32};
use serde_json::{Map, Value};

use super::{BOOL, ITEM, KEY, LIST, NULL, NUMBER, OBJECT, TEXT, VALUE};
use crate::proto::json::MAX_DEPTH;

/// Writes the members of an object. Keys are written once each by whoever calls it.
#[derive(Debug)]
pub struct ObjectWriter<'b> {
    buffer: &'b mut Vec<u8>,
    /// Lists and objects that may be nested in each other inside this one.
    levels: usize,
}

/// Writes the elements of a list.
#[derive(Debug)]
pub struct ListWriter<'b> {
    buffer: &'b mut Vec<u8>,
    levels: usize,
}

/// Writes one value.
#[derive(Debug)]
pub struct ValueWriter<'b> {
    buffer: &'b mut Vec<u8>,
    levels: usize,
}

impl<'b> ObjectWriter<'b> {
    pub(super) fn new(buffer: &'b mut Vec<u8>) -> Self {
        Self {
            buffer,
            levels: MAX_DEPTH - 1,
        }
    }

    /// A member of any kind.
    pub fn member(&mut self, key: &str, value: impl FnOnce(ValueWriter<'_>)) {
        let levels = self.levels;
        nested(self.buffer, ITEM, |entry| {
            text(entry, KEY, key);
            nested(entry, VALUE, |buffer| value(ValueWriter { buffer, levels }));
        });
    }

    /// A text.
    pub fn text(&mut self, key: &str, value: &str) {
        self.member(key, |member| member.text(value));
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &str, value: bool) {
        self.member(key, |member| member.flag(value));
    }

    /// A number.
    pub fn number(&mut self, key: &str, value: f64) {
        self.member(key, |member| member.number(value));
    }

    /// A value as it is.
    pub fn value(&mut self, key: &str, value: &Value) {
        self.member(key, |member| member.value(value));
    }

    /// An object.
    pub fn object(&mut self, key: &str, members: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.member(key, |member| member.object(members));
    }

    /// A list.
    pub fn list(&mut self, key: &str, items: impl FnOnce(&mut ListWriter<'_>)) {
        self.member(key, |member| member.list(items));
    }

    /// The members of another object.
    pub fn members(&mut self, object: &Map<String, Value>) {
        for (key, value) in object {
            self.value(key, value);
        }
    }
}

impl ListWriter<'_> {
    /// An element of any kind.
    pub fn item(&mut self, value: impl FnOnce(ValueWriter<'_>)) {
        let levels = self.levels;
        nested(self.buffer, ITEM, |buffer| value(ValueWriter { buffer, levels }));
    }

    /// A text.
    pub fn text(&mut self, value: &str) {
        self.item(|item| item.text(value));
    }

    /// An object.
    pub fn object(&mut self, members: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.item(|item| item.object(members));
    }
}

impl ValueWriter<'_> {
    /// A text.
    pub fn text(self, value: &str) {
        text(self.buffer, TEXT, value);
    }

    /// `true` or `false`.
    pub fn flag(self, value: bool) {
        bool::encode(BOOL, &value, self.buffer);
    }

    /// A number.
    pub fn number(self, value: f64) {
        double::encode(NUMBER, &value, self.buffer);
    }

    /// A value as it is; what is nested deeper than readers of messages could read is written as its text.
    pub fn value(self, value: &Value) {
        match value {
            Value::Null => int32::encode(NULL, &0, self.buffer),
            Value::Bool(value) => self.flag(*value),
            Value::Number(number) => self.number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(value) => self.text(value),
            Value::Array(_) | Value::Object(_) if self.levels == 0 => self.text(&value.to_string()),
            Value::Object(members) => self.object(|object| object.members(members)),
            Value::Array(items) => self.list(|list| {
                for item in items {
                    list.item(|writer| writer.value(item));
                }
            }),
        }
    }

    /// An object.
    pub fn object(self, members: impl FnOnce(&mut ObjectWriter<'_>)) {
        let levels = self.levels.saturating_sub(1);
        nested(self.buffer, OBJECT, |buffer| {
            members(&mut ObjectWriter { buffer, levels });
        });
    }

    /// A list.
    pub fn list(self, items: impl FnOnce(&mut ListWriter<'_>)) {
        let levels = self.levels.saturating_sub(1);
        nested(self.buffer, LIST, |buffer| {
            items(&mut ListWriter { buffer, levels });
        });
    }
}

/// A text in a field.
pub(super) fn text(buffer: &mut Vec<u8>, tag: u32, text: &str) {
    encode_key(tag, WireType::LengthDelimited, buffer);
    encode_varint(text.len() as u64, buffer);
    buffer.extend_from_slice(text.as_bytes());
}

/// A message in a field.
fn nested(buffer: &mut Vec<u8>, tag: u32, message: impl FnOnce(&mut Vec<u8>)) {
    let begun = begin(buffer, tag);
    message(buffer);
    end(buffer, begun);
}

/// A message in a field that is being written: where its length will stand.
pub(in crate::proto) struct Begun(usize);

/// Begins a message in a field.
pub(in crate::proto) fn begin(buffer: &mut Vec<u8>, tag: u32) -> Begun {
    encode_key(tag, WireType::LengthDelimited, buffer);
    // Most lengths take one byte.
    let start = buffer.len();
    buffer.push(0);
    Begun(start)
}

/// Ends it. Its length, which stands in front, is known only now: what was written is moved to make room.
pub(in crate::proto) fn end(buffer: &mut Vec<u8>, Begun(start): Begun) {
    let length = buffer.len() - start - 1;
    if let (Ok(short @ ..0x80), Some(place)) = (u8::try_from(length), buffer.get_mut(start)) {
        *place = short;
        return;
    }
    let mut prefix = [0; 10];
    let mut unused = prefix.as_mut_slice();
    encode_varint(length as u64, &mut unused);
    let used = 10 - unused.len();
    buffer.splice(start..=start, prefix.into_iter().take(used));
}
