//! `BidiRunSession`: one stream for the whole conversation, opened with its first turn; text, keys and events, and sound
//! that flows all the time once somebody has spoken.
//!
//! A turn may complete several times before the service has said everything (ces-api 1.7), so it is over when the user
//! is done, it is complete, and the stream has been quiet for a moment; that moment is not part of the latency. What the
//! service says of a turn after that is told as a note of the next one, not as its answer. A stream that the service
//! closes, or says it will close, is opened again with the next turn: the session outlives it. So is a stream that was
//! opened with other headers or another configuration than the turn asks for, or for other sound.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use prost::Message;
use prost::bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;

use crate::audio::{Encoding, Format};
use crate::backend::error::status::late;
use crate::backend::transport::{
    Call, Heard, Hears, Lasts, Line, LiveStream, Outgoing, Part, no_answer, post,
};
use crate::backend::{Speech, TurnError};
use crate::model::outcome::Sent;
use crate::model::suite::AudioSettings;
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::bidi_session_client_message::MessageType as ClientMessage;
use crate::proto::ces_v1::bidi_session_server_message::MessageType as ServerMessage;
use crate::proto::ces_v1::session_input::InputType;
use crate::proto::ces_v1::session_output::OutputType;

use opening::Opening;
use pump::{Done, Flow, Pump};

mod opening;
mod pump;

/// How long a stream must be quiet after a complete turn.
const QUIET: Duration = Duration::from_millis(250);
/// How long it must be quiet after the session has ended: sound may trail behind (ces-api 1.7).
const DRAINED: Duration = Duration::from_millis(500);
/// Messages that wait to be sent on a stream with sound.
const OUTBOX: usize = 16;
/// Nobody is listened to for longer.
const LONGEST_HEARD: Duration = Duration::from_mins(5);
/// Whatever comes between turns is of a turn that was told, counted or not.
const BETWEEN_TURNS: i32 = i32::MAX;
/// Messages between turns that are kept.
const MOST_LATE: usize = 256;
/// All messages of one turn together may not be larger.
const LARGEST_TURN: usize = 64 * 1024 * 1024;

/// The live stream of a conversation, while there is one.
#[derive(Default)]
pub(super) struct Live {
    stream: Option<Opened>,
    /// When the agent began its last answer.
    answered: Option<Instant>,
    /// When it will have said it, if it can be heard.
    says_until: Option<Instant>,
}

/// A stream and what it was opened with.
struct Opened {
    // Before the stream: this side ends when nobody writes any more.
    pump: Option<Pump>,
    stream: Box<dyn LiveStream>,
    headers: Vec<(&'static str, String)>,
    config: ces::SessionConfig,
    /// The last turn whose answer was told, as the service counts turns on this stream.
    told: i32,
    /// What came between turns.
    late: Vec<Part>,
}

/// What is sent in one turn.
pub(super) struct Sending<'a> {
    /// What a new stream is opened with.
    pub(super) config: ces::SessionConfig,
    /// What is not sound.
    pub(super) inputs: Vec<ces::SessionInput>,
    /// The sound of the turn.
    pub(super) speech: Option<&'a Speech>,
    /// The format of the stream's sound, if it is to have any.
    pub(super) sound: Option<Format>,
    /// How sound is sent.
    pub(super) audio: AudioSettings,
}

/// What came back in one turn.
#[derive(Default)]
pub(super) struct LiveTurn {
    /// The messages, as they came.
    pub(super) parts: Vec<Part>,
    /// The outputs in them.
    pub(super) outputs: Vec<ces::SessionOutput>,
    /// What was recognised of the user's speech: each transcript takes the place of the one before (ces-api 1.7).
    pub(super) heard: Option<String>,
    /// The user has interrupted the agent.
    pub(super) interrupted: bool,
    /// What the agent said of a turn that was told already, as it came.
    pub(super) late: Vec<String>,
}

/// How far a turn is.
#[derive(Default)]
struct Progress {
    complete: bool,
    /// The service will not go on with this stream.
    leaving: bool,
    /// The session has ended.
    ended: bool,
    /// When the first output came.
    answered: Option<Instant>,
    /// When the agent will have said what it says, if it can be heard.
    says_until: Option<Instant>,
    /// The turn before, as the service counts.
    told: i32,
    size: usize,
}

