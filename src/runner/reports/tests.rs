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

async fn journal(count: usize) -> Journal {
    let mut writer = JournalWriter::create(None, &RunInfo::fixture(), RunKind::default()).unwrap();
    for position in (0..count).rev() {
        let heading = Heading {
            name: position.to_string(),
            ..Heading::default()
        };
        // Long enough that not all of them are kept in memory.
        let result = heading.result(Verdict::Passed, Some("long ".repeat(10_000)));
        let line = line_of(&result).unwrap();
        writer.append(position, &Arc::new(result), line).await;
    }
    writer.finish().unwrap()
}

/// Writes reports with these recorders: (fails at, fails at the end); gives back what each was told and the failures.
async fn write(count: usize, recorders: &[(Option<usize>, bool)]) -> (Vec<Arc<Mutex<Told>>>, Vec<String>) {
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
    let end = RunEnd {
        elapsed: Duration::ZERO,
        summary: Summary::default(),
        cancelled: None,
        slowed: Vec::new(),
    };
    let failures = write_reports(&mut journal(count).await, reporters, &RunInfo::fixture(), &end);
    (told, failures.iter().map(ToString::to_string).collect())
}

#[tokio::test]
async fn every_reporter_sees_every_conversation_in_order() {
    let (told, failures) = write(200, &[(None, false), (None, false)]).await;
    assert!(failures.is_empty(), "{failures:?}");
    let expected: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    for told in told {
        let told = told.lock().unwrap();
        assert!(told.finished);
        assert_eq!(told.names, expected);
    }
}

#[tokio::test]
async fn one_that_fails_does_not_stop_the_others() {
    let (told, failures) = write(5, &[(Some(2), false), (None, true), (None, false)]).await;
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
    let (told, failures) = write(0, &[(None, false)]).await;
    assert!(failures.is_empty() && told[0].lock().unwrap().finished);
}
