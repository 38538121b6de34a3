//! Faults over REST and WebSockets: each is what its name says, our clients say what happened and what to do, and never
//! send a turn twice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use turnproof::audio::Clip;
use turnproof::backend::auth::Credentials;
use turnproof::backend::call::Connection;
use turnproof::backend::ces::{CesBackend, CesTarget};
use turnproof::backend::cx::{CxBackend, CxTarget};
use turnproof::backend::error::BackendErrorKind;
use turnproof::backend::names::{ExportNames, NoNames};
use turnproof::backend::{Backend, SessionStart, Speech, Take, TurnError, TurnInput, TurnRequest, reach};
use turnproof::diagnostic::SourceFile;
use turnproof::emulator::ces::app::App;
use turnproof::emulator::ces::{CesEmulator, CesOptions};
use turnproof::emulator::cx::engine::Engine;
use turnproof::emulator::cx::service::{CxOptions, CxService};
use turnproof::emulator::fault::{Counts, Rules};
use turnproof::emulator::{Emulator, EmulatorOptions, RunningEmulator};
use turnproof::export::{self, agent::Agent};
use turnproof::model::endpoint::{CredentialPolicy, Endpoint, Protocol};
use turnproof::model::outcome::Sent;
use turnproof::model::suite::{ApiVersion, AudioSettings, Input, Start, Via, With};

const STATUSES: [&str; 16] = [
    "cancelled",
    "unknown",
    "invalid-argument",
    "deadline-exceeded",
    "not-found",
    "already-exists",
    "permission-denied",
    "resource-exhausted",
    "failed-precondition",
    "aborted",
    "out-of-range",
    "unimplemented",
    "internal",
    "unavailable",
    "data-loss",
    "unauthenticated",
];

/// What both services need to be started over and over.
struct Services {
    agent: Arc<Agent>,
    cx: CxService,
    ces: CesEmulator,
}

impl Services {
    fn new() -> Self {
        let counter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents/counter");
        let agent = Arc::new(export::load_runtime(&counter).unwrap().agent);
        let script = Arc::new(SourceFile {
            path: PathBuf::from("echo.app.yaml"),
            text: "app: Echo\nagents:\n  Desk:\n    rules:\n      - when: { matches: . }\n        do: [{ say: heard }, { say: indeed }]\n".to_owned(),
        });
        Self {
            cx: CxService::new(Engine::new(Arc::clone(&agent), 7), CxOptions::default()),
            ces: CesEmulator::from_app(App::parse(&script).unwrap().app, CesOptions::default()),
            agent,
        }
    }

    async fn start(&self, rules: &[&str]) -> RunningEmulator {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        Emulator::start(EmulatorOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            cx: Some(self.cx.clone()),
            others: Some(tonic::service::Routes::new(self.ces.clone().into_service())),
            faults: Rules::new(rules, 7),
        })
        .await
        .unwrap()
    }

    fn backend(&self, emulator: &RunningEmulator, protocol: Protocol, via: Via) -> Arc<dyn Backend> {
        let connection = Connection {
            endpoint: Endpoint::parse(&format!("http://{}", emulator.address())).unwrap(),
            credentials: Credentials::None,
            policy: CredentialPolicy::default(),
            way: turnproof::backend::way::Way::default(),
            user_project: None,
        };
        let transport = reach(protocol, connection).unwrap();
        match via {
            Via::Run | Via::Stream | Via::Bidi => {
                let target = CesTarget {
                    app: "projects/p/locations/us/apps/a".parse().unwrap(),
                    deployment: None,
                    via,
                    names: Arc::new(NoNames),
                    emulator: false,
                    audio: AudioSettings::default(),
                };
                Arc::new(CesBackend::over(target, transport).unwrap())
            }
            _ => {
                let target = CxTarget {
                    agent: "projects/p/locations/global/agents/a".parse().unwrap(),
                    environment: None,
                    flow_versions: Vec::new(),
                    api_version: ApiVersion::V3,
                    via,
                    language: "en".to_owned(),
                    names: Arc::new(ExportNames::new(&self.agent)),
                    emulator: false,
                    audio: AudioSettings::default(),
                };
                Arc::new(CxBackend::over(target, transport).unwrap())
            }
        }
    }
}

