//! Sound in requests and responses: what was said is looked up, and what is answered is spoken in tones.

use std::time::Duration;

use futures::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::metadata::MetadataMap;

use super::{Beside, CxService, Played, without_stream};
use crate::audio::{Encoding, Format, RATES, as_wav};
use crate::emulator::cx::messages::SaidContent;
use crate::emulator::hearing::{Heard, Listening, may_go_on};
use crate::emulator::voice;
use crate::proto::cx_v3 as cx;
use crate::proto::time::duration_to_proto;

use cx::query_input::Input as Sent;
use cx::streaming_detect_intent_response::Response;
use cx::streaming_recognition_result::MessageType;

/// How long a client may send nothing.
const IDLE: Duration = Duration::from_mins(1);
/// The longest sound of one request (cx-sessions-api 5.3).
const LONGEST: Duration = Duration::from_mins(2);
/// The same for compressed sound, in bytes.
const LARGEST: usize = 12 << 20;
/// Responses that wait for a slow reader.
const BUFFERED: usize = 16;
/// How sure the emulator is of what it has looked up.
const CERTAIN: f32 = 1.0;
/// How sure it is that an interim transcript stays.
const STABILITY: f32 = 0.5;

/// What was said in a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Spoken {
    /// The words; none when nothing was said or understood.
    pub(super) text: String,
    /// Why it was not understood.
    pub(super) unknown: Option<String>,
}

/// A response of the stream, and what belongs to its result in one version only.
pub(super) struct Streamed {
    pub(super) response: cx::StreamingDetectIntentResponse,
    pub(super) beside: Option<Beside>,
}

type Answers = mpsc::Sender<Result<Streamed, Status>>;

impl CxService {
    /// Takes the sound out of a request and puts in its place what was said.
    pub(super) async fn listen(
        &self,
        request: &mut cx::DetectIntentRequest,
    ) -> Result<Option<Spoken>, Status> {
        let Some(input) = request.query_input.as_mut() else {
            return Ok(None);
        };
        let Some(Sent::Audio(audio)) = &mut input.input else {
            return Ok(None);
        };
        let format = format(audio.config.as_ref())?;
        let bytes = std::mem::take(&mut audio.audio);
        if bytes.is_empty() {
            return Err(Status::invalid_argument("audio is empty"));
        }
        let spoken = self.understand(format, bytes, &input.language_code).await?;
        let text = spoken.text.clone();
        input.input = Some(Sent::Text(cx::TextInput { text }));
        Ok(Some(spoken))
    }

    async fn understand(&self, format: Format, bytes: Vec<u8>, language: &str) -> Result<Spoken, Status> {
        let too_long = match format.encoding.sample_size() {
            Some(_) => format.time_of(bytes.len()) > LONGEST,
            None => bytes.len() > LARGEST,
        };
        if too_long {
            return Err(Status::invalid_argument("the audio is longer than 2 minutes"));
        }
        let service = self.clone();
        let language = language.to_owned();
        // Recordings may have to be read and converted first.
        let heard = tokio::task::spawn_blocking(move || {
            service.shared.options.hearing.hear(format, &bytes, &language)
        });
        Ok(match heard.await {
            Ok(Heard::Words(text)) => Spoken { text, unknown: None },
            Ok(Heard::Silence) => Spoken::default(),
            Ok(Heard::Unknown(reason)) => Spoken {
                text: String::new(),
                unknown: Some(reason),
            },
            Err(error) => return Err(Status::internal(error.to_string())),
        })
    }

    /// The responses to a stream of requests: text is answered as it is, sound when it ends or the speaker pauses.
    pub(super) fn converse(
        &self,
        metadata: MetadataMap,
        requests: impl Stream<Item = Result<cx::StreamingDetectIntentRequest, Status>> + Send + Unpin + 'static,
    ) -> ReceiverStream<Result<Streamed, Status>> {
        let (answers, receiver) = mpsc::channel(BUFFERED);
        let service = self.clone();
        // Ends when the client is done or gone: both close a channel that it reads or writes.
        tokio::spawn(async move {
            if let Err(status) = service.talk(&metadata, requests, &answers).await {
                // Nobody who is gone needs a reason.
                let _ = answers.send(Err(status)).await;
            }
        });
        ReceiverStream::new(receiver)
    }

