//! Fuzzy extraction (cx-runtime 12.3): listed values in another word order, with words missing, added or misspelt.

use std::collections::HashMap;
use std::ops::Range;

use strsim::osa_distance;

/// Share of a value's letters that the utterance must spell.
const LEAST_COVERAGE: f64 = 0.6;
/// Letters that must be matched at least, so that short common words do not stand for a long value.
const LEAST_LETTERS: usize = 3;
/// Words of an utterance that are compared.
const WORDS_COMPARED: usize = 40;
/// Words that may stand between the words of a value.
const WORDS_BETWEEN: usize = 1;

/// The listed values of a type, prepared for approximate search.
#[derive(Debug, Default)]
pub(super) struct FuzzyValues {
    values: Vec<FuzzyValue>,
    /// Which values contain a word, and where in them.
    occurrences: HashMap<Box<str>, Vec<(u32, u32)>>,
}

#[derive(Debug)]
struct FuzzyValue {
    letters: Vec<usize>,
    payload: u32,
}

/// A value found approximately.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FuzzyMatch {
    /// Words of the utterance from the first to the last one used.
    pub(super) words: Range<usize>,
    /// What was inserted with the value.
    pub(super) payload: u32,
}

/// How much of a value stands at a place.
#[derive(Debug)]
struct Likeness {
    /// Letters of the value that the utterance spells.
    letters: usize,
    /// Their share of the value.
    coverage: f64,
    place: FuzzyMatch,
}

/// A word of the utterance that could be a word of a value.
#[derive(Debug, Clone, Copy)]
struct Hit {
    position: usize,
    slot: usize,
    distance: usize,
}

impl FuzzyValues {
    /// Adds a value.
    pub(super) fn insert(&mut self, words: &[&str], payload: u32) {
        let Ok(index) = u32::try_from(self.values.len()) else {
            return;
        };
        for (slot, word) in (0..).zip(words) {
            self.occurrences
                .entry((*word).into())
                .or_default()
                .push((index, slot));
        }
        self.values.push(FuzzyValue {
            letters: words.iter().map(|word| word.chars().count()).collect(),
            payload,
        });
    }

    /// The best approximate value at each place of the utterance: the one that explains most letters of it, then the
    /// one that is most complete.
    pub(super) fn find(&self, words: &[&str]) -> Vec<FuzzyMatch> {
        let mut found: Vec<Likeness> = self
            .hits(words)
            .into_iter()
            .filter_map(|(value, hits)| self.best(value, &hits))
            .collect();
        found.sort_by(|one, other| {
            (other.letters.cmp(&one.letters))
                .then(other.coverage.total_cmp(&one.coverage))
                .then(one.place.words.start.cmp(&other.place.words.start))
                .then(other.place.payload.cmp(&one.place.payload))
        });
        let mut kept: Vec<FuzzyMatch> = Vec::new();
        for Likeness { place: candidate, .. } in found {
            let free = |other: &FuzzyMatch| {
                other.words.end <= candidate.words.start || candidate.words.end <= other.words.start
            };
            if kept.iter().all(free) {
                kept.push(candidate);
            }
        }
        kept
    }

    /// For each value, the words of the utterance that could belong to it; in the order of insertion.
    fn hits(&self, words: &[&str]) -> std::collections::BTreeMap<u32, Vec<Hit>> {
        let mut hits = std::collections::BTreeMap::<u32, Vec<Hit>>::new();
        for (position, word) in words.iter().enumerate().take(WORDS_COMPARED) {
            for (known, places) in &self.occurrences {
                let Some(distance) = likeness(word, known) else {
                    continue;
                };
                for (value, slot) in places {
                    hits.entry(*value).or_default().push(Hit {
                        position,
                        slot: *slot as usize,
                        distance,
                    });
                }
            }
        }
        hits
    }

