//! One conversation with Dialogflow CX: which call carries a turn, and in which order.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use prost::Message;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::convert::{self, Answers};
use super::request::{self, Opening};
use super::speech::{self, Heard};
use crate::backend::error::status::late;
use crate::backend::error::{BackendError, BackendErrorKind};
use crate::backend::overrides;
use crate::backend::transport::{self, Call, LARGEST_ANSWER, Lasts, Line, Part, deadline, no_answer, only};
use crate::backend::{Session, SessionStart, Speech, ToolResult, TurnError, TurnInput, TurnRequest};
use crate::model::Map;
use crate::model::outcome::Sent;
use crate::model::suite::{ApiVersion, Feedback, Via, With};
use crate::model::transcript::{AgentReply, CallSource, Latency, Observed};
use crate::proto::cx_v3beta1 as cx;
use crate::proto::json::bytes_to_json;

/// The methods used, each with its path in both versions and the name of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Detect,
    ServerStream,
    Stream,
    Match,
    Fulfill,
    Feedback,
}

impl Method {
    fn path(self, version: ApiVersion) -> &'static str {
        use ApiVersion::{V3, V3Beta1};
        match (self, version) {
            (Self::Detect, V3) => "/google.cloud.dialogflow.cx.v3.Sessions/DetectIntent",
            (Self::Detect, V3Beta1) => "/google.cloud.dialogflow.cx.v3beta1.Sessions/DetectIntent",
            (Self::ServerStream, V3) => "/google.cloud.dialogflow.cx.v3.Sessions/ServerStreamingDetectIntent",
            (Self::ServerStream, V3Beta1) => {
                "/google.cloud.dialogflow.cx.v3beta1.Sessions/ServerStreamingDetectIntent"
            }
            (Self::Stream, V3) => "/google.cloud.dialogflow.cx.v3.Sessions/StreamingDetectIntent",
            (Self::Stream, V3Beta1) => "/google.cloud.dialogflow.cx.v3beta1.Sessions/StreamingDetectIntent",
            (Self::Match, V3) => "/google.cloud.dialogflow.cx.v3.Sessions/MatchIntent",
            (Self::Match, V3Beta1) => "/google.cloud.dialogflow.cx.v3beta1.Sessions/MatchIntent",
            (Self::Fulfill, V3) => "/google.cloud.dialogflow.cx.v3.Sessions/FulfillIntent",
            (Self::Fulfill, V3Beta1) => "/google.cloud.dialogflow.cx.v3beta1.Sessions/FulfillIntent",
            (Self::Feedback, V3) => "/google.cloud.dialogflow.cx.v3.Sessions/SubmitAnswerFeedback",
            (Self::Feedback, V3Beta1) => "/google.cloud.dialogflow.cx.v3beta1.Sessions/SubmitAnswerFeedback",
        }
    }

    fn answer(self, version: ApiVersion) -> &'static str {
        use ApiVersion::{V3, V3Beta1};
        match (self, version) {
            (Self::Detect | Self::ServerStream, V3) => "google.cloud.dialogflow.cx.v3.DetectIntentResponse",
            (Self::Detect | Self::ServerStream, V3Beta1) => {
                "google.cloud.dialogflow.cx.v3beta1.DetectIntentResponse"
            }
            (Self::Stream, V3) => "google.cloud.dialogflow.cx.v3.StreamingDetectIntentResponse",
            (Self::Stream, V3Beta1) => "google.cloud.dialogflow.cx.v3beta1.StreamingDetectIntentResponse",
            (Self::Match, V3) => "google.cloud.dialogflow.cx.v3.MatchIntentResponse",
            (Self::Match, V3Beta1) => "google.cloud.dialogflow.cx.v3beta1.MatchIntentResponse",
            (Self::Fulfill, V3) => "google.cloud.dialogflow.cx.v3.FulfillIntentResponse",
            (Self::Fulfill, V3Beta1) => "google.cloud.dialogflow.cx.v3beta1.FulfillIntentResponse",
            (Self::Feedback, V3) => "google.cloud.dialogflow.cx.v3.AnswerFeedback",
            (Self::Feedback, V3Beta1) => "google.cloud.dialogflow.cx.v3beta1.AnswerFeedback",
        }
    }

    /// Where the session stands in the request: the routing parameter (ces-api 1.6, cx-sessions-api 6.1).
    fn routing(self) -> &'static str {
        match self {
            Self::Fulfill => "match_intent_request.session",
            _ => "session",
        }
    }
}

