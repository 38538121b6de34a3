//! JSON values: equality by value, names of types, and where two values differ.

use crate::model::Value;

use super::describe::{member, show, within};
use super::matcher::Difference;

/// Differences kept of one comparison; more help nobody.
pub(super) const MOST_DIFFERENCES: usize = 100;

/// The value as a number, if it is one.
pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

/// Whether two values are the same, numbers by value: 1 is 1.0, but `"a "` is not `"a"`.
pub(super) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|theirs| equal(value, theirs)))
        }
        (one, other) => one == other,
    }
}

/// Whether two numbers have the same value; whole numbers beyond 2^53 are not rounded first.
pub(super) fn same_number(one: &serde_json::Number, other: &serde_json::Number) -> bool {
    if let (Some(one), Some(other)) = (one.as_i128(), other.as_i128()) {
        return one == other;
    }
    match (one.as_f64(), other.as_f64()) {
        #[expect(clippy::float_cmp, reason = "equality of the values as they were written")]
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// The value's type in the words of `is_type`.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Every place where two values differ, at most [`MOST_DIFFERENCES`].
pub(super) fn differences(expected: &Value, actual: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", expected, actual, &mut found);
    found
}

fn compare(path: &str, expected: &Value, actual: &Value, found: &mut Vec<Difference>) {
    if found.len() >= MOST_DIFFERENCES {
        return;
    }
    match (expected, actual) {
        (Value::Object(wanted), Value::Object(given)) => {
            for (name, value) in wanted {
                pair(&within(path, &member(name)), Some(value), given.get(name), found);
            }
            for (name, value) in given.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
                pair(&within(path, &member(name)), None, Some(value), found);
            }
        }
        (Value::Array(wanted), Value::Array(given)) => {
            for index in 0..wanted.len().max(given.len()) {
                let place = within(path, &format!("[{index}]"));
                pair(&place, wanted.get(index), given.get(index), found);
            }
        }
        _ if equal(expected, actual) => {}
        _ => found.push(Difference {
            path: path.to_owned(),
            message: unequal(expected, actual),
            expected: Some(show(expected)),
            actual: Some(show(actual)),
        }),
    }
}

fn pair(path: &str, expected: Option<&Value>, actual: Option<&Value>, found: &mut Vec<Difference>) {
    match (expected, actual) {
        (Some(expected), Some(actual)) => compare(path, expected, actual, found),
        _ if found.len() >= MOST_DIFFERENCES => {}
        (Some(expected), None) => found.push(Difference::missing(path, show(expected))),
        (None, Some(actual)) => found.push(Difference::extra(path, actual)),
        (None, None) => {}
    }
}

/// Says how two values that are not equal differ; names both types when those differ.
pub(super) fn unequal(expected: &Value, actual: &Value) -> String {
    let (wanted, given) = (type_name(expected), type_name(actual));
    if wanted != given {
        return format!(
            "expected {}, was {}",
            with_type(wanted, expected),
            with_type(given, actual)
        );
    }
    let hint = match (expected, actual) {
        (Value::String(one), Value::String(other)) if super::text::alike(one, other) => {
            " (only white space differs)"
        }
        (Value::String(one), Value::String(other)) if super::text::fold(one) == super::text::fold(other) => {
            " (only the case differs)"
        }
        _ => "",
    };
    format!("expected {}, was {}{hint}", show(expected), show(actual))
}

fn with_type(name: &str, value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        _ => format!("{name} {}", show(value)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_equal_by_value() {
        assert!(equal(&json!(1), &json!(1.0)));
        assert!(equal(&json!({"a": [1, 2.0]}), &json!({"a": [1.0, 2]})));
        assert!(!equal(
            &json!(9_007_199_254_740_993_u64),
            &json!(9_007_199_254_740_992_u64)
        ));
        assert!(!equal(&json!("1"), &json!(1)));
        assert!(!equal(&json!({"a": 1}), &json!({"a": 1, "b": null})));
    }

    #[test]
    fn finds_every_place() {
        let expected = json!({"name": "A", "stops": [1, 2], "at": {"city": "Paris"}});
        let actual = json!({"name": "A", "stops": [1, 3, 4], "at": {"town": "Lyon"}});
        let found: Vec<String> = differences(&expected, &actual)
            .iter()
            .map(|difference| format!("{}: {}", difference.path, difference.message))
            .collect();
        assert_eq!(
            found,
            [
                "stops[1]: expected 2, was 3",
                "stops[2]: is not expected, was 4",
                "at.city: expected \"Paris\", was absent",
                "at.town: is not expected, was \"Lyon\"",
            ]
        );
    }

    #[test]
    fn says_both_types_and_near_misses() {
        assert_eq!(
            unequal(&json!("5"), &json!(5)),
            "expected text \"5\", was number 5"
        );
        assert_eq!(
            unequal(&json!(true), &json!(null)),
            "expected boolean true, was null"
        );
        assert_eq!(
            unequal(&json!("a"), &json!("A")),
            "expected \"a\", was \"A\" (only the case differs)"
        );
        assert_eq!(
            unequal(&json!("a b"), &json!("a  b")),
            "expected \"a b\", was \"a  b\" (only white space differs)"
        );
    }

    #[test]
    fn stops_at_a_bound() {
        let many: Vec<u32> = (0..10_000).collect();
        assert_eq!(differences(&json!([]), &json!(many)).len(), MOST_DIFFERENCES);
    }
}
