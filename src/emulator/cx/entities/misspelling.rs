//! Listed values that are misspelt or cut in two (cx-runtime 12.3). Where the agent corrects spelling, a word that is in
//! none of its training phrases is read as the nearest word of the type's values, and two words as the one word of
//! a value that they are together. Values of types without the switch for approximate extraction are found so, too:
//! five recordings of one agent show the first, one the second, none the contrary.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

use strsim::osa_distance;

use super::openended::is_common;
use super::text::Text;
use super::trie::WordTrie;
use crate::emulator::cx::language;
use crate::emulator::cx::words::words;
use crate::export::agent::Agent;

/// Shortest word that is corrected.
const SHORTEST: usize = 5;
/// From this length on two slips are forgiven.
const LONG: usize = 7;

/// The words of an agent's training phrases, by language; gathered at first use. They are spelt as they are meant.
#[derive(Debug, Default)]
pub(super) struct KnownWords {
    languages: BTreeMap<String, OnceLock<HashSet<String>>>,
}

impl KnownWords {
    /// For the languages of this agent's phrases; none where spelling is not corrected.
    pub(super) fn new(agent: &Agent) -> Self {
        let corrects = agent.settings.enable_spell_correction;
        let intents = agent.intents.values().filter(|_| corrects);
        let codes = intents.flat_map(|intent| intent.training_phrases.keys());
        Self {
            languages: codes.map(|code| (code.clone(), OnceLock::new())).collect(),
        }
    }

    /// The words of a turn's language; `None` where spelling is not corrected.
    pub(super) fn of(&self, agent: &Agent, turn: &str) -> Option<&HashSet<String>> {
        let (code, slot) = language::pick(&self.languages, turn)?;
        Some(slot.get_or_init(|| gather(agent, code)))
    }
}

fn gather(agent: &Agent, language: &str) -> HashSet<String> {
    let phrases = agent
        .intents
        .values()
        .filter_map(|intent| intent.training_phrases.get(language))
        .flatten();
    let parts = phrases.flat_map(|phrase| &phrase.parts);
    parts
        .flat_map(|part| words(&part.text))
        .map(|word| word.text)
        .collect()
}

/// Some words of an utterance, read as one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    /// The words of the utterance.
    pub(super) words: Range<usize>,
    /// What they are read as.
    pub(super) text: String,
    /// Whether that is not what they are.
    pub(super) corrected: bool,
}

/// The utterance as words of values; `None` when nothing in it can be corrected.
pub(super) fn read(text: &Text<'_>, values: &WordTrie, known: &HashSet<String>) -> Option<Vec<Read>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.words.len() {
        let one = next(text, at, values, known);
        at = one.words.end;
        found.push(one);
    }
    found.iter().any(|one| one.corrected).then_some(found)
}

fn next(text: &Text<'_>, at: usize, values: &WordTrie, known: &HashSet<String>) -> Read {
    let word = text.word(at);
    let corrected = |length: usize, text: String| Read {
        words: at..at + length,
        text,
        corrected: true,
    };
    let plain = || Read {
        words: at..at + 1,
        text: word.to_owned(),
        corrected: false,
    };
    let joined = format!("{word}{}", text.word(at + 1));
    if at + 1 < text.words.len() && joined.len() >= SHORTEST && values.knows(&joined) {
        return corrected(2, joined);
    }
    let spelt = values.knows(word) || known.contains(word) || is_common(word);
    let better = if spelt { None } else { nearest(word, values) };
    better.map_or_else(plain, |better| corrected(1, better.to_owned()))
}

/// The word of a value with the same first letter at the least distance, then the first in the alphabet.
fn nearest<'v>(word: &str, values: &'v WordTrie) -> Option<&'v str> {
    let length = word.chars().count();
    if length < SHORTEST || word.chars().any(|character| character.is_ascii_digit()) {
        return None;
    }
    let allowed = if length < LONG { 1 } else { 2 };
    let close = |other: &&str| {
        other.chars().next() == word.chars().next()
            && other.chars().count() >= SHORTEST
            && other.chars().count().abs_diff(length) <= allowed
    };
    let measured = values
        .vocabulary()
        .filter(close)
        .map(|other| (osa_distance(word, other), other));
    measured
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unknown_words_are_corrected() {
        let mut values = WordTrie::default();
        for value in ["insurance", "sea view", "seaside"] {
            values.insert(value.split(' '), 0);
        }
        let known = HashSet::from(["inurance".to_owned()]);
        let texts = |said: &str| {
            read(&Text::new(said), &values, &known).map(|found| {
                found
                    .into_iter()
                    .map(|one| one.text)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
        };
        assert_eq!(texts("some insurrance"), Some("some insurance".to_owned()));
        assert_eq!(texts("the in surance"), Some("the insurance".to_owned()));
        assert_eq!(texts("inurance"), None, "a phrase has it");
        assert_eq!(texts("insurance"), None, "it is right");
        assert_eq!(texts("a sea side room"), Some("a seaside room".to_owned()));
        assert_eq!(texts("sea"), None);
        assert_eq!(texts("1nsurance 12345"), None);
    }
}
