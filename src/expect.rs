//! Pure evaluation: (expectation, reply) → outcome. Every expectation of a turn and of a conversation, the `when`
//! of a turn, captures, the differences worth showing, and the `expect:` that would have held.
//!
//! Nothing here waits, reads files or knows a service's messages. A failed expectation is data, never an `Err`;
//! whatever an agent answers, evaluation ends in bounded time and never panics.
//!
//! The rules, where the suite language leaves them open:
//! - A null is as good as a missing value for `absent` and `present`; `equals: null` wants the null itself.
//! - `contains`, `starts_with` and the like take any run of white space for one blank, as plain equality does;
//!   `matches` sees the text as it is.
//! - A mistake of the author (an invalid regular expression, an empty operand, a word where a number must stand) fails
//!   the expectation even below `not` and `any_of`: it must not pass in silence.
//! - `visited` may stand anywhere in what was visited; neighbours must be neighbours, `..` bridges anything. A place
//!   visited several times running counts once.
//! - Of several payloads, transfers, webhook calls or candidates one must match; `not` wants that none does.
//!   Matchers about lists (a plain list, `each`, `has_item`, `has_length`) look at all of them.
//! - Members of what did not come (an end, a hand-off, a payload) differ, whatever is expected of them; so does an item
//!   that a plain list is too short for, unless it is expected to be `absent`.

use std::cmp::Ordering;

use chrono::{DateTime, FixedOffset, Offset as _, Utc};

use crate::model::outcome::{Checked, Diff};
use crate::model::suite::{Expectation, Matcher, Service};
use crate::model::transcript::AgentReply;
use crate::model::{Map, Value};

use matcher::{Before, Scope, Subject, Verdict};

pub use capture::{CaptureError, capture, check_path};
pub use check::kind;
pub use describe::describe;
pub use matcher::Difference;
pub use suggest::{suggest_all, suggest_for_failures};

mod any;
mod capture;
mod check;
mod conversation;
mod date;
mod describe;
mod diff;
mod json;
mod matcher;
mod parameters;
mod path;
mod suggest;
mod text;
mod tool_calls;
mod visited;

#[cfg(test)]
mod tests;

/// What evaluation must know besides the reply.
#[derive(Debug, Clone, Copy)]
pub struct TurnContext<'a> {
    /// Whose expectations apply.
    pub service: Service,
    /// The conversation's clock, in the conversation's time zone: it decides what "today" is.
    pub now: DateTime<FixedOffset>,
    /// Parameters (variables) before the turn, for `unchanged`; without them those of `previous` count.
    pub parameters_before: Option<&'a Map>,
    /// The reply before this one, for `unchanged`.
    pub previous: Option<&'a AgentReply>,
    /// What could be spoken is written: nobody can interrupt.
    pub in_writing: bool,
}

impl<'a> TurnContext<'a> {
    /// A context that knows nothing of the turn before.
    pub fn new(service: Service, now: DateTime<FixedOffset>) -> Self {
        Self {
            service,
            now,
            parameters_before: None,
            previous: None,
            in_writing: false,
        }
    }

    /// Says that what could be spoken is written.
    #[must_use]
    pub fn in_writing(mut self, in_writing: bool) -> Self {
        self.in_writing = in_writing;
        self
    }

    /// Adds the reply before this one.
    #[must_use]
    pub fn after(mut self, previous: Option<&'a AgentReply>) -> Self {
        self.previous = previous;
        self
    }

    /// Adds the parameters that were set before the turn.
    #[must_use]
    pub fn with_parameters_before(mut self, parameters: Option<&'a Map>) -> Self {
        self.parameters_before = parameters;
        self
    }
}

/// The moment as a clock in `time_zone` (an IANA name) shows it; unchanged when there is no such zone.
pub fn clock_in_zone(moment: DateTime<FixedOffset>, time_zone: Option<&str>) -> DateTime<FixedOffset> {
    match time_zone.map(str::parse::<chrono_tz::Tz>) {
        Some(Ok(zone)) => moment.with_timezone(&zone).fixed_offset(),
        _ => moment,
    }
}

/// Whether the `when` of a turn holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The turn is played.
    Holds,
    /// It is not, because of this.
    Fails(String),
    /// The service did not show what would decide it.
    Unknown(String),
    /// The condition itself is wrong: it would skip the turn whatever was answered.
    Mistaken(String),
}

