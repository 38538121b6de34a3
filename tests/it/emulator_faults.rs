//! Faults on purpose: each is what its name says, for every way to play a turn, and our own clients say what happened,
//! what to do, and never send a turn twice.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use turnproof::audio::Clip;
use turnproof::backend::auth::Credentials;
use turnproof::backend::call::Connection;
use turnproof::backend::ces::{CesBackend, CesTarget};
use turnproof::backend::cx::{CxBackend, CxTarget};
use turnproof::backend::names::{ExportNames, NoNames};
use turnproof::backend::way::Way;
use turnproof::backend::{Backend, SessionStart, Speech, TurnError, TurnInput, TurnRequest};
use turnproof::diagnostic::SourceFile;
use turnproof::emulator::ces::app::App;
use turnproof::emulator::ces::{CesEmulator, CesOptions};
use turnproof::emulator::cx::engine::Engine;
use turnproof::emulator::cx::service::{CxOptions, CxService};
use turnproof::emulator::fault::{Counts, Rules};
use turnproof::emulator::{Emulator, EmulatorOptions, RunningEmulator};
use turnproof::export::{self, agent::Agent};
use turnproof::model::endpoint::{CredentialPolicy, Endpoint};
use turnproof::model::outcome::Sent;
use turnproof::model::suite::{ApiVersion, AudioSettings, Input, Start, Via, With};

use crate::cli_emulate::Running;
use crate::cli_place::Place;

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
            text: "app: Echo\nagents:\n  Desk:\n    rules:\n      - when: { matches: . }\n        do: [{ say: heard }]\n".to_owned(),
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

    fn backend(&self, emulator: &RunningEmulator, via: Via) -> Arc<dyn Backend> {
        let connection = Connection {
            endpoint: Endpoint::parse(&format!("http://{}", emulator.address())).unwrap(),
            credentials: Credentials::None,
            policy: CredentialPolicy::default(),
            way: Way::default(),
            user_project: None,
        };
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
                Arc::new(CesBackend::new(target, connection).unwrap())
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
                Arc::new(CxBackend::new(target, connection).unwrap())
            }
        }
    }
}

/// Every way to play a turn, whether it is spoken, and the call in which it goes wrong.
const WAYS: [(Via, bool, &str); 10] = [
    (Via::Detect, false, "DetectIntent"),
    (Via::Detect, true, "StreamingDetectIntent"),
    (Via::ServerStream, false, "ServerStreamingDetectIntent"),
    (Via::Match, false, "MatchIntent"),
    (Via::MatchThenFulfill, false, "MatchIntent"),
    (Via::MatchThenFulfill, false, "FulfillIntent"),
    (Via::Run, false, "RunSession"),
    (Via::Stream, false, "StreamRunSession"),
    (Via::Bidi, false, "BidiRunSession"),
    (Via::Bidi, true, "BidiRunSession"),
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
        take: turnproof::backend::Take::default(),
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
) -> Vec<(Via, Result<(), TurnError>, Counts)> {
    let mut outcomes = Vec::new();
    for (via, is_spoken, method) in WAYS {
        let rule = format!("{fault},method={method}");
        let emulator = services.start(&[&rule]).await;
        let backend = services.backend(&emulator, via);
        let input = if is_spoken { noise() } else { words() };
        let outcome = play(&*backend, input, timeout).await;
        outcomes.push((via, outcome, emulator.faults().counts()));
    }
    outcomes
}

