//! The one way down for "stop": a token that every waiting task watches, and the reason why.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio_util::sync::CancellationToken;

use crate::model::event::CancelReason;

/// Stops a run. Clones are handles to the same run.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    token: CancellationToken,
    reason: Arc<AtomicU8>,
}

impl Cancellation {
    /// A run that nobody has stopped.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the run. Of several reasons the greatest is kept: Ctrl-C while a time-out winds down is Ctrl-C.
    pub fn cancel(&self, reason: CancelReason) {
        // The reason is there before anyone is woken by the token.
        self.reason.fetch_max(rank(reason), Ordering::SeqCst);
        self.token.cancel();
    }

    /// Why the run was stopped, if it was.
    pub fn reason(&self) -> Option<CancelReason> {
        let kept = self.reason.load(Ordering::SeqCst);
        REASONS.into_iter().find(|reason| rank(*reason) == kept)
    }

    /// Whether the run was stopped.
    pub fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits until the run is stopped.
    pub async fn cancelled(&self) {
        self.token.cancelled().await;
    }
}

const REASONS: [CancelReason; 4] = [
    CancelReason::Failures,
    CancelReason::Timeout,
    CancelReason::Terminated,
    CancelReason::Interrupted,
];

/// 0 stands for "not stopped"; the order is that of [`CancelReason`].
fn rank(reason: CancelReason) -> u8 {
    match reason {
        CancelReason::Failures => 1,
        CancelReason::Timeout => 2,
        CancelReason::Terminated => 3,
        CancelReason::Interrupted => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_reason_is_kept_whatever_comes_first() {
        for first in REASONS {
            for second in REASONS {
                let cancellation = Cancellation::new();
                assert_eq!(cancellation.reason(), None);
                cancellation.cancel(first);
                assert!(cancellation.is_cancelled());
                cancellation.clone().cancel(second);
                assert_eq!(cancellation.reason(), Some(first.max(second)));
            }
        }
    }
}
