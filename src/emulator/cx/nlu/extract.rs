//! Values for a matched intent's parameters (cx-runtime 4.6).
//!
//! The service learns from the annotations of the training phrases which values it takes; a value that the phrases
//! mention in the same surroundings without annotating it is left alone. So is it here: an utterance that equals a phrase gives
//! the values annotated in it; any other gives values of the parameters' types as far as the phrases annotate
//! such values. Free text and names are taken from between the words that stand around them in phrases.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use super::phrases::{phrases, text_of};
use crate::emulator::cx::entities::{EntityContext, Extracted, Recogniser, Span, gather};
use crate::emulator::cx::words::{Word, words};
use crate::export::agent::{Agent, Intent, IntentParameter, PhrasePart, TrainingPhrase};

/// Phrases of an intent that are looked through for unannotated values.
const PHRASES_READ: usize = 200;
/// Words before and after a value that are remembered.
const CONTEXT_WORDS: usize = 3;

/// How the phrases of each intent use its parameters, learnt at first use.
#[derive(Debug)]
pub(super) struct Habits {
    intents: BTreeMap<String, BTreeMap<String, OnceLock<Vec<Habit>>>>,
}

/// How phrases use one parameter.
#[derive(Debug, Default)]
struct Habit {
    /// What stands around annotated values.
    annotated: Vec<Surroundings>,
    /// What stands around values of its type that no annotation marks.
    ignored: Vec<Surroundings>,
}

/// Normalised words around a value, nearest first; none at the start and the end of a phrase.
#[derive(Debug, Default, PartialEq)]
struct Surroundings {
    before: Vec<String>,
    after: Vec<String>,
}

/// A value that a parameter could take.
struct Claim {
    parameter: usize,
    span: Span,
    /// How well its surroundings fit the parameter.
    fit: usize,
}

impl Habits {
    /// For the intents that have parameters.
    pub(super) fn new(agent: &Agent) -> Self {
        let languages = |intent: &Intent| {
            intent
                .training_phrases
                .keys()
                .map(|code| (code.clone(), OnceLock::new()))
                .collect()
        };
        let with_parameters = agent
            .intents
            .iter()
            .filter(|(_, intent)| !intent.parameters.is_empty());
        Self {
            intents: with_parameters
                .map(|(name, intent)| (name.clone(), languages(intent)))
                .collect(),
        }
    }

    /// The parameters' values in an utterance that equals none of the intent's phrases.
    pub(super) fn extract(
        &self,
        recogniser: &Recogniser,
        intent: &Intent,
        language: &str,
        text: &str,
        context: &EntityContext<'_>,
    ) -> Vec<(String, Extracted)> {
        let by_language = self.intents.get(&intent.display_name);
        let slot = by_language.and_then(|languages| crate::emulator::cx::language::pick(languages, language));
        let Some((_, slot)) = slot else { return Vec::new() };
        let habits = slot.get_or_init(|| learn(recogniser, intent, language, context));
        let said = words(text);
        let mut claims = Vec::new();
        for (parameter, (known, habit)) in intent.parameters.iter().zip(habits).enumerate() {
            if habit.annotated.is_empty() {
                continue;
            }
            let spans = habit.spans(recogniser, known, text, &said, context);
            claims.extend(spans.into_iter().map(|span| {
                let fit = habit.fit(&Surroundings::of(&said, &span.range));
                Claim { parameter, span, fit }
            }));
        }
        settle(claims, &intent.parameters, text)
    }
}

/// The values annotated in a phrase, taken from an utterance that equals it.
pub(super) fn from_phrase(
    recogniser: &Recogniser,
    intent: &Intent,
    phrase: &TrainingPhrase,
    text: &str,
    context: &EntityContext<'_>,
) -> Vec<(String, Extracted)> {
    if intent.parameters.is_empty() {
        return Vec::new();
    }
    let said = words(text);
    let mut claims = Vec::new();
    let mut at = 0;
    for part in &phrase.parts {
        let length = words(&part.text).len();
        let place = at..at + length;
        at += length;
        let known = intent
            .parameters
            .iter()
            .position(|parameter| parameter.id == part.parameter_id);
        let Some((parameter, bytes)) = known.zip(bytes(&said, place)) else {
            continue;
        };
        let Some(known) = intent.parameters.get(parameter) else {
            continue;
        };
        let spans = spans_within(recogniser, &known.entity_type, text, bytes, context);
        claims.extend(spans.into_iter().map(|span| Claim {
            parameter,
            span,
            fit: 0,
        }));
    }
    settle(claims, &intent.parameters, text)
}

