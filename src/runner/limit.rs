//! A target's pace: so many requests a minute, evenly spread, as many as its quota of tokens leaves room for, and fewer
//! while the service says that a quota is used up.
//!
//! All conversations of a target share one [`Limit`]. Each refusal (`RESOURCE_EXHAUSTED`) of a request that left at the
//! present pace halves it, after a pause; answers bring it back step by step. A refused turn is not sent again: its
//! conversation is played again in a new session, if at all (ces-api 5.2).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use self::tokens::TokenPace;
use super::record::millis;
use crate::model::event::SlowedTarget;

pub use self::tokens::TokenQuota;

mod tokens;

const MINUTE: Duration = Duration::from_mins(1);
/// A request that leaves late by less than this does not delay those after it: timers tick in milliseconds.
const SLACK: Duration = Duration::from_millis(20);
/// A refusal lowers the pace to this part of what it was.
const DECREASE: f64 = 0.5;
/// An answer raises it by this part of the whole.
const INCREASE: f64 = 0.1;
/// But not sooner after the last change.
const STEADY: Duration = Duration::from_secs(10);
/// It is never lowered below this part of the whole.
const LEAST: f64 = 1.0 / 64.0;
/// How far back the pace of a target without a rate is measured.
const WINDOW: Duration = Duration::from_secs(10);
/// The first pause after a refusal that names none; doubled each time (cx-sessions-api 1, ces-api 5.2).
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause, whoever names it.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Lets requests pass at a target's pace. It keeps tokio's clock, so that it stands still when that is paused.
#[derive(Debug)]
pub struct Limit {
    target: String,
    /// Whoever waits for the next departure; the others wait for it, in the order in which they came.
    next: tokio::sync::Mutex<()>,
    /// The next request may leave earlier than it seemed.
    earlier: Notify,
    state: Mutex<State>,
}

/// A request that may leave now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Departure {
    at: Instant,
    /// How long it had to wait.
    pub(super) waited: Duration,
    /// Tokens that are set aside for it.
    reserved: f64,
}

impl Departure {
    /// The same with the tokens that were set aside for another.
    pub(super) fn with_tokens_of(self, other: Self) -> Self {
        Self {
            reserved: other.reserved,
            ..self
        }
    }
}

/// The pace has changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Change {
    /// It is lower now.
    Slowed {
        /// Requests per minute.
        per_minute: f64,
        /// Nothing leaves before that has gone by.
        pause: Duration,
    },
    /// It is what it was in the beginning.
    Recovered,
    /// Turns take other numbers of tokens than the settings say.
    Measured {
        /// What they take.
        tokens: f64,
        /// What the settings say.
        said: f64,
    },
}

impl Change {
    /// One line for whoever watches the run.
    pub(super) fn told(self, target: &str) -> String {
        match self {
            Self::Slowed { per_minute, pause } => format!(
                "target `{target}`: a quota is used up (RESOURCE_EXHAUSTED); going on in {:.0} s with {} requests a \
                 minute",
                pause.as_secs_f64(),
                (per_minute * 10.0).round() / 10.0
            ),
            Self::Recovered => format!("target `{target}`: back at full pace"),
            Self::Measured { tokens, said } => format!(
                "target `{target}`: a turn takes about {tokens:.0} tokens, not {said:.0} (`tokens_per_turn`); the pace \
                 follows what is really spent"
            ),
        }
    }
}

#[derive(Debug)]
struct State {
    /// Requests per minute that are allowed, if that is known.
    allowed: Option<f64>,
    /// What tokens leave room for, where they are counted.
    tokens: Option<TokenPace>,
    slowed: Option<Slowed>,
    /// The next request does not leave before this.
    next: Instant,
    /// When the last one left, or should have left: the pace counts from here.
    last: Instant,
    /// The end of the last pause.
    paused: Instant,
    recent: Recent,
    tally: Tally,
    random: StdRng,
}

/// A pace that was lowered.
#[derive(Debug)]
struct Slowed {
    /// Requests per minute, for now.
    per_minute: f64,
    /// Those that it returns to.
    whole: f64,
    /// When it was lowered first.
    since: Instant,
    /// When it was lowered last.
    lowered: Instant,
    /// When it was changed last.
    changed: Instant,
    /// Refusals since the last answer that raised it.
    in_a_row: u32,
}

/// What a report says of it.
#[derive(Debug, Default)]
struct Tally {
    refused: u64,
    times: u64,
    slowed: Duration,
    lowest: f64,
    waited: Duration,
}

/// Requests that left not long ago.
#[derive(Debug)]
struct Recent {
    since: Instant,
    count: u32,
    /// In the window before.
    before: u32,
}

