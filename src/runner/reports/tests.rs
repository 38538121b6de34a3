//! Reporters see every conversation in order, and one that fails takes no other down.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::model::event::Summary;
use crate::model::outcome::Verdict;
use crate::runner::journal::{JournalWriter, RunKind, line_of};
use crate::runner::source::Heading;

#[derive(Default)]
struct Told {
    names: Vec<String>,
    finished: bool,
}

struct Recorder {
    told: Arc<Mutex<Told>>,
    /// Fails at this conversation.
    fails_at: Option<usize>,
    fails_at_the_end: bool,
}

impl Reporter for Recorder {
    fn describe(&self) -> String {
        "recorder (nowhere)".to_owned()
    }

    fn shows_passed(&self) -> bool {
        false
    }

    fn conversation(&mut self, recorded: &Recorded) -> io::Result<()> {
        let mut told = self.told.lock().unwrap();
        if self.fails_at == Some(told.names.len()) {
            return Err(io::Error::other("disk full"));
        }
        told.names.push(recorded.result.name.clone());
        Ok(())
    }

    fn finish(self: Box<Self>, _run: &RunInfo, _end: &RunEnd) -> io::Result<()> {
        self.told.lock().unwrap().finished = true;
        if self.fails_at_the_end {
            return Err(io::Error::other("no such folder"));
        }
        Ok(())
    }
}

/// A long result, of which not many can wait in memory.
fn result(position: usize) -> ConversationResult {
    let heading = Heading {
        name: position.to_string(),
        ..Heading::default()
    };
    heading.result(Verdict::Passed, Some("long ".repeat(10_000)))
}

fn end() -> RunEnd {
    RunEnd {
        elapsed: Duration::ZERO,
        summary: Summary::default(),
        cancelled: None,
        slowed: Vec::new(),
    }
}

/// Writes reports of results that come in some order, with these recorders: (fails at, fails at the end). Gives back what
/// each was told, the failures, and how many results had been given when the last one had come.
async fn write(
    order: Vec<usize>,
    recorders: &[(Option<usize>, bool)],
) -> (Vec<Arc<Mutex<Told>>>, Vec<String>, usize) {
    let mut told = Vec::new();
    let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
    for (fails_at, fails_at_the_end) in recorders {
        let shared = Arc::new(Mutex::new(Told::default()));
        told.push(Arc::clone(&shared));
        reporters.push(Box::new(Recorder {
            told: shared,
            fails_at: *fails_at,
            fails_at_the_end: *fails_at_the_end,
        }));
    }
    let mut reports = Reports::begin(reporters, &Plan::new(order.clone())).unwrap();
    let mut writer = JournalWriter::create(None, &RunInfo::fixture(), RunKind::default()).unwrap();
    for position in order {
        let result = result(position);
        let line = Arc::new(line_of(&result).unwrap());
        writer.append(position, Arc::clone(&line)).await;
        reports.add(position, Arc::new(result), line).await;
    }
    let given = reports.sequence.given();
    let journal = writer.finish();
    let failures = reports.complete(journal, &RunInfo::fixture(), &end()).unwrap();
    let failures = failures.iter().map(ToString::to_string).collect();
    (told, failures, given)
}

#[tokio::test]
async fn every_reporter_sees_every_conversation_in_order() {
    let expected: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    let swapped = (0..200).map(|position: usize| position ^ 1).collect();
    let first_comes_last = (1..200).chain([0]).collect();
    // What is not given while they come is read from the journal.
    let orders = [
        ((0..200).collect::<Vec<_>>(), 200..=200),
        (swapped, 200..=200),
        (first_comes_last, 2..=100),
        ((0..200).rev().collect(), 2..=100),
    ];
    for (order, of_course) in orders {
        let (told, failures, given) = write(order, &[(None, false), (None, false)]).await;
        assert!(failures.is_empty(), "{failures:?}");
        assert!(of_course.contains(&given), "{given}");
        for told in told {
            let told = told.lock().unwrap();
            assert!(told.finished);
            assert_eq!(told.names, expected);
        }
    }
}

#[tokio::test]
async fn one_that_fails_does_not_stop_the_others() {
    let (told, failures, _) = write((0..5).collect(), &[(Some(2), false), (None, true), (None, false)]).await;
    assert_eq!(
        failures,
        [
            "recorder (nowhere) could not be written: disk full",
            "recorder (nowhere) could not be written: no such folder"
        ]
    );
    let seen: Vec<(usize, bool)> = told
        .iter()
        .map(|told| {
            let told = told.lock().unwrap();
            (told.names.len(), told.finished)
        })
        .collect();
    assert_eq!(seen, [(2, false), (5, true), (5, true)]);
}

#[tokio::test]
async fn a_run_without_conversations_still_has_its_reports() {
    let (told, failures, _) = write(Vec::new(), &[(None, false)]).await;
    assert!(failures.is_empty() && told[0].lock().unwrap().finished);
}

/// A reporter of somebody else's that is broken.
struct Broken;

impl Reporter for Broken {
    fn describe(&self) -> String {
        "broken".to_owned()
    }

    fn shows_passed(&self) -> bool {
        true
    }

    fn conversation(&mut self, _recorded: &Recorded) -> io::Result<()> {
        panic!("it is broken");
    }

    fn finish(self: Box<Self>, _run: &RunInfo, _end: &RunEnd) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_reporter_that_panics_is_an_error_and_stops_no_run() {
    let count = 2 * PIECE_RESULTS * WAITING_PIECES;
    let mut reports = Reports::begin(vec![Box::new(Broken)], &Plan::new(0..count)).unwrap();
    for position in 0..count {
        reports
            .add(position, Arc::new(result(position)), Arc::default())
            .await;
    }
    let journal = JournalWriter::create(None, &RunInfo::fixture(), RunKind::default())
        .unwrap()
        .finish();
    let error = reports
        .complete(journal, &RunInfo::fixture(), &end())
        .unwrap_err();
    assert_eq!(error.to_string(), "the reports' writer stopped");
}
