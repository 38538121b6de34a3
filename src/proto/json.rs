//! JSON on one side, protobuf's `Struct` and `Value` on the other; and any message in protobuf's own JSON form, there
//! and ([`read`]) back.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost::Message;
use prost_reflect::Value as Reflected;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, MapKey, MessageDescriptor, ReflectMessage, SerializeOptions,
};
use serde_json::value::Serializer as ValueSerializer;
use serde_json::{Map, Number, Value};

use super::descriptor_pool;
use super::structure::Struct;

pub mod authored;
pub mod declared;
pub mod read;
pub mod table;
pub mod text;

/// How deep lists and objects may be nested. Each level costs several levels of protobuf messages, of which a
/// decoder takes 100 at most: a deeper value could be sent, but nobody could read it.
pub const MAX_DEPTH: usize = 24;

/// Messages of this package have JSON forms of their own.
const OWN_FORMS: &str = "google.protobuf";

/// The greatest integer up to which a double holds every integer exactly.
const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// A value is nested too deeply for a `Struct`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nested more than {MAX_DEPTH} levels deep, which the services cannot read")]
pub struct TooDeep;

/// An object as a `Struct`. Numbers become doubles, as the service has no others.
///
/// # Errors
/// When the object is nested deeper than [`MAX_DEPTH`].
pub fn json_to_struct(object: &Map<String, Value>) -> Result<Struct, TooDeep> {
    if object.values().all(|value| is_within(value, MAX_DEPTH - 1)) {
        Ok(Struct::from(object))
    } else {
        Err(TooDeep)
    }
}

/// Whether a value has at most so many levels of lists and objects.
fn is_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|item| is_within(item, levels - 1)),
        Value::Object(members) => levels > 0 && members.values().all(|value| is_within(value, levels - 1)),
        _ => true,
    }
}

/// A `Struct` as an object, keys in alphabetical order (a `Struct` keeps no other). Integral numbers are JSON integers.
pub fn struct_to_json(object: &Struct) -> Map<String, Value> {
    object.object().to_json()
}

/// A double as JSON: an integer where it is one and exact, so that `3` looks like `3` and equals it. JSON has no
/// infinities; they become the words that protobuf's JSON form has for them.
pub fn number_to_json(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= MAX_EXACT_INTEGER {
        #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53")]
        return Value::from(number as i64);
    }
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => Value::from("NaN"),
        None if number > 0.0 => Value::from("Infinity"),
        None => Value::from("-Infinity"),
    }
}

/// The double that a person would write for this float: 0.3 and not 0.30000001192092896.
pub fn widen(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}

/// A message in protobuf's JSON form: camel-case names, enums by name, bytes in base64, 64-bit integers as strings, default
/// values left out; but integral doubles as JSON integers, as everywhere here.
///
/// Never fails: a part that has no canonical form (a timestamp out of range, an `Any` of an unknown type) appears
/// with its plain fields. A `full_name` that is not declared gives null.
pub fn to_json<M: Message>(full_name: &str, message: &M) -> Value {
    bytes_to_json(full_name, &message.encode_to_vec())
}

/// As [`to_json`], for a message as it came over the wire. Bytes that are no such message give null.
pub fn bytes_to_json(full_name: &str, message: &[u8]) -> Value {
    bytes_to_json_with(full_name, message, &mut base64)
}

/// As [`bytes_to_json`], but `blob` says what stands where the message has bytes: base64, or something that leads there.
pub fn bytes_to_json_with(full_name: &str, message: &[u8], blob: &mut dyn FnMut(&[u8]) -> String) -> Value {
    let descriptor = descriptor_pool().get_message_by_name(full_name);
    match descriptor.map(|descriptor| DynamicMessage::decode(descriptor, message)) {
        Some(Ok(message)) => message_to_json(&message, blob),
        _ => Value::Null,
    }
}

/// Bytes as protobuf's JSON form has them.
pub fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

fn message_to_json(message: &DynamicMessage, blob: &mut dyn FnMut(&[u8]) -> String) -> Value {
    let has_own_form = message.descriptor().package_name() == OWN_FORMS;
    let own_form =
        has_own_form.then(|| message.serialize_with_options(ValueSerializer, &SerializeOptions::new()));
    match own_form {
        Some(Ok(value)) => with_integers(value),
        _ => Value::Object(plain_fields(message, blob)),
    }
}

/// Integral doubles as JSON integers, all the way down. The depth is that of a message, which is bounded.
fn with_integers(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(double) if number.is_f64() => number_to_json(double),
            _ => Value::Number(number),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(with_integers).collect()),
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .map(|(key, value)| (key, with_integers(value)))
                .collect(),
        ),
        other => other,
    }
}

fn plain_fields(message: &DynamicMessage, blob: &mut dyn FnMut(&[u8]) -> String) -> Map<String, Value> {
    let fields = message.fields();
    fields
        .map(|(field, value)| (field.json_name().to_owned(), plain_value(&field, value, blob)))
        .collect()
}

