//! Faults on purpose: each is what its name says, for every way to play a turn, and our own clients say what happened,
//! what to do, and never send a turn twice.

use std::fmt::Write as _;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use turnproof::backend::TurnRequest;
use turnproof::emulator::fault::Counts;
use turnproof::model::endpoint::Protocol;
use turnproof::model::outcome::Sent;
use turnproof::model::suite::Via;
use turnproof::proto::ces_v1 as ces;
use turnproof::proto::ces_v1::bidi_session_client_message::MessageType as ClientMessage;
use turnproof::proto::ces_v1::session_service_client::SessionServiceClient;

use crate::cli_emulate::Running;
use crate::cli_place::Place;
use crate::faulty::{
    LONG, LOSING, SHORT, STATUSES, Services, Way, calls_outlive_their_connections,
    harmless_faults_lose_nothing, most_calls, noise, play, session, strike, turn, words,
};

/// Every way over gRPC, in text and spoken.
const WAYS: [Way; 10] = [
    (Protocol::Grpc, Via::Detect, false, "DetectIntent"),
    (Protocol::Grpc, Via::Detect, true, "StreamingDetectIntent"),
    (
        Protocol::Grpc,
        Via::ServerStream,
        false,
        "ServerStreamingDetectIntent",
    ),
    (Protocol::Grpc, Via::Match, false, "MatchIntent"),
    (Protocol::Grpc, Via::MatchThenFulfill, false, "MatchIntent"),
    (Protocol::Grpc, Via::MatchThenFulfill, false, "FulfillIntent"),
    (Protocol::Grpc, Via::Run, false, "RunSession"),
    (Protocol::Grpc, Via::Stream, false, "StreamRunSession"),
    (Protocol::Grpc, Via::Bidi, false, "BidiRunSession"),
    (Protocol::Grpc, Via::Bidi, true, "BidiRunSession"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_status_is_told_with_a_hint_and_the_turn_is_not_sent_again() {
    let services = Services::new();
    for status in STATUSES {
        for applied in ["", ",applied"] {
            let fault = format!("{status}{applied}");
            for (way, outcome, counts) in strike(&services, &WAYS, &fault, LONG).await {
                let failed = outcome.unwrap_err();
                let code = status.to_ascii_uppercase().replace('-', "_");
                assert_eq!(
                    failed.error.code,
                    Some(code.as_str()),
                    "{fault} {way:?}: {failed:?}"
                );
                assert!(failed.error.hint.is_some(), "{fault} {way:?}: {failed:?}");
                assert_eq!(counts.struck, 1, "{fault} {way:?}");
                assert!(counts.calls <= most_calls(way), "{fault} {way:?}: {counts:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_get_lost_leave_the_turn_unknown_and_it_is_not_sent_again() {
    let services = Services::new();
    for fault in LOSING {
        let timeout = if fault.starts_with("hang") { SHORT } else { LONG };
        for (way, outcome, counts) in strike(&services, &WAYS, fault, timeout).await {
            let failed = outcome.unwrap_err();
            assert_eq!(failed.sent, Sent::Unknown, "{fault} {way:?}: {failed:?}");
            assert!(failed.error.hint.is_some(), "{fault} {way:?}: {failed:?}");
            assert_eq!(counts.struck, 1, "{fault} {way:?}");
            assert!(counts.calls <= most_calls(way), "{fault} {way:?}: {counts:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn late_answers_and_retired_connections_lose_nothing() {
    harmless_faults_lose_nothing(&WAYS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_goaway_calls_go_another_way() {
    calls_outlive_their_connections(Protocol::Grpc).await;
}

/// What a connection does not take goes over another one: in text and spoken, asked and live.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_finds_no_place_goes_another_way() {
    let services = Services::new();
    for (via, input) in [(Via::Run, words()), (Via::Bidi, words()), (Via::Bidi, noise())] {
        let address = services.start_crowded().await;
        // A live stream takes up the one place as long as its session lasts.
        let backend = services.backend_at(address, Protocol::Grpc, Via::Bidi);
        let mut first = backend
            .open(session("5d3c1f0e-9a64-4c0b-8f57-0e6c3a1b2d48"))
            .await
            .unwrap();
        first.play(turn(words(), LONG)).await.unwrap();
        let mut second = backend
            .open(session("0b1c6a52-7d3f-4a1e-9a53-2f4b6f0c9d11"))
            .await
            .unwrap();
        let turn = TurnRequest {
            via: Some(via),
            ..turn(input, LONG)
        };
        let outcome = second.play(turn).await;
        assert!(outcome.is_ok(), "{via:?}: {outcome:?}");
    }
}

/// Not our own client, which speaks at once: others may wait for the head of the answer first.
#[tokio::test]
async fn who_listens_before_they_speak_is_answered_where_nothing_goes_wrong() {
    let emulator = Services::new().start(&["unavailable,method=RunSession"]).await;
    let address = format!("http://{}", emulator.address());
    let mut client = SessionServiceClient::connect(address).await.unwrap();
    let (sender, messages) = mpsc::channel(1);
    let call = client.bidi_run_session(ReceiverStream::new(messages));
    let mut answers = call.await.unwrap().into_inner();
    assert_eq!(emulator.faults().counts().calls, 0, "nothing was asked yet");
    let nothing = ces::BidiSessionClientMessage {
        message_type: Some(ClientMessage::Config(ces::SessionConfig::default())),
    };
    sender.send(nothing).await.unwrap();
    // A session without a name is refused; by then the message has come.
    let refused = answers.message().await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let one = Counts { calls: 1, struck: 0 };
    assert_eq!(emulator.faults().counts(), one);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_handshake_is_a_connection_that_never_was() {
    let services = Services::new();
    let emulator = services.start(&["bad-tls"]).await;
    let backend = services.backend(&emulator, Protocol::Grpc, Via::Detect);
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
        "target: counter\ndefaults: { retries: { errored: 9 }, timeouts: { turn: 20s } }\nconversations:\n"
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

/// What both sides of a run tell.
#[derive(Debug, PartialEq)]
struct Told {
    /// Calls that came.
    counted: usize,
    /// Turns that were sent.
    sent: usize,
    /// Errors of conversations that were played again after them.
    errors: Vec<String>,
}

/// Plays a run among faults, which must lose nothing.
#[cfg(unix)]
fn run_among(rules: &[&str]) -> Told {
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
    let attempts: Vec<&Value> = conversations
        .iter()
        .flat_map(|conversation| conversation["attempts"].as_array().unwrap())
        .collect();
    let errors = attempts.iter().filter_map(|attempt| attempt.get("error"));
    let errors = errors.map(ToString::to_string).collect();
    let turns = attempts
        .iter()
        .flat_map(|attempt| attempt["turns"].as_array().unwrap());
    let sent = turns.filter(|turn| turn["sent"] != "no").count();
    let line = running.interrupted();
    assert!(!line.contains(" 0 of them"), "{line}");
    Told {
        counted: line.split(' ').next().unwrap().parse().unwrap(),
        sent,
        errors,
    }
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
    let told = run_among(&rules);
    assert_eq!(told.counted, told.sent);
    assert!(told.sent > 1_000 && !told.errors.is_empty(), "{told:?}");
}

/// A call may begin on a connection that is retired, and its message go another way: it counts where that comes.
#[cfg(unix)]
#[test]
fn a_run_among_retired_connections_loses_nothing() {
    let nothing_lost = Told {
        counted: 1_000,
        sent: 1_000,
        errors: Vec::new(),
    };
    assert_eq!(run_among(&["goaway,every=20"]), nothing_lost);
}

#[test]
fn a_rule_that_cannot_be_read_is_refused() {
    let place = Place::new();
    let said = place.run(&["emulate", "--agent", "x", "--fault", "unavailible"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("did you mean `unavailable`?"), "{}", said.err);
}
