//! Amounts with a unit: money, ages, durations, temperatures, lengths and the like (cx-runtime 13).

use std::ops::Range;

use super::number::{Numeral, half_after, numerals};
use super::system::{SystemType, UnitKind};
use super::text::{Candidate, Text};
use crate::emulator::cx::words::normalise;
use crate::model::{Map, Value};

mod units;

use units::{CURRENCIES, CURRENCY_SIGNS, DURATIONS, Unit, units};

/// Amounts of a kind in the text.
pub(super) fn find(kind: SystemType, text: &Text<'_>, language: &str) -> Vec<Candidate> {
    match kind {
        SystemType::Money => money(text, language),
        SystemType::Duration => durations(text, language),
        SystemType::Unit(kind) => amounts(text, language, units(kind), kind == UnitKind::Age),
        SystemType::CurrencyName => names(text, CURRENCIES.iter()),
        _ => {
            let all = [
                UnitKind::Length,
                UnitKind::Weight,
                UnitKind::Volume,
                UnitKind::Area,
                UnitKind::Speed,
                UnitKind::Information,
            ];
            names(text, all.into_iter().flat_map(units))
        }
    }
}

fn object(amount: f64, key: &str, unit: &str) -> Value {
    let mut members = Map::new();
    members.insert("amount".to_owned(), Value::from(amount));
    members.insert(key.to_owned(), Value::from(unit));
    Value::Object(members)
}

