//! What suites and settings say about sound: recordings that are played, how a target takes them, and what is expected
//! of what the agent speaks.

use std::path::PathBuf;
use std::time::Duration;

use super::Matcher;
use crate::audio::{Encoding, Format, Said};

/// A recording that the user plays.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioInput {
    /// As it stands in the suite.
    pub written: String,
    /// Absolute, with links resolved.
    pub path: PathBuf,
    /// What the author says of it.
    pub said: Said,
    /// Whether it may be converted to what the target takes.
    pub convert: bool,
    /// How much faster than it was spoken it is sent; the target's unless set.
    pub pace: Option<f64>,
    /// It begins so long after the agent began its last answer, whatever that has still to say (CES).
    pub interrupt_after: Option<Duration>,
    /// What is said in it, if that is known and may have to be told.
    pub transcript: Option<String>,
}

/// How a target takes and gives sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AudioSettings {
    /// What it is sent; each recording as it is unless set.
    pub input: Option<Format>,
    /// How much faster than it was spoken sound is sent.
    pub pace: f64,
    /// The time of each piece that is sent.
    pub piece: Duration,
    /// Whether the service stops listening at the first pause (CX).
    pub single_utterance: bool,
    /// What the agent is asked to speak in; it is not asked to speak unless set.
    pub output: Option<Format>,
}

impl AudioSettings {
    /// The time of a piece, unless settings say otherwise: the middle of what services advise (ces-api 1.7).
    pub const PIECE: Duration = Duration::from_millis(100);
    /// What a stream is opened for when nothing says otherwise: the format that both services know best.
    pub const USUAL: Format = Format {
        encoding: Encoding::Linear16,
        rate: 16_000,
    };
    /// How fast an emulator is sent sound: it listens faster than people speak.
    pub const EMULATOR_PACE: f64 = 50.0;
}

impl Default for AudioSettings {
    fn default() -> Self {
        Self {
            input: None,
            pace: 1.0,
            piece: Self::PIECE,
            single_utterance: false,
            output: None,
        }
    }
}

/// What is expected of a spoken answer.
#[derive(Debug, Clone, Default)]
pub struct AudioCheck {
    /// Whether there is one.
    pub present: Option<bool>,
    /// How long it is, in seconds (durations in operands were turned into seconds).
    pub duration: Option<Matcher>,
    /// How it is encoded.
    pub encoding: Option<Matcher>,
}