/// When the user is done with a turn.
enum User {
    /// At once: what they type is there when it is sent.
    Typed,
    /// When their speech was sent.
    Speaks {
        done: Done,
        /// They say nothing: no answer is needed.
        is_silent: bool,
    },
}

impl User {
    fn is_done(&self) -> bool {
        match self {
            Self::Typed => true,
            Self::Speaks { done, .. } => done.has_come(),
        }
    }

    /// Waits until they are done.
    async fn wait(&mut self) {
        if let Self::Speaks { done, .. } = self {
            done.wait().await;
        }
    }

    fn is_silent(&self) -> bool {
        matches!(self, Self::Speaks { is_silent: true, .. })
    }
}

impl Live {
    /// Plays one turn: opens the stream if need be, sends the inputs, and reads until the turn is over.
    ///
    /// # Errors
    /// When the stream fails, or the turn is not complete by the deadline. The stream is given up then.
    pub(super) async fn play(
        &mut self,
        line: &Arc<dyn Line>,
        call: &Call,
        sending: Sending<'_>,
    ) -> Result<LiveTurn, TurnError> {
        let Sending {
            config,
            inputs,
            speech,
            sound,
            audio,
        } = sending;
        let messages = messages(inputs, speech.is_some());
        let voice = voice(&config, audio.pace).filter(|_| line.hears() != Hears::AtOnce);
        let open = self
            .stream
            .take()
            .filter(|open| open.headers == call.headers && open.carries(sound) && open.agrees(&config))
            .and_then(|mut open| open.goes_on().then_some(open));
        let (mut open, opening) = if let Some(mut open) = open {
            open.send(messages, speech).await?;
            (open, None)
        } else {
            let speech = speech.map(|speech| (speech, self.begins(speech)));
            open_stream(line, call, (config, messages), (sound, speech), &audio).await?
        };
        let user = match (speech, &open.pump, opening) {
            (Some(speech), Some(pump), None) => Some(pump.play(speech.clone(), self.begins(speech)).await),
            (_, _, opening) => opening,
        };
        let mut user = match (user, speech) {
            (Some(done), Some(speech)) => User::Speaks {
                done,
                is_silent: speech.is_silent(),
            },
            _ => User::Typed,
        };
        let mut turn = LiveTurn::default();
        let progress = read_turn(&mut open, &mut turn, &mut user, voice, call.deadline).await?;
        self.answered = progress.answered;
        self.says_until = progress.says_until;
        if progress.leaving {
            // The next turn need not wait until the service has hung up.
            tokio::spawn(hang_up(open));
        } else {
            self.stream = Some(open);
        }
        Ok(turn)
    }

    /// How long the agent can still be heard.
    pub(super) fn says_for(&self) -> Duration {
        let until = self
            .says_until
            .map(|until| until.saturating_duration_since(Instant::now()));
        until.unwrap_or_default().min(LONGEST_HEARD)
    }

    /// When a recording begins: at once, or so long after the agent began to answer.
    fn begins(&self, speech: &Speech) -> Instant {
        let now = Instant::now();
        match (self.answered, speech.interrupt_after) {
            (Some(answered), Some(after)) => now.max(answered + after.div_f64(speech.pace)),
            _ => now,
        }
    }
}

/// How the agent's sound is told in time: its format, and how many times faster than real time a call goes.
type Voice = Option<(Format, f64)>;

fn voice(config: &ces::SessionConfig, pace: f64) -> Voice {
    let asked = config.output_audio_config.as_ref()?;
    let encoding = match asked.audio_encoding() {
        ces::AudioEncoding::Linear16 => Encoding::Linear16,
        ces::AudioEncoding::Mulaw => Encoding::Mulaw,
        ces::AudioEncoding::Alaw => Encoding::Alaw,
        ces::AudioEncoding::Unspecified => return None,
    };
    let rate = u32::try_from(asked.sample_rate_hertz).ok()?;
    Some((Format { encoding, rate }, pace))
}

