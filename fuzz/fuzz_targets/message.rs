//! Messages as JSON, as services over REST, cassettes and callers of the emulator write them: any text is a message or
//! refused; the way in one pass never says other than the way over the tree; what was read is written and read again
//! without a difference.
//!
//! The first byte says which message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use turnproof::proto::json::bytes_to_json;
use turnproof::proto::json::read::{Reading, json_to_bytes};
use turnproof::proto::json::table::table_of;
use turnproof::proto::json::text::text_to_bytes;

const MESSAGES: [&str; 6] = [
    "google.cloud.dialogflow.cx.v3beta1.DetectIntentRequest",
    "google.cloud.dialogflow.cx.v3beta1.DetectIntentResponse",
    "google.cloud.dialogflow.cx.v3.StreamingDetectIntentResponse",
    "google.cloud.ces.v1.RunSessionRequest",
    "google.cloud.ces.v1.RunSessionResponse",
    "google.cloud.ces.v1.BidiSessionServerMessage",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let name = MESSAGES[usize::from(*kind) % MESSAGES.len()];
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let in_one_pass = text_to_bytes(table_of(name).unwrap(), text, &|_| None);
    let over_the_tree = serde_json::from_str::<Value>(text)
        .ok()
        .and_then(|json| json_to_bytes(name, &json, Reading::OF_OTHERS).ok());
    let Some(message) = over_the_tree else {
        return;
    };
    let written = bytes_to_json(name, &message);
    if let Some(same) = in_one_pass {
        assert_eq!(bytes_to_json(name, &same), written, "both ways read the same");
    }
    let again = json_to_bytes(name, &written, Reading::OF_OTHERS).unwrap();
    assert_eq!(bytes_to_json(name, &again), written, "what was written can be read");
});
