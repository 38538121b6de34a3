//! One expectation of a turn: what it looks at, and the row of the report that comes of it.

use crate::model::outcome::{Checked, Outcome};
use crate::model::suite::{Check, Expectation, Matcher, VisitedStep};
use crate::model::transcript::{AgentReply, Match, Observed, WebhookStatus};
use crate::model::{Map, Value};

use super::any::evaluate_any;
use super::describe::expected_value;
use super::matcher::{Before, Difference, Scope, Subject, Verdict, evaluate as evaluate_matcher};
use super::{TurnContext, diff, parameters, tool_calls, visited};

mod raw;
mod signal;
mod spoken;

/// The expectation's name in the suite language.
pub fn kind(check: &Check) -> &'static str {
    match check {
        Check::Reply(_) => "reply",
        Check::Replies(_) => "replies",
        Check::Intent(_) => "intent",
        Check::Confidence(_) => "confidence",
        Check::Match(_) => "match",
        Check::Page(_) => "page",
        Check::Flow(_) => "flow",
        Check::Agent(_) => "agent",
        Check::Playbook(_) => "playbook",
        Check::Visited(_) => "visited",
        Check::Parameters(_) => "parameters",
        Check::AllParameters(_) => "all_parameters",
        Check::ToolCalls(_) => "tool_calls",
        Check::Transfer(_) => "transfer",
        Check::Ended(_) => "ended",
        Check::Handoff(_) => "handoff",
        Check::Payload(_) => "payload",
        Check::Candidates(_) => "candidates",
        Check::Webhook(_) => "webhook",
        Check::Citations(_) => "citations",
        Check::Suggestions(_) => "suggestions",
        Check::Spans(_) => "spans",
        Check::Sentiment(_) => "sentiment",
        Check::Transcript(_) => "transcript",
        Check::Audio(_) => "audio",
        Check::Interrupted(_) => "interrupted",
        Check::Latency(_) => "latency",
        Check::Raw { .. } => "raw",
    }
}

/// Evaluates one expectation: at least one row.
pub(super) fn evaluate(
    expectation: &Expectation,
    reply: &AgentReply,
    context: &TurnContext<'_>,
) -> Vec<Checked> {
    let kind = kind(&expectation.check);
    if let Some(service) = expectation.only_on.filter(|service| *service != context.service) {
        let row = Row {
            expectation,
            kind,
            path: kind.to_owned(),
            expected: Value::Null,
            actual: Value::Null,
        };
        return vec![row.skipped(format!("is for {} only", service.name()))];
    }
    if context.in_writing && matches!(expectation.check, Check::Interrupted(_)) {
        let row = Row {
            expectation,
            kind,
            path: kind.to_owned(),
            expected: Value::Null,
            actual: Value::Null,
        };
        return vec![row.skipped("cannot be seen in writing".to_owned())];
    }
    match &expectation.check {
        Check::Parameters(members) if !members.is_empty() => {
            parameters::some(expectation, members, reply, context)
        }
        Check::AllParameters(members) if reply.parameters.seen().is_some() || !members.is_empty() => {
            parameters::exactly(expectation, members, reply, context)
        }
        Check::Audio(check) => spoken::rows(expectation, check, reply, context),
        Check::ToolCalls(wanted) => tool_calls::rows(expectation, wanted, &reply.tool_calls, context),
        _ => vec![single(expectation, kind, reply, context)],
    }
}

/// The single row of every other expectation.
fn single(
    expectation: &Expectation,
    kind: &'static str,
    reply: &AgentReply,
    context: &TurnContext<'_>,
) -> Checked {
    let looked = look(&expectation.check, reply, context);
    let row = Row {
        expectation,
        kind,
        path: looked.path.unwrap_or_else(|| kind.to_owned()),
        expected: looked.expected,
        actual: looked.actual,
    };
    let mut checked = row.checked(looked.verdict);
    if checked.outcome == Outcome::Failed && looked.diff.is_some() {
        checked.diff = looked.diff;
    }
    checked
}