/// A way to play a turn, and the call in which it goes wrong.
type Way = (Protocol, Via, bool, &'static str);

/// Every way over REST, and both over a WebSocket: in text and spoken.
const WAYS: [Way; 9] = [
    (Protocol::Rest, Via::Detect, false, "DetectIntent"),
    (
        Protocol::Rest,
        Via::ServerStream,
        false,
        "ServerStreamingDetectIntent",
    ),
    (Protocol::Rest, Via::Match, false, "MatchIntent"),
    (Protocol::Rest, Via::MatchThenFulfill, false, "FulfillIntent"),
    (Protocol::Rest, Via::Run, false, "RunSession"),
    (Protocol::Rest, Via::Stream, false, "StreamRunSession"),
    (Protocol::WebSocket, Via::Stream, false, "StreamRunSession"),
    (Protocol::WebSocket, Via::Bidi, false, "BidiRunSession"),
    (Protocol::WebSocket, Via::Bidi, true, "BidiRunSession"),
];

/// A tenth of a second of something that nobody understands.
fn noise() -> TurnInput {
    let format = AudioSettings::USUAL;
    TurnInput::Speech(Speech {
        clip: Arc::new(Clip::of(format, [0x10; 3_200].to_vec())),
        pace: AudioSettings::EMULATOR_PACE,
        piece: AudioSettings::PIECE,
        file: None,
        interrupt_after: None,
    })
}

fn words() -> TurnInput {
    TurnInput::User(Input::Say("hi".to_owned()))
}

/// Plays one turn; an answer means that nothing went wrong.
async fn play(backend: &dyn Backend, input: TurnInput, timeout: Duration) -> Result<(), TurnError> {
    let start = SessionStart {
        session_id: "0b1c6a52-7d3f-4a1e-9a53-2f4b6f0c9d11".to_owned(),
        start: Start::default(),
        stubs: Arc::default(),
        take: Take::default(),
    };
    let mut session = backend.open(start).await.unwrap();
    let turn = TurnRequest {
        input,
        with: With::default(),
        via: None,
        timeout,
        want_raw: false,
    };
    session.play(turn).await.map(drop)
}

/// What a fault does to a turn, however it is played; and how many calls came for it.
async fn strike(
    services: &Services,
    fault: &str,
    timeout: Duration,
) -> Vec<(Way, Result<(), TurnError>, Counts)> {
    let mut outcomes = Vec::new();
    for way in WAYS {
        let (protocol, via, is_spoken, method) = way;
        let rule = format!("{fault},method={method}");
        let emulator = services.start(&[&rule]).await;
        let backend = services.backend(&emulator, protocol, via);
        let input = if is_spoken { noise() } else { words() };
        let outcome = play(&*backend, input, timeout).await;
        outcomes.push((way, outcome, emulator.faults().counts()));
    }
    outcomes
}

/// Calls of one turn when the one that goes wrong is the last.
fn most_calls(way: Way) -> u64 {
    if way.1 == Via::MatchThenFulfill { 2 } else { 1 }
}

fn is_live(way: Way) -> bool {
    way.1 == Via::Bidi
}

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread")]
async fn every_status_is_told_with_a_hint_and_the_turn_is_not_sent_again() {
    let services = Services::new();
    for status in STATUSES {
        for applied in ["", ",applied"] {
            let fault = format!("{status}{applied}");
            for (way, outcome, counts) in strike(&services, &fault, LONG).await {
                let failed = outcome.unwrap_err();
                let code = status.to_ascii_uppercase().replace('-', "_");
                assert_eq!(
                    failed.error.code,
                    Some(code.as_str()),
                    "{fault} {way:?}: {failed:?}"
                );
                let said =
                    format!("the service answered {code}: on purpose, as a rule of this emulator says");
                assert_eq!(failed.error.message, said, "{fault} {way:?}");
                assert!(failed.error.hint.is_some(), "{fault} {way:?}: {failed:?}");
                // A socket that is refused has carried nothing.
                if is_live(way) && applied.is_empty() {
                    assert_eq!(failed.sent, Sent::No, "{fault} {way:?}");
                }
                let counted = Counts {
                    calls: most_calls(way),
                    struck: 1,
                };
                assert_eq!(counts, counted, "{fault} {way:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_get_lost_leave_the_turn_unknown_and_it_is_not_sent_again() {
    let services = Services::new();
    for fault in [
        "hang",
        "hang,applied",
        "reset",
        "reset,applied",
        "truncate",
        "html",
        "html,applied",
        "disconnect",
        "disconnect,applied",
    ] {
        let timeout = if fault.starts_with("hang") { SHORT } else { LONG };
        for (way, outcome, counts) in strike(&services, fault, timeout).await {
            // What nobody understands is answered in one message, and that one came.
            if fault == "reset,applied" && way.2 && outcome.is_ok() {
                continue;
            }
            let Err(failed) = outcome else {
                panic!("{fault} {way:?}: nothing went wrong");
            };
            let refused_at_once = is_live(way) && ["html", "disconnect"].contains(&fault);
            let sent = if refused_at_once { Sent::No } else { Sent::Unknown };
            assert_eq!(failed.sent, sent, "{fault} {way:?}: {failed:?}");
            assert!(failed.error.hint.is_some(), "{fault} {way:?}: {failed:?}");
            let kind = match fault {
                "hang" | "hang,applied" => BackendErrorKind::Timeout,
                "html" => BackendErrorKind::Protocol,
                "html,applied" if !is_live(way) => BackendErrorKind::Protocol,
                "disconnect" if is_live(way) => BackendErrorKind::Connect,
                _ => BackendErrorKind::Service,
            };
            assert_eq!(failed.error.kind, kind, "{fault} {way:?}: {failed:?}");
            // Connecting is tried again where nothing has left.
            let calls = if fault == "disconnect" && is_live(way) {
                2
            } else {
                most_calls(way)
            };
            assert_eq!(counts.calls, calls, "{fault} {way:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn late_answers_and_retired_connections_lose_nothing() {
    let services = Services::new();
    for fault in ["delay=5ms", "goaway"] {
        for (way, outcome, counts) in strike(&services, fault, LONG).await {
            assert!(outcome.is_ok(), "{fault} {way:?}: {outcome:?}");
            assert_eq!(counts.calls, most_calls(way), "{fault} {way:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_retired_connection_calls_go_another_way() {
    let services = Services::new();
    let emulator = services.start(&["goaway,every=2"]).await;
    let backend = services.backend(&emulator, Protocol::Rest, Via::Detect);
    for turn in 0..20 {
        let outcome = play(&*backend, words(), LONG).await;
        assert!(outcome.is_ok(), "{turn}: {outcome:?}");
    }
    let all = Counts {
        calls: 20,
        struck: 10,
    };
    assert_eq!(emulator.faults().counts(), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failed_handshake_nothing_has_left() {
    let services = Services::new();
    let emulator = services.start(&["bad-tls"]).await;
    for (protocol, via) in [(Protocol::Rest, Via::Detect), (Protocol::WebSocket, Via::Bidi)] {
        let backend = services.backend(&emulator, protocol, via);
        let failed = play(&*backend, words(), LONG).await.unwrap_err();
        assert!(failed.error.hint.is_some(), "{failed:?}");
        assert_eq!(emulator.faults().counts().calls, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rest_cannot_carry_is_refused_before_anything_leaves() {
    let services = Services::new();
    let emulator = services.start(&["hang"]).await;
    for (protocol, via, input) in [
        (Protocol::Rest, Via::Stream, noise()),
        (Protocol::Rest, Via::Bidi, words()),
        (Protocol::Rest, Via::Detect, noise()),
        (Protocol::WebSocket, Via::Detect, noise()),
    ] {
        let backend = services.backend(&emulator, protocol, via);
        let failed = play(&*backend, input, LONG).await.unwrap_err();
        assert_eq!(
            (failed.error.kind, failed.sent),
            (BackendErrorKind::Request, Sent::No),
            "{failed:?}"
        );
        assert!(failed.error.hint.unwrap().contains("transport: grpc"));
    }
    assert_eq!(emulator.faults().counts().calls, 0);
}
