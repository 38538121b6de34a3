//! Emulators of both services with faults, clients of them in every protocol, and what becomes of a turn.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use turnproof::audio::Clip;
use turnproof::backend::auth::Credentials;
use turnproof::backend::call::Connection;
use turnproof::backend::ces::{CesBackend, CesTarget};
use turnproof::backend::cx::{CxBackend, CxTarget};
use turnproof::backend::names::{ExportNames, NoNames};
use turnproof::backend::{
    self, Backend, SessionStart, Speech, Take, TurnError, TurnInput, TurnRequest, reach,
};
use turnproof::diagnostic::SourceFile;
use turnproof::emulator::ces::app::App;
use turnproof::emulator::ces::{CesEmulator, CesOptions};
use turnproof::emulator::cx::engine::Engine;
use turnproof::emulator::cx::service::{CxOptions, CxService};
use turnproof::emulator::fault::{Counts, Rules};
use turnproof::emulator::{Emulator, EmulatorOptions, RunningEmulator};
use turnproof::export::{self, agent::Agent};
use turnproof::model::endpoint::{CredentialPolicy, Endpoint, Protocol};
use turnproof::model::suite::{ApiVersion, AudioSettings, Input, Start, Via, With};

/// Every status but good, as rules name them.
pub(crate) const STATUSES: [&str; 16] = [
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
pub(crate) struct Services {
    agent: Arc<Agent>,
    cx: CxService,
    ces: CesEmulator,
}

impl Services {
    pub(crate) fn new() -> Self {
        let counter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents/counter");
        let agent = Arc::new(export::load_runtime(&counter).unwrap().agent);
        let script = Arc::new(SourceFile {
            path: PathBuf::from("echo.app.yaml"),
            text: "app: Echo\nagents:\n  Desk:\n    rules:\n      - when: { matches: . }\n        do: [{ say: heard }, { say: indeed }]\n    otherwise: [{ say: Pardon? }, { say: Once more. }]\n".to_owned(),
        });
        Self {
            cx: CxService::new(Engine::new(Arc::clone(&agent), 7), CxOptions::default()),
            ces: CesEmulator::from_app(App::parse(&script).unwrap().app, CesOptions::default()),
            agent,
        }
    }

    pub(crate) async fn start(&self, rules: &[&str]) -> RunningEmulator {
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

    /// The app, on a server that lets one call in on a connection, until the test ends.
    pub(crate) async fn start_crowded(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::builder()
            .max_concurrent_streams(1)
            .add_service(self.ces.clone().into_service())
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        address
    }

    pub(crate) fn backend(
        &self,
        emulator: &RunningEmulator,
        protocol: Protocol,
        via: Via,
    ) -> Arc<dyn Backend> {
        self.backend_at(emulator.address(), protocol, via)
    }

    pub(crate) fn backend_at(&self, address: SocketAddr, protocol: Protocol, via: Via) -> Arc<dyn Backend> {
        let connection = Connection {
            endpoint: Endpoint::parse(&format!("http://{address}")).unwrap(),
            credentials: Credentials::None,
            policy: CredentialPolicy::default(),
            way: backend::way::Way::default(),
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

/// A way to play a turn: protocol and call, whether it is spoken, and the method in which it goes wrong.
pub(crate) type Way = (Protocol, Via, bool, &'static str);

/// A tenth of a second of something that nobody understands.
pub(crate) fn noise() -> TurnInput {
    let format = AudioSettings::USUAL;
    TurnInput::Speech(Speech {
        clip: Arc::new(Clip::of(format, [0x10; 3_200].to_vec())),
        pace: AudioSettings::EMULATOR_PACE,
        piece: AudioSettings::PIECE,
        file: None,
        written: None,
        interrupt_after: None,
    })
}

/// What everybody understands.
pub(crate) fn words() -> TurnInput {
    TurnInput::User(Input::Say("hi".to_owned()))
}

/// A session with nothing special about it.
pub(crate) fn session(id: &str) -> SessionStart {
    SessionStart {
        session_id: id.to_owned(),
        start: Start::default(),
        stubs: Arc::default(),
        take: Take::default(),
    }
}

/// Plays one turn; an answer means that nothing went wrong.
pub(crate) async fn play(
    backend: &dyn Backend,
    input: TurnInput,
    timeout: Duration,
) -> Result<(), TurnError> {
    let mut session = backend
        .open(session("0b1c6a52-7d3f-4a1e-9a53-2f4b6f0c9d11"))
        .await
        .unwrap();
    session.play(turn(input, timeout)).await.map(drop)
}

/// A turn with nothing special about it.
pub(crate) fn turn(input: TurnInput, timeout: Duration) -> TurnRequest {
    TurnRequest {
        input,
        with: With::default().into(),
        via: None,
        timeout,
        want_raw: false,
    }
}

/// What a fault does to a turn, however it is played; and how many calls came for it.
pub(crate) async fn strike(
    services: &Services,
    ways: &[Way],
    fault: &str,
    timeout: Duration,
) -> Vec<(Way, Result<(), TurnError>, Counts)> {
    let mut outcomes = Vec::new();
    for &way in ways {
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
pub(crate) fn most_calls(way: Way) -> u64 {
    if way.1 == Via::MatchThenFulfill { 2 } else { 1 }
}

/// Nothing takes so long.
pub(crate) const LONG: Duration = Duration::from_secs(30);
/// Enough for what never comes.
pub(crate) const SHORT: Duration = Duration::from_millis(500);

/// Faults after which nobody knows what became of the turn.
pub(crate) const LOSING: [&str; 9] = [
    "hang",
    "hang,applied",
    "reset",
    "reset,applied",
    "truncate",
    "html",
    "html,applied",
    "disconnect",
    "disconnect,applied",
];

/// Answers that are late, and connections that are retired, lose nothing.
pub(crate) async fn harmless_faults_lose_nothing(ways: &[Way]) {
    let services = Services::new();
    for fault in ["delay=5ms", "goaway"] {
        for (way, outcome, counts) in strike(&services, ways, fault, LONG).await {
            assert!(outcome.is_ok(), "{fault} {way:?}: {outcome:?}");
            assert_eq!(counts.calls, most_calls(way), "{fault} {way:?}");
        }
    }
}

/// Every other call has its connection retired, and no turn notices.
pub(crate) async fn calls_outlive_their_connections(protocol: Protocol) {
    let services = Services::new();
    let emulator = services.start(&["goaway,every=2"]).await;
    let backend = services.backend(&emulator, protocol, Via::Detect);
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
