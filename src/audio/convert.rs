//! From samples to samples: encodings, channels and rates.

use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Async, FixedAsync, Resampler as _, SincInterpolationParameters, WindowFunction};

use super::error::AudioError;
use super::wav::rounded;
use super::{Encoding, g711};

/// Rates that can be converted from or to, in samples per second.
const CONVERTED: std::ops::RangeInclusive<u32> = 4_000..=192_000;
/// Length of the filter: half a millisecond of ringing at 16 kHz, and speech loses nothing that can be heard.
const FILTER: usize = 128;
/// Samples that are resampled at a time.
const BLOCK: usize = 1_024;

/// Bytes as samples; `None` where sound is compressed.
pub(super) fn read(bytes: &[u8], encoding: Encoding) -> Option<Vec<i16>> {
    match encoding {
        Encoding::Linear16 => Some(
            bytes
                .chunks_exact(2)
                .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                .collect(),
        ),
        Encoding::Mulaw => Some(bytes.iter().copied().map(g711::from_mulaw).collect()),
        Encoding::Alaw => Some(bytes.iter().copied().map(g711::from_alaw).collect()),
        Encoding::Flac | Encoding::OggOpus => None,
    }
}

/// Samples as bytes; nothing for the compressed encodings.
pub(super) fn write(samples: &[i16], encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Linear16 => samples.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
        Encoding::Mulaw => samples.iter().copied().map(g711::mulaw).collect(),
        Encoding::Alaw => samples.iter().copied().map(g711::alaw).collect(),
        Encoding::Flac | Encoding::OggOpus => Vec::new(),
    }
}

/// Channels side by side, made one: the mean of what sounds at the same time.
pub(super) fn mixed(samples: Vec<i16>, channels: u16) -> Vec<i16> {
    if channels <= 1 {
        return samples;
    }
    let mean = |frame: &[i16]| {
        let sum: i64 = frame.iter().map(|sample| i64::from(*sample)).sum();
        i16::try_from(sum / i64::from(channels)).unwrap_or_default()
    };
    samples.chunks_exact(channels.into()).map(mean).collect()
}

/// The samples at another rate.
///
/// # Errors
/// When a rate is beyond everything that is converted.
pub(super) fn resampled(samples: Vec<i16>, from: u32, to: u32) -> Result<Vec<i16>, AudioError> {
    if from == to || samples.is_empty() {
        return Ok(samples);
    }
    if let Some(beyond) = [from, to].into_iter().find(|rate| !CONVERTED.contains(rate)) {
        return Err(AudioError::BadRate(beyond));
    }
    let failed = |problem: String| AudioError::Malformed {
        kind: "sound",
        problem,
    };
    let ratio = f64::from(to) / f64::from(from);
    let parameters = SincInterpolationParameters::new(FILTER, WindowFunction::BlackmanHarris2);
    let mut resampler = Async::<f64>::new_sinc(ratio, 1.0, &parameters, BLOCK, 1, FixedAsync::Input)
        .map_err(|error| failed(error.to_string()))?;
    let count = samples.len();
    let given: Vec<f64> = samples.into_iter().map(f64::from).collect();
    let given = InterleavedOwned::new_from(given, 1, count).map_err(|error| failed(error.to_string()))?;
    let made = resampler
        .process_all(&given, count, None)
        .map_err(|error| failed(error.to_string()))?;
    Ok(made.take_data().into_iter().map(rounded).collect())
}
