//! Digits that name something rather than count: telephone numbers, sequences, postal codes, flight numbers
//! (cx-runtime 13). Kept as text; telephone numbers and sequences lose their separators.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use self::spoken::{Spoken, is_plus};
use super::openended::is_common;
use super::system::SystemType;
use super::text::{Candidate, Text};
use crate::emulator::cx::language::base;

mod spoken;

/// Digits of a telephone number.
const PHONE_DIGITS: Range<usize> = 4..16;

/// Codes of a kind in the text.
pub(super) fn find(kind: SystemType, text: &Text<'_>, language: &str) -> Vec<Candidate> {
    match kind {
        SystemType::PhoneNumber => {
            let runs = runs(text, language, &[' ', '-', '.', '(', ')', '/']);
            // `One thousand two hundred` is an amount: few words of a telephone number are round.
            let plain = |run: &Run| run.rounds == 0 || run.digits.len() >= run.rounds * 3 + 3;
            let long = runs
                .into_iter()
                .filter(|run| PHONE_DIGITS.contains(&run.digits.len()) && plain(run));
            long.map(|run| run.phone(text)).collect()
        }
        SystemType::NumberSequence => {
            let mut runs = runs(text, language, &[' ', '-']);
            let counted = runs.first().is_some_and(|run| counts_digits(text, run));
            if counted && runs.len() > 1 {
                runs.remove(0);
            }
            runs.into_iter()
                .map(|run| Candidate::exact(run.range, run.digits))
                .collect()
        }
        SystemType::ZipCode => {
            let written = zip_codes(text.raw, language);
            if written.is_empty() {
                spoken_zip_codes(text, language)
            } else {
                written
            }
        }
        SystemType::FlightNumber => flights(text),
        _ => Vec::new(),
    }
}

/// Digits in a row.
struct Run {
    range: Range<usize>,
    digits: String,
    /// How many round numbers are among them.
    rounds: usize,
}

impl Run {
    /// As a telephone number, with the `+` before it.
    fn phone(self, text: &Text<'_>) -> Candidate {
        let before = text.raw.get(..self.range.start).unwrap_or_default();
        let said = text
            .words_in(&self.range)
            .start
            .checked_sub(1)
            .filter(|before| is_plus(text.word(*before)) && text.gap_before(before + 1) == " ")
            .and_then(|before| Some(text.words.get(before)?.range.start));
        let plus = if before.ends_with('+') {
            Some(self.range.start - 1)
        } else {
            said
        };
        match plus {
            Some(start) => Candidate::exact(start..self.range.end, format!("+{}", self.digits)),
            None => Candidate::exact(self.range, self.digits),
        }
    }
}

/// Words of digits that only these signs separate.
fn runs(text: &Text<'_>, language: &str, separators: &[char]) -> Vec<Run> {
    // Round numbers are said in telephone numbers (`eight hundred, five five five`).
    let spoken = Spoken::new(text, language, separators.contains(&'('));
    let written = |at: usize| {
        let word = text.word(at);
        let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| (1, word.to_owned()))
    };
    let mut found: Vec<Run> = Vec::new();
    let mut joins = false;
    let mut next = 0;
    while next < text.words.len() {
        let at = next;
        let Some((length, digits)) = written(at).or_else(|| spoken.digits(at, joins)) else {
            joins = false;
            next += 1;
            continue;
        };
        next = at + length;
        let Some(range) = text.bytes(at..next) else {
            continue;
        };
        let gap = text.gap_before(at);
        let close = gap.chars().all(|sign| separators.contains(&sign));
        // Those who write down speech put commas where it paused.
        let pause = gap == ", " && written(at).is_none() && at > 0 && written(at - 1).is_none();
        let rounds = usize::from(
            written(at).is_none() && digits.len() > 2 && !digits.starts_with('0') && digits.ends_with("00"),
        );
        match found.last_mut() {
            Some(run) if joins && (close || pause || groups_of_three(text, at)) => {
                run.digits.push_str(&digits);
                run.range.end = range.end;
                run.rounds += rounds;
            }
            _ => found.push(Run {
                range,
                digits,
                rounds,
            }),
        }
        joins = true;
    }
    found
}

/// Whether a number says how many digits come rather than which: `the last four are …`.
fn counts_digits(text: &Text<'_>, run: &Run) -> bool {
    const BEFORE: &[&str] = &[
        "last", "first", "últimos", "ultimos", "primeros", "últimas", "letzten", "ersten", "derniers",
        "ostatnie", "son",
    ];
    let at = text.words_in(&run.range).start;
    let before = at.checked_sub(1).map_or("", |before| text.word(before));
    run.digits.len() == 1 && BEFORE.contains(&before)
}

