//! A service that says back what it hears, and the messages that it hears.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use futures::StreamExt;
use futures::stream::BoxStream;
use prost::Message;
use prost::bytes::Bytes;
use tokio::time::{Instant, sleep, timeout_at};

use crate::backend::error::BackendErrorKind;
use crate::backend::transport::{Call, Heard, Lasts, Line, LiveStream, Outgoing, Part, Transport, Waiting};
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
        outgoing: BoxStream<'static, Outgoing>,
        _lasts: Lasts,
    ) -> Result<Box<dyn LiveStream>, TurnError> {
        Ok(Box::new(Ear {
            outgoing,
            answers: VecDeque::new(),
            heard: 0,
            waiting: Waiting::begin(),
        }))
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

/// Hears a user who speaks: says `hm` after a second of it, and when they are done, after a while, how much it heard and
/// something aloud. `fail` fails.
struct Ear {
    outgoing: BoxStream<'static, Outgoing>,
    answers: VecDeque<(Instant, ces::SessionOutput)>,
    /// Pieces of a tenth of a second.
    heard: usize,
    waiting: Waiting,
}

#[async_trait]
impl LiveStream for Ear {
    fn finish(&mut self) {}

    async fn send(&mut self, _messages: Vec<Bytes>) -> Result<(), TurnError> {
        Err(failure(Sent::No))
    }

    async fn next(&mut self, until: Instant) -> Result<Heard, TurnError> {
        loop {
            let due = self.answers.front().map(|(due, _)| *due);
            match timeout_at(due.unwrap_or(until).min(until), self.outgoing.next()).await {
                Ok(Some(outgoing)) => self.hear(&outgoing)?,
                Ok(None) => self.outgoing = futures::stream::pending().boxed(),
                Err(_) if due.is_none_or(|due| due > until) => return Ok(Heard::Silence),
                Err(_) => {
                    let at = self.waiting.until(Instant::now());
                    let answer = self.answers.pop_front().map(|(_, output)| server_message(output));
                    return Ok(answer.map_or(Heard::Silence, |message| {
                        Heard::Message(Part {
                            at,
                            ..part(&message, 0)
                        })
                    }));
                }
            }
        }
    }

    fn unasked(&mut self) -> Result<Heard, TurnError> {
        Ok(Heard::Silence)
    }
}

impl Ear {
    fn hear(&mut self, outgoing: &Outgoing) -> Result<(), TurnError> {
        self.waiting.note(outgoing);
        let now = Instant::now();
        let later = |milliseconds| now + Duration::from_millis(milliseconds);
        match outgoing {
            Outgoing::Message(message) => {
                for said in heard(std::slice::from_ref(message)) {
                    if said == "fail" {
                        return Err(failure(Sent::Unknown));
                    }
                    self.answers.push_back((later(5), output(&said)));
                }
            }
            Outgoing::Speaks(_) => self.heard = 0,
            Outgoing::Sound(_) => {
                self.heard += 1;
                if self.heard == 10 {
                    self.answers.push_back((now, output("hm")));
                }
            }
            Outgoing::Done => {
                self.answers
                    .push_back((later(30), output(&format!("heard {}", self.heard))));
                let spoken = (0..4).map(|number| (later(40 + 10 * number), aloud(number)));
                self.answers.extend(spoken);
            }
            Outgoing::Pause(_) => {}
        }
        Ok(())
    }
}

/// A piece of what is said aloud: the last one is shorter.
fn aloud(number: u64) -> ces::SessionOutput {
    let size = if number == 3 { 50 } else { 400 };
    ces::SessionOutput {
        output_type: Some(ces::session_output::OutputType::Audio(vec![
            number
                .try_into()
                .unwrap();
            size
        ])),
        ..Default::default()
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
        Heard::Message(part(&server_message(output), 7))
    }
}

fn server_message(output: ces::SessionOutput) -> ces::BidiSessionServerMessage {
    ces::BidiSessionServerMessage {
        message_type: Some(ces::bidi_session_server_message::MessageType::SessionOutput(
            output,
        )),
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

pub(super) fn audible(bytes: &[u8]) -> Bytes {
    let input = ces::SessionInput {
        input_type: Some(ces::session_input::InputType::Audio(bytes.to_vec())),
        ..Default::default()
    };
    ces::BidiSessionClientMessage {
        message_type: Some(ces::bidi_session_client_message::MessageType::RealtimeInput(
            input,
        )),
    }
    .encode_to_vec()
    .into()
}
