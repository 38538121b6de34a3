//! What a service shows of how an answer came about: sources, proposed searches, sentiment, spans of its trace.

use serde::{Deserialize, Serialize};

use super::super::Map;

/// A source that an answer refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Citation {
    /// Where it is.
    pub uri: String,
    /// What it is called.
    pub title: String,
    /// The words that are referred to.
    pub text: String,
    /// Whether whoever shows the answer must name it; Dialogflow CX does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_attribution: Option<bool>,
}

/// A search of the web that goes with an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Suggestion {
    /// What is searched for.
    pub query: String,
    /// Where the results are.
    pub uri: String,
}

/// What the user's words sound like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sentiment {
    /// From -1 (bad) to 1 (good).
    pub score: f64,
    /// How strong, whichever way: 0 or more.
    pub magnitude: f64,
}

/// One step of a service's trace of a turn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// What it is, in lower case with underscores: `turn`, `llm`, `tool`, `callback`, `guardrail`, `playbook`, …
    pub kind: String,
    /// The name of what ran; the service's own name of the span where nothing has one.
    pub name: String,
    /// The agent (CES), playbook or flow (CX) that it belongs to, if the service says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The kinds of the spans that it lies in, the outermost first.
    pub within: Vec<String>,
    /// How long it took, in seconds, if the service says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Whatever else the service says of it, under the service's own names.
    pub attributes: Map,
}

impl Span {
    /// The most spans of a turn that are kept: a trace that goes round in circles is no help to anyone.
    pub const MOST: usize = 2_000;
}
