//! What was said in a conversation, kept as it came over the wire while it goes on: recording must not cost a turn its
//! time. Only when the conversation is over it becomes a [`Recording`], and only then it is redacted.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prost::bytes::Bytes;
use serde_json::Value;

use super::blobs;
use super::compare::metadata;
use super::format::{Answer, FORMAT, Failure, Interaction, Messages, RecordedSession, Recording, millis};
use super::hide::Hiding;
use crate::backend::error::BackendErrorKind;
use crate::backend::transport::{Call, Outgoing, Part};
use crate::backend::{Take, Title, TurnError};
use crate::model::outcome::Sent;
use crate::proto::json::authored::{Authored, authored};
use crate::proto::json::read::messages_of;
use crate::redact::Redactor;

pub(super) use stream::{Said, What};

use develop::Developing;

mod develop;
mod stream;

/// One session.
#[derive(Debug)]
pub(super) struct SessionTape {
    take: Take,
    id: String,
    calls: Mutex<Vec<Taped>>,
}

/// One call.
#[derive(Debug)]
struct Taped {
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    exchange: Exchange,
}

#[derive(Debug)]
enum Exchange {
    /// A request and what came of it; nothing when nobody waited for it any longer.
    Asked {
        request: Bytes,
        outcome: Option<Result<Vec<Part>, Failed>>,
    },
    /// A stream, and why it could not be opened, if it could not.
    Stream {
        events: Vec<Said>,
        failure: Option<Failed>,
    },
}

/// A failure and when it came.
#[derive(Debug, Clone)]
pub(super) struct Failed {
    pub(super) error: TurnError,
    pub(super) at: Duration,
}

/// A conversation's recording and the files that go with it: hash and bytes.
#[derive(Debug)]
pub(super) struct Developed {
    pub(super) recording: Recording,
    pub(super) files: Vec<(String, Vec<u8>)>,
}

impl SessionTape {
    pub(super) fn new(take: Take, id: String) -> Self {
        Self {
            take,
            id,
            calls: Mutex::default(),
        }
    }

    /// Whose it is.
    pub(super) fn title(&self) -> &Title {
        &self.take.conversation
    }

    /// A request leaves; its place.
    pub(super) fn asked(&self, call: &Call, request: Bytes) -> usize {
        self.begin(
            call,
            Exchange::Asked {
                request,
                outcome: None,
            },
        )
    }

    /// What came of the request at a place.
    pub(super) fn answered(&self, place: usize, answered: Result<Vec<Part>, Failed>) {
        if let Some(Taped {
            exchange: Exchange::Asked { outcome, .. },
            ..
        }) = self.calls().get_mut(place)
        {
            *outcome = Some(answered);
        }
    }

    /// A stream is opened; its place.
    pub(super) fn opened(&self, call: &Call, first: &[Bytes]) -> usize {
        let sent = |message: &Bytes| Said::sent(message.clone());
        self.begin(
            call,
            Exchange::Stream {
                events: first.iter().map(sent).collect(),
                failure: None,
            },
        )
    }

    /// The stream at a place did not come about.
    pub(super) fn not_opened(&self, place: usize, failed: Failed) {
        if let Some(Taped {
            exchange: Exchange::Stream { failure, .. },
            ..
        }) = self.calls().get_mut(place)
        {
            *failure = Some(failed);
        }
    }

    /// Something was said on the stream at a place.
    pub(super) fn said(&self, place: usize, said: impl IntoIterator<Item = Said>) {
        self.on_stream(place, |events| events.extend(said));
    }

    /// Something is sent on the stream at a place, in its own time.
    pub(super) fn sends(&self, place: usize, outgoing: &Outgoing) {
        self.on_stream(place, |events| stream::note(events, outgoing));
    }

    fn on_stream(&self, place: usize, happens: impl FnOnce(&mut Vec<Said>)) {
        if let Some(Taped {
            exchange: Exchange::Stream { events, .. },
            ..
        }) = self.calls().get_mut(place)
        {
            happens(events);
        }
    }

    /// Whether the service may have heard anything of it.
    pub(super) fn left(&self) -> bool {
        self.calls().iter().any(|call| match &call.exchange {
            Exchange::Asked {
                outcome: Some(Err(failed)),
                ..
            }
            | Exchange::Stream {
                failure: Some(failed),
                ..
            } => failed.error.sent != Sent::No,
            _ => true,
        })
    }

