//! `transcript` and `audio`: what was heard of the user, and what the agent spoke.

use crate::model::Value;
use crate::model::outcome::{Checked, Diff};
use crate::model::suite::{AudioCheck, Expectation, Matcher};
use crate::model::transcript::{AgentReply, Observed, Spoken};

use super::super::matcher::{Before, Difference, Scope, Subject, Verdict, evaluate as evaluate_matcher};
use super::super::{TurnContext, diff, text};
use super::{Looked, Row, decimal, expected_value, observed};

/// What was heard; where words are counted, the words that differ are shown.
pub(super) fn transcript(matcher: &Matcher, reply: &AgentReply, context: &TurnContext<'_>) -> Looked {
    let looked = observed(matcher, reply, context, |reply| match &reply.transcript {
        Observed::Seen(text) => Ok(Some(Value::String(text.clone()))),
        Observed::Unseen(reason) => Err(reason.as_ref()),
    });
    let words = looked.actual.as_str().and_then(|heard| word_diff(matcher, heard));
    Looked {
        diff: words,
        ..looked
    }
}

/// How the words that were wanted differ from those that are there, for a matcher that counts words.
pub(super) fn word_diff(matcher: &Matcher, actual: &str) -> Option<Diff> {
    match matcher {
        Matcher::Wer {
            to: Value::String(wanted),
            ..
        } => diff::of_words(&text::words(wanted), &text::words(actual)),
        Matcher::AllOf(parts) => parts.iter().find_map(|part| word_diff(part, actual)),
        _ => None,
    }
}

/// Whether the user interrupted the agent.
pub(super) fn interrupted(wanted: bool, reply: &AgentReply) -> Looked {
    let actual = Value::Bool(reply.interrupted);
    let message = if wanted {
        "the user did not interrupt the agent"
    } else {
        "the user interrupted the agent"
    };
    let verdict = if reply.interrupted == wanted {
        Verdict::Holds
    } else {
        Verdict::Differs(vec![Difference {
            path: String::new(),
            message: message.to_owned(),
            expected: None,
            actual: None,
        }])
    };
    Looked::new(&Matcher::Is(Value::Bool(wanted)), actual, verdict)
}

/// A row for each thing that is expected of a spoken answer.
pub(super) fn rows(
    expectation: &Expectation,
    check: &AudioCheck,
    reply: &AgentReply,
    context: &TurnContext<'_>,
) -> Vec<Checked> {
    let row = |member: &str, expected, actual| Row {
        expectation,
        kind: "audio",
        path: format!("audio.{member}"),
        expected,
        actual,
    };
    let spoken = match &reply.audio {
        Observed::Seen(spoken) => Ok(spoken.as_ref()),
        Observed::Unseen(reason) => Err(reason.as_ref()),
    };
    let mut rows = Vec::new();
    if let Some(wanted) = check.present {
        let actual = spoken.map_or(Value::Null, |spoken| Value::Bool(spoken.is_some()));
        let verdict = presence(wanted, spoken);
        rows.push(row("present", Value::Bool(wanted), actual).checked(verdict));
    }
    if let Some(matcher) = &check.duration {
        let unit = " s";
        let scope = Scope {
            unit,
            ..Scope::new(context.now)
        };
        let seconds = |spoken: &Spoken| decimal((spoken.duration().as_secs_f64() * 1e3).round() / 1e3);
        let value = spoken.map(|spoken| spoken.map(seconds));
        let shown = value
            .as_ref()
            .map_or(Value::Null, |value| with_unit(value.as_ref(), unit));
        let verdict = judge(matcher, value, &scope);
        rows.push(row("duration", expected_value(matcher, unit), shown).checked(verdict));
    }
    if let Some(matcher) = &check.encoding {
        let name = |spoken: &Spoken| Value::from(spoken.format.encoding.name());
        let value = spoken.map(|spoken| spoken.map(name));
        let shown = value
            .as_ref()
            .map_or(Value::Null, |value| value.clone().unwrap_or_default());
        let verdict = judge(matcher, value, &Scope::new(context.now));
        rows.push(row("encoding", expected_value(matcher, ""), shown).checked(verdict));
    }
    rows
}

fn presence(wanted: bool, spoken: Result<Option<&Spoken>, &str>) -> Verdict {
    match spoken {
        Err(reason) => Verdict::Unobservable(reason.to_owned()),
        Ok(spoken) if spoken.is_some() == wanted => Verdict::Holds,
        Ok(_) => {
            let message = if wanted {
                "the agent did not speak"
            } else {
                "the agent spoke, should not"
            };
            Verdict::Differs(vec![Difference {
                path: String::new(),
                message: message.to_owned(),
                expected: None,
                actual: None,
            }])
        }
    }
}

fn judge(matcher: &Matcher, value: Result<Option<Value>, &str>, scope: &Scope) -> Verdict {
    match value {
        Err(reason) => Verdict::Unobservable(reason.to_owned()),
        Ok(value) => {
            let subject = Subject {
                value: value.as_ref(),
                before: Before::Unknown("spoken answers are not compared with those before"),
            };
            evaluate_matcher(matcher, subject, scope)
        }
    }
}

fn with_unit(value: Option<&Value>, unit: &str) -> Value {
    value.map_or(Value::Null, |value| Value::String(format!("{value}{unit}")))
}
