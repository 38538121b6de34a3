//! Number words that the parsers do not know, and words that change the number beside them.

use std::sync::OnceLock;

use regex::Regex;

use super::Numeral;
use crate::emulator::cx::entities::text::Text;
use crate::emulator::cx::language::base;

/// Words with their values, and whether they are ranks.
type Table = &'static [(&'static str, f64, bool)];

/// Amounts.
const ENGLISH: Table = &[];
/// One and a half.
const GERMAN: Table = &[("anderthalb", 1.5, false), ("anderthalbe", 1.5, false)];
/// A rank that is a unit of time, too.
const SPANISH: Table = &[("segundo", 2.0, true), ("segunda", 2.0, true)];
/// The same.
const FRENCH: Table = &[("second", 2.0, true), ("seconde", 2.0, true)];
/// Numbers in the oblique cases and of groups of people, and round ones.
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
    ("pięćset", 500.0, false),
    ("sześćset", 600.0, false),
    ("siedemset", 700.0, false),
    ("osiemset", 800.0, false),
    ("dziewięćset", 900.0, false),
    ("tysiąc", 1e3, false),
    ("tysiące", 1e3, false),
    ("tysięcy", 1e3, false),
    ("milion", 1e6, false),
    ("miliony", 1e6, false),
    ("milionów", 1e6, false),
    ("półtora", 1.5, false),
    ("półtorej", 1.5, false),
];

/// Nouns that stand for so many things.
fn group(word: &str, language: &str) -> Option<f64> {
    let table: &[(&str, f64)] = match base(language) {
        "en" => &[("couple", 2.0), ("pair", 2.0), ("dozen", 12.0), ("dozens", 12.0)],
        "es" => &[
            ("par", 2.0),
            ("decena", 10.0),
            ("docena", 12.0),
            ("docenas", 12.0),
            ("centenar", 100.0),
        ],
        "pt" => &[
            ("par", 2.0),
            ("dezena", 10.0),
            ("dúzia", 12.0),
            ("dúzias", 12.0),
            ("centena", 100.0),
        ],
        "fr" => &[
            ("paire", 2.0),
            ("dizaine", 10.0),
            ("douzaine", 12.0),
            ("douzaines", 12.0),
            ("quinzaine", 15.0),
            ("vingtaine", 20.0),
            ("centaine", 100.0),
        ],
        "de" => &[("paar", 2.0), ("dutzend", 12.0)],
        "it" => &[
            ("paio", 2.0),
            ("decina", 10.0),
            ("dozzina", 12.0),
            ("dozzine", 12.0),
        ],
        "nl" => &[("paar", 2.0), ("dozijn", 12.0)],
        "pl" => &[("tuzin", 12.0), ("tuzina", 12.0), ("tuziny", 12.0)],
        "tr" => &[("düzine", 12.0)],
        _ => &[],
    };
    table
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, value)| *value)
}

