//! Sound files: any bytes are sound or refused, whatever they are called; what is sound is cut and known again, and
//! converted where that can be done.
//!
//! The first byte says what the file is called, and whether it is converted.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use turnproof::audio::{Encoding, Format, Said, SoundFile};

const ENDINGS: [&str; 6] = ["wav", "flac", "ogg", "raw", "ulaw", "mp3"];

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    let ending = ENDINGS[usize::from(*kind) % ENDINGS.len()];
    let converted = *kind >= 128;
    let said = match ending {
        "raw" => Said {
            encoding: Some(Encoding::Linear16),
            rate: Some(16_000),
        },
        _ => Said::default(),
    };
    let Ok(file) = SoundFile::of(bytes.to_vec(), ending, said) else {
        return;
    };
    let wanted = converted.then_some(Format {
        encoding: Encoding::Mulaw,
        rate: 8_000,
    });
    if let Ok(clip) = file.clip(wanted, converted) {
        let cut: usize = clip.pieces(Duration::from_millis(100)).map(<[u8]>::len).sum();
        assert_eq!(cut, clip.bytes().len(), "the pieces are the whole");
        assert_eq!(clip.fingerprint().len(), 64);
    }
});
