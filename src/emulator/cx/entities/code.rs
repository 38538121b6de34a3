//! Digits that name something rather than count: telephone numbers, sequences, postal codes, flight numbers
//! (cx-runtime 13). Kept as text; telephone numbers and sequences lose their separators.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use super::external;
use super::system::SystemType;
use super::text::{Candidate, Text};
use crate::emulator::cx::language::base;

/// Digits of a telephone number.
const PHONE_DIGITS: Range<usize> = 4..16;

/// Codes of a kind in the text.
pub(super) fn find(kind: SystemType, text: &Text<'_>, language: &str) -> Vec<Candidate> {
    match kind {
        SystemType::PhoneNumber => {
            let runs = runs(text, language, &[' ', '-', '.', '(', ')', '/']);
            let long = runs
                .into_iter()
                .filter(|run| PHONE_DIGITS.contains(&run.digits.len()));
            long.map(|run| run.phone(text)).collect()
        }
        SystemType::NumberSequence => {
            let runs = runs(text, language, &[' ', '-']);
            runs.into_iter()
                .map(|run| Candidate::exact(run.range, run.digits))
                .collect()
        }
        SystemType::ZipCode => zip_codes(text.raw, language),
        SystemType::FlightNumber => flights(text.raw),
        _ => Vec::new(),
    }
}

/// Digits in a row.
struct Run {
    range: Range<usize>,
    digits: String,
}

impl Run {
    /// As a telephone number, with the `+` before it.
    fn phone(self, text: &Text<'_>) -> Candidate {
        let plus = text
            .raw
            .get(..self.range.start)
            .is_some_and(|before| before.ends_with('+'));
        if plus {
            return Candidate::exact(self.range.start - 1..self.range.end, format!("+{}", self.digits));
        }
        Candidate::exact(self.range, self.digits)
    }
}

/// Words of digits that only these signs separate.
fn runs(text: &Text<'_>, language: &str, separators: &[char]) -> Vec<Run> {
    let spoken = external::numbers(text, language);
    let digits_of = |at: usize| -> Option<String> {
        let word = text.words.get(at)?;
        if word.text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(word.text.clone());
        }
        let number = spoken
            .iter()
            .find(|number| number.range == word.range && !number.ordinal)?;
        (0..=9_u8)
            .find(|digit| (f64::from(*digit) - number.value).abs() < f64::EPSILON)
            .map(|digit| digit.to_string())
    };
    let english = base(language) == "en";
    // `double five`, `triple zero`; `oh` is a zero beside other digits.
    let repeated = |at: usize| {
        let times = ["double", "triple"]
            .iter()
            .position(|times| english && text.word(at) == *times)?
            + 2;
        Some((
            2,
            digits_of(at + 1)
                .filter(|digits| digits.len() == 1)?
                .repeat(times),
        ))
    };
    let zero = |at: usize, joins: bool| {
        let beside = joins || digits_of(at + 1).is_some();
        (english && beside && matches!(text.word(at), "oh" | "o")).then(|| (1, "0".to_owned()))
    };
    let mut found: Vec<Run> = Vec::new();
    let mut joins = false;
    let mut next = 0;
    while next < text.words.len() {
        let at = next;
        let plain = digits_of(at).map(|digits| (1, digits));
        let Some((length, digits)) = plain.or_else(|| repeated(at)).or_else(|| zero(at, joins)) else {
            joins = false;
            next += 1;
            continue;
        };
        next = at + length;
        let Some(range) = text.bytes(at..next) else {
            continue;
        };
        let close = text.gap_before(at).chars().all(|sign| separators.contains(&sign));
        match found.last_mut() {
            Some(run) if joins && close => {
                run.digits.push_str(&digits);
                run.range.end = range.end;
            }
            _ => found.push(Run { range, digits }),
        }
        joins = true;
    }
    found
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

fn flights(raw: &str) -> Vec<Candidate> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    const FLIGHT: &str = r"\b(?:[A-Za-z]{2}|[A-Za-z]\d|\d[A-Za-z]) ?\d{1,4}\b";
    let pattern = PATTERN.get_or_init(|| Regex::new(FLIGHT).ok());
    let found = matches(pattern.as_ref(), raw).filter(|range| {
        // `to 5` is no flight: letters apart from the number are capitals, or stand after the word.
        let written = raw.get(range.clone()).unwrap_or_default();
        let before = raw
            .get(..range.start)
            .unwrap_or_default()
            .trim_end()
            .to_lowercase();
        !written.contains(' ') || !written.chars().any(char::is_lowercase) || before.ends_with("flight")
    });
    found
        .map(|range| {
            let value: String = raw.get(range.clone()).unwrap_or_default().split(' ').collect();
            Candidate::exact(range, value.to_uppercase())
        })
        .collect()
}

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
}
