//! A conversation over one live stream: the configuration first, then inputs; fragments of an input wait for their
//! end. Sound comes all the time, silence included, and is an input when the speaker pauses. A stream on which nothing
//! is said is given up after a while: the session outlives it.

use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::time::timeout;
use tonic::{Status, Streaming};

use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::bidi_session_client_message::MessageType as ClientMessage;
use crate::proto::ces_v1::bidi_session_server_message::MessageType as ServerMessage;
use crate::proto::ces_v1::session_input::InputType;
use crate::proto::ces_v1::session_output::OutputType;

use super::super::request::{Config, inputs};
use super::super::turn::Inputs;
use super::super::{CallOptions, CesEmulator};
use super::streamed;
use hearer::{Hearer, Utterance};

mod hearer;

/// How long a client may say nothing, or read nothing.
const IDLE: Duration = Duration::from_mins(5);
/// Fragments of one input.
const MOST_FRAGMENTS: usize = 1_000;

/// Where answers go.
type Answers = Sender<Result<ces::BidiSessionServerMessage, Status>>;

/// Why the stream is over.
enum Over {
    /// Said and done, or the client is gone.
    Done,
    /// The client says nothing.
    Idle,
    /// The client is told why.
    Refused(Status),
}

impl From<Status> for Over {
    fn from(status: Status) -> Self {
        Self::Refused(status)
    }
}

/// Talks until the client ends the stream, the session ends, or a message makes no sense.
pub(super) async fn talk(
    emulator: CesEmulator,
    options: CallOptions,
    mut messages: Streaming<ces::BidiSessionClientMessage>,
    answers: Answers,
) {
    let last_word = match converse(&emulator, options, &mut messages, &answers).await {
        Ok(()) | Err(Over::Done) => return,
        Err(Over::Idle) => Ok(server_message(ServerMessage::GoAway(ces::GoAway {}))),
        Err(Over::Refused(status)) => Err(status),
    };
    // A client that is gone, or that does not listen, needs no reason.
    let _ = timeout(IDLE, answers.send(last_word)).await;
}

fn server_message(message: ServerMessage) -> ces::BidiSessionServerMessage {
    ces::BidiSessionServerMessage {
        message_type: Some(message),
    }
}

async fn converse(
    emulator: &CesEmulator,
    options: CallOptions,
    messages: &mut Streaming<ces::BidiSessionClientMessage>,
    answers: &Answers,
) -> Result<(), Over> {
    let config = match next(messages).await? {
        Some(ClientMessage::Config(config)) => Config::read(emulator.app(), config)?,
        Some(ClientMessage::RealtimeInput(_)) => {
            return Err(Status::invalid_argument("the first message must be the config").into());
        }
        None => return Err(Over::Done),
    };
    let mut talk = Talk {
        hearer: config.input_audio.map(Hearer::new),
        emulator,
        config,
        options,
        answers,
        fragments: Vec::new(),
    };
    loop {
        let has_ended = match next(messages).await? {
            Some(ClientMessage::RealtimeInput(input)) => talk.take(input).await?,
            Some(ClientMessage::Config(_)) => {
                return Err(
                    Status::invalid_argument("the config can be sent once, as the first message").into(),
                );
            }
            None => {
                talk.finish().await?;
                return Ok(());
            }
        };
        if has_ended {
            return Ok(());
        }
    }
}

/// The conversation on a stream.
struct Talk<'a> {
    emulator: &'a CesEmulator,
    config: Config,
    options: CallOptions,
    answers: &'a Answers,
    /// Parts of an input that goes on.
    fragments: Vec<ces::SessionInput>,
    /// Listens, on a stream that has sound.
    hearer: Option<Hearer>,
}

impl Talk<'_> {
    /// Takes an input; true when the session has ended with it.
    async fn take(&mut self, input: ces::SessionInput) -> Result<bool, Over> {
        if let Some(InputType::Audio(bytes)) = &input.input_type {
            return self.listen(bytes).await;
        }
        // Keys are whole in themselves (ces-api 1.3).
        let goes_on = input.will_continue && !matches!(input.input_type, Some(InputType::Dtmf(_)));
        self.fragments.push(input);
        if self.fragments.len() > MOST_FRAGMENTS {
            let message = format!("an input has more than {MOST_FRAGMENTS} fragments");
            return Err(Status::invalid_argument(message).into());
        }
        if goes_on {
            return Ok(false);
        }
        let inputs = inputs(std::mem::take(&mut self.fragments))?;
        self.play(inputs).await
    }

    /// Listens to more sound; true when the session has ended with what was said.
    async fn listen(&mut self, bytes: &[u8]) -> Result<bool, Over> {
        let Some(hearer) = &mut self.hearer else {
            let message = "audio needs an input_audio_config in the first message";
            return Err(Status::invalid_argument(message).into());
        };
        let interrupts = hearer.take(bytes)?;
        if interrupts {
            let signal = ces::InterruptionSignal { barge_in: true };
            self.send(ServerMessage::InterruptionSignal(signal)).await?;
        }
        self.heard(false).await
    }

    /// The client says no more: what it said last is an input, too.
    async fn finish(&mut self) -> Result<(), Over> {
        self.heard(true).await.map(drop)
    }

    /// Plays what was said, once the speaker has paused, or when that is `all` there is.
    async fn heard(&mut self, all: bool) -> Result<bool, Over> {
        let Some(hearer) = &mut self.hearer else {
            return Ok(false);
        };
        let Some(utterance) = hearer.utterance(&self.emulator.shared.hearing, all).await? else {
            return Ok(false);
        };
        // What was recognised so far, each time from the beginning (ces-api 1.7).
        for transcript in utterance.transcripts() {
            let result = ces::RecognitionResult { transcript };
            self.send(ServerMessage::RecognitionResult(result)).await?;
        }
        let mut inputs = match std::mem::take(&mut self.fragments) {
            fragments if fragments.is_empty() => Inputs::default(),
            fragments => inputs(fragments)?,
        };
        let Utterance { text, unknown } = utterance;
        inputs.say(text, unknown);
        self.play(inputs).await
    }

    /// Plays a turn and sends its outputs; true when the session has ended.
    async fn play(&mut self, inputs: Inputs) -> Result<bool, Over> {
        let outputs = self.emulator.play(&self.config, inputs, self.options).await?;
        let mut has_ended = false;
        let outputs = streamed(outputs, self.config.in_fragments);
        let outputs = match self.config.output_audio {
            Some(format) => hearer::spoken(outputs, format),
            None => outputs,
        };
        if let Some(hearer) = &mut self.hearer {
            hearer.agent_speaks(&outputs, self.config.output_audio);
        }
        for output in outputs {
            has_ended |= matches!(output.output_type, Some(OutputType::EndSession(_)));
            self.send(ServerMessage::SessionOutput(output)).await?;
        }
        Ok(has_ended)
    }

    async fn send(&self, message: ServerMessage) -> Result<(), Over> {
        let sent = timeout(IDLE, self.answers.send(Ok(server_message(message)))).await;
        sent.map_err(|_| Over::Done)?.map_err(|_| Over::Done)
    }
}

async fn next(
    messages: &mut Streaming<ces::BidiSessionClientMessage>,
) -> Result<Option<ClientMessage>, Over> {
    let received = timeout(IDLE, messages.message()).await.map_err(|_| Over::Idle)?;
    let Some(message) = received.map_err(|_| Over::Done)? else {
        return Ok(None);
    };
    match message.message_type {
        Some(message) => Ok(Some(message)),
        None => Err(Status::invalid_argument("a message is neither config nor realtime_input").into()),
    }
}
