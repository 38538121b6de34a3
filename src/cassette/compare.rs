//! Whether what is asked now is what was recorded, and if not, how it differs, and from which recording least.
//!
//! The session's id takes no part, nor what is hidden: both sides are redacted, and where the recording has the
//! placeholder anything will do, because what stood there is not known any more.

use serde_json::{Map, Value};

use super::format::{Event, Interaction, Recording, SESSION, Written};
use super::hide::{covered, unnumbered};
use crate::expect::{Difference, differences};
use crate::redact::{Redact, Redactor};

/// Most recorded interactions that are looked at for the nearest one.
const MOST_CANDIDATES: usize = 500;
/// Characters of a text that decide how alike two are.
const LONGEST_ALIKE: usize = 400;

/// A recorded interaction by its place in the recording, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) session: usize,
    pub(super) interaction: usize,
}

/// The recording that is most like a request.
#[derive(Debug)]
pub(super) struct Nearest {
    pub(super) place: Place,
    /// None when they are the same.
    pub(super) differences: Vec<Difference>,
}

/// A call as it is compared. `sound` says in words what is spoken, where that is to be told.
pub(super) fn described(
    method: &str,
    metadata: &Map<String, Value>,
    sound: Option<&str>,
    message: &Value,
) -> Value {
    let mut call = Map::new();
    call.insert("method".to_owned(), Value::from(method));
    if !metadata.is_empty() {
        call.insert("metadata".to_owned(), Value::Object(metadata.clone()));
    }
    if let Some(sound) = sound {
        call.insert("sound".to_owned(), Value::from(sound));
    }
    call.insert("request".to_owned(), message.clone());
    Value::Object(call)
}

/// What was asked in a recorded interaction; on a stream, what opened it.
fn recorded(interaction: &Interaction<Written>) -> Value {
    let opening = || interaction.stream.as_deref().and_then(<[_]>::first);
    let request = interaction.request.as_ref();
    let message = request.or_else(|| opening().and_then(|event: &Event<Written>| event.sent.as_ref()));
    described(
        &interaction.method,
        &interaction.metadata,
        None,
        &message.map(Written::value).unwrap_or_default(),
    )
}

/// Where what is asked now differs from what was recorded.
pub(super) fn compare(recorded: &Value, now: &Value, redactor: &Redactor) -> Vec<Difference> {
    let (mut recorded, mut now) = (recorded.clone(), now.clone());
    unnumbered(&mut recorded);
    recorded.redact(redactor);
    redact_request(&mut now, redactor);
    adopt(&recorded, &mut now);
    differences(&recorded, &now)
}

/// Hides what must not be shown, also where a hidden member's value stands in another text.
fn redact_request(request: &mut Value, redactor: &Redactor) {
    let wider = redactor.learning([(&*request, false)]);
    request.redact(wider.as_ref().unwrap_or(redactor));
}

/// The recorded interaction that is most like the call; on a tie the one that is due, then the earlier one.
pub(super) fn nearest(
    recording: &Recording<Written>,
    due: Place,
    now: &Value,
    redactor: &Redactor,
) -> Option<Nearest> {
    let places = recording
        .sessions
        .iter()
        .enumerate()
        .flat_map(|(session, of)| {
            (0..of.interactions.len()).map(move |interaction| Place { session, interaction })
        })
        .filter(|place| *place != due)
        .take(MOST_CANDIDATES);
    let mut best: Option<(f64, Nearest)> = None;
    for place in std::iter::once(due).chain(places) {
        let of_session = recording.sessions.get(place.session);
        let Some(interaction) = of_session.and_then(|of| of.interactions.get(place.interaction)) else {
            continue;
        };
        let differences = compare(&self::recorded(interaction), now, redactor);
        let distance = differences.iter().map(weight).sum();
        if best.as_ref().is_none_or(|(least, _)| distance < *least) {
            best = Some((distance, Nearest { place, differences }));
        }
    }
    best.map(|(_, nearest)| nearest)
}

/// How much a difference weighs: texts that are alike hardly differ.
fn weight(difference: &Difference) -> f64 {
    const LEAST: f64 = 0.05;
    let cut = |text: &str| text.chars().take(LONGEST_ALIKE).collect::<String>();
    match (&difference.expected, &difference.actual) {
        (Some(one), Some(other)) => (1.0 - strsim::normalized_levenshtein(&cut(one), &cut(other))).max(LEAST),
        _ => 1.0,
    }
}

/// Takes over from the recording what is hidden there, where the rest of the text is the same.
fn adopt(recorded: &Value, now: &mut Value) {
    match (recorded, now) {
        (Value::String(text), now) if covered(text, now).is_some() => *now = recorded.clone(),
        (Value::Array(recorded), Value::Array(now)) => {
            recorded
                .iter()
                .zip(now)
                .for_each(|(recorded, now)| adopt(recorded, now));
        }
        (Value::Object(recorded), Value::Object(now)) => {
            for (name, recorded) in recorded {
                if let Some(now) = now.get_mut(name) {
                    adopt(recorded, now);
                }
            }
        }
        _ => {}
    }
}

