//! How many turns a run may still send. An attempt begins only when all its turns are left, so that what has begun is
//! played to its end; what it did not need comes back. Every turn that was sent counts, those of retries and
//! repetitions too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The turns that are left; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Allowance {
    left: Option<Arc<AtomicU64>>,
}

impl Allowance {
    /// So many turns, or as many as there are.
    pub fn new(turns: Option<u64>) -> Self {
        Self {
            left: turns.map(|turns| Arc::new(AtomicU64::new(turns))),
        }
    }

    /// Takes so many turns, or none when fewer are left.
    pub(super) fn take(&self, turns: usize) -> bool {
        let Some(left) = &self.left else { return true };
        let turns = turns as u64;
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(turns))
            .is_ok()
    }

    /// Gives back turns that were taken and not sent.
    pub(super) fn give_back(&self, turns: usize) {
        if let Some(left) = &self.left {
            left.fetch_add(turns as u64, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is() {
        let allowance = Allowance::new(Some(5));
        assert!(allowance.take(3));
        assert!(!allowance.clone().take(3));
        allowance.give_back(1);
        assert!(allowance.take(3));
        assert!(!allowance.take(1));
        assert!(allowance.take(0));
        assert!(Allowance::default().take(usize::MAX));
    }
}
