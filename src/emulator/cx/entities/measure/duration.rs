//! Lengths of time: `2 hours and 30 minutes`, `half an hour`, `une heure et demie`.

use std::ops::Range;
use std::sync::OnceLock;

use chrono::TimeDelta;
use regex::Regex;

use super::units::{DURATIONS, Unit};
use super::{Amount, Parts, merged, parts};
use crate::emulator::cx::entities::number::numerals;
use crate::emulator::cx::entities::text::{Candidate, Text};
use crate::emulator::cx::language::base;

/// Units of time that make up larger ones.
const PARTS: Parts = &[
    ("decade", "yr", 10.0, false),
    ("yr", "mo", 12.0, false),
    ("yr", "wk", 52.0, false),
    ("yr", "day", 365.0, false),
    ("mo", "wk", 4.0, false),
    ("mo", "day", 30.0, false),
    ("wk", "day", 7.0, false),
    ("day", "h", 24.0, false),
    ("day", "min", 1440.0, false),
    ("h", "min", 60.0, true),
    ("h", "s", 3600.0, false),
    ("min", "s", 60.0, false),
];

/// Lengths of time in the text.
pub(super) fn find(text: &Text<'_>, language: &str) -> Vec<Candidate> {
    amounts(text, language)
        .into_iter()
        .map(Amount::candidate)
        .collect()
}

/// Lengths in hours, minutes and seconds with their words, to count moments by.
pub(in crate::emulator::cx::entities) fn lengths(
    text: &Text<'_>,
    language: &str,
) -> Vec<(Range<usize>, TimeDelta)> {
    let of = |amount: Amount| {
        let seconds = match amount.unit {
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            _ => return None,
        } * amount.value;
        let bounded = seconds.is_finite() && seconds.abs() < 1e12;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounded, and parts of a second do not matter"
        )]
        let length = bounded
            .then(|| TimeDelta::try_seconds(seconds as i64))
            .flatten()?;
        Some((text.words_in(&amount.range), length))
    };
    amounts(text, language).into_iter().filter_map(of).collect()
}

fn amounts(text: &Text<'_>, language: &str) -> Vec<Amount> {
    let units: Vec<&Unit> = DURATIONS.iter().collect();
    let numerals = numerals(text, language);
    let mut all = parts(text, language, &numerals, &units);
    for part in &mut all {
        // `Half an hour` and `an hour and a half` are told in minutes.
        let minutes = (part.value * 60.0, part.value.fract() != 0.0);
        let in_words = text.raw.get(part.range.clone()).unwrap_or_default();
        if part.unit == "h"
            && minutes.1
            && part.value < 2.0
            && !in_words.contains(|c: char| c.is_ascii_digit())
        {
            (part.value, part.unit) = (minutes.0, "min");
        }
    }
    all.extend(compact(text.raw));
    all.extend((0..text.words.len()).filter_map(|at| named(text, at, language)));
    merged(text, all, &numerals, PARTS)
}

/// `1h30`, `2h 15m`, `1 hr 30`.
fn compact(raw: &str) -> Vec<Amount> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    const HOURS: &str = r"(?i)\b(\d{1,3}) ?(?:h|hr|hrs|std) ?(\d{1,2})(?: ?(?:m|mn|min|mins))?\b";
    let pattern = PATTERN.get_or_init(|| Regex::new(HOURS).ok());
    let found = pattern.iter().flat_map(|pattern| pattern.captures_iter(raw));
    found
        .filter_map(|captures| {
            let number = |at: usize| captures.get(at)?.as_str().parse::<f64>().ok();
            let minutes = number(2).filter(|minutes| *minutes < 60.0)?;
            Some(Amount {
                range: captures.get(0)?.range(),
                value: number(1)? * 60.0 + minutes,
                unit: "min",
            })
        })
        .collect()
}

/// Lengths that are told by a name rather than by a number and a unit: the phrases, the amount and its unit.
type Names = &'static [(&'static str, f64, &'static str)];

const ENGLISH: Names = &[
    (
        "a quarter of an hour|quarter of an hour|a quarter hour|quarter hour",
        15.0,
        "min",
    ),
    (
        "three quarters of an hour|three quarters of hour|three quarter hour",
        45.0,
        "min",
    ),
    ("a fortnight|one fortnight|fortnight", 2.0, "wk"),
];
const SPANISH: Names = &[
    ("un cuarto de hora|cuarto de hora", 15.0, "min"),
    ("tres cuartos de hora", 45.0, "min"),
    ("hora y media", 90.0, "min"),
    ("una quincena|quincena", 15.0, "day"),
];
const PORTUGUESE: Names = &[
    ("um quarto de hora|quarto de hora", 15.0, "min"),
    ("três quartos de hora", 45.0, "min"),
    ("hora e meia", 90.0, "min"),
    ("uma quinzena|quinzena", 15.0, "day"),
];
const FRENCH: Names = &[
    ("un quart dheure|quart dheure", 15.0, "min"),
    ("trois quarts dheure", 45.0, "min"),
    ("une quinzaine de jours|quinzaine de jours", 15.0, "day"),
];
const GERMAN: Names = &[
    (
        "eine viertelstunde|einer viertelstunde|viertelstunde|eine viertel stunde",
        15.0,
        "min",
    ),
    (
        "eine dreiviertelstunde|einer dreiviertelstunde|dreiviertelstunde|eine dreiviertel stunde",
        45.0,
        "min",
    ),
];
const ITALIAN: Names = &[
    ("mezzora|mezza ora", 30.0, "min"),
    ("un quarto dora|quarto dora", 15.0, "min"),
    ("tre quarti dora", 45.0, "min"),
];
/// A unit alone is one of it: Polish has no articles.
const POLISH: Names = &[
    ("półgodziny", 30.0, "min"),
    ("półtorej godziny", 90.0, "min"),
    ("kwadrans", 15.0, "min"),
    ("trzy kwadranse", 45.0, "min"),
    ("minuta|minutę", 1.0, "min"),
    ("godzina|godzinę", 1.0, "h"),
    ("dzień|dobę", 1.0, "day"),
    ("tydzień", 1.0, "wk"),
    ("miesiąc", 1.0, "mo"),
    ("rok", 1.0, "yr"),
];
const TURKISH: Names = &[("çeyrek saat", 15.0, "min")];

fn named(text: &Text<'_>, at: usize, language: &str) -> Option<Amount> {
    let names = match base(language) {
        "en" => ENGLISH,
        "es" => SPANISH,
        "pt" => PORTUGUESE,
        "fr" => FRENCH,
        "de" => GERMAN,
        "it" => ITALIAN,
        "pl" => POLISH,
        "tr" => TURKISH,
        _ => return None,
    };
    let length = |phrase: &str| {
        let words = phrase.split(' ').count();
        let end = (at + words).min(text.words.len());
        text.normal(at..end).eq(phrase.split(' ')).then_some(words)
    };
    let said = names.iter().filter_map(|(phrases, value, unit)| {
        let words = phrases.split('|').filter_map(length).max()?;
        Some((words, *value, *unit))
    });
    let (words, value, unit) = said.max_by_key(|(words, ..)| *words)?;
    Some(Amount {
        range: text.bytes(at..at + words)?,
        value,
        unit,
    })
}
