//! One turn: is it played, what is sent, what came back, does it hold.

use std::borrow::Cow;
use std::mem;

use super::attempt::{Player, unobservable};
use super::record;
use super::unknown::Unknown;
use crate::backend::Session;
use crate::expect::{self, CaptureError, Condition};
use crate::model::outcome::ReplyRecord;
use crate::model::suite::{Input, Turn};
use crate::model::transcript::{AgentReply, Observed};

impl Player<'_> {
    /// Plays the turn at `index`. Whatever happens, its record is the last one of the transcript; an error ends the
    /// attempt.
    pub(super) async fn play_turn(&mut self, index: usize, turn: &Turn) -> Result<(), Unknown> {
        self.budget.begin_turn();
        self.turns.push(record::unplayed(index, turn));
        let time_zone = self.set_time_zone(&turn.with);
        match self.condition(turn, time_zone.as_deref())? {
            Condition::Holds => {}
            Condition::Fails(why) => {
                self.turns[index].skipped = Some(why);
                return Ok(());
            }
            Condition::Unknown(why) => {
                return Err(Unknown::unobservable(format!("`when` cannot be decided: {why}")));
            }
            Condition::Mistaken(why) => {
                return Err(Unknown::suite(format!("`when` cannot be decided: {why}")));
            }
        }
        if let Some(after) = self.ended_after {
            let message = format!("the agent ended the conversation after turn {after}");
            self.turns[index].failures.push(message);
            return Ok(());
        }
        let turn = match self.script.turn(turn) {
            Ok(turn) => turn,
            // What a template needs was not captured: the agent did not say it.
            Err(unfilled) if unfilled.is_of_agent => {
                self.cannot_tell(self.turns[index].index, &unfilled.message);
                self.turns[index].failures.push(unfilled.message);
                return Ok(());
            }
            Err(unfilled) => return Err(Unknown::suite(unfilled.message)),
        };
        if let Cow::Owned(filled) = &turn {
            self.turns[index].input = record::input(&filled.input);
        }
        let mut session = self.take_session().await?;
        self.exchange(index, &turn, session.as_mut()).await?;
        let rated = self.rate(index, &turn, session.as_mut()).await;
        self.session = Some(session);
        let kept = match self.to_keep(index) {
            Some(spoken) => Some(spoken.write().await),
            None => None,
        };
        let checked = self.check(index, &turn);
        self.note_audio(index, kept);
        self.end_session(self.turns[index].index, &turn);
        // What was seen of the answer stands, whatever became of its rating.
        checked.and(rated)
    }

    /// Tells the service what the user thinks of the answer, if there is one and the turn says so.
    async fn rate(&mut self, index: usize, turn: &Turn, session: &mut dyn Session) -> Result<(), Unknown> {
        let Some(feedback) = turn
            .feedback
            .as_ref()
            .filter(|_| self.turns[index].failures.is_empty())
        else {
            return Ok(());
        };
        // It is a request like any other, but no model looks at it.
        let departure = self.depart_without_tokens().await;
        let timeout = self.budget.left();
        if timeout.is_zero() {
            return Err(self.budget.used_up().of_rating());
        }
        let rated = self.budget.wait(session.rate(feedback, timeout)).await;
        let rated = rated.map_err(Unknown::of_rating)?;
        let outcome = rated.as_ref().map(|()| None).map_err(|failed| &failed.error);
        self.keep_pace(departure, outcome).await;
        rated.map_err(|failed| Unknown::from(&failed.error).of_rating())?;
        if let Some(reply) = &mut self.partial {
            reply
                .notes
                .push(format!("the answer was rated {}", feedback.rating.name()));
        }
        Ok(())
    }

    /// Whether the turn is played at all, given what was answered before it.
    fn condition(&self, turn: &Turn, time_zone: Option<&str>) -> Result<Condition, Unknown> {
        if turn.when.is_empty() {
            return Ok(Condition::Holds);
        }
        let when = self.script.expectations(&turn.when).map_err(Unknown::suite)?;
        let context = self.turn_context(time_zone);
        Ok(expect::holds(&when, self.replies.last(), &context))
    }

    /// Where recordings are played in writing, what is written is what would have been heard: expectations and captures
    /// of transcripts are about that. Returns what was observed.
    fn hear_writing(&self, turn: &Turn, reply: &mut AgentReply) -> Option<Observed<String>> {
        if !self.is_twin_in_writing() {
            return None;
        }
        let written = match &turn.input {
            Input::Say(text) => text.clone(),
            Input::Silence => String::new(),
            _ => return None,
        };
        Some(mem::replace(&mut reply.transcript, Observed::Seen(written)))
    }

    /// Evaluates the answer to the turn, and remembers what it is asked to.
    fn check(&mut self, index: usize, turn: &Turn) -> Result<(), Unknown> {
        let Some(mut reply) = self.partial.take() else {
            return Ok(());
        };
        let unheard = self.hear_writing(turn, &mut reply);
        let context = self.turn_context(turn.with.time_zone.as_deref());
        let expectations = expect::evaluate_turn(&turn.expect, &reply, &context);
        let service = context.service;
        let mut unobserved = None;
        for capture in &turn.capture {
            let told = |error: &CaptureError| format!("`{}` was not captured: {error}", capture.name);
            match expect::capture(capture, &reply, service) {
                Ok(value) => self.script.remember(&capture.name, value),
                Err(error @ CaptureError::Absent(_)) => self.turns[index].failures.push(told(&error)),
                Err(error @ CaptureError::Unobserved(_)) => {
                    unobserved.get_or_insert_with(|| Unknown::not_captured(told(&error)));
                }
            }
        }
        // No report tells of something heard where nothing was.
        let written = unheard.map(|unheard| mem::replace(&mut reply.transcript, unheard));
        fill(&mut self.turns[index], &reply);
        if let Some(written) = written {
            reply.transcript = written;
        }
        self.turns[index].expectations = expectations;
        if reply.ended.is_some() {
            self.ended_after = Some(self.turns[index].index);
        }
        self.remember(reply);
        if turn.restart {
            self.restart();
        }
        if let Some(unknown) = unobserved {
            // What comes later may need it.
            return Err(unknown);
        }
        match unobservable(&self.turns[index].expectations) {
            Some(unknown) if !record::turn_failed(&self.turns[index]) => Err(unknown),
            _ => Ok(()),
        }
    }
}

