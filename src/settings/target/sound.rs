//! Reads `audio:` of a target: how it is sent sound, and in what it is asked to speak.

use std::time::Duration;

use crate::audio::{Encoding, Format, RATES};
use crate::model::capability::{Group, SAMPLE_ENCODINGS};
use crate::model::suite::{AudioSettings, Service};
use crate::settings::keys::fields;
use crate::settings::pace::read_pace;
use crate::yaml::{Map, Node, Reader};

/// What a piece of sound may last: longer ones are no stream any more.
const PIECES: std::ops::RangeInclusive<Duration> = Duration::from_millis(20)..=Duration::from_secs(1);

/// The settings of a target; `node` is what its `audio:` says.
pub(super) fn read_audio(
    reader: &mut Reader,
    node: Option<&Node>,
    service: Service,
    emulated: bool,
) -> AudioSettings {
    let usual = AudioSettings {
        pace: if emulated {
            AudioSettings::EMULATOR_PACE
        } else {
            1.0
        },
        ..AudioSettings::default()
    };
    // A live stream of CES has one format from its beginning.
    let usual = AudioSettings {
        input: (service == Service::Ces).then_some(AudioSettings::USUAL),
        ..usual
    };
    let Some(map) = node.and_then(|node| fields(reader, node, Group::TargetAudio)) else {
        return usual;
    };
    if let Some(entry) = map.entry("single_utterance").filter(|_| service == Service::Ces) {
        let message = "`single_utterance` means nothing on CES";
        reader.error("unsupported", message, entry.key.span.clone());
    }
    AudioSettings {
        input: format(reader, map).or(usual.input),
        pace: map
            .get("pace")
            .and_then(|node| read_pace(reader, node))
            .unwrap_or(usual.pace),
        piece: map
            .get("chunk")
            .and_then(|node| piece(reader, node))
            .unwrap_or(usual.piece),
        single_utterance: map
            .get("single_utterance")
            .and_then(|node| reader.boolean(node, "`single_utterance`"))
            .unwrap_or_default(),
        output: map
            .get("output")
            .and_then(|node| fields(reader, node, Group::TargetSpeech))
            .map(|map| format(reader, map).unwrap_or(AudioSettings::USUAL)),
    }
}

/// `encoding` and `rate`: one of them brings the other along.
fn format(reader: &mut Reader, map: &Map) -> Option<Format> {
    let encoding = map.get("encoding").and_then(|node| encoding(reader, node));
    let rate = map.get("rate").and_then(|node| rate(reader, node));
    if encoding.is_none() && rate.is_none() {
        return None;
    }
    let encoding = encoding.unwrap_or(Encoding::Linear16);
    let usual = match encoding {
        Encoding::Mulaw | Encoding::Alaw => 8_000,
        _ => 16_000,
    };
    Some(Format {
        encoding,
        rate: rate.unwrap_or(usual),
    })
}

fn encoding(reader: &mut Reader, node: &Node) -> Option<Encoding> {
    let name = reader.name(node, "`encoding`")?;
    if !SAMPLE_ENCODINGS.contains(&name.as_str()) {
        let complaint = "`encoding` cannot be";
        reader.unknown(
            &name,
            node.span.clone(),
            "unknown-value",
            complaint,
            SAMPLE_ENCODINGS,
        );
        return None;
    }
    Encoding::named(&name)
}

fn rate(reader: &mut Reader, node: &Node) -> Option<u32> {
    let allowed = u64::from(*RATES.start())..u64::from(*RATES.end()) + 1;
    let rate = reader.integer(node, "`rate`", allowed)?;
    u32::try_from(rate).ok()
}

fn piece(reader: &mut Reader, node: &Node) -> Option<Duration> {
    let time = reader.duration(node, "`chunk`")?;
    if !PIECES.contains(&time) {
        reader.error("out-of-range", "`chunk` lasts 20ms to 1s", node.span.clone());
        return None;
    }
    Some(time)
}
