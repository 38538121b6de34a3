//! Sound: recordings that are played, what is expected of what the agent speaks, how a target takes and gives it.

use super::{Group, Key, SAMPLE_ENCODINGS, Shape, Subject};

/// Encodings whose samples can be written and converted.
const SAMPLES: Shape = Shape::Choice(SAMPLE_ENCODINGS);

pub(super) const AUDIO: &[Key] = &[
    Key::own(
        "file",
        Shape::Text,
        "fixtures/tomorrow.wav",
        "The recording: WAV, FLAC, Ogg Opus, or raw samples; beside this file, else at the folder of turnproof.yaml",
    )
    .required(),
    Key::own(
        "encoding",
        SAMPLES,
        "linear16",
        "How its samples are written: raw samples need it, a header must agree with it",
    ),
    Key::own(
        "rate",
        Shape::Integer(1, 999_999),
        "16000",
        "Samples per second: raw samples need it, a header must agree with it",
    ),
    Key::own(
        "convert",
        Shape::Boolean,
        "true",
        "`true`: converted to what the target takes, where it is something else; otherwise that is an error",
    ),
    Key::own(
        "pace",
        Shape::Above(0.0, 1_000.0),
        "20",
        "How many times faster than it was spoken it is sent; the target's `pace` unless set",
    ),
    Key::own(
        "interrupt_after",
        Shape::Duration,
        "800ms",
        "The user speaks so long after the agent began its last answer, although it may not be done: a barge-in",
    )
    .on(None, Some("sound of the user while the agent speaks")),
];

pub(super) const AUDIO_EXPECTATION: &[Key] = &[
    Key::own("present", Shape::Boolean, "true", "Whether the agent spoke"),
    Key::own(
        "duration",
        Shape::Matcher(Subject::Duration),
        "{ lt: 8s }",
        "How long it spoke",
    ),
    Key::own(
        "encoding",
        Shape::Matcher(Subject::Text),
        "linear16",
        "How its speech is encoded: `linear16`, `mulaw`, `alaw`",
    ),
];

pub(super) const TARGET_AUDIO: &[Key] = &[
    Key::own(
        "encoding",
        SAMPLES,
        "mulaw",
        "What recordings must be, or are converted to; with `rate` alone `linear16`; without both each recording is sent as it is on CX, and as `linear16` at 16000 Hz on CES",
    ),
    Key::own(
        "rate",
        Shape::Integer(8_000, 48_000),
        "8000",
        "Samples per second, up to 48000; with `encoding` alone 16000, and 8000 for `mulaw` and `alaw`",
    ),
    Key::own(
        "pace",
        Shape::Above(0.0, 1_000.0),
        "20",
        "How many times faster than it was spoken sound is sent: 1 unless set, 50 to an emulator",
    ),
    Key::own(
        "chunk",
        Shape::Lapse,
        "100ms",
        "The time of each piece that is sent, 20ms to 1s; 100ms unless set",
    ),
    Key::own(
        "single_utterance",
        Shape::Boolean,
        "true",
        "`true`: the service stops listening at the first pause",
    )
    .on(Some("`audioConfig.singleUtterance`"), None),
    Key::own(
        "output",
        Shape::Group(Group::TargetSpeech),
        "{ encoding: linear16, rate: 16000 }",
        "The agent is asked to speak its answers, in this way",
    ),
];

pub(super) const TARGET_SPEECH: &[Key] = &[
    Key::own(
        "encoding",
        SAMPLES,
        "linear16",
        "How speech is encoded; `linear16` unless set",
    ),
    Key::own(
        "rate",
        Shape::Integer(8_000, 48_000),
        "16000",
        "Samples per second, up to 48000; 16000 unless set, and 8000 for `mulaw` and `alaw`",
    ),
];

pub(super) const TRANSCRIPT: &[Key] = &[
    Key::own(
        "text",
        Shape::Text,
        "tomorrow morning",
        "What is said in the recording",
    )
    .required(),
    Key::own(
        "language",
        Shape::Text,
        "en",
        "The language it is said in: an emulator understands it in turns of this language only; in all of them unless set",
    ),
    Key::own(
        "encoding",
        SAMPLES,
        "linear16",
        "How its samples are written, for a recording without a header",
    ),
    Key::own(
        "rate",
        Shape::Integer(1, 999_999),
        "16000",
        "Samples per second, for a recording without a header",
    ),
];
