//! Files of every kind, whole, cut off and made up.

use proptest::prelude::*;

use super::*;

/// A tone of half loudness.
fn tone(hertz: f64, rate: u32, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|index| {
            let turns = hertz * f64::from(u32::try_from(index).unwrap()) / f64::from(rate);
            wav::rounded(16_000.0 * (turns * std::f64::consts::TAU).sin())
        })
        .collect()
}

/// A WAV file around any bytes.
fn riff(tag: u16, channels: u16, rate: u32, bits: u16, body: &[u8]) -> Vec<u8> {
    let frame = channels * bits.div_ceil(8);
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    file.extend(tag.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(frame)).to_le_bytes());
    file.extend(frame.to_le_bytes());
    file.extend(bits.to_le_bytes());
    file.extend(b"LIST\x03\0\0\0abc\0data");
    file.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    file.extend(body);
    file
}

fn nothing_said() -> Said {
    Said::default()
}

fn said(encoding: Encoding, rate: u32) -> Said {
    Said {
        encoding: Some(encoding),
        rate: Some(rate),
    }
}

fn format(encoding: Encoding, rate: u32) -> Format {
    Format { encoding, rate }
}

fn message(bytes: &[u8], ending: &str, said: Said) -> String {
    SoundFile::of(bytes.to_vec(), ending, said)
        .unwrap_err()
        .to_string()
}

#[test]
fn a_wav_file_is_sent_as_its_samples() {
    let samples = tone(440.0, 16_000, 16_000);
    for (tag, encoding) in [(1, Encoding::Linear16), (7, Encoding::Mulaw), (6, Encoding::Alaw)] {
        let body = encoded(&samples, encoding);
        let bits = if tag == 1 { 16 } else { 8 };
        let file = SoundFile::of(riff(tag, 1, 16_000, bits, &body), "wav", nothing_said()).unwrap();
        assert_eq!(file.facts().container, Container::Wav);
        assert_eq!(file.facts().duration, Some(Duration::from_secs(1)));
        let clip = file.clip(None, false).unwrap();
        assert_eq!(clip.format(), format(encoding, 16_000));
        assert_eq!(clip.bytes(), body);
    }
}

#[test]
fn what_was_written_is_read_again() {
    let samples = tone(300.0, 8_000, 4_000);
    for encoding in [Encoding::Linear16, Encoding::Mulaw, Encoding::Alaw] {
        let bytes = encoded(&samples, encoding);
        let written = as_wav(format(encoding, 8_000), &bytes).unwrap();
        let file = SoundFile::of(written, "wav", said(Encoding::Linear16, 8_000)).unwrap();
        assert_eq!(file.facts().duration, Some(Duration::from_millis(500)));
        let back = file.clip(Some(format(encoding, 8_000)), true).unwrap();
        assert_eq!(back.bytes(), bytes, "{encoding:?}");
    }
    assert!(as_wav(format(Encoding::Flac, 8_000), &[1]).is_err());
}

#[test]
fn deep_and_stereo_files_need_conversion() {
    let samples = tone(440.0, 48_000, 4_800);
    let body: Vec<u8> = samples
        .iter()
        .flat_map(|sample| {
            let deep = (i32::from(*sample) << 8).to_le_bytes();
            [[deep[0], deep[1], deep[2]], [0, 0, 0]].concat()
        })
        .collect();
    let file = SoundFile::of(riff(1, 2, 48_000, 24, &body), "wav", nothing_said()).unwrap();
    assert_eq!(file.facts().to_string(), "24-bit PCM at 48000 Hz, stereo");
    let refused = file.clip(None, false).unwrap_err();
    assert!(refused.is_mended_by_conversion());
    assert_eq!(
        refused.to_string(),
        "it is 24-bit PCM at 48000 Hz, stereo, but linear16 at 48000 Hz, mono is wanted"
    );
    let clip = file.clip(None, true).unwrap();
    let expected: Vec<i16> = samples.iter().map(|sample| sample / 2).collect();
    let made = convert::read(clip.bytes(), Encoding::Linear16).unwrap();
    assert!(
        made.iter()
            .zip(&expected)
            .all(|(made, wanted)| (made - wanted).abs() <= 1)
    );
}

