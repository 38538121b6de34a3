//! What an emulator does to its answers on purpose: it gives them late.

use std::time::Duration;

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
            tokio::time::sleep(wait).await;
        }
    }
}
