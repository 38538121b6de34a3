//! Amounts with a unit: money, ages, durations, temperatures, lengths and the like (cx-runtime 13).

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use super::number::{Numeral, half_after, numerals};
use super::system::{SystemType, UnitKind};
use super::text::{Candidate, Text};
use crate::emulator::cx::language::base;
use crate::emulator::cx::words::normalise;
use crate::model::{Map, Value};

mod duration;
mod money;
mod units;

pub(super) use duration::lengths;
use units::{Unit, units};

/// Amounts of a kind in the text.
pub(super) fn find(kind: SystemType, text: &Text<'_>, language: &str) -> Vec<Candidate> {
    match kind {
        SystemType::Money => money::find(text, language),
        SystemType::Duration => duration::find(text, language),
        SystemType::Unit(kind) => amounts(text, language, kind),
        SystemType::CurrencyName => money::names(text),
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

/// An amount with its unit.
#[derive(Debug, Clone, PartialEq)]
struct Amount {
    range: Range<usize>,
    value: f64,
    unit: &'static str,
}

impl Amount {
    fn candidate(self) -> Candidate {
        Candidate::exact(self.range, object(self.value, "unit", self.unit))
    }
}

/// Units that make up a larger one: the larger, the smaller, how many of it, and whether its name may be left out
/// (`5 feet 10`).
type Parts = &'static [(&'static str, &'static str, f64, bool)];

const PARTS: Parts = &[
    ("km", "m", 1000.0, false),
    ("m", "cm", 100.0, true),
    ("yd", "ft", 3.0, false),
    ("ft", "inch", 12.0, true),
    ("kg", "g", 1000.0, false),
    ("st", "lb", 14.0, true),
    ("lb", "oz", 16.0, false),
];

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
            .find(|unit| letter.to_lowercase().starts_with(&unit.0.to_lowercase()));
        return match unit {
            Some(unit) => Some((text.raw.len() - letter.len() + unit.0.len(), unit.0)),
            // Degrees without a scale.
            None => Some((
                text.raw.len() - after.len(),
                units.iter().find(|unit| unit.0 == "F")?.0,
            )),
        };
    }
    let next = after_of(text, text.words_in(&numeral.range).end);
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

/// The place after the `of` of `a couple of hours` and of `un millón de euros`.
fn after_of(text: &Text<'_>, next: usize) -> usize {
    let group = next.checked_sub(1).map_or("", |last| text.word(last));
    let counts = matches!(
        group,
        "couple"
            | "pair"
            | "dozen"
            | "par"
            | "docena"
            | "decena"
            | "dúzia"
            | "dezena"
            | "douzaine"
            | "dizaine"
            | "millón"
            | "millones"
            | "milhão"
            | "milhões"
            | "million"
            | "millions"
    );
    next + usize::from(counts && matches!(text.word(next), "of" | "de"))
}

fn amounts(text: &Text<'_>, language: &str, kind: UnitKind) -> Vec<Candidate> {
    let units: Vec<&Unit> = units(kind).iter().collect();
    let numerals = numerals(text, language);
    let mut parts = parts(text, language, &numerals, &units);
    if base(language) != "en" {
        // Only English speakers mean Fahrenheit by a bare sign for degrees.
        let bare = |part: &&mut Amount| {
            part.unit == "F"
                && text
                    .raw
                    .get(part.range.clone())
                    .is_some_and(|said| said.ends_with('°'))
        };
        for part in parts.iter_mut().filter(bare) {
            part.unit = "C";
        }
    }
    if kind == UnitKind::Length {
        parts.extend(feet_and_inches(text.raw));
    }
    let mut found: Vec<Candidate> = merged(text, parts, &numerals, PARTS)
        .into_iter()
        .map(Amount::candidate)
        .collect();
    if found.is_empty() && kind == UnitKind::Age {
        let alone = |numeral: &&Numeral| {
            !numeral.ordinal && numeral.suffix.is_none() && is_only_number(text, numeral)
        };
        found.extend(
            numerals
                .iter()
                .find(alone)
                .map(|numeral| Candidate::exact(numeral.range.clone(), object(numeral.value, "unit", "yr"))),
        );
    }
    found
}

/// Numbers with a unit, and units with an article or a word for a half.
fn parts(text: &Text<'_>, language: &str, numerals: &[Numeral], units: &[&Unit]) -> Vec<Amount> {
    let counted = numerals
        .iter()
        .filter(|numeral| !numeral.ordinal)
        .filter_map(|numeral| {
            let (end, unit) = unit_after(numeral, text, units)?;
            // `Two hours and a half`.
            let next = text.words_in(&(numeral.range.start..end)).end;
            let half = half_after(text, next, language).filter(|_| numeral.value.fract() == 0.0);
            let more = half.and_then(|last| Some((text.bytes(next..last)?.end, 0.5)));
            let (end, more) = more.unwrap_or((end, 0.0));
            Some(Amount {
                range: numeral.range.start..end,
                value: numeral.value + more,
                unit,
            })
        });
    let single = (0..text.words.len()).filter_map(|at| single(text, at, language, units));
    counted.chain(single).collect()
}

/// A unit after an article or a half: `an hour`, `half a mile`, `an hour and a half`, `medio kilo`.
fn single(text: &Text<'_>, at: usize, language: &str, units: &[&Unit]) -> Option<Amount> {
    const ARTICLES: &[&str] = &[
        "a", "an", "un", "una", "une", "um", "uma", "ein", "eine", "einen", "einer",
    ];
    let half = half_before(text, at, language);
    let start = half.or_else(|| ARTICLES.contains(&text.word(at)).then_some(at + 1))?;
    let (length, unit) = unit_at(text, start, units)?;
    // `A m` and the like say nothing.
    let spelt = length > 1 || (text.word(start).len() > 2 && text.word(start) != "mil");
    let after = start + length;
    let (end, value) = match half_after(text, after, language) {
        Some(end) if half.is_none() => (end, 1.5),
        _ => (after, if half.is_some() { 0.5 } else { 1.0 }),
    };
    spelt.then_some(Amount {
        range: text.bytes(at..end)?,
        value,
        unit,
    })
}

/// The place after words for a half that stand before what is halved.
fn half_before(text: &Text<'_>, at: usize, language: &str) -> Option<usize> {
    let phrases: &[&[&str]] = match base(language) {
        "en" => &[&["half", "a"], &["half", "an"], &["a", "half"], &["half"]],
        "es" => &[&["medio"], &["media"]],
        "pt" => &[&["meio"], &["meia"]],
        "fr" => &[&["un", "demi"], &["une", "demi"], &["demi"]],
        "de" => &[
            &["ein", "halber"],
            &["ein", "halbes"],
            &["eine", "halbe"],
            &["einen", "halben"],
            &["einer", "halben"],
            &["halbe"],
            &["halber"],
            &["halbes"],
            &["halben"],
        ],
        "it" => &[&["mezzo"], &["mezza"]],
        "pl" => &[&["pół"]],
        "tr" => &[&["yarim"]],
        _ => return None,
    };
    let said = |phrase: &&&[&str]| {
        let end = (at + phrase.len()).min(text.words.len());
        text.normal(at..end).eq(phrase.iter().copied())
    };
    phrases.iter().find(said).map(|phrase| at + phrase.len())
}

/// Amounts side by side, those of one measure put together in their smallest unit: `5 feet 10 inches` are 70.
fn merged(text: &Text<'_>, mut parts: Vec<Amount>, numerals: &[Numeral], known: Parts) -> Vec<Amount> {
    parts.sort_by_key(|part| (part.range.start, std::cmp::Reverse(part.range.end)));
    let mut found: Vec<Amount> = Vec::new();
    for part in parts {
        let Some(before) = found.last_mut() else {
            found.push(part);
            continue;
        };
        let smaller = known
            .iter()
            .find(|(large, small, ..)| *large == before.unit && *small == part.unit);
        match smaller {
            _ if part.range.start < before.range.end => {}
            Some((.., count, _)) if joins(text, before.range.end..part.range.start) => {
                before.value = before.value * count + part.value;
                before.unit = part.unit;
                before.range.end = part.range.end;
            }
            _ => found.push(part),
        }
    }
    for amount in &mut found {
        let rest = known
            .iter()
            .find(|(large, .., silent)| *large == amount.unit && *silent)
            .and_then(|(_, small, count, _)| {
                Some((small, count, rest_after(text, numerals, amount, *count)?))
            });
        if let Some((unit, count, (end, value))) = rest {
            amount.value = amount.value * count + value;
            amount.unit = unit;
            amount.range.end = end;
        }
    }
    found
}

/// A number at the end whose unit goes without saying: `2 hours 30`.
fn rest_after(text: &Text<'_>, numerals: &[Numeral], amount: &Amount, limit: f64) -> Option<(usize, f64)> {
    let whole = |value: f64| value.fract() == 0.0;
    let rest = numerals
        .iter()
        .find(|numeral| numeral.range.start >= amount.range.end)?;
    let gap = text.raw.get(amount.range.end..rest.range.start)?;
    let last = text.words_in(&rest.range).end == text.words.len();
    let plain = !rest.ordinal && rest.suffix.is_none() && whole(rest.value) && whole(amount.value);
    let fits = plain && rest.value > 0.0 && rest.value < limit && !gap.contains([',', ';', '.', '-']);
    (fits && last && joins(text, amount.range.end..rest.range.start)).then_some((rest.range.end, rest.value))
}

/// `5'10"`.
fn feet_and_inches(raw: &str) -> Vec<Amount> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    const HEIGHT: &str = r#"\b(\d{1,2}) ?['’′] ?(\d{1,2})\b(?: ?(?:["”″]|''))?"#;
    let pattern = PATTERN.get_or_init(|| Regex::new(HEIGHT).ok());
    let found = pattern.iter().flat_map(|pattern| pattern.captures_iter(raw));
    found
        .filter_map(|captures| {
            let number = |at: usize| captures.get(at)?.as_str().parse::<f64>().ok();
            let inches = number(2).filter(|inches| *inches < 12.0)?;
            Some(Amount {
                range: captures.get(0)?.range(),
                value: number(1)? * 12.0 + inches,
                unit: "inch",
            })
        })
        .collect()
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

/// Whether what stands between two amounts joins them.
fn joins(text: &Text<'_>, gap: Range<usize>) -> bool {
    let said = normalise(text.raw.get(gap).unwrap_or_default());
    matches!(
        said.as_str(),
        "" | "and" | "y" | "e" | "et" | "und" | "i" | "ve" | "con" | "com"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(kind: SystemType, text: &str) -> Vec<String> {
        values_in("en", kind, text)
    }

    fn values_in(language: &str, kind: SystemType, text: &str) -> Vec<String> {
        let found = find(kind, &Text::new(text), language);
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
            (Unit(UnitKind::Temperature), "72° or 70 deg", &["72 F", "70 F"]),
            (Unit(UnitKind::Volume), "16 oz", &["16 fl oz"]),
            (Unit(UnitKind::Weight), "80kg", &["80 kg"]),
            (Unit(UnitKind::Weight), "5 pounds", &["5 lb"]),
            (Unit(UnitKind::Length), "170 cm", &["170 cm"]),
            (CurrencyName, "in euros please", &["EUR"]),
            (CurrencyName, "$", &["USD"]),
            (Money, "two dollars fifty", &["2.5 USD"]),
            (Money, "2 dollars, 50 times", &["2 USD"]),
            (Money, "20€50", &["20.5 EUR"]),
            (Money, "-$5 or 6-$7", &["-5 USD", "7 USD"]),
            (Money, "ten grand", &["10000 USD"]),
            (
                Money,
                "$1.2m or half a million dollars",
                &["1200000 USD", "500000 USD"],
            ),
            (Money, "a dollar", &["1 USD"]),
            (Money, "give it a try", &[]),
            (Duration, "1h30m or 2h 15", &["90 min", "135 min"]),
            (Duration, "2 hours 30", &["150 min"]),
            (Duration, "two hours and a half", &["2.5 h"]),
            (Duration, "2 hours, 30 people", &["2 h"]),
            (Duration, "a couple of weeks", &["2 wk"]),
            (Duration, "three quarters of an hour", &["45 min"]),
            (Duration, "one year and six months", &["18 mo"]),
            (Duration, "a fortnight", &["2 wk"]),
            (Unit(UnitKind::Length), "5'10\"", &["70 inch"]),
            (Unit(UnitKind::Length), "6 feet 2", &["74 inch"]),
            (
                Unit(UnitKind::Length),
                "half a mile or a mile",
                &["0.5 mi", "1 mi"],
            ),
            (Unit(UnitKind::Length), "come in a m", &[]),
            (Unit(UnitKind::Weight), "10 stone 4 pounds", &["144 lb"]),
            (Unit(UnitKind::Age), "a year old", &["1 yr"]),
        ] {
            assert_eq!(values(kind, text), expected, "{text}");
        }
    }

    #[test]
    fn amounts_as_other_languages_say_them() {
        use SystemType::{Duration, Money, Unit};
        for (language, kind, text, expected) in [
            ("de", Unit(UnitKind::Temperature), "20°", "20 C"),
            ("fr", Unit(UnitKind::Length), "un kilomètre et demi", "1.5 km"),
            ("fr", Unit(UnitKind::Length), "un demi-kilomètre", "0.5 km"),
            ("de", Unit(UnitKind::Length), "einen Meter achtzig", "180 cm"),
            ("es", Unit(UnitKind::Weight), "dos kilos y medio", "2.5 kg"),
            ("es", Money, "medio millón de dólares", "500000 USD"),
            ("es", Duration, "una hora y media", "90 min"),
            ("es", Duration, "media hora", "30 min"),
            ("es", Duration, "un cuarto de hora", "15 min"),
            ("fr", Duration, "une heure et demie", "90 min"),
            ("fr", Duration, "une demi-heure", "30 min"),
            ("fr", Duration, "trois quarts d'heure", "45 min"),
            ("de", Duration, "anderthalb Stunden", "90 min"),
            ("de", Duration, "eine halbe Stunde", "30 min"),
            ("de", Duration, "zweieinhalb Stunden", "2.5 h"),
            ("de", Duration, "eine Dreiviertelstunde", "45 min"),
            ("pt", Duration, "uma hora e meia", "90 min"),
            ("pl", Duration, "półtorej godziny", "90 min"),
            ("pl", Duration, "godzinę", "1 h"),
            ("pl", Duration, "2 godziny", "2 h"),
            ("tr", Duration, "yarım saat", "30 min"),
            ("de", Money, "fünf Euro fünfzig", "5.5 EUR"),
            ("fr", Money, "cinq euros cinquante", "5.5 EUR"),
            ("es", Money, "diez euros con cincuenta", "10.5 EUR"),
        ] {
            assert_eq!(values_in(language, kind, text), [expected], "{language} {text}");
        }
    }
}
