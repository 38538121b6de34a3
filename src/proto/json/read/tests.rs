//! Messages come back from JSON as they were, and what is wrong is named with its path.

use proptest::prelude::*;
use prost::Message;
use serde_json::json;

use super::*;
use crate::proto::json::{bytes_to_json, json_to_struct, to_json};
use crate::proto::{ces_v1, cx_v3beta1};

const PLAIN: Reading<'_> = Reading {
    blob: &|_| None,
    hidden: None,
    newer: false,
};

const RESULT: &str = "google.cloud.dialogflow.cx.v3beta1.QueryResult";

fn again<M: Message + Default + PartialEq + std::fmt::Debug>(name: &str, message: &M) {
    let json = to_json(name, message);
    let bytes = json_to_bytes(name, &json, PLAIN).unwrap();
    assert_eq!(&M::decode(bytes.as_slice()).unwrap(), message, "{json}");
    assert_eq!(bytes_to_json(name, &bytes), json);
    assert_eq!(bytes, message.encode_to_vec(), "fields in the same order");
}

#[test]
fn messages_come_back_as_they_were() {
    let parameters = json!({"count": 3, "deep": {"list": [1.5, null, "x", true]}});
    again(
        RESULT,
        &cx_v3beta1::QueryResult {
            language_code: "en".to_owned(),
            parameters: Some(json_to_struct(parameters.as_object().unwrap()).unwrap()),
            r#match: Some(cx_v3beta1::Match {
                match_type: 4,
                confidence: 0.3417,
                ..Default::default()
            }),
            webhook_latencies: vec![prost_types::Duration {
                seconds: 1,
                nanos: 500_000_000,
            }],
            ..Default::default()
        },
    );
    again(
        "google.cloud.dialogflow.cx.v3beta1.QueryParameters",
        &cx_v3beta1::QueryParameters {
            webhook_headers: [("a", "1"), ("b", "2")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            geo_location: Some(crate::proto::r#type::LatLng {
                latitude: -33.5,
                longitude: f64::INFINITY,
            }),
            ..Default::default()
        },
    );
    again(
        "google.cloud.ces.v1.SessionOutput",
        &ces_v1::SessionOutput {
            turn_index: 2,
            turn_completed: true,
            output_type: Some(ces_v1::session_output::OutputType::Audio(vec![0, 255, 7])),
            context: vec![prost_types::Any {
                type_url: "type.example/unheard.Of".to_owned(),
                value: vec![1, 2, 3],
            }],
            diagnostic_info: Some(ces_v1::session_output::DiagnosticInfo {
                root_span: Some(ces_v1::Span {
                    start_time: Some(prost_types::Timestamp {
                        seconds: 1_772_000_000,
                        nanos: 125_000_000,
                    }),
                    duration: Some(prost_types::Duration {
                        seconds: 0,
                        nanos: 1_000,
                    }),
                    ..Default::default()
                }),
                ..Default::default()
            }),
        },
    );
}

