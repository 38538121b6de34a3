//! A conversation as an author wrote it, after rows, steps, defaults and static templates were applied.
//!
//! Text in these types may still hold `{{ capture }}` templates, which only the running conversation can fill
//! (`suite::template` does); everything else is final.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::Map;

mod attachment;
mod calls;
mod expectation;
mod feedback;
mod history;
mod sound;
mod stubs;
mod turn;

pub use attachment::{Attachment, AttachmentKind};
pub use calls::{ExpectedCall, ToolCallsCheck};
pub use expectation::{
    Check, Comparison, DateMatcher, Expectation, Matcher, SimilarityAlgorithm, ValueType, VisitedStep,
};
pub use feedback::{Feedback, Rating};
pub use history::{HistoryChunk, HistoryMessage, RunMethod};
pub use sound::{AudioCheck, AudioInput, AudioSettings};
pub use stubs::{EmulatorStubs, StubResponse, StubRule, Stubs};
pub use turn::{ApiVersion, Capture, EmulatorOverride, Input, SessionEntityType, Turn, Via, With};

/// A line of a user's file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// The file, as the user would type it.
    pub file: Arc<Path>,
    /// 1-based.
    pub line: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file.display(), self.line)
    }
}

/// The service an agent speaks. An emulator target speaks the service of the agent it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Dialogflow CX.
    Cx,
    /// Customer Engagement Suite conversational agents.
    Ces,
}

impl Service {
    /// `cx` or `ces`, as written in suites.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cx => "cx",
            Self::Ces => "ces",
        }
    }
}

/// How the user speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// In writing.
    Text,
    /// In recordings.
    Audio,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Text, Self::Audio];

    /// As it is written in suites.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Audio => "audio",
        }
    }
}

/// One conversation, ready to be played.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Path of the suite file from the root, without extension, with `/` between folders.
    pub suite: String,
    /// The conversation's name, with the row's name in it where there are rows.
    pub name: String,
    /// The row's name, for a conversation made from `examples` or `matrix`.
    pub row: Option<String>,
    /// Where the conversation starts in its file.
    pub location: Location,
    /// Tags of suite and conversation.
    pub tags: Vec<String>,
    /// Free text for people.
    pub notes: Option<String>,
    /// The role whose target plays it.
    pub target: String,
    /// The ways in which it is to be played, each for itself; empty where it is played as it is written.
    pub channels: Vec<Channel>,
    /// The way in which this one is played.
    pub channel: Channel,
    /// What it and its twins of other channels are called without their channel.
    pub twin: Option<String>,
    /// Why it is not played at all.
    pub skip: Option<String>,
    /// The targets it is meant for; empty means all.
    pub only_on: Vec<String>,
    /// Where the known problem is described; the conversation is expected to fail.
    pub known_issue: Option<String>,
    /// How its turns stand to sessions.
    pub run_method: RunMethod,
    /// Where the conversation starts in the agent; goes with the first turn of each session only.
    pub start: Start,
    /// Options that go along with every turn (already merged over settings, suite and conversation).
    pub with: Arc<With>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How often the whole conversation is tried again in a new session.
    pub retries: Retries,
    /// How often it is played, and how often it must pass.
    pub repeat: Repeat,
    /// Answers for client-side tool calls, nearest first.
    pub tools: Vec<Stubs>,
    /// What answers in the place of what an emulated agent asks.
    pub stubs: EmulatorStubs,
    /// The time at which the emulator plays it.
    pub clock: Option<DateTime<FixedOffset>>,
    /// Names bound before the first turn: `vars` and row values, for `{{ … }}`.
    pub bindings: Map,
    /// The turns, with steps and `before:` expanded.
    pub turns: Vec<Turn>,
    /// Expectations about the whole conversation.
    pub expect: Vec<Expectation>,
}

/// Where a conversation starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Start {
    /// CX flow.
    pub flow: Option<Name>,
    /// CX page of that flow (of the start flow when no flow is given).
    pub page: Option<Name>,
    /// CX playbook.
    pub playbook: Option<Name>,
    /// CES entry agent.
    pub agent: Option<Name>,
    /// CX session parameters or CES variables sent with the first turn.
    pub parameters: Map,
    /// CES: messages that came before.
    pub history: Vec<HistoryMessage>,
}

/// A thing of the agent, by the name people see or by its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// A display name, to be mapped to an id by the target's export.
    Display(String),
    /// A resource id, sent as it is.
    Id(String),
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Timeouts {
    /// One turn, client-side tool calls included.
    pub turn: Duration,
    /// One attempt of a conversation.
    pub conversation: Duration,
}

/// How often a whole conversation is tried again, in a new session each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Retries {
    /// After an attempt whose outcome is unknown.
    pub errored: u32,
    /// After an attempt that failed.
    pub failed: u32,
}

/// How often a conversation is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Repeat {
    /// Plays, at least 1.
    pub times: u32,
    /// Plays that must pass, between 1 and `times`.
    pub at_least: u32,
}
