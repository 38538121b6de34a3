//! One attempt: the conversation played once, in a session of its own (in several after `then: restart`).

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Local, SecondsFormat, Utc};
use tokio::time::Instant;
use uuid::Uuid;

use super::budget::Budget;
use super::dispatcher::stop_reason;
use super::limit::Departure;
use super::record::{any, millis, turn_failed};
use super::retry::{Ended, Patience};
use super::script::Script;
use super::turn::fill;
use super::unknown::Unknown;
use super::{RunContext, RunTarget};
use crate::backend::{Session, SessionStart, Take, Title};
use crate::expect::{self, TurnContext};
use crate::model::outcome::{Attempt, AttemptOutcome, Checked, Outcome, Outlined, PlayedTurn};
use crate::model::suite::{
    Channel, Check, Conversation, EmulatorStubs, HistoryChunk, RunMethod, Service, Start, Turn, With,
};
use crate::model::transcript::AgentReply;
use crate::suite::history::History;

/// An attempt that is over.
#[derive(Debug)]
pub(super) struct PlayedAttempt {
    /// As it is reported.
    pub(super) attempt: Attempt,
    /// As the retries see it.
    pub(super) ended: Ended,
}

/// Which attempt it is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Whose.
    pub(super) title: Arc<Title>,
    /// Its number within a `repeat`, from 1.
    pub(super) play: u32,
    /// Its number within the conversation, from 1.
    pub(super) attempt: u32,
}

/// Plays an attempt.
pub(super) async fn play(
    context: &RunContext,
    conversation: &Conversation,
    stubs: &Arc<EmulatorStubs>,
    target: &RunTarget,
    place: Place,
) -> PlayedAttempt {
    let started_at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let start = Instant::now();
    let play = place.play;
    let now = now(context, conversation, target, &place).await;
    let mut player = Player::new(context, conversation, stubs, target, place, now);
    // The player outlives the future that plays: when that is dropped, what was said so far is kept.
    let end = tokio::select! {
        biased;
        () = context.cancellation.cancelled() => End::Cancelled,
        end = player.play() => end.map_or_else(End::Unknown, End::Played),
    };
    player.keep_partial();
    let (outcome, error, expectations) = player.judge(end);
    let ended = error.as_ref().map_or(
        Ended {
            outcome,
            transient: false,
            patience: Patience::None,
        },
        |unknown| unknown.ended(outcome),
    );
    let attempt = Attempt {
        session: player.session_id,
        started_at,
        elapsed_ms: millis(start.elapsed()),
        play,
        outcome,
        error: error.map(|unknown| unknown.error),
        expectations,
        turns: player.turns,
        outlined: Outlined::default(),
    };
    PlayedAttempt { attempt, ended }
}

/// The attempt's time: the one that was chosen, else the one at which it was recorded, else this very moment.
async fn now(
    context: &RunContext,
    conversation: &Conversation,
    target: &RunTarget,
    place: &Place,
) -> DateTime<FixedOffset> {
    if let Some(chosen) = conversation.clock.or(target.clock) {
        return chosen;
    }
    let recorded = match &context.cassettes {
        Some(cassettes) => cassettes.clock(&place.title, place.attempt).await,
        None => None,
    };
    recorded.unwrap_or_else(|| Local::now().fixed_offset())
}

/// How playing came to its end.
enum End {
    /// All turns were played; what came of the expectations about the whole conversation.
    Played(Vec<Checked>),
    Unknown(Unknown),
    Cancelled,
}

/// Plays the turns of an attempt and keeps what was said.
pub(super) struct Player<'run> {
    pub(super) context: &'run RunContext,
    pub(super) conversation: &'run Conversation,
    stubs: &'run Arc<EmulatorStubs>,
    pub(super) target: &'run RunTarget,
    place: Place,
    /// Sessions begun so far.
    sessions: u32,
    pub(super) script: Script,
    pub(super) budget: Budget,
    /// The conversation's time; it stands still while it is played.
    now: DateTime<FixedOffset>,
    /// The session, from its first turn on.
    pub(super) session: Option<Box<dyn Session>>,
    /// What sessions are told of earlier ones, from the first one on; nothing where one session holds all turns.
    history: Option<History>,
    /// What the user handed over in the turn that is being played.
    pub(super) handed: Vec<HistoryChunk>,
    /// Why a session cannot be told what was said before.
    untold: Option<String>,
    /// What let the session be opened lets its first request leave.
    pub(super) departure: Option<Departure>,
    /// The last request of the turn, if its answer did not tell how many tokens it took.
    pub(super) uncounted: Option<Departure>,
    session_id: String,
    /// All replies so far, or those that are still needed: [`Player::remember`].
    pub(super) replies: Vec<AgentReply>,
    /// How many of them belong to earlier sessions.
    earlier: usize,
    /// The transcript; its last turn is the one being played.
    pub(super) turns: Vec<PlayedTurn>,
    /// What was answered so far in the turn that is being played.
    pub(super) partial: Option<Box<AgentReply>>,
    /// Whether something in the conversation looks at raw responses.
    pub(super) want_raw: bool,
    /// The turn after which the agent ended the conversation.
    pub(super) ended_after: Option<u32>,
}

