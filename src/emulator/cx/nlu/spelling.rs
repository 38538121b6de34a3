//! Spelling repair (nlu 3.4): an unknown word becomes the nearest known one.

use std::cmp::Reverse;

use strsim::osa_distance;

use super::model::Model;
use crate::emulator::cx::words::Word;

/// Shortest word that is repaired.
const SHORTEST: usize = 5;
/// From this length on two slips are forgiven.
const LONG: usize = 7;

/// The words of an utterance with the unknown ones repaired; `None` when nothing is to be repaired.
pub(super) fn repair(words: &[Word], model: &Model) -> Option<Vec<String>> {
    let mut changed = false;
    let repaired = words
        .iter()
        .map(|word| {
            let better = nearest(&word.text, model);
            changed |= better.is_some();
            better.unwrap_or(&word.text).to_owned()
        })
        .collect();
    changed.then_some(repaired)
}

/// The known word with the same first letter at the least distance, then the most frequent, then the first.
fn nearest<'m>(word: &str, model: &'m Model) -> Option<&'m str> {
    let length = word.chars().count();
    let first = word.chars().next()?;
    if length < SHORTEST
        || model.frequency(word).is_some()
        || word.chars().any(|character| character.is_ascii_digit())
    {
        return None;
    }
    let allowed = if length < LONG { 1 } else { 2 };
    model
        .words_from(first)
        .filter(|known| known.chars().count().abs_diff(length) <= allowed)
        .filter_map(|known| {
            let distance = osa_distance(word, known);
            (distance <= allowed).then(|| (distance, Reverse(model.frequency(known)), known))
        })
        .min()
        .map(|(_, _, known)| known)
}

/// The utterance with repaired words in the places of the original ones.
pub(super) fn rewrite(text: &str, words: &[Word], repaired: &[String]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut end = 0;
    for (word, better) in words.iter().zip(repaired) {
        result.push_str(text.get(end..word.range.start).unwrap_or_default());
        let written = text.get(word.range.clone()).unwrap_or_default();
        result.push_str(if word.text == *better { written } else { better });
        end = word.range.end;
    }
    result.push_str(text.get(end..).unwrap_or_default());
    result
}
