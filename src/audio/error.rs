//! What can be wrong with a file of sound.

use super::{Encoding, RATES};

/// Why a file of sound cannot be used. Messages say what to do where that is not plain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AudioError {
    /// It is not there, or not readable.
    #[error("`{path}` cannot be read: {message}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        message: String,
    },
    /// It is larger than what is read.
    #[error("it is larger than {} MiB, the most that is read", super::LARGEST_FILE >> 20)]
    TooLarge,
    /// It has no sound in it.
    #[error("it holds no sound")]
    Empty,
    /// It claims to be of a kind, and is not.
    #[error("it is no {kind} file: {problem}")]
    Malformed {
        /// The kind: WAV, FLAC, Ogg Opus.
        kind: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// It is of a kind that no service takes and nothing here reads.
    #[error("it is a file of a kind that is not read (`{0}`); WAV, FLAC, Ogg Opus and raw samples are")]
    UnknownKind(String),
    /// Without a header nobody knows what the bytes mean.
    #[error("it has no header: say its `encoding` and `rate`")]
    NeedsFormat,
    /// Raw bytes are never compressed ones.
    #[error("it has no header, as {} files have", .0.name())]
    NotRaw(Encoding),
    /// Header and author disagree.
    #[error("its header says {header}, not {said}")]
    Mismatch {
        /// What the header says.
        header: String,
        /// What the author says.
        said: String,
    },
    /// It is not as the service is told it would be.
    #[error("it is {has}, but {wanted} is wanted")]
    NeedsConversion {
        /// What it is.
        has: String,
        /// What it should be.
        wanted: String,
    },
    /// Compressed sound is passed on as it is.
    #[error("{} is passed on as it is, never converted", .0.name())]
    NotConverted(Encoding),
    /// Nothing writes compressed sound.
    #[error("nothing is converted to {}", .0.name())]
    NotWritten(Encoding),
    /// No service takes this rate.
    #[error("{0} Hz is outside {from} to {to} Hz, which services take", from = RATES.start(), to = RATES.end())]
    BadRate(u32),
}

impl AudioError {
    /// Whether converting would mend it.
    pub fn is_mended_by_conversion(&self) -> bool {
        matches!(self, Self::NeedsConversion { .. } | Self::BadRate(_))
    }
}