/// Opens a stream. If it has sound, that begins at once: the service may not answer before it has heard enough.
async fn open_stream(
    line: &Arc<dyn Line>,
    call: &Call,
    (config, messages): (ces::SessionConfig, Vec<Bytes>),
    (sound, speech): (Option<Format>, Option<(&Speech, Instant)>),
    audio: &AudioSettings,
) -> Result<(Opened, Option<Done>), TurnError> {
    let first = encode(ClientMessage::Config(config.clone()));
    let first: Vec<Bytes> = std::iter::once(first).chain(messages).collect();
    let Some(format) = sound else {
        let stream = line.open(call, first).await?;
        return Ok((Opened::new(call, config, stream, None), None));
    };
    // There is room for all that comes before the sound.
    let (outbox, sent) = mpsc::channel(OUTBOX + first.len());
    post(&outbox, outgoing(first, speech.map(|(speech, _)| speech))).await?;
    let flow = Flow {
        format,
        pace: audio.pace,
        piece: audio.piece,
        hears: line.hears(),
    };
    let pump = Pump::start(flow, outbox);
    let done = match speech {
        Some((speech, begins)) => Some(pump.play(speech.clone(), begins).await),
        None => None,
    };
    let sent = ReceiverStream::new(sent).boxed();
    let stream: Box<dyn LiveStream> = if speech.is_some_and(|(speech, _)| speech.is_silent()) {
        Box::new(Opening::begin(Arc::clone(line), call, sent))
    } else {
        line.stream(call, sent, Lasts::OnItsOwn).await?
    };
    Ok((Opened::new(call, config, stream, Some(pump)), done))
}

impl Opened {
    fn new(call: &Call, config: ces::SessionConfig, stream: Box<dyn LiveStream>, pump: Option<Pump>) -> Self {
        Self {
            pump,
            stream,
            headers: call.headers.clone(),
            config,
            told: 0,
            late: Vec::new(),
        }
    }

    /// Whether a turn asks for nothing else than the stream was opened with. Formats of sound are looked at by
    /// [`carries`](Self::carries), and what was said before and where it begins are for a stream's beginning.
    fn agrees(&self, wanted: &ces::SessionConfig) -> bool {
        let opened = &self.config;
        opened.deployment == wanted.deployment
            && opened.time_zone == wanted.time_zone
            && opened.use_tool_fakes == wanted.use_tool_fakes
            && opened.enable_text_streaming == wanted.enable_text_streaming
            && opened.remote_dialogflow_query_parameters == wanted.remote_dialogflow_query_parameters
            && (wanted.entry_agent.is_empty() || opened.entry_agent == wanted.entry_agent)
    }

    /// Whether the service still takes turns on it. What came late is kept: it belongs to a turn that is told already.
    fn goes_on(&mut self) -> bool {
        loop {
            let part = match self.stream.unasked() {
                Ok(Heard::Message(part)) => part,
                Ok(Heard::Silence) => return true,
                Ok(Heard::End) | Err(_) => return false,
            };
            let message = ces::BidiSessionServerMessage::decode(part.bytes.clone());
            match message.map(|message| message.message_type) {
                Ok(Some(ServerMessage::GoAway(_) | ServerMessage::EndSession(_))) => return false,
                Ok(Some(ServerMessage::SessionOutput(_))) if self.late.len() < MOST_LATE => {
                    self.late.push(part);
                }
                _ => {}
            }
        }
    }

    /// Sends what is not sound. Speech may follow.
    async fn send(&mut self, messages: Vec<Bytes>, speech: Option<&Speech>) -> Result<(), TurnError> {
        match &self.pump {
            Some(pump) => pump.send(outgoing(messages, speech)).await,
            None => self.stream.send(messages).await,
        }
    }

    /// Whether sound of a format can be sent on it; turns without sound can be sent on any.
    fn carries(&self, wanted: Option<Format>) -> bool {
        wanted.is_none() || self.pump.as_ref().map(Pump::format) == wanted
    }
}

/// Ends this side of a stream and waits a moment for the other to do the same; what still comes is not wanted.
async fn hang_up(open: Opened) {
    let Opened { pump, mut stream, .. } = open;
    drop(pump);
    stream.finish();
    let until = Instant::now() + DRAINED;
    while let Ok(Heard::Message(_)) = stream.next(until).await {}
}

