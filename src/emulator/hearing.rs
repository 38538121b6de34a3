//! How an emulator understands speech: by what a recording is known by, looked up among transcripts.
//!
//! Nothing is recognised in the way a person would: a sound that nobody transcribed is not understood, and the reason
//! is told. Silence before and after a recording does not matter, and neither does it when the recording was converted
//! to another format on its way, in the way that [`audio`](crate::audio) converts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::audio::{AudioError, Clip, Format, Said, SoundFile, is_silent, pauses, sounding, trimmed};

/// Silence that ends an utterance, once something was said.
pub const PAUSE: Duration = Duration::from_millis(500);
/// Rates in which recordings are looked for beside their own: those that telephones, browsers and services use.
const USUAL_RATES: [u32; 9] = [
    8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
];
/// Recordings that one emulator knows at most.
const MOST_KNOWN: usize = 20_000;

/// A recording, and what is said in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The file.
    pub path: PathBuf,
    /// What is said of its samples, for one without a header.
    pub said: Said,
    /// The words.
    pub text: String,
    /// The language they are in, if it matters.
    pub language: Option<String>,
}

/// What was made of a sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Nothing was said.
    Silence,
    /// These words.
    Words(String),
    /// Something that is not understood, and why.
    Unknown(String),
}

/// What an emulator knows of recordings.
#[derive(Debug, Default)]
pub struct Hearing {
    known: Mutex<Known>,
    /// Held while recordings are converted.
    converting: Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    recordings: Vec<Recording>,
    paths: HashSet<PathBuf>,
    /// For each format the recordings by what they are known by.
    whole: HashMap<Format, HashMap<String, usize>>,
    /// What is known of recordings up to a pause within them, and how long the pause is: they go on after it.
    beginnings: HashMap<Format, HashMap<String, Duration>>,
    /// Formats that all recordings were converted to, and how many of them.
    converted: BTreeMap<Format, usize>,
}