/// Names of units in the text.
fn names<'u>(text: &Text<'_>, units: impl Iterator<Item = &'u Unit>) -> Vec<Candidate> {
    let units: Vec<&Unit> = units.collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.words.len() {
        match unit_at(text, at, &units) {
            Some((length, name)) => {
                found.extend(
                    text.bytes(at..at + length)
                        .map(|range| Candidate::exact(range, name)),
                );
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// The longest unit named at a word: its length in words, and its result.
fn unit_at(text: &Text<'_>, at: usize, units: &[&Unit]) -> Option<(usize, &'static str)> {
    let said = |length: usize| {
        text.normal(at..(at + length).min(text.words.len()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    (1..=3).rev().find_map(|length| {
        let said = said(length);
        let named = |unit: &&&Unit| unit.1.split('|').any(|name| name == said);
        let fits = at + length <= text.words.len();
        units
            .iter()
            .filter(|_| fits)
            .find(named)
            .map(|unit| (length, unit.0))
    })
}

/// The unit after a number: written to it, or the next words.
fn unit_after(numeral: &Numeral, text: &Text<'_>, units: &[&Unit]) -> Option<(usize, &'static str)> {
    if let Some(suffix) = &numeral.suffix {
        let written = normalise(text.raw.get(suffix.clone())?);
        let unit = units
            .iter()
            .find(|unit| unit.1.split('|').any(|name| name == written))?;
        return Some((suffix.end, unit.0));
    }
    let rest = text.raw.get(numeral.range.end..)?;
    let trimmed = rest.trim_start_matches([' ', '-']);
    if let Some(after) = trimmed.strip_prefix('°') {
        let letter = after.trim_start();
        let unit = units
            .iter()
            .find(|unit| letter.to_lowercase().starts_with(&unit.0.to_lowercase()))?;
        return Some((text.raw.len() - letter.len() + unit.0.len(), unit.0));
    }
    let next = text.words_in(&numeral.range).end;
    if !text
        .gap_before(next)
        .chars()
        .all(|sign| matches!(sign, ' ' | '-' | '.' | '"'))
    {
        return None;
    }
    let (length, unit) = unit_at(text, next, units)?;
    Some((text.bytes(next..next + length)?.end, unit))
}

fn amounts(text: &Text<'_>, language: &str, units: &'static [Unit], alone: bool) -> Vec<Candidate> {
    let units: Vec<&Unit> = units.iter().collect();
    let plain = numerals(text, language)
        .into_iter()
        .filter(|numeral| !numeral.ordinal);
    let mut found: Vec<Candidate> = Vec::new();
    for numeral in plain {
        if let Some((end, unit)) = unit_after(&numeral, text, &units) {
            found.push(Candidate::exact(
                numeral.range.start..end,
                object(numeral.value, "unit", unit),
            ));
        } else if alone && numeral.suffix.is_none() && is_only_number(text, &numeral) {
            found.push(Candidate::exact(
                numeral.range,
                object(numeral.value, "unit", "yr"),
            ));
        }
    }
    found
}

/// Whether nothing beside the number says more than whose it is: `25`, `I'm 40`.
fn is_only_number(text: &Text<'_>, numeral: &Numeral) -> bool {
    const BESIDE: &[&str] = &[
        "i", "im", "am", "is", "he", "hes", "she", "shes", "its", "it", "my", "age", "aged", "about", "only",
        "tengo", "tiene", "mi", "edad", "es", "tenho", "tem", "minha", "idade", "mam", "wiek", "jai", "age",
        "ich", "bin", "ben", "yaşım",
    ];
    let place = text.words_in(&numeral.range);
    (0..text.words.len())
        .filter(|at| !place.contains(at))
        .all(|at| BESIDE.contains(&text.word(at)))
}

/// `2 hours and 30 minutes`, `half an hour`, `a week`.
fn durations(text: &Text<'_>, language: &str) -> Vec<Candidate> {
    let units: Vec<&Unit> = DURATIONS.iter().collect();
    let mut parts: Vec<(Range<usize>, f64, &'static str)> = numerals(text, language)
        .into_iter()
        .filter(|numeral| !numeral.ordinal)
        .filter_map(|numeral| {
            let (end, unit) = unit_after(&numeral, text, &units)?;
            Some((numeral.range.start..end, numeral.value, unit))
        })
        .collect();
    parts.extend((0..text.words.len()).filter_map(|at| single(text, at, language, &units)));
    parts.sort_by_key(|(range, ..)| range.start);
    let mut found: Vec<(Range<usize>, f64, &'static str)> = Vec::new();
    for (range, amount, unit) in parts {
        match found.last_mut() {
            Some((before, _, _)) if range.start < before.end => {}
            Some((before, total, known))
                if joins(text, before.end..range.start) && seconds(unit) < seconds(known) =>
            {
                *total = (*total * seconds(known) + amount * seconds(unit)) / seconds(unit);
                *known = unit;
                before.end = range.end;
            }
            _ => found.push((range, amount, unit)),
        }
    }
    found
        .into_iter()
        .map(|(range, amount, unit)| Candidate::exact(range, object(amount, "unit", unit)))
        .collect()
}

/// A unit after an article: `an hour`, `half an hour`, `an hour and a half`.
fn single(
    text: &Text<'_>,
    at: usize,
    language: &str,
    units: &[&Unit],
) -> Option<(Range<usize>, f64, &'static str)> {
    const ARTICLES: &[&str] = &[
        "a", "an", "un", "una", "une", "um", "uma", "ein", "eine", "einen", "einer",
    ];
    if !ARTICLES.contains(&text.word(at)) {
        return None;
    }
    let (length, unit) = unit_at(text, at + 1, units)?;
    let half = at
        .checked_sub(1)
        .is_some_and(|before| text.word(before) == "half");
    let range = text.bytes(at - usize::from(half)..at + 1 + length)?;
    if half && unit == "h" {
        return Some((range, 30.0, "min"));
    }
    if let Some(end) = half_after(text, at + 1 + length, language)
        && let Some(range) = text.bytes(at..end)
    {
        let of_hour = unit == "h";
        return Some(if of_hour {
            (range, 90.0, "min")
        } else {
            (range, 1.5, unit)
        });
    }
    Some((range, if half { 0.5 } else { 1.0 }, unit))
}

/// Whether what stands between two amounts joins them.
fn joins(text: &Text<'_>, gap: Range<usize>) -> bool {
    let said = normalise(text.raw.get(gap).unwrap_or_default());
    matches!(said.as_str(), "" | "and" | "y" | "e" | "et" | "und" | "i" | "ve")
}

/// Length of a unit of time.
fn seconds(unit: &str) -> f64 {
    match unit {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3_600.0,
        "day" => 86_400.0,
        "wk" => 604_800.0,
        "mo" => 2_592_000.0,
        "yr" => 31_536_000.0,
        _ => 315_360_000.0,
    }
}

fn money(text: &Text<'_>, language: &str) -> Vec<Candidate> {
    let currencies: Vec<&Unit> = CURRENCIES.iter().collect();
    let mut found: Vec<Candidate> = Vec::new();
    for numeral in numerals(text, language)
        .into_iter()
        .filter(|numeral| !numeral.ordinal)
    {
        let Some((range, currency)) = currency_of(&numeral, text, &currencies) else {
            continue;
        };
        let cents = matches!(currency, "cents");
        match found.last_mut() {
            Some(before) if cents && joins(text, before.range.end..range.start) => {
                if let Some(amount) = before.value.get("amount").and_then(Value::as_f64) {
                    let currency = before
                        .value
                        .get("currency")
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned();
                    before.value = object(amount + numeral.value / 100.0, "currency", &currency);
                    before.range.end = range.end;
                }
            }
            _ if cents => found.push(Candidate::exact(
                range,
                object(numeral.value / 100.0, "currency", "USD"),
            )),
            _ => found.push(Candidate::exact(
                range,
                object(numeral.value, "currency", currency),
            )),
        }
    }
    found
}

/// The currency beside a number, and the bytes of both.
fn currency_of(
    numeral: &Numeral,
    text: &Text<'_>,
    currencies: &[&Unit],
) -> Option<(Range<usize>, &'static str)> {
    let before = text.raw.get(..numeral.range.start)?.trim_end();
    let after = text.raw.get(numeral.range.end..)?;
    let blanks = after.len() - after.trim_start().len();
    if let Some((sign, code)) = CURRENCY_SIGNS.iter().find(|(sign, _)| before.ends_with(sign)) {
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
    Some((text.bytes(at..at + length)?.start..numeral.range.end, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(kind: SystemType, text: &str) -> Vec<String> {
        let found = find(kind, &Text::new(text), "en");
        found
            .into_iter()
            .map(|found| match &found.value {
                Value::Object(members) => {
                    let unit = members
                        .get("unit")
                        .or(members.get("currency"))
                        .and_then(Value::as_str)
                        .unwrap();
                    format!("{} {unit}", members["amount"].as_f64().unwrap())
                }
                other => other.as_str().unwrap().to_owned(),
            })
            .collect()
    }

    #[test]
    fn amounts_of_each_kind() {
        use SystemType::{CurrencyName, Duration, Money, Unit};
        for (kind, text, expected) in [
            (Money, "my bill went up by $15", &["15 USD"][..]),
            (
                Money,
                "15 bucks or 20€ or EUR 30",
                &["15 USD", "20 EUR", "30 EUR"],
            ),
            (Money, "five euros and 20 cents", &["5.2 EUR"]),
            (Money, "rs 500", &["500 INR"]),
            (Money, "$1,200.50", &["1200.5 USD"]),
            (Money, "15", &[]),
            (Duration, "2 hours and 30 minutes", &["150 min"]),
            (Duration, "half an hour", &["30 min"]),
            (Duration, "a week or 10 days", &["1 wk", "10 day"]),
            (Duration, "10min", &["10 min"]),
            (Duration, "an hour and a half", &["90 min"]),
            (Duration, "two and a half hours", &["2.5 h"]),
            (Money, "20 złotych, 5 zł", &["20 PLN", "5 PLN"]),
            (Unit(UnitKind::Age), "I'm 40", &["40 yr"]),
            (Unit(UnitKind::Age), "room 40", &[]),
            (Unit(UnitKind::Age), "I am 25 years old", &["25 yr"]),
            (Unit(UnitKind::Age), "25", &["25 yr"]),
            (
                Unit(UnitKind::Temperature),
                "25 °C or 80 degrees fahrenheit",
                &["25 C", "80 F"],
            ),
            (Unit(UnitKind::Weight), "80kg", &["80 kg"]),
            (Unit(UnitKind::Weight), "5 pounds", &["5 lb"]),
            (Unit(UnitKind::Length), "170 cm", &["170 cm"]),
            (CurrencyName, "in euros please", &["EUR"]),
        ] {
            assert_eq!(values(kind, text), expected, "{text}");
        }
    }
}
