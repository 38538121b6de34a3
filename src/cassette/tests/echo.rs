//! A service that says back what it hears, and the messages that it hears.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use futures::stream::BoxStream;
use prost::Message;
use prost::bytes::Bytes;
use tokio::time::{Instant, sleep};

use crate::backend::error::BackendErrorKind;
use crate::backend::transport::{Call, Heard, Lasts, Line, LiveStream, Part, Transport};
use crate::backend::{BackendError, SessionStart, Take, Title, TurnError};
use crate::model::outcome::Sent;
use crate::proto::ces_v1 as ces;

pub(super) const RUN: &str = "/google.cloud.ces.v1.SessionService/RunSession";
pub(super) const STREAM: &str = "/google.cloud.ces.v1.SessionService/StreamRunSession";
pub(super) const BIDI: &str = "/google.cloud.ces.v1.SessionService/BidiRunSession";
/// A turn that nobody answers.
pub(super) const NEVER: &str = "never";

/// Says back what it hears, in as many messages as it has words; `fail` fails.
pub(super) struct Echo;

#[async_trait]
impl Transport for Echo {
    async fn line(self: Arc<Self>, _session: &SessionStart) -> Result<Arc<dyn Line>, BackendError> {
        Ok(self)
    }
}

#[async_trait]
impl Line for Echo {
    async fn stream(
        &self,
        _call: &Call,
        _messages: BoxStream<'static, Bytes>,
        _lasts: Lasts,
    ) -> Result<Box<dyn LiveStream>, TurnError> {
        Err(failure(Sent::No))
    }

    async fn ask(&self, _call: &Call, message: Bytes) -> Result<Vec<Part>, TurnError> {
        let asked = ces::RunSessionRequest::decode(message).unwrap();
        let said = text(&asked.inputs[0]);
        sleep(Duration::from_millis(40)).await;
        match said.as_str() {
            NEVER => std::future::pending().await,
            "fail" => Err(failure(Sent::Yes)),
            "unreachable" => Err(failure(Sent::No)),
            said => Ok(answers(said, &asked.config.unwrap().session)),
        }
    }

    async fn open(&self, _call: &Call, first: Vec<Bytes>) -> Result<Box<dyn LiveStream>, TurnError> {
        let mut stream = EchoStream(VecDeque::new());
        if heard(&first).iter().any(|said| said == "fail") {
            return Err(failure(Sent::Unknown));
        }
        stream.send(first).await?;
        Ok(Box::new(stream))
    }
}

/// What has been said and not been heard yet; words behind `later` come when nobody waits.
struct EchoStream(VecDeque<String>);

#[async_trait]
impl LiveStream for EchoStream {
    fn finish(&mut self) {}

    async fn send(&mut self, messages: Vec<Bytes>) -> Result<(), TurnError> {
        for said in heard(&messages) {
            self.0.extend(said.split(' ').map(str::to_owned));
        }
        Ok(())
    }

    async fn next(&mut self, until: Instant) -> Result<Heard, TurnError> {
        match self.0.front().map(String::as_str) {
            None | Some("later") => {
                tokio::time::sleep_until(until).await;
                Ok(Heard::Silence)
            }
            Some("fail") => Err(failure(Sent::Unknown)),
            Some("end") => Ok(Heard::End),
            Some(_) => Ok(self.word()),
        }
    }

    fn unasked(&mut self) -> Result<Heard, TurnError> {
        match self.0.front().map(String::as_str) {
            Some("later") => {
                self.0.pop_front();
                Ok(self.word())
            }
            _ => Ok(Heard::Silence),
        }
    }
}

impl EchoStream {
    fn word(&mut self) -> Heard {
        let output = output(&self.0.pop_front().unwrap_or_default());
        let message = ces::BidiSessionServerMessage {
            message_type: Some(ces::bidi_session_server_message::MessageType::SessionOutput(
                output,
            )),
        };
        Heard::Message(part(&message, 7))
    }
}

fn text(input: &ces::SessionInput) -> String {
    match &input.input_type {
        Some(ces::session_input::InputType::Text(text)) => text.clone(),
        other => panic!("{other:?}"),
    }
}

/// What the messages of a stream say, but for the first one that configures it.
fn heard(messages: &[Bytes]) -> Vec<String> {
    let inputs = messages.iter().filter_map(|message| {
        match ces::BidiSessionClientMessage::decode(message.clone())
            .unwrap()
            .message_type
        {
            Some(ces::bidi_session_client_message::MessageType::RealtimeInput(input)) => Some(text(&input)),
            _ => None,
        }
    });
    inputs.collect()
}

fn output(text: &str) -> ces::SessionOutput {
    let audio = text == "loud";
    ces::SessionOutput {
        output_type: Some(if audio {
            ces::session_output::OutputType::Audio(vec![9; 3_000])
        } else {
            ces::session_output::OutputType::Text(text.to_owned())
        }),
        ..Default::default()
    }
}

fn part(message: &impl Message, at: u64) -> Part {
    Part {
        bytes: message.encode_to_vec().into(),
        at: Duration::from_millis(at),
    }
}

fn answers(said: &str, session: &str) -> Vec<Part> {
    let answer = |(index, word): (usize, &str)| {
        let word = if word == "who" { session } else { word };
        let response = ces::RunSessionResponse {
            outputs: vec![output(word)],
        };
        part(&response, 20 + index as u64)
    };
    said.split(' ').enumerate().map(answer).collect()
}

fn failure(sent: Sent) -> TurnError {
    let error = BackendError {
        code: Some("RESOURCE_EXHAUSTED"),
        ..BackendError::new(BackendErrorKind::Quota, "the service answered RESOURCE_EXHAUSTED")
    };
    TurnError {
        error: error.hint("lower --jobs"),
        sent,
    }
}

pub(super) fn title() -> Title {
    Title {
        suite: "suite".to_owned(),
        name: "a conversation".to_owned(),
    }
}

pub(super) fn start(attempt: u32, id: &str) -> SessionStart {
    SessionStart {
        session_id: id.to_owned(),
        start: crate::model::suite::Start::default(),
        stubs: Arc::default(),
        take: Take {
            conversation: Arc::new(title()),
            attempt,
            session: 1,
            clock: DateTime::parse_from_rfc3339("2026-03-02T10:00:00+01:00").unwrap(),
        },
    }
}

pub(super) fn call(path: &'static str) -> Call {
    Call {
        path,
        routing: ("session", "s".to_owned()),
        headers: Vec::new(),
        deadline: Instant::now() + Duration::from_secs(10),
    }
}

pub(super) fn input(said: &str) -> ces::SessionInput {
    ces::SessionInput {
        input_type: Some(ces::session_input::InputType::Text(said.to_owned())),
        ..Default::default()
    }
}

pub(super) fn config(id: &str) -> ces::SessionConfig {
    ces::SessionConfig {
        session: format!("projects/p/sessions/{id}"),
        ..Default::default()
    }
}

pub(super) fn request(said: &str, id: &str) -> Bytes {
    ces::RunSessionRequest {
        config: Some(config(id)),
        inputs: vec![input(said)],
    }
    .encode_to_vec()
    .into()
}

pub(super) fn live(said: &str) -> Bytes {
    ces::BidiSessionClientMessage {
        message_type: Some(ces::bidi_session_client_message::MessageType::RealtimeInput(
            input(said),
        )),
    }
    .encode_to_vec()
    .into()
}
