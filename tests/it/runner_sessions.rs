//! A thousand conversations open at once over real gRPC: what the server sees proves that no session is shared and
//! that no turn is ever sent twice, not even when the service fails after it has taken the turn.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Barrier, mpsc};
use tokio_stream::Stream;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming, transport::Server};
use turnproof::backend::auth::Credentials;
use turnproof::backend::call::Connection;
use turnproof::backend::cx::{CxBackend, CxTarget};
use turnproof::backend::names::NoNames;
use turnproof::backend::way::Way;
use turnproof::model::Map;
use turnproof::model::endpoint::{CredentialPolicy, Endpoint};
use turnproof::model::event::RunInfo;
use turnproof::model::outcome::{ErrorRecord, Verdict};
use turnproof::model::suite::{
    ApiVersion, Check, Conversation, EmulatorStubs, Expectation, Input, Location, Matcher, Repeat, Retries,
    Start, Timeouts, Turn, Via, With,
};
use turnproof::proto::cx_v3::{
    AnswerFeedback, DetectIntentRequest, DetectIntentResponse, FulfillIntentRequest, FulfillIntentResponse,
    MatchIntentRequest, MatchIntentResponse, QueryResult, ResponseMessage, StreamingDetectIntentRequest,
    StreamingDetectIntentResponse, SubmitAnswerFeedbackRequest, query_input, response_message,
    sessions_server,
};
use turnproof::redact::Redactor;
use turnproof::runner::{
    Allowance, Cancellation, ConversationSource, Heading, JournalWriter, Plan, Played, Reports, Run,
    RunContext, RunKind, RunOptions, RunTarget, play,
};

/// Conversations, all of them open at once.
const CONVERSATIONS: usize = 1_000;
/// Turns of each.
const TURNS: usize = 3;
/// Every so many conversations the service takes a turn and fails.
const UNLUCKY: usize = 10;

/// Remembers what it was sent, by session, and lets no first turn go before all sessions are open.
#[derive(Clone)]
struct RecordingServer {
    seen: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
    all_open: Arc<Barrier>,
    failed: Arc<Mutex<BTreeSet<String>>>,
}

impl RecordingServer {
    fn new() -> Self {
        Self {
            seen: Arc::default(),
            all_open: Arc::new(Barrier::new(CONVERSATIONS)),
            failed: Arc::default(),
        }
    }

    /// Notes a turn; gives back how many the session had before.
    fn note(&self, session: &str, text: &str) -> usize {
        let mut seen = self.seen.lock().unwrap();
        let turns = seen.entry(session.to_owned()).or_default();
        turns.push(text.to_owned());
        turns.len() - 1
    }

    /// Whether the service now takes the turn but fails: once for the second turn of every unlucky conversation.
    fn fails(&self, text: &str) -> bool {
        let (number, turn) = text.split_once('.').unwrap();
        let unlucky = number.parse::<usize>().unwrap().is_multiple_of(UNLUCKY) && turn == "1";
        unlucky && self.failed.lock().unwrap().insert(text.to_owned())
    }
}

type Responses<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn unused<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("not part of this test"))
}

#[tonic::async_trait]
impl sessions_server::Sessions for RecordingServer {
    type ServerStreamingDetectIntentStream = Responses<DetectIntentResponse>;
    type StreamingDetectIntentStream = Responses<StreamingDetectIntentResponse>;

    async fn detect_intent(
        &self,
        request: Request<DetectIntentRequest>,
    ) -> Result<Response<DetectIntentResponse>, Status> {
        let request = request.into_inner();
        let Some(query_input::Input::Text(text)) = request.query_input.and_then(|query| query.input) else {
            return Err(Status::invalid_argument("only text is played here"));
        };
        let before = self.note(&request.session, &text.text);
        let first_attempt = !self
            .failed
            .lock()
            .unwrap()
            .contains(&format!("{}.1", text.text.split('.').next().unwrap_or_default()));
        if before == 0 && first_attempt {
            self.all_open.wait().await;
        }
        if self.fails(&text.text) {
            return Err(Status::unavailable("taken, but not answered"));
        }
        let said = response_message::Text {
            text: vec![format!("heard {}", text.text)],
            ..response_message::Text::default()
        };
        Ok(Response::new(DetectIntentResponse {
            query_result: Some(QueryResult {
                response_messages: vec![ResponseMessage {
                    message: Some(response_message::Message::Text(said)),
                    ..ResponseMessage::default()
                }],
                ..QueryResult::default()
            }),
            ..DetectIntentResponse::default()
        }))
    }

