//! The result file of a run (`turnproof-run/1`), as far as coverage wants it: which targets were played, and what each
//! reply says of where it went. The file comes from anywhere: conversations are read one at a time, so that memory does
//! not follow its size, and what is no result is refused with its place.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::Map;
use crate::model::event::TargetInfo;
use crate::model::trace::Trace;
use crate::model::transcript::{Match, WebhookStatus};

/// Name and version of the format that is read.
pub const FORMAT: &str = "turnproof-run/1";

/// Largest file read: far more than a night of conversations, and an end for a device that has none.
const LARGEST: u64 = 16 << 30;

/// Why a result file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunFileError {
    /// There is none.
    #[error("there is no such file")]
    Missing,
    /// It is a pipe or a device.
    #[error("it is not an ordinary file")]
    Special,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[source] io::Error),
    /// It is no result of a run.
    #[error("it is no result of a run: {0}")]
    Malformed(#[source] serde_json::Error),
    /// It is something else, or from another time.
    #[error("its format is `{0}`, this version reads `{FORMAT}`")]
    Format(String),
}

/// What is known of a run as a whole.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RunHead {
    /// A UUID.
    pub id: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// The targets that were played.
    pub targets: Vec<TargetInfo>,
}

/// A turn's reply, as far as coverage wants it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// What the input was understood as.
    #[serde(rename = "match")]
    pub matched: Option<Match>,
    /// Session parameters after the turn.
    pub parameters: Option<Map>,
    /// Webhook calls.
    pub webhooks: Vec<WebhookStatus>,
    /// What `MatchIntent` offered: only that there is something matters.
    pub candidates: Vec<IgnoredAny>,
    /// What the turn passed.
    pub trace: Trace,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    run: Option<RunHead>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Conversation {
    target: String,
    attempts: Vec<Attempt>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Attempt {
    turns: Vec<Turn>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Turn {
    reply: Option<Reply>,
}

/// What is known of the run; its conversations are passed over.
///
/// # Errors
/// When the file is not there, or no result of a run.
pub fn head(path: &Path) -> Result<RunHead, RunFileError> {
    let head: Head = serde_json::from_reader(open(path)?).map_err(malformed)?;
    match (head.format.as_deref(), head.run) {
        (Some(FORMAT), Some(run)) => Ok(run),
        (Some(FORMAT), None) => Err(RunFileError::Malformed(serde_json::Error::missing_field("run"))),
        (Some(other), _) => Err(RunFileError::Format(shortened(other))),
        (None, _) => Err(RunFileError::Malformed(serde_json::Error::missing_field(
            "format",
        ))),
    }
}

/// Hands on the replies of all turns, with the name of the target that played them; returns how many conversations had
/// a turn that `take` wanted.
///
/// # Errors
/// As [`head`].
pub fn replies(path: &Path, mut take: impl FnMut(&str, &Reply) -> bool) -> Result<u64, RunFileError> {
    let mut counted = 0;
    let mut conversation = |conversation: Conversation| {
        let turns = conversation.attempts.iter().flat_map(|attempt| &attempt.turns);
        let mut any = false;
        for reply in turns.filter_map(|turn| turn.reply.as_ref()) {
            any |= take(&conversation.target, reply);
        }
        counted += u64::from(any);
    };
    let mut json = serde_json::Deserializer::from_reader(open(path)?);
    json.deserialize_map(Document(&mut conversation))
        .map_err(malformed)?;
    json.end().map_err(malformed)?;
    Ok(counted)
}

fn open(path: &Path) -> Result<impl Read, RunFileError> {
    // A pipe would make its reader wait, and could be read only once.
    if path
        .metadata()
        .is_ok_and(|kind| !kind.is_file() && !kind.is_dir())
    {
        return Err(RunFileError::Special);
    }
    match File::open(path) {
        Ok(file) => Ok(BufReader::with_capacity(64 << 10, file.take(LARGEST))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(RunFileError::Missing),
        Err(error) => Err(RunFileError::Io(error)),
    }
}

fn malformed(error: serde_json::Error) -> RunFileError {
    if error.is_io() {
        RunFileError::Io(error.into())
    } else {
        RunFileError::Malformed(error)
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The document: `conversations` one by one, everything else passed over.
struct Document<'t, F>(&'t mut F);

impl<'de, F: FnMut(Conversation)> Visitor<'de> for Document<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the result of a run")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = members.next_key::<String>()? {
            if key == "conversations" {
                found = true;
                members.next_value_seed(Conversations(&mut *self.0))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        if found {
            Ok(())
        } else {
            Err(A::Error::missing_field("conversations"))
        }
    }
}

struct Conversations<'t, F>(&'t mut F);

impl<'de, F: FnMut(Conversation)> serde::de::DeserializeSeed<'de> for Conversations<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(Conversation)> Visitor<'de> for Conversations<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of conversations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(conversation) = elements.next_element::<Conversation>()? {
            (self.0)(conversation);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn replies_come_one_by_one_with_their_target() {
        let text = r#"{"format": "turnproof-run/1", "later": [1, {"a": null}],
            "conversations": [
              {"target": "a", "attempts": [{"turns": [{"reply": {"trace": {"handlers": ["r1"]}}}, {"reply": null}, {}]}]},
              {"target": "b", "attempts": [{"turns": [{"reply": {"page": "x"}}]}, {"turns": []}]},
              {"target": "c", "verdict": "skipped", "attempts": []}],
            "run": {"id": "1", "started_at": "now", "targets": [{"name": "a", "backend": "cx"}]}}"#;
        let file = file(text);
        let head = head(file.path()).unwrap();
        assert_eq!((head.id.as_str(), head.targets[0].name.as_str()), ("1", "a"));
        let mut seen = Vec::new();
        let counted = replies(file.path(), |target, reply| {
            seen.push((target.to_owned(), reply.trace.handlers.clone()));
            target == "a"
        });
        assert_eq!(counted.unwrap(), 1);
        assert_eq!(
            seen,
            [("a".to_owned(), vec!["r1".to_owned()]), ("b".to_owned(), vec![])]
        );
    }

    #[test]
    fn what_is_no_result_is_refused_with_its_place() {
        let deep = "[".repeat(100_000);
        let passed_over = format!("{{\"format\":\"{FORMAT}\",\"x\":{deep}");
        let kept = format!(
            "{{\"conversations\":[{{\"attempts\":[{{\"turns\":[{{\"reply\":{{\"parameters\":{{\"x\":{deep}"
        );
        for (text, part) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("7", "invalid type: integer `7`"),
            ("{}", "missing field `format`"),
            (
                "{\"format\": \"turnproof-list/1\"}",
                "its format is `turnproof-list/1`",
            ),
            ("{\"format\": \"turnproof-run/1\"}", "missing field `run`"),
            (
                "{\"format\": \"turnproof-run/1\", \"run\": {}",
                "EOF while parsing an object",
            ),
            (
                "{\"format\": \"turnproof-run/1\", \"run\": {\"targets\": 5}}",
                "invalid type: integer `5`, expected a sequence at line 1",
            ),
            (&passed_over, "EOF while parsing a list"),
        ] {
            let error = head(file(text).path()).unwrap_err().to_string();
            assert!(error.contains(part), "{part}\n{error}");
        }
        for (text, part) in [
            (
                "{\"format\": \"turnproof-run/1\", \"run\": {}}",
                "missing field `conversations`",
            ),
            (
                "{\"conversations\": [{\"attempts\": [{\"turns\": [7]}]}]}",
                "invalid type: integer `7`",
            ),
            ("{\"conversations\": []} trailing", "trailing characters"),
            ("{\"conversations\": {}}", "a list of conversations"),
            (&kept, "recursion limit exceeded"),
        ] {
            let error = replies(file(text).path(), |_, _| true).unwrap_err().to_string();
            assert!(error.contains(part), "{part}\n{error}");
        }
        assert!(matches!(
            head(Path::new("/nowhere/run.json")),
            Err(RunFileError::Missing)
        ));
        assert!(matches!(head(Path::new("/")), Err(RunFileError::Io(_))));
    }
}