/// A conversation.
pub(super) struct CxSession {
    shared: Arc<Shared>,
    line: Arc<dyn Line>,
    /// Resource name.
    name: String,
    /// Goes with the first turn that changes the session.
    opening: Option<Opening>,
    /// Tool calls that wait for their answer, by the id given to them here: the service gives none.
    pending: Vec<(String, cx::ToolCall)>,
    /// Tool calls seen so far, for their ids.
    calls: usize,
    /// The id of the last answer, by which it is rated.
    last_answer: Option<String>,
}

/// One turn on its way: what all its calls have in common, and what has come of them.
struct Playing<'a> {
    with: &'a With,
    deadline: Instant,
    want_raw: bool,
    raw: Vec<serde_json::Value>,
    latency: Option<Latency>,
}

impl CxSession {
    /// Prepares a conversation; nothing is sent yet.
    ///
    /// # Errors
    /// When a name is not known, the session id does not suit the service, or there is no way for the session.
    pub(super) async fn new(shared: Arc<Shared>, session: &SessionStart) -> Result<Self, BackendError> {
        let target = &shared.target;
        let name = target
            .agent
            .session(target.environment.as_deref(), &session.session_id)?;
        let opening = Some(Opening::new(target, session)?);
        let line = Arc::clone(&shared.transport).line(session).await?;
        Ok(Self {
            shared,
            line,
            name,
            opening,
            pending: Vec::new(),
            calls: 0,
            last_answer: None,
        })
    }

    async fn say(
        &mut self,
        playing: &mut Playing<'_>,
        via: Via,
        input: cx::QueryInput,
    ) -> Result<Answers, TurnError> {
        let params = self.query_params(playing.with)?;
        // Ways that few turns go are in boxes: their states would make that of every turn larger.
        match via {
            Via::Detect | Via::ServerStream => {
                let method = if via == Via::Detect {
                    Method::Detect
                } else {
                    Method::ServerStream
                };
                let asked = self.detect_request(params, input);
                self.detect(playing, method, asked).await
            }
            Via::Stream => Box::pin(self.stream(playing, params, input, None)).await,
            Via::Match => {
                let asked = self.match_request(params, input);
                let matched = self.matched(playing, &asked).await?;
                Ok(Answers {
                    matched: Some(matched),
                    ..Answers::default()
                })
            }
            Via::MatchThenFulfill => {
                let asked = self.match_request(params, input);
                let matched = self.matched(playing, &asked).await?;
                let fulfilled = Box::pin(self.fulfill(playing, asked, matched)).await;
                fulfilled.map_err(after_another)
            }
            Via::Run | Via::Bidi => Err(TurnError::unsent(BackendError::new(
                BackendErrorKind::Request,
                "this way of sending a turn is one of CES; Dialogflow CX has detect, server_stream, stream, match and \
                 match_then_fulfill",
            ))),
        }
    }

    /// Hands in the answers to tool calls, one after the other: a request holds one.
    async fn hand_in(
        &mut self,
        playing: &mut Playing<'_>,
        results: &[ToolResult],
    ) -> Result<Answers, TurnError> {
        let mut answers = Answers::default();
        for (position, result) in results.iter().enumerate() {
            let call = self
                .take_pending(result)
                .map_err(|error| later(position, error))?;
            let target = &self.shared.target;
            let input = request::tool_result(target, playing.with, &call, result);
            let input = input.map_err(|error| later(position, error))?;
            // The turn's parameters were set when it began; setting them again would undo what the agent did since.
            let with = With {
                parameters: Map::new(),
                ..playing.with.clone()
            };
            let params = self
                .query_params(&with)
                .map_err(|failed| later(position, failed.error))?;
            let asked = self.detect_request(params, input);
            let detected = self.detect(playing, Method::Detect, asked).await;
            let detected = detected.map_err(|failed| match position {
                0 => failed,
                _ => TurnError {
                    sent: Sent::Unknown,
                    ..failed
                },
            })?;
            answers.response_id = detected.response_id;
            answers.results.extend(detected.results);
        }
        Ok(answers)
    }

