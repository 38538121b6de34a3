//! One utterance on its way to a decision: what is found in it, the rule that follows, and what goes along.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use super::decide::{Findings, Fit, Rule, Waiting, decide};
use super::extract::from_phrase;
use super::model::{Decided, Model, best};
use super::phrases::ExactPhrase;
use super::score::Expected;
use super::{Alternative, Decision, Filled, FormSlot, Nlu, Question, Understanding, score, spelling};
use crate::emulator::cx::entities::{EntityContext, Extracted, Span, gather};
use crate::emulator::cx::words::{Word, words};
use crate::model::Value;

/// How much a better intent out of scope counts against the best one in scope (nlu 4).
const LEAD_WEIGHT: f32 = 0.3;
/// Scored intents that are reported.
const ALTERNATIVES: usize = 10;

/// An utterance under consideration.
pub(super) struct Turn<'a> {
    nlu: &'a Nlu,
    question: &'a Question<'a>,
    context: EntityContext<'a>,
}

/// Scores of the flow's intents for the utterance.
#[derive(Debug, Default)]
struct Scores {
    /// The best intent in scope, with its score.
    best: Option<(String, f32)>,
    alternatives: Vec<Alternative>,
    resolved_input: Option<String>,
}

impl<'a> Turn<'a> {
    /// An utterance for one agent.
    pub(super) fn new(nlu: &'a Nlu, question: &'a Question<'a>) -> Self {
        let context = EntityContext {
            language: question.language,
            now: question.now,
            session_entities: question.session_entities,
        };
        Self {
            nlu,
            question,
            context,
        }
    }

    /// Decides.
    pub(super) fn understand(&self) -> Understanding {
        if let Some(Some(intent)) = self.question.forced {
            let decision = self.intent(intent, self.exact_of(intent));
            return self.answer(decision, "forced".to_owned(), Scores::default());
        }
        let forced = self.question.forced.is_some();
        let spans = self.spans();
        let exact = if forced { None } else { self.exact() };
        let mut findings = self.findings(&spans, exact.is_some());
        let decided_already = findings.exact || findings.negative || findings.fit() != Fit::None;
        let scores = if forced || decided_already {
            Scores::default()
        } else {
            self.scores()
        };
        findings.score = scores.best.as_ref().map(|(_, score)| *score);
        let rule = decide(&findings);
        let decision = match (rule, exact, &scores.best) {
            (Rule::Exact, Some(exact), _) => self.intent(&exact.intent.display_name, Some(exact)),
            (Rule::Classifier, _, Some((name, score))) => {
                let text = scores.resolved_input.as_deref().unwrap_or(self.question.text);
                let parameters = self.parameters(name, text).unwrap_or_default();
                Decision::Intent {
                    name: name.clone(),
                    confidence: score::confidence(*score),
                    parameters,
                }
            }
            (Rule::SlotFull | Rule::SlotPart | Rule::SlotText, ..) => Decision::Fill {
                values: self.fill(spans),
            },
            _ => Decision::NoMatch {
                best: findings.score.map_or(0.0, score::confidence),
            },
        };
        let reason = if findings.negative && rule == Rule::BelowThreshold {
            "negative".to_owned()
        } else {
            reason(rule, forced, findings.score)
        };
        self.answer(decision, reason, scores)
    }

    fn answer(&self, decision: Decision, reason: String, scores: Scores) -> Understanding {
        let resolved_input = scores
            .resolved_input
            .unwrap_or_else(|| self.question.text.to_owned());
        Understanding {
            decision,
            alternatives: scores.alternatives,
            reason,
            resolved_input,
        }
    }

    /// Values of the waiting parameter's type in the utterance.
    fn spans(&self) -> Vec<Span> {
        let slot = self.question.active.as_ref();
        slot.map(|slot| {
            self.nlu
                .recogniser
                .find(slot.entity_type, self.question.text, &self.context)
        })
        .unwrap_or_default()
    }

    fn findings(&self, spans: &[Span], exact: bool) -> Findings {
        let fit = |span: &Span| if span.full { Fit::Full } else { Fit::Part };
        let waiting = self.question.active.as_ref().map(|slot| Waiting {
            fit: spans
                .iter()
                .filter(|span| span.genuine)
                .map(fit)
                .max()
                .unwrap_or(Fit::None),
            any: is_any(slot),
            plausible: spans.iter().any(|span| !span.genuine),
            failed: spans.is_empty()
                && self
                    .nlu
                    .recogniser
                    .failed(slot.entity_type, self.question.text, &self.context),
        });
        let expected = match waiting {
            None => Expected::Anything,
            Some(waiting) if waiting.any => Expected::AnyWords,
            Some(_) => Expected::Value,
        };
        let threshold = score::threshold(self.question.threshold, expected);
        Findings {
            exact,
            negative: !exact && self.is_negative(),
            waiting,
            score: None,
            threshold,
        }
    }

    /// Whether the agent's author said that this means nothing (cx-runtime 14.1).
    fn is_negative(&self) -> bool {
        let language = self.nlu.phrases.language(self.question.language);
        language.is_some_and(|language| {
            self.nlu
                .phrases
                .is_negative(&self.nlu.agent, language, self.question.text)
        })
    }

