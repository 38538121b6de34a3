//! Sums of money and names of currencies.

use std::ops::Range;

use super::units::{CURRENCIES, CURRENCY_SIGNS, Unit};
use super::{joins, object, unit_after, unit_at};
use crate::emulator::cx::entities::number::{Numeral, numerals};
use crate::emulator::cx::entities::text::{Candidate, Text};
use crate::emulator::cx::language::base;

/// A sum found.
struct Sum {
    range: Range<usize>,
    amount: f64,
    currency: &'static str,
    /// Whether the currency is told behind the amount, so that hundredths may follow it.
    open: bool,
}

/// Sums of money in the text.
pub(super) fn find(text: &Text<'_>, language: &str) -> Vec<Candidate> {
    let currencies: Vec<&Unit> = CURRENCIES.iter().collect();
    let mut found: Vec<Sum> = Vec::new();
    for numeral in numerals(text, language).iter().filter(|numeral| !numeral.ordinal) {
        let taken = found.last().map_or(0, |sum| sum.range.end);
        let thousands = thousands(numeral, text, language);
        match thousands.or_else(|| currency_of(numeral, text, &currencies, taken)) {
            Some((range, "cents")) => match found.last_mut() {
                Some(before) if joins(text, before.range.end..range.start) => {
                    before.amount += numeral.value / 100.0;
                    before.range.end = range.end;
                    before.open = false;
                }
                _ => found.push(Sum {
                    range,
                    amount: numeral.value / 100.0,
                    currency: "USD",
                    open: false,
                }),
            },
            Some((range, "grand")) => found.push(Sum {
                range,
                amount: numeral.value * 1000.0,
                currency: "USD",
                open: false,
            }),
            Some((range, currency)) => {
                let open = range.start == numeral.range.start;
                let (factor, end) = scaled(numeral, text, range.end);
                found.push(negated(
                    text,
                    range.start..end,
                    numeral.value * factor,
                    currency,
                    open,
                ));
            }
            None => {
                if let Some(before) = found.last_mut().filter(|before| has_rest(text, before, numeral)) {
                    before.amount += numeral.value / 100.0;
                    before.range.end = numeral.range.end;
                    before.open = false;
                }
            }
        }
    }
    found.extend((0..text.words.len()).filter_map(|at| single(text, at, language, &currencies)));
    found
        .into_iter()
        .map(|sum| Candidate::exact(sum.range, object(sum.amount, "currency", sum.currency)))
        .collect()
}

/// The letters for millions and more after the digits of a sum with its sign before it: `$1.2m`.
fn scaled(numeral: &Numeral, text: &Text<'_>, end: usize) -> (f64, usize) {
    let suffix = numeral.suffix.clone().filter(|_| end == numeral.range.end);
    let written = suffix
        .clone()
        .and_then(|suffix| text.raw.get(suffix))
        .unwrap_or_default();
    let factor = match written.to_lowercase().as_str() {
        "m" | "mm" | "mn" | "mio" => 1e6,
        "b" | "bn" => 1e9,
        _ => return (1.0, end),
    };
    (factor, suffix.map_or(end, |suffix| suffix.end))
}

/// A sum, turned round by a minus before its sign (`-$5`).
fn negated(text: &Text<'_>, range: Range<usize>, amount: f64, currency: &'static str, open: bool) -> Sum {
    let before = text.raw.get(..range.start).unwrap_or_default();
    let minus = ['-', '−']
        .into_iter()
        .find_map(|sign| before.strip_suffix(sign))
        .filter(|rest| !open && rest.chars().next_back().is_none_or(char::is_whitespace));
    match minus {
        Some(rest) => Sum {
            range: rest.len()..range.end,
            amount: -amount,
            currency,
            open,
        },
        None => Sum {
            range,
            amount,
            currency,
            open,
        },
    }
}

/// Whether a number without a currency is the rest of the sum before it: `two dollars fifty`, `20€50`.
fn has_rest(text: &Text<'_>, sum: &Sum, numeral: &Numeral) -> bool {
    let gap = text.raw.get(sum.range.end..numeral.range.start).unwrap_or("?");
    let last = text.words_in(&numeral.range).end == text.words.len();
    let hundredths = (10.0..100.0).contains(&numeral.value) && numeral.value.fract() == 0.0;
    let plain = numeral.suffix.is_none() && hundredths && sum.amount.fract() == 0.0;
    sum.open
        && last
        && plain
        && !gap.contains([',', ';', '.', '-', '/'])
        && joins(text, sum.range.end..numeral.range.start)
}

