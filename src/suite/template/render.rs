//! The run-time half: captures, dates and environment variables are filled into a turn that is about to be played.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, FixedOffset, SecondsFormat};

use super::text::{Piece, Template, pieces, shown, to_number, to_text, whole};
use super::{DATES, ENVIRONMENT};
use crate::model::suite::{
    Check, DateMatcher, EmulatorOverride, ExpectedCall, Expectation, Input, Location, Matcher, Name, SessionEntityType,
    Start, StubResponse, StubRule, Stubs, ToolCallsCheck, Turn, VisitedStep, With,
};
use crate::model::{Map, Value};

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

    fn value(&self, name: &str) -> Result<Value, String> {
        if let Some(value) = self.captures.get(name) {
            return Ok(value.clone());
        }
        if let Some(variable) = name.strip_prefix(ENVIRONMENT) {
            return match self.environment.get(variable) {
                Some(value) => Ok(Value::String(value.clone())),
                None => Err(format!("the environment variable `{variable}` is not set, or may not be read")),
            };
        }
        if DATES.contains(&name) {
            return self.date(name).map(Value::String);
        }
        Err(format!("`{name}` was not captured: the turn that captures it was not played"))
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

    fn converted(&self, template: Template<'_>) -> Result<Value, String> {
        let value = self.value(template.name)?;
        if !template.number {
            return Ok(value);
        }
        to_number(&value).map_err(|problem| format!("`{}` cannot be made a number: {problem}", template.name))
    }

    /// A text with everything filled in.
    fn text(&self, text: &str) -> Result<String, String> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let mut filled = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Literal(text) | Piece::Malformed { written: text, .. } => filled.push_str(text),
                Piece::Template(template) => {
                    let value = self.converted(template)?;
                    let text = to_text(&value)
                        .map_err(|problem| format!("`{}` is {}: {problem}", template.name, shown(&value)))?;
                    filled.push_str(&text);
                }
            }
        }
        Ok(filled)
    }

    /// A value with everything filled in; a text that is one template becomes the template's value.
    fn json(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::String(text) => match whole(text) {
                Some(template) => self.converted(template),
                None => self.text(text).map(Value::String),
            },
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect::<Result<_, _>>().map(Value::Array),
            Value::Object(members) => self.map(members).map(Value::Object),
            other => Ok(other.clone()),
        }
    }

    fn map(&self, members: &Map) -> Result<Map, String> {
        members
            .iter()
            .map(|(name, value)| Ok((name.clone(), self.json(value)?)))
            .collect()
    }
}

/// A turn with everything filled in.
///
/// # Errors
/// When a name has no value, or a value cannot stand where it is used.
pub fn render_turn(turn: &Turn, scope: &Scope) -> Result<Turn, TemplateError> {
    let render = || {
        let input = scope.fill(&turn.input)?;
        if matches!(&input, Input::Say(text) if text.trim().is_empty()) {
            return Err("there is nothing to say: the text is empty".to_owned());
        }
        Ok(Turn {
            location: turn.location.clone(),
            used_at: turn.used_at.clone(),
            input,
            with: scope.fill(&turn.with)?,
            via: turn.via,
            when: scope.fill(&turn.when)?,
            answers: scope.fill(&turn.answers)?,
            capture: turn.capture.clone(),
            expect: scope.fill(&turn.expect)?,
            restart: turn.restart,
        })
    };
    render().map_err(|message| TemplateError {
        location: turn.location.clone(),
        message,
    })
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
    let each = expectations.iter().map(|expectation| scope.fill(expectation)).collect::<Result<_, _>>();
    at(location, each)
}

/// Stubs with everything filled in; `location` is the conversation's.
///
/// # Errors
/// As [`render_turn`].
pub fn render_stubs(stubs: &Stubs, location: &Location, scope: &Scope) -> Result<Stubs, TemplateError> {
    at(location, scope.fill(stubs))
}

/// Where a conversation starts, with everything filled in; `location` is the conversation's.
///
/// # Errors
/// As [`render_turn`].
pub fn render_start(start: &Start, location: &Location, scope: &Scope) -> Result<Start, TemplateError> {
    at(location, scope.fill(start))
}

fn at<T>(location: &Location, result: Result<T, String>) -> Result<T, TemplateError> {
    result.map_err(|message| TemplateError {
        location: location.clone(),
        message,
    })
}

impl Scope {
    fn fill<T: Fillable>(&self, value: &T) -> Result<T, String> {
        value.filled(self)
    }
}

/// Something with texts in it.
trait Fillable: Sized {
    fn filled(&self, scope: &Scope) -> Result<Self, String>;
}

impl Fillable for String {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        scope.text(self)
    }
}

impl Fillable for Value {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        scope.json(self)
    }
}

impl Fillable for Map {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        scope.map(self)
    }
}

