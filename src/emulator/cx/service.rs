//! The Sessions service of Dialogflow CX, `v3` and `v3beta1`, played by one agent.
//!
//! One implementation speaks `v3`; the other version is the same on the wire and is transcoded. What calls have in
//! common is here: sessions and their locks, overrides, delays. The protocol's two faces are in the files below.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tonic::Status;
use tonic::metadata::MetadataMap;

use super::blocks::playbook_name;
use super::decode::{Call, read_match};
use super::engine::Engine;
use super::live::LiveWebhooks;
use super::messages::Said;
use super::names::SessionName;
use super::overrides::Overrides;
use super::response::{View, echo, matched, page_of, partial_result, query_result};
use super::session::Session;
use super::sessions::Sessions;
use super::stubs::StubAnswers;
use super::turn::{TurnResult, WebhookCalled};
use super::understanding::{Meaning, Understood};
use crate::audio::Format;
use crate::emulator::clock::Clock;
use crate::emulator::fault::Faults;
use crate::emulator::hearing::Hearing;
use crate::model::suite::EmulatorStubs;
use crate::model::transcript::Sentiment;
use crate::proto::cx_v3 as cx;

use super::request::{Input, Request};
use cx::detect_intent_response::ResponseType;

use speech::{Spoken, voice_of};

mod speech;
mod v3;
mod v3beta1;

/// Longest text of an answer's feedback that is taken.
const LONGEST_FEEDBACK: usize = 10_000;

/// How an agent is served.
#[derive(Debug, Clone, Default)]
pub struct CxOptions {
    /// The time of turns that bring none.
    pub clock: Clock,
    /// What is done to answers on purpose.
    pub faults: Faults,
    /// Answers for all sessions; a session's own come first.
    pub stubs: Arc<EmulatorStubs>,
    /// Calls webhooks that nothing else answers; `None` lets them fail.
    pub live: Option<LiveWebhooks>,
    /// The recordings that are understood.
    pub hearing: Arc<Hearing>,
}

/// One agent behind the service's calls. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CxService {
    shared: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    options: CxOptions,
    sessions: Sessions,
    /// Answers by session id.
    stubs: Mutex<HashMap<String, Arc<EmulatorStubs>>>,
}

/// A turn that was played, and what its answer needs besides.
struct Played {
    session: SessionName,
    response_id: String,
    input: Input,
    result: TurnResult,
    /// What was said, when the input was sound.
    spoken: Option<Spoken>,
    sentiment: Option<Sentiment>,
}

impl CxService {
    /// Serves an agent.
    pub fn new(engine: Engine, options: CxOptions) -> Self {
        Self {
            shared: Arc::new(Inner {
                engine,
                options,
                sessions: Sessions::default(),
                stubs: Mutex::default(),
            }),
        }
    }

    /// Answers for one session, nearest first; they come before those for all.
    pub fn register_stubs(&self, session_id: &str, stubs: Arc<EmulatorStubs>) {
        let mut known = self.shared.stubs.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(session_id.to_owned(), stubs);
    }

    /// Forgets a session and its answers.
    pub fn forget_session(&self, session_id: &str) {
        let mut known = self.shared.stubs.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(session_id);
        drop(known);
        self.shared.sessions.forget(session_id);
    }

    /// How many sessions are remembered.
    pub fn sessions(&self) -> usize {
        self.shared.sessions.len()
    }

    /// Forgets sessions whose time is over.
    pub fn sweep(&self) {
        self.shared.sessions.sweep();
    }

    /// The agent's program and understanding.
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    fn read(
        &self,
        metadata: &MetadataMap,
        session: &str,
        input: Option<cx::QueryInput>,
        params: Option<cx::QueryParameters>,
    ) -> Result<Call, Status> {
        let overrides = Overrides::read(metadata)?;
        let now = self.shared.options.clock.now();
        Call::read(self.engine().program(), session, input, params, overrides, now)
    }

    /// Plays a turn in its session.
    async fn play(&self, call: Call, spoken: Option<Spoken>) -> Result<Played, Status> {
        let Call {
            session: name,
            mut request,
            ttl,
            overrides,
        } = call;
        let unknown = spoken.as_ref().and_then(|spoken| spoken.unknown.clone());
        if unknown.is_some() && request.pinned_intent.is_none() {
            request.understood = Some(Understood::of(Meaning::NoMatch, 0.0, "", "unknown recording"));
        }
        request.is_spoken = spoken.is_some();
        let answers = self.answers(&name, &request, overrides);
        let shared = self
            .shared
            .sessions
            .get(&name, ttl, || Session::new(self.engine().program()));
        let mut session = shared.lock().await;
        let input = request.input.clone();
        let mut result = self.engine().turn(&mut session, &request, &answers);
        session.answered(&request.response_id);
        if let Some(reason) = unknown {
            result
                .trace
                .note(format!("the audio was not understood: {reason}"));
        }
        Ok(Played {
            session: name,
            sentiment: request.known_sentiment(),
            response_id: request.response_id,
            input,
            result,
            spoken,
        })
    }

