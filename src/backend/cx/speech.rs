//! Sound to and from Dialogflow CX: configurations, the requests of a stream in time, and what a spoken answer is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{Stream, stream};
use prost::Message;
use prost::bytes::Bytes;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::audio::{Encoding, Format, Said, SoundFile};
use crate::backend::Speech;
use crate::model::suite::AudioSettings;
use crate::model::transcript::Spoken;
use crate::proto::cx_v3beta1 as cx;
use crate::proto::cx_v3beta1::query_input::Input as CxInput;

/// How the user's sound is announced.
pub(super) fn input_config(format: Format, settings: &AudioSettings) -> cx::InputAudioConfig {
    let encoding = match format.encoding {
        Encoding::Linear16 => cx::AudioEncoding::Linear16,
        Encoding::Mulaw => cx::AudioEncoding::Mulaw,
        Encoding::Alaw => cx::AudioEncoding::Alaw,
        Encoding::Flac => cx::AudioEncoding::Flac,
        Encoding::OggOpus => cx::AudioEncoding::OggOpus,
    };
    cx::InputAudioConfig {
        audio_encoding: encoding.into(),
        sample_rate_hertz: hertz(format.rate),
        single_utterance: settings.single_utterance,
        ..Default::default()
    }
}

/// What the agent is asked to speak in, if it is.
pub(super) fn output_config(settings: &AudioSettings) -> Option<cx::OutputAudioConfig> {
    let format = settings.output?;
    let encoding = match format.encoding {
        Encoding::Mulaw => cx::OutputAudioEncoding::Mulaw,
        Encoding::Alaw => cx::OutputAudioEncoding::Alaw,
        _ => cx::OutputAudioEncoding::Linear16,
    };
    Some(cx::OutputAudioConfig {
        audio_encoding: encoding.into(),
        sample_rate_hertz: hertz(format.rate),
        synthesize_speech_config: None,
    })
}

fn hertz(rate: u32) -> i32 {
    i32::try_from(rate).unwrap_or(i32::MAX)
}

/// A spoken answer. The service puts a WAV header before samples; where it does not, the configuration tells what
/// they are.
///
/// # Errors
/// Why it is not known what it is, as a lowercase fragment.
pub(super) fn spoken(
    bytes: &[u8],
    config: Option<&cx::OutputAudioConfig>,
    asked: Option<Format>,
) -> Result<Option<Spoken>, String> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let told = |config: &cx::OutputAudioConfig| {
        let encoding = match config.audio_encoding() {
            cx::OutputAudioEncoding::Linear16 => Encoding::Linear16,
            cx::OutputAudioEncoding::Mulaw => Encoding::Mulaw,
            cx::OutputAudioEncoding::Alaw => Encoding::Alaw,
            _ => return None,
        };
        let rate = u32::try_from(config.sample_rate_hertz).ok();
        let rate = rate.filter(|rate| *rate > 0).or(asked.map(|asked| asked.rate));
        Some(Format {
            encoding,
            rate: rate?,
        })
    };
    let format = config.and_then(told).or(asked);
    let is_wav = bytes.starts_with(b"RIFF");
    let said = match format {
        Some(format) if !is_wav => Said {
            encoding: Some(format.encoding),
            rate: Some(format.rate),
        },
        _ => Said::default(),
    };
    let clip = SoundFile::of(bytes.to_vec(), "", said).and_then(|file| file.clip(None, false));
    match clip {
        Ok(clip) => Ok(Some(Spoken {
            format: clip.format(),
            bytes: Arc::new(clip.bytes().to_vec()),
        })),
        Err(error) => Err(format!("what the agent speaks cannot be read: {error}")),
    }
}

/// When the user was done speaking, and whether the service wants to hear no more.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    /// When the last piece was handed over.
    done: Arc<Mutex<Option<Instant>>>,
    /// The service has heard enough.
    pub(super) enough: CancellationToken,
}

impl Progress {
    /// When the user was done speaking; `None` while they speak.
    pub(super) fn done(&self) -> Option<Instant> {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_done(&self) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.get_or_insert_with(Instant::now);
    }
}

/// The requests of a stream: the configuration, then the sound piece by piece, each when its time has come; the stream
/// ends with the sound, or when the service has heard enough.
pub(super) fn requests(
    first: &cx::StreamingDetectIntentRequest,
    speech: &Speech,
    progress: &Progress,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let language = first
        .query_input
        .as_ref()
        .map(|input| input.language_code.clone())
        .unwrap_or_default();
    let state = State {
        first: Some(first.encode_to_vec().into()),
        language,
        speech: speech.clone(),
        next: 0,
        started: None,
        progress: progress.clone(),
    };
    stream::unfold(state, |mut state| async move {
        let message = state.next().await?;
        Some((message, state))
    })
}

