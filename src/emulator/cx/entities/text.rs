//! An utterance prepared for recognition, and what recognisers report about it.

use std::ops::Range;

use crate::emulator::cx::words::{Word, words};
use crate::model::Value;

/// Words of an utterance that recognisers look at; what comes after is ignored. Bounds the work on any input.
const WORD_LIMIT: usize = 256;

/// An utterance with its words.
#[derive(Debug)]
pub(super) struct Text<'a> {
    /// As the user wrote it.
    pub(super) raw: &'a str,
    /// Its words, the first [`WORD_LIMIT`] of them.
    pub(super) words: Vec<Word>,
}

impl<'a> Text<'a> {
    /// Prepares an utterance.
    pub(super) fn new(raw: &'a str) -> Self {
        let mut words = words(raw);
        words.truncate(WORD_LIMIT);
        Self { raw, words }
    }

    /// The bytes from the first to the last word of a range of words; `None` for an empty or impossible range.
    pub(super) fn bytes(&self, words: Range<usize>) -> Option<Range<usize>> {
        let inside = self.words.get(words)?;
        Some(inside.first()?.range.start..inside.last()?.range.end)
    }

    /// The text of a range of words as the user wrote it, blanks and signs between them included.
    pub(super) fn slice(&self, words: Range<usize>) -> &'a str {
        self.bytes(words)
            .and_then(|bytes| self.raw.get(bytes))
            .unwrap_or_default()
    }

    /// Normalised words of a range.
    pub(super) fn normal(&self, words: Range<usize>) -> impl Iterator<Item = &str> {
        self.words
            .get(words)
            .unwrap_or_default()
            .iter()
            .map(|word| word.text.as_str())
    }

    /// A normalised word; empty past the end.
    pub(super) fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |word| word.text.as_str())
    }

    /// What stands between a word and the one before it, as written.
    pub(super) fn gap_before(&self, index: usize) -> &'a str {
        let Some(end) = self.words.get(index).map(|word| word.range.start) else {
            return "";
        };
        let start = index
            .checked_sub(1)
            .and_then(|before| self.words.get(before))
            .map_or(0, |word| word.range.end);
        self.raw.get(start..end).unwrap_or_default()
    }

    /// The words whose bytes lie in a range.
    pub(super) fn words_in(&self, bytes: &Range<usize>) -> Range<usize> {
        let start = self.words.partition_point(|word| word.range.end <= bytes.start);
        let end = self.words.partition_point(|word| word.range.start < bytes.end);
        start..end.max(start)
    }
}

/// How sure a recogniser is. Better ones win over longer ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quality {
    /// Looks like a value nobody listed.
    Guessed,
    /// A listed value, misspelt or shortened.
    Fuzzy,
    /// A listed value in another grammatical form.
    Inflected,
    /// The value itself.
    Exact,
}

/// A possible value in an utterance.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    /// Bytes of the raw text.
    pub(super) range: Range<usize>,
    /// The resolved value.
    pub(super) value: Value,
    /// How sure it is.
    pub(super) quality: Quality,
    /// Whether an object value carries the words it came from as `original`.
    pub(super) tell_original: bool,
}

impl Candidate {
    /// A plain, exact value.
    pub(super) fn exact(range: Range<usize>, value: impl Into<Value>) -> Self {
        Self {
            range,
            value: value.into(),
            quality: Quality::Exact,
            tell_original: true,
        }
    }
}

/// The candidates that remain when better ones, then longer ones, then earlier ones take their place first; in
/// the order of the text. That a longer value stands there in another grammatical form makes it no worse than a shorter
/// one that stands there as it is ("checking accounts", cx-runtime 12.3: longest match wins).
pub(super) fn without_overlaps(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let rank = |candidate: &Candidate| {
        let length = candidate.range.end - candidate.range.start;
        (
            candidate.quality.min(Quality::Inflected),
            length,
            candidate.quality,
        )
    };
    candidates.sort_by(|a, b| rank(b).cmp(&rank(a)).then(a.range.start.cmp(&b.range.start)));
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        if kept
            .iter()
            .all(|other| other.range.end <= candidate.range.start || candidate.range.end <= other.range.start)
        {
            kept.push(candidate);
        }
    }
    kept.sort_by_key(|candidate| candidate.range.start);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_bytes_correspond() {
        let text = Text::new("I am, well, “Ann”.");
        assert_eq!(text.slice(1..4), "am, well, “Ann");
        assert_eq!(text.gap_before(2), ", ");
        assert_eq!(text.words_in(&(5..10)), 2..3);
        assert_eq!(text.bytes(4..9), None);
    }

    #[test]
    fn better_then_longer_then_earlier() {
        let candidate = |range: Range<usize>, quality| Candidate {
            quality,
            ..Candidate::exact(range, "x")
        };
        let kept = without_overlaps(vec![
            candidate(0..4, Quality::Exact),
            candidate(0..9, Quality::Exact),
            candidate(8..20, Quality::Fuzzy),
            candidate(10..12, Quality::Exact),
        ]);
        let ranges: Vec<Range<usize>> = kept.into_iter().map(|candidate| candidate.range).collect();
        assert_eq!(ranges, [0..9, 10..12]);
    }

    #[test]
    fn another_form_of_a_longer_value_outweighs_a_shorter_one() {
        let candidate = |range: Range<usize>, quality, value: &str| Candidate {
            quality,
            ..Candidate::exact(range, value)
        };
        let kept = without_overlaps(vec![
            candidate(0..8, Quality::Exact, "checking"),
            candidate(0..17, Quality::Inflected, "checking account"),
            candidate(20..24, Quality::Inflected, "other form"),
            candidate(20..24, Quality::Exact, "as it is"),
        ]);
        let values: Vec<Value> = kept.into_iter().map(|candidate| candidate.value).collect();
        assert_eq!(values, ["checking account", "as it is"]);
    }
}