/// Calls of one turn when the one that goes wrong is the last.
fn most_calls(via: Via) -> u64 {
    if via == Via::MatchThenFulfill { 2 } else { 1 }
}

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn every_status_is_told_with_a_hint_and_the_turn_is_not_sent_again() {
    let services = Services::new();
    for status in STATUSES {
        for applied in ["", ",applied"] {
            let fault = format!("{status}{applied}");
            for (via, outcome, counts) in strike(&services, &fault, LONG).await {
                let failed = outcome.unwrap_err();
                let code = status.to_ascii_uppercase().replace('-', "_");
                assert_eq!(
                    failed.error.code,
                    Some(code.as_str()),
                    "{fault} {via:?}: {failed:?}"
                );
                assert!(failed.error.hint.is_some(), "{fault} {via:?}: {failed:?}");
                assert_eq!(counts.struck, 1, "{fault} {via:?}");
                assert!(counts.calls <= most_calls(via), "{fault} {via:?}: {counts:?}");
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
        for (via, outcome, counts) in strike(&services, fault, timeout).await {
            let failed = outcome.unwrap_err();
            assert_eq!(failed.sent, Sent::Unknown, "{fault} {via:?}: {failed:?}");
            assert!(failed.error.hint.is_some(), "{fault} {via:?}: {failed:?}");
            assert_eq!(counts.struck, 1, "{fault} {via:?}");
            assert!(counts.calls <= most_calls(via), "{fault} {via:?}: {counts:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn late_answers_and_retired_connections_lose_nothing() {
    let services = Services::new();
    for fault in ["delay=5ms", "goaway"] {
        for (via, outcome, counts) in strike(&services, fault, LONG).await {
            assert!(outcome.is_ok(), "{fault} {via:?}: {outcome:?}");
            assert_eq!(counts.calls, most_calls(via), "{fault} {via:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_goaway_calls_go_another_way() {
    let services = Services::new();
    let emulator = services.start(&["goaway,every=2"]).await;
    let backend = services.backend(&emulator, Via::Detect);
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
async fn a_failed_handshake_is_a_connection_that_never_was() {
    let services = Services::new();
    let emulator = services.start(&["bad-tls"]).await;
    let backend = services.backend(&emulator, Via::Detect);
    let failed = play(&*backend, words(), LONG).await.unwrap_err();
    assert!(failed.error.hint.is_some(), "{failed:?}");
    assert_eq!(emulator.faults().counts().calls, 0);
}

/// Suites of a counter, which would skip a number if a turn were applied twice.
fn counting(place: &Place, address: &str, conversations: usize) {
    place.write(
        "turnproof.yaml",
        &format!(
            "targets: {{ counter: {{ backend: cx, agent: projects/p/locations/global/agents/a, endpoint: \"http://{address}\", credentials: none }} }}\n"
        ),
    );
    let mut suite =
        "target: counter\ndefaults: { retries: { errored: 9 }, timeouts: { turn: 2s } }\nconversations:\n"
            .to_owned();
    for number in 0..conversations {
        let _ = writeln!(suite, "  - name: counts {number}\n    turns:");
        for count in 1..=5 {
            let _ = writeln!(
                suite,
                "      - {{ event: count, expect: {{ reply: \"{count}\" }} }}"
            );
        }
    }
    place.write("counts.yaml", &suite);
}

/// Plays a run among faults, which must lose nothing: the calls that came, and the turns that were sent.
#[cfg(unix)]
fn run_among(rules: &[&str]) -> (usize, usize) {
    let place = Place::new();
    let agent = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/agents/counter");
    let mut arguments = vec!["--agent", agent, "--seed", "11"];
    for rule in rules {
        arguments.extend(["--fault", rule]);
    }
    let running = Running::start(&place, &arguments);
    counting(&place, &running.address, 200);
    let said = place.run(&["run", "--jobs", "32"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let run: Value = serde_json::from_str(&place.read("reports/run.json")).unwrap();
    let conversations = run["conversations"].as_array().unwrap();
    assert_eq!(conversations.len(), 200);
    let turns = conversations
        .iter()
        .flat_map(|conversation| conversation["attempts"].as_array().unwrap())
        .flat_map(|attempt| attempt["turns"].as_array().unwrap());
    let sent = turns.filter(|turn| turn["sent"] != "no").count();
    let line = running.interrupted();
    assert!(!line.contains(" 0 of them"), "{line}");
    let counted = line.split(' ').next().unwrap().parse().unwrap();
    (counted, sent)
}

#[cfg(unix)]
#[test]
fn a_run_among_faults_loses_nothing_and_both_sides_count_the_same() {
    let rules = [
        "unavailable,rate=2%",
        "internal,rate=1%,applied",
        "reset,rate=1%,applied",
        "truncate,rate=1%",
    ];
    let (counted, sent) = run_among(&rules);
    assert_eq!(counted, sent);
    assert!(sent > 1_000, "{sent}");
}

/// The agent's numbers tell that no turn was applied twice. A call may have begun on a connection that is retired, though,
/// and its message gone another way: it is counted twice then.
#[cfg(unix)]
#[test]
fn a_run_among_retired_connections_loses_nothing() {
    let (counted, sent) = run_among(&["goaway,every=20"]);
    assert!((1_000..=1_050).contains(&sent), "{sent}");
    assert!((sent..=sent + sent / 20).contains(&counted), "{counted} {sent}");
}

#[test]
fn a_rule_that_cannot_be_read_is_refused() {
    let place = Place::new();
    let said = place.run(&["emulate", "--agent", "x", "--fault", "unavailible"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("did you mean `unavailable`?"), "{}", said.err);
}
