//! What an utterance means on a page: an intent, values for the form, or nothing (nlu 3).
//!
//! Pure and deterministic: no clock, no network, no state between turns besides models trained once. Blank text,
//! events and keys are the state machine's business.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use chrono::DateTime;
use chrono_tz::Tz;

use self::decide::{Findings, Fit, Rule, Waiting, decide};
use self::model::{Decided, Model};
use self::phrases::{ExactPhrase, Phrases};
use super::entities::{EntityContext, Extracted, Recogniser, SessionEntityType, gather};
use super::words::{Word, words};
use crate::export::agent::Agent;
use crate::model::Value;

mod decide;
mod features;
mod model;
mod phrases;
mod score;
mod spelling;
mod svm;
mod template;

/// How much a better intent out of scope counts against the best one in scope (nlu 4).
const LEAD_WEIGHT: f32 = 0.3;

/// Scored intents that are reported.
const ALTERNATIVES: usize = 10;

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
    agent: Arc<Agent>,
    recogniser: Recogniser,
    phrases: Phrases,
    /// Models by flow and phrase language.
    models: BTreeMap<String, BTreeMap<String, OnceLock<Model>>>,
}

/// Scores of the flow's intents for an utterance.
#[derive(Debug, Default)]
struct Scores {
    /// The best intent in scope, with its score.
    best: Option<(String, f32)>,
    alternatives: Vec<Alternative>,
    resolved_input: Option<String>,
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
        Self {
            recogniser: Recogniser::new(Arc::clone(&agent)),
            models,
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
        if let Some(Some(intent)) = question.forced {
            return self.understood(
                question,
                Rule::Exact,
                "forced",
                Some((intent, 1.0)),
                Scores::default(),
            );
        }
        let waiting = question.active.as_ref().map(|slot| self.waiting(slot, question));
        let exact = if question.forced.is_some() {
            None
        } else {
            self.exact(question)
        };
        let mut findings = Findings {
            exact: exact.is_some(),
            waiting,
            score: None,
            threshold: score::threshold(question.threshold, waiting.is_some()),
        };
        let mut scores = Scores::default();
        if question.forced.is_none() && !findings.exact && needs_score(&findings) {
            scores = self.scores(question);
            findings.score = scores.best.as_ref().map(|(_, score)| *score);
        }
        let rule = decide(&findings);
        let reason = reason(rule, question.forced.is_some(), findings.score);
        let intent = match (rule, exact) {
            (Rule::Exact, Some(exact)) => Some((exact.intent.display_name.clone(), 1.0)),
            (Rule::Classifier, _) => scores
                .best
                .clone()
                .map(|(name, score)| (name, score::confidence(score))),
            _ => None,
        };
        let intent = intent
            .as_ref()
            .map(|(name, confidence)| (name.as_str(), *confidence));
        self.understood(question, rule, &reason, intent, scores)
    }

    fn understood(
        &self,
        question: &Question<'_>,
        rule: Rule,
        reason: &str,
        intent: Option<(&str, f64)>,
        scores: Scores,
    ) -> Understanding {
        let best = scores
            .best
            .as_ref()
            .map_or(0.0, |(_, score)| score::confidence(*score));
        let decision = match (intent, rule) {
            (Some((name, confidence)), _) => Decision::Intent {
                name: name.to_owned(),
                confidence,
                parameters: Vec::new(),
            },
            (None, Rule::SlotFull | Rule::SlotPart | Rule::SlotText) => Decision::Fill {
                values: self.fill(question),
            },
            (None, _) => Decision::NoMatch { best },
        };
        Understanding {
            decision,
            alternatives: scores.alternatives,
            reason: reason.to_owned(),
            resolved_input: scores.resolved_input.unwrap_or_else(|| question.text.to_owned()),
        }
    }

    /// What the utterance holds for the waiting parameter.
    fn waiting(&self, slot: &FormSlot<'_>, question: &Question<'_>) -> Waiting {
        let any = slot.entity_type == "@sys.any";
        let spans = if any {
            Vec::new()
        } else {
            self.recogniser
                .find(slot.entity_type, question.text, &context(question))
        };
        let fits = spans.iter().filter(|span| span.genuine);
        let fit = fits
            .map(|span| if span.full { Fit::Full } else { Fit::Part })
            .max()
            .unwrap_or(Fit::None);
        let plausible = spans.iter().any(|span| !span.genuine);
        Waiting { fit, any, plausible }
    }

