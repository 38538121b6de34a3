//! Messages that come as JSON, read as strictly as the services do: what they do not know in a request they refuse with
//! `INVALID_ARGUMENT`, and name every place.
//!
//! What decides it: that a choice cannot be made twice, and that frames which are none are refused, is known of CES
//! (ces-api 1.7); which names its REST has that are not declared, too (ces-api 1.4): those are taken, and do nothing here.
//! That any other name is refused, and so a value that is none of its field's, is not in the references, which speak of
//! answers alone: readers of those pass over what is new. It is taken over from how Google's JSON front ends treat requests,
//! so that a misspelt name is found here and not there.

use prost::bytes::Bytes;
use serde_json::{Map, Value};
use tonic::Status;

use crate::proto::json::declared::{Violation, undeclared};
use crate::proto::json::read::{Reading, json_to_bytes};

/// Names that REST knows and the declarations do not, in what may be part of a request (ces-api 1.4).
const OF_REST: &[(&str, &str)] = &[
    ("google.cloud.ces.v1.SessionConfig", "excludeDiagnosticInfo"),
    ("google.cloud.ces.v1.SessionConfig", "includeLlmThoughtSummary"),
    ("google.cloud.ces.v1.SessionConfig", "includeProgressUpdate"),
    ("google.cloud.ces.v1.SessionInput", "recordingControl"),
    ("google.cloud.ces.v1.Event", "variables"),
    ("google.cloud.ces.v1.ToolCall", "agentName"),
    ("google.cloud.ces.v1.ToolCall", "parentToolCallId"),
    ("google.cloud.ces.v1.ToolResponse", "agentName"),
    ("google.cloud.ces.v1.ToolResponse", "parentToolCallId"),
    ("google.cloud.ces.v1.Image", "altText"),
];

/// Why JSON is no message: everything that is wrong with it, or that it is no JSON at all.
#[derive(Debug)]
pub(super) struct Malformed {
    /// What is wrong in it, if it is JSON.
    pub(super) violations: Vec<Violation>,
    message: String,
}

/// JSON as it came; nothing is an empty message.
pub(super) fn json(text: &[u8]) -> Result<Value, Malformed> {
    if text.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(text).map_err(|error| Malformed {
        violations: Vec::new(),
        message: format!("this is not JSON: {error}"),
    })
}

/// A message of this type.
pub(super) fn message(kind: &str, json: &Value) -> Result<Bytes, Malformed> {
    const STRICT: Reading<'static> = Reading {
        newer: false,
        ..Reading::OF_OTHERS
    };
    let violations = undeclared(kind, json, OF_REST);
    if !violations.is_empty() {
        return Err(Malformed::of(violations));
    }
    json_to_bytes(kind, json, STRICT)
        .map(Bytes::from)
        .map_err(|error| {
            let violation = Violation {
                what: format!("the value should be {}", error.wanted),
                at: error.path,
            };
            Malformed::of(vec![violation])
        })
}

impl Malformed {
    fn of(violations: Vec<Violation>) -> Self {
        let said: Vec<String> = violations
            .iter()
            .map(|Violation { at, what }| match at.as_str() {
                "" => what.clone(),
                at => format!("at `{at}`: {what}"),
            })
            .collect();
        Self {
            message: format!("the JSON is no such message: {}", said.join("; ")),
            violations,
        }
    }
}

impl From<&Malformed> for Status {
    fn from(malformed: &Malformed) -> Self {
        Self::invalid_argument(malformed.message.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RUN: &str = "google.cloud.ces.v1.RunSessionRequest";

    fn refused(json: &Value) -> (String, Vec<String>) {
        let malformed = message(RUN, json).unwrap_err();
        let status = Status::from(&malformed);
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        let places = malformed.violations.iter().map(|violation| violation.at.clone());
        (status.message().to_owned(), places.collect())
    }

    #[test]
    fn what_only_rest_has_is_taken() {
        for json in [
            json!({"config": {"excludeDiagnosticInfo": true}}),
            json!({"inputs": [{"recordingControl": "RECORDING_DISABLED", "event": {"event": "a", "variables": {}}}]}),
        ] {
            assert!(message(RUN, &json).is_ok(), "{json}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named_with_its_place() {
        let (said, places) = refused(&json!({"confg": {}, "inputs": [{"txt": "a"}]}));
        assert_eq!(places, ["", "inputs[0]"]);
        assert!(
            said.contains("`confg`") && said.contains("at `inputs[0]`: unknown name `txt`"),
            "{said}"
        );
        let (said, places) = refused(&json!({"inputs": [{"dtmf": 5}]}));
        assert_eq!(places, ["inputs.0.dtmf"]);
        assert!(said.contains("should be a text"), "{said}");
        let encoding = json!({"config": {"inputAudioConfig": {"audioEncoding": "MP3"}}});
        assert_eq!(refused(&encoding).1, ["config.inputAudioConfig.audioEncoding"]);
    }

    #[test]
    fn nothing_is_an_empty_message_and_half_a_one_is_none() {
        assert_eq!(json(b"").unwrap(), json!({}));
        assert!(json(b"{").unwrap_err().violations.is_empty());
    }
}