impl Habit {
    /// Whether the phrases annotate values in such surroundings: each phrase has a vote, a weightier one the more
    /// its words beside the value agree. A value is taken unless it is clearly outvoted: two recordings, none against
    /// it.
    fn wants(&self, around: &Surroundings) -> bool {
        let votes = |known: &[Surroundings]| known.iter().map(|known| known.weight(around)).sum::<u32>();
        5 * votes(&self.annotated) >= 4 * votes(&self.ignored)
    }

    /// Values for the parameter: recognised ones where they are usually annotated, else what stands between the words
    /// that surround annotated ones.
    fn spans(
        &self,
        recogniser: &Recogniser,
        parameter: &IntentParameter,
        text: &str,
        said: &[Word],
        context: &EntityContext<'_>,
    ) -> Vec<Span> {
        if parameter.entity_type != "@sys.any" {
            let found = recogniser.find(&parameter.entity_type, text, context);
            let genuine: Vec<Span> = found.into_iter().filter(|span| span.genuine).collect();
            if !genuine.is_empty() {
                return genuine
                    .into_iter()
                    .filter(|span| self.wants(&Surroundings::of(said, &span.range)))
                    .collect();
            }
        }
        let place = self
            .annotated
            .iter()
            .filter_map(|around| around.locate(said))
            .max_by_key(|(strength, _)| *strength);
        let bytes = place.and_then(|(_, place)| bytes(said, place));
        bytes
            .map(|bytes| spans_within(recogniser, &parameter.entity_type, text, bytes, context))
            .unwrap_or_default()
    }

    /// How many words directly around a place stand around annotated values, too.
    fn fit(&self, around: &Surroundings) -> usize {
        let common =
            |one: &[String], other: &[String]| one.iter().zip(other).take_while(|(a, b)| a == b).count();
        let both = |known: &Surroundings| {
            2 * common(&known.before, &around.before) + common(&known.after, &around.after)
        };
        self.annotated.iter().map(both).max().unwrap_or_default()
    }
}

impl Surroundings {
    /// What stands around a place of an utterance.
    fn of(said: &[Word], range: &Range<usize>) -> Self {
        let start = said.partition_point(|word| word.range.end <= range.start);
        let end = said.partition_point(|word| word.range.start < range.end);
        let text = |word: &Word| word.text.clone();
        Self {
            before: said
                .get(..start)
                .unwrap_or_default()
                .iter()
                .rev()
                .take(CONTEXT_WORDS)
                .map(text)
                .collect(),
            after: said
                .get(end..)
                .unwrap_or_default()
                .iter()
                .take(CONTEXT_WORDS)
                .map(text)
                .collect(),
        }
    }

    /// The weight of its vote: 1, times 3 for each side on which the next word is the same.
    fn weight(&self, other: &Self) -> u32 {
        let side = |one: &[String], other: &[String]| if one.first() == other.first() { 3 } else { 1 };
        side(&self.before, &other.before) * side(&self.after, &other.after)
    }

    /// The words of the utterance between the same surroundings, with how many words agree.
    fn locate(&self, said: &[Word]) -> Option<(usize, Range<usize>)> {
        let matches = |at: usize, expected: &str| said.get(at).is_some_and(|word| word.text == expected);
        let start = if self.before.is_empty() {
            0
        } else {
            let ends = self.before.len()..=said.len();
            ends.rev().find(|end| {
                (1..)
                    .zip(&self.before)
                    .all(|(back, expected)| matches(end - back, expected))
            })?
        };
        let end = if self.after.is_empty() {
            said.len()
        } else {
            let fits = |at: &usize| {
                (*at..)
                    .zip(&self.after)
                    .all(|(at, expected)| matches(at, expected))
            };
            (start + 1..said.len()).find(fits)?
        };
        (start < end).then_some((self.before.len() + self.after.len(), start..end))
    }
}

