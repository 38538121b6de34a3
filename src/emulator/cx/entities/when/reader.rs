//! An utterance read as dates and times: what each word can mean, and small steps through it.

use std::cell::OnceCell;
use std::ops::Range;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::lexicon::{Lexicon, Sense};
use crate::emulator::cx::entities::text::Text;
use crate::emulator::cx::entities::{EntityContext, measure};
use crate::emulator::cx::language::base;

/// An utterance with the senses of its words.
pub(super) struct Reader<'a> {
    /// The utterance.
    pub(super) text: &'a Text<'a>,
    /// The language's words.
    pub(super) lexicon: &'a Lexicon,
    /// The moment that relative expressions count from.
    pub(super) now: NaiveDateTime,
    /// The turn's language code.
    pub(super) language: &'a str,
    senses: Vec<Vec<(usize, Sense)>>,
    /// Amounts of hours, minutes and seconds with their words, once they were asked for.
    lengths: OnceCell<Vec<(Range<usize>, TimeDelta)>>,
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
    pub(super) fn new(text: &'a Text<'a>, lexicon: &'a Lexicon, context: &EntityContext<'a>) -> Self {
        let senses = (0..text.words.len())
            .map(|at| lexicon.senses(text.normal(at..text.words.len())))
            .collect();
        Self {
            text,
            lexicon,
            now: context.now.naive_local(),
            language: context.language,
            senses,
            lengths: OnceCell::new(),
        }
    }

    /// The same utterance read from another day on.
    pub(super) fn from(&self, day: NaiveDate) -> Self {
        Self {
            now: day.and_time(self.now.time()),
            senses: self.senses.clone(),
            lengths: self.lengths.clone(),
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
        let (next, number) = self.number_word(at)?;
        if (20..100).contains(&number) && number % 10 == 0 {
            let joined = ["y", "e", "et"].contains(&self.text.word(next));
            let unit = self.number_word(next + usize::from(joined));
            if let Some((end, unit @ 1..10)) = unit {
                return Some((end, number + unit));
            }
        }
        Some((next, number))
    }

    /// A number of the language's table.
    pub(super) fn number_word(&self, at: usize) -> Option<(usize, u32)> {
        self.take(at, |sense| {
            if let Sense::Number(number) = sense {
                Some(number)
            } else {
                None
            }
        })
    }

    /// An amount of hours, minutes and seconds: `an hour and a half`.
    pub(super) fn length(&self, at: usize) -> Option<(usize, TimeDelta)> {
        let all = self
            .lengths
            .get_or_init(|| measure::lengths(self.text, self.language));
        let found = all.iter().find(|(words, _)| words.start == at)?;
        Some((found.0.end, found.1))
    }

    /// Whether the turn is in this language.
    pub(super) fn language_is(&self, code: &str) -> bool {
        base(self.language).eq_ignore_ascii_case(code)
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

    /// Whether a dash joins the word to the one before, which may be a number with a dot (`16.-20.`).
    pub(super) fn dashed(&self, at: usize) -> bool {
        let gap = self.text.gap_before(at).trim();
        let gap = gap.strip_prefix('.').map_or(gap, str::trim_start);
        at > 0 && matches!(gap, "-" | "–" | "—")
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
