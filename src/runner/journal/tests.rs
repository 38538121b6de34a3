//! The journal keeps what it is given, in order, and appears under its name only when it is complete.

use super::*;
use crate::model::outcome::Verdict;
use crate::runner::previous::Previous;
use crate::runner::source::Heading;

fn result(name: &str, verdict: Verdict) -> ConversationResult {
    let heading = Heading {
        suite: "suite".to_owned(),
        name: name.to_owned(),
        file: "suite.yaml".to_owned(),
        line: 3,
        ..Heading::default()
    };
    heading.result(verdict, None)
}

async fn append(writer: &mut JournalWriter, position: usize, result: &ConversationResult) {
    assert!(writer.append(position, Arc::new(line_of(result).unwrap())).await);
}

fn names(journal: &mut Journal) -> Vec<String> {
    let results = journal.read_sorted().unwrap();
    results.map(|result| result.unwrap().name).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn results_come_back_whole_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer =
        JournalWriter::create(Some(folder.path()), &RunInfo::fixture(), RunKind::default()).unwrap();
    let results = [
        result("c: \u{1F600}\nnext", Verdict::Failed),
        result("a", Verdict::Passed),
        result("b", Verdict::NotRun),
    ];
    for (position, result) in [2, 0, 1].into_iter().zip(&results) {
        append(&mut writer, position, result).await;
    }
    let mut journal = writer.finish();
    assert_eq!(journal.len(), 3);
    let read: Vec<ConversationResult> = journal.read_sorted().unwrap().map(Result::unwrap).collect();
    assert_eq!(read, [results[1].clone(), results[2].clone(), results[0].clone()]);
    journal.close().unwrap();
    assert_eq!(files(folder.path()), [JOURNAL_FILE]);
    let previous = Previous::read(folder.path()).unwrap().unwrap();
    assert!(previous.contains("suite", "c: \u{1F600}\nnext") && !previous.contains("suite", "a"));
}

#[tokio::test]
async fn a_run_that_dies_leaves_the_journal_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut first =
        JournalWriter::create(Some(folder.path()), &RunInfo::fixture(), RunKind::default()).unwrap();
    append(&mut first, 0, &result("before", Verdict::Failed)).await;
    first.finish().close().unwrap();
    let mut second =
        JournalWriter::create(Some(folder.path()), &RunInfo::fixture(), RunKind::default()).unwrap();
    append(&mut second, 0, &result("torn", Verdict::Failed)).await;
    assert_eq!(
        files(folder.path()),
        [JOURNAL_FILE],
        "what could stay behind has no name"
    );
    let JournalWriter {
        pieces, last, thread, ..
    } = second;
    drop((pieces, last));
    thread.join().unwrap().unwrap();
    assert_eq!(files(folder.path()), [JOURNAL_FILE]);
    let previous = Previous::read(folder.path()).unwrap().unwrap();
    assert!(previous.contains("suite", "before") && !previous.contains("suite", "torn"));
}

#[tokio::test]
async fn a_journal_can_do_without_a_folder() {
    let mut writer = JournalWriter::create(None, &RunInfo::fixture(), RunKind::default()).unwrap();
    append(&mut writer, 0, &result("a", Verdict::Passed)).await;
    let mut journal = writer.finish();
    assert_eq!(names(&mut journal), ["a"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = JournalWriter::create(Some(&file.join("below")), &RunInfo::fixture(), RunKind::default())
        .unwrap_err();
    assert!(error.to_string().contains("below"), "{error}");
}

#[tokio::test]
async fn pieces_are_bounded_in_number_and_size() {
    let mut writer = JournalWriter::create(None, &RunInfo::fixture(), RunKind::default()).unwrap();
    for position in 0..10 {
        append(&mut writer, position, &result("same", Verdict::Passed)).await;
    }
    let mut journal = writer.finish();
    let sizes = |journal: &mut Journal, count, bytes| -> Vec<usize> {
        journal
            .pieces(0, count, bytes)
            .unwrap()
            .map(|piece| piece.unwrap().len())
            .collect()
    };
    assert_eq!(sizes(&mut journal, 4, u64::MAX), [4, 4, 2]);
    let line = line_of(&result("same", Verdict::Passed)).unwrap().len() as u64;
    assert_eq!(sizes(&mut journal, 64, line * 3), [3, 3, 3, 1]);
    assert_eq!(
        sizes(&mut journal, 64, 1),
        [1; 10],
        "a line larger than a piece is a piece"
    );
    let rest = journal.pieces(7, 2, u64::MAX).unwrap();
    let rest: usize = rest.map(|piece| piece.unwrap().len()).sum();
    assert_eq!(rest, 3, "without the first seven");
}
