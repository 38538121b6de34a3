//! The file: `turnproof-cassette/1`, JSON that is written to be reviewed. Its members are a public interface.
//!
//! Messages are in protobuf's JSON form. Where the session's id stood there is [`SESSION`], where something was hidden
//! the placeholder of all reports, and instead of long bytes the name of the file that has them.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use memchr::memchr;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::pretty::pretty;
use crate::backend::error::BackendErrorKind;
use crate::model::outcome::Sent;

/// What a cassette of this version says it is.
pub(super) const FORMAT: &str = "turnproof-cassette/1";
/// Stands for the session's id, which is another one each time.
pub(super) const SESSION: &str = "[session]";

/// Everything that was said in a conversation. `M` is how messages are kept: as values where they are written, as their
/// texts where they are played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recording<M = Value> {
    /// [`FORMAT`].
    pub(super) format: String,
    /// Path of the suite file from the root, without extension.
    pub(super) suite: String,
    /// The conversation's name.
    pub(super) conversation: String,
    /// Its sessions in the order of playing.
    pub(super) sessions: Vec<RecordedSession<M>>,
}

/// What was said in one session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordedSession<M = Value> {
    /// Which attempt of the conversation, from 1.
    pub(super) attempt: u32,
    /// Which session of the attempt, from 1.
    pub(super) session: u32,
    /// The conversation's time.
    pub(super) clock: DateTime<FixedOffset>,
    /// The calls in order.
    pub(super) interactions: Vec<Interaction<M>>,
}

/// One call: a request and its answers, or a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "M: Deserialize<'de>"))]
pub(super) struct Interaction<M = Value> {
    /// Path of the method: `/package.Service/Method`.
    pub(super) method: String,
    /// What went along as metadata, but for what every call has. JSON in a value is taken apart.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) metadata: Map<String, Value>,
    /// The message sent; not on a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<M>,
    /// The messages that came back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) answers: Vec<Answer<M>>,
    /// What was said on a stream, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stream: Option<Vec<Event<M>>>,
    /// Why the call failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure>,
}

/// What was said in a call, for those who change it.
pub(super) struct Messages<'i> {
    pub(super) metadata: &'i mut Map<String, Value>,
    pub(super) sent: Vec<&'i mut Value>,
    pub(super) heard: Vec<&'i mut Value>,
}

impl Interaction {
    /// All of its messages, in order.
    pub(super) fn messages(&mut self) -> Messages<'_> {
        let mut sent: Vec<_> = self.request.iter_mut().collect();
        let mut heard: Vec<_> = self
            .answers
            .iter_mut()
            .map(|answer| &mut answer.message)
            .collect();
        for event in self.stream.iter_mut().flatten() {
            sent.extend(&mut event.sent);
            heard.extend(&mut event.heard);
        }
        Messages {
            metadata: &mut self.metadata,
            sent,
            heard,
        }
    }
}

/// A message that came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer<M = Value> {
    /// Milliseconds since the request was sent.
    pub(super) at_ms: f64,
    /// The message.
    pub(super) message: M,
}

/// Something that was said on a stream: one of `sent`, `heard`, `ended` and `failure`. With `sound` it is several
/// messages, alike but for the sound in them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "M: Deserialize<'de>"))]
pub(super) struct Event<M = Value> {
    /// Milliseconds since messages were last sent, or the user was done speaking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at_ms: Option<f64>,
    /// It came while the user spoke: milliseconds count from when they began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) speaking: bool,
    /// It came between turns, when nobody waited for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unasked: bool,
    /// A message to the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sent: Option<M>,
    /// A message from the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) heard: Option<M>,
    /// The sound in such messages, of which the message tells the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sound: Option<Sound>,
    /// The service closed the stream.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) ended: bool,
    /// The stream broke, or the service ended it with an error; a message could not be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure>,
}

