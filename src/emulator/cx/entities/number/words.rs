//! Number words that the parsers do not know, and words that change the number beside them.

use super::Numeral;
use crate::emulator::cx::entities::text::Text;
use crate::emulator::cx::language::base;

/// Words with their values, and whether they are ranks.
type Table = &'static [(&'static str, f64, bool)];

/// Amounts.
const ENGLISH: Table = &[("couple", 2.0, false), ("dozen", 12.0, false)];
/// A rank that is a unit of time, too.
const SPANISH: Table = &[("segundo", 2.0, true), ("segunda", 2.0, true)];
/// The same.
const FRENCH: Table = &[("second", 2.0, true), ("seconde", 2.0, true)];
/// Numbers in the oblique cases, and of groups of people.
const POLISH: Table = &[
    ("jednego", 1.0, false),
    ("jednej", 1.0, false),
    ("jedną", 1.0, false),
    ("dwóch", 2.0, false),
    ("dwoje", 2.0, false),
    ("dwojga", 2.0, false),
    ("dwoma", 2.0, false),
    ("trzech", 3.0, false),
    ("troje", 3.0, false),
    ("trojga", 3.0, false),
    ("czterech", 4.0, false),
    ("czworo", 4.0, false),
    ("pięciu", 5.0, false),
    ("pięcioro", 5.0, false),
    ("sześciu", 6.0, false),
    ("siedmiu", 7.0, false),
    ("ośmiu", 8.0, false),
    ("dziewięciu", 9.0, false),
    ("dziesięciu", 10.0, false),
    ("dwunastu", 12.0, false),
];

/// Number words of these tables, and English ones that are run together.
pub(super) fn own(text: &Text<'_>, language: &str) -> Vec<Numeral> {
    let table = match base(language) {
        "en" => ENGLISH,
        "es" => SPANISH,
        "fr" => FRENCH,
        "pl" => POLISH,
        _ => return Vec::new(),
    };
    let known = |word: &str| {
        let listed = table.iter().find(|(known, ..)| *known == word);
        let run_together = || run_together(word).filter(|_| base(language) == "en");
        listed
            .map(|(_, value, ordinal)| (*value, *ordinal))
            .or_else(|| Some((run_together()?, false)))
    };
    let words = text.words.iter();
    words
        .filter_map(|word| {
            let (value, ordinal) = known(&word.text)?;
            Some(Numeral {
                range: word.range.clone(),
                value,
                ordinal,
                suffix: None,
            })
        })
        .collect()
}

/// `minus five`: numbers with a word that turns them round, unless it stands between two numbers.
pub(super) fn negated(mut found: Vec<Numeral>, text: &Text<'_>, language: &str) -> Vec<Numeral> {
    let words: &[&str] = match base(language) {
        "en" => &["minus", "negative"],
        "es" | "pt" => &["menos"],
        "fr" => &["moins"],
        "tr" => &["eksi"],
        _ => &["minus"],
    };
    let mut end = None;
    for numeral in &mut found {
        let place = text.words_in(&numeral.range);
        let before = place.start.checked_sub(1);
        let said = before.filter(|before| words.contains(&text.word(*before)) && end != Some(*before));
        if let Some(range) = said.and_then(|before| text.bytes(before..place.end))
            && !numeral.ordinal
            && numeral.value > 0.0
        {
            numeral.value = -numeral.value;
            numeral.range.start = range.start;
        }
        end = Some(place.end);
    }
    found
}

/// `two and a half`.
pub(super) fn halved(mut found: Vec<Numeral>, text: &Text<'_>, language: &str) -> Vec<Numeral> {
    for numeral in &mut found {
        let next = text.words_in(&numeral.range).end;
        let whole = !numeral.ordinal && numeral.suffix.is_none() && numeral.value.fract() == 0.0;
        if let Some(end) = half_after(text, next, language).filter(|_| whole)
            && let Some(range) = text.bytes(next..end)
        {
            numeral.value += 0.5_f64.copysign(numeral.value);
            numeral.range.end = range.end;
        }
    }
    found
}

/// The place after words for one half more.
pub(in crate::emulator::cx::entities) fn half_after(
    text: &Text<'_>,
    at: usize,
    language: &str,
) -> Option<usize> {
    let phrases: &[&[&str]] = match base(language) {
        "en" => &[&["and", "a", "half"]],
        "es" => &[&["y", "medio"], &["y", "media"]],
        "pt" => &[&["e", "meio"], &["e", "meia"]],
        "fr" => &[&["et", "demi"], &["et", "demie"]],
        "pl" => &[&["i", "pół"]],
        "tr" => &[&["buçuk"]],
        _ => return None,
    };
    let phrase = phrases.iter().find(|phrase| {
        text.normal(at..(at + phrase.len()).min(text.words.len()))
            .eq(phrase.iter().copied())
    })?;
    Some(at + phrase.len())
}

/// `eightyfive`.
fn run_together(word: &str) -> Option<f64> {
    const TENS: [(&str, f64); 8] = [
        ("twenty", 20.0),
        ("thirty", 30.0),
        ("forty", 40.0),
        ("fifty", 50.0),
        ("sixty", 60.0),
        ("seventy", 70.0),
        ("eighty", 80.0),
        ("ninety", 90.0),
    ];
    const UNITS: [&str; 9] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ];
    let (rest, tens) = TENS
        .iter()
        .find_map(|(name, value)| word.strip_prefix(name).map(|rest| (rest, value)))?;
    let unit = (1_u8..)
        .zip(UNITS)
        .find(|(_, name)| *name == rest)
        .map(|(value, _)| value)?;
    Some(tens + f64::from(unit))
}
