//! Filling into a tree what is known when a suite is read: arguments, row values, `vars`. What is known only while
//! the conversation is played stays, but must be a name that can be known then.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::text::{
    Malformed, Piece, Template, bytes, height, marked, pieces, plain, shown, to_number, to_text, unclosed,
    whole,
};
use super::{DATES, ENVIRONMENT};
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::{Map, Value};
use crate::yaml::{
    Entry, Key, Kind, List, MAX_DEPTH, Node, Number, Reader, Style, Text, Written, opens_template,
};

/// Bytes that templates may put into what one reader reads: the variables of a suite, a conversation.
const MOST_FILLED: usize = 16 << 20;

/// The names that can stand in templates of a place.
#[derive(Debug, Clone, Copy)]
pub(in crate::suite) struct Names<'a> {
    /// Values known now, nearest first.
    pub(in crate::suite) known: &'a [&'a Map],
    /// Names that turns before have captured.
    pub(in crate::suite) captured: &'a BTreeSet<String>,
    /// Names that any turn of the conversation captures, for the message.
    pub(in crate::suite) captured_later: &'a BTreeSet<String>,
    /// Environment variables that may be read.
    pub(in crate::suite) variables: &'a [String],
    /// Any other name may be known later: for steps that are not used.
    pub(in crate::suite) lenient: bool,
}

/// What a name stands for.
enum Meaning<'a> {
    /// A value.
    Value(&'a Value),
    /// Something known while the conversation is played.
    Later,
}

/// Names that nothing has captured.
pub(in crate::suite) static NO_CAPTURES: BTreeSet<String> = BTreeSet::new();

impl<'a> Names<'a> {
    /// Names without captures.
    pub(in crate::suite) fn fixed(known: &'a [&'a Map], variables: &'a [String]) -> Self {
        Self {
            known,
            captured: &NO_CAPTURES,
            captured_later: &NO_CAPTURES,
            variables,
            lenient: false,
        }
    }

    fn meaning(&self, name: &str) -> Option<Meaning<'a>> {
        if let Some(value) = self.known.iter().find_map(|values| values.get(name)) {
            return Some(Meaning::Value(value));
        }
        let variable = name.strip_prefix(ENVIRONMENT);
        let later = self.lenient
            || self.captured.contains(name)
            || DATES.contains(&name)
            || variable.is_some_and(|variable| self.variables.iter().any(|listed| listed == variable));
        later.then_some(Meaning::Later)
    }

    /// Why a name is not known, and what to do.
    fn unknown(&self, name: &str) -> (String, Option<String>) {
        if let Some(variable) = name.strip_prefix(ENVIRONMENT) {
            let message = format!("the environment variable `{variable}` may not be read");
            let listed: Vec<&str> = self.variables.iter().map(String::as_str).collect();
            let help = match suggest::nearest(variable, listed) {
                Some(nearest) => format!("did you mean `{ENVIRONMENT}{nearest}`?"),
                None => format!("list it in the settings: `env: [{variable}]`"),
            };
            return (message, Some(help));
        }
        if self.captured_later.contains(name) {
            let help = "a capture can be used in the turns after the one that captures it";
            return (format!("`{name}` is not captured yet"), Some(help.to_owned()));
        }
        let mut all: Vec<&str> = self
            .known
            .iter()
            .flat_map(|values| values.keys())
            .map(String::as_str)
            .collect();
        all.extend(self.captured.iter().map(String::as_str));
        all.extend(DATES);
        let help =
            suggest::nearest(name, all.iter().copied()).map(|nearest| format!("did you mean `{nearest}`?"));
        let known = || {
            let names: Vec<String> = all.iter().take(20).map(|name| format!("`{name}`")).collect();
            format!("known here: {}", names.join(", "))
        };
        (
            format!("nothing is called `{name}`"),
            help.or_else(|| Some(known())),
        )
    }
}

/// The tree with what is known filled in; problems go to the reader.
pub(in crate::suite) fn fill<'node>(
    node: &'node Node,
    names: &Names<'_>,
    reader: &mut Reader,
) -> Cow<'node, Node> {
    if !has_templates(node) {
        return Cow::Borrowed(node);
    }
    let mut fill = Fill {
        names,
        reader,
        depth: 0,
    };
    Cow::Owned(fill.node(node))
}

/// The names in the templates of a tree.
pub(in crate::suite) fn names_used(node: &Node, into: &mut BTreeSet<String>) {
    let mut add = |text: &str| {
        for piece in pieces(text) {
            if let Piece::Template(template) = piece {
                into.insert(template.name.to_owned());
            }
        }
    };
    match &node.kind {
        Kind::Text(text) if opens_template(&text.value) => add(&text.value),
        Kind::List(list) => list.items.iter().for_each(|item| names_used(item, into)),
        Kind::Map(map) => {
            for entry in &map.entries {
                add(&entry.key.name);
            }
            map.entries
                .iter()
                .for_each(|entry| names_used(&entry.value, into));
        }
        _ => {}
    }
}

