//! The one line that says why a conversation got its verdict.

use std::fmt::Write;

use super::dispatcher::stop_reason;
use crate::model::event::CancelReason;
use crate::model::outcome::{Attempt, AttemptOutcome, Checked, Outcome, PlayedTurn, Verdict};
use crate::model::suite::Conversation;

/// Says why; nothing for a conversation that simply passed.
pub(super) fn of(
    verdict: Verdict,
    conversation: &Conversation,
    attempts: &[Attempt],
    cancelled: Option<CancelReason>,
) -> Option<String> {
    let known_issue = conversation.known_issue.as_deref();
    match (verdict, known_issue) {
        (Verdict::Passed, _) | (Verdict::Skipped, None) => None,
        (Verdict::Skipped, Some(issue)) => Some(format!("known issue: {issue}")),
        (Verdict::Failed, Some(issue)) => Some(format!("passes now: remove known_issue ({issue})")),
        (Verdict::Failed, None) => {
            let mut reason = plays_failed(conversation, attempts);
            reason.push_str(&first_failure(attempts)?);
            Some(reason)
        }
        (Verdict::Flaky, _) => Some(format!("failed, then passed: {}", first_failure(attempts)?)),
        (Verdict::Errored, _) => last_error(attempts),
        (Verdict::NotRun, _) => cancelled.map(|reason| stop_reason(reason).to_owned()),
    }
}

fn plays_failed(conversation: &Conversation, attempts: &[Attempt]) -> String {
    let repeat = conversation.repeat;
    if repeat.times < 2 {
        return String::new();
    }
    let passed = attempts
        .chunk_by(|one, next| one.play == next.play)
        .filter(|play| {
            play.iter()
                .any(|attempt| attempt.outcome == AttemptOutcome::Passed)
        })
        .count();
    format!(
        "{passed} of {} plays passed, {} must: ",
        repeat.times, repeat.at_least
    )
}

fn first_failure(attempts: &[Attempt]) -> Option<String> {
    attempts
        .iter()
        .filter(|attempt| attempt.outcome == AttemptOutcome::Failed)
        .find_map(failure_of)
}

fn failure_of(attempt: &Attempt) -> Option<String> {
    let of_turns = attempt
        .turns
        .iter()
        .find_map(|turn| Some(format!("turn {}: {}", turn.index, failure_of_turn(turn)?)));
    of_turns.or_else(|| Some(format!("conversation: {}", failed(&attempt.expectations)?)))
}

fn failure_of_turn(turn: &PlayedTurn) -> Option<String> {
    turn.failures
        .first()
        .cloned()
        .or_else(|| failed(&turn.expectations))
}

fn failed(expectations: &[Checked]) -> Option<String> {
    expectations
        .iter()
        .find(|checked| checked.outcome == Outcome::Failed)
        .map(|checked| format!("{}: {}", checked.path, checked.message))
}

fn last_error(attempts: &[Attempt]) -> Option<String> {
    let attempt = attempts.iter().rev().find(|attempt| attempt.error.is_some())?;
    let error = attempt.error.as_ref()?;
    let mut reason = String::new();
    if let Some(turn) = attempt.turns.last() {
        // Writing to a text cannot fail.
        let _ = write!(reason, "turn {}: ", turn.index);
    }
    reason.push_str(&error.message);
    Some(reason)
}