#[test]
fn another_rate_sounds_the_same() {
    let file = SoundFile::of(
        riff(
            1,
            1,
            48_000,
            16,
            &encoded(&tone(440.0, 48_000, 48_000), Encoding::Linear16),
        ),
        "wav",
        nothing_said(),
    )
    .unwrap();
    for rate in [8_000_u32, 16_000, 22_050, 44_100] {
        let clip = file.clip(Some(format(Encoding::Linear16, rate)), true).unwrap();
        assert_eq!(clip.duration(), Some(Duration::from_secs(1)));
        let made = convert::read(clip.bytes(), Encoding::Linear16).unwrap();
        let crossings = made.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        assert!((439..=441).contains(&crossings), "{rate}: {crossings} turns");
        let middle = made.len() / 4..made.len() / 2;
        let loudest = made[middle].iter().copied().max();
        assert!(
            (15_000..16_500).contains(&loudest.unwrap()),
            "{rate}: {loudest:?}"
        );
    }
}

#[test]
fn what_is_too_high_for_a_rate_is_gone() {
    // It must not come back as something low.
    let shrill = SoundFile::of(
        riff(
            1,
            1,
            48_000,
            16,
            &encoded(&tone(23_000.0, 48_000, 48_000), Encoding::Linear16),
        ),
        "wav",
        nothing_said(),
    );
    let clip = shrill
        .unwrap()
        .clip(Some(format(Encoding::Linear16, 16_000)), true)
        .unwrap();
    let made = convert::read(clip.bytes(), Encoding::Linear16).unwrap();
    let loudest = made[1_000..15_000].iter().map(|sample| sample.abs()).max();
    assert!(loudest < Some(20), "{loudest:?}");
}

#[test]
fn raw_samples_are_what_their_author_says() {
    let raw = SoundFile::of(vec![1; 801], "raw", said(Encoding::Linear16, 8_000)).unwrap();
    assert_eq!(raw.facts().duration, Some(Duration::from_millis(50)));
    assert_eq!(raw.clip(None, false).unwrap().bytes().len(), 800);
    assert_eq!(
        message(&[1; 10], "raw", nothing_said()),
        "it has no header: say its `encoding` and `rate`"
    );
    assert_eq!(
        message(&[1; 10], "raw", said(Encoding::Flac, 8_000)),
        "it has no header, as flac files have"
    );
    assert_eq!(
        message(&[], "raw", said(Encoding::Mulaw, 8_000)),
        "it holds no sound"
    );
    assert!(message(&[1; 10], "mp3", nothing_said()).contains("`mp3`"));
    assert_eq!(
        message(&[1; 10], "wav", nothing_said()),
        "it is no WAV file: it does not begin like one"
    );
}

#[test]
fn a_header_and_its_author_must_agree() {
    let file = riff(1, 1, 16_000, 16, &[1; 100]);
    assert_eq!(
        message(&file, "wav", said(Encoding::Mulaw, 16_000)),
        "its header says linear16, not mulaw"
    );
    assert_eq!(
        message(&file, "wav", said(Encoding::Linear16, 8_000)),
        "its header says 16000 Hz, not 8000 Hz"
    );
}

#[test]
fn compressed_files_are_passed_on_whole() {
    let mut flac = b"fLaC\x80\0\0\x22".to_vec();
    let mut info = [0_u8; 34];
    let numbers: u64 = (16_000 << 44) + (15 << 36) + 24_000;
    info[10..18].copy_from_slice(&numbers.to_be_bytes());
    flac.extend(info);
    flac.extend([7; 50]);
    let file = SoundFile::of(flac.clone(), "flac", nothing_said()).unwrap();
    assert_eq!(file.facts().to_string(), "flac at 16000 Hz, mono");
    assert_eq!(file.facts().duration, Some(Duration::from_millis(1_500)));
    assert_eq!(file.clip(None, false).unwrap().bytes(), flac);
    let converted = file.clip(Some(format(Encoding::Linear16, 16_000)), true);
    assert_eq!(converted.unwrap_err(), AudioError::NotConverted(Encoding::Flac));

    let page = |position: u64, packet: &[u8]| {
        let mut page = b"OggS\0\x02".to_vec();
        page.extend(position.to_le_bytes());
        page.extend([0; 12]);
        page.extend([1, u8::try_from(packet.len()).unwrap()]);
        page.extend(packet);
        page
    };
    let mut packet = b"OpusHead\x01\x01".to_vec();
    packet.extend(312_u16.to_le_bytes());
    packet.extend(16_000_u32.to_le_bytes());
    packet.extend([0; 3]);
    let opus = [page(0, &packet), page(48_312, b"sound")].concat();
    let file = SoundFile::of(opus.clone(), "opus", said(Encoding::OggOpus, 16_000)).unwrap();
    assert_eq!(file.facts().duration, Some(Duration::from_secs(1)));
    assert_eq!(file.clip(None, false).unwrap().bytes(), opus);
}

