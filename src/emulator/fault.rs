//! What an emulator does wrong on purpose, so that people can see what their retries, time-outs and alarms do.
//!
//! [`Faults`] makes every answer late. [`Rules`] say which calls go wrong and how: [`rule`] reads them, `layer` applies
//! them to calls, and `connection` to what lies below calls.

use std::time::Duration;

use tokio::time::sleep;

pub use rule::{Counts, Rule, RuleError, Rules};

pub(super) mod connection;
pub(super) mod layer;
pub mod rule;

/// The runtime's timer ticks once a millisecond, and every answer is late by it. Half a tick less brings answers nearer to
/// their time: of 250 turns at 50 ms the median was late by 50.9 ms, by 52.0 ms without, and none came early. (A timer
/// of its own that does not tick was no better: what is left is the waking of threads.)
const HALF_A_TICK: Duration = Duration::from_micros(500);

/// How answers are treated before they are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Added to the time of every answer.
    pub latency: Duration,
}

impl Faults {
    /// Waits as long as the answer is to be late, and as long as webhooks took.
    pub async fn delay(&self, webhooks: Duration) {
        let wait = self.latency + webhooks;
        if !wait.is_zero() {
            sleep(wait.saturating_sub(HALF_A_TICK)).await;
        }
    }
}
