//! Evaluates one matcher against one value, which may be missing.

use chrono::{DateTime, FixedOffset};

use crate::model::Value;
use crate::model::suite::Matcher;

use super::describe::{describe_with_unit, member, show, show_option, type_words, within};
use super::json::{self, MOST_DIFFERENCES, type_name};
use super::{date, text};

mod operator;

pub(super) use operator::is_numeric;

/// What came of a matcher.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// The value is as expected.
    Holds,
    /// It is not; at least one difference.
    Differs(Vec<Difference>),
    /// The matcher is wrong, whatever the value is; the author must know, also below `not`.
    Invalid(String),
    /// What would decide it was not shown.
    Unobservable(String),
}

/// One place where a value is not as expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The place within the value; empty for the value itself.
    pub path: String,
    /// What differs.
    pub message: String,
    /// What was expected there, in words; nothing when nothing was.
    pub expected: Option<String>,
    /// What was there; nothing when nothing was.
    pub actual: Option<String>,
}

impl Difference {
    /// Something expected is not there.
    pub(super) fn missing(path: &str, expected: String) -> Self {
        Self {
            path: path.to_owned(),
            message: format!("expected {expected}, was absent"),
            expected: Some(expected),
            actual: None,
        }
    }

    /// Something is there that was not expected.
    pub(super) fn extra(path: &str, actual: &Value) -> Self {
        Self {
            path: path.to_owned(),
            message: format!("is not expected, was {}", show(actual)),
            expected: None,
            actual: Some(show(actual)),
        }
    }

    /// The place, when there is one, and what differs there.
    pub(super) fn told(&self) -> String {
        if self.path.is_empty() {
            self.message.clone()
        } else {
            format!("{}: {}", self.path, self.message)
        }
    }
}

impl Verdict {
    /// The value itself differs.
    pub(super) fn differs(message: String, expected: String, actual: &Value) -> Self {
        Self::Differs(vec![Difference {
            path: String::new(),
            message,
            expected: Some(expected),
            actual: Some(show(actual)),
        }])
    }

    fn below(self, step: &str) -> Self {
        match self {
            Self::Differs(mut differences) => {
                for difference in &mut differences {
                    difference.path = within(step, &difference.path);
                }
                Self::Differs(differences)
            }
            other => other,
        }
    }
}

/// The value before the turn, for `unchanged`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Before<'a> {
    /// Known, and possibly missing.
    Known(Option<&'a Value>),
    /// Not known, and why.
    Unknown(&'a str),
}

impl<'a> Before<'a> {
    fn step(self, find: impl Fn(&'a Value) -> Option<&'a Value>) -> Self {
        match self {
            Self::Known(value) => Self::Known(value.and_then(find)),
            unknown @ Self::Unknown(_) => unknown,
        }
    }
}

/// The value that is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// The value now, if it is there.
    pub(super) value: Option<&'a Value>,
    /// The value before the turn.
    pub(super) before: Before<'a>,
}

impl<'a> Subject<'a> {
    /// An item of a list has no "before": it has no name of its own.
    pub(super) fn item(value: &'a Value) -> Self {
        Self {
            value: Some(value),
            before: Before::Unknown("items of a list cannot be compared with those before the turn"),
        }
    }
}

/// What holds for the whole evaluation of one expectation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    /// The conversation's clock.
    pub(super) now: DateTime<FixedOffset>,
    /// A blank text counts as absent: `reply` of a turn without text.
    pub(super) blank_is_absent: bool,
    /// Written after numbers: `" s"` for latencies.
    pub(super) unit: &'static str,
}

impl Scope {
    /// The usual scope.
    pub(super) fn new(now: DateTime<FixedOffset>) -> Self {
        Self {
            now,
            blank_is_absent: false,
            unit: "",
        }
    }

    /// The scope of what lies below the value.
    fn inner(self) -> Self {
        Self::new(self.now)
    }
}

/// Evaluates a matcher.
pub(super) fn evaluate(matcher: &Matcher, subject: Subject<'_>, scope: &Scope) -> Verdict {
    match matcher {
        Matcher::Is(expected) => is(expected, subject.value, scope),
        Matcher::Equals(expected) => equals(expected, subject.value),
        Matcher::List(items) => list(items, subject, scope),
        Matcher::Subset(members) => subset(members, subject, scope),
        Matcher::AnyOf(alternatives) => any_of(matcher, alternatives, subject, scope),
        Matcher::AllOf(parts) if parts.is_empty() => Verdict::Invalid("`all_of` lists nothing".to_owned()),
        Matcher::AllOf(parts) => all(parts.iter().map(|part| evaluate(part, subject, scope))),
        Matcher::Not(inner) => not(inner, subject, scope),
        Matcher::Absent => presence(false, subject.value, scope),
        Matcher::Present => presence(true, subject.value, scope),
        Matcher::Unchanged => unchanged(subject),
        Matcher::Each(inner) => each(inner, subject.value, scope),
        Matcher::HasItem(inner) => has_item(inner, subject.value, scope),
        _ => match subject.value {
            None => missing(matcher, scope),
            Some(value) => operator::evaluate(matcher, value, scope),
        },
    }
}

