//! What is sent: bytes in a format, in one piece or in pieces of time.

use std::fmt::Write as _;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::silence::trimmed;
use super::{AudioError, Encoding, Format};

/// Bytes of a compressed file that are sent at a time: it is not known how much time they take.
const COMPRESSED_PIECE: usize = 3_200;

/// Sound as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    format: Format,
    bytes: Vec<u8>,
    duration: Option<Duration>,
}

impl Clip {
    /// Sound in a format; `duration` as its file tells it.
    pub(super) fn new(format: Format, bytes: Vec<u8>, duration: Option<Duration>) -> Self {
        Self {
            format,
            bytes,
            duration,
        }
    }

    /// Bytes that are written in a format.
    pub fn of(format: Format, bytes: Vec<u8>) -> Self {
        let duration = format.encoding.sample_size().map(|_| format.time_of(bytes.len()));
        Self::new(format, bytes, duration)
    }

    /// So much silence.
    ///
    /// # Errors
    /// When the format is a compressed one: nothing is written as such.
    pub fn silence(format: Format, time: Duration) -> Result<Self, AudioError> {
        match format.encoding.sample_size() {
            Some(_) => Ok(Self::new(format, format.silence(time), Some(time))),
            None => Err(AudioError::NotWritten(format.encoding)),
        }
    }

    /// How it is written down.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How long it is; `None` when its file does not say.
    pub fn duration(&self) -> Option<Duration> {
        self.duration
    }

    /// The bytes in pieces of so much time, each of whole samples. Compressed sound comes in pieces of equal size.
    pub fn pieces(&self, time: Duration) -> std::slice::Chunks<'_, u8> {
        let size = match self.format.encoding.sample_size() {
            Some(sample) => self.format.bytes_in(time).max(sample),
            None => COMPRESSED_PIECE,
        };
        self.bytes.chunks(size)
    }

    /// What this sound is known by: the SHA-256 of its bytes, hex, without the silence at both ends.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.bytes, self.format.encoding)
    }
}

/// SHA-256 of the bytes, hex, without the silence at both ends: silence is sent around what was recorded.
pub(super) fn fingerprint(bytes: &[u8], encoding: Encoding) -> String {
    let digest = Sha256::digest(trimmed(bytes, encoding));
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The time of so many samples.
pub fn seconds_of(samples: usize, rate: u32) -> Duration {
    let nanoseconds = (samples as u128).saturating_mul(1_000_000_000) / u128::from(rate.max(1));
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}