    fn answers(&self, name: &SessionName, request: &Request, overrides: Overrides) -> StubAnswers {
        let own = {
            let known = self.shared.stubs.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&name.id).cloned()
        };
        StubAnswers {
            for_turn: overrides.webhook,
            levels: own
                .into_iter()
                .chain([Arc::clone(&self.shared.options.stubs)])
                .collect(),
            now: request.now.fixed_offset(),
            live: self.shared.options.live.clone(),
        }
    }

    fn result(&self, played: &Played, view: View) -> cx::QueryResult {
        let program = self.engine().program();
        let mut result = query_result(
            program,
            &played.session,
            &played.response_id,
            &played.input,
            &played.result,
            view,
        );
        result.sentiment_analysis_result = played.sentiment.map(sentiment);
        if let Some(spoken) = &played.spoken {
            result.query = Some(cx::query_result::Query::Transcript(spoken.text.clone()));
        }
        result
    }

    fn beside(&self, played: Played) -> Beside {
        let program = self.engine().program();
        let playbook = played.result.playbook.as_ref();
        Beside {
            playbook: playbook.map(|name| playbook_name(program, &played.session, name)),
            webhooks: played.result.webhooks,
        }
    }

    /// Plays the turn of a request.
    async fn detected(
        &self,
        metadata: &MetadataMap,
        mut request: cx::DetectIntentRequest,
        spoken: Option<Spoken>,
    ) -> Result<(View, Played), Status> {
        let view = view(request.response_view);
        let spoken = match spoken {
            Some(spoken) => Some(spoken),
            None => self.listen(&mut request).await?,
        };
        let call = self.read(
            metadata,
            &request.session,
            request.query_input,
            request.query_params,
        )?;
        Ok((view, self.play(call, spoken).await?))
    }

    async fn detect(
        &self,
        metadata: &MetadataMap,
        request: cx::DetectIntentRequest,
    ) -> Result<(cx::DetectIntentResponse, Beside), Status> {
        let voice = voice_of(request.output_audio_config.as_ref())?;
        let (view, played) = self.detected(metadata, request, None).await?;
        self.shared.options.faults.delay(played.result.waited).await;
        let response = final_response(&played, self.result(&played, view), voice)?;
        Ok((response, self.beside(played)))
    }

    /// The responses of a streamed turn: what was said before slow webhooks ahead, each after its time.
    async fn detect_in_parts(
        &self,
        metadata: &MetadataMap,
        request: cx::DetectIntentRequest,
        spoken: Option<Spoken>,
    ) -> Result<Parts, Status> {
        let voice = voice_of(request.output_audio_config.as_ref())?;
        let (view, played) = self.detected(metadata, request, spoken).await?;
        let mut ahead = Vec::new();
        let mut sent = 0;
        for until in &played.result.partials {
            let messages: &[Said] = played.result.messages.get(sent..*until).unwrap_or_default();
            sent = *until;
            ahead.push(cx::DetectIntentResponse {
                response_id: played.response_id.clone(),
                query_result: Some(partial_result(&played.result.language, messages)),
                response_type: ResponseType::Partial.into(),
                ..cx::DetectIntentResponse::default()
            });
        }
        let response = final_response(&played, self.result(&played, view), voice)?;
        Ok(Parts {
            faults: self.shared.options.faults,
            ahead: ahead.into(),
            last: Some(response),
            waited: played.result.waited,
            beside: self.beside(played),
        })
    }

    async fn match_intent(
        &self,
        metadata: &MetadataMap,
        request: cx::MatchIntentRequest,
    ) -> Result<cx::MatchIntentResponse, Status> {
        let persist = request.persist_parameter_changes;
        let mut call = self.read(
            metadata,
            &request.session,
            request.query_input,
            request.query_params,
        )?;
        let overrides = std::mem::take(&mut call.overrides);
        let answers = self.answers(&call.session, &call.request, overrides);
        let program = self.engine().program();
        // Without a session there is nothing to remember that one was asked about.
        let kept = if persist {
            let new = || Session::new(program);
            Some(self.shared.sessions.get(&call.session, call.ttl, new))
        } else {
            self.shared.sessions.peek(&call.session)
        };
        let mut session = match &kept {
            Some(kept) => kept.lock().await.clone(),
            None => Session::new(program),
        };
        let understood = self.engine().match_input(&mut session, &call.request, &answers);
        if let (true, Some(kept)) = (persist, &kept) {
            kept.lock().await.parameters = session.parameters.clone();
        }
        self.shared.options.faults.delay(Duration::ZERO).await;
        let found = matched(program, &call.session, &understood, event_offered(&understood));
        let query = match echo(&call.session, program, &call.request.input) {
            cx::query_result::Query::Text(text) => Some(cx::match_intent_response::Query::Text(text)),
            cx::query_result::Query::TriggerEvent(event) => {
                Some(cx::match_intent_response::Query::TriggerEvent(event))
            }
            cx::query_result::Query::TriggerIntent(intent) => {
                Some(cx::match_intent_response::Query::TriggerIntent(intent))
            }
            _ => None,
        };
        Ok(cx::MatchIntentResponse {
            matches: vec![found],
            current_page: session
                .playbook
                .is_none()
                .then(|| page_of(program, &call.session, session.place, session.ended)),
            query,
        })
    }

    async fn fulfill(
        &self,
        metadata: &MetadataMap,
        request: cx::FulfillIntentRequest,
    ) -> Result<(cx::FulfillIntentResponse, Beside), Status> {
        let voice = voice_of(request.output_audio_config.as_ref())?;
        let asked = request
            .match_intent_request
            .ok_or_else(|| Status::invalid_argument("match_intent_request is missing"))?;
        let found = request
            .r#match
            .ok_or_else(|| Status::invalid_argument("match is missing"))?;
        let mut call = self.read(metadata, &asked.session, asked.query_input, asked.query_params)?;
        call.request.understood = Some(read_match(self.engine().program(), &found)?);
        let played = self.play(call, None).await?;
        self.shared.options.faults.delay(played.result.waited).await;
        let (output_audio, output_audio_config) = Self::spoken(&played, voice)?;
        let response = cx::FulfillIntentResponse {
            response_id: played.response_id.clone(),
            output_audio,
            output_audio_config,
            query_result: Some(self.result(
                &played,
                View {
                    diagnostics: true,
                    trace_blocks: true,
                },
            )),
        };
        Ok((response, self.beside(played)))
    }

    /// Feedback about an answer that was given is checked and given back; nothing else comes of it.
    async fn feedback(&self, request: cx::SubmitAnswerFeedbackRequest) -> Result<cx::AnswerFeedback, Status> {
        let name = SessionName::parse(&request.session).map_err(Status::invalid_argument)?;
        if request.response_id.is_empty() {
            return Err(Status::invalid_argument("response_id is missing"));
        }
        let feedback = request
            .answer_feedback
            .ok_or_else(|| Status::invalid_argument("answer_feedback is missing"))?;
        if feedback.custom_rating.len() > LONGEST_FEEDBACK {
            return Err(Status::invalid_argument("custom_rating is too long"));
        }
        let is_known = match self.shared.sessions.peek(&name) {
            Some(session) => session.lock().await.has_answered(&request.response_id),
            None => false,
        };
        if !is_known {
            return Err(Status::not_found(
                "response_id: the session has given no such answer, or not lately",
            ));
        }
        Ok(feedback)
    }
}

