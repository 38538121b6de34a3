//! Numbers in digits and words (cx-runtime 13). Values are doubles, as the service keeps them.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use super::external;
use super::system::SystemType;
use super::text::{Candidate, Text};
use crate::emulator::cx::language::base;

mod words;

pub(super) use words::half_after;

/// Languages that write a blank between groups of three digits.
const BLANK_GROUPS: &[&str] = &[
    "bg", "cs", "fi", "fr", "hu", "nb", "no", "pl", "ru", "sk", "sv", "uk",
];
/// Languages that write ranks as digits with a dot.
const DOTTED_RANKS: &[&str] = &["cs", "da", "de", "fi", "hr", "hu", "nb", "no", "pl", "sk", "tr"];

/// A number found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Numeral {
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    /// Its value.
    pub(super) value: f64,
    /// Whether it is a rank.
    pub(super) ordinal: bool,
    /// Letters written directly after the digits: a unit, if anything.
    pub(super) suffix: Option<Range<usize>>,
}

/// Numbers of a kind in the text.
pub(super) fn find(kind: SystemType, text: &Text<'_>, language: &str) -> Vec<Candidate> {
    let found = numerals(text, language);
    let dotted = |numeral: &Numeral| {
        let after = text.raw.get(numeral.range.end..).unwrap_or_default();
        DOTTED_RANKS.contains(&base(language)) && after.starts_with('.') && numeral.value.fract() == 0.0
    };
    let wanted = |numeral: &Numeral| match kind {
        SystemType::Ordinal => numeral.ordinal || dotted(numeral),
        SystemType::Integer | SystemType::Cardinal => !numeral.ordinal && numeral.value.fract() == 0.0,
        _ => !numeral.ordinal,
    };
    if kind == SystemType::Percentage {
        return found
            .into_iter()
            .filter_map(|numeral| percentage(&numeral, text))
            .collect();
    }
    let plain = found
        .into_iter()
        .filter(|numeral| numeral.suffix.is_none())
        .filter(wanted);
    plain
        .map(|numeral| Candidate::exact(numeral.range, numeral.value))
        .collect()
}

/// All numbers in the text, left to right.
pub(super) fn numerals(text: &Text<'_>, language: &str) -> Vec<Numeral> {
    let mut found = words::fractions(text.raw);
    let apart = |other: &Numeral, found: &[Numeral]| {
        !found
            .iter()
            .any(|known| known.range.start < other.range.end && other.range.start < known.range.end)
    };
    let plain = digits(text, language);
    found.extend(
        plain
            .into_iter()
            .filter(|other| apart(other, &found))
            .collect::<Vec<_>>(),
    );
    let spoken = external::numbers(text, language)
        .into_iter()
        .map(|spoken| Numeral {
            range: spoken.range,
            value: spoken.value,
            ordinal: spoken.ordinal,
            suffix: None,
        });
    let spoken = spoken
        .chain(words::own(text, language))
        .filter(|numeral| !is_pronoun(text, &numeral.range));
    let mut spoken: Vec<Numeral> = spoken.collect();
    spoken.sort_by_key(|numeral| (numeral.range.start, std::cmp::Reverse(numeral.range.end)));
    for numeral in spoken {
        if apart(&numeral, &found) {
            found.push(numeral);
        }
    }
    found.sort_by_key(|numeral| numeral.range.start);
    let found = words::grouped(
        words::summed(multiplied(found, text, language), text, language),
        text,
        language,
    );
    words::halved(words::negated(found, text, language), text, language)
}

/// Numbers written in digits.
fn digits(text: &Text<'_>, language: &str) -> Vec<Numeral> {
    static PLAIN: OnceLock<Option<Regex>> = OnceLock::new();
    static GROUPED: OnceLock<Option<Regex>> = OnceLock::new();
    const GROUPS: &str = r"[-−+]?(?:\d{1,3}(?:[ \u{a0}\u{202f}]\d{3})+\b(?:,\d+)?|\d+(?:[.,]\d+)*)";
    let pattern = if BLANK_GROUPS.contains(&base(language)) {
        GROUPED.get_or_init(|| Regex::new(GROUPS).ok())
    } else {
        PLAIN.get_or_init(|| Regex::new(r"[-−+]?\d+(?:[.,]\d+)*").ok())
    };
    let Some(pattern) = pattern else { return Vec::new() };
    pattern
        .find_iter(text.raw)
        .filter_map(|found| digit_number(text.raw, found.range(), language))
        .collect()
}

