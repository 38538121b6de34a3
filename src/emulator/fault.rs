//! What an emulator does to its answers on purpose: it gives them late.

use std::time::Duration;

/// The runtime's timer ticks once a millisecond, and every answer is late by it. Half a tick less brings answers nearer to
/// their time: of 250 turns at 50 ms the median was late by 50.9 ms, by 52.0 ms without, and none came early.
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
            tokio::time::sleep(wait.saturating_sub(HALF_A_TICK)).await;
        }
    }
}