    async fn talk(
        &self,
        metadata: &MetadataMap,
        mut requests: impl Stream<Item = Result<cx::StreamingDetectIntentRequest, Status>> + Unpin,
        answers: &Answers,
    ) -> Result<(), Status> {
        let mut first = next(&mut requests)
            .await?
            .ok_or_else(|| Status::invalid_argument("the stream ended before its first request"))?;
        let audio = match first.query_input.as_mut().and_then(|input| input.input.as_mut()) {
            Some(Sent::Audio(audio)) => Some(audio),
            _ => None,
        };
        let Some(audio) = audio else {
            return Box::pin(self.answer(metadata, first, None, answers)).await;
        };
        let format = format(audio.config.as_ref())?;
        let single = audio
            .config
            .as_ref()
            .is_some_and(|config| config.single_utterance);
        let mut listening = Listening::new(format);
        listening.take(&std::mem::take(&mut audio.audio));
        let mut received = format.time_of(listening.bytes().len());
        while let Some(request) = next(&mut requests).await? {
            match request.query_input.and_then(|input| input.input) {
                Some(Sent::Audio(cx::AudioInput { config: None, audio })) => {
                    received += format.time_of(audio.len());
                    listening.take(&audio);
                }
                Some(Sent::Audio(_)) => {
                    let message = "the audio config can be sent once, in the first request";
                    return Err(Status::invalid_argument(message));
                }
                // What is typed counts, what was said before it does not (cx-sessions-api 6.4).
                Some(text @ Sent::Text(_)) => {
                    if let Some(input) = &mut first.query_input {
                        input.input = Some(text);
                    }
                    return Box::pin(self.answer(metadata, first, None, answers)).await;
                }
                _ => {
                    return Err(Status::invalid_argument(
                        "after the first request comes audio only",
                    ));
                }
            }
            if received > LONGEST || listening.bytes().len() > LARGEST {
                return Err(Status::invalid_argument("the audio is longer than 2 minutes"));
            }
            let hearing = &self.shared.options.hearing;
            let heard = listening.bytes();
            if single && listening.has_paused() && !may_go_on(hearing, format, heard).await {
                let end = recognition(MessageType::EndOfSingleUtterance, received);
                send(answers, Response::RecognitionResult(end), None).await?;
                break;
            }
        }
        let language = first
            .query_input
            .as_ref()
            .map(|input| input.language_code.clone())
            .unwrap_or_default();
        let spoken = if listening.has_sound() {
            let bytes = listening.bytes().to_vec();
            self.understand(format, bytes, &language).await?
        } else {
            Spoken::default()
        };
        recognised(&spoken.text, &language, received, answers).await?;
        if let Some(input) = &mut first.query_input {
            let text = spoken.text.clone();
            input.input = Some(Sent::Text(cx::TextInput { text }));
        }
        Box::pin(self.answer(metadata, first, Some(spoken), answers)).await
    }

    /// Plays the turn of a stream and sends its responses.
    async fn answer(
        &self,
        metadata: &MetadataMap,
        first: cx::StreamingDetectIntentRequest,
        spoken: Option<Spoken>,
        answers: &Answers,
    ) -> Result<(), Status> {
        let in_parts = first.enable_partial_response;
        let mut parts = self
            .detect_in_parts(metadata, without_stream(first), spoken)
            .await?;
        if !in_parts {
            parts.ahead.clear();
        }
        while let Some((part, is_last)) = parts.next().await {
            let beside = is_last.then(|| std::mem::take(&mut parts.beside));
            send(answers, Response::DetectIntentResponse(part), beside).await?;
        }
        Ok(())
    }

