//! Functions on objects (cx-runtime 11.2).

use super::path::{nodes, parse_path};
use super::{Answer, FunctionError};
use crate::emulator::cx::render::text_of;
use crate::model::{Map, Value};

/// The value with its type.
pub(super) fn identity(values: &[Value]) -> Value {
    values[0].clone()
}

/// Reads JSON; single quotes may stand for double ones.
pub(super) fn to_object(values: &[Value]) -> Answer {
    let text = match &values[0] {
        object @ (Value::Object(_) | Value::Array(_)) => return Ok(object.clone()),
        other => text_of(other),
    };
    serde_json::from_str(&text)
        .or_else(|_| serde_json::from_str(&with_double_quotes(&text)))
        .map_err(|error| FunctionError::new(format_args!("`{text}` is no JSON: {error}")))
}

fn with_double_quotes(text: &str) -> String {
    let mut inside_double = false;
    let mut escaped = false;
    text.chars()
        .map(|character| {
            let is_quote = !escaped && !inside_double && character == '\'';
            if character == '"' && !escaped {
                inside_double = !inside_double;
            }
            escaped = character == '\\' && !escaped;
            if is_quote { '"' } else { character }
        })
        .collect()
}

/// A member of an object, or null.
pub(super) fn get_field(values: &[Value]) -> Value {
    let key = text_of(&values[1]);
    match &values[0] {
        Value::Object(members) => member(members, &key).cloned().unwrap_or_default(),
        _ => Value::Null,
    }
}

fn member<'v>(members: &'v Map, key: &str) -> Option<&'v Value> {
    members.get(key).or_else(|| {
        members
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
    })
}

/// Walks into an object by keys, each of which may carry an index: `c[0]`.
pub(super) fn nested_field(values: &[Value]) -> Answer {
    let mut value = &values[0];
    for key in &values[1..] {
        let key = text_of(key);
        let (name, indexes) = split_key(&key)?;
        if !name.is_empty() {
            let Some(next) = value.as_object().and_then(|members| member(members, name)) else {
                return Ok(Value::Null);
            };
            value = next;
        }
        for index in indexes {
            let Some(next) = value.get(index) else {
                return Ok(Value::Null);
            };
            value = next;
        }
    }
    Ok(value.clone())
}

/// A key and the indexes behind it.
pub(in crate::emulator::cx) fn split_key(key: &str) -> Result<(&str, Vec<usize>), FunctionError> {
    let Some((name, rest)) = key.split_once('[') else {
        return Ok((key, Vec::new()));
    };
    rest.strip_suffix(']')
        .and_then(|inner| inner.split("][").map(|index| index.parse().ok()).collect())
        .map(|indexes| (name, indexes))
        .ok_or_else(|| FunctionError::new(format_args!("`{key}` is no key")))
}

/// All nodes that a JSONPath finds.
pub(super) fn filter(values: &[Value]) -> Answer {
    let text = text_of(&values[1]);
    let path = parse_path(&text).map_err(FunctionError::new)?;
    let found = nodes(&path, &values[0]).map_err(FunctionError::new)?;
    Ok(found.into_iter().cloned().collect())
}
