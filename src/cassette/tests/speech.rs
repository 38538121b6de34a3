//! Users who speak, recorded and played.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use prost::Message as _;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::echo::{BIDI, audible, call, config, live, title};
use super::{Folder, line};
use crate::audio::{Clip, Format};
use crate::backend::Speech;
use crate::backend::transport::{Heard, Hears, Lasts, LiveStream, Outgoing};
use crate::cassette::{Cassettes, Speed};
use crate::model::suite::AudioSettings;
use crate::proto::ces_v1 as ces;

const FORMAT: Format = AudioSettings::USUAL;
const PIECE: Duration = AudioSettings::PIECE;

/// So many tenths of a second of a tone.
fn speech(name: &str, tone: u8, tenths: usize) -> Speech {
    let bytes = vec![tone; FORMAT.bytes_in(PIECE) * tenths];
    Speech {
        clip: Arc::new(Clip::of(FORMAT, bytes)),
        pace: 1.0,
        piece: PIECE,
        file: None,
        written: Some(name.to_owned()),
        interrupt_after: None,
    }
}

/// What a user does in a turn.
#[derive(Clone)]
enum Turn {
    Says(&'static str),
    Speaks(Speech),
}

/// What a client sends: the sound in its time, if it has to come so, and silence before it.
fn outgoing(turns: &[Turn], hears: Hears) -> BoxStream<'static, Outgoing> {
    let first = ces::BidiSessionClientMessage {
        message_type: Some(ces::bidi_session_client_message::MessageType::Config(config("x"))),
    };
    let mut all = vec![Outgoing::Message(first.encode_to_vec().into())];
    for turn in turns {
        match turn {
            Turn::Says(text) => all.push(Outgoing::Message(live(text))),
            Turn::Speaks(speech) => {
                let piece = |bytes: &[u8]| Outgoing::Sound(audible(bytes));
                all.push(Outgoing::Pause(audible(&[0; 100])));
                all.push(Outgoing::Speaks(speech.clone()));
                all.extend(speech.clip.pieces(PIECE).map(piece));
                all.push(Outgoing::Done);
            }
        }
    }
    let in_time = move |outgoing: Outgoing| async move {
        if matches!(outgoing, Outgoing::Sound(_)) && hears != Hears::AtOnce {
            sleep(PIECE).await;
        }
        outgoing
    };
    stream::iter(all).then(in_time).boxed()
}

/// What is heard until it is quiet, and when.
async fn hear(stream: &mut dyn LiveStream) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        match stream.next(Instant::now() + Duration::from_secs(9)).await {
            Ok(Heard::Silence) => return told,
            Ok(Heard::Message(part)) => {
                let message = ces::BidiSessionServerMessage::decode(part.bytes).unwrap();
                told.push(format!("{:?} {message:?}", part.at));
            }
            other => {
                told.push(format!("{other:?}"));
                return told;
            }
        }
    }
}

async fn converse(cassettes: &Cassettes, turn: &Turn) -> Vec<String> {
    let line = line(cassettes, 1, "x").await.unwrap();
    let sent = outgoing(std::slice::from_ref(turn), line.hears());
    match line.stream(&call(BIDI), sent, Lasts::OnItsOwn).await {
        Ok(mut stream) => hear(stream.as_mut()).await,
        Err(failed) => vec![format!("not opened: {failed:?}")],
    }
}

async fn recorded(folder: &Folder, turn: &Turn) -> Vec<String> {
    let cassettes = folder.record();
    let recorded = converse(&cassettes, turn).await;
    cassettes.finish(&title()).await;
    assert_eq!(cassettes.problems([]).len(), 0);
    recorded
}

#[tokio::test(start_paused = true)]
async fn what_is_spoken_is_one_entry_and_so_is_the_answer() {
    let folder = Folder::new();
    let recorded = recorded(&folder, &Turn::Speaks(speech("tone.wav", 3, 30))).await;
    assert_eq!(recorded.len(), 6, "{recorded:?}");
    assert!(
        recorded[0].starts_with("0ns") && recorded[1].starts_with("30ms"),
        "{recorded:?}"
    );

    let cassette: Value = serde_json::from_str(&folder.text()).unwrap();
    let stream = cassette["sessions"][0]["interactions"][0]["stream"]
        .as_array()
        .unwrap();
    assert_eq!(stream.len(), 5, "{stream:?}");
    assert_eq!(
        stream[1]["sound"],
        serde_json::json!({"file": "tone.wav", "bytes": 96_000, "pieces": 30})
    );
    let sent = stream[1]["sent"]["realtimeInput"]["audio"].as_str().unwrap();
    assert!(sent.starts_with("sha256:"), "{sent}");
    assert_eq!(
        (&stream[2]["speaking"], &stream[2]["at_ms"]),
        (&Value::from(true), &Value::from(900.0))
    );
    assert_eq!(stream[3]["at_ms"], 30.0);
    let aloud = serde_json::json!({"bytes": 1_250, "pieces": 4, "each": 400, "last_at_ms": 70.0});
    assert_eq!(stream[4]["sound"], aloud);
    assert_eq!(folder.folder.path().join("blobs").read_dir().unwrap().count(), 1);
    assert!(folder.text().lines().count() < 60, "{}", folder.text());
}