/// An operator has nothing to look at; its own mistakes come first all the same.
fn missing(matcher: &Matcher, scope: &Scope) -> Verdict {
    match operator::evaluate(matcher, &Value::Null, scope) {
        Verdict::Invalid(message) => Verdict::Invalid(message),
        _ => Verdict::Differs(vec![Difference::missing(
            "",
            describe_with_unit(matcher, scope.unit),
        )]),
    }
}

/// A plain value: equality, white space of texts collapsed; a list or object from a template is one of plain values.
pub(super) fn is(expected: &Value, actual: Option<&Value>, scope: &Scope) -> Verdict {
    match (expected, actual) {
        (Value::Null, _) => presence(false, actual, scope),
        (_, None) => Verdict::Differs(vec![Difference::missing("", show(expected))]),
        (Value::Object(members), Some(Value::Object(given))) => all(members
            .iter()
            .map(|(name, value)| is(value, given.get(name), &scope.inner()).below(&member(name)))),
        (Value::Array(items), Some(Value::Array(given))) => {
            let length = items.len().max(given.len());
            all((0..length).map(|index| {
                match (items.get(index), given.get(index)) {
                    (Some(item), Some(value)) => is(item, Some(value), &scope.inner()),
                    // A null stands for nothing, but it takes a place in the list.
                    (Some(item), None) => Verdict::Differs(vec![Difference::missing("", show(item))]),
                    (None, Some(value)) => Verdict::Differs(vec![Difference::extra("", value)]),
                    (None, None) => Verdict::Holds,
                }
                .below(&format!("[{index}]"))
            }))
        }
        (Value::String(expected), Some(Value::String(actual))) if text::alike(expected, actual) => {
            Verdict::Holds
        }
        (_, Some(actual)) if json::equal(expected, actual) => Verdict::Holds,
        (Value::Number(_), Some(actual @ Value::Number(_))) if !scope.unit.is_empty() => {
            let (wanted, given) = (show_with(expected, scope.unit), show_with(actual, scope.unit));
            Verdict::differs(format!("expected {wanted}, was {given}"), wanted, actual)
        }
        (_, Some(actual)) => Verdict::differs(json::unequal(expected, actual), show(expected), actual),
    }
}

fn show_with(value: &Value, unit: &str) -> String {
    format!("{}{unit}", show(value))
}

fn equals(expected: &Value, actual: Option<&Value>) -> Verdict {
    match actual {
        None => Verdict::Differs(vec![Difference::missing("", show(expected))]),
        Some(actual) if json::equal(expected, actual) => Verdict::Holds,
        Some(actual) => Verdict::Differs(json::differences(expected, actual)),
    }
}

fn list(items: &[Matcher], subject: Subject<'_>, scope: &Scope) -> Verdict {
    let given = match subject.value {
        Some(Value::Array(given)) => given,
        other => return wrong_type("a list", other),
    };
    let length = items.len().max(given.len());
    all((0..length).map(|index| {
        let below = Subject {
            value: given.get(index),
            before: subject.before.step(|value| value.get(index)),
        };
        match (items.get(index), below.value) {
            (Some(item), Some(_)) => evaluate(item, below, &scope.inner()),
            (Some(item), None) => missing_item(item, below, scope),
            (None, Some(value)) => Verdict::Differs(vec![Difference::extra("", value)]),
            (None, None) => Verdict::Holds,
        }
        .below(&format!("[{index}]"))
    }))
}

/// An item that a list is too short for. It differs, also from `not: x`, unless the matcher asks for that very thing.
fn missing_item(item: &Matcher, subject: Subject<'_>, scope: &Scope) -> Verdict {
    match evaluate(item, subject, &scope.inner()) {
        verdict @ (Verdict::Invalid(_) | Verdict::Differs(_)) => verdict,
        verdict if asks_for_absence(item) => verdict,
        _ => Verdict::Differs(vec![Difference::missing("", describe_with_unit(item, ""))]),
    }
}