impl Limit {
    /// At most `per_minute` requests a minute to the target of this name, without a burst at the start; as many as come
    /// where that is not known. The seed decides how long pauses are.
    pub fn new(target: &str, per_minute: Option<f64>, seed: u64) -> Self {
        let now = Instant::now();
        Self {
            target: target.to_owned(),
            next: tokio::sync::Mutex::new(()),
            earlier: Notify::new(),
            state: Mutex::new(State {
                allowed: per_minute.filter(|rate| *rate > 0.0),
                tokens: None,
                slowed: None,
                next: now,
                last: now,
                paused: now,
                recent: Recent {
                    since: now,
                    count: 0,
                    before: 0,
                },
                tally: Tally::default(),
                random: StdRng::seed_from_u64(seed),
            }),
        }
    }

    /// The same with a quota of tokens.
    #[must_use]
    pub fn with_tokens(self, quota: Option<TokenQuota>) -> Self {
        self.state().tokens = quota.map(|quota| TokenPace::new(quota, Instant::now()));
        self
    }

    /// Waits until a request may leave.
    pub(super) async fn wait(&self) -> Departure {
        let start = Instant::now();
        if let Some(departure) = self.state().leave_freely(start, true) {
            return departure;
        }
        let _next = self.next.lock().await;
        self.wait_for_turn(start, true).await
    }

    /// The same for a request that no model looks at: it need not stand behind those that wait for tokens.
    pub(super) async fn wait_without_tokens(&self) -> Departure {
        let start = Instant::now();
        if let Some(departure) = self.state().leave_freely(start, false) {
            return departure;
        }
        self.wait_for_turn(start, false).await
    }

    async fn wait_for_turn(&self, start: Instant, takes_tokens: bool) -> Departure {
        loop {
            // Before the state is looked at, so that no change of it is missed.
            let earlier = self.earlier.notified();
            let earliest = match self.state().leave(start, Instant::now(), takes_tokens) {
                Ok(departure) => return departure,
                Err(earliest) => earliest,
            };
            // Meanwhile a refusal may put it off, and an answer that took less than it might let it leave earlier.
            tokio::select! {
                () = sleep_until(earliest) => {}
                () = earlier => {}
            }
        }
    }

    /// A request that left was answered; the answer may tell how many tokens it took. What has changed, if anything.
    pub(super) fn answered(
        &self,
        departure: Departure,
        spent: Option<u64>,
    ) -> impl Iterator<Item = Change> + use<> {
        let now = Instant::now();
        let mut state = self.state();
        let before = state.next;
        let recovered = state.raise(now);
        let is_sooner = state.next < before;
        let counted = spent.zip(state.tokens.as_mut());
        let (is_earlier, measured) = counted.map_or((false, None), |(spent, tokens)| {
            tokens.spent(departure.reserved, spent, now)
        });
        drop(state);
        if is_earlier || is_sooner {
            self.earlier.notify_waiters();
        }
        recovered.into_iter().chain(measured)
    }

    /// Whose pace it is.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// A request that left was refused because a quota is used up; the service may have said for how long.
    pub(super) fn refused(&self, departure: Departure, retry_after: Option<Duration>) -> Option<Change> {
        self.state().lower(departure.at, retry_after, Instant::now())
    }

