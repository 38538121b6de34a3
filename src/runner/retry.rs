//! Whether an attempt is followed by another one, in a new session, and how long that one waits.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::limit;
use crate::model::outcome::AttemptOutcome;
use crate::model::suite::Retries;

/// The longest first wait after a fault; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait after a fault.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What the runner needs to know of an attempt that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    /// What came of it.
    pub(super) outcome: AttemptOutcome,
    /// A new session may fare better: the network, the service or a quota was at fault, not the request.
    pub(super) transient: bool,
    /// What it is good for to wait.
    pub(super) patience: Patience,
}

/// What it is good for to wait before the next attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Patience {
    /// Nothing: what went wrong has taken its time already, or does not depend on it.
    #[default]
    None,
    /// A service that struggles: those that it failed together do not come back together.
    Fault,
    /// A quota that is used up.
    Quota,
}

/// The retries of one play.
#[derive(Debug)]
pub(super) struct Retrying {
    allowed: Retries,
    errored: u32,
    failed: u32,
    faults: u32,
    quota: u32,
    random: StdRng,
}

impl Retrying {
    /// A known issue is expected to fail: trying again until it passes would turn the expectation around.
    /// The seed decides how long it waits.
    pub(super) fn new(allowed: Retries, known_issue: bool, seed: u64) -> Self {
        let failed = if known_issue { 0 } else { allowed.failed };
        Self {
            allowed: Retries { failed, ..allowed },
            errored: 0,
            failed: 0,
            faults: 0,
            quota: 0,
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// How long to wait before the next attempt; `None` when there is none.
    pub(super) fn after(&mut self, ended: Ended) -> Option<Duration> {
        match ended.outcome {
            AttemptOutcome::Passed | AttemptOutcome::Cancelled => None,
            AttemptOutcome::Failed => {
                self.failed += 1;
                (self.failed <= self.allowed.failed).then_some(Duration::ZERO)
            }
            AttemptOutcome::Errored => {
                self.errored += 1;
                let again = ended.transient && self.errored <= self.allowed.errored;
                again.then(|| match ended.patience {
                    Patience::None => Duration::ZERO,
                    Patience::Fault => self.wait_after_fault(),
                    Patience::Quota => {
                        self.quota += 1;
                        limit::pause(self.quota - 1, &mut self.random)
                    }
                })
            }
        }
    }

    /// Anything between nothing and twice what it might have been before.
    fn wait_after_fault(&mut self) -> Duration {
        let longest = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.faults));
        self.faults += 1;
        longest.min(LONGEST_WAIT).mul_f64(self.random.random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(outcome: AttemptOutcome) -> Ended {
        Ended {
            outcome,
            transient: true,
            patience: Patience::None,
        }
    }

    const FAILED: AttemptOutcome = AttemptOutcome::Failed;
    const ERRORED: AttemptOutcome = AttemptOutcome::Errored;
    const ONCE: Retries = Retries {
        errored: 1,
        failed: 1,
    };

    #[test]
    fn failures_and_errors_have_budgets_of_their_own() {
        let mut retrying = Retrying::new(ONCE, false, 7);
        assert_eq!(retrying.after(ended(FAILED)), Some(Duration::ZERO));
        assert_eq!(retrying.after(ended(ERRORED)), Some(Duration::ZERO));
        assert_eq!(retrying.after(ended(ERRORED)), None);
        assert_eq!(retrying.after(ended(FAILED)), None);
        assert_eq!(retrying.after(ended(AttemptOutcome::Passed)), None);
    }

    #[test]
    fn a_known_issue_is_not_tried_until_it_passes() {
        let mut retrying = Retrying::new(ONCE, true, 7);
        assert_eq!(retrying.after(ended(FAILED)), None);
        assert_eq!(retrying.after(ended(ERRORED)), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_wrong_with_the_request_is_not_tried_again() {
        let mut retrying = Retrying::new(ONCE, false, 7);
        let wrong = Ended {
            transient: false,
            ..ended(ERRORED)
        };
        assert_eq!(retrying.after(wrong), None);
    }

    /// The waits after eight errors in a row.
    fn waits(patience: Patience, seed: u64) -> Vec<Duration> {
        let allowed = Retries {
            errored: 8,
            failed: 0,
        };
        let mut retrying = Retrying::new(allowed, false, seed);
        let ended = Ended {
            patience,
            ..ended(ERRORED)
        };
        std::iter::from_fn(|| retrying.after(ended)).collect()
    }

    #[test]
    fn a_quota_is_waited_for_longer_each_time() {
        for (wait, least) in waits(Patience::Quota, 7)
            .into_iter()
            .zip([1, 2, 4, 8, 16, 32, 60, 60])
        {
            let least = Duration::from_secs(least);
            let most = (2 * least).min(Duration::from_mins(1));
            assert!(least <= wait && wait <= most, "{wait:?} {least:?}");
        }
    }

    #[test]
    fn after_a_fault_it_waits_a_little_by_chance() {
        let some = waits(Patience::Fault, 7);
        let mut longest = FIRST_WAIT;
        for wait in &some {
            assert!(*wait <= longest, "{wait:?} {longest:?}");
            longest = (2 * longest).min(LONGEST_WAIT);
        }
        assert_eq!(some, waits(Patience::Fault, 7));
        assert_ne!(some, waits(Patience::Fault, 8));
        assert_eq!(waits(Patience::None, 7), [Duration::ZERO; 8]);
    }
}
