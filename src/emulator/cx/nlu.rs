//! What an utterance means on a page: an intent, values for the form, or nothing (nlu 3).
//!
//! Pure and deterministic: no clock, no network, no state between turns besides models trained once. Blank text,
//! events and keys are the state machine's business.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use chrono::DateTime;
use chrono_tz::Tz;

use self::extract::Habits;
use self::model::Model;
use self::phrases::Phrases;
use self::turn::Turn;
use super::entities::{Extracted, Recogniser, SessionEntityType};
use super::long_work::aside;
use crate::export::agent::Agent;
use crate::model::Value;

mod decide;
mod extract;
mod features;
mod model;
mod phrases;
mod postings;
mod score;
mod spelling;
mod svm;
mod template;
mod turn;

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
    /// `negative`, `forced`.
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
    agent: Arc<Agent>,
    recogniser: Recogniser,
    phrases: Phrases,
    habits: Habits,
    /// Models by flow and phrase language.
    models: BTreeMap<String, BTreeMap<String, OnceLock<Model>>>,
}

impl Nlu {
    /// For this agent; trains nothing yet.
    pub fn new(agent: Arc<Agent>) -> Self {
        let phrases = Phrases::new(&agent);
        let languages = || {
            phrases
                .languages()
                .map(|code| (code.to_owned(), OnceLock::new()))
                .collect()
        };
        let models = agent
            .flows
            .keys()
            .map(|flow| (flow.clone(), languages()))
            .collect();
        let recogniser = Recogniser::new(Arc::clone(&agent));
        Self {
            recogniser,
            models,
            habits: Habits::new(&agent),
            phrases,
            agent,
        }
    }

    /// The entity recogniser, for keys and for parameters outside a turn.
    pub fn recogniser(&self) -> &Recogniser {
        &self.recogniser
    }

    /// Decides what the utterance means.
    pub fn understand(&self, question: &Question<'_>) -> Understanding {
        Turn::new(self, question).understand()
    }

    /// The model of a flow, trained at first use; `None` for an unknown flow or a language without phrases.
    fn model(&self, flow: &str, turn_language: &str) -> Option<&Model> {
        let language = self.phrases.language(turn_language)?;
        let slot = self.models.get(flow)?.get(language)?;
        let flow = self.agent.flows.get(flow)?;
        let trained = || slot.get_or_init(|| Model::train(&self.agent, flow, language));
        Some(slot.get().unwrap_or_else(|| aside(trained)))
    }
}

#[cfg(test)]
mod tests;