/// What only one version of the API has room for.
#[derive(Default)]
struct Beside {
    webhooks: Vec<WebhookCalled>,
    /// Resource name of the playbook that the session is in.
    playbook: Option<String>,
}

/// What a turn answers in parts.
struct Parts {
    faults: Faults,
    ahead: std::collections::VecDeque<cx::DetectIntentResponse>,
    last: Option<cx::DetectIntentResponse>,
    waited: Duration,
    beside: Beside,
}

impl Parts {
    /// The next part when its time has come; the flag says that it is the last one.
    async fn next(&mut self) -> Option<(cx::DetectIntentResponse, bool)> {
        if let Some(part) = self.ahead.pop_front() {
            return Some((part, false));
        }
        let last = self.last.take()?;
        self.faults.delay(self.waited).await;
        Some((last, true))
    }
}

/// The event that a match without an intent would raise.
fn event_offered(understood: &Understood) -> Option<&str> {
    match &understood.meaning {
        Meaning::Event(name) => Some(name),
        Meaning::NoMatch => Some("sys.no-match-default"),
        Meaning::NoInput => Some("sys.no-input-default"),
        Meaning::TooLong => Some("sys.long-utterance"),
        _ => None,
    }
}

fn final_response(
    played: &Played,
    result: cx::QueryResult,
    voice: Option<(Format, cx::OutputAudioConfig)>,
) -> Result<cx::DetectIntentResponse, Status> {
    let (output_audio, output_audio_config) = CxService::spoken(played, voice)?;
    Ok(cx::DetectIntentResponse {
        response_id: played.response_id.clone(),
        query_result: Some(result),
        output_audio,
        output_audio_config,
        response_type: ResponseType::Final.into(),
        ..cx::DetectIntentResponse::default()
    })
}

/// The first request of a stream as a request of its own: everything but audio stands in it.
fn without_stream(first: cx::StreamingDetectIntentRequest) -> cx::DetectIntentRequest {
    cx::DetectIntentRequest {
        session: first.session,
        query_params: first.query_params,
        query_input: first.query_input,
        output_audio_config: first.output_audio_config,
        response_view: first.response_view,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the service has no more digits")]
fn sentiment(sentiment: Sentiment) -> cx::SentimentAnalysisResult {
    cx::SentimentAnalysisResult {
        score: sentiment.score as f32,
        magnitude: sentiment.magnitude as f32,
    }
}

/// What a view leaves out (cx-sessions-api 6.4); an unset one leaves out nothing that the emulator has.
fn view(view: i32) -> View {
    View {
        diagnostics: view != i32::from(cx::DetectIntentResponseView::Basic),
        trace_blocks: view != i32::from(cx::DetectIntentResponseView::Default),
    }
}
