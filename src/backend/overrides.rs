//! What a turn pins of an emulator, as metadata of the call. Other servers never see it.

use std::fmt::Write;

use serde_json::json;

use crate::model::suite::EmulatorOverride;

/// The headers for one call: values are RFC 3339 or JSON in ASCII, as headers want it.
pub(in crate::backend) fn headers(wanted: &EmulatorOverride) -> Vec<(&'static str, String)> {
    let clock = wanted
        .clock
        .map(|clock| ("x-turnproof-clock", clock.to_rfc3339()));
    let matched = wanted.matched.as_ref().map(|intent| {
        (
            "x-turnproof-match",
            ascii(&json!({ "intent": intent }).to_string()),
        )
    });
    let webhook = wanted.webhook.as_ref().map(|answer| {
        (
            "x-turnproof-webhook",
            ascii(&serde_json::Value::Object(answer.clone()).to_string()),
        )
    });
    let sentiment = wanted.sentiment.map(|sentiment| {
        let pinned = json!({ "score": sentiment.score, "magnitude": sentiment.magnitude });
        ("x-turnproof-sentiment", pinned.to_string())
    });
    [clock, matched, webhook, sentiment]
        .into_iter()
        .flatten()
        .collect()
}

/// JSON with everything beyond ASCII escaped; such characters stand in strings only, where escapes are allowed.
fn ascii(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && !character.is_ascii_control() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::{Map, Value};

    use super::*;
    use crate::model::transcript::Sentiment;

    #[test]
    fn nothing_pinned_sends_nothing() {
        assert!(headers(&EmulatorOverride::default()).is_empty());
    }

    #[test]
    fn everything_pinned_is_ascii_and_says_the_same() {
        let answer = Map::from_iter([("parameters".to_owned(), json!({"stadt": "Köln 🚲\u{7f}"}))]);
        let sent = headers(&EmulatorOverride {
            clock: Some(DateTime::parse_from_rfc3339("2026-03-01T09:00:00+01:00").unwrap()),
            matched: Some(Some("größe.nennen".to_owned())),
            webhook: Some(answer.clone()),
            sentiment: Some(Sentiment {
                score: -0.5,
                magnitude: 1.25,
            }),
        });
        assert_eq!(
            sent[0],
            ("x-turnproof-clock", "2026-03-01T09:00:00+01:00".to_owned())
        );
        let read = |at: usize| serde_json::from_str::<Value>(&sent[at].1).unwrap();
        assert_eq!(
            (sent[1].0, read(1)),
            ("x-turnproof-match", json!({"intent": "größe.nennen"}))
        );
        assert_eq!(
            (sent[2].0, read(2)),
            ("x-turnproof-webhook", Value::Object(answer))
        );
        assert_eq!(
            (sent[3].0, read(3)),
            ("x-turnproof-sentiment", json!({"score": -0.5, "magnitude": 1.25}))
        );
        for (_, value) in sent {
            assert!(
                http::HeaderValue::from_str(&value).is_ok_and(|value| value.to_str().is_ok()),
                "{value}"
            );
        }
    }

    #[test]
    fn no_intent_is_said_with_null() {
        let sent = headers(&EmulatorOverride {
            matched: Some(None),
            ..Default::default()
        });
        assert_eq!(sent, [("x-turnproof-match", r#"{"intent":null}"#.to_owned())]);
    }
}