impl<T: Fillable> Fillable for Option<T> {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        self.as_ref().map(|value| value.filled(scope)).transpose()
    }
}

impl<T: Fillable> Fillable for Vec<T> {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        self.iter().map(|value| value.filled(scope)).collect()
    }
}

impl<T: Fillable> Fillable for Box<T> {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        self.as_ref().filled(scope).map(Box::new)
    }
}

impl<A: Fillable, B: Fillable> Fillable for (A, B) {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok((self.0.filled(scope)?, self.1.filled(scope)?))
    }
}

impl Fillable for Name {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(match self {
            Self::Display(name) => Self::Display(scope.text(name)?),
            Self::Id(id) => Self::Id(scope.text(id)?),
        })
    }
}

impl Fillable for Input {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(match self {
            Self::Say(text) => Self::Say(scope.text(text)?),
            Self::Event(name) => Self::Event(scope.text(name)?),
            Self::Intent(name) => Self::Intent(scope.fill(name)?),
            Self::Dtmf { digits, finish } => Self::Dtmf {
                digits: scope.text(digits)?,
                finish: scope.fill(finish)?,
            },
            Self::Silence => Self::Silence,
            Self::Variables(variables) => Self::Variables(scope.map(variables)?),
        })
    }
}

impl Fillable for With {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(Self {
            parameters: scope.map(&self.parameters)?,
            variables: scope.map(&self.variables)?,
            language: scope.fill(&self.language)?,
            time_zone: scope.fill(&self.time_zone)?,
            payload: scope.fill(&self.payload)?,
            disable_webhook: self.disable_webhook,
            webhook_headers: scope.fill(&self.webhook_headers)?,
            channel: scope.fill(&self.channel)?,
            session_entity_types: scope.fill(&self.session_entity_types)?,
            sentiment: self.sentiment,
            session_ttl: self.session_ttl,
            flow_versions: scope.fill(&self.flow_versions)?,
            deployment: scope.fill(&self.deployment)?,
            entry_agent: scope.fill(&self.entry_agent)?,
            use_tool_fakes: self.use_tool_fakes,
            remote_dialogflow: scope.fill(&self.remote_dialogflow)?,
            emulator: EmulatorOverride {
                clock: self.emulator.clock,
                matched: scope.fill(&self.emulator.matched)?,
                webhook: scope.fill(&self.emulator.webhook)?,
            },
        })
    }
}

impl Fillable for SessionEntityType {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(Self {
            entity_type: scope.fill(&self.entity_type)?,
            supplement: self.supplement,
            entities: scope.fill(&self.entities)?,
        })
    }
}

impl Fillable for Start {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(Self {
            flow: scope.fill(&self.flow)?,
            page: scope.fill(&self.page)?,
            playbook: scope.fill(&self.playbook)?,
            agent: scope.fill(&self.agent)?,
            parameters: scope.map(&self.parameters)?,
            history: scope.fill(&self.history)?,
        })
    }
}

impl Fillable for Stubs {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        let by_name = self
            .by_name
            .iter()
            .map(|(name, rules)| Ok((name.clone(), scope.fill(rules)?)))
            .collect::<Result<_, String>>()?;
        Ok(Self { by_name })
    }
}

impl Fillable for StubRule {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(Self {
            location: self.location.clone(),
            when: scope.fill(&self.when)?,
            respond: scope.fill(&self.respond)?,
        })
    }
}

impl Fillable for StubResponse {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(match self {
            Self::Answer(answer) => Self::Answer(scope.map(answer)?),
            Self::Delayed { delay, then } => Self::Delayed {
                delay: *delay,
                then: scope.fill(then)?,
            },
            Self::Status(_) | Self::Timeout | Self::Unreachable => self.clone(),
        })
    }
}

impl Fillable for Expectation {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(Self {
            line: self.line,
            required: self.required,
            only_on: self.only_on,
            check: scope.fill(&self.check)?,
        })
    }
}

/// Members whose names stay: `(String, Matcher)` would fill the names as well.
fn members(members: &[(String, Matcher)], scope: &Scope) -> Result<Vec<(String, Matcher)>, String> {
    members
        .iter()
        .map(|(name, matcher)| Ok((name.clone(), scope.fill(matcher)?)))
        .collect()
}

