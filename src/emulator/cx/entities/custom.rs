//! An agent's own entity type in one language, ready for search: map, list and regexp kinds (cx-runtime 12).

use std::collections::HashSet;
use std::ops::Range;

use super::composite::Composite;
use super::fuzzy::FuzzyValues;
use super::inflection::stem;
use super::misspelling;
use super::pattern::parse;
use super::regexp::{Pattern, find_in_order, patterns};
use super::text::{Candidate, Quality, Text};
use super::trie::WordTrie;
use super::written::{Hit, WrittenValues};
use crate::emulator::cx::words::words;
use crate::export::agent::{Entity, EntityType};
use crate::model::Value;

/// A compiled type.
#[derive(Debug, Default)]
pub(super) struct CustomType {
    values: Vec<String>,
    /// Whether the value found is the entry's (map) or the user's own words (list).
    canonical: bool,
    literals: WrittenValues,
    inflected: WrittenValues,
    /// Values without any letter or digit, such as `#`: they match only as the whole utterance.
    signs: Vec<(String, u32)>,
    composites: Vec<Composite>,
    fuzzy: Option<FuzzyValues>,
    patterns: Vec<Pattern>,
    /// Patterns that could not be compiled, each with the reason.
    pub(super) broken_patterns: Vec<(String, String)>,
    excluded: WordTrie,
    expands: bool,
    language: String,
}

/// What to compile.
#[derive(Debug)]
pub(super) struct Definition<'a> {
    /// Kind and switches.
    pub(super) entity_type: &'a EntityType,
    /// Entries of the language.
    pub(super) entities: Vec<&'a Entity>,
    /// Phrases that never match.
    pub(super) excluded: &'a [String],
    /// The language.
    pub(super) language: &'a str,
}

impl CustomType {
    /// Compiles a type; `is_type` tells which names entries can refer to.
    pub(super) fn compile(definition: &Definition<'_>, is_type: &dyn Fn(&str) -> bool) -> Self {
        let mut compiled = Self {
            canonical: definition.entity_type.kind != "KIND_LIST",
            fuzzy: definition
                .entity_type
                .enable_fuzzy_extraction
                .then(FuzzyValues::default),
            expands: definition.entity_type.auto_expansion_mode == "AUTO_EXPANSION_MODE_DEFAULT",
            language: definition.language.to_owned(),
            ..Self::default()
        };
        for phrase in definition.excluded {
            let found = words(phrase);
            compiled
                .excluded
                .insert(found.iter().map(|word| word.text.as_str()), 0);
        }
        if definition.entity_type.kind == "KIND_REGEXP" {
            let sources = definition.entities.iter().flat_map(|entity| sources(entity));
            (compiled.patterns, compiled.broken_patterns) = patterns(sources);
            return compiled;
        }
        for entity in &definition.entities {
            compiled.add(entity, is_type);
        }
        compiled
    }

    fn add(&mut self, entity: &Entity, is_type: &dyn Fn(&str) -> bool) {
        let Ok(payload) = u32::try_from(self.values.len()) else {
            return;
        };
        self.values.push(entity.value.clone());
        for phrase in sources(entity) {
            if let Some(elements) = parse(phrase, is_type) {
                self.composites.push(Composite::new(elements, payload));
            } else {
                self.add_words(phrase, payload);
            }
        }
    }

    fn add_words(&mut self, phrase: &str, payload: u32) {
        let words = words(phrase);
        let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        if words.is_empty() {
            self.signs.push((phrase.trim().to_owned(), payload));
            return;
        }
        self.literals.insert(&words, phrase, payload);
        let stems: Vec<&str> = words
            .iter()
            .map(|word| stem(spelt_out(word), &self.language))
            .collect();
        self.inflected.insert(&stems, phrase, payload);
        if let Some(fuzzy) = &mut self.fuzzy {
            fuzzy.insert(&words, payload);
        }
    }

    /// Values that stand in the text by their own words or patterns.
    pub(super) fn find(&self, text: &Text<'_>) -> Vec<Candidate> {
        let mut found = self.find_words(text);
        found.extend(self.find_signs(text));
        let trimmed = text.raw.trim();
        let shift = text.raw.len() - text.raw.trim_start().len();
        let of_patterns = find_in_order(&self.patterns, trimmed).into_iter();
        found.extend(of_patterns.map(|range| {
            let value = trimmed.get(range.clone()).unwrap_or_default();
            Candidate::exact(range.start + shift..range.end + shift, value)
        }));
        found
    }