    async fn server_streaming_detect_intent(
        &self,
        _: Request<DetectIntentRequest>,
    ) -> Result<Response<Self::ServerStreamingDetectIntentStream>, Status> {
        unused()
    }

    async fn streaming_detect_intent(
        &self,
        _: Request<Streaming<StreamingDetectIntentRequest>>,
    ) -> Result<Response<Self::StreamingDetectIntentStream>, Status> {
        unused()
    }

    async fn match_intent(
        &self,
        _: Request<MatchIntentRequest>,
    ) -> Result<Response<MatchIntentResponse>, Status> {
        unused()
    }

    async fn fulfill_intent(
        &self,
        _: Request<FulfillIntentRequest>,
    ) -> Result<Response<FulfillIntentResponse>, Status> {
        unused()
    }

    async fn submit_answer_feedback(
        &self,
        _: Request<SubmitAnswerFeedbackRequest>,
    ) -> Result<Response<AnswerFeedback>, Status> {
        unused()
    }
}

/// Generated conversations: turn `t` of conversation `n` says `n.t` and wants to be heard.
struct Generated;

fn location(line: usize) -> Location {
    Location {
        file: Arc::from(Path::new("generated.yaml")),
        line: u32::try_from(line).unwrap(),
    }
}

fn turn(number: usize, turn: usize) -> Turn {
    let text = format!("{number}.{turn}");
    let reply = format!("heard {text}");
    Turn {
        expect: vec![Expectation {
            line: 1,
            required: true,
            only_on: None,
            check: Check::Reply(Matcher::Is(reply.into())),
        }],
        ..Turn::new(location(turn + 2), Input::Say(text))
    }
}

impl ConversationSource for Generated {
    fn heading(&self, position: usize) -> Heading {
        Heading {
            suite: "generated".to_owned(),
            name: position.to_string(),
            file: "generated.yaml".to_owned(),
            line: 1,
            target: "recording".to_owned(),
            ..Heading::default()
        }
    }

    fn load(&self, position: usize) -> Result<Arc<Conversation>, ErrorRecord> {
        Ok(Arc::new(Conversation {
            suite: "generated".to_owned(),
            name: position.to_string(),
            row: None,
            location: location(1),
            tags: Vec::new(),
            notes: None,
            target: "recording".to_owned(),
            channels: Vec::new(),
            channel: turnproof::model::suite::Channel::Text,
            twin: None,
            skip: None,
            only_on: Vec::new(),
            known_issue: None,
            run_method: turnproof::model::suite::RunMethod::Naive,
            start: Start::default(),
            with: With::default().into(),
            timeouts: Timeouts {
                turn: Duration::from_mins(2),
                conversation: Duration::from_mins(5),
            },
            retries: Retries {
                errored: 1,
                failed: 0,
            },
            repeat: Repeat {
                times: 1,
                at_least: 1,
            },
            tools: Vec::new(),
            stubs: EmulatorStubs::default(),
            clock: None,
            bindings: Map::new(),
            turns: (0..TURNS).map(|index| turn(position, index)).collect(),
            expect: Vec::new(),
        }))
    }
}

