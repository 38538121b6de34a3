//! `tool_calls`: tells missing, extra, reordered and wrongly called tools apart.
//!
//! Whether the calls are as expected is decided first (`sequence`, `pairing`); only then is the best account sought
//! of what is wrong (`account`): calls are paired with the expected call of the same tool whose arguments are closest.

use crate::model::outcome::{Checked, Outcome};
use crate::model::suite::{Expectation, ExpectedCall, ToolCallsCheck};
use crate::model::transcript::{Observed, ToolCall};
use crate::model::{Map, Value};

use super::TurnContext;
use super::check::Row;
use super::matcher::{Difference, Scope, Verdict};

use account::{Account, account};
use fit::{Table, call_words, expected_words};

mod account;
mod fit;
mod pairing;
mod sequence;

/// Calls of a turn, and expected calls, that are compared at most.
const MOST_CALLS: usize = 500;

/// How the calls must relate to the expected ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Exactly,
    Ordered,
    AnyOrder,
    Include,
    Never,
}

impl Mode {
    fn key(self) -> Option<&'static str> {
        match self {
            Self::Exactly => None,
            Self::Ordered => Some("ordered"),
            Self::AnyOrder => Some("any_order"),
            Self::Include => Some("include"),
            Self::Never => Some("never"),
        }
    }

    /// Whether calls that are not expected are wrong.
    fn is_closed(self) -> bool {
        matches!(self, Self::Exactly | Self::AnyOrder)
    }

    fn is_sequence(self) -> bool {
        matches!(self, Self::Exactly | Self::Ordered)
    }
}

/// The rows of `tool_calls`: one for each list of expected calls.
pub(super) fn rows(
    expectation: &Expectation,
    wanted: &ToolCallsCheck,
    calls: &Observed<Vec<ToolCall>>,
    context: &TurnContext<'_>,
) -> Vec<Checked> {
    match calls {
        Observed::Seen(calls) => parts(wanted)
            .into_iter()
            .map(|(mode, expected)| part(expectation, mode, expected, calls, None, context))
            .collect(),
        Observed::Unseen(reason) => rows_of_some(expectation, wanted, &[], reason, context),
    }
}

/// The rows when only some calls are known: what they show for certain stands (a forbidden call was made, an included
/// one was), the rest is unobservable for the reason given.
pub(super) fn rows_of_some(
    expectation: &Expectation,
    wanted: &ToolCallsCheck,
    calls: &[ToolCall],
    reason: &str,
    context: &TurnContext<'_>,
) -> Vec<Checked> {
    parts(wanted)
        .into_iter()
        .map(|(mode, expected)| part(expectation, mode, expected, calls, Some(reason), context))
        .collect()
}

/// The lists of a check; combined checks are taken apart.
fn parts(wanted: &ToolCallsCheck) -> Vec<(Mode, &[ExpectedCall])> {
    match wanted {
        ToolCallsCheck::Exactly(calls) => vec![(Mode::Exactly, calls)],
        ToolCallsCheck::Ordered(calls) => vec![(Mode::Ordered, calls)],
        ToolCallsCheck::AnyOrder(calls) => vec![(Mode::AnyOrder, calls)],
        ToolCallsCheck::Include(calls) => vec![(Mode::Include, calls)],
        ToolCallsCheck::Never(calls) => vec![(Mode::Never, calls)],
        ToolCallsCheck::All(checks) => checks.iter().flat_map(parts).collect(),
    }
}

fn part(
    expectation: &Expectation,
    mode: Mode,
    expected: &[ExpectedCall],
    calls: &[ToolCall],
    others_unseen: Option<&str>,
    context: &TurnContext<'_>,
) -> Checked {
    let words = Value::from(expected.iter().map(expected_words).collect::<Vec<_>>());
    let row = Row {
        expectation,
        kind: "tool_calls",
        path: mode
            .key()
            .map_or_else(|| "tool_calls".to_owned(), |key| format!("tool_calls.{key}")),
        expected: match mode.key() {
            None => words,
            Some(key) => Value::Object(Map::from_iter([(key.to_owned(), words)])),
        },
        actual: Value::from(calls.iter().take(MOST_CALLS).map(call_words).collect::<Vec<_>>()),
    };
    let answer = judge(mode, expected, calls, context);
    if let Some(reason) = others_unseen {
        let is_counted = expected.iter().any(|call| call.times.is_some());
        let is_certain = match &answer {
            Err(_) => true,
            Ok(account) if mode == Mode::Never => !account.problems.is_empty() && !is_counted,
            Ok(account) if mode == Mode::Include => account.problems.is_empty() && !is_counted,
            Ok(_) => false,
        };
        if !is_certain {
            let row = Row {
                actual: Value::Null,
                ..row
            };
            return row.checked(Verdict::Unobservable(reason.to_owned()));
        }
    }
    let account = match answer {
        Ok(account) => account,
        Err(message) => return row.checked(Verdict::Invalid(message)),
    };
    if account.problems.is_empty() {
        return row.checked(Verdict::Holds);
    }
    let differences = account.problems.iter().map(|problem| Difference {
        path: String::new(),
        message: problem.clone(),
        expected: None,
        actual: None,
    });
    let mut checked = row.checked(Verdict::Differs(differences.collect()));
    if checked.outcome == Outcome::Failed {
        checked.diff = account.diff;
        checked.line = account.line.unwrap_or(checked.line);
    }
    checked
}

/// What is wrong with the calls; nothing when they are as expected.
///
/// # Errors
/// When an expected call is wrong in itself, or there are too many to compare.
fn judge(
    mode: Mode,
    expected: &[ExpectedCall],
    calls: &[ToolCall],
    context: &TurnContext<'_>,
) -> Result<Account, String> {
    if calls.len() > MOST_CALLS || expected.len() > MOST_CALLS {
        return Err(format!("more than {MOST_CALLS} tool calls are not compared"));
    }
    let scope = Scope::new(context.now);
    let table = Table::new(expected, calls, context.service, &scope)?;
    if table.repeated() > MOST_CALLS {
        return Err(format!(
            "more than {MOST_CALLS} expected calls are not compared, repetitions included"
        ));
    }
    let as_expected = match mode {
        Mode::Exactly => sequence::exactly(&table),
        Mode::Ordered => sequence::ordered(&table) && table.totals_hold(),
        Mode::AnyOrder | Mode::Include | Mode::Never => false,
    };
    if as_expected {
        return Ok(Account::default());
    }
    let mut account = account(mode, &table);
    if mode.is_sequence() && account.problems.is_empty() {
        account
            .problems
            .push("the calls came in another order".to_owned());
    }
    Ok(account)
}
