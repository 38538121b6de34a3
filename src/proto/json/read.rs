//! A message in protobuf's JSON form → the bytes it travels in, field by field as they stand there.
//!
//! It reads what [`bytes_to_json`](super::bytes_to_json) writes: the canonical form, and the plain fields of messages
//! that have none. Names that are not declared are passed over, as a newer service may have said more.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::table::tables_of;
use super::{MAX_DEPTH, OWN_FORMS, is_within};
use crate::proto::{Struct, descriptor_pool};

/// How what is written may differ from the canonical form.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The bytes behind a text that is no base64; nothing for texts that are.
    pub blob: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// Texts that hold this stand where something was hidden. A field that cannot hold such a text is left out.
    pub hidden: Option<&'a str>,
    /// Whether a choice whose name is not declared is left out, as a newer service may have more; it is refused otherwise.
    pub newer: bool,
}

impl Reading<'static> {
    /// What another program says, which may know more than we do.
    pub const OF_OTHERS: Self = Self {
        blob: &|_| None,
        hidden: None,
        newer: true,
    };
}

/// A value that its field cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` should be {wanted}")]
pub struct Unreadable {
    /// The fields that lead there, from the outside.
    pub path: String,
    /// What it should be.
    pub wanted: &'static str,
}

/// The bytes of a message.
///
/// # Errors
/// When `full_name` is not declared, or a value cannot be that of its field.
pub fn json_to_bytes(full_name: &str, json: &Value, reading: Reading<'_>) -> Result<Vec<u8>, Unreadable> {
    let Some(descriptor) = descriptor_pool().get_message_by_name(full_name) else {
        return Err(wrong("a message that is declared").within(full_name));
    };
    let mut bytes = Vec::new();
    Writer { reading }.message(&descriptor, json, &mut bytes)?;
    Ok(bytes)
}

/// The names of a method's messages: of what is sent, and of what comes back. `path` is `/package.Service/Method`.
pub fn messages_of(path: &str) -> Option<(String, String)> {
    let (input, output) = tables_of(path)?;
    Some((input.full_name().to_owned(), output.full_name().to_owned()))
}

/// Whether a method answers with any number of messages, which are a list in JSON.
pub fn is_answered_in_a_list(path: &str) -> bool {
    let named = path.trim_start_matches('/').split_once('/');
    let method = named.and_then(|(service, method)| {
        let service = descriptor_pool().get_service_by_name(service)?;
        service.methods().find(|declared| declared.name() == method)
    });
    method.is_some_and(|method| method.is_server_streaming())
}

/// Why a value cannot be written: it is wrong, or its field is left out, because it was hidden or is not known.
enum Failure {
    LeftOut,
    Wrong(Unreadable),
}

struct Writer<'a> {
    reading: Reading<'a>,
}

