//! The head of a FLAC file: rate, channels and duration stand in its first block.

use super::clip::seconds_of;
use super::error::AudioError;
use super::file::Head;

const KIND: &str = "FLAC";
/// What a FLAC file begins with.
pub(super) const MARK: &[u8] = b"fLaC";
/// Bytes of a STREAMINFO block.
const STREAM_INFO: usize = 34;

/// Reads the first block.
pub(super) fn head(bytes: &[u8]) -> Result<Head, AudioError> {
    let wrong = |problem: &str| AudioError::Malformed {
        kind: KIND,
        problem: problem.to_owned(),
    };
    let block = bytes.get(MARK.len()..).unwrap_or_default();
    let (head, rest) = block
        .split_at_checked(4)
        .ok_or_else(|| wrong("it ends within its head"))?;
    // The highest bit says whether it is the last block before the sound.
    if head[0] & 0x7f != 0 {
        return Err(wrong("its first block is not STREAMINFO"));
    }
    let info = rest
        .get(..STREAM_INFO)
        .ok_or_else(|| wrong("it ends within its first block"))?;
    // 20 bits of rate, 3 of channels less one, 5 of bits per sample less one, 36 of samples.
    let packed = info[10..18]
        .iter()
        .fold(0_u64, |packed, byte| packed << 8 | u64::from(*byte));
    let rate = u32::try_from(packed >> 44).unwrap_or_default();
    if rate == 0 {
        return Err(wrong("its rate is 0"));
    }
    let channels = u16::try_from((packed >> 41) & 0x07).unwrap_or_default() + 1;
    let samples = packed & 0x000f_ffff_ffff;
    Ok(Head {
        rate,
        channels,
        // Unknown when an encoder wrote to a pipe.
        duration: usize::try_from(samples)
            .ok()
            .filter(|samples| *samples > 0)
            .map(|samples| seconds_of(samples, rate)),
    })
}