/// Sound that comes in pieces, each in a message of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sound {
    /// The recording that was sent, as the suite named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    /// All of it, in bytes.
    pub(super) bytes: usize,
    /// The messages.
    pub(super) pieces: usize,
    /// The sound of each message but the last, which may have less, in bytes; of what was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) each: Option<usize>,
    /// When the last message came; they came evenly. Of what was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_at_ms: Option<f64>,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failure {
    /// Milliseconds since the request was sent.
    #[serde(default)]
    pub(super) at_ms: f64,
    /// What kind of failure it is, in the words of `run.json`.
    pub(super) kind: Kind,
    /// The service's status code by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    /// What happened.
    pub(super) message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
    /// Whether the service may have applied the turn.
    pub(super) sent: Sent,
}

/// A message as it stands in the file. Most are asked for once and never looked at.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Written(Box<RawValue>);

impl Written {
    /// Its text.
    pub(super) fn text(&self) -> &str {
        self.0.get()
    }

    /// What it says; null where it is nested deeper than anybody reads.
    pub(super) fn value(&self) -> Value {
        serde_json::from_str(self.text()).unwrap_or_default()
    }
}

/// [`BackendErrorKind`] in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Connect,
    Auth,
    Quota,
    Timeout,
    Service,
    Request,
    Protocol,
    Cassette,
}

/// Why a text is no recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Damage {
    /// It is one of another version.
    Version(String),
    /// It cannot be read, and where: line and column from 1.
    Malformed(String, usize, usize),
}

impl Recording {
    /// The file's text.
    ///
    /// # Errors
    /// Never in practice: all parts have a form in JSON.
    pub(super) fn to_text(&self) -> serde_json::Result<String> {
        Ok(pretty(&serde_json::to_value(self)?))
    }
}

impl<M: DeserializeOwned> Recording<M> {
    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is none, or one of another version.
    pub(super) fn parse(text: &str) -> Result<Self, Damage> {
        // Half of a file is indentation, and messages are looked at twice. Where something is wrong is told by the file
        // as it is.
        Self::parse_as_it_is(&unindented(text)).or_else(|_| Self::parse_as_it_is(text))
    }

    fn parse_as_it_is(text: &str) -> Result<Self, Damage> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        match serde_json::from_str::<Self>(text) {
            Ok(recording) if recording.format == FORMAT => Ok(recording),
            Ok(other) => Err(Damage::Version(other.format)),
            // Another version may well have other members: that is told first.
            Err(error) => Err(match serde_json::from_str::<Head>(text) {
                Ok(head) if head.format != FORMAT => Damage::Version(head.format),
                _ => malformed(&error),
            }),
        }
    }
}

/// The text without the blanks that its lines begin with. There are none in texts of JSON: lines do not end in them.
fn unindented(text: &str) -> String {
    /// Most levels are deep.
    const BLANKS: &str = "        ";
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        while let Some(less) = rest.strip_prefix(BLANKS) {
            rest = less;
        }
        rest = rest.trim_start_matches(' ');
        let Some(end) = memchr(b'\n', rest.as_bytes()) else {
            plain.push_str(rest);
            return plain;
        };
        let (line, after) = rest.split_at(end + 1);
        plain.push_str(line);
        rest = after;
    }
}

fn malformed(error: &serde_json::Error) -> Damage {
    let message = error.to_string();
    // The place is told in front of the message, as everywhere.
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
    Damage::Malformed(message, error.line(), error.column())
}

/// A duration as files have it: in milliseconds, to the microsecond.
pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

/// The duration; a number that is none counts as no time at all, and nothing takes longer than a day.
pub(super) fn duration(millis: f64) -> Duration {
    const DAY: Duration = Duration::from_hours(24);
    Duration::try_from_secs_f64(millis / 1_000.0)
        .unwrap_or_default()
        .min(DAY)
}

impl From<BackendErrorKind> for Kind {
    fn from(kind: BackendErrorKind) -> Self {
        match kind {
            BackendErrorKind::Connect => Self::Connect,
            BackendErrorKind::Auth => Self::Auth,
            BackendErrorKind::Quota => Self::Quota,
            BackendErrorKind::Timeout => Self::Timeout,
            BackendErrorKind::Service => Self::Service,
            BackendErrorKind::Request => Self::Request,
            BackendErrorKind::Protocol => Self::Protocol,
            BackendErrorKind::Cassette => Self::Cassette,
        }
    }
}