fn plain_value(field: &FieldDescriptor, value: &Reflected, blob: &mut dyn FnMut(&[u8]) -> String) -> Value {
    match value {
        Reflected::Message(message) => message_to_json(message, blob),
        Reflected::List(items) => items.iter().map(|item| plain_value(field, item, blob)).collect(),
        Reflected::Map(entries) => {
            let field = field
                .kind()
                .as_message()
                .map(MessageDescriptor::map_entry_value_field);
            let mut value = |value| {
                field
                    .as_ref()
                    .map_or(Value::Null, |field| plain_value(field, value, blob))
            };
            // A map has no order of its own; this one is the same each time.
            let sorted: BTreeMap<String, &Reflected> = entries
                .iter()
                .map(|(key, entry)| (key_text(key), entry))
                .collect();
            Value::Object(
                sorted
                    .into_iter()
                    .map(|(key, entry)| (key, value(entry)))
                    .collect(),
            )
        }
        Reflected::Bool(flag) => Value::from(*flag),
        Reflected::I32(number) => Value::from(*number),
        Reflected::U32(number) => Value::from(*number),
        Reflected::I64(number) => Value::from(number.to_string()),
        Reflected::U64(number) => Value::from(number.to_string()),
        Reflected::F32(number) => number_to_json(widen(*number)),
        Reflected::F64(number) => number_to_json(*number),
        Reflected::String(text) => Value::from(text.as_str()),
        Reflected::Bytes(bytes) => Value::from(blob(bytes)),
        Reflected::EnumNumber(number) => {
            let named = field
                .kind()
                .as_enum()
                .and_then(|declared| declared.get_value(*number));
            named.map_or_else(|| Value::from(*number), |named| Value::from(named.name()))
        }
    }
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(flag) => flag.to_string(),
        MapKey::I32(number) => number.to_string(),
        MapKey::I64(number) => number.to_string(),
        MapKey::U32(number) => number.to_string(),
        MapKey::U64(number) => number.to_string(),
        MapKey::String(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::proto::{ces_v1, cx_v3};

    fn nested(levels: usize) -> Map<String, Value> {
        let inner = (2..levels).fold(json!({}), |inner, _| json!({ "inner": inner }));
        Map::from_iter([("outer".to_owned(), inner)])
    }

    #[test]
    fn numbers_look_as_people_write_them() {
        for (number, expected) in [
            (0.0, json!(0)),
            (-0.0, json!(0)),
            (3.0, json!(3)),
            (-7.0, json!(-7)),
            (2.5, json!(2.5)),
            (9_007_199_254_740_992.0, json!(9_007_199_254_740_992_i64)),
            (1e300, json!(1e300)),
            (f64::NAN, json!("NaN")),
            (f64::INFINITY, json!("Infinity")),
            (f64::NEG_INFINITY, json!("-Infinity")),
        ] {
            assert_eq!(number_to_json(number), expected, "{number}");
        }
    }

    #[test]
    fn what_may_be_sent_can_be_read_inside_the_deepest_message() {
        let parameters = json_to_struct(&nested(MAX_DEPTH)).unwrap();
        let request = cx_v3::FulfillIntentRequest {
            match_intent_request: Some(cx_v3::MatchIntentRequest {
                query_params: Some(cx_v3::QueryParameters {
                    parameters: Some(parameters),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let read = cx_v3::FulfillIntentRequest::decode(request.encode_to_vec().as_slice()).unwrap();
        assert_eq!(read, request);
    }

    #[test]
    fn deeper_values_are_refused() {
        assert_eq!(json_to_struct(&nested(MAX_DEPTH + 1)), Err(TooDeep));
        assert_eq!(json_to_struct(&nested(1_000)), Err(TooDeep));
    }

    #[test]
    fn messages_become_canonical_json() {
        let result = cx_v3::QueryResult {
            language_code: "en".to_owned(),
            parameters: Some(json_to_struct(&Map::from_iter([("count".to_owned(), json!(3))])).unwrap()),
            r#match: Some(cx_v3::Match {
                match_type: 4,
                confidence: 0.3417,
                ..Default::default()
            }),
            ..Default::default()
        };
        assert_eq!(
            to_json("google.cloud.dialogflow.cx.v3.QueryResult", &result),
            json!({
                "languageCode": "en",
                "parameters": {"count": 3},
                "match": {"matchType": "NO_MATCH", "confidence": 0.3417},
            })
        );
    }

    #[test]
    fn parts_without_a_canonical_form_show_their_fields() {
        let output = ces_v1::SessionOutput {
            turn_index: 2,
            context: vec![prost_types::Any {
                type_url: "type.example/unheard.Of".to_owned(),
                value: vec![1, 2, 3],
            }],
            diagnostic_info: Some(ces_v1::session_output::DiagnosticInfo {
                root_span: Some(ces_v1::Span {
                    start_time: Some(prost_types::Timestamp {
                        seconds: i64::MAX,
                        nanos: 0,
                    }),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            ..Default::default()
        };
        assert_eq!(
            to_json("google.cloud.ces.v1.SessionOutput", &output),
            json!({
                "turnIndex": 2,
                "context": [{"typeUrl": "type.example/unheard.Of", "value": "AQID"}],
                "diagnosticInfo": {"rootSpan": {"startTime": {"seconds": "9223372036854775807"}}},
            })
        );
    }

    #[test]
    fn unknown_enum_values_and_names_do_not_fail() {
        let found = cx_v3::Match {
            match_type: 99,
            ..Default::default()
        };
        assert_eq!(
            to_json("google.cloud.dialogflow.cx.v3.Match", &found),
            json!({"matchType": 99})
        );
        assert_eq!(to_json("no.such.Message", &found), Value::Null);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9_007_199_254_740_992_i64..=9_007_199_254_740_992).prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..6)
                    .prop_map(|object| Value::Object(object.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_survives_the_way_there_and_back(value in any_json()) {
            let object = Map::from_iter([("value".to_owned(), value)]);
            let bytes = json_to_struct(&object).unwrap().encode_to_vec();
            prop_assert_eq!(struct_to_json(&Struct::decode(bytes.as_slice()).unwrap()), object);
        }
    }
}
