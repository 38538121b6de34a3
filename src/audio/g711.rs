//! The two laws of G.711: 16-bit samples as 8 bits, finer near silence.

/// µ-law for a sample of nothing.
pub(super) const MULAW_SILENCE: u8 = 0xff;
/// A-law for a sample of next to nothing: it has no zero.
pub(super) const ALAW_SILENCE: u8 = 0xd5;

/// Added before the segment of a µ-law sample is found, so that the lowest segment is as wide as its steps.
const BIAS: i32 = 0x84;
/// The loudest sample that µ-law knows.
const MULAW_PEAK: i32 = 32_635;

pub(super) fn mulaw(sample: i16) -> u8 {
    let sample = i32::from(sample);
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = sample.abs().min(MULAW_PEAK) + BIAS;
    // The highest bit set, of bits 7 to 14.
    let segment = (31 - magnitude.leading_zeros().min(31)).clamp(7, 14) - 7;
    let step = (magnitude >> (segment + 3)) & 0x0f;
    !low_byte(sign | (i32::try_from(segment).unwrap_or(0) << 4) | step)
}

pub(super) fn from_mulaw(byte: u8) -> i16 {
    let byte = !byte;
    let segment = (byte >> 4) & 0x07;
    let magnitude = (((i32::from(byte & 0x0f) << 3) + BIAS) << segment) - BIAS;
    signed(magnitude, byte & 0x80 != 0)
}

pub(super) fn alaw(sample: i16) -> u8 {
    let sample = i32::from(sample);
    // Negative samples count from -1 on, so that both halves have as many steps.
    let (sign, magnitude) = if sample < 0 {
        (0, -sample - 1)
    } else {
        (0x80, sample)
    };
    let bits = 32 - magnitude.leading_zeros();
    let segment = bits.saturating_sub(8).min(7);
    let step = if segment == 0 {
        magnitude >> 4
    } else {
        magnitude >> (segment + 3)
    } & 0x0f;
    low_byte(sign | (i32::try_from(segment).unwrap_or(0) << 4) | step) ^ 0x55
}

pub(super) fn from_alaw(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let segment = (byte >> 4) & 0x07;
    let step = i32::from(byte & 0x0f) << 4;
    let magnitude = match segment {
        0 => step + 8,
        segment => (step + 0x108) << (segment - 1),
    };
    signed(magnitude, byte & 0x80 == 0)
}

fn signed(magnitude: i32, is_negative: bool) -> i16 {
    let sample = if is_negative { -magnitude } else { magnitude };
    i16::try_from(sample).unwrap_or(if is_negative { i16::MIN } else { i16::MAX })
}

fn low_byte(bits: i32) -> u8 {
    u8::try_from(bits & 0xff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(
            [0, -1, 100, -100, 32_767, -32_768].map(mulaw),
            [0xff, 0x7f, 0xf2, 0x72, 0x80, 0x00]
        );
        assert_eq!(
            [0, -1, 100, -101, 32_767, -32_768].map(alaw),
            [0xd5, 0x55, 0xd3, 0x53, 0xaa, 0x2a]
        );
        assert_eq!([0xff, 0x80, 0x00].map(from_mulaw), [0, 32_124, -32_124]);
        assert_eq!([0xd5, 0x55, 0xaa, 0x2a].map(from_alaw), [8, -8, 32_256, -32_256]);
    }

    /// Every byte stands for itself again, and every sample for one that is near.
    #[test]
    fn there_and_back() {
        for byte in 0..=u8::MAX {
            assert_eq!(alaw(from_alaw(byte)), byte);
            // µ-law has two zeros.
            assert!(mulaw(from_mulaw(byte)) == byte || byte == 0x7f, "{byte:#x}");
        }
        for sample in i16::MIN..=i16::MAX {
            let loudness = i32::from(sample).abs();
            for back in [from_mulaw(mulaw(sample)), from_alaw(alaw(sample))] {
                let apart = (i32::from(back) - i32::from(sample)).abs();
                assert!(
                    apart <= 8 + loudness / 16 + loudness / 50,
                    "{sample} became {back}"
                );
            }
        }
    }
}
