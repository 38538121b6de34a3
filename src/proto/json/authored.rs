//! The parts of a message's JSON form that somebody wrote: texts that its type has fields for, bytes, and what has no type
//! but the writer's own. Names of fields are the service's; names in the latter are the writer's.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::OWN_FORMS;
use crate::proto::descriptor_pool;

/// Something that somebody wrote.
#[derive(Debug, PartialEq)]
pub enum Authored<'v> {
    /// A text, and the full name of its field.
    Text(String, &'v mut String),
    /// What stands for bytes, and the JSON name of its field.
    Bytes(String, &'v mut Value),
    /// Any JSON: a `Struct`, `Value` or `ListValue`, or what the type does not declare.
    Free(&'v mut Value),
    /// A `Struct` of diagnostics, in which the service tells by names of its own what others wrote.
    Diagnostics(&'v mut Value),
    /// Members with names of the writer's.
    Members(&'v mut Map<String, Value>),
}

/// The parts of a message, in order. Numbers, enums, times and the like are of the service's making and none. All of
/// a message whose `full_name` is not declared is free.
pub fn authored<'v>(full_name: &str, json: &'v mut Value) -> Vec<Authored<'v>> {
    let mut found = Vec::new();
    match descriptor_pool().get_message_by_name(full_name) {
        Some(descriptor) => message(&descriptor, json, &mut found),
        None => found.push(Authored::Free(json)),
    }
    found
}

fn message<'v>(descriptor: &MessageDescriptor, json: &'v mut Value, found: &mut Vec<Authored<'v>>) {
    if descriptor.package_name() == OWN_FORMS {
        if matches!(
            descriptor.name(),
            "Struct" | "Value" | "ListValue" | "StringValue" | "Any"
        ) {
            found.push(Authored::Free(json));
        }
        return;
    }
    let Value::Object(members) = json else {
        found.push(Authored::Free(json));
        return;
    };
    for (name, value) in members {
        match descriptor.get_field_by_json_name(name) {
            Some(declared) => field(&declared, value, found),
            None => found.push(Authored::Free(value)),
        }
    }
}

fn field<'v>(declared: &FieldDescriptor, value: &'v mut Value, found: &mut Vec<Authored<'v>>) {
    if !declared.is_map() && !declared.is_list() {
        return single(declared, value, found);
    }
    match value {
        Value::Object(members) => found.push(Authored::Members(members)),
        Value::Array(items) => items.iter_mut().for_each(|item| single(declared, item, found)),
        other => found.push(Authored::Free(other)),
    }
}

fn single<'v>(declared: &FieldDescriptor, value: &'v mut Value, found: &mut Vec<Authored<'v>>) {
    match (declared.kind(), value) {
        (Kind::Message(_), value) if is_diagnostic(declared) => found.push(Authored::Diagnostics(value)),
        (Kind::Message(descriptor), value) => message(&descriptor, value, found),
        (Kind::String, Value::String(text)) => {
            found.push(Authored::Text(declared.full_name().to_owned(), text));
        }
        (Kind::Bytes, value) => found.push(Authored::Bytes(declared.json_name().to_owned(), value)),
        _ => {}
    }
}

/// cx-sessions-api 6.5; ces-api 2.
fn is_diagnostic(declared: &FieldDescriptor) -> bool {
    let name = declared.full_name();
    name.ends_with(".QueryResult.diagnostic_info") || name.ends_with(".Span.attributes")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_service_counts_and_names_is_no_part() {
        let mut json = json!({
            "responseId": "r-1",
            "queryResult": {
                "text": "hello",
                "languageCode": "en",
                "match": {"matchType": "INTENT", "confidence": 0.5, "parameters": {"name": "Ada", "age": 36}},
                "parameters": {"name": "Ada"},
                "diagnosticInfo": {"Session Id": "s"},
                "responseMessages": [{"text": {"text": ["Hi.", "Who?"]}}, {"payload": {"a": [1]}}],
            },
            "outputAudio": "AAAA",
            "newer": {"text": "later"},
        });
        let told: Vec<String> = authored("google.cloud.dialogflow.cx.v3.DetectIntentResponse", &mut json)
            .iter()
            .map(|part| match part {
                Authored::Text(field, text) => {
                    format!("{} {text}", field.rsplit('.').next().unwrap_or_default())
                }
                Authored::Bytes(name, value) => format!("bytes {name} {value}"),
                Authored::Free(value) => format!("free {value}"),
                Authored::Diagnostics(value) => format!("diagnostics {value}"),
                Authored::Members(members) => format!("members {}", Value::Object((*members).clone())),
            })
            .collect();
        assert_eq!(
            told,
            [
                "response_id r-1",
                "text hello",
                "language_code en",
                r#"free {"name":"Ada","age":36}"#,
                r#"free {"name":"Ada"}"#,
                r#"diagnostics {"Session Id":"s"}"#,
                "text Hi.",
                "text Who?",
                r#"free {"a":[1]}"#,
                r#"bytes outputAudio "AAAA""#,
                r#"free {"text":"later"}"#,
            ]
        );
    }

    #[test]
    fn members_of_maps_have_names_of_the_writers() {
        let mut json = json!({"queryParams": {"webhookHeaders": {"x-key": "k"}, "timeZone": "UTC"}});
        let found = authored("google.cloud.dialogflow.cx.v3.DetectIntentRequest", &mut json);
        assert!(
            matches!(&found[..], [Authored::Members(members), Authored::Text(field, _)]
                if members["x-key"] == "k" && field.ends_with(".time_zone")),
            "{found:?}"
        );
        let mut unknown = json!({"a": 1});
        assert_eq!(
            authored("no.Such", &mut unknown),
            [Authored::Free(&mut json!({"a": 1}))]
        );
    }
}