/// Number words of these tables, and those that are run together.
pub(super) fn own(text: &Text<'_>, language: &str) -> Vec<Numeral> {
    let table = match base(language) {
        "en" => ENGLISH,
        "es" => SPANISH,
        "fr" => FRENCH,
        "de" => GERMAN,
        "pl" => POLISH,
        _ => &[],
    };
    let known = |word: &str| {
        let listed = table.iter().find(|(known, ..)| *known == word);
        let run_together = || match base(language) {
            "en" => run_together(word),
            "de" => with_half(word),
            _ => None,
        };
        listed
            .map(|(_, value, ordinal)| (*value, *ordinal))
            .or_else(|| Some((group(word, language).or_else(run_together)?, false)))
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

/// `dwa tysiące pięćset`, `trzy przecinek pięć`: Polish numbers in words put together from their parts.
pub(super) fn summed(found: Vec<Numeral>, text: &Text<'_>, language: &str) -> Vec<Numeral> {
    if base(language) != "pl" {
        return found;
    }
    let in_words = |numeral: &Numeral| {
        let written = text.raw.get(numeral.range.clone()).unwrap_or_default();
        !numeral.ordinal && !written.bytes().any(|byte| byte.is_ascii_digit())
    };
    let mut result: Vec<Numeral> = Vec::new();
    for numeral in found {
        let Some(before) = result
            .last_mut()
            .filter(|before| in_words(before) && in_words(&numeral))
        else {
            result.push(numeral);
            continue;
        };
        let gap = text
            .raw
            .get(before.range.end..numeral.range.start)
            .unwrap_or_default();
        let step = if before.value % 1000.0 == 0.0 {
            1000.0
        } else {
            100.0
        };
        let round = before.value >= 100.0 && before.value % step == 0.0;
        let added = match gap.trim() {
            "" if round && numeral.value < step && numeral.value > 0.0 => Some(numeral.value),
            "przecinek" if numeral.value < 10.0 => Some(numeral.value / 10.0),
            "przecinek" if numeral.value < 100.0 => Some(numeral.value / 100.0),
            _ => None,
        };
        match added {
            Some(added) => {
                before.value += added;
                before.range.end = numeral.range.end;
            }
            None => result.push(numeral),
        }
    }
    result
}

/// `two dozen`, `half a dozen`: nouns for so many with what counts them.
pub(super) fn grouped(found: Vec<Numeral>, text: &Text<'_>, language: &str) -> Vec<Numeral> {
    /// Words for a half before a noun, the longest first.
    const HALVES: &[&[&str]] = &[
        &["half", "a"],
        &["une", "demi"],
        &["ein", "halbes"],
        &["mezza"],
        &["half"],
        &["media"],
        &["medio"],
        &["meia"],
        &["demi"],
        &["halbes"],
        &["pół"],
        &["yarim"],
    ];
    let mut result: Vec<Numeral> = Vec::new();
    for mut numeral in found {
        let place = text.words_in(&numeral.range);
        let word = Some(text.word(place.start)).filter(|_| place.len() == 1);
        let is_group = word.is_some_and(|word| group(word, language).is_some());
        let is_scale = word.is_some_and(|word| super::scale(word, language).is_some());
        if !(is_group || is_scale) {
            result.push(numeral);
            continue;
        }
        let half = HALVES.iter().find_map(|words| {
            let start = place.start.checked_sub(words.len())?;
            text.normal(start..place.start)
                .eq(words.iter().copied())
                .then_some(start)
        });
        if let Some(range) = half.and_then(|start| text.bytes(start..place.end)) {
            // `Une` of `une demi-douzaine` is no number of its own.
            result.retain(|before| before.range.end <= range.start);
            numeral.value /= 2.0;
            numeral.range = range;
        } else if let Some(before) = result.pop() {
            let beside = is_group
                && text.words_in(&before.range).end == place.start
                && text.gap_before(place.start).trim().is_empty();
            if beside && !before.ordinal && before.suffix.is_none() && before.value > 0.0 {
                numeral.value *= before.value;
                numeral.range.start = before.range.start;
            } else {
                result.push(before);
            }
        }
        result.push(numeral);
    }
    result
}

/// `1/2`, `2 3/4`, `1½`.
pub(super) fn fractions(raw: &str) -> Vec<Numeral> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    const FRACTION: &str = r"(?:\b(\d{1,3})[ -]?)?(?:\b([1-7])[/⁄]([23458])\b|([½¼¾⅓⅔⅛]))";
    let pattern = PATTERN.get_or_init(|| Regex::new(FRACTION).ok());
    let found = pattern.iter().flat_map(|pattern| pattern.captures_iter(raw));
    found
        .filter_map(|captures| {
            let range = captures.get(0)?.range();
            let number = |at: usize| captures.get(at)?.as_str().parse::<f64>().ok();
            let sign = captures.get(4).map(|sign| match sign.as_str() {
                "½" => 0.5,
                "¼" => 0.25,
                "¾" => 0.75,
                "⅓" => 1.0 / 3.0,
                "⅔" => 2.0 / 3.0,
                _ => 0.125,
            });
            let part = sign
                .or_else(|| Some(number(2)? / number(3)?))
                .filter(|part| *part < 1.0)?;
            // Part of a date, a path or a longer number.
            let within = |sign: char| sign.is_alphanumeric() || matches!(sign, '/' | '.' | ',' | '-' | ':');
            let before = raw.get(..range.start)?.chars().next_back();
            let after = raw.get(range.end..)?.chars();
            let runs_on = after.clone().next().is_some_and(within)
                && after.clone().nth(1).is_some_and(char::is_alphanumeric);
            (!before.is_some_and(within) && !runs_on).then(|| Numeral {
                range,
                value: number(1).unwrap_or(0.0) + part,
                ordinal: false,
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
            // `Un millón y medio` is half a million more.
            let last = text.word(next.saturating_sub(1));
            let scale = super::scale(last, language).filter(|scale| *scale >= 1e6);
            numeral.value += (scale.unwrap_or(1.0) / 2.0).copysign(numeral.value);
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

/// `zweieinhalb`.
fn with_half(word: &str) -> Option<f64> {
    const UNITS: [&str; 10] = [
        "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn",
    ];
    let whole = word
        .strip_suffix("einhalb")
        .or_else(|| word.strip_suffix("einhalbe"))?;
    let found = (1_u8..).zip(UNITS).find(|(_, name)| *name == whole);
    found.map(|(value, _)| f64::from(value) + 0.5)
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
