//! The tree: nodes with their places and, for scalars, how they were written.

use std::ops::Range;

use crate::model;

/// A value of a YAML document and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Byte range in the file. An empty value has an empty range after its key's colon. What comes from an alias
    /// has the place where it was defined.
    pub span: Range<usize>,
    /// 1-based line on which it starts.
    pub line: u32,
    /// The value.
    pub kind: Kind,
}

/// A value of a YAML document.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`; `yes`, `no`, `on`, `off` are text.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Text),
    /// A list.
    List(List),
    /// A mapping.
    Map(Map),
}

/// A number and how it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// The value.
    pub value: serde_json::Number,
    /// The source text.
    pub written: String,
    /// Whether the value says all that was written.
    pub kept: Written,
}

/// Whether a number says all that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Yes.
    Exactly,
    /// Leading zeros were lost: `02139`.
    LeadingZero,
    /// A leading plus was lost: `+4930123456`.
    LeadingPlus,
    /// It has more digits than a double holds.
    TooManyDigits,
    /// It is not written in decimal digits: `0x1F`, `0o17`.
    OtherBase,
    /// The value is all that was written, but its text is another: `10.50`, `1e3`.
    OtherText,
}

/// A text and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub value: String,
    /// How it was written.
    pub style: Style,
}

/// How a text was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: YAML's traps apply.
    Plain,
    /// In single or double quotes, or marked `!!str`.
    Quoted,
    /// As a `|` or `>` block.
    Block,
}

/// A list.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// Its items in order.
    pub items: Vec<Node>,
    /// `[a, b]` rather than lines with dashes.
    pub flow: bool,
}

/// A mapping; keys are unique.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Its entries in order.
    pub entries: Vec<Entry>,
    /// `{a: b}` rather than lines.
    pub flow: bool,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key; numbers and booleans as keys are their source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key's text.
    pub name: String,
    /// Byte range in the file.
    pub span: Range<usize>,
    /// 1-based line.
    pub line: u32,
}

impl Node {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(&text.value),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(list) => Some(&list.items),
            _ => None,
        }
    }

    /// Takes the items out of the list that is a mapping's member.
    pub fn take_items(&mut self, key: &str) -> Option<Vec<Node>> {
        let Kind::Map(map) = &mut self.kind else {
            return None;
        };
        let entry = map.entries.iter_mut().find(|entry| entry.key.name == key)?;
        match &mut entry.value.kind {
            Kind::List(list) => Some(std::mem::take(&mut list.items)),
            _ => None,
        }
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The value of `key`, if it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// True for an empty value, `~` and `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// True for text without quotes.
    pub fn is_plain_text(&self) -> bool {
        matches!(&self.kind, Kind::Text(text) if text.style == Style::Plain)
    }

    /// What it is, for messages: `a list`, `a number`, `nothing`.
    pub fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }

    /// The value as JSON.
    pub fn to_value(&self) -> model::Value {
        use model::Value;
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(number) => Value::Number(number.value.clone()),
            Kind::Text(text) => Value::String(text.value.clone()),
            Kind::List(list) => Value::Array(list.items.iter().map(Self::to_value).collect()),
            Kind::Map(map) => Value::Object(map.to_object()),
        }
    }
}

impl Map {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.name == key)
    }

    /// The mapping as a JSON object, in its order.
    pub fn to_object(&self) -> model::Map {
        self.entries
            .iter()
            .map(|entry| (entry.key.name.clone(), entry.value.to_value()))
            .collect()
    }
}