impl Fillable for Check {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(match self {
            Self::Reply(matcher) => Self::Reply(scope.fill(matcher)?),
            Self::Replies(matcher) => Self::Replies(scope.fill(matcher)?),
            Self::Intent(matcher) => Self::Intent(scope.fill(matcher)?),
            Self::Confidence(matcher) => Self::Confidence(scope.fill(matcher)?),
            Self::Match(matcher) => Self::Match(scope.fill(matcher)?),
            Self::Page(matcher) => Self::Page(scope.fill(matcher)?),
            Self::Flow(matcher) => Self::Flow(scope.fill(matcher)?),
            Self::Agent(matcher) => Self::Agent(scope.fill(matcher)?),
            Self::Playbook(matcher) => Self::Playbook(scope.fill(matcher)?),
            Self::Visited(steps) => Self::Visited(scope.fill(steps)?),
            Self::Parameters(expected) => Self::Parameters(members(expected, scope)?),
            Self::AllParameters(expected) => Self::AllParameters(members(expected, scope)?),
            Self::ToolCalls(check) => Self::ToolCalls(scope.fill(check)?),
            Self::Transfer(matcher) => Self::Transfer(scope.fill(matcher)?),
            Self::Ended(matcher) => Self::Ended(scope.fill(matcher)?),
            Self::Handoff(matcher) => Self::Handoff(scope.fill(matcher)?),
            Self::Payload(matcher) => Self::Payload(scope.fill(matcher)?),
            Self::Candidates(matcher) => Self::Candidates(scope.fill(matcher)?),
            Self::Webhook(matcher) => Self::Webhook(scope.fill(matcher)?),
            Self::Latency(matcher) => Self::Latency(scope.fill(matcher)?),
            Self::Raw { path, matcher } => Self::Raw {
                path: scope.text(path)?,
                matcher: scope.fill(matcher)?,
            },
        })
    }
}

impl Fillable for VisitedStep {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(match self {
            Self::Anything => Self::Anything,
            Self::Place(matcher) => Self::Place(scope.fill(matcher)?),
        })
    }
}

impl Fillable for ToolCallsCheck {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(match self {
            Self::Exactly(calls) => Self::Exactly(scope.fill(calls)?),
            Self::Ordered(calls) => Self::Ordered(scope.fill(calls)?),
            Self::AnyOrder(calls) => Self::AnyOrder(scope.fill(calls)?),
            Self::Include(calls) => Self::Include(scope.fill(calls)?),
            Self::Never(calls) => Self::Never(scope.fill(calls)?),
            Self::All(checks) => Self::All(scope.fill(checks)?),
        })
    }
}

impl Fillable for ExpectedCall {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(Self {
            line: self.line,
            tool: scope.fill(&self.tool)?,
            args: scope.fill(&self.args)?,
            all_args: scope.fill(&self.all_args)?,
            times: scope.fill(&self.times)?,
            response: scope.fill(&self.response)?,
            source: self.source,
            agent: scope.fill(&self.agent)?,
        })
    }
}

impl Fillable for Matcher {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(match self {
            Self::Is(value) => Self::Is(scope.json(value)?),
            Self::List(items) => Self::List(scope.fill(items)?),
            Self::Subset(expected) => Self::Subset(members(expected, scope)?),
            Self::Equals(value) => Self::Equals(scope.json(value)?),
            Self::Contains(value) => Self::Contains(scope.json(value)?),
            Self::IContains(value) => Self::IContains(scope.json(value)?),
            Self::StartsWith(value) => Self::StartsWith(scope.json(value)?),
            Self::EndsWith(value) => Self::EndsWith(scope.json(value)?),
            Self::Matches(pattern) => Self::Matches(scope.text(pattern)?),
            Self::AnyOf(matchers) => Self::AnyOf(scope.fill(matchers)?),
            Self::AllOf(matchers) => Self::AllOf(scope.fill(matchers)?),
            Self::Not(matcher) => Self::Not(scope.fill(matcher)?),
            Self::Compare(comparison, value) => Self::Compare(*comparison, scope.json(value)?),
            Self::Between(low, high) => Self::Between(scope.json(low)?, scope.json(high)?),
            Self::Approx { to, within } => Self::Approx {
                to: scope.json(to)?,
                within: scope.json(within)?,
            },
            Self::HasLength(matcher) => Self::HasLength(scope.fill(matcher)?),
            Self::Each(matcher) => Self::Each(scope.fill(matcher)?),
            Self::HasItem(matcher) => Self::HasItem(scope.fill(matcher)?),
            Self::Similar {
                to,
                at_least,
                algorithm,
            } => Self::Similar {
                to: scope.json(to)?,
                at_least: scope.json(at_least)?,
                algorithm: *algorithm,
            },
            Self::Wer { to, at_most } => Self::Wer {
                to: scope.json(to)?,
                at_most: scope.json(at_most)?,
            },
            Self::Date(date) => Self::Date(scope.fill(date)?),
            Self::IsType(_) | Self::Absent | Self::Present | Self::Unchanged => self.clone(),
        })
    }
}

impl Fillable for DateMatcher {
    fn filled(&self, scope: &Scope) -> Result<Self, String> {
        Ok(match self {
            Self::On(value) => Self::On(scope.json(value)?),
            Self::FromToday(value) => Self::FromToday(scope.json(value)?),
            Self::Weekday { .. } => self.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
