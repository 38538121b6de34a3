//! How large the values of a session may grow. An agent can feed a parameter with itself, doubling it or nesting it
//! with every transition; nobody means that, and nobody's memory should pay for it.

use crate::model::Value;

/// Longest text that a template or function may make, in bytes.
pub(super) const LONGEST_TEXT: usize = 1 << 20;
/// Longest list that a function compares element by element.
pub(super) const MOST_ELEMENTS: usize = 4096;
/// Bytes that the replies of one turn may have together; a client takes no larger answer.
pub(super) const LARGEST_REPLY: usize = 2 << 20;

/// Bytes of one stored value, roughly.
const LARGEST_VALUE: usize = 64 << 10;
/// Lists and objects within each other.
const DEEPEST_VALUE: usize = 48;

/// Whether a value is small and flat enough to be stored.
pub(super) fn can_be_stored(value: &Value) -> bool {
    let mut left = LARGEST_VALUE;
    fits(value, DEEPEST_VALUE, &mut left)
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