    fn take_pending(&mut self, result: &ToolResult) -> Result<cx::ToolCall, BackendError> {
        let position = self
            .pending
            .iter()
            .position(|(id, _)| *id == result.id)
            .ok_or_else(|| {
                let message = format!("no call `{}` of `{}` waits for an answer", result.id, result.tool);
                BackendError::new(BackendErrorKind::Request, message)
            })?;
        Ok(self.pending.remove(position).1)
    }

    /// The request as it is sent: in the state of a call, while it waits, the message itself would be large.
    fn detect_request(&self, params: cx::QueryParameters, input: cx::QueryInput) -> Vec<u8> {
        let asked = cx::DetectIntentRequest {
            session: self.name.clone(),
            query_params: Some(params),
            query_input: Some(input),
            // Unset means two different things in two places of the documentation (cx-sessions-api 6.4).
            response_view: cx::DetectIntentResponseView::Full.into(),
            output_audio_config: speech::output_config(&self.shared.target.audio),
        };
        asked.encode_to_vec()
    }

    async fn detect(
        &mut self,
        playing: &mut Playing<'_>,
        method: Method,
        asked: Vec<u8>,
    ) -> Result<Answers, TurnError> {
        let parts = self.ask(playing, method, asked).await?;
        if parts.is_empty() {
            return Err(no_answer("the answer ended without a response"));
        }
        let mut answers = Answers::default();
        for part in parts {
            answers.take(decode(&part)?, self.shared.target.audio.output);
        }
        self.opening = None;
        Ok(answers)
    }

    /// A turn by the call that carries sound: the request, or the configuration and then the sound.
    async fn stream(
        &mut self,
        playing: &mut Playing<'_>,
        params: cx::QueryParameters,
        input: cx::QueryInput,
        speech: Option<&Speech>,
    ) -> Result<Answers, TurnError> {
        use cx::streaming_detect_intent_response::Response;
        let target = &self.shared.target;
        let first = cx::StreamingDetectIntentRequest {
            session: self.name.clone(),
            query_params: Some(params),
            query_input: Some(input),
            output_audio_config: speech::output_config(&target.audio),
            enable_partial_response: true,
            response_view: cx::DetectIntentResponseView::Full.into(),
            ..Default::default()
        };
        let enough = CancellationToken::new();
        let call = self.call(playing, Method::Stream);
        let requests = speech::requests(&first, speech, &enough, self.line.hears()).boxed();
        let mut incoming = self.line.stream(&call, requests, Lasts::UntilDeadline).await?;
        let mut size = 0;
        let mut heard = Heard::default();
        let mut answers = Answers::default();
        let mut latency = None;
        let kind = Method::Stream.answer(target.api_version);
        loop {
            let part = match incoming.next(call.deadline).await? {
                transport::Heard::Message(part) => part,
                transport::Heard::End => break,
                transport::Heard::Silence => {
                    return Err(TurnError {
                        error: late(),
                        sent: Sent::Unknown,
                    });
                }
            };
            size += part.bytes.len() + size_of::<Part>();
            if size > LARGEST_ANSWER {
                return Err(no_answer("the answer is larger than 64 MiB"));
            }
            let response: cx::StreamingDetectIntentResponse = decode(&part)?;
            if playing.want_raw {
                playing.raw.push(bytes_to_json(kind, &part.bytes));
            }
            match response.response {
                Some(Response::RecognitionResult(result)) if heard.take(&result) => enough.cancel(),
                Some(Response::DetectIntentResponse(response)) => {
                    // The agent was done listening, whatever was still to be said.
                    enough.cancel();
                    let first = latency.map_or(part.at, |latency: Latency| latency.first);
                    let total = part.at;
                    latency = Some(Latency { first, total });
                    answers.take(response, target.audio.output);
                }
                Some(Response::RecognitionResult(_)) | None => {}
            }
        }
        if answers.results.is_empty() {
            return Err(no_answer("the stream ended without a response"));
        }
        playing.latency = latency;
        answers.heard = speech.map(|_| heard.text());
        self.opening = None;
        Ok(answers)
    }

