//! Sound that was heard in pieces, taken apart again.

use std::path::Path;

use prost::bytes::Bytes;
use serde_json::Value;

use crate::cassette::blobs;
use crate::cassette::format::{Sound, Written};

/// The pieces of a recorded sound, and how many of them were heard.
pub(super) struct Pieces {
    whole: Bytes,
    each: usize,
    count: usize,
    next: usize,
    /// When the first and the last one came, in milliseconds.
    at_ms: (f64, f64),
}

impl Pieces {
    /// The pieces of the sound that a message leads to; nothing where it leads to none that can be taken apart.
    pub(super) fn of(sound: &Sound, at_ms: f64, message: &Written, folder: &Path) -> Option<Self> {
        let whole = found(&message.value(), folder)?;
        let each = sound.each.filter(|each| *each > 0)?;
        Some(Self {
            // Files are edited, too.
            count: sound.pieces.min(whole.len().div_ceil(each)),
            whole: whole.into(),
            each,
            next: 0,
            at_ms: (at_ms, sound.last_at_ms.unwrap_or(at_ms)),
        })
    }

    /// The next piece, and whether it is the last one.
    pub(super) fn next(&mut self) -> Option<(Bytes, bool)> {
        if self.next >= self.count {
            return None;
        }
        let start = self.next * self.each;
        let end = (start + self.each).min(self.whole.len());
        self.next += 1;
        Some((self.whole.slice(start..end), self.next == self.count))
    }

    /// When the next piece comes: all of them came evenly.
    pub(super) fn at_ms(&self) -> f64 {
        let (first, last) = self.at_ms;
        if self.next + 1 >= self.count {
            return last;
        }
        let part = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        first + (last - first) * part(self.next) / part(self.count - 1)
    }
}

/// The bytes of the first file that a message leads to.
fn found(value: &Value, folder: &Path) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => blobs::read(folder, text),
        Value::Array(items) => items.iter().find_map(|item| found(item, folder)),
        Value::Object(members) => members.values().find_map(|member| found(member, folder)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(value: &Value) -> Written {
        serde_json::from_str(&value.to_string()).unwrap()
    }

    fn of(bytes: &[u8], each: Option<usize>, pieces: usize) -> Option<Pieces> {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        let text = blobs::heard(bytes, &mut files);
        blobs::write(folder.path(), &files).unwrap();
        let sound = Sound {
            bytes: bytes.len(),
            pieces,
            each,
            last_at_ms: Some(70.0),
            ..Sound::default()
        };
        let message = written(&json!({"a": [1, {"b": text}]}));
        Pieces::of(&sound, 10.0, &message, folder.path())
    }

    #[test]
    fn what_cannot_be_taken_apart_is_left_whole() {
        assert!(of(&[7; 1_000], None, 3).is_none());
        assert!(of(&[7; 1_000], Some(0), 3).is_none());
        assert!(of(&[7; 3], Some(1), 3).is_none(), "it stands in the cassette");
    }

    #[test]
    fn pieces_come_evenly() {
        let mut pieces = of(&[7; 1_000], Some(300), 4).unwrap();
        let mut times = Vec::new();
        loop {
            times.push(pieces.at_ms());
            if pieces.next().unwrap().1 {
                break;
            }
        }
        assert_eq!(times, [10.0, 30.0, 50.0, 70.0]);
    }

    proptest! {
        #[test]
        fn pieces_are_the_whole(length in 65_usize..500, each in 1_usize..600, count in 0_usize..600) {
            let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
            let mut pieces = of(&bytes, Some(each), count).unwrap();
            let (mut heard, mut last) = (Vec::new(), false);
            while let Some((piece, is_last)) = pieces.next() {
                prop_assert!(!last && !piece.is_empty());
                heard.extend_from_slice(&piece);
                last = is_last;
            }
            prop_assert!(bytes.starts_with(&heard));
            prop_assert_eq!(heard.len() == length, count * each >= length);
        }
    }
}
