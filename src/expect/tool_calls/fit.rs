//! One expected call against one call, and the table of all of them.

use crate::model::suite::{ExpectedCall, Matcher, Service};
use crate::model::transcript::{CallSource, ToolCall};
use crate::model::{Map, Value};

use super::super::describe::{describe, member, named, shorten, show};
use super::super::matcher::{Before, Difference, Scope, Subject, Verdict, all, any, evaluate};

/// Repetitions of one expected call that are paired one by one.
const MOST_REPEATED: usize = 100;

/// How a call stands to an expected one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fit {
    /// Another tool.
    Other,
    /// The same tool, called otherwise; what differs, in words.
    Unlike(Vec<String>),
    /// As expected.
    Full,
}

/// How often an expected call must come.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Times {
    /// `times` is not set: once; where others are allowed, at least once.
    Once,
    /// Which numbers of calls are right, from 0 to the number of calls there are.
    Counted {
        /// Whether so many calls are right.
        right: Vec<bool>,
        /// The number, when it is a plain one above 0.
        exactly: Option<usize>,
        /// Whether it is 0: there must be none.
        forbidden: bool,
        /// What is expected, in words.
        words: String,
    },
}

impl Times {
    /// Whether so many calls are right.
    pub(super) fn accepts(&self, count: usize) -> bool {
        match self {
            Self::Once => count == 1,
            Self::Counted { right, .. } => right.get(count).copied().unwrap_or(false),
        }
    }
}

/// Every expected call against every call.
#[derive(Debug)]
pub(super) struct Table<'a> {
    /// What is expected.
    pub(super) expected: &'a [ExpectedCall],
    /// What was called.
    pub(super) calls: &'a [ToolCall],
    /// How often each expected call must come.
    pub(super) times: Vec<Times>,
    fits: Vec<Vec<Fit>>,
}

impl<'a> Table<'a> {
    /// Compares everything with everything.
    ///
    /// # Errors
    /// When an expected call is wrong in itself.
    pub(super) fn new(
        expected: &'a [ExpectedCall],
        calls: &'a [ToolCall],
        service: Service,
        scope: &Scope,
    ) -> Result<Self, String> {
        for wanted in expected {
            mistakes(wanted, scope)?;
        }
        let times = expected.iter().map(|wanted| times(wanted, calls.len(), scope));
        let fits = expected.iter().map(|wanted| {
            calls
                .iter()
                .map(|call| fit(wanted, call, service, scope))
                .collect()
        });
        Ok(Self {
            expected,
            calls,
            times: times.collect::<Result<_, _>>()?,
            fits: fits.collect::<Result<_, _>>()?,
        })
    }

    /// How a call stands to an expected one.
    pub(super) fn fit(&self, expected: usize, call: usize) -> &Fit {
        self.fits
            .get(expected)
            .and_then(|row| row.get(call))
            .unwrap_or(&Fit::Other)
    }

    /// Whether a call is as expected.
    pub(super) fn is_full(&self, expected: usize, call: usize) -> bool {
        *self.fit(expected, call) == Fit::Full
    }

    /// Expected calls, repetitions counted singly.
    pub(super) fn repeated(&self) -> usize {
        let counts = self.times.iter().map(|times| match times {
            Times::Counted {
                exactly: Some(count), ..
            } => *count,
            _ => 1,
        });
        counts.sum()
    }

    /// How many calls are as expected here.
    pub(super) fn count(&self, expected: usize) -> usize {
        (0..self.calls.len())
            .filter(|call| self.is_full(expected, *call))
            .count()
    }

    /// Whether the calls that fit an expected one fit no other.
    pub(super) fn is_alone(&self, expected: usize) -> bool {
        (0..self.calls.len())
            .filter(|call| self.is_full(expected, *call))
            .all(|call| (0..self.expected.len()).all(|other| other == expected || !self.is_full(other, call)))
    }

    /// Whether every explicit `times` holds over all calls, where no other expected call may claim some of them.
    pub(super) fn totals_hold(&self) -> bool {
        (0..self.expected.len()).all(|index| match &self.times[index] {
            Times::Once => true,
            counted @ Times::Counted { .. } => !self.is_alone(index) || counted.accepts(self.count(index)),
        })
    }
}