fn asks_for_absence(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::Absent => true,
        Matcher::AnyOf(parts) | Matcher::AllOf(parts) => parts.iter().any(asks_for_absence),
        Matcher::Not(inner) => matches!(**inner, Matcher::Present),
        _ => false,
    }
}

fn subset(members: &[(String, Matcher)], subject: Subject<'_>, scope: &Scope) -> Verdict {
    let given = match subject.value {
        Some(Value::Object(given)) => Some(given),
        None | Some(Value::Null) if !members.is_empty() => None,
        other => return wrong_type("an object", other),
    };
    all(members.iter().map(|(name, matcher)| {
        let below = Subject {
            value: given.and_then(|given| given.get(name)),
            before: subject.before.step(|value| value.get(name)),
        };
        evaluate(matcher, below, &scope.inner()).below(&member(name))
    }))
}

fn wrong_type(wanted: &str, actual: Option<&Value>) -> Verdict {
    let message = match actual {
        None | Some(Value::Null) => format!("expected {wanted}, was {}", show_option(actual)),
        Some(value) => format!("expected {wanted}, was {} {}", type_name(value), show(value)),
    };
    Verdict::Differs(vec![Difference {
        path: String::new(),
        message,
        expected: Some(wanted.to_owned()),
        actual: actual.map(show),
    }])
}

/// All must hold. A mistake of the author comes first; a certain difference wins over what was not shown.
pub(super) fn all(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let mut differences: Vec<Difference> = Vec::new();
    let mut unobservable = None;
    for verdict in verdicts {
        match verdict {
            Verdict::Holds => {}
            Verdict::Invalid(message) => return Verdict::Invalid(message),
            Verdict::Unobservable(reason) => unobservable = unobservable.or(Some(reason)),
            Verdict::Differs(more) => {
                let room = MOST_DIFFERENCES.saturating_sub(differences.len());
                differences.extend(more.into_iter().take(room));
            }
        }
    }
    match (differences.is_empty(), unobservable) {
        (false, _) => Verdict::Differs(differences),
        (true, Some(reason)) => Verdict::Unobservable(reason),
        (true, None) => Verdict::Holds,
    }
}

/// One must hold. A mistake of the author in any alternative comes first.
pub(super) fn any(verdicts: impl Iterator<Item = Verdict>, otherwise: impl FnOnce() -> Verdict) -> Verdict {
    let mut holds = false;
    let mut unobservable = None;
    for verdict in verdicts {
        match verdict {
            Verdict::Holds => holds = true,
            Verdict::Invalid(message) => return Verdict::Invalid(message),
            Verdict::Unobservable(reason) => unobservable = unobservable.or(Some(reason)),
            Verdict::Differs(_) => {}
        }
    }
    match (holds, unobservable) {
        (true, _) => Verdict::Holds,
        (false, Some(reason)) => Verdict::Unobservable(reason),
        (false, None) => otherwise(),
    }
}

fn any_of(matcher: &Matcher, alternatives: &[Matcher], subject: Subject<'_>, scope: &Scope) -> Verdict {
    if alternatives.is_empty() {
        return Verdict::Invalid("`any_of` lists nothing".to_owned());
    }
    let verdicts = alternatives
        .iter()
        .map(|alternative| evaluate(alternative, subject, scope));
    any(verdicts, || {
        let words = describe_with_unit(matcher, scope.unit);
        let message = format!(
            "is {}, none of {}",
            show_option(subject.value),
            words.trim_start_matches("any of ")
        );
        Verdict::Differs(vec![Difference {
            path: String::new(),
            message,
            expected: Some(words),
            actual: subject.value.map(show),
        }])
    })
}

fn not(inner: &Matcher, subject: Subject<'_>, scope: &Scope) -> Verdict {
    negate(evaluate(inner, subject, scope), inner, subject.value, scope)
}

/// The opposite verdict; mistakes and what was not shown stay as they are.
pub(super) fn negate(verdict: Verdict, inner: &Matcher, value: Option<&Value>, scope: &Scope) -> Verdict {
    match verdict {
        Verdict::Differs(_) => Verdict::Holds,
        Verdict::Holds => {
            let words = describe_with_unit(inner, scope.unit);
            Verdict::Differs(vec![Difference {
                path: String::new(),
                message: format!("should not be: {words}"),
                expected: Some(format!("not {words}")),
                actual: value.map(show),
            }])
        }
        other => other,
    }
}