/// The value with each text that is part of a text in it replaced; itself when there is none.
pub(super) fn replaced(mut value: Value, from: &str, to: &str) -> Value {
    replace(&mut value, from, to);
    value
}

fn replace(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text.contains(from) => *text = text.replace(from, to),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, from, to)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, from, to)),
        _ => {}
    }
}

/// Whether some text in the value names the session.
pub(super) fn names_session(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(SESSION),
        Value::Array(items) => items.iter().any(names_session),
        Value::Object(members) => members.values().any(names_session),
        _ => false,
    }
}

/// Metadata as it is written and compared: JSON is taken apart, so that members in it can be told and hidden.
pub(super) fn metadata(headers: &[(&'static str, String)], session: &str) -> Map<String, Value> {
    let value = |text: &str| match serde_json::from_str(text) {
        Ok(object @ Value::Object(_)) => object,
        _ => Value::from(text),
    };
    headers
        .iter()
        .map(|(name, text)| ((*name).to_owned(), replaced(value(text), session, SESSION)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cassette::format::{FORMAT, RecordedSession};

    fn paths(recorded: &Value, now: &Value, redactor: &Redactor) -> Vec<String> {
        let found = compare(recorded, now, redactor);
        found.into_iter().map(|difference| difference.path).collect()
    }

    #[test]
    fn what_was_hidden_may_be_anything() {
        let redactor = Redactor::new();
        let table = [
            (json!("my card is [redacted]"), json!("my card is 4111"), true),
            (json!("my card is [redacted]."), json!("my card is 4111"), false),
            (json!("[redacted] and [redacted]!"), json!("a and b!"), true),
            (json!("[redacted] and [redacted]!"), json!("a or b!"), false),
            (json!("[redacted]"), json!({"number": 4111}), true),
            (json!("x [redacted]"), json!(4111), false),
            (
                json!({"pin": "[redacted]", "to": 1}),
                json!({"pin": 12, "to": 1.0}),
                true,
            ),
            (json!(["[redacted]"]), json!(["a", "b"]), false),
        ];
        for (recorded, now, same) in table {
            assert_eq!(
                compare(&recorded, &now, &redactor).is_empty(),
                same,
                "{recorded} {now}"
            );
        }
    }

    #[test]
    fn both_sides_are_redacted_by_the_rules_of_today() {
        let mut redactor = Redactor::new();
        redactor.hide_member("pin");
        let recorded = json!({"pin": "1234", "text": "my pin is 1234"});
        assert_eq!(paths(&recorded, &recorded, &redactor), ["text"]);
        let now = json!({"pin": "9876", "text": "my pin is 9876", "more": 1});
        let found = compare(
            &json!({"pin": "[redacted-1]", "text": "my pin is [redacted-1]"}),
            &now,
            &redactor,
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].path, "more");
        let shown = format!("{:?}", compare(&json!({}), &now, &redactor));
        assert!(!shown.contains("9876"), "{shown}");
    }

    fn recording(texts: &[&[&str]]) -> Recording<Written> {
        let interaction = |text: &&str| Interaction {
            method: "/p.S/M".to_owned(),
            metadata: Map::new(),
            request: Some(json!({ "text": text })),
            answers: Vec::new(),
            stream: None,
            failure: None,
        };
        let session = |texts: &&[&str]| RecordedSession {
            attempt: 1,
            session: 1,
            clock: chrono::DateTime::default(),
            interactions: texts.iter().map(interaction).collect(),
        };
        let recording = Recording {
            format: FORMAT.to_owned(),
            suite: "a".to_owned(),
            conversation: "b".to_owned(),
            sessions: texts.iter().map(session).collect(),
        };
        Recording::parse(&recording.to_text().unwrap()).unwrap()
    }

    #[test]
    fn the_nearest_is_the_one_that_is_most_alike() {
        let recording = recording(&[
            &["hello", "two tickets to Lyon please", "bye"],
            &["hello", "thanks"],
        ]);
        let due = Place {
            session: 0,
            interaction: 0,
        };
        for (text, session, interaction, count) in [
            ("hello there", 0, 0, 1),
            ("hello", 0, 0, 0),
            ("three tickets to Lyon please", 0, 1, 1),
            ("thanks", 1, 1, 0),
        ] {
            let now = described("/p.S/M", &Map::new(), None, &json!({ "text": text }));
            let nearest = nearest(&recording, due, &now, &Redactor::new()).unwrap();
            assert_eq!(nearest.place, Place { session, interaction }, "{text}");
            assert_eq!(nearest.differences.len(), count, "{text}");
        }
        assert!(nearest(&super::tests::recording(&[]), due, &json!({}), &Redactor::new()).is_none());
    }

    #[test]
    fn metadata_is_taken_apart() {
        let headers = [
            ("x-clock", "2026-03-02T10:00:00Z".to_owned()),
            ("x-answer", r#"{"pin":"1","of":"s-1"}"#.to_owned()),
        ];
        assert_eq!(
            Value::Object(metadata(&headers, "s-1")),
            json!({"x-clock": "2026-03-02T10:00:00Z", "x-answer": {"pin": "1", "of": "[session]"}})
        );
    }
}
