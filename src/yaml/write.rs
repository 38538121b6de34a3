//! A tree → YAML that reads back as what it was: block style, flow style for what fits on a line, a literal block
//! for a text of several lines, and quotation marks wherever YAML or the suite language would take a text for
//! something else.

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
pub enum Node {
    /// Any JSON value.
    Plain(Value),
    /// A text in quotation marks, whether it needs them or not.
    Quoted(String),
    /// A mapping, in order.
    Map(Vec<(String, Node)>),
    /// A list.
    List(Vec<Node>),
}

impl Node {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Plain(Value::from(text))
    }

    /// A mapping of one member.
    pub fn member(name: &str, value: Self) -> Self {
        Self::Map(vec![(name.to_owned(), value)])
    }

    /// Whether some text in it holds a part.
    pub fn holds(&self, part: &str) -> bool {
        match self {
            Self::Plain(value) => value_holds(value, part),
            Self::Quoted(text) => text.contains(part),
            Self::Map(members) => members
                .iter()
                .any(|(name, node)| name.contains(part) || node.holds(part)),
            Self::List(items) => items.iter().any(|item| item.holds(part)),
        }
    }

    /// The node with its outermost value taken apart.
    fn opened(&self) -> Self {
        match self {
            Self::Plain(Value::Object(members)) => {
                let opened = |(name, value): (&String, &Value)| (name.clone(), Self::Plain(value.clone()));
                Self::Map(members.iter().map(opened).collect())
            }
            Self::Plain(Value::Array(items)) => Self::List(items.iter().cloned().map(Self::Plain).collect()),
            other => other.clone(),
        }
    }
}

fn value_holds(value: &Value, part: &str) -> bool {
    match value {
        Value::String(text) => text.contains(part),
        Value::Array(items) => items.iter().any(|item| value_holds(item, part)),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains(part) || value_holds(value, part)),
        _ => false,
    }
}

/// Writes mappings and lists as blocks.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    /// Names of members that get a line for each entry, though the entries would fit on one.
    pub open: &'static [&'static str],
}

impl Writer {
    /// The node's lines, each ended and indented by so many blanks.
    pub fn block(&self, node: &Node, indent: usize) -> String {
        let mut text = String::new();
        self.lines(&node.opened(), indent, &mut text);
        text
    }

    fn lines(&self, node: &Node, indent: usize, text: &mut String) {
        match node {
            Node::Map(members) => {
                for (name, value) in members {
                    text.push_str(&" ".repeat(indent));
                    self.member(name, value, indent, text);
                }
            }
            Node::List(items) => {
                for item in items {
                    text.push_str(&" ".repeat(indent));
                    self.entry(item, indent, text);
                }
            }
            Node::Plain(value) => line(&scalar(value, Place::Block), indent, text),
            Node::Quoted(value) => line(&quoted(value), indent, text),
        }
    }

    /// `name: value`, after the indentation was written.
    fn member(&self, name: &str, value: &Node, indent: usize, text: &mut String) {
        text.push_str(&key(name));
        text.push(':');
        let value = value.opened();
        let is_open = (self.open.contains(&name) && !is_empty(&value)) || self.holds_open(&value);
        if let Some(line) = on_one_line(&value).filter(|_| !is_open) {
            let _ = writeln!(text, " {line}");
        } else if let Some(lines) = literal(&value, indent + 2) {
            text.push_str(&lines);
        } else {
            text.push('\n');
            self.lines(&value, indent + 2, text);
        }
    }

    /// An entry of a list, after the indentation was written.
    fn entry(&self, item: &Node, indent: usize, text: &mut String) {
        text.push('-');
        let item = item.opened();
        if let Some(line) = on_one_line(&item).filter(|_| !self.holds_open(&item)) {
            let _ = writeln!(text, " {line}");
            return;
        }
        if let Some(lines) = literal(&item, indent + 2) {
            text.push_str(&lines);
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
                    self.member(name, value, indent + 2, text);
                }
            }
            Node::List(_) | Node::Plain(_) | Node::Quoted(_) => {
                text.push('\n');
                self.lines(&item, indent + 2, text);
            }
        }
    }

    /// Whether a member somewhere in the node wants lines of its own.
    fn holds_open(&self, node: &Node) -> bool {
        match node {
            Node::Map(members) => members.iter().any(|(name, value)| {
                (self.open.contains(&name.as_str()) && !is_empty(value)) || self.holds_open(value)
            }),
            Node::List(items) => items.iter().any(|item| self.holds_open(item)),
            Node::Plain(_) | Node::Quoted(_) => false,
        }
    }
}

