//! Tables over all of evaluation: every matcher and every expectation, with the messages that people read.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use serde_json::json;

use crate::model::outcome::{Checked, DiffSide, Outcome, ReplyRecord};
use crate::model::suite::{
    Check, Comparison, DateMatcher, Expectation, ExpectedCall, Matcher, Service, SimilarityAlgorithm,
    ToolCallsCheck, ValueType, VisitedStep,
};
use crate::model::transcript::{AgentReply, CallSource, Latency, Match, Observed, ToolCall, WebhookStatus};
use crate::model::{Map, Value};

use super::*;

mod conversations;
mod likeness;
mod matchers;
mod properties;
mod sound;
mod suggestions;
mod tool_calls;
mod turns;

fn now() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-03-02T10:00:00+01:00").unwrap()
}

fn context() -> TurnContext<'static> {
    TurnContext::new(Service::Cx, now())
}

fn expectation(check: Check) -> Expectation {
    Expectation {
        line: 7,
        required: true,
        only_on: None,
        check,
    }
}

/// A list's matchers, boxed in the ways they nest.
fn is(value: impl Into<Value>) -> Matcher {
    Matcher::Is(value.into())
}

fn not(matcher: Matcher) -> Matcher {
    Matcher::Not(Box::new(matcher))
}

fn subset<const N: usize>(members: [(&str, Matcher); N]) -> Matcher {
    Matcher::Subset(
        members
            .into_iter()
            .map(|(name, matcher)| (name.to_owned(), matcher))
            .collect(),
    )
}

fn map(value: Value) -> Map {
    match value {
        Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

fn call(tool: &str, args: Value) -> ToolCall {
    ToolCall {
        id: String::new(),
        tool: tool.to_owned(),
        args: map(args),
        response: None,
        source: CallSource::Agent,
        agent: None,
    }
}
