//! Whether an attempt is followed by another one, in a new session, and how long that one waits.

use std::time::Duration;

use crate::model::outcome::AttemptOutcome;
use crate::model::suite::Retries;

/// The first wait after a used-up quota; doubled each time (ces-api: errors and retries).
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(32);

/// What the runner needs to know of an attempt that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    /// What came of it.
    pub(super) outcome: AttemptOutcome,
    /// A new session may fare better: the network, the service or a quota was at fault, not the request.
    pub(super) transient: bool,
    /// A quota was used up.
    pub(super) quota: bool,
}

/// The retries of one play.
#[derive(Debug)]
pub(super) struct Retrying {
    allowed: Retries,
    errored: u32,
    failed: u32,
    quota: u32,
}

impl Retrying {
    /// A known issue is expected to fail: trying again until it passes would turn the expectation around.
    pub(super) fn new(allowed: Retries, known_issue: bool) -> Self {
        let failed = if known_issue { 0 } else { allowed.failed };
        Self {
            allowed: Retries { failed, ..allowed },
            errored: 0,
            failed: 0,
            quota: 0,
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
                again.then(|| {
                    if ended.quota {
                        self.quota_wait()
                    } else {
                        Duration::ZERO
                    }
                })
            }
        }
    }

    fn quota_wait(&mut self) -> Duration {
        let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.quota));
        self.quota += 1;
        wait.min(LONGEST_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(outcome: AttemptOutcome) -> Ended {
        Ended {
            outcome,
            transient: true,
            quota: false,
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
        let mut retrying = Retrying::new(ONCE, false);
        assert_eq!(retrying.after(ended(FAILED)), Some(Duration::ZERO));
        assert_eq!(retrying.after(ended(ERRORED)), Some(Duration::ZERO));
        assert_eq!(retrying.after(ended(ERRORED)), None);
        assert_eq!(retrying.after(ended(FAILED)), None);
        assert_eq!(retrying.after(ended(AttemptOutcome::Passed)), None);
    }

    #[test]
    fn a_known_issue_is_not_tried_until_it_passes() {
        let mut retrying = Retrying::new(ONCE, true);
        assert_eq!(retrying.after(ended(FAILED)), None);
        assert_eq!(retrying.after(ended(ERRORED)), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_wrong_with_the_request_is_not_tried_again() {
        let mut retrying = Retrying::new(ONCE, false);
        let wrong = Ended {
            transient: false,
            ..ended(ERRORED)
        };
        assert_eq!(retrying.after(wrong), None);
    }

    #[test]
    fn a_quota_is_waited_for_longer_each_time() {
        let allowed = Retries {
            errored: 8,
            failed: 0,
        };
        let mut retrying = Retrying::new(allowed, false);
        let quota = Ended {
            quota: true,
            ..ended(ERRORED)
        };
        let waits: Vec<u64> = std::iter::from_fn(|| retrying.after(quota))
            .map(|wait| wait.as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32, 32]);
    }
}