    /// The phrase of an intent in scope that the utterance equals.
    fn exact(&self) -> Option<ExactPhrase<'a>> {
        self.exact_where(|name| self.question.scope.contains(&name))
    }

    /// The phrase of one intent that the utterance equals.
    fn exact_of(&self, intent: &str) -> Option<ExactPhrase<'a>> {
        self.exact_where(|name| name == intent)
    }

    fn exact_where(&self, accept: impl Fn(&str) -> bool) -> Option<ExactPhrase<'a>> {
        let language = self.nlu.phrases.language(self.question.language)?;
        self.nlu
            .phrases
            .exact(&self.nlu.agent, language, self.question.text, accept)
    }

    fn scores(&self) -> Scores {
        let Some(model) = self.nlu.model(self.question.flow, self.question.language) else {
            return Scores::default();
        };
        let said = words(self.question.text);
        let repairs = self.nlu.agent.settings.enable_spell_correction;
        let repaired = if repairs {
            spelling::repair(&said, model)
        } else {
            None
        };
        let plain: Vec<&str> = match &repaired {
            Some(repaired) => repaired.iter().map(String::as_str).collect(),
            None => said.iter().map(|word| word.text.as_str()).collect(),
        };
        let sample = model.sample(&plain, &self.system_values(model, &said));
        let decided = model.decide(&sample, &self.alone(model));
        let in_scope = |name: &str| self.question.scope.contains(&name);
        let best = best(&decided, in_scope);
        // An utterance that fits an intent out of scope better fits the one in scope less.
        let lead = decided
            .first()
            .zip(best)
            .map_or(0.0, |(first, best)| (first.rank() - best.rank()).max(0.0));
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
            resolved_input: repaired.map(|repaired| spelling::rewrite(self.question.text, &said, &repaired)),
        }
    }

    /// Types of which the whole utterance is a value, of those that matter to the model.
    fn alone<'m>(&self, model: &'m Model) -> BTreeSet<&'m str> {
        let whole = |entity_type: &&str| {
            let found = self
                .nlu
                .recogniser
                .find(entity_type, self.question.text, &self.context);
            **entity_type != *"@sys.any" && found.iter().any(|span| span.full && span.genuine)
        };
        model.lone_types().into_iter().filter(whole).collect()
    }

    /// Values of system types in the utterance, as words of it, for the types that the model's intents use. Values
    /// of its own types the model finds itself.
    fn system_values(&self, model: &Model, said: &[Word]) -> Vec<(Range<usize>, String)> {
        let mut values: Vec<(Range<usize>, String)> = Vec::new();
        for entity_type in model.system_types() {
            for span in self
                .nlu
                .recogniser
                .find(entity_type, self.question.text, &self.context)
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

    /// The sure match of an intent with its parameters.
    fn intent(&self, name: &str, exact: Option<ExactPhrase<'_>>) -> Decision {
        let parameters = match exact {
            Some(exact) => from_phrase(
                &self.nlu.recogniser,
                exact.intent,
                exact.phrase,
                self.question.text,
                &self.context,
            ),
            None => self.parameters(name, self.question.text).unwrap_or_default(),
        };
        Decision::Intent {
            name: name.to_owned(),
            confidence: 1.0,
            parameters,
        }
    }

    fn parameters(&self, name: &str, text: &str) -> Option<Vec<(String, Extracted)>> {
        let intent = self.nlu.agent.intents.get(name)?;
        let language = self.nlu.phrases.language(self.question.language)?;
        Some(
            self.nlu
                .habits
                .extract(&self.nlu.recogniser, intent, language, text, &self.context),
        )
    }

    /// The values that fill the form: the waiting parameter's, then what the rest of the utterance holds for the
    /// others (cx-runtime 4.4).
    fn fill(&self, mut spans: Vec<Span>) -> Vec<Filled> {
        let Some(slot) = &self.question.active else {
            return Vec::new();
        };
        if spans.iter().any(|span| span.genuine) {
            spans.retain(|span| span.genuine);
        }
        if !slot.is_list {
            spans.truncate(1);
        }
        let mut taken: Vec<Range<usize>> = spans.iter().map(|span| span.range.clone()).collect();
        let mut filled: Vec<Filled> = self.filled(slot, spans).into_iter().collect();
        for other in self.question.others.iter().filter(|other| !is_any(other)) {
            let mut found = self
                .nlu
                .recogniser
                .find(other.entity_type, self.question.text, &self.context);
            let free = |span: &Span| {
                taken
                    .iter()
                    .all(|taken| taken.end <= span.range.start || span.range.end <= taken.start)
            };
            found.retain(|span| span.genuine && free(span));
            if !other.is_list {
                found.truncate(1);
            }
            taken.extend(found.iter().map(|span| span.range.clone()));
            filled.extend(self.filled(other, found));
        }
        filled
    }

    fn filled(&self, slot: &FormSlot<'_>, spans: Vec<Span>) -> Option<Filled> {
        let Extracted { original, value } =
            gather(spans, slot.is_list, self.question.text).or_else(|| self.whole(slot))?;
        Some(Filled {
            parameter: slot.name.to_owned(),
            value,
            original,
        })
    }

    /// The whole utterance as the waiting parameter's value, where its type takes any words.
    fn whole(&self, slot: &FormSlot<'_>) -> Option<Extracted> {
        let active = self
            .question
            .active
            .as_ref()
            .is_some_and(|active| active.name == slot.name);
        let text = self.question.text.trim();
        let value = Value::from(text);
        let value = if slot.is_list {
            Value::Array(vec![value])
        } else {
            value
        };
        (active && is_any(slot)).then(|| Extracted {
            original: text.to_owned(),
            value,
        })
    }
}

fn is_any(slot: &FormSlot<'_>) -> bool {
    slot.entity_type == "@sys.any"
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