/// A number in digits, unless it is part of a word, a time or a date.
fn digit_number(raw: &str, range: Range<usize>, language: &str) -> Option<Numeral> {
    let written = raw.get(range.clone())?;
    let signed = written.starts_with(['-', '−', '+']);
    let before = raw.get(..range.start)?.chars().next_back();
    let after = raw.get(range.end..)?;
    let range = if signed && before.is_some_and(|c| !c.is_whitespace()) {
        range.start + written.chars().next()?.len_utf8()..range.end
    } else {
        range
    };
    let joined = |sign: char| matches!(sign, ':' | '/');
    let digit_follows = after.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    let inside = before.is_some_and(|c| c.is_alphanumeric() || c == '_' || joined(c));
    if (inside && !signed) || (after.starts_with([':', '/']) && digit_follows) {
        return None;
    }
    let letters = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
    let (word, rest) = after.split_at_checked(letters)?;
    if rest.starts_with(|c: char| c.is_ascii_digit() || c == '_') {
        return None;
    }
    let value = value_of(raw.get(range.clone())?, language)?;
    let end = range.end + letters;
    match word.to_lowercase().as_str() {
        "" => Some(Numeral {
            range,
            value,
            ordinal: false,
            suffix: None,
        }),
        "st" | "nd" | "rd" | "th" | "º" | "ª" | "er" | "ème" | "e" => Some(Numeral {
            range: range.start..end,
            value,
            ordinal: true,
            suffix: None,
        }),
        "k" => Some(Numeral {
            range: range.start..end,
            value: value * 1000.0,
            ordinal: false,
            suffix: None,
        }),
        _ => Some(Numeral {
            suffix: Some(range.end..end),
            range,
            value,
            ordinal: false,
        }),
    }
}

/// The value of digits with separators, which mean thousands or decimals by language and by what follows them.
fn value_of(written: &str, language: &str) -> Option<f64> {
    let decimal = if ["en", "zh", "ja", "ko", "th", "hi", "he"].contains(&base(language)) {
        '.'
    } else {
        ','
    };
    let written: String = written.split([' ', '\u{a0}', '\u{202f}']).collect();
    let groups: Vec<&str> = written.split(['.', ',']).collect();
    let separators: Vec<char> = written.chars().filter(|c| matches!(c, '.' | ',')).collect();
    let (last, rest) = groups.split_last()?;
    let grouped = rest.iter().skip(1).all(|group| group.len() == 3);
    let closing = separators.last().copied();
    let fraction =
        closing.is_some_and(|sign| sign == decimal || last.len() != 3) && separators.len() <= rest.len();
    let whole: String = if fraction { rest.concat() } else { groups.concat() };
    if !grouped && rest.len() > 1 {
        return None;
    }
    let text = if fraction && closing.is_some() {
        format!("{whole}.{last}")
    } else {
        whole
    };
    text.replace('−', "-").parse().ok()
}

/// `2 million`, `five hundred thousand` after digits.
fn multiplied(found: Vec<Numeral>, text: &Text<'_>, language: &str) -> Vec<Numeral> {
    let scale = |range: &Range<usize>| {
        text.raw
            .get(range.clone())
            .and_then(|word| scale(&word.to_lowercase(), language))
    };
    let mut result: Vec<Numeral> = Vec::new();
    for numeral in found {
        let factor = scale(&numeral.range);
        match (result.last_mut(), factor) {
            (Some(before), Some(factor))
                if text
                    .raw
                    .get(before.range.end..numeral.range.start)
                    .is_some_and(|gap| gap.trim().is_empty())
                    && before.suffix.is_none()
                    && before.value < factor =>
            {
                before.value *= factor;
                before.range.end = numeral.range.end;
            }
            _ => result.push(numeral),
        }
    }
    result
}