impl From<Kind> for BackendErrorKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Connect => Self::Connect,
            Kind::Auth => Self::Auth,
            Kind::Quota => Self::Quota,
            Kind::Timeout => Self::Timeout,
            Kind::Service => Self::Service,
            Kind::Request => Self::Request,
            Kind::Protocol => Self::Protocol,
            Kind::Cassette => Self::Cassette,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn example() -> Value {
        json!({
            "format": FORMAT,
            "suite": "a",
            "conversation": "b",
            "sessions": [{
                "attempt": 1,
                "session": 1,
                "clock": "2026-03-02T10:00:00+01:00",
                "interactions": [
                    {
                        "method": "/p.S/M",
                        "metadata": {"x": {"y": 1}},
                        "request": {},
                        "answers": [{"at_ms": 1.234, "message": {"text": "hello"}}],
                    },
                    {
                        "method": "/p.S/M",
                        "request": {},
                        "failure": {"at_ms": 2.0, "kind": "quota", "code": "RESOURCE_EXHAUSTED", "message": "no", "sent": "yes"},
                    },
                    {"method": "/p.S/Bidi", "stream": [{"sent": {}}, {"at_ms": 1.0, "heard": {}}, {"at_ms": 2.0, "ended": true}]},
                ],
            }],
        })
    }

    #[test]
    fn it_reads_what_it_writes() {
        let recording = Recording::<Value>::parse(&example().to_string()).unwrap();
        let text = recording.to_text().unwrap();
        assert_eq!(Recording::<Value>::parse(&text).unwrap(), recording);
        let as_texts = Recording::<Written>::parse(&text).unwrap();
        let first = &as_texts.sessions[0].interactions[0];
        assert_eq!(first.answers[0].message.value(), json!({"text": "hello"}));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), example());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let text = example().to_string();
        let newer = text.replace("cassette/1", "cassette/2");
        assert_eq!(
            Recording::<Value>::parse(&newer),
            Err(Damage::Version("turnproof-cassette/2".to_owned()))
        );
        let newer_still = newer.replace("\"suite\"", "\"where\"");
        assert_eq!(
            Recording::<Value>::parse(&newer_still),
            Err(Damage::Version("turnproof-cassette/2".to_owned()))
        );
        for damaged in [
            &text[..text.len() / 2],
            &text.replace("\"answers\"", "\"anwsers\""),
            &text.replace("quota", "quiet"),
            "",
            "[]",
        ] {
            let damage = Recording::<Value>::parse(damaged).unwrap_err();
            assert!(
                matches!(&damage, Damage::Malformed(message, ..) if !message.contains(" line ")),
                "{damage:?}"
            );
        }
    }

    #[test]
    fn times_survive_and_nonsense_is_no_time() {
        let taken = Duration::from_micros(1_234_567);
        assert_eq!(duration(millis(taken)), taken);
        for odd in [-1.0, f64::NAN] {
            assert_eq!(duration(odd), Duration::ZERO);
        }
        assert_eq!(duration(1e300), Duration::ZERO);
        assert_eq!(duration(1e12), Duration::from_hours(24));
    }

    proptest! {
        #[test]
        fn without_its_indentation_a_text_says_the_same(text in "( |\n|[\\[\\]{}:,\"a1\\\\]){0,30}", value in "\\PC{0,20}") {
            let read = |text: &str| serde_json::from_str::<Value>(text).ok();
            prop_assert_eq!(read(&unindented(&text)), read(&text));
            let pretty = serde_json::to_string_pretty(&json!([{ "a": value, "b": [[value]] }])).unwrap();
            prop_assert_eq!(read(&unindented(&pretty)), read(&pretty));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            prop_assert!(Recording::<Value>::parse(&text).is_err());
            prop_assert!(Recording::<Written>::parse(&text).is_err());
        }
    }
}
