//! What a run as a whole came to; `cli` maps it to an exit code.

use crate::model::event::{CancelReason, Summary};

/// How a run ends for the one who started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// Everything that was asked held: exit code 0.
    Passed,
    /// A conversation failed: 1, whatever else happened.
    Failed,
    /// Something could not be found out, or a report not be written: 3.
    CouldNotTest,
    /// Nothing was selected, or everything was skipped: 4.
    NothingRan,
    /// Ctrl-C: 130.
    Interrupted,
    /// SIGTERM: 143.
    Terminated,
}

/// Derives the status from the counts, why the run stopped early, how many reports could not be written, and
/// whether flaky conversations count as failed.
pub fn run_status(
    summary: &Summary,
    cancelled: Option<CancelReason>,
    reports_failed: usize,
    fail_on_flaky: bool,
) -> RunStatus {
    let untested = summary.errored > 0 || summary.not_run > 0 || reports_failed > 0;
    match cancelled {
        Some(CancelReason::Interrupted) => RunStatus::Interrupted,
        Some(CancelReason::Terminated) => RunStatus::Terminated,
        _ if summary.failed > 0 || (fail_on_flaky && summary.flaky > 0) => RunStatus::Failed,
        _ if untested => RunStatus::CouldNotTest,
        _ if summary.skipped == summary.conversations() => RunStatus::NothingRan,
        _ => RunStatus::Passed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, errored: u64, flaky: u64, skipped: u64, not_run: u64) -> Summary {
        Summary {
            passed,
            failed,
            errored,
            flaky,
            skipped,
            not_run,
            ..Summary::default()
        }
    }

    #[test]
    fn every_kind_of_run() {
        use CancelReason::{Failures, Interrupted, Terminated, Timeout};
        let table = [
            (counts(3, 0, 0, 0, 0, 0), None, 0, false, RunStatus::Passed),
            (counts(3, 0, 0, 0, 1, 0), None, 0, false, RunStatus::Passed),
            (counts(3, 0, 0, 1, 0, 0), None, 0, false, RunStatus::Passed),
            (counts(3, 0, 0, 1, 0, 0), None, 0, true, RunStatus::Failed),
            (counts(3, 1, 0, 0, 0, 0), None, 0, false, RunStatus::Failed),
            (counts(3, 1, 1, 0, 0, 0), None, 1, false, RunStatus::Failed),
            (counts(3, 0, 1, 0, 0, 0), None, 0, false, RunStatus::CouldNotTest),
            (counts(3, 0, 0, 0, 0, 0), None, 1, false, RunStatus::CouldNotTest),
            (
                counts(3, 0, 0, 0, 0, 2),
                Some(Timeout),
                0,
                false,
                RunStatus::CouldNotTest,
            ),
            (
                counts(3, 0, 0, 0, 0, 0),
                Some(Timeout),
                0,
                false,
                RunStatus::Passed,
            ),
            (
                counts(3, 1, 0, 0, 0, 2),
                Some(Timeout),
                0,
                false,
                RunStatus::Failed,
            ),
            (
                counts(3, 1, 0, 0, 0, 2),
                Some(Failures),
                0,
                false,
                RunStatus::Failed,
            ),
            (
                counts(3, 1, 0, 0, 0, 2),
                Some(Interrupted),
                0,
                false,
                RunStatus::Interrupted,
            ),
            (
                counts(3, 0, 0, 0, 0, 2),
                Some(Terminated),
                1,
                false,
                RunStatus::Terminated,
            ),
            (counts(0, 0, 0, 0, 0, 0), None, 0, false, RunStatus::NothingRan),
            (counts(0, 0, 0, 0, 4, 0), None, 0, false, RunStatus::NothingRan),
        ];
        for (summary, cancelled, reports_failed, fail_on_flaky, expected) in table {
            let status = run_status(&summary, cancelled, reports_failed, fail_on_flaky);
            assert_eq!(
                status, expected,
                "{summary:?} {cancelled:?} {reports_failed} {fail_on_flaky}"
            );
        }
    }
}