impl<'run> Player<'run> {
    fn new(
        context: &'run RunContext,
        conversation: &'run Conversation,
        stubs: &'run Arc<EmulatorStubs>,
        target: &'run RunTarget,
        place: Place,
        now: DateTime<FixedOffset>,
    ) -> Self {
        let zoned = expect::clock_in_zone(now, conversation.with.time_zone.as_deref());
        Self {
            context,
            conversation,
            stubs,
            target,
            place,
            sessions: 0,
            script: Script::new(conversation, zoned, &context.variables),
            budget: Budget::new(conversation.timeouts),
            now,
            session: None,
            history: None,
            handed: Vec::new(),
            untold: None,
            departure: None,
            uncounted: None,
            session_id: String::new(),
            replies: Vec::new(),
            earlier: 0,
            turns: Vec::with_capacity(conversation.turns.len()),
            partial: None,
            want_raw: wants_raw(conversation),
            ended_after: None,
        }
    }

    /// Plays all turns, then looks at the conversation as a whole.
    async fn play(&mut self) -> Result<Vec<Checked>, Unknown> {
        for (index, turn) in self.conversation.turns.iter().enumerate() {
            let played = self.play_turn(index, turn).await;
            self.keep_partial();
            played?;
        }
        let time_zone = self.set_time_zone(&self.conversation.with);
        let expectations = self
            .script
            .expectations(&self.conversation.expect)
            .map_err(Unknown::suite)?;
        let context = self.context(time_zone.as_deref());
        Ok(expect::evaluate_conversation(
            &expectations,
            &self.replies,
            &context,
        ))
    }

    /// Puts what was answered of a turn that did not come to its end into the transcript.
    fn keep_partial(&mut self) {
        if let (Some(reply), Some(record)) = (self.partial.take(), self.turns.last_mut()) {
            fill(record, &reply);
        }
    }

    /// The outcome: a failure that was seen stands, whatever happened afterwards.
    fn judge(&self, end: End) -> (AttemptOutcome, Option<Unknown>, Vec<Checked>) {
        let (otherwise, error, expectations) = match end {
            End::Played(expectations) => match unobservable(&expectations) {
                Some(unknown) => (AttemptOutcome::Errored, Some(unknown), expectations),
                None => (AttemptOutcome::Passed, None, expectations),
            },
            End::Unknown(unknown) => (AttemptOutcome::Errored, Some(unknown), Vec::new()),
            End::Cancelled => (AttemptOutcome::Cancelled, Some(self.cut_short()), Vec::new()),
        };
        let failed = self.turns.iter().any(turn_failed) || any(&expectations, Outcome::Failed);
        let outcome = if failed { AttemptOutcome::Failed } else { otherwise };
        (outcome, error, expectations)
    }

    fn cut_short(&self) -> Unknown {
        let reason = self.context.cancellation.reason();
        Unknown::cancelled(reason.map_or("the run was stopped", stop_reason))
    }

    /// The session of the turn before, or a new one.
    pub(super) async fn take_session(&mut self) -> Result<Box<dyn Session>, Unknown> {
        if let Some(session) = self.session.take() {
            return Ok(session);
        }
        let backend = self.target.backend.as_ref().map_err(Unknown::from)?;
        let start = self.start()?;
        self.session_id = Uuid::new_v4().to_string();
        self.sessions += 1;
        let start = SessionStart {
            session_id: self.session_id.clone(),
            start,
            stubs: Arc::new(self.script.stubs(self.stubs).map_err(Unknown::suite)?),
            take: Take {
                conversation: Arc::clone(&self.place.title),
                attempt: self.place.attempt,
                session: self.sessions,
                clock: self.now,
            },
        };
        let departure = self.depart().await;
        match self.budget.wait(backend.open(start)).await? {
            Ok(session) => {
                self.departure = departure;
                Ok(session)
            }
            Err(error) => {
                self.keep_pace(departure, Err(&error)).await;
                Err(Unknown::from(&error))
            }
        }
    }