/// Puts the answer into the turn's record.
pub(super) fn fill(record: &mut crate::model::outcome::PlayedTurn, reply: &AgentReply) {
    record.reply = Some(ReplyRecord::from(reply));
    record.calls = match reply.tool_calls.seen() {
        Some(calls) => calls.clone(),
        None => reply.pending.clone(),
    };
    record.latency_ms = record::latency(reply.latency);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::model::outcome::{AttemptOutcome, Sent, Verdict};
    use crate::model::suite::{Feedback, Rating, Turn};
    use crate::runner::Limit;
    use crate::runner::fake::{FakeBackend, FakeRun, expects, say, with_turns};

    fn rated(turn: Turn, reason: &str) -> Turn {
        Turn {
            feedback: Some(Feedback {
                rating: Rating::ThumbsDown,
                reason: Some(reason.to_owned()),
                labels: Vec::new(),
            }),
            ..turn
        }
    }

    #[tokio::test]
    async fn an_answer_is_rated_once_in_its_session() {
        let backend = FakeBackend::echo();
        let turns = [
            say("one"),
            rated(expects("two", "two"), "too short"),
            say("three"),
        ];
        let result = FakeRun::one(&backend, with_turns("a", turns)).await;
        assert_eq!(result.verdict, Verdict::Passed, "{:?}", result.reason);
        let told = backend.rated.lock().unwrap().clone();
        let [(session, feedback)] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!(*session, result.attempts[0].session);
        assert_eq!(feedback.reason.as_deref(), Some("too short"));
        let notes = |turn: usize| {
            result.attempts[0].turns[turn]
                .reply
                .as_ref()
                .unwrap()
                .notes
                .clone()
        };
        assert_eq!(notes(1), ["the answer was rated thumbs_down"]);
        assert!(notes(0).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_rating_leaves_at_the_targets_pace() {
        let backend = FakeBackend::echo();
        let turns = [rated(say("one"), "too short"), say("two")];
        let mut run = FakeRun::new(&backend, [with_turns("a", turns)]);
        run.limit = Some(Limit::new("fake", Some(60.0), 7));
        let played = run.play().await;
        assert_eq!(played.end.summary.passed, 1, "{:?}", played.end.summary);
        assert_eq!(
            played.took,
            Duration::from_secs(2),
            "three requests, a second apart"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_rating_that_a_quota_refuses_slows_the_target() {
        let backend = FakeBackend::echo();
        let mut conversation = with_turns("a", [rated(say("one"), "no quota")]);
        conversation.retries.errored = 0;
        let mut run = FakeRun::new(&backend, [conversation]);
        run.limit = Some(Limit::new("fake", Some(60.0), 7));
        let played = run.play().await;
        assert_eq!(played.results[0].verdict, Verdict::Errored);
        assert!(played.was_slowed_once(), "{:?}", played.end.slowed);
    }

    #[tokio::test]
    async fn a_refused_rating_leaves_the_outcome_unknown_but_hides_no_failure() {
        for (reply, outcome) in [
            ("two", AttemptOutcome::Errored),
            ("other", AttemptOutcome::Failed),
        ] {
            let backend = FakeBackend::echo();
            let turns = [rated(expects("two", reply), "refuse this"), say("never")];
            let result = FakeRun::one(&backend, with_turns("a", turns)).await;
            let attempt = &result.attempts[0];
            assert_eq!(attempt.outcome, outcome);
            assert_eq!(attempt.turns[0].sent, Sent::Yes);
            assert_eq!(attempt.turns[0].expectations.len(), 1);
            let error = attempt.error.as_ref().unwrap();
            assert!(error.message.starts_with("`feedback`: "), "{error:?}");
            assert_eq!(backend.inputs(), ["two"], "nothing is said after that");
        }
    }
}
