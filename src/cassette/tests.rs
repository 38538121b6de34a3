//! Recording and playing against a service that a test writes down, without any network.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use prost::Message;
use tempfile::TempDir;
use tokio::time::Instant;

use self::echo::{BIDI, Echo, NEVER, RUN, STREAM, call, config, live, request, start, title};
use super::*;
use crate::backend::TurnError;
use crate::backend::error::BackendErrorKind;
use crate::backend::transport::{Call, Heard, Line, Part};
use crate::model::outcome::Sent;
use crate::proto::ces_v1 as ces;

mod echo;
mod speech;

/// A folder of cassettes.
struct Folder {
    folder: TempDir,
    redactor: Redactor,
}

impl Folder {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            redactor: Redactor::new(),
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            folder: self.folder.path(),
            shown: Path::new("tapes"),
            redactor: &self.redactor,
            titles: vec![title()],
        }
    }

    fn record(&self) -> Cassettes {
        Cassettes::record(self.place()).unwrap()
    }

    fn replay(&self) -> Cassettes {
        Cassettes::replay(self.place(), Speed::Fast).unwrap()
    }

    fn file(&self) -> PathBuf {
        self.place().shelf().path(&title())
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    /// Records a session in which this is said, and ends the conversation.
    async fn recorded(&self, said: &[&str]) -> Vec<Result<Vec<Part>, TurnError>> {
        let cassettes = self.record();
        let answers = say(&cassettes, said, "0c6f-live").await;
        cassettes.finish(&title()).await;
        assert_eq!(cassettes.problems([]).len(), 0);
        answers
    }
}

async fn line(cassettes: &Cassettes, attempt: u32, id: &str) -> Result<Arc<dyn Line>, BackendError> {
    let transport = cassettes.transport(|| Ok(Arc::new(Echo))).unwrap();
    transport.line(&start(attempt, id)).await
}

async fn say(cassettes: &Cassettes, said: &[&str], id: &str) -> Vec<Result<Vec<Part>, TurnError>> {
    let line = line(cassettes, 1, id).await.unwrap();
    let mut answers = Vec::new();
    for said in said {
        answers.push(line.ask(&call(STREAM), request(said, id)).await);
    }
    answers
}

fn shown(answers: &[Result<Vec<Part>, TurnError>]) -> Vec<String> {
    answers.iter().map(|answer| format!("{answer:?}")).collect()
}