/// `a dollar`.
fn single(text: &Text<'_>, at: usize, language: &str, currencies: &[&Unit]) -> Option<Sum> {
    /// Names that are nothing but money.
    const NAMES: &[&str] = &[
        "dollar", "buck", "euro", "pound", "quid", "peso", "dólar", "dolar", "zloty", "rupee", "franc",
    ];
    const ARTICLES: &[&str] = &["a", "an", "un", "una", "um", "uma", "ein", "einen"];
    let name = text.word(at + 1);
    let real = name == "real" && base(language) == "pt";
    if !ARTICLES.contains(&text.word(at)) || !(NAMES.contains(&name) || real) {
        return None;
    }
    let (length, currency) = unit_at(text, at + 1, currencies)?;
    Some(Sum {
        range: text.bytes(at..at + 1 + length)?,
        amount: 1.0,
        currency,
        open: false,
    })
}

/// `ten grand`.
fn thousands(numeral: &Numeral, text: &Text<'_>, language: &str) -> Option<(Range<usize>, &'static str)> {
    let next = text.words_in(&numeral.range).end;
    let said = base(language) == "en" && text.word(next) == "grand" && text.gap_before(next) == " ";
    let end = text.bytes(next..next + 1)?.end;
    said.then_some((numeral.range.start..end, "grand"))
}

/// The currency beside a number, and the bytes of both; what ends before `taken` belongs to another sum.
fn currency_of(
    numeral: &Numeral,
    text: &Text<'_>,
    currencies: &[&Unit],
    taken: usize,
) -> Option<(Range<usize>, &'static str)> {
    let before = text.raw.get(..numeral.range.start)?.trim_end();
    let after = text.raw.get(numeral.range.end..)?;
    let blanks = after.len() - after.trim_start().len();
    let sign_before = CURRENCY_SIGNS
        .iter()
        .find(|(sign, _)| before.ends_with(sign) && before.len() - sign.len() >= taken);
    if let Some((sign, code)) = sign_before {
        return Some((before.len() - sign.len()..numeral.range.end, code));
    }
    if let Some((sign, code)) = CURRENCY_SIGNS.iter().find(|(sign, _)| {
        let rest = after.trim_start().strip_prefix(sign);
        // `zł` is no sign in `złotych`.
        let runs_on =
            |rest: &str| sign.ends_with(char::is_alphabetic) && rest.starts_with(char::is_alphabetic);
        rest.is_some_and(|rest| !runs_on(rest))
    }) {
        return Some((numeral.range.start..numeral.range.end + blanks + sign.len(), code));
    }
    if let Some((end, code)) = unit_after(numeral, text, currencies) {
        return Some((numeral.range.start..end, code));
    }
    let at = text.words_in(&numeral.range).start.checked_sub(1)?;
    let (length, code) = unit_at(text, at, currencies).filter(|(length, _)| *length == 1)?;
    let start = text.bytes(at..at + length)?.start;
    (start >= taken).then_some((start..numeral.range.end, code))
}

/// Currencies named in the text, or their signs.
pub(super) fn names(text: &Text<'_>) -> Vec<Candidate> {
    let whole = CURRENCIES.iter().filter(|unit| unit.0 != "cents");
    let found = super::names(text, whole);
    if !found.is_empty() {
        return found;
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.raw.get(at..).filter(|rest| !rest.is_empty()) {
        let sign = CURRENCY_SIGNS
            .iter()
            .find(|(sign, _)| rest.starts_with(sign) && !sign.ends_with(char::is_alphabetic));
        if let Some((sign, code)) = sign {
            found.push(Candidate::exact(at..at + sign.len(), *code));
        }
        let step = sign
            .map(|(sign, _)| sign.len())
            .or_else(|| rest.chars().next().map(char::len_utf8));
        at += step.unwrap_or(1);
    }
    found
}
