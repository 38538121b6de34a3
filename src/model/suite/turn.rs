//! A turn: what the user does, how it is sent, and what is remembered of the answer.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::{Attachment, AudioInput, Expectation, Feedback, HistoryMessage, Location, Name, Stubs};
use crate::model::Map;
use crate::model::transcript::Sentiment;

/// One turn: what the user does, and what is expected of the answer.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Where the turn stands (in a step's file for a step's turn).
    pub location: Location,
    /// Where the step was used, for a step's turn.
    pub used_at: Option<Location>,
    /// What the user does.
    pub input: Input,
    /// Options of this turn, already merged over the conversation's; turns without own ones share those.
    pub with: Arc<With>,
    /// The RPC, when it matters; otherwise the target decides.
    pub via: Option<Via>,
    /// Conditions on the previous reply; when one does not hold the turn is skipped.
    pub when: Vec<Expectation>,
    /// Answers for this turn's client-side tool calls; they come before the conversation's.
    pub answers: Option<Stubs>,
    /// What to remember from the reply.
    pub capture: Vec<Capture>,
    /// What the user thinks of the answer, told to the service when it has come (CX).
    pub feedback: Option<Feedback>,
    /// What the reply must be like; holds `every_turn` too.
    pub expect: Vec<Expectation>,
    /// What later turns are told of this one, where that is not what it says and expects ([`RunMethod::Stable`](super::RunMethod::Stable)).
    pub history: Option<Vec<HistoryMessage>>,
    /// `then: restart`: the conversation goes on in a new session after this turn.
    pub restart: bool,
    /// Whether there may be templates in it that are filled in when it is played; otherwise it is played as it stands.
    pub has_templates: bool,
}

impl Turn {
    /// A turn of which nothing is asked but what the user does.
    pub fn new(location: Location, input: Input) -> Self {
        Self {
            location,
            used_at: None,
            input,
            with: Arc::default(),
            via: None,
            when: Vec::new(),
            answers: None,
            capture: Vec::new(),
            feedback: None,
            expect: Vec::new(),
            history: None,
            restart: false,
            has_templates: true,
        }
    }
}

/// What the user does in a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Says a text.
    Say(String),
    /// Sends a named event.
    Event(String),
    /// Triggers an intent directly (CX).
    Intent(Name),
    /// Presses keys.
    Dtmf {
        /// The keys pressed, such as `12#`.
        digits: String,
        /// The key that ends the input, if any.
        finish: Option<String>,
    },
    /// Stays silent.
    Silence,
    /// Stays silent for a while, where silence can be heard.
    SilentAudio(Duration),
    /// Plays a recording.
    Audio(AudioInput),
    /// Hands over files, and may say something with them (CES).
    Attached {
        /// What is said.
        say: Option<String>,
        /// The files, at least one, in their order.
        files: Vec<Attachment>,
    },
    /// Sets variables without saying anything (CES).
    Variables(Map),
}

/// Version of the Dialogflow CX API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ApiVersion {
    /// `v3`.
    #[default]
    V3,
    /// `v3beta1`.
    V3Beta1,
}

impl ApiVersion {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::V3 => "v3",
            Self::V3Beta1 => "v3beta1",
        }
    }
}

/// The RPC that carries a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// CX `DetectIntent`.
    Detect,
    /// CX `ServerStreamingDetectIntent`.
    ServerStream,
    /// CX `MatchIntent`: changes no session state.
    Match,
    /// CX `MatchIntent`, then `FulfillIntent` with its best match.
    MatchThenFulfill,
    /// CES `RunSession`.
    Run,
    /// CES `StreamRunSession`, CX `StreamingDetectIntent`.
    Stream,
    /// CES `BidiRunSession`.
    Bidi,
}

/// What goes along with a turn. Which service knows which key: `model::capability`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct With {
    /// CX: session parameters merged in before the turn; null deletes.
    pub parameters: Map,
    /// CES: session variables sent before the turn's input.
    pub variables: Map,
    /// CX: language code of the turn.
    pub language: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// CX: payload handed to webhooks.
    pub payload: Option<Map>,
    /// CX: switches webhook calls off.
    pub disable_webhook: Option<bool>,
    /// CX: headers added to webhook calls.
    pub webhook_headers: Vec<(String, String)>,
    /// CX: only messages of this channel.
    pub channel: Option<String>,
    /// CX: entity types of this session.
    pub session_entity_types: Vec<SessionEntityType>,
    /// CX: asks for sentiment analysis.
    pub sentiment: Option<bool>,
    /// CX: asks for what data stores found, cited and judged.
    pub data_store_signals: Option<bool>,
    /// CX: how long the session is kept.
    pub session_ttl: Option<Duration>,
    /// CX: flow versions to use, by resource name or `flow/version` ids.
    pub flow_versions: Vec<String>,
    /// CES: deployment id.
    pub deployment: Option<String>,
    /// CES: agent that answers first.
    pub entry_agent: Option<Name>,
    /// CES: tools with a configured fake use it.
    pub use_tool_fakes: Option<bool>,
    /// CES: texts come in pieces, as soon as there are any.
    pub text_streaming: Option<bool>,
    /// CES: query parameters for a remote Dialogflow agent: `webhook_headers`, `payload`, `end_user_metadata`.
    pub remote_dialogflow: Option<Map>,
    /// Pins what an emulator does; other targets ignore it.
    pub emulator: EmulatorOverride,
}

/// Overrides one turn of an emulator; sent as `x-turnproof-*` metadata, to emulator targets only.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmulatorOverride {
    /// The time at which the turn happens.
    pub clock: Option<DateTime<FixedOffset>>,
    /// What the NLU answers: `Some(None)` means that no intent matches.
    pub matched: Option<Option<String>>,
    /// The answer to every webhook call of the turn.
    pub webhook: Option<Map>,
    /// What the user's words sound like.
    pub sentiment: Option<Sentiment>,
}

/// An entity type that only this session knows (CX).
#[derive(Debug, Clone, PartialEq)]
pub struct SessionEntityType {
    /// Which entity type it changes.
    pub entity_type: Name,
    /// True: added to the agent's entries. False: instead of them.
    pub supplement: bool,
    /// Each entry's value and its synonyms.
    pub entities: Vec<(String, Vec<String>)>,
}

/// Something to remember from a reply, for later templates.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The name it is bound to.
    pub name: String,
    /// Where it stands.
    pub line: u32,
    /// Where it comes from: a path such as `parameters.booking_ref`, `reply`, `replies[0]`, `page`, `intent`.
    pub from: String,
    /// A regular expression over the text found there; its first group (or the whole match) is kept.
    pub matches: Option<String>,
}
