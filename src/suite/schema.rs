//! JSON Schema of suites and settings, and the written reference: both made from the capability table, so that
//! neither can say anything the parser does not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::Map;
use crate::model::capability::{ATTACHMENTS, Group, INPUTS, Key, Shape, Subject, Support};

pub use reference::{overview_markdown, reference_markdown};

mod reference;

/// JSON Schema (draft 2020-12) of suite files.
pub fn suite_schema() -> Value {
    schema(
        Group::Suite,
        "turnproof suite",
        "Conversations with an agent, and what is expected of each turn",
    )
}

/// JSON Schema (draft 2020-12) of `turnproof.yaml`.
pub fn settings_schema() -> Value {
    schema(
        Group::Settings,
        "turnproof settings",
        "Which agents are tested, and what applies to all suites",
    )
}

fn schema(root: Group, title: &str, description: &str) -> Value {
    let mut writer = Writer::default();
    writer.want(Definition::Group(root));
    let mut definitions = Map::new();
    while let Some(definition) = writer.open.pop() {
        let written = writer.definition(definition);
        definitions.insert(definition.name(), written);
    }
    definitions.sort_keys();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        "$ref": reference(Definition::Group(root)),
        "$defs": definitions,
    })
}

/// A named part of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Definition {
    /// A mapping with known keys.
    Group(Group),
    /// A matcher; with `required` beside its operators when it stands right below an expectation's name.
    Matcher(Subject, bool),
    /// A text that is filled in later.
    Template,
    /// Text, which may be written like a number.
    Text,
    /// `4s`, `1m30s`.
    Duration,
}

impl Definition {
    fn name(self) -> String {
        match self {
            Self::Group(group) => format!("{group:?}"),
            Self::Matcher(looked, false) => format!("Matcher{looked:?}"),
            Self::Matcher(looked, true) => format!("Expected{looked:?}"),
            Self::Template => "Template".to_owned(),
            Self::Text => "Text".to_owned(),
            Self::Duration => "Duration".to_owned(),
        }
    }
}

fn reference(definition: Definition) -> String {
    format!("#/$defs/{}", definition.name())
}

/// What a turn must have: one of the inputs, or files with or without words.
fn one_input() -> Vec<Value> {
    let is_of_turn = |input: &&&str| Group::Turn.key(input).is_some();
    let needs = |input: &&str| json!({ "required": [input] });
    let files: Vec<Value> = ATTACHMENTS.iter().map(needs).collect();
    let others = INPUTS.iter().filter(|input| !ATTACHMENTS.contains(input));
    let (say, others): (Vec<&&str>, Vec<&&str>) =
        others.filter(is_of_turn).partition(|input| **input == "say");
    let mut one_of: Vec<Value> = others.into_iter().map(&needs).collect();
    let mut together: Vec<Value> = say.into_iter().map(needs).collect();
    together.extend(files);
    one_of.push(json!({ "anyOf": together }));
    one_of
}

/// Writes definitions, and notes which others they need.
#[derive(Debug, Default)]
struct Writer {
    open: Vec<Definition>,
    known: BTreeSet<Definition>,
}

impl Writer {
    fn want(&mut self, definition: Definition) -> Value {
        if self.known.insert(definition) {
            self.open.push(definition);
        }
        json!({ "$ref": reference(definition) })
    }

    fn definition(&mut self, definition: Definition) -> Value {
        match definition {
            Definition::Group(Group::Raw) => self.raw(),
            Definition::Group(group) => self.group(group),
            Definition::Matcher(looked, top) => self.matcher(looked, top),
            Definition::Template => json!({
                "type": "string",
                "pattern": "\\{\\{.+\\}\\}",
                "description": "Filled in from rows, arguments, `vars` or captures",
            }),
            Definition::Text => json!({ "type": ["string", "number"] }),
            Definition::Duration => json!({
                "type": "string",
                "pattern": "^([0-9]+(\\.[0-9]*)?(d|h|ms|m|s))+$",
                "examples": ["4s", "250ms", "1m30s"],
            }),
        }
    }

    // ---- mappings ----

    fn group(&mut self, group: Group) -> Value {
        let top = group == Group::Expectation;
        let mut properties = Map::new();
        for key in group.keys() {
            properties.insert(key.name.to_owned(), self.property(key, top));
        }
        let required: Vec<&str> = group
            .keys()
            .iter()
            .filter(|key| key.required)
            .map(|key| key.name)
            .collect();
        let mut object = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        if !required.is_empty() {
            object["required"] = json!(required);
        }
        if SAYS_SOMETHING.contains(&group) {
            object["minProperties"] = json!(1);
        }
        if group == Group::Turn {
            object["oneOf"] = json!(one_input());
        }
        object
    }

