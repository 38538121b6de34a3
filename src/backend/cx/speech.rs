//! Sound to and from Dialogflow CX: configurations, the requests of a stream in time, and what a spoken answer is.

use std::future::ready;
use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use prost::Message;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::audio::{Encoding, Format, Said, SoundFile};
use crate::backend::Speech;
use crate::backend::transport::{Hears, Outgoing};
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

/// What is sent on a stream: the request, then the sound piece by piece, each when its time has come; it ends with the
/// sound, or when the service has heard enough.
pub(super) fn requests(
    first: &cx::StreamingDetectIntentRequest,
    speech: Option<&Speech>,
    enough: &CancellationToken,
    hears: Hears,
) -> impl Stream<Item = Outgoing> + Send + 'static {
    let language = first
        .query_input
        .as_ref()
        .map(|input| input.language_code.clone())
        .unwrap_or_default();
    let speaking = speech.map(|speech| Speaking {
        language,
        speech: speech.clone(),
        next: Next::Beginning,
        started: Instant::now(),
        enough: enough.clone(),
        hears,
    });
    let sound = stream::unfold(speaking, |speaking| async move {
        let mut speaking = speaking?;
        let next = speaking.next().await?;
        Some((next, Some(speaking)))
    });
    let first = Outgoing::Message(first.encode_to_vec().into());
    stream::once(ready(first)).chain(sound)
}

/// How far the user is.
struct Speaking {
    language: String,
    speech: Speech,
    next: Next,
    started: Instant,
    /// The service has heard enough.
    enough: CancellationToken,
    hears: Hears,
}

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum Next {
    Beginning,
    Piece(usize),
    Nothing,
}

impl Speaking {
    async fn next(&mut self) -> Option<Outgoing> {
        let index = match self.next {
            Next::Beginning => {
                self.started = Instant::now();
                self.next = Next::Piece(0);
                return Some(Outgoing::Speaks(self.speech.clone()));
            }
            Next::Piece(index) => index,
            Next::Nothing => return None,
        };
        let is_listened_to = self.waits_for(index).await;
        let piece = self.speech.clip.pieces(self.speech.piece).nth(index);
        let Some(piece) = piece.filter(|_| is_listened_to) else {
            self.next = Next::Nothing;
            return Some(Outgoing::Done);
        };
        self.next = Next::Piece(index + 1);
        let request = cx::StreamingDetectIntentRequest {
            query_input: Some(cx::QueryInput {
                language_code: self.language.clone(),
                input: Some(CxInput::Audio(cx::AudioInput {
                    config: None,
                    audio: piece.to_vec(),
                })),
            }),
            ..Default::default()
        };
        Some(Outgoing::Sound(request.encode_to_vec().into()))
    }

    /// Waits until it is time for a piece; false when the service wants to hear no more.
    async fn waits_for(&self, index: usize) -> bool {
        let is_all_said = index == self.speech.clip.pieces(self.speech.piece).len();
        if is_all_said || self.hears == Hears::AtOnce {
            return !self.enough.is_cancelled();
        }
        let due = self.started + self.speech.time_before(index);
        tokio::select! {
            biased;
            () = self.enough.cancelled() => false,
            () = sleep_until(due) => true,
        }
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
