//! `{{ name }}` in an app's texts and values.

use crate::model::{Map, Value};

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// As it is.
    Literal(&'a str),
    /// To be filled in.
    Template(Template<'a>),
    /// Between braces, but no template.
    Malformed(&'a str),
}

/// A name and a path into its value: `lookup_order.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Template<'a> {
    path: &'a str,
    /// `| number`: a text becomes a number.
    number: bool,
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
        pieces.push(Template::read(inner).map_or(Piece::Malformed(inner), Piece::Template));
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    pieces
}

impl<'a> Template<'a> {
    fn read(inner: &'a str) -> Option<Self> {
        let (path, number) = match inner.split_once('|') {
            None => (inner.trim(), false),
            Some((path, conversion)) => (path.trim(), (conversion.trim() == "number").then_some(true)?),
        };
        let is_path = !path.is_empty() && !path.contains(['{', '}', '"']);
        is_path.then_some(Self { path, number })
    }

    /// The name that the path starts with.
    pub(super) fn name(self) -> &'a str {
        self.path.split(['.', '[']).next().unwrap_or(self.path).trim_end()
    }

    fn value(self, find: &impl Fn(&str) -> Option<Value>) -> Option<Value> {
        let below = self.path.strip_prefix(self.name())?.trim_start();
        let value = follow(find(self.name())?, below)?;
        match &value {
            Value::String(text) if self.number => text.trim().parse().ok().map(Value::Number),
            _ => Some(value),
        }
    }
}

/// Follows a path into a value: `.member` and `[0]`.
fn follow(value: Value, path: &str) -> Option<Value> {
    path.split(['.', '['])
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
            Piece::Template(template) => {
                let shown = shown(template.value(find).as_ref());
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
            [Piece::Template(template)] => template.value(find).unwrap_or_default(),
            _ => Value::String(fill_text(text, find)),
        },
        Value::Array(items) => items.iter().map(|item| fill(item, find)).collect(),
        Value::Object(members) => Value::Object(fill_members(members, find)),
        other => other.clone(),
    }
}

/// Fills every text in the members of an object.
pub(super) fn fill_members(members: &Map, find: &impl Fn(&str) -> Option<Value>) -> Map {
    members
        .iter()
        .map(|(name, value)| (name.clone(), fill(value, find)))
        .collect()
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
            "amount" => Some(json!(" 40 ")),
            "lookup" => Some(json!({"status": "shipped", "stops": [{"at": "A"}, {"at": "B"}]})),
            _ => None,
        }
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
            ("{{ amount | number }}.{{ city | number }}", "40."),
        ] {
            assert_eq!(fill_text(text, &find), filled, "{text}");
        }
    }

    #[test]
    fn a_template_alone_keeps_its_type() {
        let value = json!({"n": "{{ party }}", "t": "{{ party }} seats", "x": ["{{ nobody }}"], "a": "{{ amount|number }}"});
        assert_eq!(
            fill(&value, &find),
            json!({"n": 4, "t": "4 seats", "x": [null], "a": 40})
        );
    }

    #[test]
    fn malformed_ones_are_told() {
        assert_eq!(pieces("a {{ }}"), [Piece::Literal("a "), Piece::Malformed(" ")]);
        assert_eq!(pieces("{{ x | upper }}"), [Piece::Malformed(" x | upper ")]);
        for (path, name) in [("a.b[0]", "a"), ("a[0].b", "a"), ("crm/find.tier", "crm/find")] {
            assert_eq!(Template::read(path).unwrap().name(), name);
        }
    }
}
