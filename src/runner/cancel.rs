//! The one way down for "stop": tokens that every waiting task watches, and the reason why.
//!
//! There are two kinds: after a gentle one nothing begins any more, but what is being played is played to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio_util::sync::CancellationToken;

use crate::model::event::CancelReason;

/// Stops a run. Clones are handles to the same run.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    token: CancellationToken,
    gentle: CancellationToken,
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
        self.gentle.cancel();
        if !reason.is_gentle() {
            self.token.cancel();
        }
    }

    /// Why the run was stopped, if it was.
    pub fn reason(&self) -> Option<CancelReason> {
        let kept = self.reason.load(Ordering::SeqCst);
        REASONS.into_iter().find(|reason| rank(*reason) == kept)
    }

    /// Whether nothing begins any more.
    pub fn is_stopping(&self) -> bool {
        self.gentle.is_cancelled()
    }

    /// Waits until nothing begins any more.
    pub async fn stopping(&self) {
        self.gentle.cancelled().await;
    }

    /// Whether what is being played is cut short.
    pub fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits until what is being played is cut short.
    pub async fn cancelled(&self) {
        self.token.cancelled().await;
    }
}

const REASONS: [CancelReason; 6] = [
    CancelReason::MaxTurns,
    CancelReason::MaxDuration,
    CancelReason::Failures,
    CancelReason::Timeout,
    CancelReason::Terminated,
    CancelReason::Interrupted,
];

/// 0 stands for "not stopped"; the order is that of [`CancelReason`].
fn rank(reason: CancelReason) -> u8 {
    match reason {
        CancelReason::MaxTurns => 1,
        CancelReason::MaxDuration => 2,
        CancelReason::Failures => 3,
        CancelReason::Timeout => 4,
        CancelReason::Terminated => 5,
        CancelReason::Interrupted => 6,
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
                assert!(cancellation.is_stopping());
                assert_eq!(cancellation.is_cancelled(), !first.is_gentle());
                cancellation.clone().cancel(second);
                let gentle = first.is_gentle() && second.is_gentle();
                assert_eq!(cancellation.is_cancelled(), !gentle);
                assert_eq!(cancellation.reason(), Some(first.max(second)));
            }
        }
    }
}
