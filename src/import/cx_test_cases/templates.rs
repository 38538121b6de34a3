//! Recorded texts that a suite would take for templates, where no pattern can stand for them: what the user says,
//! parameters. The language has no escape for `{{`; a variable that holds one brace says the same.

use crate::model::Value;
use crate::yaml::write::Node;

/// The variable that holds a brace.
pub(super) const BRACE: &str = "brace";

/// The node with every text said as it was recorded; `needed` becomes true when that takes the variable.
pub(super) fn escaped(node: Node, needed: &mut bool) -> Node {
    match node {
        Node::Plain(value) => Node::Plain(escaped_value(value, needed)),
        Node::Map(members) => Node::Map(
            members
                .into_iter()
                .map(|(name, value)| (name, escaped(value, needed)))
                .collect(),
        ),
        Node::List(items) => Node::List(items.into_iter().map(|item| escaped(item, needed)).collect()),
    }
}

fn escaped_value(value: Value, needed: &mut bool) -> Value {
    match value {
        Value::String(text) if text.contains("{{") => {
            *needed = true;
            Value::String(escaped_text(&text))
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| escaped_value(item, needed))
            .collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, escaped_value(value, needed)))
            .collect(),
        other => other,
    }
}

/// Every brace that another one follows, by the variable's name.
fn escaped_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '{' && characters.peek() == Some(&'{') {
            escaped.push_str("{{ brace }}");
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Text for people in which nothing is taken for a template.
pub(super) fn without(text: &str) -> String {
    let mut plain = text.to_owned();
    while plain.contains("{{") {
        plain = plain.replace("{{", "{ {");
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn braces_are_said_by_name() {
        let mut needed = false;
        let plain = Node::Plain(json!({ "a": ["{ one }", "}}"] }));
        assert_eq!(escaped(plain.clone(), &mut needed), plain);
        assert!(!needed);
        let node = Node::List(vec![Node::Plain(json!({ "a": ["x {{ y }}", "{{{"] }))]);
        let wanted = Node::List(vec![Node::Plain(
            json!({ "a": ["x {{ brace }}{ y }}", "{{ brace }}{{ brace }}{"] }),
        )]);
        assert_eq!(escaped(node, &mut needed), wanted);
        assert!(needed);
        assert_eq!(escaped_text("{{").replace("{{ brace }}", "{"), "{{");
        assert_eq!(without("a {{{ b"), "a { { { b");
    }
}
