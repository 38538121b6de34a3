//! Text over `BidiRunSession`: one stream for the whole conversation, opened with its first turn.
//!
//! A turn may complete several times before the service has said everything (ces-api 1.7), so it is over when it
//! is complete and the stream has been quiet for a moment; that moment is not part of the latency. A stream that
//! the service closes, or says it will close, is opened again with the next turn: the session outlives it. So is a
//! stream that was opened with other headers than the turn asks for.

use std::time::Duration;

use prost::Message;
use prost::bytes::Bytes;
use tokio::time::Instant;

use crate::backend::TurnError;
use crate::backend::error::status::late;
use crate::backend::transport::{Call, Heard, Line, LiveStream, Part, no_answer};
use crate::model::outcome::Sent;
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::bidi_session_client_message::MessageType as ClientMessage;
use crate::proto::ces_v1::bidi_session_server_message::MessageType as ServerMessage;
use crate::proto::ces_v1::session_output::OutputType;

/// How long a stream must be quiet after a complete turn.
const QUIET: Duration = Duration::from_millis(250);
/// All messages of one turn together may not be larger.
const LARGEST_TURN: usize = 64 * 1024 * 1024;

/// The live stream of a conversation, while there is one.
#[derive(Default)]
pub(super) struct Live {
    stream: Option<Opened>,
}

/// A stream and the headers it was opened with.
struct Opened {
    stream: Box<dyn LiveStream>,
    headers: Vec<(&'static str, String)>,
}

/// What came back in one turn.
#[derive(Default)]
pub(super) struct LiveTurn {
    /// The messages, as they came.
    pub(super) parts: Vec<Part>,
    /// The outputs in them.
    pub(super) outputs: Vec<ces::SessionOutput>,
}

/// How far a turn is.
#[derive(Default)]
struct Progress {
    complete: bool,
    /// The service will not go on with this stream.
    leaving: bool,
    size: usize,
}

impl Live {
    /// Plays one turn: opens the stream if need be, sends the inputs, and reads until the turn is over.
    ///
    /// # Errors
    /// When the stream fails, or the turn is not complete by the deadline. The stream is given up then.
    pub(super) async fn play(
        &mut self,
        line: &dyn Line,
        call: &Call,
        config: ces::SessionConfig,
        inputs: Vec<ces::SessionInput>,
    ) -> Result<LiveTurn, TurnError> {
        let messages = messages(inputs);
        let open = self
            .stream
            .take()
            .filter(|open| open.headers == call.headers)
            .and_then(|mut open| goes_on(open.stream.as_mut()).then_some(open.stream));
        let mut stream = if let Some(mut stream) = open {
            stream.send(messages).await?;
            stream
        } else {
            let config = encode(ClientMessage::Config(config));
            line.open(call, std::iter::once(config).chain(messages).collect())
                .await?
        };
        let mut turn = LiveTurn::default();
        let progress = read_turn(stream.as_mut(), &mut turn, call.deadline).await?;
        if !progress.leaving {
            let headers = call.headers.clone();
            self.stream = Some(Opened { stream, headers });
        }
        Ok(turn)
    }
}

/// Whether the service still takes turns on a stream. Other messages that came late are passed over: they belong
/// to a turn that is told already.
fn goes_on(stream: &mut dyn LiveStream) -> bool {
    loop {
        let part = match stream.unasked() {
            Ok(Heard::Message(part)) => part,
            Ok(Heard::Silence) => return true,
            Ok(Heard::End) | Err(_) => return false,
        };
        let message = ces::BidiSessionServerMessage::decode(part.bytes).map(|message| message.message_type);
        if matches!(
            message,
            Ok(Some(ServerMessage::GoAway(_) | ServerMessage::EndSession(_)))
        ) {
            return false;
        }
    }
}

/// Several inputs are one turn: all but the last say that more is to come.
fn messages(mut inputs: Vec<ces::SessionInput>) -> Vec<Bytes> {
    let before_last = inputs.len().saturating_sub(1);
    for input in inputs.iter_mut().take(before_last) {
        input.will_continue = true;
    }
    inputs
        .into_iter()
        .map(|input| encode(ClientMessage::RealtimeInput(input)))
        .collect()
}

fn encode(message: ClientMessage) -> Bytes {
    ces::BidiSessionClientMessage {
        message_type: Some(message),
    }
    .encode_to_vec()
    .into()
}

async fn read_turn(
    stream: &mut dyn LiveStream,
    turn: &mut LiveTurn,
    deadline: Instant,
) -> Result<Progress, TurnError> {
    let mut progress = Progress::default();
    loop {
        let until = if progress.complete {
            deadline.min(Instant::now() + QUIET)
        } else {
            deadline
        };
        match stream.next(until).await {
            Ok(Heard::Message(part)) => progress.take(turn, part)?,
            Ok(Heard::Silence) if progress.complete => return Ok(progress),
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
        None => Err(TurnError {
            sent: Sent::Unknown,
            ..no_answer("the stream ended before the turn was complete")
        }),
    }
}

impl Progress {
    fn take(&mut self, turn: &mut LiveTurn, part: Part) -> Result<(), TurnError> {
        self.size += part.bytes.len() + size_of::<Part>();
        if self.size > LARGEST_TURN {
            return Err(no_answer("the turn is larger than 64 MiB"));
        }
        let message = ces::BidiSessionServerMessage::decode(part.bytes.clone())
            .map_err(|error| no_answer(format!("the answer cannot be read: {error}")))?;
        turn.parts.push(part);
        match message.message_type {
            Some(ServerMessage::SessionOutput(output)) => {
                let ends = matches!(
                    output.output_type,
                    Some(OutputType::ToolCalls(_) | OutputType::EndSession(_))
                );
                self.complete |= output.turn_completed || ends;
                turn.outputs.push(output);
            }
            Some(ServerMessage::EndSession(end)) => {
                self.complete = true;
                self.leaving = true;
                turn.outputs.push(ces::SessionOutput {
                    output_type: Some(OutputType::EndSession(end)),
                    ..Default::default()
                });
            }
            Some(ServerMessage::GoAway(_)) => self.leaving = true,
            // What was heard and who interrupts belongs to speech; anything newer is passed over.
            Some(ServerMessage::RecognitionResult(_) | ServerMessage::InterruptionSignal(_)) | None => {}
        }
        Ok(())
    }
}