/// Evaluates every expectation of a turn; at least one [`Checked`] for each, in their order. `parameters`,
/// `all_parameters` and combined `tool_calls` give one for each member.
pub fn evaluate_turn(
    expectations: &[Expectation],
    reply: &AgentReply,
    context: &TurnContext<'_>,
) -> Vec<Checked> {
    expectations
        .iter()
        .flat_map(|expectation| check::evaluate(expectation, reply, context))
        .collect()
}

/// Evaluates the expectations about a whole conversation, given all its replies in order.
///
/// What adds up is looked at as a whole: all text, all places visited, all tool calls, transfers, payloads, webhook
/// calls and candidates, and the sum of latencies. `ended` and `handoff` hold when any turn showed them. Everything
/// else (`parameters`, `page`, `flow`, `agent`, `intent`, `raw`, …) is that of the last turn, and `unchanged`
/// compares with what `context` says of the time before the first.
pub fn evaluate_conversation(
    expectations: &[Expectation],
    replies: &[AgentReply],
    context: &TurnContext<'_>,
) -> Vec<Checked> {
    conversation::evaluate(expectations, replies, context)
}

/// Whether all of a turn's `when` hold for the previous reply. A mistake of the author comes first; what holds for
/// certain or fails for certain wins over what could not be observed.
pub fn holds(when: &[Expectation], previous: Option<&AgentReply>, context: &TurnContext<'_>) -> Condition {
    use crate::model::outcome::Outcome;

    if when.is_empty() {
        return Condition::Holds;
    }
    let Some(reply) = previous else {
        return Condition::Fails("there is no reply before this turn".to_owned());
    };
    let rows = evaluate_turn(when, reply, context);
    let told = |row: &Checked| format!("{}: {}", row.path, row.message);
    if let Some(row) = rows.iter().find(|row| row.is_mistake) {
        return Condition::Mistaken(told(row));
    }
    if let Some(row) = rows.iter().find(|row| row.outcome == Outcome::Failed) {
        return Condition::Fails(told(row));
    }
    if let Some(row) = rows.iter().find(|row| row.outcome == Outcome::Unobservable) {
        return Condition::Unknown(told(row));
    }
    Condition::Holds
}

/// Whether a value matches, outside any turn (the `when` of a stub, say).
///
/// # Errors
/// When the matcher itself is wrong, as a lowercase fragment: an invalid regular expression, an empty operand, or
/// `unchanged`, which has nothing to compare with here.
pub fn matches(matcher: &Matcher, value: &Value, now: DateTime<FixedOffset>) -> Result<bool, String> {
    let scope = Scope::new(now);
    let subject = Subject {
        value: Some(value),
        before: Before::Unknown("there is no turn to compare with"),
    };
    match matcher::evaluate(matcher, subject, &scope) {
        Verdict::Holds => Ok(true),
        Verdict::Differs(_) => Ok(false),
        Verdict::Invalid(message) | Verdict::Unobservable(message) => Err(message),
    }
}

/// Whether a text can be compared with others by `gt` and its like: as a number, a date or a time.
pub fn has_order(value: &Value) -> bool {
    matcher::is_numeric(value) || date::Moment::read(value).is_some()
}

/// How two operands of `between` stand to each other: as numbers, or as dates and times. `None` where they have no
/// common order; a text is a number only once a template has made it one.
pub fn order_of(one: &Value, other: &Value) -> Option<Ordering> {
    match (json::number(one), json::number(other)) {
        (Some(one), Some(other)) => one.partial_cmp(&other),
        _ => date::Moment::read(one)?.compare(date::Moment::read(other)?, Utc.fix()),
    }
}

/// Every place where two JSON values differ (as far as more help anybody), numbers compared by value.
pub fn differences(expected: &Value, actual: &Value) -> Vec<Difference> {
    json::differences(expected, actual)
}

/// Differences as lines to look at; `None` when there are none, or none has a place within the values.
pub fn difference_lines(differences: &[Difference]) -> Option<Diff> {
    diff::of_differences(differences)
}

/// The share of words that were heard wrongly (word error rate), by what was said; nothing where nothing was, or where
/// there are too many words to compare.
pub fn word_error_rate(said: &str, heard: &str) -> Option<f64> {
    text::word_error_rate(said, heard).ok()
}
