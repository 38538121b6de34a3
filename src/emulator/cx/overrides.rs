//! What a client pins of one turn, as metadata of the call: `x-turnproof-clock`, `-start`, `-match`, `-webhook`,
//! `-sentiment`.

use std::ops::RangeInclusive;

use chrono::{DateTime, FixedOffset};
use tonic::Status;
use tonic::metadata::MetadataMap;

use super::request::PinnedIntent;
use super::stubs::read_answer;
use super::webhook::WebhookAnswer;
use crate::model::transcript::Sentiment;
use crate::model::{Map, Value};

/// The overrides of one turn.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Overrides {
    /// The time at which the turn happens.
    pub(super) clock: Option<DateTime<FixedOffset>>,
    /// Where the turn starts, by display names.
    pub(super) start: Option<Start>,
    /// What the NLU answers.
    pub(super) matched: Option<PinnedIntent>,
    /// The answer to every webhook call of the turn.
    pub(super) webhook: Option<WebhookAnswer>,
    /// What the user's words sound like.
    pub(super) sentiment: Option<Sentiment>,
}

/// A place by display names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// The start flow when absent.
    pub(super) flow: Option<String>,
    /// The flow's start page when absent.
    pub(super) page: Option<String>,
}

impl Overrides {
    /// Reads the overrides of a call.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for one that is malformed: a pin that is not understood must not be passed over.
    pub(super) fn read(metadata: &MetadataMap) -> Result<Self, Status> {
        let mut overrides = Self::default();
        if let Some(text) = text(metadata, "x-turnproof-clock")? {
            let clock = DateTime::parse_from_rfc3339(text).map_err(|error| {
                malformed(
                    "x-turnproof-clock",
                    &format!("`{text}` is no RFC 3339 time: {error}"),
                )
            })?;
            overrides.clock = Some(clock);
        }
        if let Some(start) = object(metadata, "x-turnproof-start", &["flow", "page"])? {
            overrides.start = Some(Start {
                flow: optional_text(&start, "x-turnproof-start", "flow")?,
                page: optional_text(&start, "x-turnproof-start", "page")?,
            });
        }
        if let Some(matched) = object(metadata, "x-turnproof-match", &["intent"])? {
            if !matched.contains_key("intent") {
                return Err(malformed(
                    "x-turnproof-match",
                    "it lacks `intent`, a name or null",
                ));
            }
            let intent = optional_text(&matched, "x-turnproof-match", "intent")?;
            overrides.matched = Some(intent.map_or(PinnedIntent::Nothing, PinnedIntent::Named));
        }
        if let Some(answer) = object(metadata, "x-turnproof-webhook", &[])? {
            let answer = read_answer(&answer).map_err(|reason| malformed("x-turnproof-webhook", &reason))?;
            overrides.webhook = Some(answer);
        }
        if let Some(pinned) = object(metadata, "x-turnproof-sentiment", &["score", "magnitude"])? {
            overrides.sentiment = Some(Sentiment {
                score: within(&pinned, "score", -1.0..=1.0)?,
                magnitude: within(&pinned, "magnitude", 0.0..=f64::MAX)?,
            });
        }
        Ok(overrides)
    }
}

fn text<'m>(metadata: &'m MetadataMap, key: &str) -> Result<Option<&'m str>, Status> {
    metadata
        .get(key)
        .map(|value| {
            std::str::from_utf8(value.as_encoded_bytes()).map_err(|_| malformed(key, "it is not UTF-8"))
        })
        .transpose()
}

/// A JSON object; with a list of keys, only those may stand in it.
fn object(metadata: &MetadataMap, key: &str, allowed: &[&str]) -> Result<Option<Map>, Status> {
    let Some(text) = text(metadata, key)? else {
        return Ok(None);
    };
    let object: Map = serde_json::from_str(text)
        .map_err(|error| malformed(key, &format!("it is no JSON object: {error}")))?;
    if let Some(unknown) = object
        .keys()
        .find(|name| !allowed.is_empty() && !allowed.contains(&name.as_str()))
    {
        return Err(malformed(
            key,
            &format!("`{unknown}` is none of {}", allowed.join(", ")),
        ));
    }
    Ok(Some(object))
}

