//! The run-time half: captures, dates and environment variables are filled into a turn that is about to be played.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Days, FixedOffset, SecondsFormat};

use super::text::{Piece, Template, pieces, shown, to_number, to_text, whole};
use super::{DATES, ENVIRONMENT};
use crate::model::suite::{EmulatorStubs, Expectation, Input, Location, Start, StubRule, Turn};
use crate::model::{Map, Value};
use crate::yaml::opens_template;

use fillable::Fillable;

mod fillable;

/// What is known while a conversation is played.
#[derive(Debug, Clone)]
pub struct Scope {
    /// What turns have captured so far.
    pub captures: Map,
    /// The conversation's clock, in its time zone.
    pub now: DateTime<FixedOffset>,
    /// The environment variables that may be read.
    pub environment: BTreeMap<String, String>,
}

/// Why a template cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{location}: {message}")]
pub struct TemplateError {
    /// The turn or rule concerned.
    pub location: Location,
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// Whether it is for the agent to provide: it was to be captured.
    pub is_of_agent: bool,
}

/// Why something cannot be filled in.
#[derive(Debug)]
struct Unfilled {
    message: String,
    is_of_agent: bool,
}

impl Unfilled {
    /// It lies with the suite, or with what surrounds the run.
    fn of_run(message: String) -> Self {
        Self {
            message,
            is_of_agent: false,
        }
    }
}

impl Scope {
    /// A scope in which nothing has been captured.
    pub fn new(now: DateTime<FixedOffset>, environment: BTreeMap<String, String>) -> Self {
        Self {
            captures: Map::new(),
            now,
            environment,
        }
    }

    fn value(&self, name: &str) -> Result<Value, Unfilled> {
        if let Some(value) = self.captures.get(name) {
            return Ok(value.clone());
        }
        if let Some(variable) = name.strip_prefix(ENVIRONMENT) {
            return match self.environment.get(variable) {
                Some(value) => Ok(Value::String(value.clone())),
                None => Err(Unfilled::of_run(format!(
                    "the environment variable `{variable}` is not set, or may not be read"
                ))),
            };
        }
        if DATES.contains(&name) {
            return self.date(name).map(Value::String).map_err(Unfilled::of_run);
        }
        Err(Unfilled {
            message: format!("`{name}` has no value: nothing was captured for it before this turn"),
            is_of_agent: true,
        })
    }

    /// Why a value cannot stand where it is used: the agent is to blame for what it said, nobody else's is.
    fn unfit(&self, name: &str, message: String) -> Unfilled {
        Unfilled {
            message,
            is_of_agent: self.captures.contains_key(name),
        }
    }

    /// Whether anything that was captured stands in a text.
    fn has_captures(&self, text: &str) -> bool {
        pieces(text).iter().any(|piece| match piece {
            Piece::Template(template) => self.captures.contains_key(template.name),
            _ => false,
        })
    }

    fn date(&self, name: &str) -> Result<String, String> {
        let today = self.now.date_naive();
        match name {
            "today" => Ok(today.to_string()),
            "tomorrow" => today
                .checked_add_days(Days::new(1))
                .map(|date| date.to_string())
                .ok_or_else(|| "there is no tomorrow on this clock".to_owned()),
            _ => Ok(self.now.to_rfc3339_opts(SecondsFormat::Secs, true)),
        }
    }

    fn converted(&self, template: Template<'_>) -> Result<Value, Unfilled> {
        let value = self.value(template.name)?;
        if !template.number {
            return Ok(value);
        }
        let name = template.name;
        to_number(&value)
            .map_err(|problem| self.unfit(name, format!("`{name}` cannot be made a number: {problem}")))
    }

    /// A text with everything filled in.
    fn text(&self, text: &str) -> Result<String, Unfilled> {
        self.text_with(text, |value| value)
    }

    /// A regular expression with everything filled in: what was captured is data, not a pattern.
    fn pattern(&self, pattern: &str) -> Result<String, Unfilled> {
        self.text_with(pattern, |value| regex::escape(&value))
    }

