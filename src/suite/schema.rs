//! JSON Schema of suites and settings, and the written reference: both made from the capability table, so that
//! neither can say anything the parser does not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::Map;
use crate::model::capability::{ATTACHMENTS, Group, INPUTS, Key, Shape, Subject, Support, Whole};

pub use reference::{overview_markdown, reference_markdown};

mod matchers;
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
    /// A matcher over a call's arguments.
    Arguments(Whole),
    /// A text that is filled in later.
    Template,
    /// Text that is not blank, which may be written like a number.
    Text,
    /// As `Text`, blank or not.
    AnyText,
    /// `4s`, `1m30s`.
    Duration,
    /// A text of a target that names a variable of the environment.
    Variable,
}

impl Definition {
    fn name(self) -> String {
        match self {
            Self::Group(group) => format!("{group:?}"),
            Self::Matcher(looked, false) => format!("Matcher{looked:?}"),
            Self::Matcher(looked, true) => format!("Expected{looked:?}"),
            Self::Arguments(whole) => format!("{whole:?}OfArguments"),
            Self::Template => "Template".to_owned(),
            Self::AnyText => "AnyText".to_owned(),
            Self::Text => "Text".to_owned(),
            Self::Duration => "Duration".to_owned(),
            Self::Variable => "Variable".to_owned(),
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

/// What the mapping below `date` must have; `within` stands beside a weekday only.
fn one_date() -> [Value; 2] {
    [
        json!({ "required": ["from_today"], "maxProperties": 1 }),
        json!({ "required": ["weekday"] }),
    ]
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
            Definition::Arguments(whole) => self.arguments(whole),
            Definition::Template => json!({
                "type": "string",
                "pattern": "\\{\\{.+\\}\\}",
                "description": "Filled in from rows, arguments, `vars` or captures",
            }),
            Definition::Text => json!({ "type": ["string", "number"], "pattern": "\\S" }),
            Definition::AnyText => json!({ "type": ["string", "number"] }),
            Definition::Variable => json!({
                "type": "string",
                "pattern": "\\$\\{",
                "description": "Filled in from the environment",
            }),
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
            let mut property = self.property(key, top);
            if OF_TARGETS.contains(&group) && has_notation(key.shape) {
                property = self.or_variable(property);
            }
            properties.insert(key.name.to_owned(), property);
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
        match group {
            Group::Turn => object["oneOf"] = json!(one_input()),
            Group::Date => object["oneOf"] = json!(one_date()),
            Group::GeneratorRespond | Group::Credentials => {
                object["minProperties"] = json!(1);
                object["maxProperties"] = json!(1);
            }
            _ => {}
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
        if key.name == "tool" {
            schema["pattern"] = json!("\\S");
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

    // ---- values ----

    fn shape(&mut self, shape: Shape) -> Value {
        match shape {
            Shape::Text => self.want(Definition::Text),
            Shape::Texts => {
                let text = self.want(Definition::Text);
                json!({ "anyOf": [text, { "type": "array", "items": text }] })
            }
            Shape::AnyText => self.want(Definition::AnyText),
            Shape::Sought => json!({ "type": ["string", "number"], "minLength": 1 }),
            Shape::Like(pattern) => json!({ "type": "string", "pattern": pattern }),
            Shape::TextMap => {
                let text = self.want(Definition::AnyText);
                self.or_template(json!({ "type": "object", "additionalProperties": text }))
            }
            Shape::Said => {
                let text = self.want(Definition::Text);
                json!({
                    "type": "object",
                    "additionalProperties": text,
                    "minProperties": 1,
                    "maxProperties": 1,
                })
            }
            Shape::True => self.or_template(json!({ "const": true })),
            Shape::Boolean => self.or_template(json!({ "type": "boolean" })),
            Shape::Integer(least, most) => self.or_template(integer(least, most)),
            Shape::Number => self.or_template(json!({ "type": "number" })),
            Shape::Between(least, most) => {
                self.or_template(at_most(json!({ "type": "number", "minimum": least }), most))
            }
            Shape::Above(least, most) => self.or_template(at_most(
                json!({ "type": "number", "exclusiveMinimum": least }),
                most,
            )),
            Shape::Duration => {
                let duration = self.want(Definition::Duration);
                self.or_template(duration)
            }
            Shape::Lapse => {
                let mut duration = self.want(Definition::Duration);
                duration["pattern"] = json!("[1-9]");
                self.or_template(duration)
            }
            Shape::Moment => {
                let moment = json!({ "type": "string", "format": "date-time", "pattern": MOMENT });
                self.or_template(moment)
            }
            Shape::Day => self.or_template(
                json!({ "type": "string", "format": "date", "pattern": "^[0-9]+(-[0-9]+){2}$" }),
            ),
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
            Shape::Row => json!({ "type": "object", "minProperties": 1 }),
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
            Shape::SomeMatchers => {
                let mut matchers = self.shape(Shape::Matchers);
                fill(&mut matchers);
                matchers
            }
            Shape::Arguments(whole) => self.want(Definition::Arguments(whole)),
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

    /// What stands beside the alternatives stays there.
    fn or_variable(&mut self, mut schema: Value) -> Value {
        let variable = self.want(Definition::Variable);
        let mut around = json!({});
        for word in ["description", "examples"] {
            if let Some(said) = schema.as_object_mut().and_then(|schema| schema.remove(word)) {
                around[word] = said;
            }
        }
        around["anyOf"] = json!([schema, variable]);
        around
    }

    fn or_template(&mut self, schema: impl Into<Value>) -> Value {
        let template = self.want(Definition::Template);
        json!({ "anyOf": [schema.into(), template] })
    }
}

/// The shape of RFC 3339: editors do not look at a `format`.
const MOMENT: &str =
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$";

/// Lists and mappings that say nothing, or something else than is meant, when they are empty.
const NEVER_EMPTY: [&str; 12] = [
    "conversations",
    "turns",
    "channels",
    "only_on",
    "examples",
    "matrix",
    "visited",
    "raw",
    "ordered",
    "any_order",
    "include",
    "never",
];

/// Mappings of targets: variables of the environment are filled into their texts.
const OF_TARGETS: [Group; 7] = [
    Group::EmulatorTarget,
    Group::CxTarget,
    Group::CesTarget,
    Group::TargetAudio,
    Group::TargetSpeech,
    Group::Credentials,
    Group::Tls,
];

/// Whether a text must look like something, which the name of a variable does not.
fn has_notation(shape: Shape) -> bool {
    match shape {
        Shape::Choice(_) | Shape::Like(_) | Shape::Duration | Shape::Lapse | Shape::Moment => true,
        Shape::OneOf(shapes) => shapes.iter().any(|shape| has_notation(*shape)),
        _ => false,
    }
}

/// Mappings that expect nothing when they are empty.
const SAYS_SOMETHING: [Group; 4] = [
    Group::Expectation,
    Group::On,
    Group::AudioExpectation,
    Group::ToolCalls,
];

/// A whole number, with the ends that it has.
fn integer(least: i64, most: i64) -> Value {
    let mut integer = json!({ "type": "integer" });
    if least != i64::MIN {
        integer["minimum"] = json!(least);
    }
    if most != i64::MAX {
        integer["maximum"] = json!(most);
    }
    integer
}

/// A number with an end, if it has one.
fn at_most(mut number: Value, most: f64) -> Value {
    if most < f64::MAX {
        number["maximum"] = json!(most);
    }
    number
}

/// Wants at least one item of what may be a list, one member of what may be a mapping.
fn fill(schema: &mut Value) {
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => schema["minItems"] = json!(1),
        Some("object") => schema["minProperties"] = json!(1),
        _ => {}
    }
    let alternatives = schema.get_mut("anyOf").and_then(Value::as_array_mut);
    for alternative in alternatives.into_iter().flatten() {
        fill(alternative);
    }
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
