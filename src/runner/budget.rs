//! The time an attempt and its turns may take. Waiting for the target's rate limit costs nobody's time.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::unknown::Unknown;
use crate::model::suite::Timeouts;

/// What is left of an attempt's time.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Timeouts,
    conversation_ends: Instant,
    turn_ends: Instant,
}

impl Budget {
    /// The attempt starts now.
    pub(super) fn new(limits: Timeouts) -> Self {
        let now = Instant::now();
        Self {
            limits,
            conversation_ends: now + limits.conversation,
            turn_ends: now + limits.turn,
        }
    }

    /// A turn starts now.
    pub(super) fn begin_turn(&mut self) {
        self.turn_ends = Instant::now() + self.limits.turn;
    }

    /// Gives back time that was spent waiting for our own rate limit.
    pub(super) fn give_back(&mut self, waited: Duration) {
        self.turn_ends += waited;
        self.conversation_ends += waited;
    }

    /// What is left for the turn.
    pub(super) fn left(&self) -> Duration {
        self.end().saturating_duration_since(Instant::now())
    }

    /// Waits for something, no longer than there is time.
    pub(super) async fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T, Unknown> {
        timeout_at(self.end(), future).await.map_err(|_| self.used_up())
    }

    /// Whose time it is that is up.
    pub(super) fn used_up(&self) -> Unknown {
        if self.turn_ends <= self.conversation_ends {
            Unknown::timeout("no answer", self.limits.turn)
        } else {
            Unknown::timeout("the conversation did not end", self.limits.conversation)
        }
    }

    fn end(&self) -> Instant {
        self.turn_ends.min(self.conversation_ends)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const LIMITS: Timeouts = Timeouts {
        turn: Duration::from_secs(10),
        conversation: Duration::from_secs(25),
    };

    #[tokio::test(start_paused = true)]
    async fn the_nearer_end_counts_and_is_named() {
        let start = Instant::now();
        let mut budget = Budget::new(LIMITS);
        let turn = budget.wait(pending::<()>()).await.unwrap_err();
        assert_eq!(turn.error.message, "no answer within 10s");
        assert_eq!(start.elapsed(), LIMITS.turn);
        budget.begin_turn();
        budget.wait(pending::<()>()).await.unwrap_err();
        budget.begin_turn();
        assert_eq!(budget.left(), Duration::from_secs(5));
        let conversation = budget.wait(pending::<()>()).await.unwrap_err();
        assert_eq!(
            conversation.error.message,
            "the conversation did not end within 25s"
        );
        assert_eq!(start.elapsed(), LIMITS.conversation);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_the_rate_limit_is_free() {
        let mut budget = Budget::new(LIMITS);
        budget.begin_turn();
        tokio::time::advance(Duration::from_mins(1)).await;
        budget.give_back(Duration::from_mins(1));
        assert_eq!(budget.left(), LIMITS.turn);
        assert_eq!(budget.wait(async { 7 }).await.unwrap(), 7);
    }
}