/// Whether anything in a tree may be a template.
pub(in crate::suite) fn has_templates(node: &Node) -> bool {
    match &node.kind {
        Kind::Text(text) => opens_template(&text.value),
        Kind::List(list) => list.items.iter().any(has_templates),
        Kind::Map(map) => map
            .entries
            .iter()
            .any(|entry| opens_template(&entry.key.name) || has_templates(&entry.value)),
        _ => false,
    }
}

/// A value as a tree whose nodes all stand in one place.
pub(in crate::suite) fn tree(value: &Value, span: &Range<usize>, line: u32) -> Node {
    let kind = match value {
        Value::Null => Kind::Null,
        Value::Bool(value) => Kind::Bool(*value),
        Value::Number(value) => Kind::Number(Number {
            value: value.clone(),
            written: value.to_string(),
            kept: Written::Exactly,
        }),
        Value::String(value) => text(value.clone()),
        Value::Array(items) => Kind::List(List {
            items: items.iter().map(|item| tree(item, span, line)).collect(),
            flow: true,
        }),
        Value::Object(members) => Kind::Map(crate::yaml::Map {
            entries: members
                .iter()
                .map(|(name, value)| Entry {
                    key: Key {
                        name: name.clone(),
                        span: span.clone(),
                        line,
                    },
                    value: tree(value, span, line),
                })
                .collect(),
            flow: true,
        }),
    };
    Node {
        span: span.clone(),
        line,
        kind,
    }
}

fn text(value: String) -> Kind {
    Kind::Text(Text {
        value,
        style: Style::Quoted,
    })
}

struct Fill<'names, 'reader> {
    names: &'names Names<'names>,
    reader: &'reader mut Reader,
    /// Lists and mappings around the node.
    depth: usize,
}