    fn property(&mut self, key: &Key, top: bool) -> Value {
        let mut schema = match key.shape {
            Shape::Matcher(subject) if top => self.want(Definition::Matcher(subject, true)),
            shape => self.shape(shape),
        };
        if NEVER_EMPTY.contains(&key.name) {
            fill(&mut schema);
        }
        schema["description"] = json!(describe(key));
        if let Some(example) = example(key) {
            schema["examples"] = json!([example]);
        }
        schema
    }

    /// A path, with operators or members beside it.
    fn raw(&mut self) -> Value {
        let mut properties = self.operators(Subject::Any);
        for key in Group::Raw.keys() {
            let property = self.property(key, false);
            properties.insert(key.name.to_owned(), property);
        }
        let members = self.want(Definition::Matcher(Subject::Any, false));
        json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": members,
            "required": ["path"],
            "minProperties": 2,
        })
    }

    // ---- matchers ----

    fn matcher(&mut self, looked: Subject, top: bool) -> Value {
        let mut properties = self.operators(looked);
        if top && let Some(required) = Group::Expectation.key("required") {
            let property = self.property(required, false);
            properties.insert("required".to_owned(), property);
        }
        let operators = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
            "minProperties": 1,
        });
        let mut any_of = self.plain(looked);
        any_of.push(operators);
        if matches!(looked, Subject::Any | Subject::Objects | Subject::Signal) {
            let members = self.want(Definition::Matcher(Subject::Any, false));
            any_of.push(json!({
                "type": "object",
                "propertyNames": { "not": { "enum": Group::Operator.names() } },
                "additionalProperties": members,
            }));
        }
        json!({ "anyOf": any_of })
    }

    /// Values without operators.
    fn plain(&mut self, looked: Subject) -> Vec<Value> {
        let template = self.want(Definition::Template);
        match looked {
            Subject::Text => vec![self.want(Definition::Text)],
            Subject::Number => vec![json!({ "type": "number" }), template],
            Subject::Duration => vec![self.want(Definition::Duration), template],
            Subject::Texts => {
                let items = self.want(Definition::Matcher(Subject::Text, false));
                vec![json!({ "type": "array", "items": items }), template]
            }
            Subject::Objects => {
                let items = self.want(Definition::Matcher(Subject::Any, false));
                vec![json!({ "type": "array", "items": items }), template]
            }
            Subject::Signal => vec![json!({ "type": "boolean" }), template],
            Subject::Any => {
                let items = self.want(Definition::Matcher(Subject::Any, false));
                vec![
                    json!({ "type": ["string", "number", "boolean"] }),
                    json!({ "type": "array", "items": items }),
                ]
            }
        }
    }

    /// The operators; those that take matchers take them over the same value.
    fn operators(&mut self, looked: Subject) -> Map {
        let mut properties = Map::new();
        for key in Group::Operator.keys().iter().filter(|key| looked.takes(key.name)) {
            let inner = match (key.name, looked) {
                ("each" | "has_item", Subject::Texts) => Subject::Text,
                ("each" | "has_item", _) => Subject::Any,
                (_, looked) => looked,
            };
            let mut schema = match key.shape {
                Shape::Matcher(Subject::Any) => self.want(Definition::Matcher(inner, false)),
                Shape::List(Shape::Matcher(Subject::Any)) => {
                    let items = self.want(Definition::Matcher(inner, false));
                    json!({ "type": "array", "items": items, "minItems": 1 })
                }
                _ if key.name == "equals" && is_scalar(looked) => {
                    let mut plain = self.plain(looked);
                    plain.push(json!({ "type": "null" }));
                    json!({ "anyOf": plain })
                }
                _ if looked == Subject::Duration && is_ordering(key.name) => self.durations(key),
                _ if looked == Subject::Any && matches!(key.name, "contains" | "icontains") => an_item(),
                shape => self.shape(shape),
            };
            if key.name == "between" {
                schema["minItems"] = json!(2);
                schema["maxItems"] = json!(2);
            }
            schema["description"] = json!(describe(key));
            if let Some(example) = example(key).filter(|_| !is_ordering(key.name)) {
                schema["examples"] = json!([example]);
            }
            properties.insert(key.name.to_owned(), schema);
        }
        properties
    }

    /// Operands of a latency.
    fn durations(&mut self, key: &Key) -> Value {
        let duration = self.shape(Shape::Duration);
        match key.name {
            "between" => json!({ "type": "array", "items": duration }),
            "approx" => json!({
                "type": "object",
                "properties": { "to": duration, "within": duration },
                "required": ["to", "within"],
                "additionalProperties": false,
            }),
            _ => duration,
        }
    }

    // ---- values ----

    fn shape(&mut self, shape: Shape) -> Value {
        match shape {
            Shape::Text => self.want(Definition::Text),
            Shape::Texts => {
                let text = self.want(Definition::Text);
                json!({ "anyOf": [text, { "type": "array", "items": text }] })
            }
            Shape::TextMap => {
                let text = self.want(Definition::Text);
                self.or_template(json!({ "type": "object", "additionalProperties": text }))
            }
            Shape::True => self.or_template(json!({ "const": true })),
            Shape::Boolean => self.or_template(json!({ "type": "boolean" })),
            Shape::Integer(least) => self.or_template(json!({ "type": "integer", "minimum": least })),
            Shape::Number => self.or_template(json!({ "type": "number" })),
            Shape::Duration => {
                let duration = self.want(Definition::Duration);
                self.or_template(duration)
            }
            Shape::Moment => self.or_template(json!({ "type": "string", "format": "date-time" })),
            Shape::Day => self.or_template(json!({ "type": "string", "format": "date" })),
            Shape::Choice(words) if words.contains(&"null") => {
                // Without quotes the word is a null to YAML.
                let words: Vec<Value> = words
                    .iter()
                    .map(|word| json!(word))
                    .chain([Value::Null])
                    .collect();
                self.or_template(json!({ "enum": words }))
            }
            Shape::Choice(words) => self.or_template(json!({ "enum": words })),
            Shape::Null => json!({ "type": "null" }),
            Shape::Any => json!({}),
            Shape::Map => self.or_template(json!({ "type": "object" })),
            Shape::Name => {
                let text = self.want(Definition::Text);
                let id = self.want(Definition::Group(Group::Id));
                json!({ "anyOf": [text, id] })
            }
            Shape::Matcher(subject) => self.want(Definition::Matcher(subject, false)),
            Shape::Matchers => {
                let matcher = self.want(Definition::Matcher(Subject::Any, false));
                json!({ "type": "object", "additionalProperties": matcher })
            }
            Shape::Group(group) => self.want(Definition::Group(group)),
            Shape::List(items) => {
                let items = self.shape(*items);
                json!({ "type": "array", "items": items })
            }
            Shape::MapOf(values_shape) => {
                let list = matches!(values_shape, Shape::List(Shape::Any));
                let mut values = self.shape(*values_shape);
                if matches!(values_shape, Shape::List(_)) {
                    // Rules, turns of a step, values of a matrix: without any there is nothing of that name.
                    fill(&mut values);
                }
                // A list of any values may itself be one.
                let values = if list { self.or_template(values) } else { values };
                json!({ "type": "object", "additionalProperties": values })
            }
            Shape::OneOf(shapes) => {
                let any_of: Vec<Value> = shapes.iter().map(|shape| self.shape(*shape)).collect();
                json!({ "anyOf": any_of })
            }
        }
    }

    fn or_template(&mut self, schema: impl Into<Value>) -> Value {
        let template = self.want(Definition::Template);
        json!({ "anyOf": [schema.into(), template] })
    }
}

