//! What an utterance means on a page: an intent, values for the form, or nothing (nlu 3).
//!
//! Pure and deterministic: no clock, no network, no state between turns besides models trained once. Blank text,
//! events and keys are the state machine's business.

use std::sync::Arc;

use chrono::DateTime;
use chrono_tz::Tz;

use super::entities::{EntityContext, Extracted, Recogniser, SessionEntityType};
use crate::export::agent::Agent;
use crate::model::Value;

/// An utterance and where it was said.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Display name of the current flow.
    pub flow: &'a str,
    /// Display names of the intents that routes in scope name (cx-runtime 14.1); order and repetition mean nothing.
    pub scope: &'a [&'a str],
    /// Language code of the turn.
    pub language: &'a str,
    /// What the user said; not blank.
    pub text: &'a str,
    /// The first required, unfilled form parameter of the page.
    pub active: Option<FormSlot<'a>>,
    /// The other unfilled form parameters of the page, required or not, in the form's order.
    pub others: &'a [FormSlot<'a>],
    /// The moment of the turn in the session's time zone.
    pub now: DateTime<Tz>,
    /// Entity types of the session.
    pub session_entities: &'a [SessionEntityType],
    /// The flow's `classificationThreshold`; 0 or less means the default of 0.3.
    pub threshold: f64,
    /// `Some(Some(intent))`: this intent matches; `Some(None)`: no intent matches, form filling or no-match decides.
    pub forced: Option<Option<&'a str>>,
}

/// A form parameter that could be filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FormSlot<'a> {
    /// Its name as the form spells it.
    pub name: &'a str,
    /// `@sys.…` or `@custom`.
    pub entity_type: &'a str,
    /// Whether it takes a list.
    pub is_list: bool,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq)]
pub struct Understanding {
    /// What is to happen.
    pub decision: Decision,
    /// Intents of the flow that were scored, best first; empty when nothing needed scoring.
    pub alternatives: Vec<Alternative>,
    /// Which rule decided: `exact`, `slot-full`, `slot-part`, `slot-text`, `classifier g=…`, `below-threshold g=…`,
    /// `forced`.
    pub reason: String,
    /// The text after spelling repair; the text as given when nothing was repaired.
    pub resolved_input: String,
}

/// What an utterance does.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// An intent matched.
    Intent {
        /// Its display name.
        name: String,
        /// 0 to 1; an exact training phrase has 1.
        confidence: f64,
        /// Values of the intent's parameters that the utterance holds, by parameter id, in the intent's order.
        parameters: Vec<(String, Extracted)>,
    },
    /// The form is filled; the active parameter is the first.
    Fill {
        /// The filled parameters.
        values: Vec<Filled>,
    },
    /// Nothing matched.
    NoMatch {
        /// Confidence of the best intent in scope; 0 when none was scored.
        best: f64,
    },
}

/// A form parameter and its new value.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// Name as the form spells it.
    pub parameter: String,
    /// The value as the service stores it.
    pub value: Value,
    /// The words it came from.
    pub original: String,
}

/// A scored intent.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// Display name.
    pub intent: String,
    /// Confidence, 0 to 1.
    pub score: f64,
    /// Whether a route in scope names it.
    pub in_scope: bool,
}

/// Understands utterances for one agent. Models are trained when first needed and kept.
#[derive(Debug)]
pub struct Nlu {
    recogniser: Recogniser,
}

impl Nlu {
    /// For this agent; trains nothing yet.
    pub fn new(agent: Arc<Agent>) -> Self {
        Self {
            recogniser: Recogniser::new(agent),
        }
    }

    /// The entity recogniser, for keys and for parameters outside a turn.
    pub fn recogniser(&self) -> &Recogniser {
        &self.recogniser
    }

    /// Decides what the utterance means.
    pub fn understand(&self, question: &Question<'_>) -> Understanding {
        let _ = EntityContext {
            language: question.language,
            now: question.now,
            session_entities: question.session_entities,
        };
        Understanding {
            decision: Decision::NoMatch { best: 0.0 },
            alternatives: Vec::new(),
            reason: String::new(),
            resolved_input: question.text.to_owned(),
        }
    }
}