fn nothing() -> Subject<'static> {
    Subject {
        value: None,
        before: Before::Unknown("calls have no state before the turn"),
    }
}

/// Mistakes of the author are told even when no call comes near.
fn mistakes(wanted: &ExpectedCall, scope: &Scope) -> Result<(), String> {
    let matchers = [
        Some(&wanted.tool),
        wanted.args.as_ref(),
        wanted.all_args.as_ref(),
        wanted.response.as_ref(),
        wanted.agent.as_ref(),
    ];
    for matcher in matchers.into_iter().flatten() {
        if let Verdict::Invalid(message) = evaluate(matcher, nothing(), scope) {
            return Err(message);
        }
    }
    Ok(())
}

fn times(wanted: &ExpectedCall, calls: usize, scope: &Scope) -> Result<Times, String> {
    let Some(matcher) = &wanted.times else {
        return Ok(Times::Once);
    };
    let right = (0..=calls)
        .map(
            |count| match evaluate(matcher, Subject::item(&Value::from(count)), scope) {
                Verdict::Holds => Ok(true),
                Verdict::Differs(_) => Ok(false),
                Verdict::Invalid(message) | Verdict::Unobservable(message) => {
                    Err(format!("times: {message}"))
                }
            },
        )
        .collect::<Result<_, _>>()?;
    let exactly = match matcher {
        Matcher::Is(value) | Matcher::Equals(value) => {
            value.as_u64().and_then(|count| usize::try_from(count).ok())
        }
        _ => None,
    };
    Ok(Times::Counted {
        right,
        forbidden: exactly == Some(0),
        exactly: exactly.filter(|count| (1..=MOST_REPEATED).contains(count)),
        words: describe(matcher),
    })
}

fn fit(wanted: &ExpectedCall, call: &ToolCall, service: Service, scope: &Scope) -> Result<Fit, String> {
    if !is_tool(&wanted.tool, &call.tool, service, scope) {
        return Ok(Fit::Other);
    }
    let mut unlike = Vec::new();
    let mut look = |what: &str, verdict: Verdict| match verdict {
        Verdict::Holds => Ok(()),
        Verdict::Differs(differences) => {
            let told = named(differences.iter().map(Difference::told), differences.len(), ", ");
            unlike.push(format!("{what} {told}"));
            Ok(())
        }
        Verdict::Invalid(message) | Verdict::Unobservable(message) => Err(message),
    };
    let args = Value::Object(call.args.clone());
    if let Some(matcher) = &wanted.args {
        look("argument:", evaluate(matcher, Subject::item(&args), scope))?;
    }
    if let Some(matcher) = &wanted.all_args {
        look("argument:", all_args(matcher, &call.args, scope))?;
    }
    if let Some(matcher) = &wanted.response {
        let subject = Subject {
            value: call.response.as_ref(),
            ..nothing()
        };
        look("response:", evaluate(matcher, subject, scope))?;
    }
    if let Some(matcher) = &wanted.agent {
        let agent = call.agent.clone().map(Value::String);
        let subject = Subject {
            value: agent.as_ref(),
            ..nothing()
        };
        look("agent:", evaluate(matcher, subject, scope))?;
    }
    if let Some(source) = wanted.source.filter(|source| *source != call.source) {
        let message = format!(
            "source: expected {}, was {}",
            source_name(source),
            source_name(call.source)
        );
        unlike.push(message);
    }
    Ok(if unlike.is_empty() {
        Fit::Full
    } else {
        Fit::Unlike(unlike)
    })
}

/// Whether the tool is the one expected. CX: `tool` alone stands for every action of the tool.
fn is_tool(matcher: &Matcher, tool: &str, service: Service, scope: &Scope) -> bool {
    let is = |name: &str| evaluate(matcher, Subject::item(&Value::from(name)), scope) == Verdict::Holds;
    if is(tool) {
        return true;
    }
    let is_plain = matches!(matcher, Matcher::Is(_) | Matcher::Equals(_));
    is_plain && service == Service::Cx && tool.split_once('/').is_some_and(|(tool, _)| is(tool))
}

