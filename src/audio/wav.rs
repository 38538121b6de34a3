//! WAV files. The head is read here, because companded files (µ-law, A-law) are common in telephony and no part of the
//! crate that reads and writes the others.

use std::io::Cursor;
use std::ops::Range;

use super::error::AudioError;
use super::file::Head;
use super::{Encoding, Format, seconds_of};

const KIND: &str = "WAV";
/// Tags of the ways to write sound down.
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const ALAW: u16 = 6;
const MULAW: u16 = 7;
const EXTENSIBLE: u16 = 0xfffe;
/// More chunks than that before the sound are no WAV file.
const MOST_CHUNKS: usize = 1_000;

/// What the head of a WAV file says.
#[derive(Debug, Clone)]
pub(super) struct Wav {
    pub(super) head: Head,
    /// The encoding, if it is one of the services'.
    pub(super) encoding: Option<Encoding>,
    /// How the samples are written down, for messages.
    pub(super) stored: String,
    /// Where the description of the samples is.
    pub(super) description: Range<usize>,
    /// Where the samples are.
    pub(super) body: Range<usize>,
}

/// Whether a file begins like a WAV file.
pub(super) fn is_wav(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE")
}

/// Reads the head.
pub(super) fn read(bytes: &[u8]) -> Result<Wav, AudioError> {
    let mut shape = None;
    let mut at = 12;
    for _ in 0..MOST_CHUNKS {
        let Some(chunk) = bytes.get(at..at + 8) else { break };
        let length = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let start = at + 8;
        // A recorder that was cut off, or wrote to a pipe, has not filled in the length.
        let end = start.saturating_add(length).min(bytes.len());
        match chunk.get(..4) {
            Some(b"fmt ") => {
                let description = bytes.get(start..end).unwrap_or_default();
                shape = Some((Shape::read(description)?, start..end));
            }
            Some(b"data") => {
                let (shape, description) =
                    shape.ok_or_else(|| wrong("its samples come before their description"))?;
                return shape.with_body(description, start..end);
            }
            _ => {}
        }
        // Chunks begin at even places.
        at = start.saturating_add(length).saturating_add(length % 2);
    }
    Err(wrong("it has no samples"))
}

/// The description of the samples.
#[derive(Debug, Clone, Copy)]
struct Shape {
    tag: u16,
    channels: u16,
    rate: u32,
    bits: u16,
}

impl Shape {
    fn read(chunk: &[u8]) -> Result<Self, AudioError> {
        let short =
            |at: usize| -> Option<u16> { Some(u16::from_le_bytes([*chunk.get(at)?, *chunk.get(at + 1)?])) };
        let read = || -> Option<Self> {
            let tag = short(0)?;
            // The real tag is the beginning of a longer one.
            let tag = if tag == EXTENSIBLE { short(24)? } else { tag };
            let rate = u32::from(short(4)?) | u32::from(short(6)?) << 16;
            Some(Self {
                tag,
                channels: short(2)?,
                rate,
                bits: short(14)?,
            })
        };
        let shape = read().ok_or_else(|| wrong("the description of its samples is cut off"))?;
        if shape.channels == 0 || shape.rate == 0 || shape.bits == 0 || shape.bits > 64 {
            return Err(wrong("the description of its samples makes no sense"));
        }
        Ok(shape)
    }

    fn with_body(self, description: Range<usize>, body: Range<usize>) -> Result<Wav, AudioError> {
        let (encoding, stored) = match (self.tag, self.bits) {
            (PCM, 16) => (Some(Encoding::Linear16), "linear16".to_owned()),
            (MULAW, 8) => (Some(Encoding::Mulaw), "mulaw".to_owned()),
            (ALAW, 8) => (Some(Encoding::Alaw), "alaw".to_owned()),
            (PCM, bits) => (None, format!("{bits}-bit PCM")),
            (FLOAT, bits) => (None, format!("{bits}-bit floating point")),
            (tag, _) => {
                return Err(wrong(&format!(
                    "its samples are written in a way that is not read (format {tag})"
                )));
            }
        };
        let frame = usize::from(self.channels) * usize::from(self.bits.div_ceil(8));
        let frames = body.len() / frame;
        let body = body.start..body.start + frames * frame;
        Ok(Wav {
            head: Head {
                rate: self.rate,
                channels: self.channels,
                duration: Some(seconds_of(frames, self.rate)),
            },
            encoding,
            stored,
            description,
            body,
        })
    }
}

fn wrong(problem: &str) -> AudioError {
    AudioError::Malformed {
        kind: KIND,
        problem: problem.to_owned(),
    }
}

/// All samples of a file that is not written in one of the services' encodings, channels side by side; made of their
/// description and the samples themselves.
pub(super) fn samples(description: &[u8], body: &[u8]) -> Result<Vec<i16>, AudioError> {
    let failed = |error: hound::Error| wrong(&error.to_string());
    // Only these two chunks, with lengths that are right: recorders leave them open, and others stand in between.
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut file = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
    file.extend(length(description));
    file.extend(description);
    file.extend(b"data");
    file.extend(length(body));
    file.extend(body);
    let mut reader = hound::WavReader::new(Cursor::new(file)).map_err(failed)?;
    let spec = reader.spec();
    match spec.sample_format {
        hound::SampleFormat::Float => reader
            .samples::<f32>()
            .map(|sample| sample.map(|sample| rounded(f64::from(sample) * 32_767.0)))
            .collect::<Result<_, _>>()
            .map_err(failed),
        hound::SampleFormat::Int => {
            let bits = i32::from(spec.bits_per_sample);
            reader
                .samples::<i32>()
                .map(|sample| sample.map(|sample| rounded(f64::from(sample) * 2_f64.powi(16 - bits))))
                .collect::<Result<_, _>>()
                .map_err(failed)
        }
    }
}

/// The nearest sample; what is too loud is as loud as can be.
#[expect(
    clippy::cast_possible_truncation,
    reason = "conversion from floating point saturates, and takes no number for 0"
)]
pub(super) fn rounded(sample: f64) -> i16 {
    sample.round() as i16
}

/// A file of one channel; companded samples are written out, because few players know them.
pub(super) fn write(format: Format, bytes: &[u8]) -> Result<Vec<u8>, AudioError> {
    let samples =
        super::convert::read(bytes, format.encoding).ok_or(AudioError::NotWritten(format.encoding))?;
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: format.rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let failed = |error: hound::Error| wrong(&error.to_string());
    let mut file = Cursor::new(Vec::with_capacity(samples.len() * 2 + 44));
    let mut writer = hound::WavWriter::new(&mut file, spec).map_err(failed)?;
    for sample in samples {
        writer.write_sample(sample).map_err(failed)?;
    }
    writer.finalize().map_err(failed)?;
    Ok(file.into_inner())
}
