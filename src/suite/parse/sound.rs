//! `audio` and `silence`: what the user lets be heard; and what is expected of what the agent speaks.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::sound::SoundPlace;
use super::matcher::Looked;
use super::{Parser, Wording, ticked};
use crate::audio::{AudioError, Encoding, Facts, Said};
use crate::diagnostic::Diagnostic;
use crate::model::capability::{Group, SAMPLE_ENCODINGS, Subject};
use crate::model::endpoint::Protocol;
use crate::model::suite::{AudioCheck, AudioInput, Channel, Input, RunMethod, Service, Via};
use crate::settings::pace::read_pace;
use crate::yaml::{Entry, Map, Node};

/// The longest recording of one request (cx-sessions-api 5.3).
const LONGEST: Duration = Duration::from_mins(2);
/// The only rate of Ogg Opus that Dialogflow CX takes (cx-sessions-api 6.4).
const OPUS_RATE: u32 = 16_000;

impl Parser {
    /// A recording: its path, or a mapping.
    pub(super) fn audio(&mut self, node: &Node) -> Option<Input> {
        let map = match node.as_map() {
            Some(_) => Some(self.group(node, Group::Audio)?),
            None => None,
        };
        let file = map.map_or(Some(node), |map| map.get("file"))?;
        let what = if map.is_some() { "`file`" } else { "`audio`" };
        let written = self.fixed_text(file, what)?;
        let said = self.said_of_samples(map);
        let convert = map
            .and_then(|map| map.get("convert"))
            .and_then(|node| self.boolean(node, "`convert`"))
            .unwrap_or_default();
        let pace = map
            .and_then(|map| map.get("pace"))
            .and_then(|node| self.pace(node));
        let interrupt_after = map
            .and_then(|map| map.get("interrupt_after"))
            .and_then(|node| self.duration(node, "`interrupt_after`"));
        let path = match self.sound.clone() {
            None => PathBuf::from(&written),
            Some(folders) => self.recording(file, &written, &folders)?,
        };
        let asked = self
            .sound
            .as_ref()
            .filter(|_| self.run_method == RunMethod::Stable);
        let transcript = asked.and_then(|folders| folders.folder(&path).transcripts.get(&path).cloned());
        let input = AudioInput {
            written,
            path,
            said,
            convert,
            pace,
            interrupt_after,
            transcript,
        };
        self.is_spoken = true;
        let folders = self.sound.clone();
        if self.channel == Some(Channel::Text) {
            return self.in_writing(&file.span, &input, &folders?);
        }
        if let Some(folders) = folders.filter(|_| self.thorough) {
            self.check_recording(&file.span, &input, &folders);
        }
        Some(Input::Audio(input))
    }

    /// A recording in writing: its transcript.
    fn in_writing(&mut self, span: &Range<usize>, input: &AudioInput, place: &SoundPlace) -> Option<Input> {
        let folder = place.folder(&input.path);
        for problem in &folder.problems {
            self.reader.push(problem.clone());
        }
        if let Some(text) = folder.transcripts.get(&input.path) {
            return Some(Input::Say(text.clone()));
        }
        if !folder.problems.iter().any(Diagnostic::is_error) {
            let message = format!(
                "no transcript says what is said in `{}`, so it cannot be played in writing (`channels`)",
                input.written
            );
            let help = transcript_wanted(&input.path, &folder.shown);
            self.reader
                .error("no-transcript", message, span.clone())
                .help
                .push(help);
        }
        None
    }

    /// `channels`: each once.
    pub(super) fn channels(&mut self, node: &Node) -> Option<Vec<Channel>> {
        let mut channels = Vec::new();
        for item in self.reader.list(node, "`channels`")? {
            let name = self.choice(item, "a channel", &Channel::ALL.map(Channel::name))?;
            let channel = Channel::ALL.into_iter().find(|channel| channel.name() == name)?;
            if channels.contains(&channel) {
                let message = format!("`{name}` stands here twice");
                self.reader.error("duplicate-value", message, item.span.clone());
                return None;
            }
            channels.push(channel);
        }
        if channels.is_empty() {
            self.reader
                .error("missing-value", "`channels` is empty", node.span.clone());
            return None;
        }
        Some(channels)
    }

