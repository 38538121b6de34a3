//! What an emulator does wrong on purpose, so that people can see what their retries, time-outs and alarms do.
//!
//! [`Faults`] makes every answer late. [`Rules`] say which calls go wrong and how: [`rule`] reads them, `layer` applies
//! them to calls, and `connection` to what lies below calls.

use std::time::Duration;

use futures_timer::Delay;

pub use rule::{Counts, Rule, RuleError, Rules};

pub(super) mod connection;
pub(super) mod layer;
pub mod rule;

/// How answers are treated before they are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Added to the time of every answer.
    pub latency: Duration,
}

impl Faults {
    /// How late an answer is, when its webhooks took so long.
    pub fn wait(&self, webhooks: Duration) -> Duration {
        self.latency.saturating_add(webhooks)
    }

    /// Waits as long as the answer is to be late, and as long as webhooks took.
    pub async fn delay(&self, webhooks: Duration) {
        let wait = self.wait(webhooks);
        if !wait.is_zero() {
            // The runtime's own timer ticks once a millisecond, so that answers come late, and many of them together: of
            // 1,000 turns of 32 sessions at 50 ms, the median was 52.3 ms with it and 51.6 ms with one that does not tick.
            Delay::new(wait).await;
        }
    }
}
