//! Drives the reporters from the journal: one conversation at a time, in order; whatever becomes of one of them,
//! the others go on.

use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use super::journal::{Journal, Line, parse};
use super::twins::Pairing;
use crate::model::event::{Recorded, Reporter, RunEnd, RunInfo};

/// How much is in memory at once: so many results, and about so many bytes of their lines.
const PIECE_RESULTS: usize = 64;
const PIECE_BYTES: u64 = 1 << 20;

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{report} could not be written: {error}")]
pub struct ReportFailure {
    /// Which one, and where it should have been.
    pub report: String,
    /// Why.
    #[source]
    pub error: io::Error,
}

/// Writes all reports. Blocks: call it where waiting does no harm.
///
/// Returns those that could not be written.
pub fn write_reports(
    journal: &mut Journal,
    reporters: Vec<Box<dyn Reporter>>,
    run: &RunInfo,
    end: &RunEnd,
) -> Vec<ReportFailure> {
    let mut reports: Vec<Report> = reporters.into_iter().map(Report::new).collect();
    let mut pieces = journal
        .pieces(PIECE_RESULTS, PIECE_BYTES)
        .map(|piece| piece.and_then(parse_all));
    let mut pairing = Pairing::default();
    let mut next = pieces.next();
    while let Some(piece) = next {
        match piece {
            // The next piece is read while this one is written.
            Ok(mut results) => {
                pairing.compare(&mut results);
                let write = || reports.par_iter_mut().for_each(|report| report.take(&results));
                ((), next) = rayon::join(write, || pieces.next());
            }
            // Without the journal no report is complete.
            Err(error) => return reports.into_iter().map(|report| report.lost(&error)).collect(),
        }
    }
    reports
        .into_par_iter()
        .filter_map(|report| report.finish(run, end))
        .collect()
}

fn parse_all(lines: Vec<Line>) -> io::Result<Vec<Recorded>> {
    let recorded = |Line { mut json, kept }: Line| {
        let result = match kept {
            Some(kept) => kept,
            None => Arc::new(parse(&json)?),
        };
        json.truncate(json.trim_ascii_end().len());
        Ok(Recorded {
            result,
            json,
            twins: None,
        })
    };
    lines.into_par_iter().map(recorded).collect()
}

struct Report {
    reporter: Box<dyn Reporter>,
    failed: Option<io::Error>,
}

impl Report {
    fn new(reporter: Box<dyn Reporter>) -> Self {
        Self {
            reporter,
            failed: None,
        }
    }

    fn take(&mut self, results: &[Recorded]) {
        if self.failed.is_none() {
            self.failed = self.reporter.conversations(results).err();
        }
    }

    fn finish(self, run: &RunInfo, end: &RunEnd) -> Option<ReportFailure> {
        let report = self.reporter.describe();
        let error = match self.failed {
            Some(error) => error,
            None => self.reporter.finish(run, end).err()?,
        };
        Some(ReportFailure { report, error })
    }

    fn lost(self, journal: &io::Error) -> ReportFailure {
        let message = format!("the run's journal could not be read: {journal}");
        ReportFailure {
            report: self.reporter.describe(),
            error: self
                .failed
                .unwrap_or_else(|| io::Error::new(journal.kind(), message)),
        }
    }
}

#[cfg(test)]
mod tests;