/// Words that multiply the number before them.
fn scale(word: &str, language: &str) -> Option<f64> {
    let table: &[(&str, f64)] = match base(language) {
        "en" => &[
            ("hundred", 1e2),
            ("thousand", 1e3),
            ("million", 1e6),
            ("billion", 1e9),
        ],
        "es" => &[("mil", 1e3), ("millón", 1e6), ("millones", 1e6)],
        "pt" => &[("mil", 1e3), ("milhão", 1e6), ("milhões", 1e6)],
        "fr" => &[("mille", 1e3), ("million", 1e6), ("millions", 1e6)],
        "pl" => &[
            ("tysiące", 1e3),
            ("tysięcy", 1e3),
            ("miliony", 1e6),
            ("milionów", 1e6),
        ],
        "de" => &[("tausend", 1e3), ("million", 1e6), ("millionen", 1e6)],
        _ => &[],
    };
    table
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, factor)| *factor)
}

/// Whether `one` stands for a thing rather than for a number: `this one`, `the second one`.
fn is_pronoun(text: &Text<'_>, range: &Range<usize>) -> bool {
    const BEFORE: &[&str] = &[
        "this", "that", "which", "first", "second", "third", "fourth", "last", "another", "other", "the",
        "each", "every", "any", "no", "some", "good", "new", "next", "only", "right", "wrong", "cheaper",
        "1st", "2nd", "3rd",
    ];
    let at = text.words_in(range).start;
    let before = at.checked_sub(1).map_or("", |before| text.word(before));
    text.word(at) == "one" && text.words_in(range).len() == 1 && BEFORE.contains(&before)
}