    /// `true`, or for how long.
    pub(super) fn silence(&mut self, node: &Node) -> Option<Input> {
        if node.as_text().is_none() {
            self.only_true(node, "`silence`", "to say something, use `say`")?;
            if self.service == Some(Service::Ces) {
                let message = "on CES silence can only be heard, so it needs a duration";
                self.reader
                    .error("unsupported", message, node.span.clone())
                    .help
                    .push("for example `silence: 2s`".to_owned());
                return None;
            }
            return Some(Input::Silence);
        }
        let time = self.duration(node, "`silence`")?;
        if time.is_zero() || time > LONGEST {
            let message = "`silence` is longer than nothing, and 2 minutes at most";
            self.reader.error("out-of-range", message, node.span.clone());
            return None;
        }
        self.is_spoken = true;
        match (self.channel, self.service) {
            (Some(Channel::Text), Some(Service::Ces)) => {
                let message =
                    "on CES silence can only be heard, so it cannot be played in writing (`channels`)";
                self.reader.error("unsupported", message, node.span.clone());
                None
            }
            (Some(Channel::Text), _) => Some(Input::Silence),
            _ => Some(Input::SilentAudio(time)),
        }
    }

    /// What is spoken on the way to the target may carry neither sound nor a live stream.
    pub(super) fn check_protocol(&mut self, node: &Node, map: &Map, input: Option<&Input>, via: Option<Via>) {
        let of_rest = self.sound.as_ref().map(|place| place.role.protocol) == Some(Protocol::Rest);
        let is_spoken = matches!(input, Some(Input::Audio(_) | Input::SilentAudio(_)));
        let is_live = match self.service {
            Some(Service::Cx) => via == Some(Via::Stream),
            Some(Service::Ces) => via == Some(Via::Bidi),
            None => false,
        };
        if !of_rest || !(is_spoken || is_live) {
            return;
        }
        let (what, span) = match map.get("via").filter(|_| is_live) {
            Some(via) => ("this call", via.span.clone()),
            None => ("sound", node.span.clone()),
        };
        let others = match self.service {
            Some(Service::Ces) => "`transport: grpc` or `transport: websocket`",
            _ => "`transport: grpc`",
        };
        let message = format!("{what} cannot be sent over REST, which the target speaks");
        self.reader
            .error("unsupported", message, span)
            .help
            .push(format!("in the settings, write {others} for the target"));
    }

    /// Sound travels by one call only.
    pub(super) fn check_via_of_sound(&mut self, map: &Map, input: Option<&Input>, via: Option<Via>) {
        let (Some(Input::Audio(_) | Input::SilentAudio(_)), Some(via), Some(node)) =
            (input, via, map.get("via"))
        else {
            return;
        };
        let (carries, only) = match self.service {
            Some(Service::Cx) => (via == Via::Stream, "stream"),
            Some(Service::Ces) => (via == Via::Bidi, "bidi"),
            None => return,
        };
        if !carries {
            let message = "this call carries no sound";
            self.reader
                .error("unsupported", message, node.span.clone())
                .help
                .push(format!("leave `via` out, or write `via: {only}`"));
        }
    }

    /// `encoding` and `rate` of a recording.
    fn said_of_samples(&mut self, map: Option<&Map>) -> Said {
        let encoding = map
            .and_then(|map| map.get("encoding"))
            .and_then(|node| self.choice(node, "`encoding`", SAMPLE_ENCODINGS))
            .and_then(Encoding::named);
        let rate = map
            .and_then(|map| map.get("rate"))
            .filter(|node| !self.is_late(node, "`rate`"))
            .and_then(|node| self.reader.integer(node, "`rate`", 1..1_000_000))
            .and_then(|rate| u32::try_from(rate).ok());
        Said { encoding, rate }
    }

    fn pace(&mut self, node: &Node) -> Option<f64> {
        if self.is_late(node, "`pace`") {
            return None;
        }
        read_pace(&mut self.reader, node)
    }

    /// Where a file that is mentioned is.
    pub(super) fn recording(&mut self, node: &Node, written: &str, place: &SoundPlace) -> Option<PathBuf> {
        match place.find(written) {
            Ok(path) => Some(path),
            Err(error) => {
                self.reader
                    .error("missing-file", error.to_string(), node.span.clone())
                    .help
                    .push("paths start beside this file, else at the folder of turnproof.yaml".to_owned());
                None
            }
        }
    }

