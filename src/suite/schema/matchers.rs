//! Matchers in the schema: plain values, members, operators and their operands.

use serde_json::{Value, json};

use super::{Definition, Writer, describe, example};
use crate::model::Map;
use crate::model::capability::{Group, Key, Shape, Subject, Whole};

impl Writer {
    pub(super) fn matcher(&mut self, looked: Subject, top: bool) -> Value {
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
            any_of.push(self.members());
        }
        json!({ "anyOf": any_of })
    }

    /// Members with their matchers.
    fn members(&mut self) -> Value {
        let members = self.want(Definition::Matcher(Subject::Any, false));
        json!({
            "type": "object",
            "propertyNames": { "not": { "enum": Group::Operator.names() } },
            "additionalProperties": members,
        })
    }

    /// A mapping over arguments; of the operators few say which arguments there are.
    pub(super) fn arguments(&mut self, whole: Whole) -> Value {
        let mut properties = self.operators(Subject::Any);
        if whole == Whole::All {
            properties.retain(|name, _| ["equals", "any_of", "all_of"].contains(&name.as_str()));
            let mapping = self.want(Definition::Arguments(whole));
            let parts = json!({ "anyOf": [mapping, { "type": ["string", "number", "boolean"] }] });
            for name in ["any_of", "all_of"] {
                properties[name]["items"] = parts.clone();
            }
        }
        json!({ "anyOf": [
            { "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1 },
            self.members(),
        ] })
    }

    /// Values without operators.
    pub(super) fn plain(&mut self, looked: Subject) -> Vec<Value> {
        let template = self.want(Definition::Template);
        match looked {
            Subject::Text => vec![self.want(Definition::AnyText)],
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
    pub(super) fn operators(&mut self, looked: Subject) -> Map {
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
                _ if key.name == "equals" && looked == Subject::Signal => {
                    let value = json!({ "type": ["boolean", "object", "array", "null"] });
                    self.or_template(value)
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
}

/// A text, or what an item of a list is: that very value, so that no operators stand in it.
fn an_item() -> Value {
    json!({ "anyOf": [
        { "type": ["string", "number", "boolean"], "minLength": 1 },
        { "type": "object", "propertyNames": { "not": { "enum": Group::Operator.names() } } },
    ] })
}

fn is_scalar(subject: Subject) -> bool {
    matches!(subject, Subject::Text | Subject::Number | Subject::Duration)
}

fn is_ordering(name: &str) -> bool {
    matches!(name, "gt" | "gte" | "lt" | "lte" | "between" | "approx")
}
