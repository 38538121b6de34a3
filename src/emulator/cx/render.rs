//! Values as text, the way replies, presets and function arguments show them (cx-runtime 10.5).

use std::fmt::Write;

use crate::model::{Map, Value};

/// The text form of a value: lists are joined, dates and times written out, objects shown by what the user said.
pub(super) fn text_of(value: &Value) -> String {
    let mut text = String::new();
    push_value(&mut text, value);
    text
}

/// Appends the text form of a value.
pub(super) fn push_value(text: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => push_number(text, number),
        Value::String(string) => text.push_str(string),
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                push_value(text, element);
            }
        }
        Value::Object(members) => push_object(text, members),
    }
}

/// Whole numbers have no fraction, whatever type carried them.
fn push_number(text: &mut String, number: &serde_json::Number) {
    /// From here on a number is written with an exponent, as JSON writers everywhere do.
    const LARGE: f64 = 1e21;
    // Writing to a string cannot fail.
    let _ = match number.as_f64() {
        Some(double)
            if !number.is_i64() && !number.is_u64() && double.fract() == 0.0 && double.abs() < LARGE =>
        {
            write!(text, "{double}")
        }
        _ => write!(text, "{number}"),
    };
}

fn push_object(text: &mut String, members: &Map) {
    if let Some(original) = members.get("original") {
        return push_value(text, original);
    }
    match moment(members) {
        Some(written) => text.push_str(&written),
        None => push_json(text, members),
    }
}

/// Compact JSON, whose numbers are written as those that stand alone.
fn push_json(text: &mut String, members: &Map) {
    fn written(value: &Value) -> Value {
        match value {
            Value::Number(number) => {
                let mut digits = String::new();
                push_number(&mut digits, number);
                digits.parse::<i64>().map_or_else(|_| value.clone(), Value::from)
            }
            Value::Array(elements) => elements.iter().map(written).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), written(value)))
                .collect(),
            other => other.clone(),
        }
    }
    text.push_str(&written(&Value::Object(members.clone())).to_string());
}

/// What a date or a time is made of. An object with anything else in it is none.
const MOMENT: [&str; 7] = ["year", "month", "day", "hours", "minutes", "seconds", "nanos"];

/// A date as `2021-09-06`, a time as `16:00:00`, both as `2021-09-06T16:00:00`.
fn moment(members: &Map) -> Option<String> {
    if !members.keys().all(|name| MOMENT.contains(&name.as_str())) {
        return None;
    }
    let number = |name: &str| {
        let value = members.get(name)?.as_f64()?;
        // Years, months and the like; anything else is no date.
        (value.fract() == 0.0 && (0.0..=9999.0).contains(&value)).then_some(value)
    };
    let date = match (number("year"), number("month"), number("day")) {
        (Some(year), Some(month), Some(day)) => Some(format!("{year:04}-{month:02}-{day:02}")),
        _ => None,
    };
    let time = number("hours").map(|hours| {
        let minutes = number("minutes").unwrap_or_default();
        let seconds = number("seconds").unwrap_or_default();
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    });
    match (date, time) {
        (Some(date), Some(time)) => Some(format!("{date}T{time}")),
        (date, time) => date.or(time),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_the_service_writes_them() {
        let cases = [
            (json!("as is "), "as is "),
            (json!(42.0), "42"),
            (json!(-0.5), "-0.5"),
            (json!(75.27), "75.27"),
            (json!(1e300), "1e+300"),
            (json!(9_792_030_394_440_796.0), "9792030394440796"),
            (json!(-9_007_199_254_740_992.0), "-9007199254740992"),
            (json!(1e20), "100000000000000000000"),
            (
                json!({"card": 9_792_030_394_440_796.0}),
                r#"{"card":9792030394440796}"#,
            ),
            (json!(true), "true"),
            (json!(null), ""),
            (json!(["Urologist", "Surgeon"]), "Urologist, Surgeon"),
            (json!(["one"]), "one"),
            (json!([]), ""),
            (json!({"dollars": 2, "original": "two bucks"}), "two bucks"),
            (json!({"year": 2021.0, "month": 9.0, "day": 6.0}), "2021-09-06"),
            (
                json!({"hours": 16.0, "minutes": 0.0, "seconds": 0.0, "nanos": 0.0}),
                "16:00:00",
            ),
            (
                json!({"year": 2021, "month": 9, "day": 6, "hours": 7, "minutes": 5, "seconds": 1}),
                "2021-09-06T07:05:01",
            ),
            (json!({"hours": 5, "open": true}), r#"{"hours":5,"open":true}"#),
            (
                json!({"startDate": {"year": 2021.0, "share": 0.5}, "days": [1.0]}),
                r#"{"startDate":{"year":2021,"share":0.5},"days":[1]}"#,
            ),
            (json!({"amount": 2, "unit": "kg"}), r#"{"amount":2,"unit":"kg"}"#),
            (
                json!({"year": "2021", "month": 9, "day": 6}),
                r#"{"year":"2021","month":9,"day":6}"#,
            ),
        ];
        for (value, expected) in cases {
            assert_eq!(text_of(&value), expected);
        }
    }
}
