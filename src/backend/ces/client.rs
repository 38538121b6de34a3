//! One conversation with CES: which call carries a turn, and what is remembered from one turn to the next.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use prost::Message;
use tokio::time::Instant;

use super::Shared;
use super::convert::{self, Known};
use super::live::{self, Live, Sending};
use super::request::{self, Opening};
use crate::audio::Format;
use crate::backend::error::{BackendError, BackendErrorKind};
use crate::backend::overrides;
use crate::backend::transport::{Call, Line, Part, deadline, no_answer, only};
use crate::backend::{Session, SessionStart, Speech, TurnError, TurnInput, TurnRequest};
use crate::model::suite::{AudioSettings, Via};
use crate::model::transcript::{AgentReply, Latency, Observed};
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
    /// The user spoke: the rest of the turn goes by the same stream.
    is_spoken: bool,
}

/// An answer: its messages as they came, the name of their type, and the outputs in them.
struct Answer {
    parts: Vec<Part>,
    kind: &'static str,
    outputs: Vec<ces::SessionOutput>,
    /// What was recognised of the user's speech.
    heard: Option<String>,
    /// The user has interrupted the agent.
    interrupted: bool,
    /// What the agent said of the turn before, in words.
    late: Vec<String>,
}

/// How a request of a turn is sent.
struct Way {
    via: Via,
    /// The format of the sound of a live stream, if it has any.
    sound: Option<Format>,
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
            is_spoken: false,
        })
    }

    async fn send(
        &mut self,
        way: Way,
        config: ces::SessionConfig,
        inputs: Vec<ces::SessionInput>,
        speech: Option<&Speech>,
    ) -> Result<Answer, TurnError> {
        let Way {
            via,
            sound,
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
                let answer = Answer::of(line.ask(&call, asked.encode_to_vec().into()).await?)?;
                if answer.is_complete() {
                    return Ok(answer);
                }
                Err(live::cut_short())
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
                let audio = self.shared.target.audio;
                let sending = Sending {
                    config,
                    inputs,
                    speech,
                    sound,
                    audio,
                };
                let turn = self.live.play(&self.line, &call, sending).await?;
                let kind = "google.cloud.ces.v1.BidiSessionServerMessage";
                Ok(Answer {
                    parts: turn.parts,
                    kind,
                    outputs: turn.outputs,
                    heard: turn.heard,
                    interrupted: turn.interrupted,
                    late: turn.late,
                })
            }
            Via::Detect | Via::ServerStream | Via::Match | Via::MatchThenFulfill => {
                Err(TurnError::unsent(BackendError::new(
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
            heard: None,
            interrupted: false,
            late: Vec::new(),
        })
    }

    /// Whether the service says that the turn is complete (ces-api 1.3). An answer without any output says nothing that
    /// could be half of something.
    fn is_complete(&self) -> bool {
        self.outputs.is_empty() || self.outputs.iter().any(live::completes)
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
    fn says_for(&self) -> Duration {
        self.live.says_for()
    }

    async fn play(&mut self, turn: TurnRequest) -> Result<Box<AgentReply>, TurnError> {
        let target = &self.shared.target;
        let speech = match &turn.input {
            TurnInput::Speech(speech) => Some(speech),
            _ => None,
        };
        self.is_spoken =
            speech.is_some() || self.is_spoken && matches!(turn.input, TurnInput::ToolResults(_));
        let via = turn.via.unwrap_or(target.via);
        if speech.is_some() && !matches!(turn.via, None | Some(Via::Bidi)) {
            let message = "sound is carried by BidiRunSession: leave `via` out";
            return Err(TurnError::unsent(BackendError::new(
                BackendErrorKind::Request,
                message,
            )));
        }
        let via = if self.is_spoken { Via::Bidi } else { via };
        let is_live = via == Via::Bidi;
        // An agent that is asked to speak is on a call from its beginning.
        let of_call = target
            .audio
            .output
            .map(|_| target.audio.input.unwrap_or(AudioSettings::USUAL));
        let sound = speech
            .map(|speech| speech.clip.format())
            .or(of_call)
            .filter(|_| is_live);
        let in_pieces = turn.with.text_streaming.unwrap_or_default();
        if in_pieces && (via == Via::Run || sound.is_some()) {
            let message = "text comes in pieces over StreamRunSession, and over BidiRunSession without sound";
            let error = BackendError::new(BackendErrorKind::Request, message)
                .hint("write `via: stream` or `via: bidi`, or leave `text_streaming` out");
            return Err(TurnError::unsent(error));
        }
        let way = Way {
            via,
            sound,
            headers: if target.emulator {
                overrides::headers(&turn.with.emulator)
            } else {
                Vec::new()
            },
            deadline: deadline(turn.timeout),
        };
        let opening = self.opening.as_ref();
        let variables = request::variables(&turn.with, opening, &turn.input);
        let config =
            request::config(target, &self.name, &turn.with, opening, sound).map_err(TurnError::unsent)?;
        let inputs = request::inputs(&variables, &turn.input, &self.pending).map_err(TurnError::unsent)?;
        if !matches!(turn.input, TurnInput::ToolResults(_)) {
            self.known.begin_turn();
        }
        let asked = target.audio.output.filter(|_| is_live);
        let mut answer = self.send(way, config, inputs, speech).await?;
        if in_pieces {
            answer.outputs = convert::joined(answer.outputs);
        }
        self.opening = None;
        self.known.set(variables);
        let (mut reply, pending) = convert::reply(&answer.outputs, &mut self.known);
        self.pending = pending;
        convert::take_speech(&mut reply, &answer.outputs, asked);
        if speech.is_some() {
            reply.transcript = Observed::Seen(answer.heard.clone().unwrap_or_default());
        }
        reply.interrupted = answer.interrupted;
        if !answer.is_complete() {
            // One message is not cut short on its way: it is what the service had to say, and is judged.
            let note = "the service did not say that the turn is complete: there may be more of it";
            reply.notes.push(note.to_owned());
        }
        let late = answer.late.iter();
        let late =
            late.map(|words| format!("the agent said more of the turn before, after it was over: {words}"));
        reply.notes.extend(late);
        reply.latency = answer.latency();
        reply.raw = turn.want_raw.then(|| answer.raw());
        Ok(Box::new(reply))
    }
}