    /// What there is to be told at the end; nothing where nothing was refused.
    pub(super) fn told(&self) -> Option<SlowedTarget> {
        let state = self.state();
        let tally = &state.tally;
        let still = state.slowed.as_ref().map(|slowed| slowed.since.elapsed());
        (tally.refused > 0).then(|| SlowedTarget {
            target: self.target.clone(),
            refused: tally.refused,
            times: tally.times,
            elapsed_ms: millis(tally.slowed + still.unwrap_or_default()),
            lowest_per_minute: (tally.lowest * 10.0).round() / 10.0,
            waited_ms: millis(tally.waited),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Requests per minute, tokens aside.
    fn per_minute(&self) -> Option<f64> {
        self.slowed
            .as_ref()
            .map(|slowed| slowed.per_minute)
            .or(self.allowed)
    }

    /// Requests per minute that requests and tokens leave room for.
    fn room(&self) -> Option<f64> {
        let of_tokens = self.tokens.as_ref().map(TokenPace::requests_per_minute);
        match (self.allowed, of_tokens) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// When the next request may leave at the earliest.
    fn earliest(&self, takes_tokens: bool) -> Instant {
        let of_tokens = self
            .tokens
            .as_ref()
            .filter(|_| takes_tokens)
            .map(|tokens| tokens.next);
        of_tokens.map_or(self.next, |next| next.max(self.next))
    }

    /// Without a pace nobody waits, except for a pause.
    fn leave_freely(&mut self, now: Instant, takes_tokens: bool) -> Option<Departure> {
        if self.per_minute().is_some() || takes_tokens && self.tokens.is_some() {
            return None;
        }
        self.leave(now, now, takes_tokens).ok()
    }

    /// Lets a request leave that came at `start`, or says when it may at the earliest.
    fn leave(&mut self, start: Instant, now: Instant, takes_tokens: bool) -> Result<Departure, Instant> {
        let earliest = self.earliest(takes_tokens);
        if earliest > now {
            return Err(earliest);
        }
        if let Some(per_minute) = self.per_minute() {
            let late = now.checked_sub(SLACK).map_or(now, |late| late.max(self.next));
            self.last = late;
            self.next = late + apart(per_minute);
        }
        self.recent.count(now);
        let waited = now - start;
        self.tally.waited += waited;
        let tokens = self.tokens.as_mut().filter(|_| takes_tokens);
        let reserved = tokens.map_or(0.0, |tokens| tokens.leave(now));
        Ok(Departure {
            at: now,
            waited,
            reserved,
        })
    }

    fn lower(&mut self, left: Instant, retry_after: Option<Duration>, now: Instant) -> Option<Change> {
        self.tally.refused += 1;
        let known = self.slowed.as_ref().is_some_and(|slowed| left <= slowed.lowered);
        if known {
            // It left before the pace was lowered for the same reason.
            if let Some(pause) = retry_after {
                self.put_off(now + pause.min(LONGEST_PAUSE));
            }
            return None;
        }
        let observed = self.recent.per_minute(now);
        let allowed = self.room();
        let slowed = self.slowed.get_or_insert_with(|| {
            let whole = allowed.unwrap_or(observed);
            Slowed {
                per_minute: whole,
                whole,
                since: now,
                lowered: now,
                changed: now,
                in_a_row: 0,
            }
        });
        slowed.per_minute = (slowed.per_minute * DECREASE).max(slowed.whole * LEAST);
        (slowed.lowered, slowed.changed) = (now, now);
        let per_minute = slowed.per_minute;
        let pause = match retry_after {
            Some(pause) => pause.min(LONGEST_PAUSE),
            None => pause(slowed.in_a_row, &mut self.random),
        };
        slowed.in_a_row += 1;
        self.tally.lowest = if self.tally.times == 0 {
            per_minute
        } else {
            self.tally.lowest.min(per_minute)
        };
        self.tally.times += 1;
        self.put_off(now + pause);
        Some(Change::Slowed { per_minute, pause })
    }

    fn put_off(&mut self, until: Instant) {
        self.paused = self.paused.max(until);
        self.next = self.next.max(until);
    }

    fn raise(&mut self, now: Instant) -> Option<Change> {
        let slowed = self.slowed.as_mut()?;
        if now - slowed.changed < STEADY {
            return None;
        }
        slowed.per_minute += slowed.whole * INCREASE;
        slowed.changed = now;
        slowed.in_a_row = 0;
        // Sums of tenths miss the whole by a hair.
        let recovered = slowed.per_minute >= slowed.whole * 0.999;
        if recovered {
            self.tally.slowed += now - slowed.since;
            self.slowed = None;
        }
        self.hasten(now);
        recovered.then_some(Change::Recovered)
    }

    /// The next one was due at a pace that is over. Pauses last.
    fn hasten(&mut self, now: Instant) {
        let due = match self.per_minute() {
            Some(per_minute) => self.last + apart(per_minute),
            None => now,
        };
        self.next = self.next.min(due.max(self.paused));
    }
}

impl Recent {
    fn count(&mut self, now: Instant) {
        let elapsed = now - self.since;
        if elapsed >= 2 * WINDOW {
            (self.since, self.before, self.count) = (now, 0, 0);
        } else if elapsed >= WINDOW {
            self.since += WINDOW;
            (self.before, self.count) = (self.count, 0);
        }
        self.count = self.count.saturating_add(1);
    }

    /// Of what left within a second at most, nobody can tell what it would be in a minute.
    fn per_minute(&self, now: Instant) -> f64 {
        let earlier = if self.before > 0 { WINDOW } else { Duration::ZERO };
        let elapsed = (now - self.since + earlier).max(Duration::from_secs(1));
        let count = f64::from(self.before) + f64::from(self.count);
        count.max(1.0) * (MINUTE.as_secs_f64() / elapsed.as_secs_f64())
    }
}

/// The time between two requests.
fn apart(per_minute: f64) -> Duration {
    Duration::try_from_secs_f64(MINUTE.as_secs_f64() / per_minute).unwrap_or(MINUTE)
}

/// A pause after so many refusals in a row: what the service asks for, doubled each time, and by chance up to as much
/// again, so that those who were refused together do not come back together.
pub(super) fn pause(in_a_row: u32, random: &mut StdRng) -> Duration {
    let least = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(in_a_row));
    let least = least.min(LONGEST_PAUSE);
    least.mul_f64(1.0 + random.random::<f64>()).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests;