/// Learns how the phrases of an intent use its parameters.
fn learn(
    recogniser: &Recogniser,
    intent: &Intent,
    language: &str,
    context: &EntityContext<'_>,
) -> Vec<Habit> {
    let learnt = intent.parameters.iter().map(|parameter| {
        let mut habit = Habit::default();
        for phrase in phrases(intent, language).iter().take(PHRASES_READ) {
            habit.annotated.extend(
                annotations(phrase, |part| part.parameter_id == parameter.id).map(|(_, around)| around),
            );
        }
        // Without annotations there is nothing to weigh.
        if !habit.annotated.is_empty() && parameter.entity_type != "@sys.any" {
            for phrase in phrases(intent, language).iter().take(PHRASES_READ) {
                habit
                    .ignored
                    .extend(ignored(recogniser, phrase, &parameter.entity_type, context));
            }
        }
        habit
    });
    learnt.collect()
}

/// The parts of a phrase that fit, as bytes of its text, and what stands around each.
fn annotations(
    phrase: &TrainingPhrase,
    fits: impl Fn(&PhrasePart) -> bool,
) -> impl Iterator<Item = (Range<usize>, Surroundings)> {
    let said = words(&text_of(phrase));
    let mut at = 0;
    phrase.parts.iter().filter_map(move |part| {
        let range = at..at + part.text.len();
        at = range.end;
        fits(part).then(|| (range.clone(), Surroundings::of(&said, &range)))
    })
}

/// What stands around values of a type that the phrase does not annotate.
fn ignored(
    recogniser: &Recogniser,
    phrase: &TrainingPhrase,
    entity_type: &str,
    context: &EntityContext<'_>,
) -> Vec<Surroundings> {
    let text = text_of(phrase);
    let said = words(&text);
    let marked: Vec<Range<usize>> = annotations(phrase, |part| !part.parameter_id.is_empty())
        .map(|(range, _)| range)
        .collect();
    let plain = |span: &Span| {
        span.genuine
            && marked
                .iter()
                .all(|range| range.end <= span.range.start || span.range.end <= range.start)
    };
    let found = recogniser.find(entity_type, &text, context);
    found
        .iter()
        .filter(|span| plain(span))
        .map(|span| Surroundings::of(&said, &span.range))
        .collect()
}

/// Values of a type in a piece of the text, placed in the whole of it.
fn spans_within(
    recogniser: &Recogniser,
    entity_type: &str,
    text: &str,
    bytes: Range<usize>,
    context: &EntityContext<'_>,
) -> Vec<Span> {
    let piece = text.get(bytes.clone()).unwrap_or_default();
    let shift = |span: Span| Span {
        range: span.range.start + bytes.start..span.range.end + bytes.start,
        ..span
    };
    recogniser
        .find(entity_type, piece, context)
        .into_iter()
        .map(shift)
        .collect()
}

/// The bytes from the first to the last word of a range.
fn bytes(said: &[Word], place: Range<usize>) -> Option<Range<usize>> {
    let inside = said.get(place)?;
    Some(inside.first()?.range.start..inside.last()?.range.end)
}

/// Gives each value to one parameter and, lists aside, each parameter one value. Of overlapping values the longest
/// stays; then each goes, in the order of the text, to the parameter whose surroundings fit best.
fn settle(mut claims: Vec<Claim>, parameters: &[IntentParameter], text: &str) -> Vec<(String, Extracted)> {
    claims.sort_by_key(|claim| {
        (
            Reverse(claim.span.range.len()),
            claim.span.range.start,
            Reverse(claim.fit),
            claim.parameter,
        )
    });
    let mut places: Vec<(Range<usize>, Vec<Claim>)> = Vec::new();
    for claim in claims {
        let range = claim.span.range.clone();
        match places
            .iter_mut()
            .find(|(other, _)| other.start < range.end && range.start < other.end)
        {
            Some((other, rivals)) if *other == range => rivals.push(claim),
            Some(_) => {}
            None => places.push((range, vec![claim])),
        }
    }
    places.sort_by_key(|(range, _)| range.start);
    let mut values: BTreeMap<usize, Vec<Span>> = BTreeMap::new();
    for (_, rivals) in places {
        let is_list = |claim: &Claim| {
            parameters
                .get(claim.parameter)
                .is_some_and(|parameter| parameter.is_list)
        };
        let winner = rivals
            .into_iter()
            .find(|claim| is_list(claim) || !values.contains_key(&claim.parameter));
        if let Some(claim) = winner {
            values.entry(claim.parameter).or_default().push(claim.span);
        }
    }
    let named = values.into_iter().filter_map(|(parameter, spans)| {
        let parameter = parameters.get(parameter)?;
        Some((parameter.id.clone(), gather(spans, parameter.is_list, text)?))
    });
    named.collect()
}