    fn begin(&self, call: &Call, exchange: Exchange) -> usize {
        let mut calls = self.calls();
        calls.push(Taped {
            path: call.path,
            headers: call.headers.clone(),
            exchange,
        });
        calls.len() - 1
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Taped>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn develop(&self, files: &mut Vec<(String, Vec<u8>)>) -> RecordedSession {
        let interactions = self
            .calls()
            .iter()
            .map(|call| self.interaction(call, files))
            .collect();
        RecordedSession {
            attempt: self.take.attempt,
            session: self.take.session,
            clock: self.take.clock,
            interactions,
        }
    }

    fn interaction(&self, call: &Taped, files: &mut Vec<(String, Vec<u8>)>) -> Interaction {
        let (input, output) = messages_of(call.path).unwrap_or_default();
        let mut developing = Developing {
            id: &self.id,
            input,
            output,
            files,
        };
        let mut interaction = Interaction {
            method: call.path.to_owned(),
            metadata: metadata(&call.headers, &self.id),
            request: None,
            answers: Vec::new(),
            stream: None,
            failure: None,
        };
        match &call.exchange {
            Exchange::Asked { request, outcome } => {
                interaction.request = Some(developing.sent(request));
                match outcome {
                    Some(Ok(parts)) => {
                        let answer = |part: &Part| Answer {
                            at_ms: millis(part.at),
                            message: developing.heard(&part.bytes),
                        };
                        interaction.answers = parts.iter().map(answer).collect();
                    }
                    Some(Err(failed)) => interaction.failure = Some(developing.failure(failed)),
                    None => interaction.failure = Some(given_up()),
                }
            }
            Exchange::Stream { events, failure } => {
                interaction.stream = Some(stream::events(events, &mut developing));
                interaction.failure = failure.as_ref().map(|failed| developing.failure(failed));
            }
        }
        interaction
    }
}

/// What is known of a request that nobody waited for any longer.
fn given_up() -> Failure {
    Failure {
        at_ms: 0.0,
        kind: BackendErrorKind::Timeout.into(),
        code: None,
        message: "no answer as long as one was waited for".to_owned(),
        hint: Some("raise the conversation's `timeouts` and record it again".to_owned()),
        sent: Sent::Unknown,
    }
}

/// The recording of a conversation's sessions, redacted. `title` is redacted already.
pub(super) fn develop(title: Title, tapes: &[impl AsRef<SessionTape>], redactor: &Redactor) -> Developed {
    let mut files = Vec::new();
    let mut sessions: Vec<RecordedSession> = tapes
        .iter()
        .map(|tape| tape.as_ref().develop(&mut files))
        .collect();
    sessions.sort_by_key(|session| (session.attempt, session.session));
    let mut recording = Recording {
        format: FORMAT.to_owned(),
        suite: title.suite,
        conversation: title.name,
        sessions,
    };
    if !redactor.is_empty() {
        // What a hidden member held may stand in any text of the conversation.
        let wider = redactor.learning(written(&mut recording, redactor));
        hide(&mut recording, wider.as_ref().unwrap_or(redactor));
        // What is hidden by its name is not kept beside the cassette, either.
        let mut kept = HashSet::new();
        for interaction in interactions(&mut recording) {
            let Messages { sent, heard, .. } = interaction.messages();
            for message in sent.into_iter().chain(heard) {
                collect_led_to(message, &mut kept);
            }
        }
        files.retain(|(hash, _)| kept.contains(hash.as_str()));
    }
    Developed { recording, files }
}

/// The hashes of the bytes that texts lead to.
fn collect_led_to<'v>(value: &'v Value, found: &mut HashSet<&'v str>) {
    match value {
        Value::String(text) => found.extend(blobs::led_to(text)),
        Value::Array(items) => items.iter().for_each(|item| collect_led_to(item, found)),
        Value::Object(members) => members.values().for_each(|member| collect_led_to(member, found)),
        _ => {}
    }
}

fn interactions(recording: &mut Recording) -> impl Iterator<Item = &mut Interaction> {
    recording
        .sessions
        .iter_mut()
        .flat_map(|session| &mut session.interactions)
}

/// What somebody wrote; with `true`, what is hidden by its name.
fn written<'r>(recording: &'r mut Recording, redactor: &Redactor) -> Vec<(&'r Value, bool)> {
    let mut found: Vec<(&Value, bool)> = Vec::new();
    for interaction in interactions(recording) {
        let (input, output) = messages_of(&interaction.method).unwrap_or_default();
        let Messages {
            metadata,
            sent,
            heard,
        } = interaction.messages();
        let sent = sent.into_iter().flat_map(|message| authored(&input, message));
        let heard = heard.into_iter().flat_map(|message| authored(&output, message));
        for part in sent.chain(heard).chain([Authored::Members(metadata)]) {
            match part {
                Authored::Free(value) => found.push((value, false)),
                Authored::Members(members) => {
                    found.extend(
                        members
                            .iter()
                            .map(|(name, value)| (value, redactor.hides_member(name))),
                    );
                }
                // What diagnostics tell stands elsewhere, too, under the name that its writer gave it.
                Authored::Text(..) | Authored::Bytes(..) | Authored::Diagnostics(_) => {}
            }
        }
    }
    found
}

fn hide(recording: &mut Recording, redactor: &Redactor) {
    let mut hiding = Hiding::new(redactor);
    for interaction in interactions(recording) {
        let (input, output) = messages_of(&interaction.method).unwrap_or_default();
        let Messages {
            metadata,
            sent,
            heard,
        } = interaction.messages();
        hiding.members(metadata);
        let in_pieces = sent.iter().any(|message| are_in_pieces(message));
        hiding.messages((&input, sent), (&output, heard), in_pieces);
        for event in interaction.stream.iter_mut().flatten() {
            if let Some(file) = event.sound.as_mut().and_then(|sound| sound.file.as_mut()) {
                hiding.text(file);
            }
            hide_failure(event.failure.as_mut(), &mut hiding);
        }
        hide_failure(interaction.failure.as_mut(), &mut hiding);
    }
}

/// Whether a request of CES asks for texts in pieces.
fn are_in_pieces(request: &Value) -> bool {
    request.pointer("/config/enableTextStreaming") == Some(&Value::Bool(true))
}

fn hide_failure(failure: Option<&mut Failure>, hiding: &mut Hiding<'_>) {
    if let Some(failure) = failure {
        hiding.text(&mut failure.message);
        failure.hint.iter_mut().for_each(|hint| hiding.text(hint));
    }
}
