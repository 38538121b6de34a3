//! Spoken turns from the command line: what is played, told, kept and refused.

use turnproof::audio::{Encoding, Said as SaidOf, SoundFile, as_wav, encoded};
use turnproof::model::suite::AudioSettings;

use crate::cli_emulate::Running;
use crate::cli_place::Place;

/// A place with the recording `fixtures/hello.wav`, in which somebody says hello.
fn with_a_recording() -> Place {
    let place = Place::initialised();
    std::fs::remove_file(place.path().join("order.yaml")).unwrap();
    place.write("fixtures/transcripts.yaml", "hello.wav: hello\n");
    let samples: Vec<i16> = (1..2_000).map(|at| at * 13 % 97 * 50 + 1).collect();
    let wav = as_wav(AudioSettings::USUAL, &encoded(&samples, Encoding::Linear16)).unwrap();
    std::fs::write(place.path().join("fixtures/hello.wav"), wav).unwrap();
    place
}

fn suite(audio: &str, expect: &str) -> String {
    format!(
        "target: coffee\nconversations:\n  - name: says hello\n    turns:\n      - audio: {audio}\n        \
         expect: {expect}\n"
    )
}

#[test]
fn an_emulator_of_its_own_understands_and_its_answers_are_kept() {
    let place = with_a_recording();
    let emulator = Running::start(
        &place,
        &[
            "--agent",
            "agents/coffee-bar",
            "--transcripts",
            "fixtures/transcripts.yaml",
        ],
    );
    let settings = format!(
        "targets:\n  coffee: {{ backend: cx, agent: projects/p/locations/global/agents/a, \
         endpoint: \"http://{}\", credentials: none, audio: {{ pace: 50, output: {{ rate: 8000 }} }} }}\n",
        emulator.address
    );
    place.write("turnproof.yaml", &settings);
    let expect = "{ transcript: hello, intent: Default Welcome Intent, audio: { present: true } }";
    place.write("voice.yaml", &suite("fixtures/hello.wav", expect));
    let said = place.run(&["run", "--keep-audio"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let document: serde_json::Value = serde_json::from_str(&place.read("reports/run.json")).unwrap();
    let reply = &document["conversations"][0]["attempts"][0]["turns"][0]["reply"];
    assert_eq!(reply["transcript"], "hello");
    assert_eq!(reply["audio"]["rate"], 8_000);
    let kept = place.path().join(reply["audio"]["file"].as_str().unwrap());
    assert!(
        kept.starts_with(place.path().join("reports/audio/voice")),
        "{kept:?}"
    );
    let file = SoundFile::read(&kept, SaidOf::default()).unwrap();
    let milliseconds = file.facts().duration.unwrap().as_millis();
    assert_eq!(
        u128::from(reply["audio"]["duration_ms"].as_u64().unwrap()),
        milliseconds
    );
}

#[test]
fn words_that_differ_are_shown() {
    let place = with_a_recording();
    let expect = "{ transcript: { wer: { to: hello again my friend, at_most: 0.5 } } }";
    place.write("voice.yaml", &suite("fixtures/hello.wav", expect));
    let said = place.run(&["run"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("word error rate is 0.750"), "{}", said.out);
    assert!(said.out.contains("heard: hello"), "{}", said.out);
    assert!(said.out.contains("hello again my friend"), "{}", said.out);
    let kept = place
        .files()
        .into_iter()
        .any(|file| file.starts_with("reports/audio"));
    assert!(!kept, "nobody asked for it");
}

#[test]
fn what_cannot_be_played_is_refused_before_anything_is() {
    let place = with_a_recording();
    place.write(
        "voice.yaml",
        &suite("fixtures/hello.wav", "{ transcript: hello }"),
    );
    place.write(
        "turnproof.yaml",
        "targets:\n  coffee: { backend: emulator, agent: agents/coffee-bar, audio: { rate: 8000 } }\n",
    );
    let said = place.run(&["check"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.err.contains("linear16 at 8000 Hz, mono is wanted"),
        "{}",
        said.err
    );
    assert!(said.err.contains("convert: true"), "{}", said.err);
    let convert = "{ file: fixtures/hello.wav, convert: true }";
    place.write("voice.yaml", &suite(convert, "{ transcript: hello }"));
    let said = place.run(&["run"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    place.write("fixtures/transcripts.yaml", "");
    let said = place.run(&["check"]);
    assert!(
        said.err.contains("no transcript says what is heard"),
        "{}",
        said.err
    );
    let said = place.run(&["run"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.out.contains("no transcript for this recording"),
        "{}",
        said.out
    );
}

#[test]
fn transcripts_need_their_recordings() {
    let place = with_a_recording();
    place.write("fixtures/transcripts.yaml", "helo.wav: hello\n");
    let said = place.run(&[
        "emulate",
        "--listen",
        "localhost:0",
        "--agent",
        "agents/coffee-bar",
        "--transcripts",
        "fixtures/transcripts.yaml",
    ]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.err.contains("no recording `helo.wav`") && said.err.contains("did you mean `hello.wav`?"),
        "{}",
        said.err
    );
}
