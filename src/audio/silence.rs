//! Silence within samples: digital silence only, since a quiet room is not silent.

use std::ops::Range;
use std::time::Duration;

use super::{Encoding, Format};

/// Whether a sample is one of nothing; both laws of G.711 have two of them.
fn is_nothing(sample: &[u8], encoding: Encoding) -> bool {
    match encoding {
        Encoding::Linear16 => sample == [0, 0],
        Encoding::Mulaw => matches!(sample, [0xff | 0x7f]),
        Encoding::Alaw => matches!(sample, [0xd5 | 0x55]),
        Encoding::Flac | Encoding::OggOpus => false,
    }
}

/// Whether there is nothing to be heard. Compressed sound is never silent: nobody looks into it.
pub fn is_silent(bytes: &[u8], encoding: Encoding) -> bool {
    trimmed(bytes, encoding).is_empty()
}

/// Without the silence at both ends. A sample that is cut off counts as none; compressed sound stays as it is.
pub fn trimmed(bytes: &[u8], encoding: Encoding) -> &[u8] {
    let sound = sounding(bytes, encoding).unwrap_or_default();
    bytes.get(sound).unwrap_or_default()
}

/// Where the first sample that sounds begins, and the last one ends; all of what is compressed.
pub fn sounding(bytes: &[u8], encoding: Encoding) -> Option<Range<usize>> {
    let Some(size) = encoding.sample_size() else {
        return (!bytes.is_empty()).then_some(0..bytes.len());
    };
    let sounds = |sample: &[u8]| !is_nothing(sample, encoding);
    let first = bytes.chunks_exact(size).position(sounds)?;
    let last = bytes.chunks_exact(size).rposition(sounds)?;
    Some(first * size..(last + 1) * size)
}

/// Where within bytes there is silence of at least this length, sound before and after it.
pub fn pauses(bytes: &[u8], format: Format, least: Duration) -> Vec<Range<usize>> {
    let (Some(size), needed) = (format.encoding.sample_size(), format.bytes_in(least)) else {
        return Vec::new();
    };
    let (mut found, mut since, mut sounded) = (Vec::new(), None, false);
    for (index, sample) in bytes.chunks_exact(size).enumerate() {
        let at = index * size;
        if is_nothing(sample, format.encoding) {
            since.get_or_insert(at);
            continue;
        }
        if let Some(start) = since.take()
            && sounded
            && at - start >= needed
        {
            found.push(start..at);
        }
        sounded = true;
    }
    found
}
