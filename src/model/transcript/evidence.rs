//! What a service shows of how an answer came about: sources, proposed searches, sentiment, spans of its trace.

use serde::{Deserialize, Serialize};

use super::super::{Map, Value};

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

    /// The tokens that a model has read and written in it, if it tells. CES names its counts in words (ces-api 2.2), where
    /// numbers may be texts; those of Dialogflow CX are called here as its client calls them.
    pub fn tokens(&self) -> Option<u64> {
        const COUNTS: [&str; 5] = [
            "input token count",
            "output token count",
            "thought token count",
            "input tokens",
            "output tokens",
        ];
        if self.kind != "llm" {
            return None;
        }
        let counts = self.attributes.iter().filter_map(|(name, value)| {
            let name = name.trim().to_ascii_lowercase().replace('_', " ");
            COUNTS.contains(&name.as_str()).then(|| count(value)).flatten()
        });
        counts.reduce(u64::saturating_add)
    }
}

/// A count, which may be written as a text.
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn span(kind: &str, attributes: Value) -> Span {
        let Value::Object(attributes) = attributes else {
            unreachable!("an object")
        };
        Span {
            kind: kind.to_owned(),
            attributes,
            ..Span::default()
        }
    }

    #[test]
    fn tokens_are_those_of_models() {
        let of_ces = json!({"Input Token Count": 700, "output token count": "30", "thought token count": 5, "model": "m"});
        assert_eq!(span("llm", of_ces.clone()).tokens(), Some(735));
        assert_eq!(
            span("turn", of_ces).tokens(),
            None,
            "what is counted once is not counted again"
        );
        assert_eq!(
            span("llm", json!({"input_tokens": 7, "output_tokens": 3})).tokens(),
            Some(10)
        );
        assert_eq!(
            span("llm", json!({"model": "m", "input token count": "many"})).tokens(),
            None
        );
        let endless = json!({"input_tokens": u64::MAX, "output_tokens": 1});
        assert_eq!(span("llm", endless).tokens(), Some(u64::MAX));
    }
}