async fn serve(server: &RecordingServer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = sessions_server::SessionsServer::new(server.clone());
    tokio::spawn(
        Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    format!("http://{address}")
}

fn backend(address: &str) -> CxBackend {
    let target = CxTarget {
        agent: "projects/p/locations/global/agents/a".parse().unwrap(),
        environment: None,
        flow_versions: Vec::new(),
        api_version: ApiVersion::V3,
        via: Via::Detect,
        language: "en".to_owned(),
        audio: turnproof::model::suite::AudioSettings::default(),
        names: Arc::new(NoNames),
        emulator: false,
    };
    let connection = Connection {
        endpoint: Endpoint::parse(address).unwrap(),
        credentials: Credentials::None,
        policy: CredentialPolicy::default(),
        way: Way::default(),
        user_project: None,
    };
    CxBackend::new(target, connection).unwrap()
}

fn run(address: &str) -> Run {
    // Nobody listens: the run goes on all the same.
    let (events, _) = mpsc::channel(1);
    let target = RunTarget {
        backend: Ok(Arc::new(backend(address))),
        limit: None,
        sessions: None,
        clock: None,
        audio: turnproof::model::suite::AudioSettings::default(),
    };
    Run {
        info: Arc::new(RunInfo {
            id: "run".to_owned(),
            started_at: "2026-03-01T09:00:00.000Z".to_owned(),
            tool_version: "0".to_owned(),
            seed: 1,
            targets: Vec::new(),
        }),
        plan: Plan::new(0..CONVERSATIONS).shuffled(1),
        context: RunContext {
            variables: std::collections::BTreeMap::default(),
            source: Arc::new(Generated),
            targets: HashMap::from([("recording".to_owned(), target)]),
            redactor: Redactor::new(),
            cassettes: None,
            events,
            cancellation: Cancellation::new(),
            allowance: Allowance::default(),
            seed: 1,
            keep_audio: None,
        },
        options: RunOptions {
            jobs: NonZeroUsize::new(CONVERSATIONS).unwrap(),
            timeout: None,
            max_duration: None,
            max_failures: None,
            fail_on_flaky: false,
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_conversations_at_once_share_no_session_and_send_no_turn_twice() {
    let server = RecordingServer::new();
    let run = run(&serve(&server).await);
    let journal = JournalWriter::create(None, &run.info, RunKind::default()).unwrap();
    let reports = Reports::begin(Vec::new(), &run.plan).unwrap();
    let Played { end, mut journal, .. } = play(run, journal, reports).await.unwrap();

    // Within each session: the turns of one conversation, in order, each once.
    let seen = server.seen.lock().unwrap();
    let mut sessions_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (session, turns) in seen.iter() {
        let (number, _) = turns[0].split_once('.').unwrap();
        let expected: Vec<String> = (0..turns.len()).map(|turn| format!("{number}.{turn}")).collect();
        assert_eq!(*turns, expected, "in session {session}");
        sessions_of
            .entry(number.parse().unwrap())
            .or_default()
            .push(turns.len());
    }

    // Between them: one session for each conversation, and a second one for those whose first was left unknown.
    assert_eq!(sessions_of.len(), CONVERSATIONS);
    for (number, lengths) in &mut sessions_of {
        lengths.sort_unstable();
        let expected = if number.is_multiple_of(UNLUCKY) {
            vec![2, TURNS]
        } else {
            vec![TURNS]
        };
        assert_eq!(*lengths, expected, "of conversation {number}");
    }

    // And the report names just the sessions that the server saw.
    let mut reported = BTreeSet::new();
    for result in journal.read_sorted().unwrap() {
        let result = result.unwrap();
        assert_eq!(
            result.verdict,
            Verdict::Passed,
            "{}: {:?}",
            result.name,
            result.reason
        );
        for attempt in result.attempts {
            assert!(reported.insert(attempt.session), "a session is reported once");
        }
    }
    let ids: BTreeSet<String> = seen
        .keys()
        .map(|name| name.rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(reported, ids);
    let expected = u64::try_from(CONVERSATIONS / UNLUCKY).unwrap();
    assert_eq!(end.summary.recovered, expected);
    assert_eq!(end.summary.passed, u64::try_from(CONVERSATIONS).unwrap());
}
