//! Drives the reporters: one conversation at a time, in order; whatever becomes of one of them, the others go on.
//!
//! Results reach them while the run goes on, as soon as everything before them has. What would have to wait too long
//! for that is read from the journal when the run is over.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rayon::prelude::*;
use tokio::sync::mpsc;

use super::journal::{Journal, parse};
use super::plan::Plan;
use super::twins::Pairing;
use crate::model::event::{Recorded, Reporter, RunEnd, RunInfo};
use crate::model::outcome::ConversationResult;
use sequence::Sequence;

mod sequence;

/// Results that are given to reporters together, with lines of so many bytes at most.
const PIECE_RESULTS: usize = 16;
const PIECE_BYTES: usize = 256 << 10;
/// Pieces that wait for the reporters; when they cannot keep up, the run waits for them.
const WAITING_PIECES: usize = 4;
/// How long the lines of all results may be that wait for those before them, in bytes.
const MOST_WAITING: usize = 1 << 20;
/// How much is read from the journal at once: so many results, and about so many bytes of their lines.
const READ_RESULTS: usize = 64;
const READ_BYTES: u64 = 1 << 20;

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

/// The reports of a run that goes on; a thread of its own writes them.
#[derive(Debug)]
pub struct Reports {
    shows_passed: bool,
    sequence: Sequence<Recorded>,
    piece: Vec<Recorded>,
    pieces: mpsc::Sender<Vec<Recorded>>,
    thread: JoinHandle<Writing>,
}

impl Reports {
    /// Begins the reports of what is planned.
    ///
    /// # Errors
    /// When the machine has no room for a thread.
    pub fn begin(reporters: Vec<Box<dyn Reporter>>, plan: &Plan) -> io::Result<Self> {
        let (pieces, received) = mpsc::channel(WAITING_PIECES);
        let shows_passed = reporters.iter().any(|reporter| reporter.shows_passed());
        let writing = Writing::new(reporters);
        let thread = thread::Builder::new()
            .name("reports".to_owned())
            .spawn(move || writing.take_all(received))?;
        Ok(Self {
            shows_passed,
            sequence: Sequence::new(plan.positions().to_vec(), MOST_WAITING),
            piece: Vec::new(),
            pieces,
            thread,
        })
    }

    /// Whether a report shows the turns of what simply passed.
    pub(super) fn shows_passed(&self) -> bool {
        self.shows_passed
    }

    /// Takes the result of a position of the plan, with its line of the journal.
    pub(super) async fn add(&mut self, position: usize, result: Arc<ConversationResult>, json: Arc<Vec<u8>>) {
        let size = json.len();
        self.sequence.add(position, recorded(result, json), size);
        while let Some(recorded) = self.sequence.next() {
            self.piece.push(recorded);
            let bytes: usize = self.piece.iter().map(|recorded| recorded.json.len()).sum();
            if self.piece.len() >= PIECE_RESULTS || bytes >= PIECE_BYTES {
                // A thread that is gone shows when they are completed.
                let _ = self.pieces.send(std::mem::take(&mut self.piece)).await;
            }
        }
    }

    /// Completes all reports and the journal, which is of the same run. Blocks: call it where waiting does no harm.
    ///
    /// Returns those that could not be written, the journal among them.
    ///
    /// # Errors
    /// When a reporter panicked.
    pub fn complete(
        self,
        mut journal: Journal,
        run: &RunInfo,
        end: &RunEnd,
    ) -> io::Result<Vec<ReportFailure>> {
        drop(self.pieces);
        let Ok(mut writing) = self.thread.join() else {
            // The run after this one wants it.
            journal.close()?;
            return Err(io::Error::other("the reports' writer stopped"));
        };
        writing.take(self.piece);
        let mut failures = match writing.take_rest(&mut journal, self.sequence.given()) {
            Ok(()) => writing.finish(run, end),
            Err(error) => writing.lost(&error),
        };
        failures.extend(journal.close().err().map(|error| ReportFailure {
            report: "the run's journal".to_owned(),
            error,
        }));
        Ok(failures)
    }
}

fn recorded(result: Arc<ConversationResult>, json: Arc<Vec<u8>>) -> Recorded {
    Recorded {
        result,
        json,
        twins: None,
    }
}

/// Reports under way.
struct Writing {
    reports: Vec<Report>,
    pairing: Pairing,
}

impl Writing {
    fn new(reporters: Vec<Box<dyn Reporter>>) -> Self {
        Self {
            reports: reporters.into_iter().map(Report::new).collect(),
            pairing: Pairing::default(),
        }
    }

    /// Takes what comes until nothing does any more.
    fn take_all(mut self, mut pieces: mpsc::Receiver<Vec<Recorded>>) -> Self {
        while let Some(piece) = pieces.blocking_recv() {
            self.take(piece);
        }
        self
    }

    /// Takes the next results in order.
    fn take(&mut self, mut results: Vec<Recorded>) {
        self.pairing.compare(&mut results);
        for report in &mut self.reports {
            report.take(&results);
        }
    }

    /// Takes what the journal has after its first `given` results in order.
    ///
    /// # Errors
    /// When the journal cannot be read: without it no report is complete.
    fn take_rest(&mut self, journal: &mut Journal, given: usize) -> io::Result<()> {
        if given == journal.len() {
            return Ok(());
        }
        let pieces = journal.pieces(given, READ_RESULTS, READ_BYTES)?;
        let mut pieces = pieces.map(|piece| piece.and_then(parse_all));
        let mut next = pieces.next();
        while let Some(piece) = next {
            let results = piece?;
            // The next piece is read while this one is written.
            ((), next) = rayon::join(|| self.take(results), || pieces.next());
        }
        Ok(())
    }

    /// One after the other, because the last one names the others.
    fn finish(self, run: &RunInfo, end: &RunEnd) -> Vec<ReportFailure> {
        let reports = self.reports.into_iter();
        reports.filter_map(|report| report.finish(run, end)).collect()
    }

    fn lost(self, journal: &io::Error) -> Vec<ReportFailure> {
        let reports = self.reports.into_iter();
        reports.map(|report| report.lost(journal)).collect()
    }
}

fn parse_all(lines: Vec<Vec<u8>>) -> io::Result<Vec<Recorded>> {
    let parsed = |line: Vec<u8>| Ok(recorded(Arc::new(parse(&line)?), Arc::new(line)));
    lines.into_par_iter().map(parsed).collect()
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
            let taken = results
                .iter()
                .try_for_each(|recorded| self.reporter.conversation(recorded));
            self.failed = taken.err();
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