impl<'names> Fill<'names, '_> {
    fn node(&mut self, node: &Node) -> Node {
        self.depth += 1;
        let filled = self.filled(node);
        self.depth -= 1;
        filled
    }

    fn filled(&mut self, node: &Node) -> Node {
        let kind = match &node.kind {
            Kind::Text(text) if opens_template(&text.value) => return self.text(node, &text.value),
            Kind::List(list) => Kind::List(List {
                items: list.items.iter().map(|item| self.node(item)).collect(),
                flow: list.flow,
            }),
            Kind::Map(map) => Kind::Map(crate::yaml::Map {
                entries: map.entries.iter().map(|entry| self.entry(entry)).collect(),
                flow: map.flow,
            }),
            other => other.clone(),
        };
        Node {
            span: node.span.clone(),
            line: node.line,
            kind,
        }
    }

    fn entry(&mut self, entry: &Entry) -> Entry {
        Entry {
            key: self.key(&entry.key),
            value: self.node(&entry.value),
        }
    }

    /// A key must be known before the conversation is played.
    fn key(&mut self, key: &Key) -> Key {
        if !opens_template(&key.name) {
            return key.clone();
        }
        let mut name = String::new();
        for piece in pieces(&key.name) {
            match piece {
                Piece::Literal(text) => {
                    self.check_closed(text, &key.span);
                    name.push_str(text);
                }
                Piece::Malformed { written, problem } => {
                    self.malformed(written, problem, &key.span);
                    name.push_str(written);
                }
                Piece::Template(template) | Piece::Data(template) => {
                    match self.meaning(template, &key.span) {
                        Some(Meaning::Value(value)) => {
                            name.push_str(&plain(&self.within_text(template, value, &key.span)));
                        }
                        Some(Meaning::Later) if !self.names.lenient => {
                            let message = format!(
                                "`{}` is not known before the conversation is played",
                                template.name
                            );
                            self.problem("late-template", message, template.written, &key.span)
                                .help
                                .push("keys can hold arguments, row values and `vars`".to_owned());
                        }
                        _ => name.push_str(template.written),
                    }
                }
            }
        }
        Key { name, ..key.clone() }
    }

    fn text(&mut self, node: &Node, value: &str) -> Node {
        if let Some(template) = whole(value) {
            let filled = match self.meaning(template, &node.span) {
                Some(Meaning::Value(value)) => self.converted(template, value, &node.span),
                _ => return node.clone(),
            };
            return tree(&filled, &node.span, node.line);
        }
        let pieces = pieces(value);
        if let [Piece::Literal(text)] = pieces.as_slice() {
            self.check_closed(text, &node.span);
            return node.clone();
        }
        let mut filled = String::new();
        for piece in pieces {
            match piece {
                // Stray braces must not make a template of what is filled in beside them.
                Piece::Literal(text) => {
                    self.check_closed(text, &node.span);
                    filled.push_str(&marked(text));
                }
                Piece::Malformed { written, problem } => {
                    self.malformed(written, problem, &node.span);
                    filled.push_str(written);
                }
                Piece::Template(template) | Piece::Data(template) => match self.meaning(template, &node.span)
                {
                    Some(Meaning::Value(value)) => {
                        filled.push_str(&self.within_text(template, value, &node.span));
                    }
                    _ => filled.push_str(template.written),
                },
            }
        }
        Node {
            kind: text(filled),
            ..node.clone()
        }
    }

    fn meaning(&mut self, template: Template<'_>, span: &Range<usize>) -> Option<Meaning<'names>> {
        let meaning = self.names.meaning(template.name);
        if meaning.is_none() {
            let (message, help) = self.names.unknown(template.name);
            self.problem("unknown-name", message, template.written, span)
                .help
                .extend(help);
        }
        if let (Some(Meaning::Later), true) = (&meaning, template.number && DATES.contains(&template.name)) {
            let message = format!("`{}` is a date, which cannot be made a number", template.name);
            self.problem("bad-template", message, template.written, span);
        }
        meaning
    }

    /// Whether the value may be put here; else it is reported, once, and the template stays as it is written.
    fn has_room_for(&mut self, template: Template<'_>, value: &Value, span: &Range<usize>) -> bool {
        let was_full = self.reader.filled > MOST_FILLED;
        self.reader.filled = self.reader.filled.saturating_add(bytes(value));
        if self.reader.filled > MOST_FILLED {
            if !was_full {
                let message = format!("more than {} MiB come of the templates here", MOST_FILLED >> 20);
                self.problem("too-much-text", message, template.written, span);
            }
            return false;
        }
        if self.depth + height(value) > MAX_DEPTH {
            let name = template.name;
            let message =
                format!("`{name}` makes more than {MAX_DEPTH} lists and mappings in one another of this");
            self.problem("nested-too-deeply", message, template.written, span);
            return false;
        }
        true
    }

    /// The value, made a number if that is asked for.
    fn converted(&mut self, template: Template<'_>, value: &Value, span: &Range<usize>) -> Value {
        if !self.has_room_for(template, value, span) {
            return Value::String(template.written.to_owned());
        }
        if !template.number {
            return value.clone();
        }
        // A value that is itself known only later is converted then.
        if let Some(inner) = value.as_str().and_then(whole) {
            return Value::String(format!("{{{{ {} | number }}}}", inner.name));
        }
        to_number(value).unwrap_or_else(|problem| {
            let message = format!("`{}` cannot be made a number: {problem}", template.name);
            self.problem("bad-template", message, template.written, span);
            Value::String(template.written.to_owned())
        })
    }

    fn within_text(&mut self, template: Template<'_>, value: &Value, span: &Range<usize>) -> String {
        let value = self.converted(template, value, span);
        to_text(&value).unwrap_or_else(|problem| {
            let message = format!("`{}` is {}: {problem}", template.name, shown(&value));
            self.problem("bad-template", message, template.written, span);
            template.written.to_owned()
        })
    }

    /// A template that lacks a brace would be sent as it stands.
    fn check_closed(&mut self, text: &str, span: &Range<usize>) {
        if let Some(written) = unclosed(text) {
            self.problem(
                "bad-template",
                "this template is not closed".to_owned(),
                written,
                span,
            )
            .help
            .push("write `{{ name }}`; braces that are text have a blank between them: `{ {`".to_owned());
        }
    }

    fn malformed(&mut self, written: &str, problem: Malformed, span: &Range<usize>) {
        let (message, help) = match problem {
            Malformed::Empty => ("a template needs a name", "write `{{ name }}`"),
            Malformed::Conversion => ("there is no such conversion", "`| number` is the only one"),
        };
        self.problem("bad-template", message.to_owned(), written, span)
            .help
            .push(help.to_owned());
    }

    /// A problem at a template's place within a text.
    fn problem(
        &mut self,
        code: &'static str,
        message: String,
        written: &str,
        span: &Range<usize>,
    ) -> &mut Diagnostic {
        let source = self.reader.file.text.get(span.clone()).unwrap_or_default();
        let place = source.find(written).map_or_else(
            || span.clone(),
            |at| span.start + at..span.start + at + written.len(),
        );
        self.reader.error(code, message, place)
    }
}
