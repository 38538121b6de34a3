//! `{{ name }}` in an app's texts and values.

use crate::model::Value;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// As it is.
    Literal(&'a str),
    /// A name and a path into its value: `lookup_order.status`.
    Path(&'a str),
    /// The same, to be made a number: `amount | number`, the one conversion there is.
    Number(&'a str),
    /// Between braces, but no path.
    Malformed(&'a str),
}

/// Takes a text apart. Braces that are not closed are literal.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inner, behind)) = after.split_once("}}") else {
            break;
        };
        if !before.is_empty() {
            pieces.push(Piece::Literal(before));
        }
        pieces.push(piece(inner));
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    pieces
}

/// What stands between braces.
fn piece(inner: &str) -> Piece<'_> {
    let (path, conversion) = match inner.split_once('|') {
        Some((path, conversion)) => (path.trim(), Some(conversion.trim())),
        None => (inner.trim(), None),
    };
    let is_path = !path.is_empty() && !path.contains(['{', '}', '"']);
    match conversion {
        None if is_path => Piece::Path(path),
        Some("number") if is_path => Piece::Number(path),
        _ => Piece::Malformed(inner),
    }
}

/// The name that a path starts with.
pub(super) fn root(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path).trim_end()
}

/// Follows a path into the value of its name: `.member` and `[0]`.
fn follow(value: Value, path: &str) -> Option<Value> {
    let below = path.strip_prefix(root(path))?.trim_start();
    below
        .split(['.', '['])
        .map(|step| step.trim_end_matches(']').trim())
        .filter(|step| !step.is_empty())
        .try_fold(value, |value, step| match value {
            Value::Object(mut members) => members.remove(step),
            Value::Array(mut items) => {
                let index = step.parse::<usize>().ok().filter(|index| *index < items.len())?;
                Some(items.swap_remove(index))
            }
            _ => None,
        })
}

/// Longest text that is made, in bytes: longer than any turn accepts, so that it is refused there.
const LONGEST: usize = 2 << 20;

/// Fills a text. What a name does not have is left out.
pub(super) fn fill_text(text: &str, find: &impl Fn(&str) -> Option<Value>) -> String {
    let mut filled = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Literal(literal) => filled.push_str(literal),
            Piece::Path(path) | Piece::Number(path) => {
                let value = find(root(path)).and_then(|value| follow(value, path));
                let shown = shown(value.as_ref());
                if filled.len() + shown.len() <= LONGEST {
                    filled.push_str(&shown);
                }
            }
            Piece::Malformed(_) => {}
        }
    }
    filled
}

/// Fills every text in a value. A text that is one template alone becomes the value it names.
pub(super) fn fill(value: &Value, find: &impl Fn(&str) -> Option<Value>) -> Value {
    match value {
        Value::String(text) => match pieces(text).as_slice() {
            [Piece::Path(path)] => find(root(path))
                .and_then(|value| follow(value, path))
                .unwrap_or_default(),
            [Piece::Number(path)] => find(root(path))
                .and_then(|value| follow(value, path))
                .map(number)
                .unwrap_or_default(),
            _ => Value::String(fill_text(text, find)),
        },
        Value::Array(items) => items.iter().map(|item| fill(item, find)).collect(),
        Value::Object(members) => Value::Object(fill_members(members, find)),
        other => other.clone(),
    }
}

/// Fills every text in the members of an object.
pub(super) fn fill_members(
    members: &crate::model::Map,
    find: &impl Fn(&str) -> Option<Value>,
) -> crate::model::Map {
    members
        .iter()
        .map(|(name, value)| (name.clone(), fill(value, find)))
        .collect()
}

/// The number that a text writes; what writes none stays as it is, so that the script's own conditions see it.
fn number(value: Value) -> Value {
    let Value::String(text) = &value else {
        return value;
    };
    let whole = text.trim().parse::<i64>().ok().map(Value::from);
    let fraction = || {
        text.trim()
            .parse::<f64>()
            .ok()
            .and_then(serde_json::Number::from_f64)
    };
    whole.or_else(|| fraction().map(Value::Number)).unwrap_or(value)
}

/// A value within a text.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn find(name: &str) -> Option<Value> {
        match name {
            "city" => Some(json!("Paris")),
            "party" => Some(json!(4)),
            "lookup" => Some(json!({"status": "shipped", "stops": [{"at": "A"}, {"at": "B"}]})),
            _ => None,
        }
    }

    #[test]
    fn texts_become_numbers_when_asked() {
        let find = |name: &str| (name == "amount").then(|| json!("40")).or_else(|| find(name));
        for (text, filled) in [
            ("{{ amount }}", json!("40")),
            ("{{ amount | number }}", json!(40)),
            ("{{ city | number }}", json!("Paris")),
            ("for {{ amount | number }}", json!("for 40")),
        ] {
            assert_eq!(fill(&json!(text), &find), filled, "{text}");
        }
        assert_eq!(
            pieces("{{ amount | upper }}"),
            [Piece::Malformed(" amount | upper ")]
        );
    }

    #[test]
    fn texts_are_filled() {
        for (text, filled) in [
            ("to {{ city }}!", "to Paris!"),
            ("{{city}}{{ party }}", "Paris4"),
            ("{{ lookup.status }} at {{ lookup.stops[1].at }}", "shipped at B"),
            (
                "{{ lookup.nothing }}{{ nobody }}{{ lookup.stops[9] }}{{ city.x }}",
                "",
            ),
            ("{{ open", "{{ open"),
            ("}} {{ city }}", "}} Paris"),
        ] {
            assert_eq!(fill_text(text, &find), filled, "{text}");
        }
    }

    #[test]
    fn a_template_alone_keeps_its_type() {
        let filled = fill(
            &json!({"n": "{{ party }}", "t": "{{ party }} seats", "x": ["{{ nobody }}"]}),
            &find,
        );
        assert_eq!(filled, json!({"n": 4, "t": "4 seats", "x": [null]}));
    }

    #[test]
    fn malformed_ones_are_told() {
        assert_eq!(pieces("a {{ }}"), [Piece::Literal("a "), Piece::Malformed(" ")]);
        assert_eq!(pieces("{{ x | upper }}"), [Piece::Malformed(" x | upper ")]);
        assert_eq!(root("a.b[0]"), "a");
        assert_eq!(root("a[0].b"), "a");
    }
}