    async fn matched(
        &self,
        playing: &mut Playing<'_>,
        asked: &cx::MatchIntentRequest,
    ) -> Result<cx::MatchIntentResponse, TurnError> {
        let parts = self.ask(playing, Method::Match, asked.encode_to_vec()).await?;
        parts
            .first()
            .map_or_else(|| Err(no_answer("the answer ended without a response")), decode)
    }

    async fn fulfill(
        &mut self,
        playing: &mut Playing<'_>,
        asked: cx::MatchIntentRequest,
        matched: cx::MatchIntentResponse,
    ) -> Result<Answers, TurnError> {
        let Some(best) = matched.matches.first().cloned() else {
            return Err(no_answer("MatchIntent offered no match to go on from"));
        };
        let asked = cx::FulfillIntentRequest {
            match_intent_request: Some(asked),
            r#match: Some(best),
            output_audio_config: speech::output_config(&self.shared.target.audio),
        };
        let parts = self.ask(playing, Method::Fulfill, asked.encode_to_vec()).await?;
        let Some(part) = parts.first() else {
            return Err(no_answer("the answer ended without a response"));
        };
        let response: cx::FulfillIntentResponse = decode(part)?;
        self.opening = None;
        let mut answers = Answers {
            matched: Some(matched),
            ..Answers::default()
        };
        let response = cx::DetectIntentResponse {
            response_id: response.response_id,
            query_result: response.query_result,
            output_audio: response.output_audio,
            output_audio_config: response.output_audio_config,
            ..Default::default()
        };
        answers.take(response, self.shared.target.audio.output);
        Ok(answers)
    }

    async fn ask(
        &self,
        playing: &mut Playing<'_>,
        method: Method,
        message: Vec<u8>,
    ) -> Result<Vec<Part>, TurnError> {
        let target = &self.shared.target;
        let call = self.call(playing, method);
        let parts = self.line.ask(&call, message.into()).await?;
        let parts = match method {
            Method::ServerStream => parts,
            _ => vec![only(parts)?],
        };
        playing.took(&parts);
        if playing.want_raw {
            let answer = method.answer(target.api_version);
            playing
                .raw
                .extend(parts.iter().map(|part| bytes_to_json(answer, &part.bytes)));
        }
        Ok(parts)
    }

    fn call(&self, playing: &Playing<'_>, method: Method) -> Call {
        let target = &self.shared.target;
        Call {
            path: method.path(target.api_version),
            routing: (method.routing(), self.name.clone()),
            headers: if target.emulator {
                overrides::headers(&playing.with.emulator)
            } else {
                Vec::new()
            },
            deadline: playing.deadline,
        }
    }

    fn query_params(&self, with: &With) -> Result<cx::QueryParameters, TurnError> {
        request::query_params(&self.shared.target, &self.name, with, self.opening.as_ref())
            .map_err(TurnError::unsent)
    }

    fn match_request(&self, params: cx::QueryParameters, input: cx::QueryInput) -> cx::MatchIntentRequest {
        cx::MatchIntentRequest {
            session: self.name.clone(),
            query_params: Some(params),
            query_input: Some(input),
            persist_parameter_changes: false,
        }
    }

    /// Gives the calls that wait for an answer ids of our own, and remembers what they were.
    fn name_pending(&mut self, reply: &mut AgentReply, calls: Vec<cx::ToolCall>) {
        self.pending.clear();
        let listed = match &mut reply.tool_calls {
            Observed::Seen(listed) => listed.as_mut_slice(),
            Observed::Unseen(_) => &mut [],
        };
        let mut listed = listed.iter_mut().filter(|call| call.source == CallSource::Client);
        for (shown, call) in reply.pending.iter_mut().zip(calls) {
            self.calls += 1;
            shown.id = format!("call-{}", self.calls);
            if let Some(listed) = listed.next() {
                listed.id.clone_from(&shown.id);
            }
            self.pending.push((shown.id.clone(), call));
        }
    }
}

