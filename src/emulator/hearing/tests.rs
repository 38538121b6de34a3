//! Recordings that are known, as they are, converted, cut short and between silence.

use std::path::Path;

use super::*;
use crate::audio::{Encoding, as_wav, encoded};

const OWN: Format = Format {
    encoding: Encoding::Linear16,
    rate: 16_000,
};

/// A buzz that depends on its number.
fn buzz(number: i32, samples: i32) -> Vec<u8> {
    let sample = |at: i32| i16::try_from(at * 37 % (90 + number) * 60 + 1).unwrap();
    let samples: Vec<i16> = (1..=samples).map(sample).collect();
    encoded(&samples, Encoding::Linear16)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, as_wav(OWN, bytes).unwrap()).unwrap();
    path
}

fn recording(path: PathBuf, text: &str, language: Option<&str>) -> Recording {
    Recording {
        path,
        said: Said::default(),
        text: text.to_owned(),
        language: language.map(str::to_owned),
    }
}

fn words(text: &str) -> Heard {
    Heard::Words(text.to_owned())
}

fn reason(heard: Heard) -> String {
    match heard {
        Heard::Unknown(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_recording_is_known_by_its_sound() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (buzz(1, 4_000), buzz(2, 4_000));
    let hearing = Hearing::default();
    hearing
        .learn(vec![
            recording(write(folder.path(), "one.wav", &one), "one", None),
            recording(write(folder.path(), "two.wav", &other), "zwei", Some("de")),
        ])
        .unwrap();
    let quiet = OWN.silence(Duration::from_millis(700));
    let between = [&quiet[..], &one, &quiet].concat();
    assert_eq!(hearing.hear(OWN, &one, "en"), words("one"));
    assert_eq!(hearing.hear(OWN, &between, ""), words("one"));
    assert_eq!(hearing.hear(OWN, &quiet, "en"), Heard::Silence);
    assert_eq!(hearing.hear(OWN, &other, "de-AT"), words("zwei"));
    assert_eq!(
        reason(hearing.hear(OWN, &other, "en")),
        "`two.wav` is in `de`, the turn in `en`"
    );
    let strange = reason(hearing.hear(OWN, &buzz(3, 4_000), "en"));
    assert!(
        strange.starts_with("no transcript for this recording (linear16 at 16000 Hz, 0.2 s"),
        "{strange}"
    );
}

#[test]
fn a_converted_recording_is_known_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "one.wav", &buzz(1, 4_000));
    let hearing = Hearing::default();
    hearing.learn(vec![recording(path.clone(), "one", None)]).unwrap();
    let telephone = Format {
        encoding: Encoding::Mulaw,
        rate: 8_000,
    };
    let file = SoundFile::read(&path, Said::default()).unwrap();
    let clip = file.clip(Some(telephone), true).unwrap();
    assert_eq!(hearing.hear(telephone, clip.bytes(), "en"), words("one"));
    let wrong = Format { rate: 8_000, ..OWN };
    assert_eq!(
        reason(hearing.hear(wrong, &buzz(1, 4_000), "en")),
        "this is `one.wav`, which is linear16 at 16000 Hz, but it was announced as linear16 at 8000 Hz"
    );
}

#[test]
fn a_pause_within_a_recording_does_not_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (buzz(1, 4_000), buzz(2, 4_000));
    let pause = OWN.silence(Duration::from_millis(800));
    let whole = [&first[..], &pause, &second].concat();
    let hearing = Hearing::default();
    let path = write(folder.path(), "whole.wav", &whole);
    hearing.learn(vec![recording(path, "one, two", None)]).unwrap();
    assert!(hearing.goes_on(OWN, &[&first[..], &pause].concat()));
    assert!(!hearing.goes_on(OWN, &second));
    assert_eq!(hearing.hear(OWN, &whole, "en"), words("one, two"));
}

/// What is said alone in one recording and goes on in another was waited for without end.
#[test]
fn a_recording_may_be_the_beginning_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (buzz(1, 4_000), buzz(2, 4_000));
    let pause = |millis| OWN.silence(Duration::from_millis(millis));
    let hearing = Hearing::default();
    let path = write(
        folder.path(),
        "whole.wav",
        &[&first[..], &pause(800), &second].concat(),
    );
    hearing.learn(vec![recording(path, "one, two", None)]).unwrap();
    let path = write(folder.path(), "one.wav", &first);
    hearing.learn(vec![recording(path, "one", None)]).unwrap();
    assert!(hearing.goes_on(OWN, &[&first[..], &pause(800)].concat()));
    assert!(!hearing.goes_on(OWN, &[&first[..], &pause(801)].concat()));
    assert_eq!(hearing.hear(OWN, &first, "en"), words("one"));
}

/// In another format it was known as a whole only, and not by what comes before its pause.
#[test]
fn a_pause_is_known_in_every_format_from_the_first_time_on() {
    let folder = tempfile::tempdir().unwrap();
    let whole = [
        &buzz(1, 4_000)[..],
        &OWN.silence(Duration::from_millis(800)),
        &buzz(2, 4_000),
    ]
    .concat();
    let hearing = Hearing::default();
    let path = write(folder.path(), "whole.wav", &whole);
    hearing
        .learn(vec![recording(path.clone(), "one, two", None)])
        .unwrap();
    let telephone = Format {
        encoding: Encoding::Mulaw,
        rate: 8_000,
    };
    let file = SoundFile::read(&path, Said::default()).unwrap();
    let clip = file.clip(Some(telephone), true).unwrap();
    let pause = pauses(clip.bytes(), telephone, PAUSE).remove(0);
    let heard = clip.bytes().get(..pause.start + 2_000).unwrap();
    assert!(hearing.goes_on(telephone, heard));
}

#[test]
fn what_cannot_be_used_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.wav");
    let problems = Hearing::default()
        .learn(vec![recording(path.clone(), "x", None)])
        .unwrap_err();
    assert_eq!(problems[0].0, path);
}

#[test]
fn listening_finds_the_pause_however_the_sound_is_cut() {
    let sound = buzz(1, 4_000);
    let stream = [
        OWN.silence(Duration::from_millis(300)),
        sound.clone(),
        OWN.silence(Duration::from_millis(499)),
    ]
    .concat();
    for size in [1, 3, 320, 3_200, stream.len()] {
        let mut listening = Listening::new(OWN);
        for piece in stream.chunks(size) {
            assert!(!listening.has_paused());
            listening.take(piece);
        }
        assert!(listening.has_sound() && !listening.has_paused(), "{size}");
        assert_eq!(trimmed(listening.bytes(), OWN.encoding), sound, "{size}");
        listening.take(&OWN.silence(Duration::from_millis(1)));
        assert!(listening.has_paused(), "{size}");
    }
}