    /// Where a new session starts, which is told what was said in those before it if it is to know.
    fn start(&mut self) -> Result<Start, Unknown> {
        let start = self
            .script
            .start(&self.conversation.start)
            .map_err(Unknown::suite)?;
        if self.conversation.run_method == RunMethod::Naive {
            return Ok(start);
        }
        if let Some(why) = self.untold.clone() {
            return Err(Unknown::suite(why));
        }
        let history = self.history.get_or_insert_with(|| History::new(&start));
        Ok(history.over(start))
    }

    /// Where each turn has a session of its own, this one is over: what should have been said in it is for the next.
    pub(super) fn end_session(&mut self, number: u32, turn: &Turn) {
        if self.conversation.run_method == RunMethod::Naive || turn.restart {
            return;
        }
        self.session = None;
        self.earlier = self.replies.len();
        let files = std::mem::take(&mut self.handed);
        if let Some(Err(untold)) = self.history.as_mut().map(|history| history.add(turn, files)) {
            self.cannot_tell(number, &untold.to_string());
        }
    }

    /// Later sessions cannot be told what was said in a turn.
    pub(super) fn cannot_tell(&mut self, number: u32, why: &str) {
        let told = format!("it cannot be told what was said in turn {number} (`run_method: stable`): {why}");
        self.untold.get_or_insert(told);
    }

    /// Keeps a reply. Where nothing is expected of the conversation as a whole, others are only kept as long as later
    /// turns may be compared with them: the last one, and the last that showed parameters.
    pub(super) fn remember(&mut self, reply: Box<AgentReply>) {
        if self.conversation.expect.is_empty() && reply.parameters.seen().is_some() {
            self.replies.clear();
            self.earlier = 0;
        }
        self.replies.push(*reply);
    }

    /// The id of the session that is going on.
    pub(super) fn session_id(&self) -> &str {
        &self.session_id
    }

    /// The conversation goes on in a new session.
    pub(super) fn restart(&mut self) {
        self.session = None;
        self.history = None;
        self.untold = None;
        self.ended_after = None;
        self.earlier = self.replies.len();
    }

    /// What evaluating a turn needs to know.
    pub(super) fn turn_context(&self, time_zone: Option<&str>) -> TurnContext<'_> {
        let of_session = &self.replies[self.earlier..];
        let parameters = of_session.iter().rev().find_map(|reply| reply.parameters.seen());
        self.context(time_zone)
            .after(of_session.last())
            .with_parameters_before(parameters)
    }

    fn context<'a>(&self, time_zone: Option<&str>) -> TurnContext<'a> {
        TurnContext::new(self.service(), self.clock(time_zone)).in_writing(self.is_twin_in_writing())
    }

    /// Whether what could be spoken is written.
    pub(super) fn is_twin_in_writing(&self) -> bool {
        !self.conversation.channels.is_empty() && self.conversation.channel == Channel::Text
    }

    fn service(&self) -> Service {
        // Without a backend nothing is ever played, and so nothing evaluated.
        self.target
            .backend
            .as_ref()
            .map_or(Service::Cx, |backend| backend.service())
    }

    /// From now on dates, of templates and of expectations alike, are those of the time zone that options name.
    pub(super) fn set_time_zone(&mut self, with: &With) -> Option<String> {
        let time_zone = self.script.time_zone(with);
        self.script.set_clock(self.clock(time_zone.as_deref()));
        time_zone
    }

    /// The conversation's time in a time zone.
    pub(super) fn clock(&self, time_zone: Option<&str>) -> DateTime<FixedOffset> {
        expect::clock_in_zone(self.now, time_zone)
    }
}

/// The first expectation that could not be observed, as the reason why the outcome is unknown.
pub(super) fn unobservable(expectations: &[Checked]) -> Option<Unknown> {
    let unseen = expectations
        .iter()
        .find(|checked| checked.outcome == Outcome::Unobservable)?;
    Some(Unknown::unobservable(format!(
        "{}: {}",
        unseen.path, unseen.message
    )))
}

fn wants_raw(conversation: &Conversation) -> bool {
    let of_turns = conversation
        .turns
        .iter()
        .flat_map(|turn| turn.when.iter().chain(&turn.expect));
    let captures = conversation.turns.iter().flat_map(|turn| &turn.capture);
    of_turns
        .chain(&conversation.expect)
        .any(|expectation| matches!(expectation.check, Check::Raw { .. }))
        || captures
            .into_iter()
            .any(|capture| capture.from.starts_with("raw"))
}

#[cfg(test)]
mod tests;
