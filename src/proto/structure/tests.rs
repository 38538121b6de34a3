//! Structs are what prost's own types for them are.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::proto::json::{MAX_DEPTH, number_to_json, struct_to_json};

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
        let members = members.into_iter().collect::<Map<_, _>>();
        let object = Struct::from(&members);
        let bytes = object.encode_to_vec();
        prop_assert_eq!(bytes.len(), object.encoded_len());
        let read = prost_types::Struct::decode(bytes.as_slice()).unwrap();
        let expected = members.iter().map(|(key, value)| (key.clone(), plain(value))).collect();
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
        .map(|(key, value)| Struct::from(&Map::from_iter([(key.to_owned(), value)])).encode_to_vec())
        .concat();
    let read = Struct::decode(bytes.as_slice()).unwrap();
    let told = Value::Object(struct_to_json(&read)).to_string();
    assert_eq!(told, r#"{"a":null,"b":{"a":2,"z":1}}"#);
}

#[test]
fn a_value_without_a_kind_is_null() {
    let fields = [("unset".to_owned(), prost_types::Value::default())].into();
    let bytes = prost_types::Struct { fields }.encode_to_vec();
    let read = Struct::decode(bytes.as_slice()).unwrap();
    assert_eq!(read.object().get("unset"), Some(WireValue::Null));
    assert_eq!(read.object().get("missing"), None);
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

#[test]
fn what_is_nested_too_deep_is_written_as_text() {
    let mut value = json!("core");
    for _ in 0..2 * MAX_DEPTH {
        value = json!([value]);
    }
    let members = Map::from_iter([("deep".to_owned(), value), ("flat".to_owned(), json!(1))]);
    let bytes = Struct::from(&members).encode_to_vec();
    let read = Struct::decode(bytes.as_slice()).unwrap().object().to_json();
    assert_eq!(read["flat"], json!(1));
    assert!(read["deep"].to_string().contains("core"));
}

#[test]
fn objects_are_looked_into_where_they_lie() {
    let written = Struct::write(|object| {
        object.text("name", "first");
        object.object("place", |place| {
            place.number("floor", 3.0);
            place.flag("open", true);
        });
        object.list("visitors", |visitors| {
            visitors.text("Ada");
            visitors.object(|visitor| visitor.text("name", "Grace"));
            visitors.item(|visitor| visitor.value(&json!([null])));
        });
        // Of the same key the last counts.
        object.text("name", &"n".repeat(300));
    });
    let object = written.object();
    assert_eq!(
        object.get("name").unwrap().as_str(),
        Some("n".repeat(300).as_str())
    );
    let place = object.get("place").unwrap();
    assert_eq!(place.get("floor"), Some(WireValue::Number(3.0)));
    assert_eq!(place.get("open"), Some(WireValue::Bool(true)));
    assert_eq!(
        place.as_str().or(place.get("door").and_then(WireValue::as_str)),
        None
    );
    let visitors = object.get("visitors").unwrap();
    assert_eq!(
        visitors.items().filter_map(WireValue::as_str).collect::<Vec<_>>(),
        ["Ada"]
    );
    assert_eq!(
        visitors.items().find_map(|visitor| visitor.get("name")?.as_str()),
        Some("Grace")
    );
    assert_eq!(visitors.to_json(), json!(["Ada", { "name": "Grace" }, [null]]));
    assert_eq!(place.items().count(), 0);
    assert!(!object.is_empty() && Struct::default().object().is_empty());
}