impl Writer<'_> {
    fn message(
        &self,
        descriptor: &MessageDescriptor,
        json: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        if descriptor.package_name() == OWN_FORMS && own_form(descriptor, json, out) {
            return Ok(());
        }
        let Value::Object(members) = json else {
            return Err(wrong("an object"));
        };
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            let field = descriptor
                .get_field_by_json_name(name)
                .or_else(|| descriptor.get_field_by_name(name));
            if let Some(field) = field {
                self.field(&field, value, out)
                    .map_err(|error| error.within(name))?;
            }
        }
        Ok(())
    }

    fn field(&self, field: &FieldDescriptor, value: &Value, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let written = match value {
            Value::Object(entries) if field.is_map() => self.map(field, entries, out),
            Value::Array(items) if field.is_list() => self.list(field, items, out),
            _ if field.is_map() => self.refused("an object", value),
            _ if field.is_list() => self.refused("a list", value),
            _ => self.single(field.number(), &field.kind(), value, out),
        };
        match written {
            Ok(()) | Err(Failure::LeftOut) => Ok(()),
            Err(Failure::Wrong(error)) => Err(error),
        }
    }

    fn map(
        &self,
        field: &FieldDescriptor,
        entries: &Map<String, Value>,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let kind = field.kind();
        let Some(entry) = kind.as_message() else {
            return Ok(());
        };
        let (key_kind, value_kind) = (
            entry.map_entry_key_field().kind(),
            entry.map_entry_value_field().kind(),
        );
        for (key, value) in entries {
            let mut bytes = Vec::new();
            // Keys are texts in JSON, whatever they are in the message; a true or false is a word.
            let key_value = match (&key_kind, key.as_str()) {
                (Kind::Bool, "true") => Value::Bool(true),
                (Kind::Bool, "false") => Value::Bool(false),
                _ => Value::from(key.as_str()),
            };
            let written = self
                .single(1, &key_kind, &key_value, &mut bytes)
                .and_then(|()| self.single(2, &value_kind, value, &mut bytes));
            match written {
                Ok(()) => delimited(field.number(), &bytes, out),
                Err(Failure::LeftOut) => {}
                Err(Failure::Wrong(error)) => return Err(Failure::Wrong(error.within(key))),
            }
        }
        Ok(())
    }

    fn list(&self, field: &FieldDescriptor, items: &[Value], out: &mut Vec<u8>) -> Result<(), Failure> {
        let kind = field.kind();
        if field.is_packed() {
            let mut packed = Vec::new();
            for item in items {
                match self.scalar(&kind, item, &mut packed) {
                    Err(Failure::LeftOut) => {}
                    written => written?,
                }
            }
            if !items.is_empty() {
                delimited(field.number(), &packed, out);
            }
            return Ok(());
        }
        for (index, item) in items.iter().enumerate() {
            match self.single(field.number(), &kind, item, out) {
                Ok(()) | Err(Failure::LeftOut) => {}
                Err(Failure::Wrong(error)) => {
                    return Err(Failure::Wrong(error.within(&index.to_string())));
                }
            }
        }
        Ok(())
    }

    /// One value with its key.
    fn single(&self, number: u32, kind: &Kind, value: &Value, out: &mut Vec<u8>) -> Result<(), Failure> {
        match kind {
            Kind::Message(descriptor) => {
                let mut bytes = Vec::new();
                match self.message(descriptor, value, &mut bytes) {
                    Ok(()) => delimited(number, &bytes, out),
                    Err(_) if self.is_hidden(value) => return Err(Failure::LeftOut),
                    Err(error) => return Err(Failure::Wrong(error)),
                }
            }
            Kind::String => match value {
                Value::String(text) => delimited(number, text.as_bytes(), out),
                _ => return self.refused("a text", value),
            },
            Kind::Bytes => {
                let text = value.as_str();
                let blob = text.and_then(|text| (self.reading.blob)(text).or_else(|| base64(text)));
                match blob {
                    Some(bytes) => delimited(number, &bytes, out),
                    None => return self.refused("bytes in base64", value),
                }
            }
            scalar => {
                let before = out.len();
                encode_key(number, wire_type(scalar), out);
                if let Err(failure) = self.scalar(scalar, value, out) {
                    out.truncate(before);
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    /// A number, a flag or a choice, without its key.
    fn scalar(&self, kind: &Kind, value: &Value, out: &mut Vec<u8>) -> Result<(), Failure> {
        match kind {
            Kind::Double => match double(value) {
                Some(number) => out.extend(number.to_le_bytes()),
                None => return self.refused("a number", value),
            },
            Kind::Float => match double(value) {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "it was a float when it was written"
                )]
                Some(number) => out.extend((number as f32).to_le_bytes()),
                None => return self.refused("a number", value),
            },
            Kind::Bool => match value {
                Value::Bool(flag) => encode_varint(u64::from(*flag), out),
                _ => return self.refused("true or false", value),
            },
            Kind::Enum(declared) => {
                let named = value.as_str().and_then(|name| declared.get_value_by_name(name));
                let number = named.map(|named| i64::from(named.number()));
                match number.or_else(|| value.as_i64()) {
                    Some(number) => encode_varint(number.cast_unsigned(), out),
                    None if self.reading.newer && value.is_string() => return Err(Failure::LeftOut),
                    None => return self.refused("one of its names", value),
                }
            }
            kind => match integer(value) {
                Some(number) => write_integer(kind, number, out),
                None => return self.refused("a whole number", value),
            },
        }
        Ok(())
    }

    fn refused(&self, wanted: &'static str, value: &Value) -> Result<(), Failure> {
        Err(if self.is_hidden(value) {
            Failure::LeftOut
        } else {
            Failure::Wrong(wrong(wanted))
        })
    }

    fn is_hidden(&self, value: &Value) -> bool {
        match (value, self.reading.hidden) {
            (Value::String(text), Some(hidden)) => text.contains(hidden),
            _ => false,
        }
    }
}

/// Writes a message that has a JSON form of its own; false when this is not that form.
fn own_form(descriptor: &MessageDescriptor, json: &Value, out: &mut Vec<u8>) -> bool {
    match (descriptor.name(), json) {
        ("Struct", Value::Object(members))
            if members.values().all(|value| is_within(value, MAX_DEPTH - 1)) =>
        {
            out.extend(Struct::from(members).encode_to_vec());
            true
        }
        _ => DynamicMessage::deserialize(descriptor.clone(), json)
            .is_ok_and(|message| message.encode(out).is_ok()),
    }
}

/// Bytes in either alphabet of base64, with or without the padding: readers of the JSON form take all of them.
fn base64(text: &str) -> Option<Vec<u8>> {
    let usual = BASE64_STANDARD.decode(text).ok();
    usual.or_else(|| {
        let text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
        BASE64_STANDARD_NO_PAD.decode(text).ok()
    })
}

/// Bytes in a field.
pub(super) fn delimited(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// How a field of this kind is written.
pub(super) fn wire_type(kind: &Kind) -> WireType {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => WireType::SixtyFourBit,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => WireType::ThirtyTwoBit,
        Kind::String | Kind::Bytes | Kind::Message(_) => WireType::LengthDelimited,
        _ => WireType::Varint,
    }
}

/// A number, which JSON also has as a text where it is one that JSON cannot write.
fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        _ => None,
    }
}

/// A whole number of any size, in digits where JSON readers would round it.
fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.as_i128(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// What does not fit is cut, as a reader of the wire would cut it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the width is the field's"
)]
pub(super) fn write_integer(kind: &Kind, number: i128, out: &mut Vec<u8>) {
    match kind {
        Kind::Fixed32 | Kind::Sfixed32 => out.extend((number as u32).to_le_bytes()),
        Kind::Fixed64 | Kind::Sfixed64 => out.extend((number as u64).to_le_bytes()),
        Kind::Sint32 | Kind::Sint64 => {
            let number = number as i64;
            encode_varint(((number << 1) ^ (number >> 63)) as u64, out);
        }
        _ => encode_varint(number as i64 as u64, out),
    }
}

fn wrong(wanted: &'static str) -> Unreadable {
    Unreadable {
        path: String::new(),
        wanted,
    }
}

impl Unreadable {
    fn within(mut self, name: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => name.to_owned(),
            inner => format!("{name}.{inner}"),
        };
        self
    }
}

#[cfg(test)]
mod tests;
