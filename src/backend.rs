//! The extension point: what a service must do to be tested.
//!
//! A [`Backend`] opens [`Session`]s; a session plays turns, one after the other, and gives back replies in the
//! model's shape. To add a service, implement the two traits, convert its answers to [`AgentReply`], and build it in
//! `target`. A session never sends a turn twice: retrying is the runner's, in a new session.
//!
//! The live clients stand on one another: [`names`] says what is meant, [`auth`] as whom, [`way`] which way leads there,
//! [`machine_file`] reads what both need, [`transport`] what carrying bytes means. `channel` and [`call`] carry them over gRPC, `rest` and `websocket` as JSON
//! over HTTP. [`cx`] and [`ces`] know the services, [`error`] says what a failure means.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, FixedOffset};

use self::call::Connection;
use self::transport::Transport;
use crate::audio::{Clip, is_silent, sounding};
use crate::model::Value;
use crate::model::endpoint::Protocol;
use crate::model::outcome::Sent;
use crate::model::suite::{AttachmentKind, EmulatorStubs, Feedback, Input, Service, Start, Via, With};
use crate::model::transcript::AgentReply;

pub use error::BackendError;
use error::BackendErrorKind;

pub mod auth;
pub mod call;
pub mod ces;
mod channel;
pub mod cx;
pub mod error;
mod headers;
mod http;
mod json;
pub mod machine_file;
pub mod names;
mod overrides;
mod rest;
pub mod transport;
mod unsent;
pub mod way;
mod websocket;

/// The way to a service in the protocol that its target wants. Must be made within a tokio runtime; nothing is connected
/// yet.
///
/// # Errors
/// When credentials may not go there, or a header cannot be made.
pub fn reach(protocol: Protocol, connection: Connection) -> Result<Arc<dyn Transport>, BackendError> {
    match protocol {
        Protocol::Grpc => call::grpc(connection),
        Protocol::Rest => Ok(Arc::new(rest::Rest::new(connection)?)),
        Protocol::WebSocket => Ok(Arc::new(websocket::WebSocket::new(connection)?)),
    }
}

/// A service that can hold conversations. Shared by all conversations of a target.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Whose expectations and options apply.
    fn service(&self) -> Service;

    /// Starts a conversation. Nothing need be sent before the first turn.
    ///
    /// # Errors
    /// When a name cannot be resolved, or the service cannot be reached.
    async fn open(&self, session: SessionStart) -> Result<Box<dyn Session>, BackendError>;
}

/// One conversation with a service. Dropping it gives up what it holds.
#[async_trait]
pub trait Session: Send {
    /// Plays one turn (or hands in tool results within one) and waits for the whole answer. It is in a box because it
    /// is large, and many of them are on their way at once.
    ///
    /// # Errors
    /// [`TurnError`] says whether the turn may have been applied.
    async fn play(&mut self, turn: TurnRequest) -> Result<Box<AgentReply>, TurnError>;

    /// How long the agent's last answer can still be heard, where it speaks in its time: a user who does not interrupt
    /// waits for its end.
    fn says_for(&self) -> Duration {
        Duration::ZERO
    }

    /// How many requests a turn with this input takes, as far as that is known before it is played: a rate counts
    /// requests.
    fn requests(&self, input: &TurnInput, via: Option<Via>) -> usize {
        let _ = (input, via);
        1
    }

    /// Tells the service what the user thinks of its last answer.
    ///
    /// # Errors
    /// When the service does not know what to do with it, there is no answer yet, or it refuses. The turn itself stays
    /// as it was played.
    async fn rate(&mut self, feedback: &Feedback, timeout: Duration) -> Result<(), TurnError> {
        let _ = (feedback, timeout);
        let message = "answers are rated on Dialogflow CX only";
        Err(TurnError::unsent(BackendError::new(
            BackendErrorKind::Request,
            message,
        )))
    }
}

/// What a new session needs to know.
#[derive(Debug, Clone)]
pub struct SessionStart {
    /// A fresh id that every service accepts: 36 characters, `[a-zA-Z0-9][a-zA-Z0-9-]*`.
    pub session_id: String,
    /// Where the conversation starts; sent with the first turn only.
    pub start: Start,
    /// What answers in the place of what an emulated agent asks; other services ignore it.
    pub stubs: Arc<EmulatorStubs>,
    /// Which session it is, for who keeps what is said in it.
    pub take: Take,
}

