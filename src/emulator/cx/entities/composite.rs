//! Finding entries that refer to other types: words and values in sequence (cx-runtime 12.2).

use std::cmp::Reverse;
use std::ops::Range;

use super::pattern::Element;
use super::text::{Candidate, Text};
use crate::model::{Map, Value};

/// Steps a search of one type may take; more than any sensible entry and utterance need.
const STEP_LIMIT: usize = 20_000;

/// What a reference found: its alias, its type, and the value.
type Member = (Option<String>, String, Value);

/// Values of a type that start at a word: their words and values, longest first.
type ValuesAt<'a> = dyn Fn(&str, usize) -> Vec<(Range<usize>, Value)> + 'a;

/// An entry with references.
#[derive(Debug)]
pub(super) struct Composite {
    elements: Vec<Element>,
    /// The entry it belongs to.
    pub(super) payload: u32,
}

/// A composite found in an utterance.
#[derive(Debug)]
pub(super) struct Found {
    /// Words of the utterance.
    pub(super) words: Range<usize>,
    /// What its references found, by alias; those without alias under no name.
    members: Vec<Member>,
}

/// A search through one utterance, with the steps it may still take.
pub(super) struct Walk<'a> {
    /// The utterance.
    pub(super) text: &'a Text<'a>,
    /// Where values of other types come from.
    pub(super) values_at: &'a ValuesAt<'a>,
    steps: usize,
}

impl<'a> Walk<'a> {
    /// A fresh search.
    pub(super) fn new(text: &'a Text<'a>, values_at: &'a ValuesAt<'a>) -> Self {
        Self {
            text,
            values_at,
            steps: 0,
        }
    }
}

impl Composite {
    /// An entry's elements.
    pub(super) fn new(elements: Vec<Element>, payload: u32) -> Self {
        Self { elements, payload }
    }

    /// The places of the utterance where the entry stands.
    pub(super) fn find(&self, walk: &mut Walk<'_>) -> Vec<Found> {
        let mut found = Vec::new();
        for start in 0..walk.text.words.len() {
            let mut members = Vec::new();
            if let Some(end) = follow(&self.elements, start, walk, &mut members)
                && end > start
            {
                members.reverse();
                found.push(Found {
                    words: start..end,
                    members,
                });
            }
        }
        found
    }
}

impl Found {
    /// Whether its value is an object of its own, with the names that the entry gives.
    pub(super) fn is_named(&self) -> bool {
        self.members.iter().any(|(alias, ..)| alias.is_some())
    }

    /// The value: an object of the named members; without names the value of the one reference, or the words.
    pub(super) fn value(self, said: &str) -> Value {
        if self.is_named() {
            let mut object = Map::new();
            for (alias, entity_type, value) in self.members {
                object.insert(
                    alias.unwrap_or_else(|| entity_type.trim_start_matches("sys.").to_owned()),
                    value,
                );
            }
            return Value::Object(object);
        }
        let count = self.members.len();
        match self.members.into_iter().next() {
            Some((_, _, value)) if count == 1 => value,
            _ => Value::from(said),
        }
    }
}

/// Matches elements from a word on; the word after the last one, and the members found, last first.
fn follow(elements: &[Element], at: usize, walk: &mut Walk<'_>, members: &mut Vec<Member>) -> Option<usize> {
    walk.steps += 1;
    if walk.steps > STEP_LIMIT {
        return None;
    }
    let Some((first, rest)) = elements.split_first() else {
        return Some(at);
    };
    match first {
        Element::Word(word) => {
            if walk.text.word(at) == word {
                follow(rest, at + 1, walk, members)
            } else {
                None
            }
        }
        Element::Reference { entity_type, alias } => {
            for (words, value) in (walk.values_at)(entity_type, at) {
                if let Some(end) = follow(rest, words.end, walk, members) {
                    members.push((alias.clone(), entity_type.clone(), value));
                    return Some(end);
                }
            }
            None
        }
    }
}

/// The words and values of candidates that start at a word, longest first.
pub(super) fn starting_at(
    candidates: &[Candidate],
    text: &Text<'_>,
    at: usize,
) -> Vec<(Range<usize>, Value)> {
    let mut found: Vec<(Range<usize>, Value)> = candidates
        .iter()
        .map(|candidate| (text.words_in(&candidate.range), candidate))
        .filter(|(words, _)| words.start == at && !words.is_empty())
        .map(|(words, candidate)| (words, candidate.value.clone()))
        .collect();
    found.sort_by_key(|(words, _)| Reverse(words.end));
    found
}
