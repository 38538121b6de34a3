//! The gRPC face: `RunSession`, `StreamRunSession`, and text over `BidiRunSession`.

use std::pin::Pin;

use chrono::DateTime;
use futures::Stream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::session_output::OutputType;
use crate::proto::ces_v1::session_service_server::SessionService;

use super::request::{Config, inputs};
use super::{CallOptions, CesEmulator};

mod live;

/// Metadata that sets the time of a single call, in RFC 3339.
const CLOCK: &str = "x-turnproof-clock";
/// Words in a fragment of a streamed text.
const FRAGMENT: usize = 3;
/// Outputs that wait for a slow reader.
const BUFFERED: usize = 16;

type OutputStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send + 'static>>;

#[tonic::async_trait]
impl SessionService for CesEmulator {
    async fn run_session(
        &self,
        request: Request<ces::RunSessionRequest>,
    ) -> Result<Response<ces::RunSessionResponse>, Status> {
        let (_, outputs) = self.answer(request).await?;
        Ok(Response::new(ces::RunSessionResponse { outputs }))
    }

    type StreamRunSessionStream = OutputStream<ces::RunSessionResponse>;

    async fn stream_run_session(
        &self,
        request: Request<ces::RunSessionRequest>,
    ) -> Result<Response<Self::StreamRunSessionStream>, Status> {
        let (config, outputs) = self.answer(request).await?;
        let parts = streamed(outputs, config.in_fragments);
        let responses = parts.into_iter().map(|output| {
            Ok(ces::RunSessionResponse {
                outputs: vec![output],
            })
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(responses))))
    }

    type BidiRunSessionStream = OutputStream<ces::BidiSessionServerMessage>;

    async fn bidi_run_session(
        &self,
        request: Request<Streaming<ces::BidiSessionClientMessage>>,
    ) -> Result<Response<Self::BidiRunSessionStream>, Status> {
        let options = call_options(request.metadata())?;
        let (sender, receiver) = mpsc::channel(BUFFERED);
        let emulator = self.clone();
        // Ends when the client is done or gone: both close a channel that it reads or writes.
        tokio::spawn(live::talk(emulator, options, request.into_inner(), sender));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

impl CesEmulator {
    async fn answer(
        &self,
        request: Request<ces::RunSessionRequest>,
    ) -> Result<(Config, Vec<ces::SessionOutput>), Status> {
        let options = call_options(request.metadata())?;
        let request = request.into_inner();
        let config = request
            .config
            .ok_or_else(|| Status::invalid_argument("config is missing"))?;
        let config = Config::read(self.app(), config)?;
        let outputs = self.play(&config, inputs(request.inputs)?, options).await?;
        Ok((config, outputs))
    }
}

fn call_options(metadata: &MetadataMap) -> Result<CallOptions, Status> {
    let Some(clock) = metadata.get(CLOCK) else {
        return Ok(CallOptions::default());
    };
    let clock = clock
        .to_str()
        .ok()
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    match clock {
        Some(clock) => Ok(CallOptions { clock: Some(clock) }),
        None => Err(Status::invalid_argument(format!(
            "{CLOCK} must be a date and time in RFC 3339"
        ))),
    }
}

/// The outputs as a stream gives them: texts in fragments when that was asked for, to be joined by the reader.
fn streamed(outputs: Vec<ces::SessionOutput>, in_fragments: bool) -> Vec<ces::SessionOutput> {
    if !in_fragments {
        return outputs;
    }
    outputs.into_iter().flat_map(in_parts).collect()
}

/// A text output as its fragments; what completes the turn stays with the last of them.
fn in_parts(output: ces::SessionOutput) -> Vec<ces::SessionOutput> {
    let Some(OutputType::Text(text)) = &output.output_type else {
        return vec![output];
    };
    let fragments = fragments(text);
    let last = fragments.len().saturating_sub(1);
    let part = |(index, text): (usize, String)| ces::SessionOutput {
        turn_index: output.turn_index,
        turn_completed: output.turn_completed && index == last,
        diagnostic_info: output.diagnostic_info.clone().filter(|_| index == last),
        context: Vec::new(),
        output_type: Some(OutputType::Text(text)),
    };
    fragments.into_iter().enumerate().map(part).collect()
}

/// A few words each, blanks included; joined they are the text.
fn fragments(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    match words.len() {
        0 => vec![String::new()],
        _ => words.chunks(FRAGMENT).map(<[&str]>::concat).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_join_to_the_text() {
        for text in [
            "",
            "one",
            "one two three four",
            "  a  b   c d e ",
            "ends with blank ",
        ] {
            assert_eq!(fragments(text).concat(), text);
        }
        assert_eq!(fragments("one two three four"), ["one two three ", "four"]);
    }

    #[test]
    fn only_the_last_fragment_completes() {
        let output = ces::SessionOutput {
            turn_completed: true,
            turn_index: 2,
            diagnostic_info: Some(ces::session_output::DiagnosticInfo::default()),
            context: Vec::new(),
            output_type: Some(OutputType::Text("one two three four".into())),
        };
        let parts = streamed(vec![output], true);
        let completed: Vec<bool> = parts.iter().map(|part| part.turn_completed).collect();
        assert_eq!(completed, [false, true]);
        assert!(parts[0].diagnostic_info.is_none() && parts[1].diagnostic_info.is_some());
    }
}