#[async_trait]
impl Session for CxSession {
    async fn play(&mut self, turn: TurnRequest) -> Result<Box<AgentReply>, TurnError> {
        let mut playing = Playing {
            with: &turn.with,
            deadline: deadline(turn.timeout),
            want_raw: turn.want_raw,
            raw: Vec::new(),
            latency: None,
        };
        let answers = match &turn.input {
            TurnInput::User(input) => {
                let via = turn.via.unwrap_or(self.shared.target.via);
                let input = request::query_input(&self.shared.target, input, &turn.with)
                    .map_err(TurnError::unsent)?;
                self.say(&mut playing, via, input).await?
            }
            TurnInput::Speech(speech) => {
                if !matches!(turn.via, None | Some(Via::Stream)) {
                    let message = "sound is carried by StreamingDetectIntent: leave `via` out";
                    return Err(TurnError::unsent(BackendError::new(
                        BackendErrorKind::Request,
                        message,
                    )));
                }
                let params = self.query_params(&turn.with)?;
                let format = speech.clip.format();
                let input = request::speech_input(&self.shared.target, format, &turn.with);
                Box::pin(self.stream(&mut playing, params, input, Some(speech))).await?
            }
            TurnInput::Attached { .. } => {
                let message = "Dialogflow CX takes no images and no other files";
                return Err(TurnError::unsent(BackendError::new(
                    BackendErrorKind::Request,
                    message,
                )));
            }
            TurnInput::ToolResults(results) => Box::pin(self.hand_in(&mut playing, results)).await?,
        };
        let asked = convert::Asked {
            to_speak: self.shared.target.audio.output.is_some(),
            data_store_signals: turn.with.data_store_signals.unwrap_or_default(),
        };
        let (mut reply, calls) = convert::reply(&answers, asked);
        self.last_answer = Some(answers.response_id).filter(|id| !id.is_empty());
        self.name_pending(&mut reply, calls);
        reply.latency = playing.latency.unwrap_or_default();
        reply.raw = playing.want_raw.then(|| one_or_many(playing.raw));
        Ok(Box::new(reply))
    }

    fn requests(&self, input: &TurnInput, via: Option<Via>) -> usize {
        match input {
            TurnInput::ToolResults(results) => results.len().max(1),
            TurnInput::User(_) if via.unwrap_or(self.shared.target.via) == Via::MatchThenFulfill => 2,
            _ => 1,
        }
    }

    async fn rate(&mut self, feedback: &Feedback, timeout: Duration) -> Result<(), TurnError> {
        let Some(answer) = &self.last_answer else {
            let message = "there is no answer with an id that could be rated";
            return Err(TurnError::unsent(BackendError::new(
                BackendErrorKind::Request,
                message,
            )));
        };
        let asked = request::feedback(&self.name, answer, feedback);
        let with = With::default();
        let mut playing = Playing {
            with: &with,
            deadline: deadline(timeout),
            want_raw: false,
            raw: Vec::new(),
            latency: None,
        };
        let parts = self
            .ask(&mut playing, Method::Feedback, asked.encode_to_vec())
            .await?;
        match parts.first() {
            Some(part) => decode::<cx::AnswerFeedback>(part).map(drop),
            None => Err(no_answer("the answer ended without a response")),
        }
    }
}

impl Playing<'_> {
    /// Adds the time that a call took; the calls of a turn follow each other.
    fn took(&mut self, parts: &[Part]) {
        let first = parts.first().map(|part| part.at).unwrap_or_default();
        let total = parts.last().map(|part| part.at).unwrap_or_default();
        self.latency = Some(match self.latency {
            None => Latency { first, total },
            Some(before) => Latency {
                first: before.first,
                total: before.total + total,
            },
        });
    }
}

fn decode<M: Message + Default>(part: &Part) -> Result<M, TurnError> {
    M::decode(part.bytes.clone()).map_err(|error| no_answer(format!("the answer cannot be read: {error}")))
}

/// One response as it is, several as a list.
fn one_or_many(mut raw: Vec<serde_json::Value>) -> serde_json::Value {
    match raw.pop() {
        Some(only) if raw.is_empty() => only,
        last => raw.into_iter().chain(last).collect(),
    }
}

/// A failure of a request after another one of the turn was answered: of that turn something has left.
fn after_another(failed: TurnError) -> TurnError {
    let sent = match failed.sent {
        Sent::No => Sent::Unknown,
        known => known,
    };
    TurnError { sent, ..failed }
}

/// A failure before the request at this position of several left.
fn later(position: usize, error: BackendError) -> TurnError {
    let sent = if position == 0 { Sent::No } else { Sent::Unknown };
    TurnError { error, sent }
}