#[test]
fn choices_are_read_by_name_and_by_number() {
    for value in [json!("NO_MATCH"), json!(4)] {
        let bytes = json_to_bytes(RESULT, &json!({"match": {"matchType": value}}), PLAIN).unwrap();
        let read = cx_v3beta1::QueryResult::decode(bytes.as_slice()).unwrap();
        assert_eq!(read.r#match.unwrap().match_type, 4);
    }
}

#[test]
fn what_a_field_cannot_be_is_named_with_its_path() {
    let table = [
        (json!([]), "`` should be an object"),
        (json!({"text": 5}), "`text` should be a text"),
        (
            json!({"match": {"confidence": true}}),
            "`match.confidence` should be a number",
        ),
        (
            json!({"match": {"matchType": "SURELY"}}),
            "`match.matchType` should be one of its names",
        ),
        (
            json!({"responseMessages": {}}),
            "`responseMessages` should be a list",
        ),
        (
            json!({"responseMessages": [{"text": {"text": [1]}}]}),
            "`responseMessages.0.text.text.0` should be a text",
        ),
    ];
    for (json, expected) in table {
        let error = json_to_bytes(RESULT, &json, PLAIN).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    assert!(json_to_bytes("no.such.Message", &json!({}), PLAIN).is_err());
}

#[test]
fn names_of_a_newer_service_are_passed_over() {
    let json = json!({"text": "hello", "brandNew": {"a": 1}, "nothing": null});
    let bytes = json_to_bytes(RESULT, &json, PLAIN).unwrap();
    assert_eq!(bytes_to_json(RESULT, &bytes), json!({"text": "hello"}));
}

#[test]
fn choices_of_a_newer_service_are_passed_over_where_that_is_wanted() {
    let json = json!({"text": "hello", "match": {"matchType": "BY_MAGIC", "confidence": 0.5}});
    let bytes = json_to_bytes(RESULT, &json, Reading::OF_OTHERS).unwrap();
    let expected = json!({"text": "hello", "match": {"confidence": 0.5}});
    assert_eq!(bytes_to_json(RESULT, &bytes), expected);
    let wrong = json!({"match": {"matchType": true}});
    assert!(json_to_bytes(RESULT, &wrong, Reading::OF_OTHERS).is_err());
}

#[test]
fn bytes_are_read_in_both_alphabets() {
    for text in ["+/8=", "-_8=", "-_8", "+/8"] {
        let bytes = json_to_bytes(
            "google.cloud.ces.v1.SessionOutput",
            &json!({ "audio": text }),
            PLAIN,
        );
        let read = bytes_to_json("google.cloud.ces.v1.SessionOutput", &bytes.unwrap());
        assert_eq!(read, json!({ "audio": "+/8=" }), "{text}");
    }
}

#[test]
fn what_was_hidden_is_left_out_where_its_field_cannot_hold_the_text() {
    let reading = Reading {
        hidden: Some("[gone]"),
        ..PLAIN
    };
    let json = json!({
        "text": "call [gone] now",
        "parameters": {"card": "[gone]"},
        "match": {"confidence": "[gone]", "matchType": "[gone]", "intent": "[gone]"},
        "responseMessages": ["[gone]", {"text": {"text": ["a"]}}],
    });
    let bytes = json_to_bytes(RESULT, &json, reading).unwrap();
    assert_eq!(
        bytes_to_json(RESULT, &bytes),
        json!({
            "text": "call [gone] now",
            "parameters": {"card": "[gone]"},
            "match": {},
            "responseMessages": [{"text": {"text": ["a"]}}],
        })
    );
}

#[test]
fn bytes_may_stand_elsewhere() {
    let reading = Reading {
        blob: &|text| text.strip_prefix("file:").map(|name| name.as_bytes().to_vec()),
        ..PLAIN
    };
    for (text, expected) in [("file:abc", "YWJj"), ("AQID", "AQID")] {
        let bytes = json_to_bytes(
            "google.cloud.ces.v1.SessionOutput",
            &json!({ "audio": text }),
            reading,
        );
        let read = bytes_to_json("google.cloud.ces.v1.SessionOutput", &bytes.unwrap());
        assert_eq!(read, json!({ "audio": expected }));
    }
}

#[test]
fn methods_know_their_messages() {
    let (input, output) = messages_of("/google.cloud.ces.v1.SessionService/BidiRunSession").unwrap();
    assert_eq!(
        (input.as_str(), output.as_str()),
        (
            "google.cloud.ces.v1.BidiSessionClientMessage",
            "google.cloud.ces.v1.BidiSessionServerMessage"
        )
    );
    for unknown in ["", "/a/b", "/google.cloud.ces.v1.SessionService/Nothing"] {
        assert_eq!(messages_of(unknown), None, "{unknown}");
    }
}

proptest! {
    #[test]
    fn floats_keep_their_value(number in any::<f32>()) {
        prop_assume!(!number.is_nan());
        let json = json!({"match": {"confidence": super::super::number_to_json(super::super::widen(number))}});
        let bytes = json_to_bytes(RESULT, &json, PLAIN).unwrap();
        let read = cx_v3beta1::QueryResult::decode(bytes.as_slice()).unwrap();
        let confidence = read.r#match.unwrap_or_default().confidence;
        prop_assert!((confidence - number).abs() <= 0.0 || confidence.to_bits() == number.to_bits());
    }

    #[test]
    fn any_json_is_read_or_refused(text in "\\PC{0,40}", number in any::<f64>()) {
        let json = json!({"match": {"confidence": text, "matchType": number}, "parameters": {"a": number}});
        let _ = json_to_bytes(RESULT, &json, PLAIN);
    }
}