/// What was found where an expectation looks.
pub(super) struct Looked {
    /// The member looked at, when it is not simply the expectation's name.
    pub(super) path: Option<String>,
    /// For the report.
    pub(super) expected: Value,
    /// For the report.
    pub(super) actual: Value,
    /// What came of it.
    pub(super) verdict: Verdict,
    /// A diff better than the one made of expected and actual.
    pub(super) diff: Option<crate::model::outcome::Diff>,
}

impl Looked {
    fn new(matcher: &Matcher, actual: Value, verdict: Verdict) -> Self {
        Self {
            path: None,
            expected: expected_value(matcher, ""),
            actual,
            verdict,
            diff: None,
        }
    }

    fn unseen(matcher: &Matcher, reason: &str) -> Self {
        Self::new(matcher, Value::Null, Verdict::Unobservable(reason.to_owned()))
    }
}

fn look(check: &Check, reply: &AgentReply, context: &TurnContext<'_>) -> Looked {
    let place = |matcher: &Matcher, find: fn(&AgentReply) -> &Observed<String>| {
        observed(matcher, reply, context, |reply| match find(reply) {
            Observed::Seen(name) => Ok(Some(name.clone())
                .filter(|name| !name.is_empty())
                .map(Value::String)),
            Observed::Unseen(reason) => Err(reason.as_ref()),
        })
    };
    let of_match = |matcher: &Matcher, find: fn(&Match) -> Option<Value>| {
        observed(matcher, reply, context, |reply| match &reply.matched {
            Observed::Seen(matched) => Ok(find(matched)),
            Observed::Unseen(reason) => Err(reason.as_ref()),
        })
    };
    let scope = Scope::new(context.now);
    match check {
        Check::Reply(matcher) => all_text(matcher, reply, context),
        Check::Replies(matcher) => observed(matcher, reply, context, |reply| Ok(Some(visible_texts(reply)))),
        Check::Intent(matcher) => of_match(matcher, |matched| matched.intent.clone().map(Value::String)),
        Check::Confidence(matcher) => of_match(matcher, |matched| Some(decimal(matched.confidence))),
        Check::Match(matcher) => of_match(matcher, |matched| Some(Value::String(matched.kind.clone()))),
        Check::Page(matcher) => place(matcher, |reply| &reply.page),
        Check::Flow(matcher) => place(matcher, |reply| &reply.flow),
        Check::Agent(matcher) => place(matcher, |reply| &reply.agent),
        Check::Playbook(matcher) => place(matcher, |reply| &reply.playbook),
        Check::Visited(steps) => look_visited(steps, &reply.visited, &scope),
        Check::Transfer(matcher) => several(
            matcher,
            reply.transfers.as_values(|name| Value::String(name.clone())),
            "transfer",
            &scope,
        ),
        Check::Ended(matcher) => signal::look(matcher, reply.ended.as_ref(), signal::ENDED, &scope),
        Check::Handoff(matcher) => signal::look(matcher, reply.handoff.as_ref(), signal::HANDOFF, &scope),
        Check::Payload(matcher) => several(matcher, Ok(reply.payloads.clone()), "payload", &scope),
        Check::Candidates(matcher) => several(
            matcher,
            reply.candidates.as_values(candidate),
            "candidate",
            &scope,
        ),
        Check::Webhook(matcher) => {
            several(matcher, reply.webhooks.as_values(webhook), "webhook call", &scope)
        }
        Check::Citations(matcher) => {
            several(matcher, reply.citations.as_values(evidence), "citation", &scope)
        }
        Check::Suggestions(matcher) => {
            let suggestions = reply.suggestions.iter().map(evidence).collect();
            several(matcher, Ok(suggestions), "suggestion", &scope)
        }
        Check::Spans(matcher) => several(matcher, reply.spans.as_values(evidence), "span", &scope),
        Check::Sentiment(matcher) => observed(matcher, reply, context, |reply| match &reply.sentiment {
            Observed::Seen(sentiment) => Ok(Some(evidence(sentiment))),
            Observed::Unseen(reason) => Err(reason.as_ref()),
        }),
        Check::Transcript(matcher) => spoken::transcript(matcher, reply, context),
        Check::Interrupted(wanted) => spoken::interrupted(*wanted, reply),
        Check::Latency(matcher) => latency(matcher, reply, context),
        Check::Raw { path, matcher } => raw::look(path, matcher, reply.raw.as_ref(), &scope),
        // An empty subset expects nothing; the others have rows of their own.
        Check::Parameters(_) | Check::AllParameters(_) | Check::ToolCalls(_) | Check::Audio(_) => Looked {
            path: None,
            expected: Value::Object(Map::new()),
            actual: Value::Null,
            verdict: match &reply.parameters {
                Observed::Seen(_) => Verdict::Holds,
                Observed::Unseen(reason) => Verdict::Unobservable(reason.clone().into_owned()),
            },
            diff: None,
        },
    }
}