    /// The best place of a value among its hits.
    fn best(&self, value: u32, hits: &[Hit]) -> Option<Likeness> {
        let value = self.values.get(value as usize)?;
        let total: usize = value.letters.iter().sum();
        let mut best: Option<Likeness> = None;
        for start in hits.iter().map(|hit| hit.position) {
            let window = start..start + value.letters.len() + WORDS_BETWEEN;
            let (letters, words) = value.cover(hits, &window)?;
            #[expect(clippy::cast_precision_loss, reason = "letters of a few words")]
            let coverage = letters as f64 / total.max(1) as f64;
            let enough = coverage >= LEAST_COVERAGE && letters >= LEAST_LETTERS.min(total);
            if enough && best.as_ref().is_none_or(|known| coverage > known.coverage) {
                best = Some(Likeness {
                    letters,
                    coverage,
                    place: FuzzyMatch {
                        words,
                        payload: value.payload,
                    },
                });
            }
        }
        best
    }
}

impl FuzzyValue {
    /// Letters of the value that words of the window spell, each used once, and where.
    fn cover(&self, hits: &[Hit], window: &Range<usize>) -> Option<(usize, Range<usize>)> {
        let mut inside: Vec<&Hit> = hits.iter().filter(|hit| window.contains(&hit.position)).collect();
        inside.sort_by_key(|hit| (hit.distance, hit.position, hit.slot));
        let mut used: Vec<&Hit> = Vec::new();
        for hit in inside {
            if used
                .iter()
                .all(|other| other.position != hit.position && other.slot != hit.slot)
            {
                used.push(hit);
            }
        }
        let letters = used
            .iter()
            .map(|hit| {
                self.letters
                    .get(hit.slot)
                    .map_or(0, |all| all.saturating_sub(hit.distance))
            })
            .sum();
        let first = used.iter().map(|hit| hit.position).min()?;
        let last = used.iter().map(|hit| hit.position).max()?;
        Some((letters, first..last + 1))
    }
}

/// Distance of two words that could be the same one misspelt; `None` when they are too different.
fn likeness(word: &str, known: &str) -> Option<usize> {
    if word == known {
        return Some(0);
    }
    let (length, other) = (word.chars().count(), known.chars().count());
    let allowed = match length.min(other) {
        0..=3 => return None,
        4..=7 => 1,
        _ => 2,
    };
    if length.abs_diff(other) > allowed || word.chars().any(|character| character.is_ascii_digit()) {
        return None;
    }
    Some(osa_distance(word, known)).filter(|distance| *distance <= allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> FuzzyValues {
        let mut values = FuzzyValues::default();
        values.insert(&["large", "pepperoni", "pizza"], 0);
        values.insert(&["green", "salad"], 1);
        values.insert(&["option", "b"], 2);
        values
    }

    #[test]
    fn a_short_value_does_not_split_a_longer_one() {
        let mut values = FuzzyValues::default();
        for (payload, words) in [["option", "a"], ["option", "b"], ["option", "c"]]
            .iter()
            .enumerate()
        {
            let payload = u32::try_from(payload).unwrap();
            values.insert(words, payload);
            values.insert(&words[1..], payload);
        }
        let found = values.find(&["opton", "b"]);
        assert_eq!(
            found,
            [FuzzyMatch {
                words: 0..2,
                payload: 1
            }]
        );
    }

    #[test]
    fn tolerates_order_gaps_and_spelling() {
        for (text, expected) in [
            ("pizza large peperoni", Some((0..3, 0))),
            ("a pepperoni pizza please", Some((1..3, 0))),
            ("large hot pepperoni pizza", Some((0..4, 0))),
            ("optin b", Some((0..2, 2))),
            ("salad that is green", None),
            ("large", None),
            ("b", None),
            ("", None),
        ] {
            let words: Vec<&str> = text.split_whitespace().collect();
            let found = values()
                .find(&words)
                .into_iter()
                .next()
                .map(|found| (found.words, found.payload));
            assert_eq!(found, expected, "{text}");
        }
    }
}
