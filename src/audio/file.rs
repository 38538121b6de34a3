//! A file of sound as it lies on disk: what it is, and what is made of it.

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::error::AudioError;
use super::wav::{self, Wav};
use super::{Clip, Encoding, Format, LARGEST_FILE, RATES, convert, flac, ogg, seconds_of, shown};

/// Endings of files that hold sound in ways which are not read.
const UNKNOWN_KINDS: [&str; 10] = [
    "mp3", "mp4", "m4a", "aac", "webm", "wma", "amr", "aiff", "aif", "au",
];

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// RIFF WAVE.
    Wav,
    /// Samples without a header.
    Raw,
    /// FLAC.
    Flac,
    /// Ogg Opus.
    OggOpus,
}

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// What it is.
    pub container: Container,
    /// How its samples are written down, if that is one of the services' encodings.
    pub encoding: Option<Encoding>,
    /// How they are written down, for messages: an encoding's name, or `24-bit PCM`.
    pub stored: String,
    /// Samples per second.
    pub rate: u32,
    /// Channels.
    pub channels: u16,
    /// How long it is, if the file says so.
    pub duration: Option<Duration>,
}

/// What an author says of a file: needed for raw samples, checked against every header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Said {
    /// The encoding.
    pub encoding: Option<Encoding>,
    /// Samples per second.
    pub rate: Option<u32>,
}

/// What the head of a file tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) rate: u32,
    pub(super) channels: u16,
    pub(super) duration: Option<Duration>,
}

/// A file in memory.
#[derive(Debug, Clone)]
pub struct SoundFile {
    facts: Facts,
    bytes: Vec<u8>,
    /// Where the description of a WAV file's samples is.
    description: Range<usize>,
    /// Where the samples are, or the whole of a compressed file.
    body: Range<usize>,
}

impl SoundFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or is not what it or its author says.
    pub fn read(path: &Path, said: Said) -> Result<Self, AudioError> {
        let unreadable = |error: std::io::Error| AudioError::Unreadable {
            path: shown(path),
            message: error.to_string(),
        };
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            let message = "it is a folder".to_owned();
            let path = shown(path);
            return Err(AudioError::Unreadable { path, message });
        }
        let mut bytes = Vec::new();
        // One byte more than is taken tells a file that is too large from one that just fits.
        file.take(LARGEST_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        let ending = path.extension().and_then(|ending| ending.to_str());
        Self::of(bytes, ending.unwrap_or_default(), said)
    }

    /// A file that was read; `ending` is that of its name, without the dot.
    ///
    /// # Errors
    /// As [`SoundFile::read`].
    pub fn of(bytes: Vec<u8>, ending: &str, said: Said) -> Result<Self, AudioError> {
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(AudioError::TooLarge);
        }
        let Looked {
            facts,
            description,
            body,
        } = look(&bytes, &ending.to_lowercase(), said)?;
        facts.check(said)?;
        if body.is_empty() {
            return Err(AudioError::Empty);
        }
        Ok(Self {
            facts,
            bytes,
            description,
            body,
        })
    }

    /// What is known of it.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The sound as it is sent: as it is, or in `wanted` where `convert` allows that to be another format.
    ///
    /// # Errors
    /// When it is not as wanted and may not be converted, or cannot be.
    pub fn clip(&self, wanted: Option<Format>, convert: bool) -> Result<Clip, AudioError> {
        let format = self.facts.sent_as(wanted, convert)?;
        let body = self.bytes.get(self.body.clone()).unwrap_or_default();
        if self.facts.is(format) {
            return Ok(Clip::new(format, body.to_vec(), self.facts.duration));
        }
        let samples = if let Some(encoding) = self.facts.encoding {
            convert::read(body, encoding).ok_or(AudioError::NotConverted(encoding))?
        } else {
            let description = self.bytes.get(self.description.clone()).unwrap_or_default();
            wav::samples(description, body)?
        };
        let samples = convert::mixed(samples, self.facts.channels);
        let samples = convert::resampled(samples, self.facts.rate, format.rate)?;
        let duration = seconds_of(samples.len(), format.rate);
        Ok(Clip::new(
            format,
            convert::write(&samples, format.encoding),
            Some(duration),
        ))
    }
}

impl Facts {
    /// Whether the file holds just this.
    fn is(&self, format: Format) -> bool {
        self.encoding == Some(format.encoding) && self.rate == format.rate && self.channels == 1
    }