/// Several inputs are one turn: all but the last say that more is to come; all do when speech follows.
fn messages(mut inputs: Vec<ces::SessionInput>, speech_follows: bool) -> Vec<Bytes> {
    let before_last = if speech_follows {
        inputs.len()
    } else {
        inputs.len().saturating_sub(1)
    };
    for input in inputs.iter_mut().take(before_last) {
        input.will_continue = true;
    }
    inputs
        .into_iter()
        .map(|input| encode(ClientMessage::RealtimeInput(input)))
        .collect()
}

/// Messages of a stream with sound, and that the user speaks if they do.
fn outgoing(messages: Vec<Bytes>, speech: Option<&Speech>) -> Vec<Outgoing> {
    let speaks = speech.cloned().map(Outgoing::Speaks);
    messages
        .into_iter()
        .map(Outgoing::Message)
        .chain(speaks)
        .collect()
}

/// An input as a message of the stream.
fn encode_input(input: InputType) -> Bytes {
    encode(ClientMessage::RealtimeInput(ces::SessionInput {
        will_continue: false,
        input_type: Some(input),
    }))
}

fn encode(message: ClientMessage) -> Bytes {
    ces::BidiSessionClientMessage {
        message_type: Some(message),
    }
    .encode_to_vec()
    .into()
}

async fn read_turn(
    open: &mut Opened,
    turn: &mut LiveTurn,
    user: &mut User,
    voice: Voice,
    deadline: Instant,
) -> Result<Progress, TurnError> {
    let mut progress = Progress {
        told: BETWEEN_TURNS,
        ..Progress::default()
    };
    for late in std::mem::take(&mut open.late) {
        progress.take(turn, late, voice)?;
    }
    progress.told = open.told;
    let progress = read_answer(open.stream.as_mut(), turn, user, (progress, voice), deadline).await?;
    let outputs = || turn.outputs.iter();
    let calls = |output: &ces::SessionOutput| matches!(output.output_type, Some(OutputType::ToolCalls(_)));
    if !outputs().any(calls) {
        // With calls of the client's the turn goes on, and so does its number.
        let counted = outputs().map(|output| output.turn_index).max();
        open.told = open.told.max(counted.unwrap_or_default());
    }
    Ok(progress)
}

async fn read_answer(
    stream: &mut dyn LiveStream,
    turn: &mut LiveTurn,
    user: &mut User,
    (mut progress, voice): (Progress, Voice),
    deadline: Instant,
) -> Result<Progress, TurnError> {
    loop {
        // An answer that has begun is waited for, though silence needs none.
        let is_answered = progress.complete || user.is_silent() && progress.answered.is_none();
        let may_end = user.is_done() && is_answered || progress.ended;
        let until = match (may_end, progress.ended) {
            (_, true) => deadline.min(Instant::now() + DRAINED),
            (true, false) => deadline.min(Instant::now() + QUIET),
            (false, false) => deadline,
        };
        let is_speaking = !user.is_done();
        let came = tokio::select! {
            came = stream.next(until) => came,
            // What counts as the end changes when they are done.
            () = user.wait(), if is_speaking => continue,
        };
        match came {
            Ok(Heard::Message(part)) => {
                let user_went_on = progress.take(turn, part, voice)?;
                // What was complete before the user went on speaking was not the answer to all of it.
                progress.complete &= !(user_went_on && is_speaking);
            }
            Ok(Heard::Silence) if may_end => return Ok(progress),
            // They were done meanwhile.
            Ok(Heard::Silence) if is_speaking && user.is_done() => {}
            Ok(Heard::Silence) => {
                return Err(TurnError {
                    error: late(),
                    sent: Sent::Unknown,
                });
            }
            Ok(Heard::End) => {
                end(&progress, None)?;
                progress.leaving = true;
                return Ok(progress);
            }
            Err(failed) => {
                end(&progress, Some(failed))?;
                progress.leaving = true;
                return Ok(progress);
            }
        }
    }
}