/// A number with a sign or word for hundredths beside it.
fn percentage(numeral: &Numeral, text: &Text<'_>) -> Option<Candidate> {
    const WORDS: &[&str] = &[
        "percent",
        "per cent",
        "pct",
        "por ciento",
        "por cento",
        "pour cent",
        "prozent",
        "procent",
        "procentów",
    ];
    let after = text.raw.get(numeral.range.end..)?;
    let blanks = after.len() - after.trim_start().len();
    let rest = after.trim_start();
    if rest.starts_with('%') {
        return Some(Candidate::exact(
            numeral.range.start..numeral.range.end + blanks + 1,
            numeral.value,
        ));
    }
    let lower = rest.to_lowercase();
    if let Some(word) = WORDS.iter().find(|word| lower.starts_with(**word)) {
        let end = numeral.range.end + blanks + word.len();
        return text
            .raw
            .is_char_boundary(end)
            .then(|| Candidate::exact(numeral.range.start..end, numeral.value));
    }
    let before = text.raw.get(..numeral.range.start)?.trim_end();
    let sign = ["%", "yüzde", "Yüzde"]
        .iter()
        .find(|sign| before.ends_with(**sign))?;
    Some(Candidate::exact(
        before.len() - sign.len()..numeral.range.end,
        numeral.value,
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(kind: SystemType, language: &str, text: &str) -> Vec<f64> {
        find(kind, &Text::new(text), language)
            .into_iter()
            .map(|found| found.value.as_f64().unwrap())
            .collect()
    }

    #[test]
    fn numbers_by_language() {
        for (language, text, expected) in [
            ("en", "42", &[42.0][..]),
            ("en", "just one", &[1.0]),
            ("en", "eightyfive", &[85.0]),
            ("en", "twenty three", &[23.0]),
            ("en", "one hundred and five", &[105.0]),
            ("en", "1,200.50 or 1,000,000", &[1200.5, 1_000_000.0]),
            ("en", "-5 and +3", &[-5.0, 3.0]),
            ("en", "3.5k", &[3500.0]),
            ("en", "2 million", &[2_000_000.0]),
            ("en", "this one", &[]),
            ("en", "a dozen", &[12.0]),
            ("en", "two dozen or half a dozen", &[24.0, 6.0]),
            ("en", "a couple", &[2.0]),
            ("en", "half a million", &[500_000.0]),
            ("es", "medio millón", &[500_000.0]),
            ("en", "1/2 or 1 1/2 or 2½", &[0.5, 1.5, 2.5]),
            ("en", "on 3/4/2026 or 10/12", &[]),
            ("es", "una docena, media docena, un par", &[12.0, 6.0, 2.0]),
            ("pt", "uma dúzia ou meia dúzia", &[12.0, 6.0]),
            ("fr", "une douzaine ou une demi-douzaine", &[12.0, 6.0]),
            ("de", "ein Dutzend oder zwei Dutzend", &[12.0, 24.0]),
            ("de", "anderthalb oder zweieinhalb", &[1.5, 2.5]),
            ("it", "una dozzina", &[12.0]),
            ("pl", "półtora", &[1.5]),
            ("pl", "dwa tysiące", &[2000.0]),
            ("pl", "pół tuzina", &[6.0]),
            ("pl", "dwa tysiące pięćset dwadzieścia", &[2520.0]),
            ("pl", "sto dwadzieścia trzy", &[123.0]),
            ("pl", "trzy przecinek pięć", &[3.5]),
            ("pl", "dwa trzy", &[2.0, 3.0]),
            ("es", "un millón y medio", &[1_500_000.0]),
            ("fr", "un million et demi", &[1_500_000.0]),
            ("en", "10:30 on 10/12", &[]),
            ("en", "AB12 and 5kg and 1st", &[]),
            ("en", "no digits here", &[]),
            ("es", "1.200,50", &[1200.5]),
            ("es", "veintitrés", &[23.0]),
            ("fr", "quatre-vingt-dix-neuf", &[99.0]),
            ("de", "dreiundzwanzig", &[23.0]),
            ("de", "3,5", &[3.5]),
            ("pt", "vinte e três", &[23.0]),
            ("pl", "dwadzieścia trzy", &[23.0]),
            ("tr", "yirmi üç", &[23.0]),
            ("en", "minus five or negative 3", &[-5.0, -3.0]),
            ("en", "ten minus 3", &[10.0, 3.0]),
            ("en", "two and a half", &[2.5]),
            ("en", "2 and a half to 3", &[2.5, 3.0]),
            ("es", "menos dos", &[-2.0]),
            ("es", "tres y medio", &[3.5]),
            ("de", "minus zwei", &[-2.0]),
            ("fr", "moins deux", &[-2.0]),
            ("fr", "1 234,56 ou 12", &[1234.56, 12.0]),
            ("pl", "1 234,56", &[1234.56]),
            ("pl", "1 2345", &[1.0, 2345.0]),
            ("pl", "dla pięciu osób", &[5.0]),
            ("pl", "dwa i pół", &[2.5]),
            ("tr", "iki bilet", &[2.0]),
            ("tr", "üç buçuk", &[3.5]),
        ] {
            assert_eq!(
                values(SystemType::Number, language, text),
                expected,
                "{language} {text}"
            );
        }
        assert_eq!(values(SystemType::Integer, "en", "2.5 or 3"), [3.0]);
        assert_eq!(
            values(SystemType::Ordinal, "en", "the 1st and the twenty-third"),
            [1.0, 23.0]
        );
        for (language, text) in [("de", "am 3. Tag"), ("tr", "3."), ("es", "el tercero")] {
            assert_eq!(values(SystemType::Ordinal, language, text), [3.0], "{text}");
        }
        assert_eq!(values(SystemType::Ordinal, "es", "la segunda"), [2.0]);
        assert_eq!(values(SystemType::Ordinal, "en", "it is 3."), [0.0_f64; 0]);
        assert_eq!(values(SystemType::Percentage, "tr", "yüzde 50"), [50.0]);
        assert_eq!(
            values(SystemType::Percentage, "en", "50% or 20 percent of 7"),
            [50.0, 20.0]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn never_panics(text in "([0-9]{1,30}|[.,:%+-]|one|hundred|million|th|k|\\PC| ){0,12}") {
            for language in ["en", "fr", "es", "pl", "tr"] {
                for found in find(SystemType::Number, &Text::new(&text), language) {
                    prop_assert!(text.get(found.range).is_some());
                }
            }
        }
    }
}
