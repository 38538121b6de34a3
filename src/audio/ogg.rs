//! The head of an Ogg Opus file, and its last page, which tells how long it is (RFC 7845).

use super::clip::seconds_of;
use super::error::AudioError;
use super::file::Head;

const KIND: &str = "Ogg Opus";
/// What every page of an Ogg file begins with.
pub(super) const MARK: &[u8] = b"OggS";
/// Bytes of a page's head before its table of segments.
const PAGE_HEAD: usize = 27;
/// Opus counts samples at this rate whatever the rate of the recording was.
const COUNTED_RATE: u32 = 48_000;

/// Reads the first packet, and the position of the last page.
pub(super) fn head(bytes: &[u8]) -> Result<Head, AudioError> {
    let wrong = |problem: &str| AudioError::Malformed {
        kind: KIND,
        problem: problem.to_owned(),
    };
    let segments = *bytes
        .get(PAGE_HEAD - 1)
        .ok_or_else(|| wrong("it ends within its first page"))?;
    let packet = bytes.get(PAGE_HEAD + usize::from(segments)..).unwrap_or_default();
    if !packet.starts_with(b"OpusHead") {
        return Err(wrong("what it holds is not Opus"));
    }
    let packet = packet
        .get(..19)
        .ok_or_else(|| wrong("it ends within its first packet"))?;
    let channels = u16::from(packet[9]);
    let skipped = u64::from(u16::from_le_bytes([packet[10], packet[11]]));
    let rate = u32::from_le_bytes([packet[12], packet[13], packet[14], packet[15]]);
    if channels == 0 {
        return Err(wrong("it has no channels"));
    }
    let last = last_position(bytes).and_then(|last| last.checked_sub(skipped));
    Ok(Head {
        // An encoder that does not know the rate of the recording writes 0.
        rate: if rate == 0 { COUNTED_RATE } else { rate },
        channels,
        duration: last
            .and_then(|samples| usize::try_from(samples).ok())
            .map(|samples| seconds_of(samples, COUNTED_RATE)),
    })
}

/// The position of the last page that ends a packet.
fn last_position(bytes: &[u8]) -> Option<u64> {
    let starts = (0..=bytes.len().checked_sub(PAGE_HEAD)?).rev();
    let mut pages = starts.filter(|start| bytes[*start..].starts_with(MARK));
    pages.find_map(|start| {
        let position: [u8; 8] = bytes.get(start + 6..start + 14)?.try_into().ok()?;
        // All bits set: no packet ends on this page.
        Some(u64::from_le_bytes(position)).filter(|position| *position != u64::MAX)
    })
}