/// Whether the end of a stream is the end of a turn. The service closes a conversation that is over with a
/// failed precondition (ces-api 1.7).
fn end(progress: &Progress, failed: Option<TurnError>) -> Result<(), TurnError> {
    match failed {
        _ if progress.complete => Ok(()),
        Some(failed) if failed.error.code == Some("FAILED_PRECONDITION") && progress.size > 0 => {
            Err(TurnError {
                sent: Sent::Unknown,
                ..failed
            })
        }
        Some(failed) => Err(failed),
        None => Err(cut_short()),
    }
}

/// The service was done before its turn was.
pub(super) fn cut_short() -> TurnError {
    TurnError {
        sent: Sent::Unknown,
        ..no_answer("the stream ended before the turn was complete")
    }
}

/// Whether the turn is complete with an output, or waits for the client, or has nobody to go on with (ces-api 1.3).
pub(super) fn completes(output: &ces::SessionOutput) -> bool {
    let ends = matches!(
        output.output_type,
        Some(OutputType::ToolCalls(_) | OutputType::EndSession(_))
    );
    output.turn_completed || ends
}

impl Progress {
    /// Takes a message; true when the service has heard more of the user.
    fn take(&mut self, turn: &mut LiveTurn, part: Part, voice: Voice) -> Result<bool, TurnError> {
        self.size += part.bytes.len() + size_of::<Part>();
        if self.size > LARGEST_TURN {
            return Err(no_answer("the turn is larger than 64 MiB"));
        }
        let message = ces::BidiSessionServerMessage::decode(part.bytes.clone())
            .map_err(|error| no_answer(format!("the answer cannot be read: {error}")))?;
        turn.parts.push(part);
        match message.message_type {
            Some(ServerMessage::SessionOutput(output)) if is_late(&output, self.told) => {
                turn.late.extend(output.output_type.as_ref().map(in_words));
            }
            Some(ServerMessage::SessionOutput(output)) => self.take_output(turn, output, voice),
            Some(ServerMessage::EndSession(end)) => {
                self.complete = true;
                self.leaving = true;
                self.ended = true;
                turn.outputs.push(ces::SessionOutput {
                    output_type: Some(OutputType::EndSession(end)),
                    ..Default::default()
                });
            }
            Some(ServerMessage::GoAway(_)) => self.leaving = true,
            Some(ServerMessage::RecognitionResult(result)) => {
                turn.heard = Some(result.transcript);
                return Ok(true);
            }
            Some(ServerMessage::InterruptionSignal(signal)) => {
                turn.interrupted |= signal.barge_in;
                self.says_until = None;
                return Ok(true);
            }
            // Anything newer is passed over.
            None => {}
        }
        Ok(false)
    }

    fn take_output(&mut self, turn: &mut LiveTurn, output: ces::SessionOutput, voice: Voice) {
        let now = Instant::now();
        self.answered.get_or_insert(now);
        if let (Some(OutputType::Audio(bytes)), Some((format, pace))) = (&output.output_type, voice) {
            let begins = self.says_until.map_or(now, |until| until.max(now));
            self.says_until = Some(begins + format.time_of(bytes.len()).div_f64(pace));
        }
        self.ended |= matches!(output.output_type, Some(OutputType::EndSession(_)));
        self.complete |= completes(&output);
        turn.outputs.push(output);
    }
}

/// Whether an output is of a turn that was told already. Calls that wait for an answer, and the end of the session, are of
/// the turn in which they come; so is what comes during a turn from a service that does not count them.
fn is_late(output: &ces::SessionOutput, told: i32) -> bool {
    let is_of_today = matches!(
        output.output_type,
        Some(OutputType::ToolCalls(_) | OutputType::EndSession(_))
    );
    let is_counted = output.turn_index > 0 || told == BETWEEN_TURNS;
    is_counted && output.turn_index <= told && !is_of_today
}

fn in_words(output: &OutputType) -> String {
    match output {
        OutputType::Text(text) => format!("{text:?}"),
        OutputType::Audio(_) => "sound".to_owned(),
        OutputType::Payload(_) => "a payload".to_owned(),
        _ => "something".to_owned(),
    }
}
