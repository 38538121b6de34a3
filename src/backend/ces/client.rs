//! One conversation with CES: which call carries a turn, and what is remembered from one turn to the next.

use std::sync::Arc;

use async_trait::async_trait;
use prost::Message;
use tokio::time::Instant;

use super::Shared;
use super::convert::{self, Known};
use super::live::Live;
use super::request::{self, Opening};
use crate::backend::error::{BackendError, BackendErrorKind};
use crate::backend::overrides;
use crate::backend::transport::{Call, Line, Part, deadline, no_answer, only};
use crate::backend::{Session, SessionStart, TurnError, TurnInput, TurnRequest};
use crate::model::outcome::Sent;
use crate::model::suite::Via;
use crate::model::transcript::{AgentReply, Latency};
use crate::proto::ces_v1 as ces;
use crate::proto::json::bytes_to_json;

const RUN: &str = "/google.cloud.ces.v1.SessionService/RunSession";
const STREAM: &str = "/google.cloud.ces.v1.SessionService/StreamRunSession";
const BIDI: &str = "/google.cloud.ces.v1.SessionService/BidiRunSession";

/// A conversation.
pub(super) struct CesSession {
    shared: Arc<Shared>,
    line: Arc<dyn Line>,
    /// Resource name.
    name: String,
    /// Goes with the first turn only.
    opening: Option<Opening>,
    /// Tool calls that wait for their answer.
    pending: Vec<ces::ToolCall>,
    /// What the diagnostics have told of the session so far.
    known: Known,
    live: Live,
}

/// An answer: its messages as they came, the name of their type, and the outputs in them.
struct Answer {
    parts: Vec<Part>,
    kind: &'static str,
    outputs: Vec<ces::SessionOutput>,
}

/// How a request of a turn is sent.
struct Way {
    via: Via,
    headers: Vec<(&'static str, String)>,
    deadline: Instant,
}

impl CesSession {
    /// Prepares a conversation; nothing is sent yet.
    ///
    /// # Errors
    /// When a name is not known, the session id does not suit the service, or there is no way for the session.
    pub(super) async fn new(shared: Arc<Shared>, session: &SessionStart) -> Result<Self, BackendError> {
        let name = shared.target.app.session(&session.session_id)?;
        let opening = Some(Opening::new(&shared.target, session)?);
        let line = Arc::clone(&shared.transport).line(session).await?;
        Ok(Self {
            shared,
            line,
            name,
            opening,
            pending: Vec::new(),
            known: Known::default(),
            live: Live::default(),
        })
    }

    async fn send(
        &mut self,
        way: Way,
        config: ces::SessionConfig,
        inputs: Vec<ces::SessionInput>,
    ) -> Result<Answer, TurnError> {
        let Way {
            via,
            headers,
            deadline,
        } = way;
        let routing = ("config.session", self.name.clone());
        let line = &*self.line;
        match via {
            Via::Run => {
                let asked = ces::RunSessionRequest {
                    config: Some(config),
                    inputs,
                };
                let call = Call {
                    path: RUN,
                    routing,
                    headers,
                    deadline,
                };
                Answer::of(vec![only(line.ask(&call, asked.encode_to_vec().into()).await?)?])
            }
            Via::Stream => {
                let asked = ces::RunSessionRequest {
                    config: Some(config),
                    inputs,
                };
                let call = Call {
                    path: STREAM,
                    routing,
                    headers,
                    deadline,
                };
                Answer::of(line.ask(&call, asked.encode_to_vec().into()).await?)
            }
            Via::Bidi => {
                // On a live stream the front end cannot see the session's name yet (ces-api 1.6).
                let location = format!("locations/{}", self.shared.target.app.location());
                let call = Call {
                    path: BIDI,
                    routing: ("location", location),
                    headers,
                    deadline,
                };
                let turn = self.live.play(line, &call, config, inputs).await?;
                let kind = "google.cloud.ces.v1.BidiSessionServerMessage";
                Ok(Answer {
                    parts: turn.parts,
                    kind,
                    outputs: turn.outputs,
                })
            }
            Via::Detect | Via::ServerStream | Via::Match | Via::MatchThenFulfill => {
                Err(unsent(BackendError::new(
                    BackendErrorKind::Request,
                    "this way of sending a turn is one of Dialogflow CX; CES has run, stream and bidi",
                )))
            }
        }
    }
}

impl Answer {
    fn of(parts: Vec<Part>) -> Result<Self, TurnError> {
        if parts.is_empty() {
            return Err(no_answer("the answer ended without a response"));
        }
        let mut outputs = Vec::new();
        for part in &parts {
            let response = ces::RunSessionResponse::decode(part.bytes.clone())
                .map_err(|error| no_answer(format!("the answer cannot be read: {error}")))?;
            outputs.extend(response.outputs);
        }
        Ok(Self {
            parts,
            kind: "google.cloud.ces.v1.RunSessionResponse",
            outputs,
        })
    }

    fn latency(&self) -> Latency {
        let at = |part: Option<&Part>| part.map(|part| part.at).unwrap_or_default();
        Latency {
            first: at(self.parts.first()),
            total: at(self.parts.last()),
        }
    }

    fn raw(&self) -> serde_json::Value {
        let messages = self
            .parts
            .iter()
            .map(|part| bytes_to_json(self.kind, &part.bytes));
        match self.parts.len() {
            1 => messages.last().unwrap_or_default(),
            _ => messages.collect(),
        }
    }
}

#[async_trait]
impl Session for CesSession {
    async fn play(&mut self, turn: TurnRequest) -> Result<AgentReply, TurnError> {
        let target = &self.shared.target;
        let way = Way {
            via: turn.via.unwrap_or(target.via),
            headers: if target.emulator {
                overrides::headers(&turn.with.emulator)
            } else {
                Vec::new()
            },
            deadline: deadline(turn.timeout),
        };
        let opening = self.opening.as_ref();
        let variables = request::variables(&turn.with, opening, &turn.input);
        let config = request::config(target, &self.name, &turn.with, opening).map_err(unsent)?;
        let inputs = request::inputs(&variables, &turn.input, &self.pending).map_err(unsent)?;
        if let TurnInput::User(_) = turn.input {
            self.known.begin_turn();
        }
        let answer = self.send(way, config, inputs).await?;
        self.opening = None;
        self.known.set(variables);
        let (mut reply, pending) = convert::reply(&answer.outputs, &mut self.known);
        self.pending = pending;
        reply.latency = answer.latency();
        reply.raw = turn.want_raw.then(|| answer.raw());
        Ok(reply)
    }
}

fn unsent(error: BackendError) -> TurnError {
    TurnError {
        error,
        sent: Sent::No,
    }
}
