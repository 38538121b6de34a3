//! What a quota of tokens leaves room for. A request sets aside what requests take, as far as that is known: at first what
//! the settings say, then more and more what answers tell that was really spent (ces-api 2.2, the `LLM` spans;
//! cx-sessions-api, `LlmCall.TokenCount`). What a request spent beyond that delays the next ones, and what it left over
//! lets them leave earlier. A service that tells nothing is taken at the settings' word.

use std::time::Duration;

use tokio::time::Instant;

use super::{Change, MINUTE, SLACK};

/// The share of the latest answer in what the next request is expected to take, once there are enough of them.
const NEWEST: f64 = 0.2;
/// Answers that are waited for before the settings are said to be wrong.
const ENOUGH: u32 = 5;
/// How wrong they must be.
const WRONG: f64 = 1.5;
/// No answer is believed to have taken more tokens than there are in so many minutes: whatever is claimed, a run goes on.
const MOST_MINUTES: f64 = 60.0;
/// No two requests are further apart, however small the quota.
const FURTHEST: Duration = Duration::from_hours(24);

/// A quota of tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenQuota {
    /// Tokens per minute, above 0.
    pub per_minute: f64,
    /// Tokens that a request is said to take, above 0.
    pub per_request: f64,
}

/// The pace that a quota of tokens allows.
#[derive(Debug)]
pub(super) struct TokenPace {
    quota: TokenQuota,
    /// What the next request is expected to take.
    expected: f64,
    /// Answers that told what they took.
    answers: u32,
    /// That the settings are wrong was said already.
    is_told: bool,
    /// The next request does not leave before this.
    pub(super) next: Instant,
}

impl TokenPace {
    pub(super) fn new(quota: TokenQuota, now: Instant) -> Self {
        Self {
            quota,
            expected: quota.per_request,
            answers: 0,
            is_told: false,
            next: now,
        }
    }

    /// Requests per minute, as far as is known now.
    pub(super) fn requests_per_minute(&self) -> f64 {
        self.quota.per_minute / self.expected
    }

    /// A request leaves, for which so many tokens are set aside.
    pub(super) fn leave(&mut self, now: Instant) -> f64 {
        let late = now.checked_sub(SLACK).map_or(now, |late| late.max(self.next));
        self.next = late + self.time_of(self.expected);
        self.expected
    }

    /// A request for which tokens were set aside has spent so many. Whether the next one may leave earlier now, and what
    /// there is to be told.
    pub(super) fn spent(&mut self, reserved: f64, spent: u64, now: Instant) -> (bool, Option<Change>) {
        #[expect(clippy::cast_precision_loss, reason = "counts of tokens are far below 2^52")]
        let spent = (spent as f64).min(self.quota.per_minute * MOST_MINUTES);
        self.answers = self.answers.saturating_add(1);
        let share = NEWEST.max(1.0 / (f64::from(self.answers) + 1.0));
        self.expected = (self.expected + share * (spent - self.expected)).max(1.0);
        let is_earlier = self.correct(reserved, spent, now);
        (is_earlier, self.told())
    }

    fn correct(&mut self, reserved: f64, spent: f64, now: Instant) -> bool {
        if spent > reserved {
            self.next = self.next.max(now) + self.time_of(spent - reserved);
            return false;
        }
        let earlier = self.next.checked_sub(self.time_of(reserved - spent));
        let earlier = earlier.unwrap_or(now).max(now).min(self.next);
        let is_earlier = earlier < self.next;
        self.next = earlier;
        is_earlier
    }

    fn told(&mut self) -> Option<Change> {
        let said = self.quota.per_request;
        let is_wrong = self.expected > said * WRONG || self.expected * WRONG < said;
        if self.is_told || self.answers < ENOUGH || !is_wrong {
            return None;
        }
        self.is_told = true;
        Some(Change::Measured {
            tokens: self.expected,
            said,
        })
    }

    /// The time in which the quota allows so many tokens.
    fn time_of(&self, tokens: f64) -> Duration {
        let seconds = MINUTE.as_secs_f64() * tokens / self.quota.per_minute;
        Duration::try_from_secs_f64(seconds).map_or(FURTHEST, |time| time.min(FURTHEST))
    }
}
