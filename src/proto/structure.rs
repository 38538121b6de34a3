//! `google.protobuf.Struct` as the JSON object it stands for.
//!
//! The generated types would have a tree of messages of their own, several levels for each level of JSON, and prost
//! measures a message anew at every level above it. Diagnostics are deep: that was a third of what a served turn
//! cost. So the object is read straight off the wire and written to it in one pass.

use std::mem;
use std::sync::OnceLock;

use prost::bytes::{Buf, BufMut, Bytes};
use prost::encoding::{
    DecodeContext, WireType, bool, double, encode_key, encode_varint, encoded_len_varint, int32, message,
    skip_field, string,
};
use prost::{DecodeError, Message};
use serde_json::{Map, Value};

use super::json::number_to_json;

/// An object as a message.
///
/// A decoder refuses what is nested deeper than a message may be: 100 levels of messages, some 30 of JSON.
#[derive(Debug, Clone, Default)]
pub struct Struct {
    members: Map<String, Value>,
    /// The members as they are written, once somebody has asked: every message around this one asks for its length.
    encoded: OnceLock<Bytes>,
}

impl PartialEq for Struct {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

impl From<Map<String, Value>> for Struct {
    fn from(members: Map<String, Value>) -> Self {
        Self {
            members,
            encoded: OnceLock::new(),
        }
    }
}

impl Struct {
    /// The members, in the order in which they came. [`struct_to_json`](super::json::struct_to_json) sorts them.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    fn encoded(&self) -> &Bytes {
        self.encoded.get_or_init(|| {
            let mut lengths = Lengths::default();
            let mut buffer = Vec::with_capacity(lengths.of_object(&self.members));
            Writer::new(&mut buffer, lengths).object(&self.members);
            buffer.into()
        })
    }
}

/// A member of an object.
#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Node>,
}

/// `google.protobuf.ListValue`.
#[derive(Clone, PartialEq, Message)]
struct List {
    #[prost(message, repeated, tag = "1")]
    values: Vec<Node>,
}

/// `google.protobuf.Value`; without a kind it is null.
#[derive(Debug, Clone, Default, PartialEq)]
struct Node(Value);

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

impl Message for Struct {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        buffer.put_slice(self.encoded());
    }

    fn encoded_len(&self) -> usize {
        self.encoded().len()
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
        let mut entry = Entry::default();
        message::merge(wire_type, &mut entry, buffer, context)?;
        self.members.insert(entry.key, entry.value.unwrap_or_default().0);
        self.encoded.take();
        Ok(())
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Message for Node {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        let mut lengths = Lengths::default();
        lengths.of_value(&self.0);
        Writer::new(buffer, lengths).value(&self.0);
    }

    fn encoded_len(&self) -> usize {
        Lengths::default().of_value(&self.0)
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        self.0 = match tag {
            NULL => {
                int32::merge(wire_type, &mut 0, buffer, context)?;
                Value::Null
            }
            NUMBER => {
                let mut number = 0.0;
                double::merge(wire_type, &mut number, buffer, context)?;
                number_to_json(number)
            }
            TEXT => {
                let mut text = String::new();
                string::merge(wire_type, &mut text, buffer, context)?;
                Value::String(text)
            }
            BOOL => {
                let mut flag = false;
                bool::merge(wire_type, &mut flag, buffer, context)?;
                Value::Bool(flag)
            }
            OBJECT => {
                let mut object = Struct::from(match mem::take(&mut self.0) {
                    Value::Object(begun) => begun,
                    _ => Map::new(),
                });
                message::merge(wire_type, &mut object, buffer, context)?;
                object.members.sort_keys();
                Value::Object(object.members)
            }
            LIST => {
                let mut list = List::default();
                message::merge(wire_type, &mut list, buffer, context)?;
                list.values.into_iter().map(|node| node.0).collect()
            }
            _ => return skip_field(wire_type, tag, buffer, context),
        };
        Ok(())
    }

    fn clear(&mut self) {
        self.0 = Value::Null;
    }
}

/// The lengths of all nested messages, in the order in which they are written: each is measured once.
#[derive(Debug, Default)]
struct Lengths(Vec<usize>);

impl Lengths {
    fn of_object(&mut self, object: &Map<String, Value>) -> usize {
        let mut length = 0;
        for (key, value) in object {
            length += self.of_nested(|lengths| {
                let of_value = lengths.of_nested(|lengths| lengths.of_value(value));
                string::encoded_len(KEY, key) + of_value
            });
        }
        length
    }

    fn of_value(&mut self, value: &Value) -> usize {
        match value {
            Value::Null => int32::encoded_len(NULL, &0),
            Value::Number(_) => double::encoded_len(NUMBER, &0.0),
            Value::String(text) => string::encoded_len(TEXT, text),
            Value::Bool(flag) => bool::encoded_len(BOOL, flag),
            Value::Object(object) => self.of_nested(|lengths| lengths.of_object(object)),
            Value::Array(items) => self.of_nested(|lengths| {
                let each = items.iter();
                each.map(|item| lengths.of_nested(|lengths| lengths.of_value(item)))
                    .sum()
            }),
        }
    }