    /// Whether the target can be sent a recording.
    fn check_recording(&mut self, span: &Range<usize>, input: &AudioInput, place: &SoundPlace) {
        let facts = match place.facts(&input.path, input.said) {
            Ok(facts) => facts,
            Err(error) => return self.unusable(span, &input.written, &error),
        };
        match facts.sent_as(place.role.settings.input, input.convert) {
            Ok(format) if self.service == Some(Service::Cx) => {
                let is_opus = format.encoding == Encoding::OggOpus;
                if is_opus && format.rate != OPUS_RATE {
                    let wanted = format!("Dialogflow CX takes ogg_opus at {OPUS_RATE} Hz only");
                    self.unfit(span, &input.written, &facts, &wanted);
                }
                if facts.duration.is_some_and(|duration| duration > LONGEST) {
                    let wanted = "Dialogflow CX hears 2 minutes at a time";
                    self.unfit(span, &input.written, &facts, wanted);
                }
            }
            Ok(_) => {}
            Err(error) => self.unusable(span, &input.written, &error),
        }
        self.check_transcript(span, &input.path, &input.written, place);
    }

    fn unusable(&mut self, span: &Range<usize>, written: &str, error: &AudioError) {
        let code = match error {
            AudioError::Mismatch { .. } | AudioError::NeedsConversion { .. } | AudioError::BadRate(_) => {
                "wrong-format"
            }
            _ => "bad-audio",
        };
        let message = format!("`{written}` cannot be played: {error}");
        let problem = self.reader.error(code, message, span.clone());
        if error.is_mended_by_conversion() {
            let help = "to have it converted, write `audio: { file: …, convert: true }`";
            problem.help.push(help.to_owned());
        }
        if matches!(error, AudioError::NeedsConversion { .. }) {
            let help = "or change what the target takes: `audio: { encoding: …, rate: … }` in the settings";
            problem.help.push(help.to_owned());
        }
    }

    fn unfit(&mut self, span: &Range<usize>, written: &str, facts: &Facts, wanted: &str) {
        let long = match facts.duration {
            Some(duration) => format!(", {} s", duration.as_secs()),
            None => String::new(),
        };
        let message = format!("`{written}` cannot be played: it is {facts}{long}; {wanted}");
        self.reader.error("wrong-format", message, span.clone());
    }

    /// An emulator understands what has a transcript.
    fn check_transcript(&mut self, span: &Range<usize>, path: &Path, written: &str, place: &SoundPlace) {
        let folder = place.folder(path);
        for problem in &folder.problems {
            self.reader.push(problem.clone());
        }
        let unknown = !folder.transcripts.contains_key(path);
        if place.role.emulated && unknown && !folder.problems.iter().any(Diagnostic::is_error) {
            let message =
                format!("no transcript says what is heard in `{written}`: the emulator will not match it");
            let help = transcript_wanted(path, &folder.shown);
            self.reader
                .warning("no-transcript", message, span.clone())
                .help
                .push(help);
        }
    }

    /// An entry of `transcripts.yaml`: text, language, and what is said of the samples.
    pub(in crate::suite) fn transcript(&mut self, entry: &Entry) -> Option<(String, Option<String>, Said)> {
        let node = &entry.value;
        if node.as_map().is_none() {
            let text = self.fixed_text(node, &ticked(&entry.key.name))?;
            return Some((text, None, Said::default()));
        }
        let map = self.group(node, Group::Transcript)?;
        let text = self.fixed_text(map.get("text")?, "`text`")?;
        let language = match map.get("language") {
            None => None,
            Some(node) => Some(self.filled_text(node, "`language`", Wording::Name)?),
        };
        Some((text, language, self.said_of_samples(Some(map))))
    }

    /// What is expected of a spoken answer.
    pub(super) fn spoken(&mut self, node: &Node) -> Option<AudioCheck> {
        let map = self.group(node, Group::AudioExpectation)?;
        if map.entries.is_empty() {
            let message = "`audio` says nothing about what the agent speaks";
            self.reader.error("missing-value", message, node.span.clone());
            return None;
        }
        let present = match map.get("present") {
            None => None,
            Some(node) => Some(self.boolean(node, "`present`")?),
        };
        let mut matcher = |key: &str, subject| {
            let what = ticked(key);
            map.get(key)
                .map(|node| self.matcher(node, Looked::new(&what, subject)).ok_or(()))
                .transpose()
                .ok()
        };
        Some(AudioCheck {
            present,
            duration: matcher("duration", Subject::Duration)?,
            encoding: matcher("encoding", Subject::Text)?,
        })
    }
}

/// How to say what is said in a recording.
fn transcript_wanted(recording: &Path, transcripts: &Path) -> String {
    let name = recording.file_name().unwrap_or_default().to_string_lossy();
    format!("in `{}`, write `{name}: the words`", transcripts.display())
}
