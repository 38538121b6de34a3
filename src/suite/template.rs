//! `{{ name }}` in any text: which names a text asks for, and what it becomes when they are known.
//!
//! There are two moments. When a suite is expanded, `vars`, row values, step arguments and `env.NAME` are known
//! ([`fill_known`] leaves the names of captures for later). While a conversation is played, captures are added to
//! its [`Scope`], and [`fill`] finishes a turn before it is sent. There is no logic: a name, or a name with the one
//! conversion there is (`{{ party | number }}`).

use std::borrow::Cow;
use std::ops::Range;

use chrono::{DateTime, Days, FixedOffset, SecondsFormat};

use crate::model::{Map, Value};

pub use walk::Template;

mod walk;

/// The names a text may use.
#[derive(Debug, Clone)]
pub struct Scope {
    names: Map,
    now: DateTime<FixedOffset>,
}

impl Scope {
    /// Starts with `vars`, row values and the like; `now` gives `today`, `tomorrow` and `now`.
    pub fn new(names: Map, now: DateTime<FixedOffset>) -> Self {
        Self { names, now }
    }

    /// Binds a name, over an earlier value.
    pub fn bind(&mut self, name: impl Into<String>, value: Value) {
        self.names.insert(name.into(), value);
    }

    /// The value of a name; a name of one's own wins over `today`, `tomorrow` and `now`.
    pub fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        if let Some(value) = self.names.get(name) {
            return Some(Cow::Borrowed(value));
        }
        let date = self.now.date_naive();
        let text = match name {
            "today" => date.to_string(),
            "tomorrow" => date.checked_add_days(Days::new(1))?.to_string(),
            "now" => self.now.to_rfc3339_opts(SecondsFormat::Secs, true),
            _ => return None,
        };
        Some(Cow::Owned(Value::String(text)))
    }

    /// All names that can be used, for "did you mean".
    pub fn known(&self) -> Vec<&str> {
        let own = self.names.keys().map(String::as_str);
        own.chain(["today", "tomorrow", "now"]).collect()
    }
}

/// One `{{ … }}` of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Bytes of the text, braces included.
    pub range: Range<usize>,
    /// The name asked for.
    pub name: String,
    /// `| number` stands behind it.
    pub as_number: bool,
}

/// A text that cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// Bytes of the text concerned.
    pub range: Range<usize>,
    /// The name that nobody bound, if that is what is wrong.
    pub unknown: Option<String>,
}

impl TemplateError {
    pub(super) fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self {
            message: message.into(),
            range,
            unknown: None,
        }
    }
}

/// The references of a text, in order.
///
/// # Errors
/// When braces are left open, or something else than a name stands between them.
pub fn references(text: &str) -> Result<Vec<Reference>, TemplateError> {
    let mut found = Vec::new();
    let mut position = 0;
    while let Some(offset) = text[position..].find("{{") {
        let start = position + offset;
        let Some(length) = text[start..].find("}}") else {
            return Err(TemplateError::new(
                "`{{` is never closed by `}}`",
                start..text.len(),
            ));
        };
        let end = start + length + 2;
        found.push(reference(&text[start + 2..end - 2], start..end)?);
        position = end;
    }
    Ok(found)
}

fn reference(inside: &str, range: Range<usize>) -> Result<Reference, TemplateError> {
    let (name, conversion) = match inside.split_once('|') {
        Some((name, conversion)) => (name.trim(), Some(conversion.trim())),
        None => (inside.trim(), None),
    };
    let as_number = match conversion {
        None => false,
        Some("number") => true,
        Some(other) => {
            let message = format!("there is no conversion `{other}`; the only one is `number`");
            return Err(TemplateError::new(message, range));
        }
    };
    if !is_name(name) {
        let message = format!("`{name}` is no name; between `{{{{` and `}}}}` stands a name, nothing else");
        return Err(TemplateError::new(message, range));
    }
    Ok(Reference {
        range,
        name: name.to_owned(),
        as_number,
    })
}

/// Letters, digits, `_`, `-` and `.`, starting with a letter or `_`.
pub fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|character| character.is_alphanumeric() || matches!(character, '_' | '-' | '.'))
}

/// Fills a text. One that is exactly one reference keeps the value's type; otherwise values become text.
///
/// # Errors
/// When a name is not bound, or a value is no number where `| number` asks for one.
pub fn fill(text: &str, scope: &Scope) -> Result<Value, TemplateError> {
    fill_known(text, scope, &|_| false)
}

/// Fills what is known already and leaves the references to names of which `later` says that they come later.
///
/// # Errors
/// As [`fill`].
pub fn fill_known(text: &str, scope: &Scope, later: &dyn Fn(&str) -> bool) -> Result<Value, TemplateError> {
    let references = references(text)?;
    if let [only] = references.as_slice()
        && only.range == (0..text.len())
        && !(scope.get(&only.name).is_none() && later(&only.name))
    {
        return value_of(only, scope);
    }
    let mut filled = String::with_capacity(text.len());
    let mut position = 0;
    for reference in &references {
        filled.push_str(&text[position..reference.range.start]);
        if scope.get(&reference.name).is_none() && later(&reference.name) {
            filled.push_str(&text[reference.range.clone()]);
        } else {
            filled.push_str(&as_text(&value_of(reference, scope)?));
        }
        position = reference.range.end;
    }
    filled.push_str(&text[position..]);
    Ok(Value::String(filled))
}

fn value_of(reference: &Reference, scope: &Scope) -> Result<Value, TemplateError> {
    let Some(value) = scope.get(&reference.name) else {
        let message = format!("nothing is called `{}` here", reference.name);
        let mut error = TemplateError::new(message, reference.range.clone());
        error.unknown = Some(reference.name.clone());
        return Err(error);
    };
    if !reference.as_number {
        return Ok(value.into_owned());
    }
    number(&value).ok_or_else(|| {
        let message = format!("`{}` is {}, which is no number", reference.name, as_text(&value));
        TemplateError::new(message, reference.range.clone())
    })
}

/// A number as it is, or the number that a text writes.
fn number(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => {
            let text = text.trim();
            let whole = text.parse::<i64>().ok().map(Value::from);
            let finite = || text.parse::<f64>().ok().filter(|number| number.is_finite());
            whole.or_else(|| finite().and_then(serde_json::Number::from_f64).map(Value::Number))
        }
        _ => None,
    }
}

/// A value within a text: texts as they are, everything else as JSON.
fn as_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// Fills everything a thing holds; a thing without templates is lent, not copied.
///
/// # Errors
/// As [`fill`]; also when an operand is empty once it is filled.
pub fn filled<'thing, T: Template + Clone>(
    thing: &'thing T,
    scope: &Scope,
) -> Result<Cow<'thing, T>, TemplateError> {
    if thing.is_final() {
        return Ok(Cow::Borrowed(thing));
    }
    let mut copy = thing.clone();
    copy.fill(scope)?;
    Ok(Cow::Owned(copy))
}

#[cfg(test)]
mod tests;