fn presence(wanted: bool, actual: Option<&Value>, scope: &Scope) -> Verdict {
    let is_there = match actual {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) if scope.blank_is_absent => !text.trim().is_empty(),
        Some(_) => true,
    };
    match (wanted, is_there) {
        (true, false) => Verdict::Differs(vec![Difference {
            path: String::new(),
            message: match actual {
                Some(Value::Null) => "is null, should be present".to_owned(),
                _ => "is absent, should be present".to_owned(),
            },
            expected: Some("present".to_owned()),
            actual: actual.map(show),
        }]),
        (false, true) => Verdict::Differs(vec![Difference {
            path: String::new(),
            message: format!("is {}, should be absent", show_option(actual)),
            expected: Some("absent".to_owned()),
            actual: actual.map(show),
        }]),
        _ => Verdict::Holds,
    }
}

fn unchanged(subject: Subject<'_>) -> Verdict {
    let before = match subject.before {
        Before::Unknown(reason) => return Verdict::Unobservable(reason.to_owned()),
        Before::Known(before) => before.unwrap_or(&Value::Null),
    };
    let now = subject.value.unwrap_or(&Value::Null);
    if json::equal(before, now) {
        return Verdict::Holds;
    }
    let told = |value: &Value| match value {
        Value::Null => "absent".to_owned(),
        value => show(value),
    };
    Verdict::Differs(vec![Difference {
        path: String::new(),
        message: format!("was {} before the turn, is {} now", told(before), told(now)),
        expected: Some(told(before)),
        actual: subject.value.map(show),
    }])
}

fn each(inner: &Matcher, actual: Option<&Value>, scope: &Scope) -> Verdict {
    let Some(Value::Array(items)) = actual else {
        return or_invalid(inner, scope, || wrong_type("a list", actual));
    };
    if items.is_empty() {
        return or_invalid(inner, scope, || Verdict::Holds);
    }
    all(items.iter().enumerate().map(|(index, item)| {
        evaluate(inner, Subject::item(item), &scope.inner()).below(&format!("[{index}]"))
    }))
}

fn has_item(inner: &Matcher, actual: Option<&Value>, scope: &Scope) -> Verdict {
    let Some(Value::Array(items)) = actual else {
        return or_invalid(inner, scope, || wrong_type("a list", actual));
    };
    let missing = || {
        let words = describe_with_unit(inner, "");
        let message = match items.len() {
            0 => format!("the list is empty; no item {words}"),
            1 => format!("the one item is not {words}"),
            count => format!("none of {count} items is {words}"),
        };
        Verdict::Differs(vec![Difference {
            path: String::new(),
            message,
            expected: Some(format!("has an item {words}")),
            actual: actual.map(show),
        }])
    };
    if items.is_empty() {
        return or_invalid(inner, scope, missing);
    }
    let verdicts = items
        .iter()
        .map(|item| evaluate(inner, Subject::item(item), &scope.inner()));
    any(verdicts, missing)
}

/// A verdict reached without asking the inner matcher, unless that one is wrong in itself.
fn or_invalid(inner: &Matcher, scope: &Scope, otherwise: impl FnOnce() -> Verdict) -> Verdict {
    let nothing = Subject {
        value: None,
        before: Before::Known(None),
    };
    unless_invalid(evaluate(inner, nothing, &scope.inner()), otherwise)
}

/// Another verdict, unless the author made a mistake.
pub(super) fn unless_invalid(verdict: Verdict, otherwise: impl FnOnce() -> Verdict) -> Verdict {
    match verdict {
        invalid @ Verdict::Invalid(_) => invalid,
        _ => otherwise(),
    }
}

/// A verdict on `is_type`, shared with the operators.
fn is_type(kind: crate::model::suite::ValueType, value: &Value) -> Verdict {
    use crate::model::suite::ValueType;

    let fits = match kind {
        ValueType::Text => value.is_string(),
        ValueType::Number => value.is_number(),
        ValueType::Integer => json::number(value).is_some_and(|number| number.fract() == 0.0),
        ValueType::Boolean => value.is_boolean(),
        ValueType::List => value.is_array(),
        ValueType::Object => value.is_object(),
        ValueType::Null => value.is_null(),
    };
    if fits {
        return Verdict::Holds;
    }
    let wanted = type_words(kind);
    let given = match value {
        Value::Null => "null".to_owned(),
        value => format!("{} {}", type_name(value), show(value)),
    };
    Verdict::differs(format!("is {given}, not {wanted}"), wanted.to_owned(), value)
}

/// `date` and `is_type` need nothing of the operators' machinery.
fn simple(matcher: &Matcher, value: &Value, scope: &Scope) -> Option<Verdict> {
    match matcher {
        Matcher::Date(wanted) => Some(date::evaluate(wanted, value, scope.now)),
        Matcher::IsType(kind) => Some(is_type(*kind, value)),
        _ => None,
    }
}
