//! `ended` and `handoff`: something that happened in the turn or did not, with metadata.

use crate::model::suite::Matcher;
use crate::model::{Map, Value};

use super::super::describe::{describe, show, show_option};
use super::super::matcher::{
    Before, Difference, Scope, Subject, Verdict, all, any, evaluate, negate, unless_invalid,
};
use super::Looked;

/// What to say when it did not happen and should have, and the other way round.
pub(super) const ENDED: (&str, &str) = (
    "the conversation goes on, should have ended",
    "the conversation ended, should go on",
);
/// As [`ENDED`].
pub(super) const HANDOFF: (&str, &str) = ("there was no hand-off", "there was a hand-off, should be none");

/// Something that happened or did not, with metadata: `true` and `false` ask whether, anything else looks at the
/// metadata.
pub(super) fn look(matcher: &Matcher, metadata: Option<&Map>, words: (&str, &str), scope: &Scope) -> Looked {
    let value = metadata.cloned().map(Value::Object);
    let verdict = verdict(matcher, value.as_ref(), words, scope);
    let actual = match (matcher, value) {
        (Matcher::Is(Value::Bool(_)) | Matcher::Equals(Value::Bool(_)), value) => {
            Value::Bool(value.is_some())
        }
        (_, value) => value.unwrap_or_default(),
    };
    Looked::new(matcher, actual, verdict)
}

fn verdict(matcher: &Matcher, metadata: Option<&Value>, words: (&str, &str), scope: &Scope) -> Verdict {
    let again = |inner: &Matcher| verdict(inner, metadata, words, scope);
    let (absent, present) = words;
    let subject = Subject {
        value: metadata,
        before: Before::Unknown("what happens in a turn has no state before it"),
    };
    match matcher {
        Matcher::Is(Value::Bool(wanted)) | Matcher::Equals(Value::Bool(wanted)) => {
            if *wanted == metadata.is_some() {
                return Verdict::Holds;
            }
            let message = if *wanted { absent } else { present }.to_owned();
            Verdict::Differs(vec![Difference {
                path: String::new(),
                message,
                expected: Some(wanted.to_string()),
                actual: Some(metadata.is_some().to_string()),
            }])
        }
        Matcher::Not(inner) => negate(again(inner), inner, metadata, scope),
        Matcher::AllOf(parts) if !parts.is_empty() => all(parts.iter().map(again)),
        Matcher::AnyOf(parts) if !parts.is_empty() => any(parts.iter().map(again), || {
            let words = describe(matcher);
            Verdict::Differs(vec![Difference {
                path: String::new(),
                message: format!("expected {words}, was {}", show_option(metadata)),
                expected: Some(words),
                actual: metadata.map(show),
            }])
        }),
        // Members of something that did not happen are not even absent.
        Matcher::Subset(_) if metadata.is_none() => unless_invalid(evaluate(matcher, subject, scope), || {
            Verdict::Differs(vec![Difference {
                path: String::new(),
                message: absent.to_owned(),
                expected: Some(describe(matcher)),
                actual: None,
            }])
        }),
        _ => evaluate(matcher, subject, scope),
    }
}
