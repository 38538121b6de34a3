//! Plays one conversation: reads it, plays its attempts, derives the verdict, and hides what must not be seen.
//!
//! What leaves this file is redacted; nothing before it is shown to anyone.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::attempt::{self, Place, PlayedAttempt};
use super::retry::Retrying;
use super::{RunContext, RunTarget, journal, reason, verdict};
use crate::backend::Title;
use crate::model::event::{CancelReason, RunEvent};
use crate::model::outcome::{Attempt, ConversationResult, Verdict};
use crate::model::suite::{Conversation, EmulatorStubs};
use crate::redact::{Redact, Redactor, shorten};

/// A finished conversation, redacted, and its line for the journal.
#[derive(Debug)]
pub(super) struct Finished {
    /// Its position in the source.
    pub(super) position: usize,
    /// The result.
    pub(super) result: ConversationResult,
    /// The same as a line.
    pub(super) line: io::Result<Vec<u8>>,
}

impl Finished {
    /// Redacts a result and makes its line.
    pub(super) fn new(position: usize, mut result: ConversationResult, redactor: &Redactor) -> Self {
        result.redact(redactor);
        shorten_errors(&mut result);
        let line = journal::line_of(&result);
        Self {
            position,
            result,
            line,
        }
    }

    /// Without what no report shows; its line has it. Memory that another thread gives back is dear to both, so it is
    /// given back where it was made.
    pub(super) fn outlined(mut self) -> Self {
        self.result.outline();
        self
    }
}

/// Nobody reads more of what a service says when it fails, in characters.
const LONGEST_ERROR: usize = 1_000;

/// Cuts what services said. Not before it was redacted, see [`shorten`].
fn shorten_errors(result: &mut ConversationResult) {
    let errors = result
        .attempts
        .iter_mut()
        .filter_map(|attempt| attempt.error.as_mut());
    errors.for_each(|error| shorten(&mut error.message, LONGEST_ERROR));
    if let Some(reason) = result
        .reason
        .as_mut()
        .filter(|_| result.verdict == Verdict::Errored)
    {
        shorten(reason, LONGEST_ERROR);
    }
}

/// Plays the conversation at a position of the source.
pub(super) async fn play(context: &RunContext, position: usize) -> Finished {
    let result = play_conversation(context, position).await;
    Finished::new(position, result, &context.redactor)
}

async fn play_conversation(context: &RunContext, position: usize) -> ConversationResult {
    let heading = context.source.heading(position);
    let title = context.redactor.text(&heading.title()).into_owned();
    context.tell(RunEvent::ConversationStarted { title }).await;
    let conversation = match context.source.load(position) {
        Ok(conversation) => conversation,
        Err(error) => return heading.result(Verdict::Errored, Some(error.message)),
    };
    if let Some(why) = not_meant(&conversation, &heading.target) {
        return heading.result(Verdict::Skipped, Some(why));
    }
    let Some(target) = context.targets.get(&heading.target) else {
        let reason = format!("there is no target called `{}`", heading.target);
        return heading.result(Verdict::Errored, Some(reason));
    };
    let stubs = Arc::new(conversation.stubs.clone());
    let title = Arc::new(Title {
        suite: heading.suite.clone(),
        name: heading.name.clone(),
    });
    let attempts = play_attempts(context, &conversation, &stubs, target, &title).await;
    let derived = verdict::derive(conversation.repeat, conversation.known_issue.is_some(), &attempts);
    if let Some(cassettes) = &context.cassettes {
        // Half a conversation is not kept.
        if !context.cancellation.is_cancelled() && derived.verdict != Verdict::NotRun {
            cassettes.finish(&title).await;
        }
    }
    let reason = reason::of(
        derived.verdict,
        &conversation,
        &attempts,
        context.cancellation.reason(),
    );
    ConversationResult {
        recovered: derived.recovered,
        known_issue: conversation.known_issue.clone(),
        attempts,
        ..heading.result(derived.verdict, reason)
    }
}

/// Why a conversation is not played on this target at all.
pub(super) fn not_meant(conversation: &Conversation, target: &str) -> Option<String> {
    if conversation.skip.is_some() {
        return conversation.skip.clone();
    }
    let only_on = &conversation.only_on;
    let elsewhere = !only_on.is_empty() && !only_on.iter().any(|meant| meant == target);
    elsewhere.then(|| format!("only on {}; this is {target}", only_on.join(", ")))
}

async fn play_attempts(
    context: &RunContext,
    conversation: &Conversation,
    stubs: &Arc<EmulatorStubs>,
    target: &RunTarget,
    title: &Arc<Title>,
) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let turns = conversation.turns.len();
    for play in 1..=conversation.repeat.times {
        if play > 1 && context.cancellation.is_stopping() {
            return attempts;
        }
        let seed = seed_of(context.seed, title, play);
        let mut retrying = Retrying::new(conversation.retries, conversation.known_issue.is_some(), seed);
        loop {
            if context.cancellation.is_cancelled() {
                return attempts;
            }
            if !context.allowance.take(turns) {
                context.cancellation.cancel(CancelReason::MaxTurns);
                return attempts;
            }
            let place = Place {
                title: Arc::clone(title),
                play,
                attempt: u32::try_from(attempts.len() + 1).unwrap_or(u32::MAX),
            };
            let PlayedAttempt { attempt, ended } =
                attempt::play(context, conversation, stubs, target, place).await;
            context.allowance.give_back(turns.saturating_sub(attempt.sent()));
            attempts.push(attempt);
            let Some(wait) = retrying.after(ended) else { break };
            let wait = if context.is_hurried() {
                Duration::ZERO
            } else {
                wait
            };
            if !wait.is_zero() {
                tokio::select! {
                    () = context.cancellation.cancelled() => return attempts,
                    () = sleep(wait) => {}
                }
            }
        }
    }
    attempts
}

/// What chance does to a play: the same in every run of this seed.
fn seed_of(run: u64, title: &Title, play: u32) -> u64 {
    let mut hasher = DefaultHasher::new();
    (run, title, play).hash(&mut hasher);
    hasher.finish()
}
