//! Listed values by their words, and beside the words by the signs they are written with: `A+` and `A-` have the same
//! word.

use std::ops::Range;

use super::text::Text;
use super::trie::WordTrie;
use crate::emulator::cx::words::{is_apostrophe, words};

/// A set of values. Of equal ones the later counts, as observed of the service where one synonym stands in two entries.
#[derive(Debug, Default)]
pub(super) struct WrittenValues {
    /// Where the values of these words are in the list.
    words: WordTrie,
    values: Vec<Vec<Written>>,
}

/// One way to write some words.
#[derive(Debug)]
struct Written {
    /// Signs before the first word, between words, and after the last.
    signs: Box<[Box<str>]>,
    payload: u32,
}

/// A value in an utterance.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// How many words it has.
    pub(super) length: usize,
    /// Bytes of the utterance, the value's own signs included.
    pub(super) range: Range<usize>,
    pub(super) payload: u32,
}

impl WrittenValues {
    /// Adds a value as it is `written`, under these forms of its words.
    pub(super) fn insert(&mut self, forms: &[&str], written: &str, payload: u32) {
        let value = Written {
            signs: signs_of(written),
            payload,
        };
        if let Some(known) = self.words.get(forms.iter().copied()) {
            let Some(group) = self.values.get_mut(known as usize) else {
                return;
            };
            match group.iter_mut().find(|other| other.signs == value.signs) {
                Some(same) => same.payload = payload,
                None => group.push(value),
            }
        } else if let Ok(fresh) = u32::try_from(self.values.len()) {
            self.words.insert(forms.iter().copied(), fresh);
            self.values.push(vec![value]);
        }
    }

    /// The words of all values.
    pub(super) fn words(&self) -> &WordTrie {
        &self.words
    }

    /// Values that begin the given words, whatever their signs: lengths in words and payloads.
    pub(super) fn prefixes<'w>(
        &self,
        words: impl IntoIterator<Item = &'w str>,
    ) -> impl Iterator<Item = (usize, u32)> {
        let found = self.words.prefixes(words).into_iter();
        found.filter_map(|(length, group)| Some((length, self.values.get(group as usize)?.first()?.payload)))
    }

    /// Values that stand at a word of the text, whose words have these forms from there on. Of those with the same words
    /// the one stands there whose signs do, and most of them; for lack of any the first.
    pub(super) fn at<'w>(
        &self,
        text: &Text<'_>,
        start: usize,
        forms: impl IntoIterator<Item = &'w str>,
    ) -> Vec<Hit> {
        let found = self.words.prefixes(forms).into_iter();
        found
            .filter_map(|(length, group)| {
                let group = self.values.get(group as usize)?;
                let plain = text.bytes(start..start + length)?;
                let standing = group
                    .iter()
                    .filter_map(|value| Some((value, standing(&value.signs, text, start..start + length)?)));
                let (value, range) = standing
                    .rev()
                    .max_by_key(|(value, _)| value.signs.iter().map(|signs| signs.len()).sum::<usize>())
                    .or_else(|| Some((group.first()?, plain)))?;
                Some(Hit {
                    length,
                    range,
                    payload: value.payload,
                })
            })
            .collect()
    }
}

/// The signs before, between and after the words of a text.
fn signs_of(written: &str) -> Box<[Box<str>]> {
    let words = words(written);
    let starts = words.iter().map(|word| word.range.start).chain([written.len()]);
    let ends = [0].into_iter().chain(words.iter().map(|word| word.range.end));
    ends.zip(starts)
        .map(|(end, start)| {
            let gap = written.get(end..start).unwrap_or_default();
            gap.chars().filter(|sign| is_sign(*sign)).collect()
        })
        .collect()
}

/// The bytes of these words of the text with a value's signs around them, if the signs stand there.
fn standing(signs: &[Box<str>], text: &Text<'_>, words: Range<usize>) -> Option<Range<usize>> {
    let plain = text.bytes(words.clone())?;
    let [before, rest @ ..] = signs else { return None };
    let [between @ .., after] = rest else { return None };
    let inside = words.start + 1..words.end;
    // A form of a value in another language may have more words than the value.
    let mut gaps = inside.map(|at| text.gap_before(at).chars().filter(|sign| is_sign(*sign)));
    if !between
        .iter()
        .all(|signs| gaps.next().is_some_and(|gap| gap.eq(signs.chars())))
    {
        return None;
    }
    let head = text.gap_before(words.start);
    let taken_before = beside(head.chars().rev(), before.chars().rev())?;
    let tail = text.raw.get(plain.end..)?;
    let taken_after = beside(tail.chars(), after.chars())?;
    Some(plain.start - taken_before..plain.end + taken_after)
}

/// How many bytes the signs take at the front of a gap, seen from the word. Blanks may stand between, but not before a
/// dash, which then is one of the sentence.
fn beside(mut gap: impl Iterator<Item = char>, signs: impl Iterator<Item = char>) -> Option<usize> {
    let mut taken = 0;
    for sign in signs {
        let mut apart = false;
        loop {
            let next = gap.next()?;
            taken += next.len_utf8();
            if next == sign && !(apart && matches!(sign, '-' | '–' | '—')) {
                break;
            }
            if is_sign(next) {
                return None;
            }
            apart = true;
        }
    }
    Some(taken)
}

/// Whether a character beside words tells values apart; blanks and quotation marks do not.
fn is_sign(character: char) -> bool {
    !character.is_whitespace() && !is_apostrophe(character) && !matches!(character, '"' | '“' | '”')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_same_words_are_told_apart_by_their_signs() {
        let listed = [
            "A+", "A-", "O+", "C", "C++", "C#", "> 18", "<18", "1-5", "1.5", "Yahoo!", "st. john",
        ];
        let mut values = WrittenValues::default();
        for (payload, value) in (0..).zip(listed) {
            let found = words(value);
            let forms: Vec<&str> = found.iter().map(|word| word.text.as_str()).collect();
            values.insert(&forms, value, payload);
        }
        for (said, expected, part) in [
            ("A+", "A+", "A+"),
            ("it is A-.", "A-", "A-"),
            ("A - I think", "A+", "A"),
            ("a +", "A+", "a +"),
            ("a", "A+", "a"),
            ("o-", "O+", "o"),
            ("C", "C", "C"),
            ("I know C++!", "C++", "C++"),
            ("c#, please", "C#", "c#"),
            ("< 18", "<18", "< 18"),
            ("older (>18)", "> 18", ">18"),
            ("1.5", "1.5", "1.5"),
            ("1-5", "1-5", "1-5"),
            ("1 5", "1-5", "1 5"),
            ("“yahoo”", "Yahoo!", "yahoo"),
            ("St John", "st. john", "St John"),
        ] {
            let text = Text::new(said);
            let end = text.words.len();
            let hits = (0..end).flat_map(|start| values.at(&text, start, text.normal(start..end)));
            let hit = hits.max_by_key(|hit| hit.length).unwrap();
            let found = (listed[hit.payload as usize], &said[hit.range]);
            assert_eq!(found, (expected, part), "{said}");
        }
    }

    #[test]
    fn of_equal_values_the_later_counts() {
        let mut values = WrittenValues::default();
        for (payload, value) in (0..).zip(["large", "Large", "large!"]) {
            values.insert(&["large"], value, payload);
        }
        assert_eq!(values.prefixes(["large"]).collect::<Vec<_>>(), [(1, 1)]);
        let text = Text::new("large");
        assert_eq!(values.at(&text, 0, ["large"])[0].payload, 1);
    }
}
