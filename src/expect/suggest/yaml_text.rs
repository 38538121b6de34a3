//! Writes a small tree as YAML that reads back as what it was: block style, flow style for what fits on a line, and
//! quotation marks wherever YAML or the suite language would take a text for something else.

use std::fmt::Write as _;

use crate::model::Value;

/// Longest mapping or list that is written on one line.
const LONGEST_FLOW: usize = 72;

/// Words that YAML readers of one kind or another take for something else than text.
const NOT_TEXT: [&str; 14] = [
    "true",
    "false",
    "null",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "nan",
    "inf",
    "infinity",
    "none",
    "undefined",
];

/// What is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Any JSON value.
    Plain(Value),
    /// A mapping, in order.
    Map(Vec<(String, Node)>),
    /// A list.
    List(Vec<Node>),
}

impl Node {
    /// A text.
    pub(super) fn text(text: &str) -> Self {
        Self::Plain(Value::from(text))
    }

    /// The node with every value taken apart.
    fn opened(&self) -> Self {
        match self {
            Self::Plain(Value::Object(members)) => Self::Map(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::Plain(value.clone())))
                    .collect(),
            ),
            Self::Plain(Value::Array(items)) => Self::List(items.iter().cloned().map(Self::Plain).collect()),
            other => other.clone(),
        }
    }
}

/// Writes a mapping as a block, each line ended.
pub(super) fn write_block(node: &Node) -> String {
    let mut text = String::new();
    block(&node.opened(), 0, &mut text);
    text
}

fn block(node: &Node, indent: usize, text: &mut String) {
    match node {
        Node::Map(members) => {
            for (name, value) in members {
                text.push_str(&" ".repeat(indent));
                member(name, value, indent, text);
            }
        }
        Node::List(items) => {
            for item in items {
                let _ = write!(text, "{}-", " ".repeat(indent));
                entry(item, indent, text);
            }
        }
        Node::Plain(value) => {
            text.push_str(&scalar(value));
            text.push('\n');
        }
    }
}

/// `name: value`, after the indentation was written.
fn member(name: &str, value: &Node, indent: usize, text: &mut String) {
    text.push_str(&quoted_if_needed(name));
    text.push(':');
    let value = value.opened();
    if let Some(flow) = on_one_line(&value).filter(|_| !is_open(name, &value)) {
        let _ = writeln!(text, " {flow}");
    } else {
        text.push('\n');
        block(&value, indent + 2, text);
    }
}

/// Lists and mappings that are easier to read with a line for each entry, though they would fit on one.
fn is_open(name: &str, value: &Node) -> bool {
    match value {
        Node::Map(members) => {
            matches!(name, "expect" | "parameters" | "all_parameters") && !members.is_empty()
        }
        Node::List(items) => matches!(name, "tool_calls" | "replies") && !items.is_empty(),
        Node::Plain(_) => false,
    }
}

/// What follows the dash of a list's entry.
fn entry(item: &Node, indent: usize, text: &mut String) {
    let item = item.opened();
    if let Some(flow) = on_one_line(&item) {
        let _ = writeln!(text, " {flow}");
        return;
    }
    match &item {
        Node::Map(members) => {
            for (index, (name, value)) in members.iter().enumerate() {
                let lead = if index == 0 {
                    " ".to_owned()
                } else {
                    " ".repeat(indent + 2)
                };
                text.push_str(&lead);
                member(name, value, indent + 2, text);
            }
        }
        Node::List(_) => {
            text.push('\n');
            block(&item, indent + 2, text);
        }
        Node::Plain(_) => {}
    }
}

/// A scalar, or a mapping or list that is short enough for one line.
fn on_one_line(node: &Node) -> Option<String> {
    flow(node).filter(|flow| matches!(node, Node::Plain(_)) || flow.len() <= LONGEST_FLOW)
}

/// The node in flow style; `None` when it grows too long.
fn flow(node: &Node) -> Option<String> {
    let mut text = String::new();
    match node {
        Node::Plain(value @ (Value::Array(_) | Value::Object(_))) => {
            return flow(&Node::Plain(value.clone()).opened());
        }
        Node::Plain(value) => return Some(scalar(value)),
        Node::Map(members) if members.is_empty() => return Some("{}".to_owned()),
        Node::List(items) if items.is_empty() => return Some("[]".to_owned()),
        Node::Map(members) => {
            for (index, (name, value)) in members.iter().enumerate() {
                text.push_str(if index == 0 { "{ " } else { ", " });
                let _ = write!(text, "{}: {}", quoted_if_needed(name), flow(value)?);
                if text.len() > LONGEST_FLOW {
                    return None;
                }
            }
            text.push_str(" }");
        }
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "[" } else { ", " });
                text.push_str(&flow(item)?);
                if text.len() > LONGEST_FLOW {
                    return None;
                }
            }
            text.push(']');
        }
    }
    Some(text)
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => quoted_if_needed(text),
        Value::Number(number) => number_text(number),
        other => other.to_string(),
    }
}