    fn text_with(&self, text: &str, written: impl Fn(String) -> String) -> Result<String, Unfilled> {
        if !opens_template(text) {
            return Ok(text.to_owned());
        }
        let mut filled = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Literal(text) | Piece::Malformed { written: text, .. } => filled.push_str(text),
                Piece::Data(mark) => filled.push_str(&mark.data()),
                Piece::Template(template) => {
                    let value = self.converted(template)?;
                    let name = template.name;
                    let text = to_text(&value).map_err(|problem| {
                        self.unfit(name, format!("`{name}` is {}: {problem}", shown(&value)))
                    })?;
                    filled.push_str(&written(text));
                }
            }
        }
        Ok(filled)
    }

    /// A value with everything filled in; a text that is one template becomes the template's value.
    fn json(&self, value: &Value) -> Result<Value, Unfilled> {
        match value {
            Value::String(text) => match whole(text) {
                Some(template) => self.converted(template),
                None => self.text(text).map(Value::String),
            },
            Value::Array(items) => items
                .iter()
                .map(|item| self.json(item))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Value::Object(members) => self.map(members).map(Value::Object),
            other => Ok(other.clone()),
        }
    }

    fn map(&self, members: &Map) -> Result<Map, Unfilled> {
        members
            .iter()
            .map(|(name, value)| Ok((name.clone(), self.json(value)?)))
            .collect()
    }
}

/// A turn with everything filled in but its `answers`, which [`render_stub`] fills.
///
/// # Errors
/// When a name has no value, or a value cannot stand where it is used.
pub fn render_turn<'turn>(turn: &'turn Turn, scope: &Scope) -> Result<Cow<'turn, Turn>, TemplateError> {
    if !turn.has_templates {
        return Ok(Cow::Borrowed(turn));
    }
    let render = || {
        let input = scope.fill(&turn.input)?;
        let said = match &input {
            Input::Say(text) | Input::Attached { say: Some(text), .. } => Some(text),
            _ => None,
        };
        if said.is_some_and(|text| text.trim().is_empty()) {
            let written = match &turn.input {
                Input::Say(text) | Input::Attached { say: Some(text), .. } => text.as_str(),
                _ => "",
            };
            return Err(Unfilled {
                message: "there is nothing to say: the text is empty".to_owned(),
                is_of_agent: scope.has_captures(written),
            });
        }
        Ok(Turn {
            location: turn.location.clone(),
            used_at: turn.used_at.clone(),
            input,
            with: Arc::new(scope.fill(turn.with.as_ref())?),
            via: turn.via,
            when: scope.fill(&turn.when)?,
            // Each rule is filled in when a call asks for it: filled twice, what an agent said could name a variable.
            answers: turn.answers.clone(),
            capture: turn.capture.clone(),
            feedback: scope.fill(&turn.feedback)?,
            expect: scope.fill(&turn.expect)?,
            history: scope.fill(&turn.history)?,
            restart: turn.restart,
            has_templates: false,
        })
    };
    at(&turn.location, render().map(Cow::Owned))
}

/// The expectations of a conversation with everything filled in; `location` is the conversation's.
///
/// # Errors
/// As [`render_turn`].
pub fn render_expectations(
    expectations: &[Expectation],
    location: &Location,
    scope: &Scope,
) -> Result<Vec<Expectation>, TemplateError> {
    let each = expectations
        .iter()
        .map(|expectation| scope.fill(expectation))
        .collect::<Result<_, _>>();
    at(location, each)
}

/// Stubs with everything filled in; `location` is the conversation's.
///
/// # Errors
/// As [`render_turn`].
pub fn render_stubs(
    stubs: &EmulatorStubs,
    location: &Location,
    scope: &Scope,
) -> Result<EmulatorStubs, TemplateError> {
    at(location, scope.fill(stubs))
}

/// One rule of a stub with everything filled in.
///
/// # Errors
/// As [`render_turn`].
pub fn render_stub(rule: &StubRule, scope: &Scope) -> Result<StubRule, TemplateError> {
    at(&rule.location, scope.fill(rule))
}

/// A time zone with everything filled in; nothing when that cannot be done, which the turn that it belongs to tells.
pub fn render_time_zone(time_zone: &str, scope: &Scope) -> Option<String> {
    scope.text(time_zone).ok()
}

/// Where a conversation starts, with everything filled in; `location` is the conversation's.
///
/// # Errors
/// As [`render_turn`].
pub fn render_start(start: &Start, location: &Location, scope: &Scope) -> Result<Start, TemplateError> {
    at(location, scope.fill(start))
}

fn at<T>(location: &Location, result: Result<T, Unfilled>) -> Result<T, TemplateError> {
    result.map_err(|unfilled| TemplateError {
        location: location.clone(),
        message: unfilled.message,
        is_of_agent: unfilled.is_of_agent,
    })
}

impl Scope {
    fn fill<T: Fillable>(&self, value: &T) -> Result<T, Unfilled> {
        value.filled(self)
    }
}

#[cfg(test)]
mod tests;