    fn find_words(&self, text: &Text<'_>) -> Vec<Candidate> {
        let mut found = Vec::new();
        for start in 0..text.words.len() {
            let rest = || text.normal(start..text.words.len());
            let exact = self.literals.at(text, start, rest());
            let stems = rest().map(|word| stem(spelt_out(word), &self.language));
            let inflected = self.inflected.at(text, start, stems);
            let candidate = |hit: Hit, quality| self.candidate_at(text, hit.range, hit.payload, quality);
            found.extend(exact.into_iter().filter_map(|hit| candidate(hit, Quality::Exact)));
            found.extend(
                inflected
                    .into_iter()
                    .filter_map(|hit| candidate(hit, Quality::Inflected)),
            );
        }
        if let Some(fuzzy) = &self.fuzzy {
            let words: Vec<&str> = text.words.iter().map(|word| word.text.as_str()).collect();
            found.extend(fuzzy.find(&words).into_iter().filter_map(|hit| {
                let length = hit.words.len();
                self.candidate(text, hit.words.start, (length, hit.payload), Quality::Fuzzy)
            }));
        }
        found
    }

    /// Values that are found when the spelling is corrected: only such as need it.
    pub(super) fn find_misspelt(&self, text: &Text<'_>, known: &HashSet<String>) -> Vec<Candidate> {
        let Some(read) = misspelling::read(text, self.literals.words(), known) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for start in 0..read.len() {
            let rest = read.get(start..).unwrap_or_default();
            let exact = self.literals.prefixes(rest.iter().map(|one| one.text.as_str()));
            let stems = rest.iter().map(|one| stem(spelt_out(&one.text), &self.language));
            for (length, payload) in exact.chain(self.inflected.prefixes(stems)) {
                let used = rest.get(..length).unwrap_or_default();
                let words =
                    used.first().map_or(0, |one| one.words.start)..used.last().map_or(0, |one| one.words.end);
                if used.iter().any(|one| one.corrected) {
                    let hit = (words.len(), payload);
                    found.extend(self.candidate(text, words.start, hit, Quality::Fuzzy));
                }
            }
        }
        found
    }

    fn find_signs(&self, text: &Text<'_>) -> Option<Candidate> {
        let trimmed = text.raw.trim();
        let (sign, payload) = self
            .signs
            .iter()
            .find(|(sign, _)| !sign.is_empty() && sign == trimmed)?;
        let start = text.raw.len() - text.raw.trim_start().len();
        Some(Candidate::exact(
            start..start + sign.len(),
            self.value(*payload, sign),
        ))
    }

    fn candidate(
        &self,
        text: &Text<'_>,
        start: usize,
        (length, payload): (usize, u32),
        quality: Quality,
    ) -> Option<Candidate> {
        let range = text.bytes(start..start + length)?;
        self.candidate_at(text, range, payload, quality)
    }

    fn candidate_at(
        &self,
        text: &Text<'_>,
        range: Range<usize>,
        payload: u32,
        quality: Quality,
    ) -> Option<Candidate> {
        let value = self.value(payload, text.raw.get(range.clone())?);
        Some(Candidate {
            quality,
            ..Candidate::exact(range, value)
        })
    }

    /// The value of an entry found in these words.
    pub(super) fn value(&self, payload: u32, said: &str) -> Value {
        match self.values.get(payload as usize) {
            Some(value) if self.canonical => Value::from(value.as_str()),
            _ => Value::from(said),
        }
    }

    /// Whether results are the entries' values rather than the words said or the values referred to.
    pub(super) fn is_canonical(&self) -> bool {
        self.canonical
    }

    /// Entries that refer to other types.
    pub(super) fn composites(&self) -> &[Composite] {
        &self.composites
    }

    /// Whether values that are not listed may be found, too.
    pub(super) fn expands(&self) -> bool {
        self.expands
    }

    /// The places of excluded phrases; nothing in them is a value of the type.
    pub(super) fn excluded(&self, text: &Text<'_>) -> Vec<Range<usize>> {
        let longest = |start: usize| self.excluded.prefixes(text.normal(start..text.words.len())).pop();
        let places =
            (0..text.words.len()).filter_map(|start| longest(start).map(|(length, _)| start..start + length));
        places.filter_map(|words| text.bytes(words)).collect()
    }
}

/// What an entry matches: its synonyms, or for lack of them its value.
pub(super) fn sources(entity: &Entity) -> impl Iterator<Item = &str> {
    let value = entity.synonyms.is_empty().then_some(entity.value.as_str());
    entity.synonyms.iter().map(String::as_str).chain(value)
}

/// Ordinals that people write with a digit, as agents list them.
fn spelt_out(word: &str) -> &str {
    match word {
        "1st" => "first",
        "2nd" => "second",
        "3rd" => "third",
        "4th" => "fourth",
        "5th" => "fifth",
        "6th" => "sixth",
        "7th" => "seventh",
        "8th" => "eighth",
        "9th" => "ninth",
        "10th" => "tenth",
        other => other,
    }
}