/// Whether a comma stands between digits as in `12,345`.
fn groups_of_three(text: &Text<'_>, at: usize) -> bool {
    let digits =
        |at: usize| Some(text.word(at)).filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let before = at.checked_sub(1).and_then(digits);
    text.gap_before(at) == ","
        && digits(at).is_some_and(|group| group.len() == 3)
        && before.is_some_and(|before| (1..=3).contains(&before.len()))
}

/// Postal codes of nothing but digits, said one by one.
fn spoken_zip_codes(text: &Text<'_>, language: &str) -> Vec<Candidate> {
    let in_words = |run: &Run| {
        let written = text.raw.get(run.range.clone()).unwrap_or_default();
        !written.bytes().any(|byte| byte.is_ascii_digit())
    };
    let found = runs(text, language, &[' ', '-']).into_iter();
    found
        .filter(|run| in_words(run) && matches!(run.digits.len(), 4..=6 | 9))
        .map(|run| match run.digits.split_at_checked(5) {
            Some((first, rest)) if rest.len() == 4 => Candidate::exact(run.range, format!("{first}-{rest}")),
            _ => Candidate::exact(run.range, run.digits),
        })
        .collect()
}

fn zip_codes(raw: &str, language: &str) -> Vec<Candidate> {
    static ANYWHERE: OnceLock<Option<Regex>> = OnceLock::new();
    static POLISH: OnceLock<Option<Regex>> = OnceLock::new();
    static PORTUGUESE: OnceLock<Option<Regex>> = OnceLock::new();
    const PLAIN: &str = r"\b(?:\d{5}-\d{4}|\d{4,6}|[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}|[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d)\b";
    let pattern = match base(language) {
        "pl" => POLISH.get_or_init(|| Regex::new(r"\b(?:\d{2}-\d{3}|\d{5})\b").ok()),
        "pt" => PORTUGUESE.get_or_init(|| Regex::new(r"\b(?:\d{5}-?\d{3}|\d{4}-\d{3}|\d{4,5})\b").ok()),
        _ => ANYWHERE.get_or_init(|| Regex::new(PLAIN).ok()),
    };
    let whole = |range: &Range<usize>| {
        let before = raw.get(..range.start).and_then(|part| part.chars().next_back());
        let after = raw.get(range.end..).unwrap_or_default();
        let digits_after = after.starts_with(['-', '.', ',', ':', '/'])
            && after.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
        !matches!(before, Some('-' | '.' | ':' | '/' | '$' | '€' | '£')) && !digits_after
    };
    matches(pattern.as_ref(), raw)
        .filter(whole)
        .map(|range| code(raw, range))
        .collect()
}

fn flights(text: &Text<'_>) -> Vec<Candidate> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    const FLIGHT: &str = r"\b(?:[A-Za-z]{2}|[A-Za-z]\d|\d[A-Za-z])[ -]?\d{1,4}\b";
    let pattern = PATTERN.get_or_init(|| Regex::new(FLIGHT).ok());
    let raw = text.raw;
    let found = matches(pattern.as_ref(), raw).filter(|range| {
        // `to 5` is no flight: letters apart from the number are capitals, stand after the word, or are all there is.
        let written = raw.get(range.clone()).unwrap_or_default();
        let before = raw
            .get(..range.start)
            .unwrap_or_default()
            .trim_end()
            .to_lowercase();
        let alone =
            text.words.len() == 2 && !is_common(text.word(0)) && !BEFORE_NUMBERS.contains(&text.word(0));
        let apart = written.contains([' ', '-']);
        !apart || !written.chars().any(char::is_lowercase) || before.ends_with("flight") || alone
    });
    found
        .map(|range| {
            let value: String = raw
                .get(range.clone())
                .unwrap_or_default()
                .split([' ', '-'])
                .collect();
            Candidate::exact(range, value.to_uppercase())
        })
        .collect()
}

/// Words of two letters before numbers that are no airline.
const BEFORE_NUMBERS: &[&str] = &[
    "at", "by", "as", "no", "nr", "id", "am", "pm", "ab", "um", "zu", "au", "às", "na", "we", "do", "od",
];

fn matches<'t>(pattern: Option<&'t Regex>, raw: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    pattern
        .into_iter()
        .flat_map(move |pattern| pattern.find_iter(raw))
        .map(|found| found.range())
}