fn optional_text(object: &Map, header: &str, key: &str) -> Result<Option<String>, Status> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(malformed(header, &format!("`{key}` must be text"))),
    }
}

fn within(sentiment: &Map, key: &str, range: RangeInclusive<f64>) -> Result<f64, Status> {
    let number = sentiment.get(key).and_then(Value::as_f64);
    number.filter(|number| range.contains(number)).ok_or_else(|| {
        malformed(
            "x-turnproof-sentiment",
            "it holds a `score` from -1 to 1 and a `magnitude` of 0 or more",
        )
    })
}

fn malformed(key: &str, reason: &str) -> Status {
    Status::invalid_argument(format!("the metadata `{key}` cannot be read: {reason}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(key: &'static str, value: &str) -> Result<Overrides, Status> {
        let mut metadata = MetadataMap::new();
        metadata.insert(key, value.parse().unwrap());
        Overrides::read(&metadata)
    }

    #[test]
    fn every_pin_is_read() {
        assert_eq!(
            Overrides::read(&MetadataMap::new()).unwrap(),
            Overrides::default()
        );
        let clock = read("x-turnproof-clock", "2026-03-01T09:00:00+01:00")
            .unwrap()
            .clock
            .unwrap();
        assert_eq!(clock.to_rfc3339(), "2026-03-01T09:00:00+01:00");
        assert_eq!(
            read("x-turnproof-start", r#"{"flow": "Billing"}"#).unwrap().start,
            Some(Start {
                flow: Some("Billing".to_owned()),
                page: None
            })
        );
        assert_eq!(
            read("x-turnproof-match", r#"{"intent": "pay"}"#).unwrap().matched,
            Some(PinnedIntent::Named("pay".to_owned()))
        );
        assert_eq!(
            read("x-turnproof-match", r#"{"intent": null}"#).unwrap().matched,
            Some(PinnedIntent::Nothing)
        );
        let answer = read(
            "x-turnproof-webhook",
            r#"{"parameters": {"a": 1}, "messages": ["hi"]}"#,
        )
        .unwrap()
        .webhook
        .unwrap();
        let sentiment = read("x-turnproof-sentiment", r#"{"score": -0.5, "magnitude": 2}"#);
        let expected = Sentiment {
            score: -0.5,
            magnitude: 2.0,
        };
        assert_eq!(sentiment.unwrap().sentiment, Some(expected));
        assert_eq!(answer.parameters["a"], json!(1));
        assert_eq!(answer.messages, [json!({"text": {"text": ["hi"]}})]);
    }

    #[test]
    fn a_malformed_pin_is_an_invalid_argument() {
        for (key, value) in [
            ("x-turnproof-clock", "yesterday"),
            ("x-turnproof-start", "Billing"),
            ("x-turnproof-start", r#"{"place": "Billing"}"#),
            ("x-turnproof-start", r#"{"flow": 3}"#),
            ("x-turnproof-match", "{}"),
            ("x-turnproof-match", r#"{"intent": 1}"#),
            ("x-turnproof-webhook", r#"{"answer": 1}"#),
            ("x-turnproof-webhook", r#"{"parameters": []}"#),
            ("x-turnproof-webhook", "[]"),
            ("x-turnproof-sentiment", "{}"),
            ("x-turnproof-sentiment", r#"{"score": -2, "magnitude": 1}"#),
            ("x-turnproof-sentiment", r#"{"score": 0.5, "magnitude": -1}"#),
            ("x-turnproof-sentiment", r#"{"mood": "good"}"#),
        ] {
            let status = read(key, value).unwrap_err();
            assert_eq!(status.code(), tonic::Code::InvalidArgument, "{key}: {value}");
            assert!(status.message().contains(key), "{}", status.message());
        }
    }
}
