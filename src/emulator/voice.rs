//! What an emulator speaks: no words, but tones as long as the words would take, so that a spoken answer can be looked
//! at without a service. Different texts sound different, the same text always the same.

use crate::audio::{Format, encoded};

/// The time of one character, in milliseconds: fifteen characters are a second.
const CHARACTER: u32 = 66;
/// Characters that are spoken at most: two minutes.
const MOST_CHARACTERS: usize = 1_800;
/// Half the height of the tones' waves.
const LOUDNESS: i16 = 6_000;

/// A text as tones: blanks are pauses.
pub(super) fn speech(text: &str, format: Format) -> Vec<u8> {
    let samples = format.rate * CHARACTER / 1_000;
    let mut made = Vec::new();
    for character in text.trim().chars().take(MOST_CHARACTERS) {
        if character.is_whitespace() {
            made.extend((0..samples).map(|_| 0));
            continue;
        }
        let hertz = 200 + u32::from(character) % 32 * 20;
        // A square wave: what its sign is at each sample.
        made.extend((0..samples).map(|at| {
            let half_waves = u64::from(at) * u64::from(hertz) * 2 / u64::from(format.rate.max(1));
            if half_waves % 2 == 0 { LOUDNESS } else { -LOUDNESS }
        }));
    }
    encoded(&made, format.encoding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Encoding;

    #[test]
    fn words_take_their_time() {
        let format = Format {
            encoding: Encoding::Mulaw,
            rate: 8_000,
        };
        let spoken = speech("Hello there", format);
        assert_eq!(format.time_of(spoken.len()).as_millis(), 11 * 66);
        assert_ne!(spoken, speech("Hello where", format));
        assert!(speech(" ", format).is_empty());
        let long = format.time_of(speech(&"x".repeat(100_000), format).len());
        assert!(long.as_secs() < 120, "{long:?}");
    }
}