impl Hearing {
    /// Learns recordings; those known already are passed over. Reads files.
    ///
    /// # Errors
    /// Those that cannot be used, and why; the others are known nevertheless.
    pub fn learn(&self, recordings: Vec<Recording>) -> Result<(), Vec<(PathBuf, AudioError)>> {
        let mut problems = Vec::new();
        for recording in recordings {
            if self.known().paths.contains(&recording.path) {
                continue;
            }
            let clip =
                SoundFile::read(&recording.path, recording.said).and_then(|file| file.clip(None, true));
            match clip {
                Ok(clip) => self.known().add(recording, &clip),
                Err(error) => problems.push((recording.path, error)),
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// What is said in a sound, for a listener of a language (empty for any). May read and convert files.
    pub fn hear(&self, format: Format, bytes: &[u8], language: &str) -> Heard {
        if is_silent(bytes, format.encoding) {
            return Heard::Silence;
        }
        let clip = sound(format, bytes);
        let name = clip.fingerprint();
        self.convert_all(format);
        let known = self.known();
        if let Some(recording) = known.find(format, &name) {
            return recording.words_for(language);
        }
        let elsewhere = known
            .whole
            .iter()
            .find_map(|(other, whole)| Some((other, whole.get(&name)?)));
        if let Some((other, index)) = elsewhere {
            let file = known
                .recordings
                .get(*index)
                .map(Recording::name)
                .unwrap_or_default();
            return Heard::Unknown(format!(
                "this is `{file}`, which is {other}, but it was announced as {format}"
            ));
        }
        let count = known.recordings.len();
        Heard::Unknown(format!(
            "no transcript for this recording ({format}, {:.1} s, sha256 {}…) among {count} known",
            format.time_of(clip.bytes().len()).as_secs_f64(),
            name.get(..12).unwrap_or_default()
        ))
    }

    /// Whether a sound is the beginning of a recording that goes on after a pause, and the silence behind it no longer
    /// than that. May read and convert files: [`may_go_on`] does it where others must not wait.
    fn goes_on(&self, format: Format, bytes: &[u8]) -> bool {
        self.convert_all(format);
        let known = self.known();
        let Some(beginnings) = known.beginnings.get(&format).filter(|known| !known.is_empty()) else {
            return false;
        };
        let end = sounding(bytes, format.encoding).map_or(0, |sound| sound.end);
        let quiet = format.time_of(bytes.len() - end);
        let pause = beginnings.get(&sound(format, bytes).fingerprint());
        pause.is_some_and(|pause| quiet <= *pause)
    }

    /// Makes sure that all recordings are known in a format, too.
    fn convert_all(&self, format: Format) {
        if format.encoding.sample_size().is_none() || !USUAL_RATES.contains(&format.rate) {
            return;
        }
        // Nobody listens in this format before it is done: what is not known yet would not be understood.
        let _converting = self.converting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let next = self.known().unconverted(format);
            let Some((index, recording)) = next else { return };
            let clip = SoundFile::read(&recording.path, recording.said)
                .and_then(|file| file.clip(Some(format), true));
            // One that cannot be converted is known as it is.
            if let Ok(clip) = clip {
                self.known().index(index, &clip);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a sound is the beginning of a known recording that goes on after a pause, and the silence behind it no longer
/// than that.
pub async fn may_go_on(hearing: &Arc<Hearing>, format: Format, bytes: &[u8]) -> bool {
    let (hearing, bytes) = (Arc::clone(hearing), bytes.to_vec());
    let goes_on = spawn_blocking(move || hearing.goes_on(format, &bytes)).await;
    // Who cannot tell does not wait for more.
    goes_on.unwrap_or(false)
}

/// Bytes that came on a stream, as a clip.
fn sound(format: Format, bytes: &[u8]) -> Clip {
    Clip::of(format, trimmed(bytes, format.encoding).to_vec())
}

impl Known {
    fn add(&mut self, recording: Recording, clip: &Clip) {
        if self.recordings.len() >= MOST_KNOWN {
            return;
        }
        self.paths.insert(recording.path.clone());
        self.recordings.push(recording);
        self.index(self.recordings.len() - 1, clip);
    }

    fn index(&mut self, index: usize, clip: &Clip) {
        let format = clip.format();
        let name = clip.fingerprint();
        self.whole.entry(format).or_default().entry(name).or_insert(index);
        let beginnings = self.beginnings.entry(format).or_default();
        for pause in pauses(clip.bytes(), format, PAUSE) {
            let before = sound(format, clip.bytes().get(..pause.start).unwrap_or_default());
            let longest = beginnings.entry(before.fingerprint()).or_default();
            *longest = format.time_of(pause.len()).max(*longest);
        }
    }

    /// The next recording that was not converted to a format yet.
    fn unconverted(&mut self, format: Format) -> Option<(usize, Recording)> {
        let next = self.converted.entry(format).or_default();
        let recording = self.recordings.get(*next)?;
        let index = *next;
        *next += 1;
        Some((index, recording.clone()))
    }

    fn find(&self, format: Format, name: &str) -> Option<&Recording> {
        let index = self.whole.get(&format)?.get(name)?;
        self.recordings.get(*index)
    }
}

impl Recording {
    /// The words, if the listener knows the language.
    fn words_for(&self, language: &str) -> Heard {
        let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
        match &self.language {
            Some(own) if !language.is_empty() && primary(own) != primary(language) => Heard::Unknown(
                format!("`{}` is in `{own}`, the turn in `{language}`", self.name()),
            ),
            _ => Heard::Words(self.text.clone()),
        }
    }

    fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// Bytes of speech as they come, until the speaker pauses.
#[derive(Debug)]
pub struct Listening {
    format: Format,
    bytes: Vec<u8>,
    /// Where the last sound that was heard ends; nothing was heard yet at 0.
    sounded: usize,
    /// How far silence was looked for.
    looked: usize,
}

impl Listening {
    /// Nothing was heard yet.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            bytes: Vec::new(),
            sounded: 0,
            looked: 0,
        }
    }

    /// Takes more of the sound.
    pub fn take(&mut self, bytes: &[u8]) {
        // Before anything is said, silence need not be kept, as long as no sample is torn.
        let is_whole = bytes
            .len()
            .is_multiple_of(self.format.encoding.sample_size().unwrap_or(1));
        let is_quiet = self.sounded == 0 && self.looked == self.bytes.len();
        if is_whole && is_quiet && is_silent(bytes, self.format.encoding) {
            self.bytes.clear();
            self.looked = 0;
            return;
        }
        self.bytes.extend_from_slice(bytes);
        self.look();
    }

    fn look(&mut self) {
        let Some(size) = self.format.encoding.sample_size() else {
            self.sounded = self.bytes.len();
            return;
        };
        let whole = self.bytes.len() / size * size;
        let new = self.bytes.get(self.looked..whole).unwrap_or_default();
        if let Some(sound) = sounding(new, self.format.encoding) {
            self.sounded = self.looked + sound.end;
        }
        self.looked = whole;
    }

    /// Whether something was said.
    pub fn has_sound(&self) -> bool {
        self.sounded > 0
    }

    /// Whether the speaker has paused after having said something.
    pub fn has_paused(&self) -> bool {
        let quiet = self.looked.saturating_sub(self.sounded);
        self.has_sound() && self.format.time_of(quiet) >= PAUSE
    }

    /// All that was heard.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How long it is.
    pub fn time(&self) -> Duration {
        self.format.time_of(self.bytes.len())
    }
}

#[cfg(test)]
mod tests;