fn refused(answer: Result<Vec<Part>, TurnError>) -> BackendError {
    let failed = answer.unwrap_err();
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Cassette, Sent::No)
    );
    failed.error
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_is_answered_again_without_waiting() {
    let folder = Folder::new();
    let said = ["hello there", "fail", "who", "loud and clear"];
    let recorded = folder.recorded(&said).await;
    assert!(!folder.text().contains("0c6f-live"), "{}", folder.text());

    let cassettes = folder.replay();
    let before = Instant::now();
    let replayed = say(&cassettes, &said, "0c6f-live").await;
    assert_eq!(shown(&replayed), shown(&recorded));
    assert_eq!(before.elapsed(), Duration::ZERO);
    cassettes.finish(&title()).await;
    assert_eq!(cassettes.problems([&title()]).len(), 0);

    let other = say(&folder.replay(), &said, "another").await;
    let whole = shown(&other).concat();
    assert!(
        whole.contains("sessions/another") && !whole.contains("0c6f"),
        "{whole}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_replay_can_take_the_time_it_took() {
    let folder = Folder::new();
    folder.recorded(&["one two three", "fail"]).await;
    let cassettes = Cassettes::replay(folder.place(), Speed::Recorded).unwrap();
    assert!(!cassettes.is_hurried());
    let before = Instant::now();
    say(&cassettes, &["one two three", "fail"], "x").await;
    assert_eq!(before.elapsed(), Duration::from_millis(22 + 40));
}

#[tokio::test(start_paused = true)]
async fn long_bytes_stand_in_files_of_their_own() {
    let folder = Folder::new();
    let recorded = folder.recorded(&["loud", "loud"]).await;
    let blobs: Vec<_> = folder.folder.path().join("blobs").read_dir().unwrap().collect();
    assert_eq!(blobs.len(), 1);
    assert!(folder.text().len() < 3_000, "{}", folder.text());
    let replayed = say(&folder.replay(), &["loud", "loud"], "x").await;
    assert_eq!(shown(&replayed), shown(&recorded));
    std::fs::remove_file(blobs[0].as_ref().unwrap().path()).unwrap();
    let gone = say(&folder.replay(), &["loud"], "x").await.remove(0);
    let error = refused(gone);
    assert!(
        error
            .message
            .contains("interaction 1 of attempt 1 is damaged: `outputs.0.audio`"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn another_request_is_shown_with_what_differs() {
    let folder = Folder::new();
    folder.recorded(&["two tickets please", "bye"]).await;
    let cassettes = folder.replay();
    let error = refused(say(&cassettes, &["three tickets please"], "x").await.remove(0));
    assert!(
        error
            .message
            .starts_with("the request differs from the recording: request.inputs[0].text was \"two tickets please\", now \"three tickets please\" (interaction 1 of attempt 1 in tapes/"),
        "{error}"
    );
    assert_eq!(error.diff.unwrap().lines.len(), 2);
    cassettes.finish(&title()).await;
    assert_eq!(
        cassettes.problems([]).len(),
        0,
        "what comes after is not asked for, and no wonder"
    );

    let too_early = refused(say(&folder.replay(), &["bye"], "x").await.remove(0));
    assert!(
        too_early
            .message
            .contains("is recorded as interaction 2 of attempt 1")
            && too_early
                .message
                .ends_with("but interaction 1 of attempt 1 is due"),
        "{too_early}"
    );
    let line = line(&folder.replay(), 1, "x").await.unwrap();
    let method = refused(line.ask(&call(RUN), request("two tickets please", "x")).await);
    assert!(method.message.contains("method was"), "{method}");
    let pinned = Call {
        headers: vec![("x-turnproof-match", r#"{"intent":"bye"}"#.to_owned())],
        ..call(STREAM)
    };
    let pinned = refused(line.ask(&pinned, request("two tickets please", "x")).await);
    assert!(pinned.message.contains("metadata was absent"), "{pinned}");
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_and_what_is_left_over_is_told() {
    let folder = Folder::new();
    folder.recorded(&["one", "two", "three"]).await;
    let cassettes = folder.replay();
    say(&cassettes, &["one"], "x").await;
    assert!(line(&cassettes, 1, "y").await.is_ok());
    cassettes.finish(&title()).await;
    let problems = cassettes.problems([&title()]);
    assert_eq!(
        problems[0].message,
        "2 recorded interactions were not asked for, from interaction 2 of attempt 1 on"
    );
    assert!(!problems[0].is_error());

    let cassettes = folder.replay();
    let answers = say(&cassettes, &["one", "two", "three", "four"], "x").await;
    let error = refused(answers.into_iter().next_back().unwrap());
    assert!(
        error
            .message
            .contains("there is no interaction 4 of attempt 1 in tapes/"),
        "{error}"
    );
    let error = line(&cassettes, 2, "x").await.map(|_| ()).unwrap_err();
    assert!(
        error.message.contains("attempt 2 is not recorded in tapes/"),
        "{error}"
    );
    assert!(!error.is_transient(), "another attempt fares no better");
}

#[tokio::test(start_paused = true)]
async fn attempts_are_told_apart_whoever_comes_first() {
    let folder = Folder::new();
    let cassettes = folder.record();
    for (attempt, said) in [(2, "second"), (1, "first")] {
        let line = line(&cassettes, attempt, "x").await.unwrap();
        line.ask(&call(RUN), request(said, "x")).await.unwrap();
    }
    cassettes.finish(&title()).await;
    assert!(folder.text().find("first") < folder.text().find("second"));
    let cassettes = folder.replay();
    for (attempt, said) in [(1, "first"), (2, "second")] {
        let line = line(&cassettes, attempt, "x").await.unwrap();
        assert!(line.ask(&call(RUN), request(said, "x")).await.is_ok());
    }
    let clock = cassettes.clock(&title(), 2).await.unwrap();
    assert_eq!(clock.to_rfc3339(), "2026-03-02T10:00:00+01:00");
    assert_eq!(cassettes.clock(&title(), 3).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_nobody_waited_for_any_longer_is_a_timeout() {
    let folder = Folder::new();
    let cassettes = folder.record();
    let long = tokio::time::timeout(Duration::from_secs(5), say(&cassettes, &["one", NEVER], "x")).await;
    assert!(long.is_err());
    cassettes.finish(&title()).await;
    let failed = say(&folder.replay(), &["one", NEVER], "x")
        .await
        .pop()
        .unwrap()
        .unwrap_err();
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Timeout, Sent::Unknown)
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_that_was_not_reached_overwrites_nothing() {
    let folder = Folder::new();
    folder.recorded(&["unreachable"]).await;
    let failed = say(&folder.replay(), &["unreachable"], "x")
        .await
        .remove(0)
        .unwrap_err();
    assert_eq!(
        (failed.error.code, failed.sent),
        (Some("RESOURCE_EXHAUSTED"), Sent::No)
    );
    folder.recorded(&["good"]).await;
    let good = folder.text();
    let cassettes = folder.record();
    say(&cassettes, &["unreachable"], "x").await;
    cassettes.finish(&title()).await;
    assert_eq!(folder.text(), good);
    assert_eq!(cassettes.problems([])[0].code, "cassette-kept");
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_was_cut_short_is_not_written() {
    let folder = Folder::new();
    say(&folder.record(), &["one"], "x").await;
    assert!(!folder.file().exists());
    let error = line(&folder.replay(), 1, "x").await.map(|_| ()).unwrap_err();
    assert!(
        error
            .message
            .starts_with("nothing is recorded for this conversation"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_hidden_is_not_written_and_still_fits() {
    let mut folder = Folder::new();
    folder.redactor.hide_secret("Sesame-1");
    folder
        .redactor
        .hide_pattern(regex::Regex::new("[0-9]{4}-[0-9]{4}").unwrap());
    let said = ["open Sesame-1 now", "my card is 4111-2222"];
    let recorded = folder.recorded(&said).await;
    let text = folder.text();
    assert!(!text.contains("Sesame") && !text.contains("4111"), "{text}");
    assert!(text.contains("my card is [redacted-2]"), "{text}");
    let answers = say(&folder.replay(), &said, "x").await;
    assert_eq!(shown(&answers), shown(&recorded), "what the user says comes back");

    let changed = say(&folder.replay(), &["close Sesame-1 now"], "x")
        .await
        .remove(0);
    let error = refused(changed);
    assert!(!format!("{error:?}").contains("Sesame"), "{error:?}");
}

/// Plays the stream that a client would: turn by turn, each until it is quiet.
async fn converse(cassettes: &Cassettes, turns: &[&str], id: &str) -> Vec<String> {
    let line = line(cassettes, 1, id).await.unwrap();
    let first = ces::BidiSessionClientMessage {
        message_type: Some(ces::bidi_session_client_message::MessageType::Config(config(id))),
    };
    let mut told = Vec::new();
    let opening = vec![first.encode_to_vec().into(), live(turns[0])];
    let mut stream = match line.open(&call(BIDI), opening).await {
        Ok(stream) => stream,
        Err(failed) => return vec![format!("not opened: {failed:?}")],
    };
    for (index, turn) in turns.iter().enumerate() {
        if index > 0 {
            loop {
                match stream.unasked() {
                    Ok(Heard::Silence) => break,
                    unasked => told.push(format!("unasked {unasked:?}")),
                }
            }
            if let Err(failed) = stream.send(vec![live(turn)]).await {
                told.push(format!("not sent: {failed:?}"));
                return told;
            }
        }
        loop {
            match stream.next(Instant::now() + Duration::from_millis(250)).await {
                Ok(Heard::Silence) => break,
                Ok(message @ Heard::Message(_)) => told.push(format!("{message:?}")),
                over => {
                    told.push(format!("{over:?}"));
                    return told;
                }
            }
        }
    }
    told
}

#[tokio::test(start_paused = true)]
async fn streams_are_played_message_by_message() {
    let table: [&[&str]; 5] = [
        &["one two", "three"],
        &["one later two", "three later four", "five end"],
        &["one fail"],
        &["fail"],
        &["loud", "one"],
    ];
    for turns in table {
        let folder = Folder::new();
        let cassettes = folder.record();
        let recorded = converse(&cassettes, turns, "x").await;
        cassettes.finish(&title()).await;
        let before = Instant::now();
        let cassettes = folder.replay();
        assert_eq!(converse(&cassettes, turns, "x").await, recorded, "{turns:?}");
        assert_eq!(before.elapsed(), Duration::ZERO, "nobody waits for silence");
        cassettes.finish(&title()).await;
        assert_eq!(cassettes.problems([]).len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn another_message_on_a_stream_is_shown_with_what_differs() {
    let folder = Folder::new();
    let cassettes = folder.record();
    converse(&cassettes, &["one", "two"], "x").await;
    cassettes.finish(&title()).await;
    let told = converse(&folder.replay(), &["one", "too"], "x").await;
    let last = told.last().unwrap();
    assert!(
        last.contains("request.realtimeInput.text was \\\"two\\\", now \\\"too\\\""),
        "{last}"
    );
    let told = converse(&folder.replay(), &["one", "two", "three"], "x").await;
    assert!(told.last().unwrap().contains("ends before it"), "{told:?}");
    let told = converse(&folder.replay(), &["uno"], "x").await;
    assert!(
        told[0].starts_with("not opened") && told[0].contains("uno"),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_can_take_the_time_it_took() {
    let folder = Folder::new();
    let cassettes = folder.record();
    converse(&cassettes, &["one", "two"], "x").await;
    cassettes.finish(&title()).await;
    let cassettes = Cassettes::replay(folder.place(), Speed::Recorded).unwrap();
    let before = Instant::now();
    converse(&cassettes, &["one", "two"], "x").await;
    assert_eq!(before.elapsed(), Duration::from_millis(2 * (7 + 250)));
}

#[tokio::test(start_paused = true)]
async fn damaged_cassettes_are_told_with_their_place() {
    let folder = Folder::new();
    folder.recorded(&["one"]).await;
    let good = folder.text();
    let table = [
        (
            good.replace("cassette/1", "cassette/7"),
            "format is `turnproof-cassette/7`",
        ),
        (
            good.replace("\"answers\"", "\"anwsers\""),
            "unknown field `anwsers`",
        ),
        (good[..good.len() - 20].to_owned(), "the cassette is damaged: EOF"),
        (String::new(), ".json:1:1: the cassette is damaged: EOF"),
    ];
    for (text, expected) in table {
        std::fs::write(folder.file(), text).unwrap();
        let error = line(&folder.replay(), 1, "x").await.map(|_| ()).unwrap_err();
        assert_eq!(error.kind, BackendErrorKind::Cassette);
        assert!(
            error.message.starts_with("tapes/suite/a-conversation-"),
            "{error}"
        );
        assert!(
            error.message.contains(expected) && error.hint.is_some(),
            "{error}"
        );
    }
    std::fs::write(folder.file(), good.replace("\"one\" }] }", "1 }] }")).unwrap();
    let answer = say(&folder.replay(), &["one"], "x").await.remove(0);
    assert!(
        refused(answer)
            .message
            .contains("damaged: `outputs.0.text` should be a text"),
        "{good}"
    );
}

#[test]
fn a_folder_that_is_not_there_is_told_at_once() {
    let folder = Folder::new();
    let place = Place {
        folder: Path::new("/no/such/folder"),
        ..folder.place()
    };
    let problem = Cassettes::replay(place, Speed::Fast).unwrap_err();
    assert_eq!(problem.help, ["record some first: --record tapes"]);
    std::fs::write(folder.folder.path().join("file"), "").unwrap();
    let file = folder.folder.path().join("file");
    let place = Place {
        folder: &file,
        ..folder.place()
    };
    assert!(Cassettes::record(place).is_err());
}

#[test]
fn a_replay_makes_no_way_to_any_service() {
    let calls = Mutex::new(0);
    let folder = Folder::new();
    let replay = folder.replay();
    let transport = replay.transport(|| {
        *calls.lock().unwrap() += 1;
        Ok(Arc::new(Echo))
    });
    assert!(transport.is_ok());
    assert_eq!(*calls.lock().unwrap(), 0);
}