/// A single value that may not have been observed, and the one before the turn.
fn observed(
    matcher: &Matcher,
    reply: &AgentReply,
    context: &TurnContext<'_>,
    find: impl Fn(&AgentReply) -> Result<Option<Value>, &str>,
) -> Looked {
    let value = match find(reply) {
        Ok(value) => value,
        Err(reason) => return Looked::unseen(matcher, reason),
    };
    let before = context.previous.map_or(Err(NO_TURN_BEFORE), &find);
    let subject = Subject {
        value: value.as_ref(),
        before: match &before {
            Ok(before) => Before::Known(before.as_ref()),
            Err(reason) => Before::Unknown(reason),
        },
    };
    let verdict = evaluate_matcher(matcher, subject, &Scope::new(context.now));
    Looked::new(matcher, value.unwrap_or_default(), verdict)
}

const NO_TURN_BEFORE: &str = "there is no turn before this one to compare with";

/// A member of the previous reply.
///
/// # Errors
/// Why it is not known.
pub(super) fn previous<'a, T>(
    context: &TurnContext<'a>,
    find: impl Fn(&'a AgentReply) -> &'a Observed<T>,
) -> Result<&'a T, &'a str> {
    match context.previous.map(find) {
        Some(Observed::Seen(value)) => Ok(value),
        Some(Observed::Unseen(reason)) => Err(reason),
        None => Err(NO_TURN_BEFORE),
    }
}

fn all_text(matcher: &Matcher, reply: &AgentReply, context: &TurnContext<'_>) -> Looked {
    let value = Value::String(reply.texts.join("\n"));
    let before = context
        .previous
        .map(|previous| Value::String(previous.texts.join("\n")));
    let subject = Subject {
        value: Some(&value),
        before: before.as_ref().map_or(Before::Unknown(NO_TURN_BEFORE), |before| {
            Before::Known(Some(before))
        }),
    };
    let scope = Scope {
        blank_is_absent: true,
        ..Scope::new(context.now)
    };
    let verdict = evaluate_matcher(matcher, subject, &scope);
    let closest = match &verdict {
        Verdict::Differs(_) => value
            .as_str()
            .and_then(|text| closest_alternative(matcher, text).or_else(|| spoken::word_diff(matcher, text))),
        _ => None,
    };
    Looked {
        diff: closest,
        ..Looked::new(matcher, value, verdict)
    }
}

/// Of several texts that would do, how the one that is most alike differs.
fn closest_alternative(matcher: &Matcher, actual: &str) -> Option<crate::model::outcome::Diff> {
    let Matcher::AnyOf(alternatives) = matcher else {
        return None;
    };
    let likeness = |text: &str| {
        super::text::similarity(text, actual, crate::model::suite::SimilarityAlgorithm::Words).unwrap_or(0.0)
    };
    alternatives
        .iter()
        .filter_map(|alternative| match alternative {
            Matcher::Is(Value::String(text)) | Matcher::Equals(Value::String(text)) => Some(text.as_str()),
            _ => None,
        })
        .map(|text| (likeness(text), text))
        .filter(|(likeness, _)| *likeness > 0.0)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .and_then(|(_, text)| diff::of_texts(text, actual))
}