/// Whole numbers that a double cannot hold are written as the double they are.
fn number_text(number: &serde_json::Number) -> String {
    const EXACT: u64 = 1 << 53;
    let is_exact = number.as_i64().is_some_and(|whole| whole.unsigned_abs() <= EXACT);
    match number.as_f64() {
        Some(value) if !is_exact && value.fract() == 0.0 && value.abs() >= 1e15 => format!("{value:e}"),
        _ => number.to_string(),
    }
}

/// The text as it is where it cannot be misread, else in quotation marks.
fn quoted_if_needed(text: &str) -> String {
    if is_safe(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn is_safe(text: &str) -> bool {
    let harmless = |character: char| character.is_alphanumeric() || " _-.'?!()/$".contains(character);
    text.starts_with(char::is_alphabetic)
        && !text.ends_with(' ')
        && text.chars().all(harmless)
        && !NOT_TEXT.contains(&text.to_lowercase().as_str())
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        let code = u32::from(character);
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ if !is_printed(character) => {
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

/// Whether a character can stand in a YAML file and shows as what it is.
fn is_printed(character: char) -> bool {
    !matches!(character,
        '\u{0}'..='\u{1f}'
        | '\u{7f}'..='\u{a0}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff0}'..='\u{ffff}'
        | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_quoted_where_they_would_be_misread() {
        for (text, written) in [
            ("Paris", "Paris"),
            ("When would you like to leave?", "When would you like to leave?"),
            ("Übermorgen", "Übermorgen"),
            ("no", "\"no\""),
            ("Yes", "\"Yes\""),
            ("2026-03-01", "\"2026-03-01\""),
            ("02139", "\"02139\""),
            ("a: b", "\"a: b\""),
            ("option #2", "\"option #2\""),
            ("one, two", "\"one, two\""),
            ("{{ x }}", "\"{{ x }}\""),
            ("", "\"\""),
            (" a", "\" a\""),
            ("a\u{1b}[0m\u{202e}\"\\", "\"a\\x1b[0m\\u202e\\\"\\\\\""),
            ("🚲", "\"🚲\""),
            ("- a", "\"- a\""),
            ("..", "\"..\""),
        ] {
            assert_eq!(quoted_if_needed(text), written);
        }
    }

    #[test]
    fn blocks_are_written() {
        let long = "A sentence that is much too long to stand with others of its kind on a single line.";
        let node = Node::Map(vec![(
            "expect".into(),
            Node::Map(vec![
                ("intent".into(), Node::text("book.flight")),
                ("reply".into(), Node::text(long)),
                (
                    "parameters".into(),
                    Node::Plain(json!({"a b": 1.5, "c": {"d": [1, "x"]}})),
                ),
                (
                    "payload".into(),
                    Node::Plain(json!({"text": long, "list": [{"text": long, "n": 1}]})),
                ),
                (
                    "tool_calls".into(),
                    Node::List(vec![Node::text("a"), Node::Plain(json!({"tool": "b"}))]),
                ),
                ("none".into(), Node::List(vec![])),
            ]),
        )]);
        assert_eq!(
            write_block(&node),
            format!(
                "expect:\n  intent: book.flight\n  reply: {long}\n  parameters:\n    a b: 1.5\n    c: {{ d: [1, x] }}\n  \
                 payload:\n    text: {long}\n    list:\n      - text: {long}\n        \"n\": 1\n  tool_calls:\n    - a\n    \
                 - {{ tool: b }}\n  \"none\": []\n"
            )
        );
    }

    #[test]
    fn numbers_keep_their_value() {
        for (number, written) in [
            (json!(5), "5"),
            (json!(0.6), "0.6"),
            (json!(9_007_199_254_740_992_u64), "9007199254740992"),
            (json!(1e20), "1e20"),
            (json!(u64::MAX), "1.8446744073709552e19"),
        ] {
            assert_eq!(scalar(&number), written);
        }
    }
}