    /// What is said in a turn as sound, in the format of [`voice_of`].
    pub(super) fn spoken(
        played: &Played,
        voice: Option<(Format, cx::OutputAudioConfig)>,
    ) -> Result<(Vec<u8>, Option<cx::OutputAudioConfig>), Status> {
        let Some((format, config)) = voice else {
            return Ok((Vec::new(), None));
        };
        let texts: Vec<&str> = played
            .result
            .messages
            .iter()
            .filter_map(|said| match &said.content {
                SaidContent::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let samples = voice::speech(&texts.join(" "), format);
        if samples.is_empty() {
            return Ok((samples, Some(config)));
        }
        // Only linear samples come with a header.
        let bytes = match format.encoding {
            Encoding::Linear16 => {
                as_wav(format, &samples).map_err(|error| Status::internal(error.to_string()))?
            }
            _ => samples,
        };
        Ok((bytes, Some(config)))
    }
}

/// An interim transcript, and the final one; nothing where nothing was understood.
async fn recognised(text: &str, language: &str, until: Duration, answers: &Answers) -> Result<(), Status> {
    if text.is_empty() {
        return Ok(());
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let interim = words.get(..words.len().div_ceil(2)).unwrap_or_default().join(" ");
    let transcript = |transcript: String, is_final| cx::StreamingRecognitionResult {
        transcript,
        is_final,
        language_code: language.to_owned(),
        ..recognition(MessageType::Transcript, until)
    };
    if words.len() > 1 {
        let result = cx::StreamingRecognitionResult {
            stability: STABILITY,
            ..transcript(interim, false)
        };
        send(answers, Response::RecognitionResult(result), None).await?;
    }
    let result = cx::StreamingRecognitionResult {
        confidence: CERTAIN,
        ..transcript(text.to_owned(), true)
    };
    send(answers, Response::RecognitionResult(result), None).await
}

fn recognition(kind: MessageType, until: Duration) -> cx::StreamingRecognitionResult {
    cx::StreamingRecognitionResult {
        message_type: kind.into(),
        speech_end_offset: Some(duration_to_proto(until)),
        ..Default::default()
    }
}

async fn send(answers: &Answers, response: Response, beside: Option<Beside>) -> Result<(), Status> {
    let response = cx::StreamingDetectIntentResponse {
        response: Some(response),
        ..Default::default()
    };
    let sent = timeout(IDLE, answers.send(Ok(Streamed { response, beside }))).await;
    match sent {
        Ok(Ok(())) => Ok(()),
        _ => Err(Status::cancelled("the client reads no more")),
    }
}

async fn next(
    requests: &mut (impl Stream<Item = Result<cx::StreamingDetectIntentRequest, Status>> + Unpin),
) -> Result<Option<cx::StreamingDetectIntentRequest>, Status> {
    match timeout(IDLE, requests.next()).await {
        Ok(request) => request.transpose(),
        Err(_) => Err(Status::deadline_exceeded("no audio came for a minute")),
    }
}

/// What is announced.
fn format(config: Option<&cx::InputAudioConfig>) -> Result<Format, Status> {
    use cx::AudioEncoding as Kind;
    let config = config.ok_or_else(|| Status::invalid_argument("the first audio needs its config"))?;
    let encoding = match config.audio_encoding() {
        Kind::Linear16 => Encoding::Linear16,
        Kind::Mulaw => Encoding::Mulaw,
        Kind::Alaw => Encoding::Alaw,
        Kind::Flac => Encoding::Flac,
        Kind::OggOpus => Encoding::OggOpus,
        Kind::Unspecified => return Err(Status::invalid_argument("audio_encoding is missing")),
        Kind::Amr | Kind::AmrWb | Kind::SpeexWithHeaderByte => {
            return Err(Status::unimplemented("the emulator does not take AMR or Speex"));
        }
    };
    Ok(Format {
        encoding,
        rate: rate(config.sample_rate_hertz)?,
    })
}

/// In what the agent speaks, if that was asked for. MP3 and Opus are never spoken: such an answer has text only.
///
/// # Errors
/// `INVALID_ARGUMENT` for a rate that no service has.
pub(super) fn voice_of(
    config: Option<&cx::OutputAudioConfig>,
) -> Result<Option<(Format, cx::OutputAudioConfig)>, Status> {
    use cx::OutputAudioEncoding as Kind;
    let Some(config) = config else { return Ok(None) };
    let encoding = match config.audio_encoding() {
        Kind::Linear16 => Encoding::Linear16,
        Kind::Mulaw => Encoding::Mulaw,
        Kind::Alaw => Encoding::Alaw,
        _ => return Ok(None),
    };
    let rate = match config.sample_rate_hertz {
        0 if encoding == Encoding::Linear16 => 16_000,
        0 => 8_000,
        given => rate(given)?,
    };
    Ok(Some((Format { encoding, rate }, config.clone())))
}

fn rate(hertz: i32) -> Result<u32, Status> {
    let rate = u32::try_from(hertz).unwrap_or_default();
    if RATES.contains(&rate) {
        return Ok(rate);
    }
    let message = format!("sample_rate_hertz must lie between 8000 and 48000, not {hertz}");
    Err(Status::invalid_argument(message))
}
