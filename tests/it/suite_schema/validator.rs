//! A validator of JSON Schema, as far as the schemas of this program go.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Value, json};

/// What a schema refuses in a value; only the words that the schemas use are understood.
pub(crate) fn refused(schema: &Value, value: &Value, root: &Value) -> Option<String> {
    let rules = schema.as_object().unwrap();
    rules.iter().find_map(|(word, rule)| {
        let told = || Some(format!("{word} {rule}: {value}"));
        let fails = |fails: bool| if fails { told() } else { None };
        match word.as_str() {
            "$ref" => refused(
                root.pointer(rule.as_str().unwrap().trim_start_matches('#'))
                    .unwrap(),
                value,
                root,
            ),
            "type" => {
                let wanted: Vec<&str> = rule.as_array().map_or_else(
                    || vec![rule.as_str().unwrap()],
                    |types| types.iter().map(|kind| kind.as_str().unwrap()).collect(),
                );
                fails(!wanted.iter().any(|wanted| is_of_type(value, wanted)))
            }
            "enum" => fails(!rule.as_array().unwrap().contains(value)),
            "const" => fails(rule != value),
            "anyOf" => fails(
                rule.as_array()
                    .unwrap()
                    .iter()
                    .all(|any| refused(any, value, root).is_some()),
            ),
            "oneOf" => {
                let fitting = rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|one| refused(one, value, root).is_none());
                fails(fitting.count() != 1)
            }
            "not" => fails(refused(rule, value, root).is_none()),
            "properties" => value
                .as_object()?
                .iter()
                .find_map(|(name, value)| refused(rule.get(name)?, value, root)),
            "additionalProperties" => {
                let known = rules.get("properties").and_then(Value::as_object);
                let others = value
                    .as_object()?
                    .iter()
                    .filter(|(name, _)| known.is_none_or(|known| !known.contains_key(*name)));
                others.into_iter().find_map(|(name, value)| match rule {
                    Value::Bool(false) => Some(format!("no key {name}")),
                    Value::Bool(true) => None,
                    rule => refused(rule, value, root),
                })
            }
            "propertyNames" => value
                .as_object()?
                .keys()
                .find_map(|name| refused(rule, &json!(name), root)),
            "required" => {
                let object = value.as_object()?;
                fails(
                    rule.as_array()
                        .unwrap()
                        .iter()
                        .any(|name| !object.contains_key(name.as_str().unwrap())),
                )
            }
            "items" => value
                .as_array()?
                .iter()
                .find_map(|item| refused(rule, item, root)),
            "minLength" => fails((value.as_str()?.chars().count() as u64) < rule.as_u64().unwrap()),
            "minItems" => fails((value.as_array()?.len() as u64) < rule.as_u64().unwrap()),
            "maxItems" => fails(value.as_array()?.len() as u64 > rule.as_u64().unwrap()),
            "minProperties" => fails((value.as_object()?.len() as u64) < rule.as_u64().unwrap()),
            "maxProperties" => fails(value.as_object()?.len() as u64 > rule.as_u64().unwrap()),
            "minimum" => fails(value.as_f64()? < rule.as_f64().unwrap()),
            "exclusiveMinimum" => fails(value.as_f64()? <= rule.as_f64().unwrap()),
            "maximum" => fails(value.as_f64()? > rule.as_f64().unwrap()),
            "pattern" => fails(!is_found(rule.as_str().unwrap(), value.as_str()?)),
            "$schema" | "$defs" | "title" | "description" | "examples" | "format" => None,
            other => unreachable!("the schema uses `{other}`"),
        }
    })
}

/// Patterns are few, and asked for often.
fn is_found(pattern: &str, text: &str) -> bool {
    thread_local! {
        static KNOWN: RefCell<BTreeMap<String, Regex>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        let regex = known
            .entry(pattern.to_owned())
            .or_insert_with(|| Regex::new(pattern).unwrap());
        regex.is_match(text)
    })
}

fn is_of_type(value: &Value, wanted: &str) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => unreachable!("the schema uses the type `{other}`"),
    }
}
