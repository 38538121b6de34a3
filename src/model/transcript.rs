//! What an agent answered, in one shape for all services. `backend/*/convert` fills it; expectations and
//! reports read it; no protocol buffer type goes further than that.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::trace::Trace;
use super::{Map, Value};
use crate::audio::Format;

mod evidence;

pub use evidence::{Citation, Sentiment, Span, Suggestion};

/// Something a service may or may not have shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed<T> {
    /// The service gave it.
    Seen(T),
    /// The service could have given it but did not; why, as a lowercase fragment.
    Unseen(Cow<'static, str>),
}

impl<T> Observed<T> {
    /// The value, if the service gave it.
    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(value) => Some(value),
            Self::Unseen(_) => None,
        }
    }
}

impl<T> Default for Observed<T> {
    fn default() -> Self {
        Self::Unseen("the service did not report it".into())
    }
}

/// The whole answer to one turn, client-side tool calls included.
#[derive(Debug, Clone, Default)]
pub struct AgentReply {
    /// The turn's texts, one per message, in order; blank ones are kept.
    pub texts: Vec<String>,
    /// What the input was understood as (CX; CES has no match).
    pub matched: Observed<Match>,
    /// Display name of the page the turn ended on (CX).
    pub page: Observed<String>,
    /// Display name of the flow the turn ended in (CX).
    pub flow: Observed<String>,
    /// Display name of the agent that spoke last (CES).
    pub agent: Observed<String>,
    /// Display name of the playbook that spoke last (CX).
    pub playbook: Observed<String>,
    /// Display names of pages and flows (CX) or agents (CES) passed in this turn, in order, the last one being
    /// where the turn ended.
    pub visited: Observed<Vec<String>>,
    /// CX: all session parameters after the turn. CES: the variables known from the diagnostics so far.
    pub parameters: Observed<Map>,
    /// All tool calls of the turn in order, merged by id.
    pub tool_calls: Observed<Vec<ToolCall>>,
    /// Display names of the agents that transfers went to, in order.
    pub transfers: Observed<Vec<String>>,
    /// The conversation ended with this turn, with this metadata.
    pub ended: Option<Map>,
    /// A hand-off to a person was signalled, with this metadata.
    pub handoff: Option<Map>,
    /// Custom payloads of the turn.
    pub payloads: Vec<Value>,
    /// What `MatchIntent` offered, best first; other calls do not show it.
    pub candidates: Observed<Vec<Match>>,
    /// Webhook calls of the turn, in order (CX).
    pub webhooks: Observed<Vec<WebhookStatus>>,
    /// The sources that the answer refers to.
    pub citations: Observed<Vec<Citation>>,
    /// The searches of the web that go with it (CES).
    pub suggestions: Vec<Suggestion>,
    /// The steps of the service's trace.
    pub spans: Observed<Vec<Span>>,
    /// What the user's words sound like (CX).
    pub sentiment: Observed<Sentiment>,
    /// What the service heard of the user's speech.
    pub transcript: Observed<String>,
    /// What the agent spoke; nothing when it was asked to speak and did not.
    pub audio: Observed<Option<Spoken>>,
    /// Whether the user interrupted the agent in this turn (CES).
    pub interrupted: bool,
    /// What the turn passed, by id (CX); empty when the service did not say.
    pub trace: Trace,
    /// Client-side tool calls that wait for an answer before the turn can go on.
    pub pending: Vec<ToolCall>,
    /// Time from sending to the first and to the last part of the answer.
    pub latency: Latency,
    /// Things worth telling the author that are no failure: an unanswered webhook of the emulator, say.
    pub notes: Vec<String>,
    /// The responses as canonical proto3 JSON (a list when there were several); only when asked for.
    pub raw: Option<Value>,
}

impl AgentReply {
    /// The tokens that models have read and written for it, as far as its trace counts them.
    pub fn tokens(&self) -> Option<u64> {
        let counted = self.spans.seen()?.iter().filter_map(Span::tokens);
        counted.reduce(u64::saturating_add)
    }
}

/// A spoken answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Spoken {
    /// How it is written down.
    pub format: Format,
    /// The samples, without a header.
    pub bytes: Arc<Vec<u8>>,
}

impl Spoken {
    /// How long it is.
    pub fn duration(&self) -> Duration {
        self.format.time_of(self.bytes.len())
    }
}

impl std::fmt::Debug for Spoken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Spoken({:?} of {})", self.duration(), self.format)
    }
}

/// What an input was understood as.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// Lower case: `intent`, `direct_intent`, `parameter_filling`, `no_match`, `no_input`, `event`, `playbook`,
    /// `knowledge_connector`; `unknown_<n>` for a value newer than this program.
    pub kind: String,
    /// Display name of the intent, if one matched.
    pub intent: Option<String>,
    /// Name of the event, if one was raised.
    pub event: Option<String>,
    /// 0 to 1.
    pub confidence: f64,
    /// What the match extracted.
    #[serde(default)]
    pub parameters: Map,
}

/// Who made a tool call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallSource {
    /// The service asked the client to run it.
    Client,
    /// The service ran it.
    Agent,
    /// A callback or another tool ran it.
    Nested,
}

/// One tool call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The service's id of the call; empty when it gives none.
    #[serde(default)]
    pub id: String,
    /// CES: display name or `toolset/tool`. CX: `tool/action`, or `tool`.
    pub tool: String,
    /// The arguments.
    #[serde(default)]
    pub args: Map,
    /// The answer, if it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
    /// Who made it.
    pub source: CallSource,
    /// Display name of the agent that made it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// How one webhook call of the emulator or service ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookStatus {
    /// Display name, where the service gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// gRPC status code, 0 is good.
    pub code: i32,
    /// The status' message.
    #[serde(default)]
    pub message: String,
}

/// Times of one turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latency {
    /// To the first part of the answer.
    pub first: Duration,
    /// To the whole answer.
    pub total: Duration,
}