#[tokio::test(start_paused = true)]
async fn what_was_heard_is_heard_again_at_either_speed() {
    for tenths in [1, 9, 30] {
        let turn = Turn::Speaks(speech("tone.wav", 3, tenths));
        let folder = Folder::new();
        let recorded = recorded(&folder, &turn).await;
        for (speed, took) in [
            (Speed::Fast, 0),
            (Speed::Recorded, 100 * tenths as u64 + 70 + 9_000),
        ] {
            let cassettes = Cassettes::replay(folder.place(), speed).unwrap();
            let before = Instant::now();
            assert_eq!(converse(&cassettes, &turn).await, recorded, "{speed:?}");
            let elapsed = before.elapsed();
            assert_eq!(elapsed, Duration::from_millis(took), "{speed:?}");
            cassettes.finish(&title()).await;
            assert_eq!(cassettes.problems([]).len(), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn other_sound_is_told_by_its_name() {
    let folder = Folder::new();
    recorded(&folder, &Turn::Speaks(speech("tone.wav", 3, 5))).await;
    let table = [
        (
            Turn::Speaks(speech("other.wav", 4, 5)),
            "sound was \\\"tone.wav (16000 bytes)\\\", now \\\"other.wav (16000 bytes)\\\", and 1 more",
        ),
        (
            Turn::Speaks(speech("tone.wav", 4, 5)),
            "request.realtimeInput.audio was \\\"sha256:",
        ),
        (Turn::Speaks(speech("tone.wav", 3, 4)), "(12800 bytes)"),
        (Turn::Says("hello"), "sound was"),
    ];
    for (turn, expected) in table {
        let told = converse(&folder.replay(), &turn).await;
        let last = told.last().unwrap();
        assert!(
            last.contains("differs from the recording") && last.contains(expected),
            "{last}"
        );
    }
    let renamed = Turn::Speaks(speech("renamed.wav", 3, 5));
    let again = converse(&folder.replay(), &renamed).await;
    assert!(again[0].contains("heard 5"), "{again:?}");

    let folder = Folder::new();
    recorded(&folder, &Turn::Says("hello")).await;
    let told = converse(&folder.replay(), &Turn::Speaks(speech("tone.wav", 3, 5))).await;
    assert!(told[0].contains("text was \\\"hello\\\", now absent"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_breaks_again() {
    let folder = Folder::new();
    let recorded = recorded(&folder, &Turn::Says("fail")).await;
    assert!(recorded[0].contains("RESOURCE_EXHAUSTED"), "{recorded:?}");
    assert_eq!(converse(&folder.replay(), &Turn::Says("fail")).await, recorded);
}

#[tokio::test(start_paused = true)]
async fn turns_follow_each_other_on_one_stream() {
    let turns = [
        Turn::Speaks(speech("one.wav", 1, 3)),
        Turn::Says("two"),
        Turn::Speaks(speech("three.wav", 3, 2)),
    ];
    let folder = Folder::new();
    let recorded = one_by_one(&folder.record(), &turns).await;
    assert_eq!(recorded[1].len(), 1, "{recorded:?}");
    let shorter = folder.replay();
    one_by_one(&shorter, &turns[..1]).await;
    assert_eq!(
        shorter.problems([&title()])[0].message,
        "2 recorded messages were not sent on the stream that is interaction 1 of attempt 1"
    );
    for cassettes in [
        folder.replay(),
        Cassettes::replay(folder.place(), Speed::Recorded).unwrap(),
    ] {
        assert_eq!(one_by_one(&cassettes, &turns).await, recorded);
        assert_eq!(cassettes.problems([]).len(), 0);
    }
}

/// Plays turns on one stream; what is heard in each.
async fn one_by_one(cassettes: &Cassettes, turns: &[Turn]) -> Vec<Vec<String>> {
    let line = line(cassettes, 1, "x").await.unwrap();
    let (sender, sent) = futures::channel::mpsc::unbounded();
    let mut sent = Some(sent.boxed());
    let mut stream = None;
    let mut told = Vec::new();
    for turn in turns {
        // The first message configures a stream that is there already.
        let configures = usize::from(stream.is_some());
        let mut messages = outgoing(std::slice::from_ref(turn), Hears::AtOnce).skip(configures);
        while let Some(message) = messages.next().await {
            sender.unbounded_send(message).unwrap();
        }
        if let Some(sent) = sent.take() {
            let opened = line.stream(&call(BIDI), sent, Lasts::OnItsOwn).await;
            stream = opened.ok();
        }
        told.push(hear(stream.as_mut().unwrap().as_mut()).await);
    }
    drop(stream);
    cassettes.finish(&title()).await;
    told
}

#[tokio::test(start_paused = true)]
async fn what_a_rule_names_is_kept_nowhere() {
    let mut folder = Folder::new();
    folder.redactor.hide_member("audio");
    let turn = Turn::Speaks(speech("tone.wav", 3, 5));
    let recorded = recorded(&folder, &turn).await;
    assert!(!folder.folder.path().join("blobs").exists());
    let again = converse(&folder.replay(), &turn).await;
    assert_eq!(again[0], recorded[0]);
    assert_eq!(
        again.len(),
        2,
        "the answer is there, without its sound: {again:?}"
    );
}