fn code(raw: &str, range: Range<usize>) -> Candidate {
    let value = raw.get(range.clone()).unwrap_or_default();
    Candidate::exact(range, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(kind: SystemType, text: &str) -> Vec<String> {
        find(kind, &Text::new(text), "en")
            .into_iter()
            .map(|found| found.value.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn codes_of_each_kind() {
        for (kind, text, expected) in [
            (SystemType::PhoneNumber, "555-555-5555", &["5555555555"][..]),
            (
                SystemType::PhoneNumber,
                "call +49 (30) 1234567, ext",
                &["+49301234567"],
            ),
            (
                SystemType::PhoneNumber,
                "it's 123 123 1234 and 94040",
                &["1231231234", "94040"],
            ),
            (
                SystemType::PhoneNumber,
                "five five five one two three four",
                &["5551234"],
            ),
            (SystemType::PhoneNumber, "one sec", &[]),
            (SystemType::PhoneNumber, "10", &[]),
            (SystemType::NumberSequence, "1234 5678-9", &["123456789"]),
            (SystemType::NumberSequence, "one two 3", &["123"]),
            (SystemType::NumberSequence, "abc", &[]),
            (
                SystemType::NumberSequence,
                "double five six oh two triple 1",
                &["55602111"],
            ),
            (SystemType::NumberSequence, "oh double room", &[]),
            (SystemType::NumberSequence, "one two zero three", &["1203"]),
            (SystemType::NumberSequence, "zero zero seven", &["007"]),
            (SystemType::NumberSequence, "oh oh seven", &["007"]),
            (SystemType::NumberSequence, "twelve thirty four", &["1234"]),
            (SystemType::NumberSequence, "1,234 or 1, 2", &["1234", "1", "2"]),
            (SystemType::NumberSequence, "the second", &[]),
            (
                SystemType::NumberSequence,
                "the last four are one two double three",
                &["1233"],
            ),
            (SystemType::NumberSequence, "the last four", &["4"]),
            (
                SystemType::PhoneNumber,
                "five five five, one two one two",
                &["5551212"],
            ),
            (SystemType::PhoneNumber, "one thousand two hundred", &[]),
            (SystemType::PhoneNumber, "six thousand", &[]),
            (
                SystemType::PhoneNumber,
                "six five zero two zero six five five five five",
                &["6502065555"],
            ),
            (
                SystemType::PhoneNumber,
                "my number is five five five zero one two three",
                &["5550123"],
            ),
            (
                SystemType::PhoneNumber,
                "one eight hundred five five five one two one two",
                &["18005551212"],
            ),
            (
                SystemType::PhoneNumber,
                "plus one six five zero two five three zero zero zero zero",
                &["+16502530000"],
            ),
            (SystemType::ZipCode, "nine four zero four three", &["94043"]),
            (SystemType::FlightNumber, "lh 454", &["LH454"]),
            (SystemType::FlightNumber, "AA-100", &["AA100"]),
            (SystemType::FlightNumber, "at 5", &[]),
            (SystemType::FlightNumber, "flight ua 1234", &["UA1234"]),
            (
                SystemType::ZipCode,
                "94043 or 02142-1234",
                &["94043", "02142-1234"],
            ),
            (SystemType::ZipCode, "SW1A 1AA", &["SW1A 1AA"]),
            (SystemType::ZipCode, "18-200", &[]),
            (SystemType::ZipCode, "$5000", &[]),
            (
                SystemType::FlightNumber,
                "flight aa123 and LH 454",
                &["AA123", "LH454"],
            ),
            (SystemType::FlightNumber, "to 5 people", &[]),
        ] {
            assert_eq!(values(kind, text), expected, "{kind:?} {text}");
        }
    }
    #[test]
    fn digits_as_other_languages_say_them() {
        for (language, text, expected) in [
            ("es", "seis cinco cero dos cero seis cinco cinco", "65020655"),
            ("es", "cero cero tres doble cinco", "00355"),
            ("pt", "um dois zero três", "1203"),
            ("pt", "meia dois três zero", "6230"),
            (
                "fr",
                "zéro six douze trente-quatre cinquante-six soixante-dix-huit",
                "0612345678",
            ),
            ("de", "null drei null eins zwo drei vier", "0301234"),
            ("it", "zero tre due zero uno", "03201"),
            ("nl", "nul zes een twee drie vier", "061234"),
            ("pl", "zero zero siedem pięć", "0075"),
            ("tr", "sıfır beş üç iki", "0532"),
            ("ja", "一二〇三", "1203"),
            ("ru", "ноль один два ноль", "0120"),
        ] {
            for kind in [SystemType::NumberSequence, SystemType::PhoneNumber] {
                let found = find(kind, &Text::new(text), language);
                let values: Vec<&str> = found.iter().filter_map(|found| found.value.as_str()).collect();
                assert_eq!(values, [expected], "{language} {kind:?} {text}");
            }
        }
    }
}
