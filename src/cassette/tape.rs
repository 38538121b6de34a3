//! What was said in a conversation, kept as it came over the wire while it goes on: recording must not cost a turn its
//! time. Only when the conversation is over it becomes a [`Recording`], and only then it is redacted.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prost::bytes::Bytes;
use serde_json::Value;

use super::blobs;
use super::compare::{metadata, replaced};
use super::format::{
    Answer, Event, FORMAT, Failure, Interaction, RecordedSession, Recording, SESSION, millis,
};
use super::hide::Hiding;
use crate::backend::error::BackendErrorKind;
use crate::backend::transport::{Call, Part};
use crate::backend::{Take, Title, TurnError};
use crate::model::outcome::Sent;
use crate::proto::json::bytes_to_json_with;
use crate::proto::json::read::messages_of;
use crate::redact::Redactor;

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

/// Something that was said on a stream.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) what: What,
    /// Nobody waited for it.
    pub(super) unasked: bool,
}

/// What was said.
#[derive(Debug)]
pub(super) enum What {
    Sent(Bytes),
    Heard(Part),
    Ended(Duration),
    Failed(Failed),
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
        if let Some(Taped {
            exchange: Exchange::Stream { events, .. },
            ..
        }) = self.calls().get_mut(place)
        {
            events.extend(said);
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
        let sent = |bytes: &Bytes| {
            let json = bytes_to_json_with(&input, bytes, &mut blobs::sent);
            replaced(json, &self.id, SESSION)
        };
        let mut heard = |part: &Part| {
            let mut blob = |bytes: &[u8]| blobs::heard(bytes, files);
            let json = bytes_to_json_with(&output, &part.bytes, &mut blob);
            replaced(json, &self.id, SESSION)
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
                interaction.request = Some(sent(request));
                match outcome {
                    Some(Ok(parts)) => {
                        let answer = |part: &Part| Answer {
                            at_ms: millis(part.at),
                            message: heard(part),
                        };
                        interaction.answers = parts.iter().map(answer).collect();
                    }
                    Some(Err(failed)) => interaction.failure = Some(self.failure(failed)),
                    None => interaction.failure = Some(given_up()),
                }
            }
            Exchange::Stream { events, failure } => {
                let event = |said: &Said| {
                    let mut event = Event {
                        unasked: said.unasked,
                        ..Event::default()
                    };
                    match &said.what {
                        What::Sent(bytes) => event.sent = Some(sent(bytes)),
                        What::Heard(part) => {
                            event.at_ms = Some(millis(part.at));
                            event.heard = Some(heard(part));
                        }
                        What::Ended(at) => {
                            event.at_ms = Some(millis(*at));
                            event.ended = true;
                        }
                        What::Failed(failed) => event.failure = Some(self.failure(failed)),
                    }
                    event
                };
                interaction.stream = Some(events.iter().map(event).collect());
                interaction.failure = failure.as_ref().map(|failed| self.failure(failed));
            }
        }
        interaction
    }

    fn failure(&self, failed: &Failed) -> Failure {
        let TurnError { error, sent } = &failed.error;
        Failure {
            at_ms: millis(failed.at),
            kind: error.kind.into(),
            code: error.code.map(str::to_owned),
            message: error.message.replace(&self.id, SESSION),
            hint: error.hint.clone(),
            sent: *sent,
        }
    }
}

impl Said {
    pub(super) fn sent(message: Bytes) -> Self {
        Self {
            what: What::Sent(message),
            unasked: false,
        }
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
        let wider = redactor.learning(values(&recording, redactor));
        hide(&mut recording, wider.as_ref().unwrap_or(redactor));
    }
    Developed { recording, files }
}

fn interactions(recording: &Recording) -> impl Iterator<Item = &Interaction> {
    recording
        .sessions
        .iter()
        .flat_map(|session| &session.interactions)
}

/// Every value of a recording; with `true`, those that are hidden by their name.
fn values<'r>(recording: &'r Recording, redactor: &'r Redactor) -> impl Iterator<Item = (&'r Value, bool)> {
    interactions(recording).flat_map(move |interaction| {
        let metadata = interaction
            .metadata
            .iter()
            .map(move |(name, value)| (value, redactor.hides_member(name)));
        let answers = interaction.answers.iter().map(|answer| &answer.message);
        let events = interaction.stream.iter().flatten();
        let said = events.flat_map(|event| event.sent.iter().chain(&event.heard));
        let messages = interaction.request.iter().chain(answers).chain(said);
        metadata.chain(messages.map(|message| (message, false)))
    })
}

fn hide(recording: &mut Recording, redactor: &Redactor) {
    let mut hiding = Hiding::new(redactor);
    let interactions = recording
        .sessions
        .iter_mut()
        .flat_map(|session| &mut session.interactions);
    for interaction in interactions {
        hiding.members(&mut interaction.metadata);
        let answers = interaction.answers.iter_mut().map(|answer| &mut answer.message);
        for message in interaction.request.iter_mut().chain(answers) {
            hiding.value(message);
        }
        for event in interaction.stream.iter_mut().flatten() {
            for message in event.sent.iter_mut().chain(&mut event.heard) {
                hiding.value(message);
            }
            hide_failure(event.failure.as_mut(), &mut hiding);
        }
        hide_failure(interaction.failure.as_mut(), &mut hiding);
    }
}

fn hide_failure(failure: Option<&mut Failure>, hiding: &mut Hiding<'_>) {
    if let Some(failure) = failure {
        hiding.text(&mut failure.message);
        failure.hint.iter_mut().for_each(|hint| hiding.text(hint));
    }
}