    fn exact(&self, question: &Question<'_>) -> Option<ExactPhrase<'_>> {
        let language = self.phrases.language(question.language)?;
        self.phrases.exact(&self.agent, language, question.text, |name| {
            question.scope.contains(&name)
        })
    }

    /// The model of a flow, trained at first use; `None` for an unknown flow or a language without phrases.
    fn model(&self, flow: &str, turn_language: &str) -> Option<&Model> {
        let language = self.phrases.language(turn_language)?;
        let slot = self.models.get(flow)?.get(language)?;
        let flow = self.agent.flows.get(flow)?;
        Some(slot.get_or_init(|| Model::train(&self.agent, flow, language)))
    }

    fn scores(&self, question: &Question<'_>) -> Scores {
        let Some(model) = self.model(question.flow, question.language) else {
            return Scores::default();
        };
        let said = words(question.text);
        let repaired = if std::env::var("SPELL").map(|v| v=="1").unwrap_or(self.agent.settings.enable_spell_correction) {
            spelling::repair(&said, model)
        } else {
            None
        };
        let plain: Vec<&str> = match &repaired {
            Some(repaired) => repaired.iter().map(String::as_str).collect(),
            None => said.iter().map(|word| word.text.as_str()).collect(),
        };
        let values = self.system_values(model, &said, question);
        let sample = model.sample(&plain, &values);
        let decided = model.decide(&sample);
        let in_scope = |name: &str| question.scope.contains(&name);
        let best = decided.iter().find(|one| in_scope(one.intent));
        // An utterance that fits an intent out of scope better fits the one in scope less.
        let lead = decided
            .first()
            .zip(best)
            .map_or(0.0, |(first, best)| first.rank() - best.rank());
        let score = |one: &Decided<'_>| {
            one.score()
                - if in_scope(one.intent) {
                    LEAD_WEIGHT * lead
                } else {
                    0.0
                }
        };
        let alternatives = decided.iter().take(ALTERNATIVES).map(|one| Alternative {
            intent: one.intent.to_owned(),
            score: score::confidence(score(one)),
            in_scope: in_scope(one.intent),
        });
        Scores {
            best: best.map(|one| (one.intent.to_owned(), score(one))),
            alternatives: alternatives.collect(),
            resolved_input: repaired
                .as_ref()
                .map(|repaired| spelling::rewrite(question.text, &said, repaired)),
        }
    }

    /// Values of system types in the utterance, as words of it, for the types that the model's intents use. Values
    /// of its own types the model finds itself.
    fn system_values(
        &self,
        model: &Model,
        said: &[Word],
        question: &Question<'_>,
    ) -> Vec<(Range<usize>, String)> {
        let mut values: Vec<(Range<usize>, String)> = Vec::new();
        for entity_type in model.system_types() {
            for span in self
                .recogniser
                .find(entity_type, question.text, &context(question))
            {
                let start = said.partition_point(|word| word.range.end <= span.range.start);
                let end = said.partition_point(|word| word.range.start < span.range.end);
                if span.genuine && start < end {
                    values.push((start..end, entity_type.to_owned()));
                }
            }
        }
        values.sort_by_key(|(words, _)| (Reverse(words.len()), words.start));
        values
    }

    /// The values that fill the form: the waiting parameter's, then what else the utterance holds.
    fn fill(&self, question: &Question<'_>) -> Vec<Filled> {
        let Some(slot) = &question.active else {
            return Vec::new();
        };
        let mut spans = self
            .recogniser
            .find(slot.entity_type, question.text, &context(question));
        if spans.is_empty() {
            let text = question.text.trim();
            let value = Value::from(text);
            let value = if slot.is_list {
                Value::Array(vec![value])
            } else {
                value
            };
            return vec![Filled {
                parameter: slot.name.to_owned(),
                value,
                original: text.to_owned(),
            }];
        }
        if !slot.is_list {
            spans.truncate(1);
        }
        let Some(extracted) = gather(spans, slot.is_list, question.text) else {
            return Vec::new();
        };
        vec![Filled {
            parameter: slot.name.to_owned(),
            value: extracted.value,
            original: extracted.original,
        }]
    }
}

/// Whether the decision depends on the classifier.
fn needs_score(findings: &Findings) -> bool {
    findings
        .waiting
        .is_none_or(|waiting| waiting.any || waiting.fit == Fit::None)
}

fn context<'a>(question: &Question<'a>) -> EntityContext<'a> {
    EntityContext {
        language: question.language,
        now: question.now,
        session_entities: question.session_entities,
    }
}

fn reason(rule: Rule, forced: bool, score: Option<f32>) -> String {
    let g = score.map(|score| format!(" g={score:.2}")).unwrap_or_default();
    match rule {
        Rule::Exact => "exact".to_owned(),
        Rule::Classifier => format!("classifier{g}"),
        Rule::SlotFull => "slot-full".to_owned(),
        Rule::SlotPart => "slot-part".to_owned(),
        Rule::SlotText => format!("slot-text{g}"),
        Rule::BelowThreshold if forced => "forced".to_owned(),
        Rule::BelowThreshold => format!("below-threshold{g}"),
    }
}