/// How far a stream of requests is.
struct State {
    first: Option<Bytes>,
    language: String,
    speech: Speech,
    /// Pieces sent.
    next: usize,
    started: Option<Instant>,
    progress: Progress,
}

impl State {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let started = *self.started.get_or_insert_with(Instant::now);
        let Some(piece) = self.speech.clip.pieces(self.speech.piece).nth(self.next) else {
            self.progress.is_done();
            return None;
        };
        let piece = piece.to_vec();
        let due = started + self.speech.time_before(self.next);
        tokio::select! {
            biased;
            () = self.progress.enough.cancelled() => {
                self.progress.is_done();
                return None;
            }
            () = sleep_until(due) => {}
        }
        self.next += 1;
        if self.speech.clip.pieces(self.speech.piece).len() == self.next {
            self.progress.is_done();
        }
        let request = cx::StreamingDetectIntentRequest {
            query_input: Some(cx::QueryInput {
                language_code: self.language.clone(),
                input: Some(CxInput::Audio(cx::AudioInput {
                    config: None,
                    audio: piece,
                })),
            }),
            ..Default::default()
        };
        Some(request.encode_to_vec().into())
    }
}

/// What was recognised so far: final transcripts follow each other, an interim one is replaced (cx-sessions-api 6.4).
#[derive(Debug, Default)]
pub(super) struct Heard {
    settled: String,
    interim: String,
}

impl Heard {
    /// Takes what the service recognised; true when it wants to hear no more.
    pub(super) fn take(&mut self, result: &cx::StreamingRecognitionResult) -> bool {
        use cx::streaming_recognition_result::MessageType;
        if result.message_type() == MessageType::EndOfSingleUtterance {
            return true;
        }
        if result.is_final {
            self.settled.push_str(&result.transcript);
            self.interim.clear();
        } else {
            self.interim.clone_from(&result.transcript);
        }
        false
    }

    /// All that was heard; an interim transcript stands where no final one came.
    pub(super) fn text(self) -> String {
        let text = format!("{}{}", self.settled, self.interim);
        text.trim().to_owned()
    }
}

/// The time from when the user was done until something came.
pub(super) fn since(done: Option<Instant>, at: Instant) -> Duration {
    done.map_or(Duration::ZERO, |done| at.saturating_duration_since(done))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(transcript: &str, is_final: bool) -> cx::StreamingRecognitionResult {
        cx::StreamingRecognitionResult {
            message_type: cx::streaming_recognition_result::MessageType::Transcript.into(),
            transcript: transcript.to_owned(),
            is_final,
            ..Default::default()
        }
    }

    #[test]
    fn final_transcripts_add_up_and_interim_ones_do_not() {
        let mut heard = Heard::default();
        for (text, is_final) in [
            ("to", false),
            ("tomorrow", true),
            (" mor", false),
            (" morning", true),
        ] {
            assert!(!heard.take(&result(text, is_final)));
        }
        assert_eq!(heard.text(), "tomorrow morning");
        let mut heard = Heard::default();
        heard.take(&result("only a guess", false));
        let end = cx::StreamingRecognitionResult {
            message_type: cx::streaming_recognition_result::MessageType::EndOfSingleUtterance.into(),
            ..Default::default()
        };
        assert!(heard.take(&end));
        assert_eq!(heard.text(), "only a guess");
    }

    #[test]
    fn speech_is_read_with_a_header_or_without() {
        let format = Format {
            encoding: Encoding::Linear16,
            rate: 8_000,
        };
        let config = cx::OutputAudioConfig {
            audio_encoding: cx::OutputAudioEncoding::Linear16.into(),
            sample_rate_hertz: 8_000,
            synthesize_speech_config: None,
        };
        let samples = [1, 0, 2, 0];
        let wav = crate::audio::as_wav(format, &samples).unwrap();
        for bytes in [&samples[..], &wav] {
            let read = spoken(bytes, Some(&config), None).unwrap().unwrap();
            assert_eq!((read.format, read.bytes.as_slice()), (format, &samples[..]));
        }
        assert_eq!(spoken(&[], Some(&config), None), Ok(None));
        let mp3 = cx::OutputAudioConfig {
            audio_encoding: cx::OutputAudioEncoding::Mp3.into(),
            ..config
        };
        assert!(spoken(&samples, Some(&mp3), None).is_err());
    }
}
