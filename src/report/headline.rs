//! The one line that says what came of a conversation, and the place in a file that it speaks of. Lists, JUnit
//! messages, annotations and the lines above the progress bar all say it the same way.

use crate::model::Value;
use crate::model::outcome::{
    Attempt, AttemptOutcome, Checked, ConversationResult, ErrorRecord, Outcome, PlayedTurn, Verdict,
};

/// What happened first, and where that is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Headline {
    /// One line, not yet cleaned for any output.
    pub(super) text: String,
    /// What kind of thing it is: an expectation's name, an error's kind, `conversation`.
    pub(super) kind: String,
    /// File to look into.
    pub(super) file: String,
    /// 1-based line in it.
    pub(super) line: u32,
}

/// `suite / name`.
pub(super) fn title(result: &ConversationResult) -> String {
    format!("{} / {}", result.suite, result.name)
}

/// The attempt that decided the verdict: the first that came out as the verdict says (for a known issue that passes now,
/// the first that passed); the last one where none did.
pub(super) fn decisive(result: &ConversationResult) -> Option<&Attempt> {
    let wanted = match result.verdict {
        Verdict::Failed if result.known_issue.is_some() => AttemptOutcome::Passed,
        Verdict::Failed | Verdict::Flaky | Verdict::Skipped => AttemptOutcome::Failed,
        Verdict::Errored => AttemptOutcome::Errored,
        Verdict::Passed => AttemptOutcome::Passed,
        Verdict::NotRun => AttemptOutcome::Cancelled,
    };
    result
        .attempts
        .iter()
        .find(|attempt| attempt.outcome == wanted)
        .or(result.attempts.last())
}

/// What to say of a conversation that did not simply pass.
pub(super) fn of(result: &ConversationResult) -> Headline {
    let found = match result.verdict {
        Verdict::Failed | Verdict::Flaky | Verdict::Errored => {
            decisive(result).and_then(|attempt| of_attempt(result, attempt))
        }
        Verdict::Passed | Verdict::Skipped | Verdict::NotRun => None,
    };
    found.unwrap_or_else(|| {
        let reason = result
            .reason
            .clone()
            .unwrap_or_else(|| said(result.verdict).to_owned());
        at_conversation(result, reason, "conversation")
    })
}

/// What went wrong in an attempt; nothing if it passed.
pub(super) fn of_attempt(result: &ConversationResult, attempt: &Attempt) -> Option<Headline> {
    match attempt.outcome {
        AttemptOutcome::Passed => None,
        AttemptOutcome::Failed => first_of(result, attempt, Outcome::Failed),
        AttemptOutcome::Errored | AttemptOutcome::Cancelled => of_unanswered_turn(attempt)
            .or_else(|| first_of(result, attempt, Outcome::Unobservable))
            .or_else(|| {
                let error = attempt.error.as_ref()?;
                Some(at_conversation(result, error_line(error), &error.kind))
            }),
    }
}

/// The error of a turn that got no answer.
fn of_unanswered_turn(attempt: &Attempt) -> Option<Headline> {
    let error = attempt.error.as_ref()?;
    let turn = attempt
        .turns
        .last()
        .filter(|turn| turn.reply.is_none() && turn.skipped.is_none())?;
    Some(Headline {
        text: format!("turn {}: {}", turn.index, error_line(error)),
        kind: error.kind.clone(),
        file: turn.file.clone(),
        line: turn.line,
    })
}

/// `UNAVAILABLE: connection refused`.
pub(super) fn error_line(error: &ErrorRecord) -> String {
    match &error.code {
        Some(code) => format!("{code}: {}", error.message),
        None => error.message.clone(),
    }
}

/// What a failed or unobservable expectation says of itself.
pub(super) fn difference(checked: &Checked) -> String {
    if checked.outcome == Outcome::Unobservable {
        let why = if checked.message.is_empty() {
            String::new()
        } else {
            format!(": {}", checked.message)
        };
        format!("could not be observed{why}")
    } else if checked.message.is_empty() {
        format!(
            "expected {}, got {}",
            spoken(&checked.expected),
            spoken(&checked.actual)
        )
    } else {
        checked.message.clone()
    }
}

/// A message as it follows what it is about: `: expected …`, and `[0]: expected …` when it begins with an item of it.
pub(super) fn after_path(message: &str) -> String {
    if message.starts_with('[') {
        message.to_owned()
    } else {
        format!(": {message}")
    }
}

/// A value as people say it: text as it is, nothing as `nothing`, the rest as JSON.
pub(super) fn spoken(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether something in the turn went wrong.
pub(super) fn is_bad(turn: &PlayedTurn) -> bool {
    !turn.failures.is_empty() || turn.expectations.iter().any(is_bad_check)
}

/// Whether an expectation failed, or could not be decided.
pub(super) fn is_bad_check(checked: &Checked) -> bool {
    matches!(checked.outcome, Outcome::Failed | Outcome::Unobservable)
}

/// The verdict in a word or two.
pub(super) fn said(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Flaky => "flaky",
        Verdict::Failed => "failed",
        Verdict::Errored => "errored",
        Verdict::Skipped => "skipped",
        Verdict::NotRun => "not run",
    }
}

fn first_of(result: &ConversationResult, attempt: &Attempt, outcome: Outcome) -> Option<Headline> {
    let with_outcome = |checked: &&Checked| checked.outcome == outcome;
    for turn in &attempt.turns {
        let lead = format!("turn {}", turn.index);
        if let Some(failure) = turn.failures.first().filter(|_| outcome == Outcome::Failed) {
            return Some(Headline {
                text: format!("{lead}: {failure}"),
                kind: "turn".to_owned(),
                file: turn.file.clone(),
                line: turn.line,
            });
        }
        if let Some(checked) = turn.expectations.iter().find(with_outcome) {
            return Some(of_check(checked, &lead, &turn.file));
        }
    }
    let checked = attempt.expectations.iter().find(with_outcome)?;
    Some(of_check(checked, "whole conversation", &result.file))
}

fn of_check(checked: &Checked, lead: &str, file: &str) -> Headline {
    Headline {
        text: format!("{lead}: {}{}", checked.path, after_path(&difference(checked))),
        kind: checked.kind.clone(),
        file: file.to_owned(),
        line: checked.line,
    }
}

fn at_conversation(result: &ConversationResult, text: String, kind: &str) -> Headline {
    Headline {
        text,
        kind: kind.to_owned(),
        file: result.file.clone(),
        line: result.line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    /// It was told by an expectation of a play that had failed, as if that were wrong.
    #[test]
    fn a_known_issue_that_passes_now_is_told_by_its_reason() {
        let mut result = sample::fixed();
        result.attempts.insert(0, sample::failing().attempts.remove(0));
        assert_eq!(of(&result).text, "passes now: remove known_issue");
    }
}
