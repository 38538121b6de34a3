//! Functions on telephone and card numbers (cx-runtime 11.2).
//!
//! Numbers are split by the world's numbering plan as far as country codes go, and within North America into area
//! code and number. Whether a number is in service is not known.

use serde_json::json;

use super::{Answer, FunctionError};
use crate::emulator::cx::render::text_of;
use crate::model::Value;

/// Fewest and most digits of an international number, its country code included.
const INTERNATIONAL: std::ops::RangeInclusive<usize> = 7..=15;

/// A number in parts.
struct PhoneNumber {
    country_code: String,
    area_code: Option<String>,
    number: String,
}

pub(super) fn is_phone_number(values: &[Value]) -> Value {
    read(values).is_some().into()
}

pub(super) fn to_phone_number(values: &[Value]) -> Answer {
    let phone = read(values)
        .ok_or_else(|| FunctionError::new(format_args!("`{}` is no phone number", text_of(&values[0]))))?;
    let mut parts = json!({ "country-code": phone.country_code, "number": phone.number });
    if let Some(area_code) = phone.area_code {
        parts["area-code"] = area_code.into();
    }
    Ok(parts)
}

fn read(values: &[Value]) -> Option<PhoneNumber> {
    let text = text_of(&values[0]);
    let region = values.get(1).map_or_else(|| "US".to_owned(), text_of);
    let text = text.trim();
    let is_written_as_one = text
        .chars()
        .all(|character| character.is_ascii_digit() || " +-().".contains(character));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if !is_written_as_one || digits.is_empty() {
        return None;
    }
    if text.starts_with('+') {
        return international(&digits);
    }
    let code = country_code_of(&region)?;
    // What is dialled for another country tells that its code follows.
    let abroad = if code == "1" { "011" } else { "00" };
    if let Some(digits) = digits.strip_prefix(abroad) {
        return international(digits);
    }
    let with_code = || digits.starts_with(code).then(|| international(&digits)).flatten();
    national(code, digits.trim_start_matches('0')).or_else(with_code)
}

fn international(digits: &str) -> Option<PhoneNumber> {
    if !INTERNATIONAL.contains(&digits.len()) {
        return None;
    }
    let code = country_code(digits)?;
    national(code, &digits[code.len()..])
}

fn national(code: &str, digits: &str) -> Option<PhoneNumber> {
    if code == "1" {
        let digits = if digits.len() == 11 {
            digits.strip_prefix('1')?
        } else {
            digits
        };
        let starts_well = |at: usize| {
            digits
                .as_bytes()
                .get(at)
                .is_some_and(|digit| (b'2'..=b'9').contains(digit))
        };
        return (digits.len() == 10 && starts_well(0) && starts_well(3)).then(|| PhoneNumber {
            country_code: code.to_owned(),
            area_code: Some(digits[..3].to_owned()),
            number: digits[3..].to_owned(),
        });
    }
    (INTERNATIONAL.contains(&(code.len() + digits.len())) && digits.len() >= 5).then(|| PhoneNumber {
        country_code: code.to_owned(),
        area_code: None,
        number: digits.to_owned(),
    })
}

/// The country code at the front of a number: no code is the beginning of another (ITU-T E.164).
fn country_code(digits: &str) -> Option<&str> {
    /// Codes of two digits; `1` and `7` have one, every other code has three.
    const TWO: &str = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 \
                       66 81 82 84 86 90 91 92 93 94 95 98 ";
    let code = |length| digits.get(..length);
    match digits.as_bytes().first()? {
        b'0' => None,
        b'1' | b'7' => code(1),
        _ if TWO.contains(&format!(" {} ", code(2)?)) => code(2),
        _ => code(3),
    }
}

/// The country code of a region.
fn country_code_of(region: &str) -> Option<&'static str> {
    const REGIONS: [(&str, &str); 50] = [
        ("AE", "971"),
        ("AR", "54"),
        ("AT", "43"),
        ("AU", "61"),
        ("BE", "32"),
        ("BR", "55"),
        ("CA", "1"),
        ("CH", "41"),
        ("CL", "56"),
        ("CN", "86"),
        ("CO", "57"),
        ("CZ", "420"),
        ("DE", "49"),
        ("DK", "45"),
        ("EG", "20"),
        ("ES", "34"),
        ("FI", "358"),
        ("FR", "33"),
        ("GB", "44"),
        ("GR", "30"),
        ("HK", "852"),
        ("HU", "36"),
        ("ID", "62"),
        ("IE", "353"),
        ("IL", "972"),
        ("IN", "91"),
        ("IT", "39"),
        ("JP", "81"),
        ("KR", "82"),
        ("LV", "371"),
        ("MX", "52"),
        ("MY", "60"),
        ("NG", "234"),
        ("NL", "31"),
        ("NO", "47"),
        ("NZ", "64"),
        ("PE", "51"),
        ("PH", "63"),
        ("PL", "48"),
        ("PT", "351"),
        ("RO", "40"),
        ("RU", "7"),
        ("SA", "966"),
        ("SE", "46"),
        ("SG", "65"),
        ("TH", "66"),
        ("TR", "90"),
        ("UA", "380"),
        ("US", "1"),
        ("ZA", "27"),
    ];
    REGIONS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(region))
        .map(|(_, code)| *code)
}

/// Digits with a right check digit (Luhn), of a card's length.
pub(super) fn is_credit_card_number(values: &[Value]) -> Value {
    let text = text_of(&values[0]);
    let is_written_as_one = text
        .chars()
        .all(|character| character.is_ascii_digit() || character == ' ' || character == '-');
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|character| character.to_digit(10))
        .collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, digit * 2) {
            (0, _) => *digit,
            (_, twice) => twice / 10 + twice % 10,
        })
        .sum();
    (is_written_as_one && (12..=19).contains(&digits.len()) && sum.is_multiple_of(10)).into()
}