/// Lists that say nothing, or something else than is meant, when they are empty.
const NEVER_EMPTY: [&str; 11] = [
    "conversations",
    "turns",
    "channels",
    "only_on",
    "examples",
    "visited",
    "raw",
    "ordered",
    "any_order",
    "include",
    "never",
];

/// Mappings that expect nothing when they are empty.
const SAYS_SOMETHING: [Group; 4] = [
    Group::Expectation,
    Group::On,
    Group::AudioExpectation,
    Group::ToolCalls,
];

/// Wants at least one item of what may be a list.
fn fill(schema: &mut Value) {
    if schema.get("type").is_some_and(|kind| kind == "array") {
        schema["minItems"] = json!(1);
    }
    let alternatives = schema.get_mut("anyOf").and_then(Value::as_array_mut);
    for alternative in alternatives.into_iter().flatten() {
        fill(alternative);
    }
}

/// A text, or what an item of a list is: that very value, so that no operators stand in it.
fn an_item() -> Value {
    json!({ "anyOf": [
        { "type": ["string", "number", "boolean"] },
        { "type": "object", "propertyNames": { "not": { "enum": Group::Operator.names() } } },
    ] })
}

fn is_scalar(subject: Subject) -> bool {
    matches!(subject, Subject::Text | Subject::Number | Subject::Duration)
}

fn is_ordering(name: &str) -> bool {
    matches!(name, "gt" | "gte" | "lt" | "lte" | "between" | "approx")
}

/// What a key means, and on which service if not on both.
fn describe(key: &Key) -> String {
    match key.support {
        Support::Services {
            cx: Some(_),
            ces: None,
            ..
        } => format!("{} (Dialogflow CX)", key.doc),
        Support::Services {
            cx: None,
            ces: Some(_),
            ..
        } => format!("{} (CES)", key.doc),
        _ => key.doc.to_owned(),
    }
}

/// The key's example as a value.
fn example(key: &Key) -> Option<Value> {
    let file = std::sync::Arc::new(crate::diagnostic::SourceFile {
        path: key.name.into(),
        text: key.example.to_owned(),
    });
    crate::yaml::parse(&file).root.map(|root| root.to_value())
}