/// The texts that a person would see.
pub(super) fn visible_texts(reply: &AgentReply) -> Value {
    let texts = reply.texts.iter().filter(|text| !text.trim().is_empty());
    texts.map(|text| Value::String(text.clone())).collect()
}

fn look_visited(steps: &[VisitedStep], places: &Observed<Vec<String>>, scope: &Scope) -> Looked {
    let expected = visited::expected(steps);
    let (actual, verdict, diff) = match places {
        Observed::Unseen(reason) => (
            Value::Null,
            Verdict::Unobservable(reason.clone().into_owned()),
            None,
        ),
        Observed::Seen(places) => {
            let verdict = visited::check(steps, places, scope);
            let diff = matches!(verdict, Verdict::Differs(_)).then(|| diff::of_lines(&expected, places));
            (Value::from(places.clone()), verdict, diff)
        }
    };
    Looked {
        path: None,
        expected: Value::from(expected),
        actual,
        verdict,
        diff,
    }
}

fn several(matcher: &Matcher, values: Result<Vec<Value>, &str>, things: &str, scope: &Scope) -> Looked {
    match values {
        Err(reason) => Looked::unseen(matcher, reason),
        Ok(mut values) => {
            let verdict = evaluate_any(matcher, &values, things, scope);
            let actual = match values.len() {
                0 => Value::Null,
                1 if !matches!(matcher, Matcher::List(_)) => values.remove(0),
                _ => Value::Array(values),
            };
            Looked::new(matcher, actual, verdict)
        }
    }
}

fn latency(matcher: &Matcher, reply: &AgentReply, context: &TurnContext<'_>) -> Looked {
    const UNIT: &str = " s";
    let bounds = bounds(matcher);
    let seconds = |reply: &AgentReply| decimal(rounded(reply.latency.total.as_secs_f64(), &bounds));
    let value = seconds(reply);
    let before = context.previous.map(seconds);
    let subject = Subject {
        value: Some(&value),
        before: before.as_ref().map_or(Before::Unknown(NO_TURN_BEFORE), |before| {
            Before::Known(Some(before))
        }),
    };
    let scope = Scope {
        unit: UNIT,
        ..Scope::new(context.now)
    };
    let verdict = evaluate_matcher(matcher, subject, &scope);
    Looked {
        expected: expected_value(matcher, UNIT),
        actual: Value::String(format!("{value}{UNIT}")),
        ..Looked::new(matcher, Value::Null, verdict)
    }
}

/// To a thousandth, or as fine as it takes to stand to every bound as the exact number does.
fn rounded(exact: f64, bounds: &[f64]) -> f64 {
    let is_alike = |number: &f64| {
        bounds
            .iter()
            .all(|bound| number.partial_cmp(bound) == exact.partial_cmp(bound))
    };
    [1e3, 1e4, 1e5, 1e6]
        .map(|parts| (exact * parts).round() / parts)
        .into_iter()
        .find(is_alike)
        .unwrap_or(exact)
}

/// The numbers that a matcher sets as limits.
fn bounds(matcher: &Matcher) -> Vec<f64> {
    match matcher {
        Matcher::Compare(_, bound) => bound.as_f64().into_iter().collect(),
        Matcher::Between(low, high) => [low, high].into_iter().filter_map(Value::as_f64).collect(),
        Matcher::Not(inner) => bounds(inner),
        Matcher::AnyOf(several) | Matcher::AllOf(several) => several.iter().flat_map(bounds).collect(),
        _ => Vec::new(),
    }
}

