//! What stands in a message's JSON form although its type does not declare it: names of no field, and second members of
//! a choice. Readers of answers pass over the former; services do not take either in a request.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::OWN_FORMS;
use crate::proto::descriptor_pool;

/// More than so many are not looked for.
const MOST: usize = 16;

/// Something that cannot stand where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The fields that lead to the message it stands in, as they are declared: `inputs[0].event`; empty at the top.
    pub at: String,
    /// What is wrong.
    pub what: String,
}

/// What a message's JSON form has that its type does not declare, in order. `others` are names that are taken although
/// they are not declared: each a message's full name and a JSON name.
pub fn undeclared(full_name: &str, json: &Value, others: &[(&str, &str)]) -> Vec<Violation> {
    let mut search = Search {
        others,
        found: Vec::new(),
    };
    if let Some(descriptor) = descriptor_pool().get_message_by_name(full_name) {
        search.message(&descriptor, json, "");
    }
    search.found
}

struct Search<'a> {
    others: &'a [(&'a str, &'a str)],
    found: Vec<Violation>,
}

impl Search<'_> {
    fn message(&mut self, descriptor: &MessageDescriptor, json: &Value, at: &str) {
        let Value::Object(members) = json else {
            // Of another type: whoever reads it says so.
            return;
        };
        if descriptor.package_name() == OWN_FORMS {
            return;
        }
        let mut chosen: Vec<FieldDescriptor> = Vec::new();
        for (name, value) in members {
            if self.found.len() >= MOST {
                return;
            }
            let field = descriptor
                .get_field_by_json_name(name)
                .or_else(|| descriptor.get_field_by_name(name));
            let Some(field) = field else {
                self.unknown(descriptor, name, at);
                continue;
            };
            if value.is_null() {
                continue;
            }
            self.field(&field, value, at);
            self.choose(field, &mut chosen, at);
        }
    }

    fn unknown(&mut self, descriptor: &MessageDescriptor, name: &str, at: &str) {
        if !self.others.contains(&(descriptor.full_name(), name)) {
            let what = format!("unknown name `{name}`: there is no such field");
            self.add(at, what);
        }
    }

    /// A field that shares its choice with one that was set before.
    fn choose(&mut self, field: FieldDescriptor, chosen: &mut Vec<FieldDescriptor>, at: &str) {
        let Some(choice) = field.containing_oneof() else {
            return;
        };
        let rival = chosen
            .iter()
            .find(|other| other.containing_oneof().is_some_and(|of| of == choice));
        if let Some(rival) = rival {
            let what = format!(
                "`{}` cannot be set beside `{}`: `{}` is a choice of one",
                field.json_name(),
                rival.json_name(),
                choice.name()
            );
            self.add(at, what);
        }
        chosen.push(field);
    }

    fn field(&mut self, field: &FieldDescriptor, value: &Value, at: &str) {
        let at = match at {
            "" => field.name().to_owned(),
            outer => format!("{outer}.{}", field.name()),
        };
        let kind = field.kind();
        let Kind::Message(descriptor) = &kind else { return };
        match value {
            Value::Object(entries) if field.is_map() => self.entries(descriptor, entries, &at),
            Value::Array(items) if field.is_list() => {
                for (index, item) in items.iter().enumerate() {
                    self.message(descriptor, item, &format!("{at}[{index}]"));
                }
            }
            value => self.message(descriptor, value, &at),
        }
    }

    fn entries(&mut self, entry: &MessageDescriptor, entries: &Map<String, Value>, at: &str) {
        let kind = entry.map_entry_value_field().kind();
        let Kind::Message(descriptor) = &kind else { return };
        for (key, value) in entries {
            self.message(descriptor, value, &format!("{at}[\"{key}\"]"));
        }
    }

    fn add(&mut self, at: &str, what: String) {
        self.found.push(Violation {
            at: at.to_owned(),
            what,
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CX: &str = "google.cloud.dialogflow.cx.v3.DetectIntentRequest";
    const CES: &str = "google.cloud.ces.v1.RunSessionRequest";

    fn found(kind: &str, json: &Value) -> Vec<(String, String)> {
        let others = [("google.cloud.ces.v1.Event", "variables")];
        let found = undeclared(kind, json, &others).into_iter();
        found.map(|violation| (violation.at, violation.what)).collect()
    }

    #[test]
    fn what_is_declared_is_fine_in_either_spelling() {
        for json in [
            json!({"queryInput": {"text": {"text": "a"}, "languageCode": "en"}}),
            json!({"query_input": {"text": {"text": "a"}, "language_code": "en"}, "queryParams": null}),
            json!({"queryParams": {"payload": {"anything": {"at": ["all"]}}, "webhookHeaders": {"x": "y"}}}),
            json!({"queryParams": {"parameters": {"text": 1, "event": 2}}}),
            json!([]),
        ] {
            assert_eq!(found(CX, &json), [], "{json}");
        }
        let event = json!({"inputs": [{"event": {"event": "welcome", "variables": {"a": 1}}}]});
        assert_eq!(found(CES, &event), [], "the service knows more than is declared");
    }

    #[test]
    fn names_of_no_field_are_found_wherever_they_stand() {
        let json = json!({
            "queryinput": {},
            "queryInput": {"text": {"text": "a", "txt": 1}, "utterance": null},
            "queryParams": {"sessionEntityTypes": [{"entities": [{}, {"synonym": []}]}]},
        });
        let places: Vec<(String, String)> = found(CX, &json);
        let places: Vec<(&str, &str)> = places
            .iter()
            .map(|(at, what)| (at.as_str(), what.split('`').nth(1).unwrap()))
            .collect();
        let expected = [
            ("query_input.text", "txt"),
            ("query_input", "utterance"),
            ("query_params.session_entity_types[0].entities[1]", "synonym"),
            ("", "queryinput"),
        ];
        assert_eq!(places.len(), expected.len(), "{places:?}");
        for place in expected {
            assert!(places.contains(&place), "{place:?} in {places:?}");
        }
        let many: Map<String, Value> = (0..1000).map(|number| (number.to_string(), json!(1))).collect();
        assert_eq!(found(CX, &Value::Object(many)).len(), MOST);
    }

    #[test]
    fn a_choice_is_made_once() {
        let twice = json!({"inputs": [{"text": "a", "willContinue": true, "dtmf": "1"}]});
        let [(at, what)] = &found(CES, &twice)[..] else {
            panic!("{:?}", found(CES, &twice))
        };
        assert_eq!(at, "inputs[0]");
        assert!(what.contains("input_type"), "{what}");
        assert_eq!(found(CES, &json!({"inputs": [{"text": "a", "dtmf": null}]})), []);
    }
}
