//! An utterance read as dates and times: what each word can mean, and small steps through it.

use chrono::{NaiveDate, NaiveDateTime};

use super::lexicon::{Lexicon, Sense};
use crate::emulator::cx::entities::text::Text;

/// An utterance with the senses of its words.
pub(super) struct Reader<'a> {
    /// The utterance.
    pub(super) text: &'a Text<'a>,
    /// The language's words.
    pub(super) lexicon: &'a Lexicon,
    /// The moment that relative expressions count from.
    pub(super) now: NaiveDateTime,
    senses: Vec<Vec<(usize, Sense)>>,
}

/// A number written in digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits {
    /// Its value.
    pub(super) value: u32,
    /// How many digits it has.
    pub(super) length: usize,
    /// Whether it starts with a zero.
    pub(super) padded: bool,
}

impl<'a> Reader<'a> {
    /// Looks up the words of an utterance.
    pub(super) fn new(text: &'a Text<'a>, lexicon: &'a Lexicon, now: NaiveDateTime) -> Self {
        let senses = (0..text.words.len())
            .map(|at| lexicon.senses(text.normal(at..text.words.len())))
            .collect();
        Self {
            text,
            lexicon,
            now,
            senses,
        }
    }

    /// The same utterance read from another day on.
    pub(super) fn from(&self, day: NaiveDate) -> Self {
        Self {
            now: day.and_time(self.now.time()),
            senses: self.senses.clone(),
            ..*self
        }
    }

    /// Number of words.
    pub(super) fn len(&self) -> usize {
        self.text.words.len()
    }

    /// The longest phrase here with a wanted sense: what follows it, and the sense.
    pub(super) fn take<T>(&self, at: usize, wanted: impl Fn(Sense) -> Option<T>) -> Option<(usize, T)> {
        let senses = self.senses.get(at)?;
        senses
            .iter()
            .find_map(|(length, sense)| wanted(*sense).map(|found| (at + length, found)))
    }

    /// The place after a phrase of exactly this sense.
    pub(super) fn skip(&self, at: usize, sense: Sense) -> Option<usize> {
        self.take(at, |found| (found == sense).then_some(()))
            .map(|(next, ())| next)
    }

    /// The place after an optional phrase of this sense.
    pub(super) fn skip_optional(&self, at: usize, sense: Sense) -> usize {
        self.skip(at, sense).unwrap_or(at)
    }

    /// Whether some sense is known for the word.
    pub(super) fn means_something(&self, at: usize) -> bool {
        self.senses.get(at).is_some_and(|senses| !senses.is_empty())
    }

    /// A word of nothing but at most four ASCII digits.
    pub(super) fn digits(&self, at: usize) -> Option<Digits> {
        digits(self.text.word(at))
    }

    /// A word of digits followed by letters: the number and the letters.
    pub(super) fn digits_with_suffix(&self, at: usize) -> Option<(Digits, &str)> {
        let word = self.text.word(at);
        let split = word
            .find(|c: char| !c.is_ascii_digit())
            .filter(|split| *split > 0)?;
        let (number, suffix) = word.split_at_checked(split)?;
        Some((digits(number)?, suffix))
    }

    /// A number in digits or in words.
    pub(super) fn number(&self, at: usize) -> Option<(usize, u32)> {
        if let Some(digits) = self.digits(at) {
            return Some((at + 1, digits.value));
        }
        self.take(at, |sense| {
            if let Sense::Number(number) = sense {
                Some(number)
            } else {
                None
            }
        })
    }

    /// Whether the gap before a word is one of these signs, blanks aside.
    pub(super) fn joined_by(&self, at: usize, signs: &[char]) -> bool {
        let gap = self.text.gap_before(at).trim();
        let mut characters = gap.chars();
        at > 0 && characters.next().is_some_and(|sign| signs.contains(&sign)) && characters.next().is_none()
    }

    /// What stands between a word and the next one, or the end.
    pub(super) fn gap_after(&self, at: usize) -> &str {
        if at + 1 < self.len() {
            return self.text.gap_before(at + 1);
        }
        let end = self.text.words.get(at).map(|word| word.range.end);
        end.and_then(|end| self.text.raw.get(end..)).unwrap_or_default()
    }

    /// Whether a dash joins the word to the one before.
    pub(super) fn dashed(&self, at: usize) -> bool {
        self.joined_by(at, &['-', '–', '—'])
    }
}

fn digits(word: &str) -> Option<Digits> {
    let all = !word.is_empty() && word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    let value = all.then(|| word.parse().ok()).flatten()?;
    Some(Digits {
        value,
        length: word.len(),
        padded: word.starts_with('0'),
    })
}