    /// The format in which it is sent; see [`SoundFile::clip`].
    ///
    /// # Errors
    /// When it is not as wanted and may not be converted, or cannot be.
    pub fn sent_as(&self, wanted: Option<Format>, convert: bool) -> Result<Format, AudioError> {
        let own = Format {
            encoding: self.encoding.unwrap_or(Encoding::Linear16),
            rate: self.rate,
        };
        let format = wanted.unwrap_or(own);
        if !RATES.contains(&format.rate) {
            return Err(AudioError::BadRate(format.rate));
        }
        if self.is(format) {
            return Ok(format);
        }
        // Opus is decoded at whatever rate: the one in its head is that of the recording.
        let is_compressed = |encoding: Encoding| encoding.sample_size().is_none();
        if let Some(own) = self.encoding.filter(|own| is_compressed(*own) && convert) {
            return Err(AudioError::NotConverted(own));
        }
        if !convert {
            return Err(AudioError::NeedsConversion {
                has: self.to_string(),
                wanted: format!("{format}, mono"),
            });
        }
        if is_compressed(format.encoding) {
            return Err(AudioError::NotWritten(format.encoding));
        }
        Ok(format)
    }

    /// Compares with what the author says.
    fn check(&self, said: Said) -> Result<(), AudioError> {
        let encoding = said.encoding.filter(|said| self.encoding != Some(*said));
        if let Some(encoding) = encoding {
            return Err(AudioError::Mismatch {
                header: self.stored.clone(),
                said: encoding.name().to_owned(),
            });
        }
        match said.rate.filter(|said| self.rate != *said) {
            Some(rate) => Err(AudioError::Mismatch {
                header: format!("{} Hz", self.rate),
                said: format!("{rate} Hz"),
            }),
            None => Ok(()),
        }
    }
}

impl std::fmt::Display for Facts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let channels = match self.channels {
            1 => "mono".to_owned(),
            2 => "stereo".to_owned(),
            many => format!("{many} channels"),
        };
        write!(formatter, "{} at {} Hz, {channels}", self.stored, self.rate)
    }
}

/// What a file turned out to be.
struct Looked {
    facts: Facts,
    description: Range<usize>,
    body: Range<usize>,
}

/// Finds out what a file is.
fn look(bytes: &[u8], ending: &str, said: Said) -> Result<Looked, AudioError> {
    let compressed = |container, encoding: Encoding, head: Head| {
        let facts = Facts {
            container,
            encoding: Some(encoding),
            stored: encoding.name().to_owned(),
            rate: head.rate,
            channels: head.channels,
            duration: head.duration,
        };
        Looked {
            facts,
            description: 0..0,
            body: 0..bytes.len(),
        }
    };
    if wav::is_wav(bytes) {
        let Wav {
            head,
            encoding,
            stored,
            description,
            body,
        } = wav::read(bytes)?;
        let facts = Facts {
            container: Container::Wav,
            encoding,
            stored,
            rate: head.rate,
            channels: head.channels,
            duration: head.duration,
        };
        return Ok(Looked {
            facts,
            description,
            body,
        });
    }
    if bytes.starts_with(flac::MARK) {
        return Ok(compressed(Container::Flac, Encoding::Flac, flac::head(bytes)?));
    }
    if bytes.starts_with(ogg::MARK) {
        return Ok(compressed(
            Container::OggOpus,
            Encoding::OggOpus,
            ogg::head(bytes)?,
        ));
    }
    raw(bytes, ending, said)
}

/// Samples without a header: what they mean is what the author says.
fn raw(bytes: &[u8], ending: &str, said: Said) -> Result<Looked, AudioError> {
    let kind = match ending {
        "wav" | "wave" => Some("WAV"),
        "flac" => Some("FLAC"),
        "ogg" | "opus" | "oga" => Some("Ogg Opus"),
        _ => None,
    };
    if let Some(kind) = kind {
        let problem = "it does not begin like one".to_owned();
        return Err(AudioError::Malformed { kind, problem });
    }
    if UNKNOWN_KINDS.contains(&ending) {
        return Err(AudioError::UnknownKind(ending.to_owned()));
    }
    let (Some(encoding), Some(rate)) = (said.encoding, said.rate) else {
        return Err(AudioError::NeedsFormat);
    };
    let size = encoding.sample_size().ok_or(AudioError::NotRaw(encoding))?;
    let samples = bytes.len() / size;
    let facts = Facts {
        container: Container::Raw,
        encoding: Some(encoding),
        stored: encoding.name().to_owned(),
        rate,
        channels: 1,
        duration: Some(seconds_of(samples, rate)),
    };
    Ok(Looked {
        facts,
        description: 0..0,
        body: 0..samples * size,
    })
}