/// A decimal number; what JSON cannot hold becomes null.
pub(super) fn decimal(number: f64) -> Value {
    serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// A candidate as expectations see it.
pub(super) fn candidate(candidate: &Match) -> Value {
    let mut members = Map::new();
    if let Some(intent) = &candidate.intent {
        members.insert("intent".to_owned(), Value::String(intent.clone()));
    }
    if let Some(event) = &candidate.event {
        members.insert("event".to_owned(), Value::String(event.clone()));
    }
    members.insert("match".to_owned(), Value::String(candidate.kind.clone()));
    members.insert("confidence".to_owned(), decimal(candidate.confidence));
    members.insert(
        "parameters".to_owned(),
        Value::Object(candidate.parameters.clone()),
    );
    Value::Object(members)
}

/// A webhook call as expectations see it: `{name?, code, status, message}`, `status` being the code's name.
pub(super) fn webhook(call: &WebhookStatus) -> Value {
    let mut members = Map::new();
    if let Some(name) = &call.name {
        members.insert("name".to_owned(), Value::String(name.clone()));
    }
    members.insert("code".to_owned(), Value::from(call.code));
    members.insert("status".to_owned(), Value::from(status_name(call.code)));
    members.insert("message".to_owned(), Value::String(call.message.clone()));
    Value::Object(members)
}

/// A source, search, span or sentiment as expectations see it.
pub(super) fn evidence(shown: &impl serde::Serialize) -> Value {
    // Names and numbers: there is nothing in them that JSON lacks.
    serde_json::to_value(shown).unwrap_or_default()
}

/// Names of the gRPC status codes.
fn status_name(code: i32) -> &'static str {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    let index = usize::try_from(code).unwrap_or(usize::MAX);
    NAMES.get(index).copied().unwrap_or("UNKNOWN")
}

/// Lists that may not have been observed, as values.
trait AsValues<T> {
    fn as_values(&self, value: impl Fn(&T) -> Value) -> Result<Vec<Value>, &str>;
}

impl<T> AsValues<T> for Observed<Vec<T>> {
    fn as_values(&self, value: impl Fn(&T) -> Value) -> Result<Vec<Value>, &str> {
        match self {
            Self::Seen(items) => Ok(items.iter().map(value).collect()),
            Self::Unseen(reason) => Err(reason),
        }
    }
}

/// A row of the report in the making.
pub(super) struct Row<'a> {
    /// The expectation it comes from.
    pub(super) expectation: &'a Expectation,
    /// The expectation's name.
    pub(super) kind: &'static str,
    /// The member looked at.
    pub(super) path: String,
    /// What was expected.
    pub(super) expected: Value,
    /// What was there.
    pub(super) actual: Value,
}

impl Row<'_> {
    /// The row with what came of it.
    pub(super) fn checked(self, verdict: Verdict) -> Checked {
        match verdict {
            Verdict::Holds => self.row(Outcome::Passed, String::new()),
            Verdict::Invalid(message) => Checked {
                is_mistake: true,
                ..self.row(Outcome::Failed, message)
            },
            Verdict::Unobservable(reason) if self.expectation.required => {
                self.row(Outcome::Unobservable, reason)
            }
            Verdict::Unobservable(reason) => self.skipped(format!("is not required, and {reason}")),
            Verdict::Differs(differences) => {
                let diff = diff::of_differences(&differences).or_else(|| self.text_diff(&differences));
                let message = told(&differences);
                let mut checked = self.row(Outcome::Failed, message);
                checked.diff = diff;
                checked
            }
        }
    }

    /// A diff of the texts, where the expected value is the text itself and not a description of it.
    fn text_diff(&self, differences: &[Difference]) -> Option<crate::model::outcome::Diff> {
        let [only] = differences else {
            return None;
        };
        let is_itself = only.expected.as_deref() == Some(super::describe::show(&self.expected).as_str());
        is_itself
            .then(|| diff::of_values(&self.expected, &self.actual))
            .flatten()
    }

    /// The row of an expectation that was not asked.
    pub(super) fn skipped(self, reason: String) -> Checked {
        self.row(Outcome::Skipped, reason)
    }

    fn row(self, outcome: Outcome, message: String) -> Checked {
        Checked {
            kind: self.kind.to_owned(),
            path: self.path,
            line: self.expectation.line,
            outcome,
            expected: self.expected,
            actual: self.actual,
            message,
            diff: None,
            is_mistake: false,
        }
    }
}

/// All differences in one line; the first few in words, the rest counted.
fn told(differences: &[Difference]) -> String {
    super::describe::named(differences.iter().map(Difference::told), differences.len(), "; ")
}