    /// The length of a nested message with its key, which takes one byte, and its length in front.
    fn of_nested(&mut self, measure: impl FnOnce(&mut Self) -> usize) -> usize {
        let place = self.0.len();
        self.0.push(0);
        let length = measure(self);
        self.0[place] = length;
        1 + encoded_len_varint(length as u64) + length
    }
}

/// Writes what has been measured.
struct Writer<'a, B> {
    buffer: &'a mut B,
    lengths: std::vec::IntoIter<usize>,
}

impl<'a, B: BufMut> Writer<'a, B> {
    fn new(buffer: &'a mut B, lengths: Lengths) -> Self {
        Self {
            buffer,
            lengths: lengths.0.into_iter(),
        }
    }

    fn object(&mut self, object: &Map<String, Value>) {
        for (key, value) in object {
            self.begin(ITEM);
            string::encode(KEY, key, self.buffer);
            self.begin(VALUE);
            self.value(value);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => int32::encode(NULL, &0, self.buffer),
            Value::Number(number) => {
                double::encode(NUMBER, &number.as_f64().unwrap_or(f64::NAN), self.buffer);
            }
            Value::String(text) => string::encode(TEXT, text, self.buffer),
            Value::Bool(flag) => bool::encode(BOOL, flag, self.buffer),
            Value::Object(object) => {
                self.begin(OBJECT);
                self.object(object);
            }
            Value::Array(items) => {
                self.begin(LIST);
                for item in items {
                    self.begin(ITEM);
                    self.value(item);
                }
            }
        }
    }

    /// The key and length of the nested message that comes next.
    fn begin(&mut self, tag: u32) {
        encode_key(tag, WireType::LengthDelimited, self.buffer);
        encode_varint(self.lengths.next().unwrap_or_default() as u64, self.buffer);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::proto::json::struct_to_json;

    /// Any JSON that a `Struct` can hold; numbers as they are read back.
    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<f64>().prop_map(number_to_json),
            ".{0,200}".prop_map(Value::String),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::vec((".{0,9}", inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn plain(value: &Value) -> prost_types::Value {
        use prost_types::value::Kind;
        let kind = match value {
            Value::Null => Kind::NullValue(0),
            Value::Bool(flag) => Kind::BoolValue(*flag),
            Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap()),
            Value::String(text) => Kind::StringValue(text.clone()),
            Value::Array(items) => Kind::ListValue(prost_types::ListValue {
                values: items.iter().map(plain).collect(),
            }),
            Value::Object(members) => Kind::StructValue(prost_types::Struct {
                fields: members
                    .iter()
                    .map(|(key, value)| (key.clone(), plain(value)))
                    .collect(),
            }),
        };
        prost_types::Value { kind: Some(kind) }
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_prost_reads(members in prop::collection::vec((".{1,9}", values()), 0..6)) {
            let object = Struct::from(members.into_iter().collect::<Map<_, _>>());
            let bytes = object.encode_to_vec();
            prop_assert_eq!(bytes.len(), object.encoded_len());
            let read = prost_types::Struct::decode(bytes.as_slice()).unwrap();
            let expected = object.members.iter().map(|(key, value)| (key.clone(), plain(value))).collect();
            prop_assert_eq!(&read.fields, &expected);
            prop_assert_eq!(Struct::decode(read.encode_to_vec().as_slice()).unwrap(), object);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let ours = Struct::decode(bytes.as_slice()).is_ok();
            prop_assert_eq!(ours, prost_types::Struct::decode(bytes.as_slice()).is_ok());
        }
    }

    #[test]
    fn keys_are_told_in_order() {
        let fields = [("b", json!({ "z": 1, "a": 2 })), ("a", Value::Null)];
        let bytes: Vec<u8> = fields
            .map(|(key, value)| Struct::from(Map::from_iter([(key.to_owned(), value)])).encode_to_vec())
            .concat();
        let read = Struct::decode(bytes.as_slice()).unwrap();
        let told = Value::Object(struct_to_json(&read)).to_string();
        assert_eq!(told, r#"{"a":null,"b":{"a":2,"z":1}}"#);
    }

    #[test]
    fn a_value_without_a_kind_is_null() {
        assert_eq!(Node::decode([].as_slice()).unwrap().0, Value::Null);
    }

    #[test]
    fn what_is_nested_without_end_is_refused() {
        let mut value = prost_types::Value::default();
        for _ in 0..60 {
            let values = vec![value];
            let kind = prost_types::value::Kind::ListValue(prost_types::ListValue { values });
            value = prost_types::Value { kind: Some(kind) };
        }
        let fields = [("deep".to_owned(), value)].into();
        let bytes = prost_types::Struct { fields }.encode_to_vec();
        assert!(Struct::decode(bytes.as_slice()).is_err());
    }
}