fn line(value: &str, indent: usize, text: &mut String) {
    text.push_str(&" ".repeat(indent));
    text.push_str(value);
    text.push('\n');
}

/// Where a scalar stands: within braces or brackets more characters mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Block,
    Flow,
}

fn is_empty(node: &Node) -> bool {
    match node {
        Node::Map(members) => members.is_empty(),
        Node::List(items) => items.is_empty(),
        Node::Plain(Value::Object(members)) => members.is_empty(),
        Node::Plain(Value::Array(items)) => items.is_empty(),
        Node::Plain(_) | Node::Quoted(_) => true,
    }
}

/// A scalar that is no text of several lines, or a mapping or list that is short enough for one line.
fn on_one_line(node: &Node) -> Option<String> {
    match node {
        Node::Plain(Value::String(text)) if is_literal(text) => None,
        Node::Plain(value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))) => {
            Some(scalar(value, Place::Block))
        }
        Node::Quoted(text) => Some(quoted(text)),
        node => flow(node).filter(|flow| flow.chars().count() <= LONGEST_FLOW),
    }
}

/// The node in flow style; `None` when it grows too long, or holds a text of several lines.
fn flow(node: &Node) -> Option<String> {
    let mut text = String::new();
    let mut add = |piece: &str| {
        text.push_str(piece);
        text.len() <= LONGEST_FLOW * 4
    };
    match node.opened() {
        Node::Plain(Value::String(text)) if is_literal(&text) => return None,
        Node::Plain(value) => return Some(scalar(&value, Place::Flow)),
        Node::Quoted(text) => return Some(quoted(&text)),
        Node::Map(members) if members.is_empty() => return Some("{}".to_owned()),
        Node::List(items) if items.is_empty() => return Some("[]".to_owned()),
        Node::Map(members) => {
            for (index, (name, value)) in members.iter().enumerate() {
                let lead = if index == 0 { "{ " } else { ", " };
                if !add(&format!("{lead}{}: {}", key(name), flow(value)?)) {
                    return None;
                }
            }
            add(" }");
        }
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let lead = if index == 0 { "[" } else { ", " };
                if !add(&format!("{lead}{}", flow(item)?)) {
                    return None;
                }
            }
            add("]");
        }
    }
    Some(text)
}

/// A text of several lines as it is, under `|` or `|-`, where nothing in it needs an escape.
fn literal(node: &Node, indent: usize) -> Option<String> {
    let Node::Plain(Value::String(text)) = node else {
        return None;
    };
    if !is_literal(text) {
        return None;
    }
    let (mark, body) = match text.strip_suffix('\n') {
        Some(body) => (" |\n", body),
        None => (" |-\n", text.as_str()),
    };
    let mut lines = mark.to_owned();
    for line in body.split('\n') {
        if !line.is_empty() {
            lines.push_str(&" ".repeat(indent));
            lines.push_str(line);
        }
        lines.push('\n');
    }
    Some(lines)
}

/// Whether a text of several lines can stand as it is: it begins with something that shows, ends with at most one
/// line break, has no blanks at the ends of its lines, and no character that YAML or an editor would change.
fn is_literal(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let is_line = |line: &str| !line.ends_with(' ') && line.chars().all(is_printed);
    body.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && !body.contains("{{")
        && body.split('\n').all(is_line)
}

fn scalar(value: &Value, place: Place) -> String {
    match value {
        Value::String(text) => quoted_if_needed(text, place),
        Value::Number(number) => number_text(number),
        other => other.to_string(),
    }
}

fn key(name: &str) -> String {
    quoted_if_needed(name, Place::Flow)
}

/// How many characters a member's name has as it is written.
pub fn key_width(name: &str) -> usize {
    key(name).chars().count()
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
fn quoted_if_needed(text: &str, place: Place) -> String {
    if is_safe(text, place) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn is_safe(text: &str, place: Place) -> bool {
    let marks = match place {
        Place::Block => " _-.'’?!()/$,;&%+*=",
        Place::Flow => " _-.'’?!()/$",
    };
    text.starts_with(char::is_alphabetic)
        && !text.ends_with(' ')
        && text
            .chars()
            .all(|character| character.is_alphanumeric() || marks.contains(character))
        && !NOT_TEXT.contains(&text.to_lowercase().as_str())
}

/// The text in quotation marks: single ones where double ones would need escapes that single ones do not (patterns,
/// quotations), else double ones, with escapes for whatever does not show as what it is.
fn quoted(text: &str) -> String {
    if text.contains(['\\', '"']) && text.chars().all(is_printed) {
        return format!("'{}'", text.replace('\'', "''"));
    }
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
                // Writing to a text cannot fail.
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
        | '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff0}'..='\u{ffff}'
        | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests;
