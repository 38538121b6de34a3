//! What an unquoted scalar is: the rules of YAML 1.2's core schema, with a note where a number drops what was
//! written.

use serde_json::Number as Json;

use super::node::{Kind, Number, Style, Text, Written};

/// Largest integer up to which a double holds every integer.
const EXACT_INTEGER: u64 = 1 << 53;

/// Resolves an unquoted scalar: null, boolean, number, else text.
pub(super) fn resolve(written: &str) -> Kind {
    match written {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ => number(written).map_or_else(|| plain(written), Kind::Number),
    }
}

fn plain(written: &str) -> Kind {
    Kind::Text(Text {
        value: written.to_owned(),
        style: Style::Plain,
    })
}

fn number(written: &str) -> Option<Number> {
    let (value, kept) = based(written).or_else(|| decimal(written))?;
    Some(Number {
        value,
        written: written.to_owned(),
        kept,
    })
}

/// `0x1F` and `0o17`.
fn based(written: &str) -> Option<(Json, Written)> {
    let (digits, radix) = written
        .strip_prefix("0x")
        .map(|digits| (digits, 16))
        .or_else(|| written.strip_prefix("0o").map(|digits| (digits, 8)))?;
    // `from_str_radix` would take a sign.
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    Some((Json::from(value), Written::OtherBase))
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn decimal(written: &str) -> Option<(Json, Written)> {
    let unsigned = written.strip_prefix(['-', '+']).unwrap_or(written);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_sound = exponent.is_none_or(|exponent| {
        let power = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !power.is_empty() && digits(power)
    });
    let has_digits = !whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty());
    if !has_digits || !digits(whole) || !digits(fraction.unwrap_or_default()) || !exponent_is_sound {
        return None;
    }
    let value = if fraction.is_none() && exponent.is_none() {
        integer(written).or_else(|| float(written))
    } else {
        float(written)
    };
    // A number beyond all doubles (1e999) is kept as text: JSON has no infinity.
    let value = value?;
    let kept = if whole.len() > 1 && whole.starts_with('0') {
        Written::LeadingZero
    } else if loses_digits(&value, whole, fraction.unwrap_or_default()) {
        Written::TooManyDigits
    } else if written.starts_with('+') {
        Written::LeadingPlus
    } else if value.to_string() != written {
        Written::OtherText
    } else {
        Written::Exactly
    };
    Some((value, kept))
}

fn integer(written: &str) -> Option<Json> {
    let signless = written.strip_prefix('+').unwrap_or(written);
    signless
        .parse::<i64>()
        .map(Json::from)
        .or_else(|_| signless.parse::<u64>().map(Json::from))
        .ok()
}

fn float(written: &str) -> Option<Json> {
    written.parse::<f64>().ok().and_then(Json::from_f64)
}

/// Integers are exact up to 2^53; of a fraction a double keeps 15 to 17 digits, 17 being what it can need.
fn loses_digits(value: &Json, whole: &str, fraction: &str) -> bool {
    if fraction.is_empty() && (value.is_i64() || value.is_u64()) {
        let magnitude = value
            .as_i64()
            .map_or_else(|| value.as_u64().unwrap_or(u64::MAX), i64::unsigned_abs);
        return magnitude > EXACT_INTEGER;
    }
    let significant = format!("{whole}{fraction}");
    significant.trim_start_matches('0').trim_end_matches('0').len() > 17
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_follow_the_core_schema() {
        for text in [
            "yes", "no", "on", "off", "12:30", "1_000", "1.2.3", ".", "-", "+", "e3", "1e", "0x", "0xg",
            "0o8", ".inf", ".nan", "1e999", "tRue",
        ] {
            assert_eq!(resolve(text), plain(text), "{text}");
        }
        for null in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(resolve(null), Kind::Null);
        }
        assert_eq!(resolve("true"), Kind::Bool(true));
        assert_eq!(resolve("FALSE"), Kind::Bool(false));
    }

    #[test]
    fn numbers_tell_what_they_lose() {
        let cases = [
            ("0", "0", Written::Exactly),
            ("-12", "-12", Written::Exactly),
            ("0.5", "0.5", Written::Exactly),
            (".5", "0.5", Written::OtherText),
            ("1e3", "1000.0", Written::OtherText),
            ("1.", "1.0", Written::OtherText),
            ("10.50", "10.5", Written::OtherText),
            ("-0", "0", Written::OtherText),
            ("02139", "2139", Written::LeadingZero),
            ("-007", "-7", Written::LeadingZero),
            ("00.5", "0.5", Written::LeadingZero),
            ("+4930123456", "4930123456", Written::LeadingPlus),
            ("9007199254740992", "9007199254740992", Written::Exactly),
            ("9007199254740993", "9007199254740993", Written::TooManyDigits),
            (
                "12345678901234567890",
                "12345678901234567890",
                Written::TooManyDigits,
            ),
            (
                "123456789012345678901",
                "1.2345678901234568e+20",
                Written::TooManyDigits,
            ),
            (
                "0.12345678901234567890",
                "0.12345678901234568",
                Written::TooManyDigits,
            ),
            ("0x1F", "31", Written::OtherBase),
            ("0o17", "15", Written::OtherBase),
        ];
        for (written, value, kept) in cases {
            let Kind::Number(number) = resolve(written) else {
                panic!("{written} is no number")
            };
            assert_eq!(
                (number.value.to_string().as_str(), number.kept),
                (value, kept),
                "{written}"
            );
        }
    }
}