/// A session's place in a run. The same suites give the same takes, however many conversations are played at once.
#[derive(Debug, Clone, Default)]
pub struct Take {
    /// The conversation.
    pub conversation: Arc<Title>,
    /// Which of its attempts, counted from 1 over all plays of a `repeat`.
    pub attempt: u32,
    /// Which session of the attempt, from 1: `then: restart` begins another one.
    pub session: u32,
    /// The conversation's time, which stands still while it is played.
    pub clock: DateTime<FixedOffset>,
}

/// What names a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Title {
    /// Path of the suite file from the root, without extension.
    pub suite: String,
    /// The conversation's name.
    pub name: String,
}

/// One request of a turn.
#[derive(Debug, Clone)]
pub struct TurnRequest {
    /// What is sent.
    pub input: TurnInput,
    /// What goes along.
    pub with: Arc<With>,
    /// The RPC; the target's own choice when `None`.
    pub via: Option<Via>,
    /// How long the answer may take.
    pub timeout: Duration,
    /// Whether [`AgentReply::raw`] is wanted.
    pub want_raw: bool,
}

/// What is sent in a turn.
#[derive(Debug, Clone)]
pub enum TurnInput {
    /// What the user does.
    User(Input),
    /// What the user lets be heard.
    Speech(Speech),
    /// What the user hands over, and what is said with it (CES).
    Attached {
        /// What is said.
        say: Option<String>,
        /// The files.
        files: Vec<Handed>,
    },
    /// Answers to the client-side tool calls of the reply before, within the same turn.
    ToolResults(Vec<ToolResult>),
}

/// Sound that is sent, and how.
#[derive(Debug, Clone)]
pub struct Speech {
    /// The sound.
    pub clip: Arc<Clip>,
    /// How many times faster than it was spoken it is sent; above 0.
    pub pace: f64,
    /// The time of each piece.
    pub piece: Duration,
    /// The recording it was made of, if it was.
    pub file: Option<PathBuf>,
    /// That file as the suite names it.
    pub written: Option<String>,
    /// It begins so long after the agent began its last answer, whatever that has still to say (CES).
    pub interrupt_after: Option<Duration>,
}

impl Speech {
    /// Whether there is nothing to be heard in it.
    pub fn is_silent(&self) -> bool {
        is_silent(self.clip.bytes(), self.clip.format().encoding)
    }

    /// The time that sending takes.
    pub fn time(&self) -> Duration {
        self.time_before(self.clip.pieces(self.piece).len())
    }

    /// The time until the last of it that can be heard: answers are waited for from then on. All of it where nothing can
    /// be heard, or nobody looks into it.
    pub fn says_for(&self) -> Duration {
        let (bytes, format) = (self.clip.bytes(), self.clip.format());
        let Some(sound) =
            sounding(bytes, format.encoding).filter(|_| format.encoding.sample_size().is_some())
        else {
            return self.time();
        };
        let seconds = format.time_of(sound.end).as_secs_f64() / self.pace;
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }

    /// The time that goes by before a piece is sent; pieces count from 0.
    pub fn time_before(&self, piece: usize) -> Duration {
        let pieces = u32::try_from(piece).unwrap_or(u32::MAX);
        let seconds = self.piece.saturating_mul(pieces).as_secs_f64() / self.pace;
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }
}

/// A file that is handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct Handed {
    /// What it is sent as.
    pub kind: AttachmentKind,
    /// Its MIME type.
    pub mime_type: String,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for Handed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, size) = (self.kind.name(), self.bytes.len());
        write!(formatter, "Handed({kind}, {}, {size} bytes)", self.mime_type)
    }
}

/// The answer to one client-side tool call.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    /// The call's id.
    pub id: String,
    /// The call's tool, as it was named in the call.
    pub tool: String,
    /// The result object, or what went wrong.
    pub result: Result<Value, String>,
}

/// A turn that was not answered.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct TurnError {
    /// What happened.
    #[source]
    pub error: BackendError,
    /// Whether the service may have applied the turn.
    pub sent: Sent,
}

impl TurnError {
    /// Nothing of the turn has left.
    pub fn unsent(error: BackendError) -> Self {
        let sent = Sent::No;
        Self { error, sent }
    }
}
