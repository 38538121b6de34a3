//! What a session remembers between requests.

use std::collections::VecDeque;

use crate::model::Map;
use crate::model::suite::AttachmentKind;

use super::app::{App, Steps};
use super::trace::Trace;

/// A conversation between requests.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// Index of the agent that answers.
    pub(super) agent: usize,
    pub(super) variables: Map,
    /// Turns begun.
    pub(super) turns: i32,
    pub(super) ended: bool,
    /// A turn that waits for the client's tools.
    pub(super) pending: Option<Box<Pending>>,
}

impl Session {
    /// A new session.
    pub(super) fn new(app: &App) -> Self {
        Self {
            agent: app.root,
            variables: app.variables.clone(),
            turns: 0,
            ended: false,
            pending: None,
        }
    }
}

/// A turn that waits for the client's tools.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// The calls that wait.
    pub(super) calls: Vec<PendingCall>,
    /// The steps that the calls stand in, and which comes next.
    pub(super) rest: (Steps, usize),
    pub(super) state: TurnState,
}

/// A call that waits for the client.
#[derive(Debug, Clone)]
pub(super) struct PendingCall {
    pub(super) id: String,
    /// The tool's index.
    pub(super) tool: usize,
    pub(super) args: Map,
    pub(super) made_at: chrono::DateTime<chrono::Utc>,
}

/// What a turn has come to so far.
#[derive(Debug, Clone)]
pub(super) struct TurnState {
    pub(super) trace: Trace,
    /// Named groups and answers of tools, for templates.
    pub(super) locals: Map,
    /// What is still to be reacted to.
    pub(super) queue: VecDeque<Stimulus>,
    /// What the steps being played have caused: reacted to when they are done, before the rest of the queue.
    pub(super) caused: Vec<Stimulus>,
    /// Tool calls made in the turn.
    pub(super) calls: u32,
    /// Steps and reactions played in the turn.
    pub(super) played: u32,
    /// Texts chosen by chance in the turn.
    pub(super) choices: u64,
    /// Bytes of texts and payloads told in the turn.
    pub(super) told: usize,
}

/// What an agent reacts to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stimulus {
    /// The user said something.
    Text(String),
    /// An event.
    Event(String),
    /// Keys were pressed.
    Dtmf(String),
    /// A file was handed over.
    File {
        /// What it was sent as.
        kind: AttachmentKind,
        mime_type: String,
        /// SHA-256, lower-case hex.
        hash: String,
    },
    /// A tool answered.
    Result {
        /// The tool's index.
        tool: usize,
        /// Its answer.
        answer: Map,
    },
    /// The conversation was handed over.
    Transfer,
}
