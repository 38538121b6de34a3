//! Recorded texts that a suite would take for templates, where no pattern can stand for them: what the user says,
//! parameters. The language has no escape for `{{ … }}`, so a blank is put between the braces, with a warning.

use crate::model::Value;
use crate::suite::template::is_taken_for_template;
use crate::yaml::write::Node;

/// The node without templates; the texts that were changed are added to `changed`.
pub(super) fn without(node: Node, changed: &mut Vec<String>) -> Node {
    match node {
        Node::Plain(value) => Node::Plain(without_in(value, changed)),
        Node::Quoted(text) => Node::Quoted(set_apart(text, changed)),
        Node::Map(members) => {
            let member = |(name, value)| (set_apart(name, changed), without(value, changed));
            Node::Map(members.into_iter().map(member).collect())
        }
        Node::List(items) => Node::List(items.into_iter().map(|item| without(item, changed)).collect()),
    }
}

fn without_in(value: Value, changed: &mut Vec<String>) -> Value {
    match value {
        Value::String(text) => Value::String(set_apart(text, changed)),
        Value::Array(items) => items.into_iter().map(|item| without_in(item, changed)).collect(),
        Value::Object(members) => {
            let member = |(name, value)| (set_apart(name, changed), without_in(value, changed));
            members.into_iter().map(member).collect()
        }
        other => other,
    }
}

fn set_apart(text: String, changed: &mut Vec<String>) -> String {
    if !is_template(&text) {
        return text;
    }
    let apart = apart(&text);
    changed.push(text);
    apart
}

/// Whether a suite takes something in the text for a template, or for one that lacks a brace.
pub(super) fn is_template(text: &str) -> bool {
    is_taken_for_template(text)
}

/// Text in which nothing is taken for a template.
pub(super) fn apart(text: &str) -> String {
    let mut apart = text.to_owned();
    while is_template(&apart) {
        apart = apart.replace("{{", "{ {");
    }
    apart
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn braces_that_make_templates_are_set_apart() {
        let mut changed = Vec::new();
        let plain = Node::Plain(json!({ "a": ["{ one }", "}}", "}} {{", "{{(", "{"] }));
        assert_eq!(without(plain.clone(), &mut changed), plain);
        assert!(changed.is_empty());
        let node = Node::List(vec![
            Node::Plain(json!({ "a": ["x {{ y }}", "{{{z}}}", "{{ open"], "{{b}}": 1 })),
            Node::member("{{c}}", Node::Quoted("{{d}}".to_owned())),
        ]);
        let wanted = Node::List(vec![
            Node::Plain(json!({ "a": ["x { { y }}", "{ { {z}}}", "{ { open"], "{ {b}}": 1 })),
            Node::member("{ {c}}", Node::Quoted("{ {d}}".to_owned())),
        ]);
        assert_eq!(without(node, &mut changed), wanted);
        assert_eq!(
            changed,
            ["x {{ y }}", "{{{z}}}", "{{ open", "{{b}}", "{{c}}", "{{d}}"]
        );
    }
}