/// All the arguments: those expected, and no others.
fn all_args(matcher: &Matcher, given: &Map, scope: &Scope) -> Verdict {
    let args = Value::Object(given.clone());
    no_others(matcher, &[], &args, scope)
}

/// The arguments match, and there are none but those that the matcher names or that are allowed beside them.
fn no_others(matcher: &Matcher, allowed: &[&str], args: &Value, scope: &Scope) -> Verdict {
    match matcher {
        Matcher::AnyOf(parts) if !parts.is_empty() => {
            let each = parts.iter().map(|part| no_others(part, allowed, args, scope));
            any(each, || {
                let words = describe(matcher);
                Verdict::differs(format!("expected only {words}, was {}", show(args)), words, args)
            })
        }
        Matcher::AllOf(parts) if !parts.is_empty() => all(parts.iter().enumerate().map(|(index, part)| {
            let others = parts.iter().enumerate().filter(|(other, _)| *other != index);
            let beside = others.flat_map(|(_, other)| argument_names(other));
            let allowed: Vec<&str> = allowed.iter().copied().chain(beside).collect();
            no_others(part, &allowed, args, scope)
        })),
        _ => {
            let names = argument_names(matcher);
            let extra = args.as_object().into_iter().flatten();
            let extra = extra
                .filter(|(name, _)| !names.contains(&name.as_str()) && !allowed.contains(&name.as_str()))
                .map(|(name, value)| Verdict::Differs(vec![Difference::extra(&member(name), value)]));
            all([evaluate(matcher, Subject::item(args), scope)]
                .into_iter()
                .chain(extra))
        }
    }
}

/// The arguments that a matcher names.
fn argument_names(matcher: &Matcher) -> Vec<&str> {
    match matcher {
        Matcher::Subset(members) => members.iter().map(|(name, _)| name.as_str()).collect(),
        Matcher::Is(Value::Object(members)) | Matcher::Equals(Value::Object(members)) => {
            members.keys().map(String::as_str).collect()
        }
        Matcher::AnyOf(parts) | Matcher::AllOf(parts) => parts.iter().flat_map(argument_names).collect(),
        _ => Vec::new(),
    }
}

fn source_name(source: CallSource) -> &'static str {
    match source {
        CallSource::Client => "client",
        CallSource::Agent => "agent",
        CallSource::Nested => "nested",
    }
}

/// A call as a person would write it: `lookup_order(order_id: "A1")`.
pub(super) fn call_words(call: &ToolCall) -> String {
    if call.args.is_empty() {
        return shorten(&call.tool);
    }
    let args = call
        .args
        .iter()
        .map(|(name, value)| format!("{}: {}", member(name), show(value)));
    format!("{}({})", shorten(&call.tool), named(args, call.args.len(), ", "))
}

/// An expected call as a person would write it.
pub(super) fn expected_words(wanted: &ExpectedCall) -> String {
    let tool = match &wanted.tool {
        Matcher::Is(Value::String(name)) | Matcher::Equals(Value::String(name)) => shorten(name),
        other => format!("<{}>", describe(other)),
    };
    let of = |matcher: &Matcher| match matcher {
        Matcher::Subset(members) => {
            let words = members
                .iter()
                .map(|(name, matcher)| format!("{}: {}", member(name), describe(matcher)));
            named(words, members.len(), ", ")
        }
        Matcher::Is(Value::Object(members)) | Matcher::Equals(Value::Object(members)) => {
            let words = members
                .iter()
                .map(|(name, value)| format!("{}: {}", member(name), show(value)));
            named(words, members.len(), ", ")
        }
        other => describe(other),
    };
    let args = match (&wanted.args, &wanted.all_args) {
        (Some(args), _) => format!("({})", of(args)),
        (None, Some(args)) => format!("(only {})", of(args)),
        (None, None) => String::new(),
    };
    let times = wanted
        .times
        .as_ref()
        .map(|times| format!(" × {}", describe(times)));
    let source = wanted
        .source
        .map(|source| format!(" (source {})", source_name(source)));
    format!(
        "{tool}{args}{}{}",
        times.unwrap_or_default(),
        source.unwrap_or_default()
    )
}
