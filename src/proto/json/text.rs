//! A message in protobuf's JSON form as text → the bytes it travels in, in one pass: no tree in between, and nothing is
//! kept of what is read.
//!
//! It knows what nearly all messages are made of. Of anything else it says that it cannot tell: [`read`](super::read)
//! then reads the tree, and knows what is wrong if something is.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost::encoding::{encode_key, encode_varint};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::OWN_FORMS;
use super::read::{delimited, wire_type, write_integer};
use crate::proto::structure::{Members, Name, begin, end};

/// The bytes behind a text that is no base64; nothing for texts that are.
pub type Blob<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// The bytes of a message; nothing where the tree must be looked at.
pub fn text_to_bytes(descriptor: &MessageDescriptor, text: &str, blob: Blob<'_>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let message = Message {
        descriptor,
        out: &mut out,
        blob,
    };
    deserializer.deserialize_map(message).ok()?;
    deserializer.end().ok()?;
    Some(out)
}

/// Writes the fields of a message.
struct Message<'a> {
    descriptor: &'a MessageDescriptor,
    out: &'a mut Vec<u8>,
    blob: Blob<'a>,
}

impl<'de> Visitor<'de> for Message<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = members.next_key()? {
            let field = self
                .descriptor
                .get_field_by_json_name(&name)
                .or_else(|| self.descriptor.get_field_by_name(&name));
            match &field {
                Some(field) => members.next_value_seed(Field {
                    descriptor: field,
                    out: &mut *self.out,
                    blob: self.blob,
                })?,
                None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Writes a field, whatever kind it is.
struct Field<'a> {
    descriptor: &'a FieldDescriptor,
    out: &'a mut Vec<u8>,
    blob: Blob<'a>,
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self {
            descriptor: field,
            out,
            blob,
        } = self;
        if field.is_map() || field.is_packed() {
            return Err(D::Error::custom("a map, or packed numbers"));
        }
        let kind = field.kind();
        let is_list = field.is_list();
        let value = Value {
            number: field.number(),
            kind: &kind,
            out,
            blob,
        };
        if is_list {
            deserializer.deserialize_seq(Items(value))
        } else {
            value.deserialize(deserializer)
        }
    }
}

/// Writes the elements of a list, one field for each.
struct Items<'a>(Value<'a>);

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Value {
            number,
            kind,
            out,
            blob,
        } = self.0;
        loop {
            let item = Value {
                number,
                kind,
                out: &mut *out,
                blob,
            };
            if items.next_element_seed(item)?.is_none() {
                return Ok(());
            }
        }
    }
}

