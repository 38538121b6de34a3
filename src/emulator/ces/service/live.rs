//! A conversation over one live stream: the configuration first, then inputs; fragments of an input wait for their
//! end. A stream on which nothing is said is given up after a while: the session outlives it.

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
use super::super::{CallOptions, CesEmulator};
use super::streamed;

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
        ClientMessage::Config(config) => Config::read(emulator.app(), config)?,
        ClientMessage::RealtimeInput(_) => {
            return Err(Status::invalid_argument("the first message must be the config").into());
        }
    };
    let mut fragments: Vec<ces::SessionInput> = Vec::new();
    loop {
        let input = match next(messages).await? {
            ClientMessage::RealtimeInput(input) => input,
            ClientMessage::Config(_) => {
                return Err(
                    Status::invalid_argument("the config can be sent once, as the first message").into(),
                );
            }
        };
        // Keys are whole in themselves (ces-api 1.3).
        let goes_on = input.will_continue && !matches!(input.input_type, Some(InputType::Dtmf(_)));
        fragments.push(input);
        if fragments.len() > MOST_FRAGMENTS {
            let message = format!("an input has more than {MOST_FRAGMENTS} fragments");
            return Err(Status::invalid_argument(message).into());
        }
        if goes_on {
            continue;
        }
        let inputs = inputs(std::mem::take(&mut fragments))?;
        let outputs = emulator.play(&config, inputs, options).await?;
        let mut has_ended = false;
        for output in streamed(outputs, config.in_fragments) {
            has_ended |= matches!(output.output_type, Some(OutputType::EndSession(_)));
            let message = server_message(ServerMessage::SessionOutput(output));
            let sent = timeout(IDLE, answers.send(Ok(message))).await;
            sent.map_err(|_| Over::Done)?.map_err(|_| Over::Done)?;
        }
        if has_ended {
            return Ok(());
        }
    }
}

async fn next(messages: &mut Streaming<ces::BidiSessionClientMessage>) -> Result<ClientMessage, Over> {
    let received = timeout(IDLE, messages.message()).await.map_err(|_| Over::Idle)?;
    let Some(message) = received.map_err(|_| Over::Done)? else {
        return Err(Over::Done);
    };
    message
        .message_type
        .ok_or_else(|| Status::invalid_argument("a message is neither config nor realtime_input").into())
}
