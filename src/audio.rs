//! Recorded sound as services take it: what a file holds, its samples as one of the services' encodings, and pieces of it
//! in time. Nothing here plays, records or understands anything.
//!
//! A [`SoundFile`] is a file as it lies on disk, with its [`Facts`]; a [`Clip`] is what is sent: bytes in a [`Format`].
//! Between the two nothing changes unless conversion was asked for. Files are untrusted: whatever they hold, reading
//! them ends in bounded time and memory, and never panics.

use std::fmt;
use std::path::Path;
use std::time::Duration;

pub use clip::{Clip, seconds_of};
pub use error::AudioError;
pub use file::{Container, Facts, Said, SoundFile};
pub use silence::{is_silent, pauses, sounding, trimmed};

mod clip;
mod convert;
mod error;
mod file;
mod flac;
mod g711;
mod ogg;
mod silence;
#[cfg(test)]
mod tests;
mod wav;

/// Largest file that is read, in bytes: two minutes are the most that a request takes (cx-sessions-api 5.3), which are
/// 11 MB of the fattest encoding.
pub const LARGEST_FILE: u64 = 32 << 20;
/// Rates that services take, in samples per second.
pub const RATES: std::ops::RangeInclusive<u32> = 8_000..=48_000;

/// How sound is written down, of the ways that services take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// 16-bit little-endian samples without a header.
    Linear16,
    /// 8-bit µ-law (G.711).
    Mulaw,
    /// 8-bit A-law (G.711).
    Alaw,
    /// FLAC, as a whole file.
    Flac,
    /// Opus in an Ogg container, as a whole file.
    OggOpus,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Linear16, Self::Mulaw, Self::Alaw, Self::Flac, Self::OggOpus];

    /// As it is written in suites and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear16 => "linear16",
            Self::Mulaw => "mulaw",
            Self::Alaw => "alaw",
            Self::Flac => "flac",
            Self::OggOpus => "ogg_opus",
        }
    }

    /// The encoding of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    /// Bytes of one sample; `None` where sound is compressed, and bytes do not tell the time.
    pub fn sample_size(self) -> Option<usize> {
        match self {
            Self::Linear16 => Some(2),
            Self::Mulaw | Self::Alaw => Some(1),
            Self::Flac | Self::OggOpus => None,
        }
    }
}

/// How samples are written down, and how many of them there are in a second. There is always one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Format {
    /// How they are written down.
    pub encoding: Encoding,
    /// Samples per second.
    pub rate: u32,
}

impl Format {
    /// The bytes of so much time, in whole samples; none where sound is compressed.
    pub fn bytes_in(self, time: Duration) -> usize {
        let samples = time.as_nanos().saturating_mul(self.rate.into()) / 1_000_000_000;
        let samples = usize::try_from(samples).unwrap_or(usize::MAX);
        samples.saturating_mul(self.encoding.sample_size().unwrap_or(0))
    }

    /// The time that so many bytes take; nothing where sound is compressed.
    pub fn time_of(self, bytes: usize) -> Duration {
        match self.encoding.sample_size() {
            Some(size) => seconds_of(bytes / size, self.rate),
            None => Duration::ZERO,
        }
    }

    /// Bytes of so much silence; none where sound is compressed.
    pub fn silence(self, time: Duration) -> Vec<u8> {
        let byte = match self.encoding {
            Encoding::Mulaw => g711::MULAW_SILENCE,
            Encoding::Alaw => g711::ALAW_SILENCE,
            Encoding::Linear16 | Encoding::Flac | Encoding::OggOpus => 0,
        };
        vec![byte; self.bytes_in(time)]
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at {} Hz", self.encoding.name(), self.rate)
    }
}

/// Samples as bytes of an encoding; nothing for the compressed ones, which are never written here.
pub fn encoded(samples: &[i16], encoding: Encoding) -> Vec<u8> {
    convert::write(samples, encoding)
}

/// A WAV file around bytes of a format, so that people can listen to them.
///
/// # Errors
/// When the format is a compressed one, which is a file already, or there is too much for a WAV file.
pub fn as_wav(format: Format, bytes: &[u8]) -> Result<Vec<u8>, AudioError> {
    wav::write(format, bytes)
}

/// A file's name as messages show it.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