/// Writes one value with its key.
struct Value<'a> {
    number: u32,
    kind: &'a Kind,
    out: &'a mut Vec<u8>,
    blob: Blob<'a>,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Value<'_> {
    fn key(&mut self) {
        encode_key(self.number, wire_type(self.kind), self.out);
    }

    fn integer<E: Error>(mut self, number: i128) -> Result<(), E> {
        match self.kind {
            Kind::Enum(_)
            | Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Sint32
            | Kind::Sint64
            | Kind::Fixed32
            | Kind::Fixed64
            | Kind::Sfixed32
            | Kind::Sfixed64 => {
                self.key();
                write_integer(self.kind, number, self.out);
                Ok(())
            }
            #[expect(clippy::cast_precision_loss, reason = "a double has no other numbers")]
            Kind::Double | Kind::Float => self.visit_f64(number as f64),
            _ => Err(E::custom("no number")),
        }
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of the field")
    }

    fn visit_bool<E: Error>(mut self, flag: bool) -> Result<(), E> {
        let Kind::Bool = self.kind else {
            return Err(E::custom("no flag"));
        };
        self.key();
        encode_varint(u64::from(flag), self.out);
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.integer(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.integer(number.into())
    }

    fn visit_f64<E: Error>(mut self, number: f64) -> Result<(), E> {
        self.key();
        match self.kind {
            Kind::Double => self.out.extend(number.to_le_bytes()),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it was a float when it was written"
            )]
            Kind::Float => self.out.extend((number as f32).to_le_bytes()),
            _ => return Err(E::custom("no number with a fraction")),
        }
        Ok(())
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        match self.kind {
            Kind::String => delimited(self.number, text.as_bytes(), self.out),
            Kind::Bytes => {
                let bytes = (self.blob)(text).or_else(|| BASE64_STANDARD.decode(text).ok());
                delimited(
                    self.number,
                    &bytes.ok_or_else(|| E::custom("no bytes"))?,
                    self.out,
                );
            }
            Kind::Enum(declared) => {
                let named = declared
                    .get_value_by_name(text)
                    .ok_or_else(|| E::custom("no such name"))?;
                self.key();
                write_integer(self.kind, named.number().into(), self.out);
            }
            // 64-bit integers are texts in JSON; so are the doubles that JSON has no number for.
            Kind::Double | Kind::Float => return Err(E::custom("a number in words")),
            _ => return self.integer(text.parse().map_err(E::custom)?),
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        let Kind::Message(descriptor) = self.kind else {
            return Err(A::Error::custom("no message"));
        };
        let Self { out, blob, .. } = self;
        let message = begin(out, self.number);
        if descriptor.package_name() != OWN_FORMS {
            Message {
                descriptor,
                out: &mut *out,
                blob,
            }
            .visit_map(members)?;
        } else if descriptor.name() == "Struct" {
            Members::new(&mut *out).visit_map(members)?;
        } else {
            return Err(A::Error::custom("a form of its own"));
        }
        end(out, message);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::proto::descriptor_pool;
    use crate::proto::json::read::{Reading, json_to_bytes};

    const RESULT: &str = "google.cloud.dialogflow.cx.v3beta1.QueryResult";
    const PLAIN: Reading<'_> = Reading {
        blob: &|_| None,
        hidden: None,
    };

    fn at_once(text: &str) -> Option<Vec<u8>> {
        let descriptor = descriptor_pool().get_message_by_name(RESULT).unwrap();
        text_to_bytes(&descriptor, text, &|_| None)
    }

    #[test]
    fn what_is_read_at_once_is_what_the_tree_says() {
        let table = [
            json!({}),
            json!({"text": "h\u{e9}llo \"you\"\n", "languageCode": "en", "brandNew": [{"a": 1}]}),
            json!({"match": {"matchType": "NO_MATCH", "confidence": 0.3417, "intent": {"displayName": "x"}}}),
            json!({"match": {"matchType": 99, "confidence": 1}}),
            json!({"responseMessages": [{"text": {"text": ["a", "b"]}}, {"payload": {"x": [null, true, {"y": -1.5}]}}]}),
            json!({"diagnosticInfo": {"Steps": [[], {}, 12, "x".repeat(300)], "\u{1f600}": "y".repeat(20_000)}}),
            json!({"query_result_is_unknown": 1, "language_code": "by its other name"}),
        ];
        for json in table {
            let expected = json_to_bytes(RESULT, &json, PLAIN).unwrap();
            assert_eq!(at_once(&json.to_string()), Some(expected.clone()), "{json}");
            assert_eq!(at_once(&format!("{json:#}")), Some(expected), "{json}");
        }
    }

    #[test]
    fn of_anything_else_it_cannot_tell() {
        let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
        let table = [
            json!([]),
            json!({"text": 5}),
            json!({"text": null}),
            json!({"match": "NO_MATCH"}),
            json!({"match": {"matchType": "SURELY"}}),
            json!({"match": {"confidence": "NaN"}}),
            json!({"webhookLatencies": ["1.5s"]}),
            json!({"responseMessages": {}}),
            json!({"parameters": {"x": deep}}),
        ];
        for json in table {
            assert_eq!(at_once(&json.to_string()), None, "{json}");
        }
        for text in ["", "{", "{} {}", r#"{"text": "a"} x"#] {
            assert_eq!(at_once(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_object_is_the_same_either_way(
            texts in prop::collection::vec("\\PC{0,200}", 0..4),
            number in any::<f64>().prop_filter("JSON has it", |number| number.is_finite()),
            whole in any::<i64>(),
        ) {
            let json = json!({
                "responseMessages": texts.iter().map(|text| json!({"text": {"text": [text]}})).collect::<Vec<_>>(),
                "parameters": {"texts": texts, "number": number, "whole": whole},
            });
            let expected = json_to_bytes(RESULT, &json, PLAIN).unwrap();
            prop_assert_eq!(at_once(&json.to_string()), Some(expected));
        }

        #[test]
        fn any_text_is_read_or_not(text in "\\PC{0,80}") {
            let _ = at_once(&text);
        }
    }
}
