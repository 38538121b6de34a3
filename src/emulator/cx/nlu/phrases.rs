//! Training phrases by language, and the utterances that equal one (nlu 1.2 to 1.5).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

use crate::emulator::cx::language;
use crate::emulator::cx::long_work::aside;
use crate::emulator::cx::words::normalise;
use crate::export::agent::{Agent, Intent, TrainingPhrase};

/// The priority of an intent that has none.
const NORMAL_PRIORITY: i64 = 500_000;

/// The phrases of an agent, indexed by language at first use.
#[derive(Debug)]
pub(super) struct Phrases {
    languages: BTreeMap<String, OnceLock<ExactIndex>>,
}

/// Where the phrases of a language stand.
#[derive(Debug, Default)]
struct ExactIndex {
    /// Display names of the intents that take part.
    intents: Vec<String>,
    /// Normalised phrases → positions in the list of intents, and in the intent's phrases.
    places: HashMap<Box<str>, Vec<(u32, u32)>>,
    /// Normalised phrases of the default negative intent.
    negatives: HashSet<Box<str>>,
}

/// A phrase that an utterance equals.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExactPhrase<'a> {
    /// The intent it trains.
    pub(super) intent: &'a Intent,
    /// The phrase with its annotations.
    pub(super) phrase: &'a TrainingPhrase,
}

impl Phrases {
    /// For the languages of this agent's phrases.
    pub(super) fn new(agent: &Agent) -> Self {
        let codes: BTreeSet<&String> = agent
            .intents
            .values()
            .flat_map(|intent| intent.training_phrases.keys())
            .collect();
        Self {
            languages: codes
                .into_iter()
                .map(|code| (code.clone(), OnceLock::new()))
                .collect(),
        }
    }

    /// The phrase language that serves a turn's language.
    pub(super) fn language(&self, turn: &str) -> Option<&str> {
        language::pick(&self.languages, turn).map(|(code, _)| code)
    }

    /// All language codes.
    pub(super) fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.keys().map(String::as_str)
    }

    /// The in-scope phrase that the utterance equals. Where several intents have it, the one of the highest priority
    /// wins (cx-runtime 14.1), then the one with the fewest phrases, then the first by name.
    pub(super) fn exact<'a>(
        &self,
        agent: &'a Agent,
        language: &str,
        text: &str,
        in_scope: impl Fn(&str) -> bool,
    ) -> Option<ExactPhrase<'a>> {
        let index = self.index(agent, language)?;
        let places = index.places.get(normalise(text).as_str())?;
        let found = places.iter().filter_map(|(intent, phrase)| {
            let name = index.intents.get(*intent as usize)?;
            let intent = agent.intents.get(name).filter(|_| in_scope(name))?;
            let phrases = phrases(intent, language);
            let phrase = phrases.get(*phrase as usize)?;
            Some((phrases.len(), name, ExactPhrase { intent, phrase }))
        });
        found
            .min_by_key(|(count, name, exact)| (Reverse(priority(exact.intent)), *count, *name))
            .map(|(_, _, exact)| exact)
    }

    /// Whether the utterance equals a phrase of the default negative intent.
    pub(super) fn is_negative(&self, agent: &Agent, language: &str, text: &str) -> bool {
        let index = self.index(agent, language);
        index.is_some_and(|index| index.negatives.contains(normalise(text).as_str()))
    }

    fn index(&self, agent: &Agent, language: &str) -> Option<&ExactIndex> {
        let index = self.languages.get(language)?;
        let made = || aside(|| index.get_or_init(|| ExactIndex::new(agent, language)));
        Some(index.get().unwrap_or_else(made))
    }
}

/// An intent's phrases for a language.
pub(super) fn phrases<'a>(intent: &'a Intent, language: &str) -> &'a [TrainingPhrase] {
    language::pick(&intent.training_phrases, language).map_or(&[], |(_, phrases)| phrases.as_slice())
}

/// A phrase as one text.
pub(super) fn text_of(phrase: &TrainingPhrase) -> String {
    phrase.parts.iter().map(|part| part.text.as_str()).collect()
}

/// Whether an intent takes part in matching at all.
pub(super) fn is_matched(intent: &Intent) -> bool {
    !intent.is_fallback && intent.priority >= 0
}

/// What an intent's priority is worth: none is the normal one (cx-runtime 14.1).
pub(super) fn priority(intent: &Intent) -> i64 {
    if intent.priority == 0 {
        NORMAL_PRIORITY
    } else {
        intent.priority
    }
}

impl ExactIndex {
    fn new(agent: &Agent, language: &str) -> Self {
        let mut index = Self::default();
        let negative = agent.intents.values().filter(|intent| intent.is_fallback);
        let phrases_of = negative.flat_map(|intent| phrases(intent, language));
        let texts = phrases_of.map(|phrase| normalise(&text_of(phrase)));
        index.negatives = texts.filter(|text| !text.is_empty()).map(Into::into).collect();
        let matched = agent.intents.iter().filter(|(_, intent)| is_matched(intent));
        for (position, (name, intent)) in (0..).zip(matched) {
            index.intents.push(name.clone());
            for (number, phrase) in (0..).zip(phrases(intent, language)) {
                let normal = normalise(&text_of(phrase));
                if !normal.is_empty() {
                    let places = index.places.entry(normal.into()).or_default();
                    places.push((position, number));
                }
            }
        }
        index
    }
}
