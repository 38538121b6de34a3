//! A message in protobuf's JSON form as text → the bytes it travels in, in one pass: no tree in between, and nothing is
//! kept of what is read.
//!
//! It knows what nearly all messages are made of. Of anything else it says that it cannot tell: [`read`](super::read)
//! then reads the tree, and knows what is wrong if something is.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost::encoding::{encode_key, encode_varint};
use prost_reflect::Kind;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::read::{delimited, wire_type, write_integer};
use super::table::{Column, Form, Table};
use crate::proto::structure::{Members, Name, begin, end};

/// The bytes behind a text that is no base64; nothing for texts that are.
pub type Blob<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// The bytes of a message; nothing where the tree must be looked at.
pub fn text_to_bytes(table: &'static Table, text: &str, blob: Blob<'_>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let message = Message {
        table,
        out: &mut out,
        blob,
    };
    deserializer.deserialize_map(message).ok()?;
    deserializer.end().ok()?;
    Some(out)
}

/// Writes the fields of a message.
struct Message<'a> {
    table: &'static Table,
    out: &'a mut Vec<u8>,
    blob: Blob<'a>,
}

impl<'de> Visitor<'de> for Message<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut last = 0;
        let mut seen = 0_u64;
        while let Some(Name(name)) = members.next_key()? {
            match self.table.column(&name, last) {
                Some((place, column)) => {
                    // Of a name that stands twice the last one counts; on the wire both would.
                    let bit = bit(place).filter(|bit| seen & bit == 0);
                    seen |= bit.ok_or_else(|| A::Error::custom("a name that came before"))?;
                    last = place;
                    members.next_value_seed(Field {
                        column,
                        out: &mut *self.out,
                        blob: self.blob,
                    })?;
                }
                None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The bit that stands for a field; there is none for those of messages larger than any that is declared.
fn bit(place: usize) -> Option<u64> {
    1_u64.checked_shl(u32::try_from(place).ok()?)
}

/// Writes a field, whatever kind it is.
struct Field<'a> {
    column: &'static Column,
    out: &'a mut Vec<u8>,
    blob: Blob<'a>,
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { column, out, blob } = self;
        if column.is_odd {
            return Err(D::Error::custom("a map, or packed numbers"));
        }
        let value = Value { column, out, blob };
        if column.is_list {
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
        let Value { column, out, blob } = self.0;
        loop {
            let item = Value {
                column,
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
    column: &'static Column,
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
        encode_key(self.column.number, wire_type(&self.column.kind), self.out);
    }

    fn integer<E: Error>(mut self, number: i128) -> Result<(), E> {
        let kind = &self.column.kind;
        match kind {
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
                write_integer(kind, number, self.out);
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
        let Kind::Bool = self.column.kind else {
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
        match self.column.kind {
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
        let Column { number, kind, .. } = self.column;
        match kind {
            Kind::String => delimited(*number, text.as_bytes(), self.out),
            Kind::Bytes => {
                let bytes = (self.blob)(text).or_else(|| BASE64_STANDARD.decode(text).ok());
                delimited(*number, &bytes.ok_or_else(|| E::custom("no bytes"))?, self.out);
            }
            Kind::Enum(_) => {
                let choice = self.column.choice(text);
                let choice = choice.ok_or_else(|| E::custom("no such name"))?;
                self.key();
                write_integer(kind, choice.into(), self.out);
            }
            // 64-bit integers are texts in JSON; so are the doubles that JSON has no number for.
            Kind::Double | Kind::Float => return Err(E::custom("a number in words")),
            _ => return self.integer(text.parse().map_err(E::custom)?),
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        let Self { column, out, blob } = self;
        let table = column.message().ok_or_else(|| A::Error::custom("no message"))?;
        let message = begin(out, column.number);
        match table.form {
            Form::Fields => Message {
                table,
                out: &mut *out,
                blob,
            }
            .visit_map(members)?,
            Form::Struct => Members::new(&mut *out).visit_map(members)?,
            Form::Own => return Err(A::Error::custom("a form of its own")),
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
    use crate::proto::json::read::{Reading, json_to_bytes};
    use crate::proto::json::table::table_of;

    const RESULT: &str = "google.cloud.dialogflow.cx.v3beta1.QueryResult";
    const PLAIN: Reading<'_> = Reading {
        blob: &|_| None,
        hidden: None,
        newer: false,
    };

    fn at_once(text: &str) -> Option<Vec<u8>> {
        text_to_bytes(table_of(RESULT).unwrap(), text, &|_| None)
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

    /// Found by fuzzing: elements of a list that stood there twice were all taken, where the tree has the last ones.
    #[test]
    fn of_a_name_that_stands_twice_it_cannot_tell() {
        for text in [
            r#"{"responseMessages": [{"text": {"text": ["a"]}}], "responseMessages": []}"#,
            r#"{"languageCode": "en", "language_code": "de"}"#,
            r#"{"match": {"confidence": 1}, "text": "x", "match": {}}"#,
        ] {
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