#[test]
fn silence_around_a_sound_does_not_change_what_it_is_known_by() {
    for encoding in [Encoding::Linear16, Encoding::Mulaw, Encoding::Alaw] {
        let form = format(encoding, 8_000);
        let sound = encoded(&tone(440.0, 8_000, 800)[1..], encoding);
        let quiet = form.silence(Duration::from_millis(300));
        assert!(is_silent(&quiet, encoding) && !is_silent(&sound, encoding));
        let within = [&quiet[..], &sound, &quiet, &sound, &quiet].concat();
        let known = clip::fingerprint(&sound, encoding);
        assert_eq!(
            clip::fingerprint(&[&quiet[..], &sound, &quiet].concat(), encoding),
            known
        );
        assert_ne!(clip::fingerprint(&within, encoding), known);
        let end = quiet.len() + sound.len();
        let found = pauses(&within, form, Duration::from_millis(300));
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].start, form.time_of(found[0].len())),
            (end, Duration::from_millis(300))
        );
        assert!(pauses(&within, form, Duration::from_millis(301)).is_empty());
    }
}

#[test]
fn time_and_bytes_agree() {
    let form = format(Encoding::Linear16, 16_000);
    assert_eq!(form.bytes_in(Duration::from_millis(100)), 3_200);
    assert_eq!(form.time_of(3_200), Duration::from_millis(100));
    assert_eq!(
        format(Encoding::Mulaw, 11_025).bytes_in(Duration::from_millis(1)),
        11,
        "whole samples"
    );
    assert_eq!(form.to_string(), "linear16 at 16000 Hz");
    for encoding in Encoding::ALL {
        assert_eq!(Encoding::named(encoding.name()), Some(encoding));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        head in prop::sample::select(vec![&b"RIFF\0\0\0\0WAVE"[..], b"fLaC\0\0\0\x22", b"OggS", b""]),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        ending in prop::sample::select(vec!["wav", "raw", "flac", "opus", ""]),
        rate in prop::option::of(1_u32..100_000),
        convert in any::<bool>(),
    ) {
        let said = Said { encoding: rate.map(|_| Encoding::Alaw), rate };
        if let Ok(file) = SoundFile::of([head, &bytes].concat(), ending, said) {
            let _ = file.clip(None, convert);
            let _ = file.clip(Some(format(Encoding::Mulaw, 8_000)), convert);
        }
    }

    /// A real head with numbers of chance in it.
    #[test]
    fn any_head_is_read_or_refused(
        tag in prop::sample::select(vec![1_u16, 3, 6, 7, 0xfffe, 2]),
        channels in 0_u16..20,
        rate in prop::sample::select(vec![0_u32, 1, 4_000, 8_000, 44_100, 192_000, u32::MAX]),
        bits in prop::sample::select(vec![0_u16, 1, 8, 12, 16, 20, 24, 32, 64, 65]),
        body in prop::collection::vec(any::<u8>(), 0..200),
        cut in 0_usize..60,
    ) {
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        file.extend(tag.to_le_bytes());
        file.extend(channels.to_le_bytes());
        file.extend(rate.to_le_bytes());
        file.extend([0; 6]);
        file.extend(bits.to_le_bytes());
        file.extend(b"data\xff\xff\xff\xff");
        file.extend(&body);
        file.truncate(file.len().saturating_sub(cut));
        if let Ok(file) = SoundFile::of(file, "wav", nothing_said()) {
            let _ = file.clip(None, true);
            let _ = file.clip(Some(format(Encoding::Linear16, 16_000)), true);
        }
    }

    #[test]
    fn pieces_are_the_whole(bytes in prop::collection::vec(any::<u8>(), 1..2_000), time in 1_u64..200) {
        let file = SoundFile::of(bytes, "raw", said(Encoding::Linear16, 8_000));
        prop_assume!(file.is_ok());
        let clip = file.unwrap().clip(None, false).unwrap();
        let pieces: Vec<&[u8]> = clip.pieces(Duration::from_millis(time)).collect();
        prop_assert!(pieces.iter().rev().skip(1).all(|piece| piece.len() == 16 * usize::try_from(time).unwrap()));
        prop_assert_eq!(pieces.concat(), clip.bytes());
    }
}
