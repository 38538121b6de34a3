//! How large the values of a session may grow. An agent can feed a parameter with itself, doubling it or nesting it
//! with every transition; nobody means that, and nobody's memory should pay for it.

use std::borrow::Cow;

use crate::model::Value;

/// Longest text that a template or function may make, in bytes.
pub(super) const LONGEST_TEXT: usize = 1 << 20;
/// Longest list that a function compares element by element.
pub(super) const MOST_ELEMENTS: usize = 4096;
/// Bytes that the replies of one turn may have together; a client takes no larger answer.
pub(super) const LARGEST_REPLY: usize = 2 << 20;

/// Arguments of one call.
pub(super) const MOST_ARGUMENTS: usize = 256;
/// Bytes of the arguments of one call together, roughly.
pub(super) const LARGEST_ARGUMENTS: usize = LONGEST_TEXT;
/// Names and indexes that a reference or the target of a preset may be made of.
pub(super) const LONGEST_REFERENCE: usize = 32;
/// Bytes of a function's result that the diagnostics repeat.
const LARGEST_RECORD: usize = 4 << 10;

/// Bytes of one stored value, roughly.
const LARGEST_VALUE: usize = 64 << 10;
/// Lists and objects within each other.
pub(super) const DEEPEST_VALUE: usize = 48;

/// Whether a value is small and flat enough to be stored.
pub(super) fn can_be_stored(value: &Value) -> bool {
    let mut left = LARGEST_VALUE;
    fits(value, DEEPEST_VALUE, &mut left)
}

/// Takes a value's bytes from those that are left; whether there were enough.
pub(super) fn takes(value: &Value, left: &mut usize) -> bool {
    fits(value, usize::MAX, left)
}

/// What is repeated of a function's result: the value itself unless it is large.
pub(super) fn for_the_record(value: &Value) -> Value {
    let mut left = LARGEST_RECORD;
    if fits(value, DEEPEST_VALUE, &mut left) {
        return value.clone();
    }
    match value {
        Value::String(text) => excerpt(text, LARGEST_RECORD / 4).into(),
        Value::Array(elements) => format!("a large list of {}", elements.len()).into(),
        _ => "a large object".into(),
    }
}

/// The first characters of a text that may be long.
pub(super) fn excerpt(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

fn fits(value: &Value, depth: usize, left: &mut usize) -> bool {
    /// What every value takes, however small.
    const OVERHEAD: usize = 16;
    let own = match value {
        Value::String(text) => text.len(),
        _ => 0,
    };
    let Some(rest) = left.checked_sub(own + OVERHEAD) else {
        return false;
    };
    *left = rest;
    match value {
        Value::Array(elements) => depth > 0 && elements.iter().all(|element| fits(element, depth - 1, left)),
        Value::Object(members) => {
            depth > 0
                && members.iter().all(|(key, member)| {
                    *left = left.saturating_sub(key.len());
                    fits(member, depth - 1, left)
                })
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn large_values_are_told_of_in_short() {
        let list = json!(["a", 1]);
        assert_eq!(for_the_record(&list), list);
        let text = for_the_record(&json!("x".repeat(LONGEST_TEXT)));
        assert!(text.as_str().unwrap().len() < LARGEST_RECORD, "{text}");
        assert_eq!(for_the_record(&json!(vec!["x"; 5000])), "a large list of 5000");
    }

    #[test]
    fn ordinary_values_can_be_stored_and_monsters_cannot() {
        assert!(can_be_stored(&json!({"a": [1, "two", {"three": null}]})));
        assert!(!can_be_stored(&json!("x".repeat(LARGEST_VALUE))));
        assert!(!can_be_stored(&json!(vec![0; LARGEST_VALUE / 16])));
        let mut deep = json!(1);
        for _ in 0..=DEEPEST_VALUE {
            deep = json!([deep]);
        }
        assert!(!can_be_stored(&deep));
    }
}
