//! What an input means on the page the session is on (cx-runtime 14): the step between a request and the state
//! machine. Text is judged by [`nlu`](super::nlu); events, keys and silence are judged here.

use chrono::DateTime;
use chrono_tz::Tz;

use super::engine::Engine;
use super::form;
use super::nlu::{Alternative, Decision, Filled, Question};
use super::program::IntentIndex;
use super::request::{Input, PinnedIntent, Request};
use super::session::Session;
use crate::model::{Map, Value};

/// Longest text that is understood (cx-runtime 7.1).
const LONGEST_TEXT: usize = 256;

/// What an input means.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Understood {
    pub(super) meaning: Meaning,
    /// 0 to 1.
    pub(super) confidence: f64,
    /// The text after spelling repair.
    pub(super) resolved_input: String,
    /// Intents that were weighed.
    pub(super) alternatives: Vec<Alternative>,
    /// Which rule decided, for the diagnostics.
    pub(super) reason: String,
}

/// What is to happen.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    /// An intent matched.
    Intent {
        intent: IntentIndex,
        parameters: Vec<IntentValue>,
        /// The client named it.
        is_direct: bool,
    },
    /// Form parameters have got values.
    Fill(Vec<Filled>),
    /// The client sent an event; in lower case.
    Event(String),
    /// Nothing matched.
    NoMatch,
    /// Too long to be understood.
    TooLong,
    /// Nothing was said.
    NoInput,
    /// A playbook speaks, whatever the input: no intent is looked for.
    Playbook,
}

/// A value that the utterance holds for a parameter of the intent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct IntentValue {
    pub(super) id: String,
    pub(super) original: String,
    pub(super) resolved: Value,
}

impl Understood {
    pub(super) fn of(meaning: Meaning, confidence: f64, resolved_input: &str, reason: &str) -> Self {
        Self {
            meaning,
            confidence,
            resolved_input: resolved_input.to_owned(),
            alternatives: Vec::new(),
            reason: reason.to_owned(),
        }
    }

    /// The values this input brought, under the names that are reported.
    pub(super) fn parameters(&self) -> Map {
        match &self.meaning {
            Meaning::Intent { parameters, .. } => parameters
                .iter()
                .map(|value| (value.id.to_lowercase(), value.resolved.clone()))
                .collect(),
            Meaning::Fill(values) => values
                .iter()
                .map(|filled| (filled.parameter.to_lowercase(), filled.value.clone()))
                .collect(),
            _ => Map::new(),
        }
    }
}

impl Engine {
    /// Decides what the input means here.
    pub(super) fn understand(
        &self,
        session: &Session,
        request: &Request,
        language: &str,
        now: DateTime<Tz>,
    ) -> Understood {
        if session.playbook.is_some() {
            let text = match &request.input {
                Input::Text(text) => text.as_str(),
                _ => "",
            };
            return Understood::of(Meaning::Playbook, 1.0, text, "playbook");
        }
        match &request.input {
            Input::Text(text) if text.trim().is_empty() => {
                Understood::of(Meaning::NoInput, 0.0, text, "silence")
            }
            Input::Text(text) if request.pinned_intent.is_none() && text.chars().count() > LONGEST_TEXT => {
                Understood::of(Meaning::TooLong, 0.0, text, "too long")
            }
            Input::Text(text) => {
                self.understand_text(session, request.pinned_intent.as_ref(), text, language, now)
            }
            Input::Event(event) => Understood::of(Meaning::Event(event.clone()), 1.0, "", "event"),
            Input::Intent(name) => match self.program().intents_by_name.get(name) {
                Some(intent) => Understood::of(
                    Meaning::Intent {
                        intent: *intent,
                        parameters: Vec::new(),
                        is_direct: true,
                    },
                    1.0,
                    "",
                    "direct",
                ),
                None => Understood::of(Meaning::NoMatch, 0.0, "", "unknown intent"),
            },
            Input::Dtmf { digits, finish } => self.understand_keys(session, (digits, finish), language, now),
        }
    }

    /// A match that was given holds values, and not the words they came from: those are found again in what was said
    /// (cx-runtime 10.3, 15).
    pub(super) fn with_originals(
        &self,
        mut given: Understood,
        session: &Session,
        request: &Request,
        language: &str,
        now: DateTime<Tz>,
    ) -> Understood {
        let (
            Meaning::Intent {
                intent, parameters, ..
            },
            Input::Text(text),
        ) = (&mut given.meaning, &request.input)
        else {
            return given;
        };
        let name = PinnedIntent::Named(self.program().intents[*intent].name.clone());
        let again = self.understand_text(session, Some(&name), text, language, now);
        let Meaning::Intent {
            parameters: found, ..
        } = again.meaning
        else {
            return given;
        };
        for value in parameters {
            let same = found
                .iter()
                .find(|other| other.id.eq_ignore_ascii_case(&value.id) && other.resolved == value.resolved);
            if let Some(same) = same {
                value.original.clone_from(&same.original);
            }
        }
        given
    }

    fn understand_text(
        &self,
        session: &Session,
        pinned: Option<&PinnedIntent>,
        text: &str,
        language: &str,
        now: DateTime<Tz>,
    ) -> Understood {
        let program = self.program();
        let page = program.page(session.place);
        let flow = program.flow(session.place);
        let scope: Vec<&str> = page
            .scope()
            .map(|intent| program.intents[intent].name.as_str())
            .collect();
        let active = form::active(session, page);
        let others = active.map_or_else(Vec::new, |active| form::others(session, page, active));
        let understanding = self.nlu().understand(&Question {
            flow: &flow.name,
            scope: &scope,
            language,
            text,
            active: active.map(form::slot),
            others: &others,
            now,
            session_entities: &session.entity_types,
            threshold: flow.threshold,
            forced: pinned.map(|pinned| match pinned {
                PinnedIntent::Named(name) => Some(name.as_str()),
                PinnedIntent::Nothing => None,
            }),
        });
        let (meaning, confidence) = match understanding.decision {
            Decision::Intent {
                name,
                confidence,
                parameters,
            } => match program.intents_by_name.get(&name) {
                Some(intent) => {
                    let parameters = parameters
                        .into_iter()
                        .map(|(id, extracted)| IntentValue {
                            id,
                            original: extracted.original,
                            resolved: extracted.value,
                        })
                        .collect();
                    let meaning = Meaning::Intent {
                        intent: *intent,
                        parameters,
                        is_direct: false,
                    };
                    (meaning, confidence)
                }
                None => (Meaning::NoMatch, 0.0),
            },
            Decision::Fill { values } => (Meaning::Fill(values), 1.0),
            Decision::NoMatch { best } => (Meaning::NoMatch, best),
        };
        Understood {
            meaning,
            confidence,
            resolved_input: understanding.resolved_input,
            alternatives: understanding.alternatives,
            reason: understanding.reason,
        }
    }
}
