//! Functions on texts (cx-runtime 11.2). Other values count by their text form, nothing as the empty text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::{NoExpand, Regex};

use super::numbers::whole;
use super::{Answer, FunctionError};
use crate::emulator::cx::bounds::{LONGEST_TEXT, MOST_ELEMENTS};
use crate::emulator::cx::environment::Environment;
use crate::emulator::cx::patterns::with_compiled;
use crate::emulator::cx::render::text_of;
use crate::model::Value;

fn bounded(text: String) -> Answer {
    if text.len() > LONGEST_TEXT {
        return Err(too_long());
    }
    Ok(text.into())
}

pub(super) fn too_long() -> FunctionError {
    FunctionError::new(format_args!("the result is longer than {LONGEST_TEXT} bytes"))
}

fn present(value: &Value) -> Result<String, FunctionError> {
    if value.is_null() {
        return Err(FunctionError::new("a text was expected, but nothing is set"));
    }
    Ok(text_of(value))
}

pub(super) fn to_text(values: &[Value]) -> Answer {
    Ok(present(&values[0])?.into())
}

pub(super) fn concatenate(values: &[Value]) -> Answer {
    bounded(values.iter().map(text_of).collect())
}

/// Length in characters.
pub(super) fn len(values: &[Value]) -> Answer {
    Ok(present(&values[0])?.chars().count().into())
}

pub(super) fn lower(values: &[Value]) -> Answer {
    Ok(present(&values[0])?.to_lowercase().into())
}

pub(super) fn upper(values: &[Value]) -> Answer {
    Ok(present(&values[0])?.to_uppercase().into())
}

/// `MID(text, start, length)`, the first character being 1.
pub(super) fn mid(values: &[Value]) -> Answer {
    let text = present(&values[0])?;
    let position = |value: &Value, least| {
        whole(value, least, i64::from(u32::MAX)).map(|number| usize::try_from(number).unwrap_or_default())
    };
    let start = position(&values[1], 1)?;
    let length = position(&values[2], 0)?;
    Ok(text
        .chars()
        .skip(start - 1)
        .take(length)
        .collect::<String>()
        .into())
}

/// `SUBSTITUTE(text, pattern, replacement)`: every match, the replacement as it stands.
pub(super) fn substitute(values: &[Value]) -> Answer {
    let text = present(&values[0])?;
    let replacement = text_of(&values[2]);
    with_pattern(&text_of(&values[1]), |pattern| {
        let matches = pattern.find_iter(&text).count();
        if replacement.len().saturating_mul(matches) > LONGEST_TEXT {
            return Err(too_long());
        }
        Ok(pattern
            .replace_all(&text, NoExpand(&replacement))
            .into_owned()
            .into())
    })
}

/// `SPLIT(text, pattern)`.
pub(super) fn split(values: &[Value]) -> Answer {
    let text = present(&values[0])?;
    with_pattern(&text_of(&values[1]), |pattern| {
        let parts: Vec<Value> = pattern
            .split(&text)
            .take(MOST_ELEMENTS + 1)
            .map(Value::from)
            .collect();
        if parts.len() > MOST_ELEMENTS {
            return Err(FunctionError::new(format_args!(
                "there are more than {MOST_ELEMENTS} parts"
            )));
        }
        Ok(parts.into())
    })
}

/// As a form field: blanks become `+`.
pub(super) fn url_encode(values: &[Value]) -> Answer {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'.')
        .remove(b'-')
        .remove(b'*')
        .remove(b'_');
    let text = present(&values[0])?;
    bounded(utf8_percent_encode(&text, PLAIN).to_string().replace("%20", "+"))
}

pub(super) fn uuid(environment: &dyn Environment) -> Value {
    let bits = (u128::from(environment.random()) << 64) | u128::from(environment.random());
    let id = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
    id.to_string().into()
}

/// Runs `work` with a pattern, if it is one.
fn with_pattern(source: &str, work: impl FnOnce(&Regex) -> Answer) -> Answer {
    with_compiled(source, |pattern| match pattern {
        Some(pattern) => work(pattern),
        None => Err(FunctionError::new(format_args!(
            "`{source}` is no regular expression"
        ))),
    })
}
