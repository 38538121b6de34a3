//! Faults over REST and WebSockets: each is what its name says, our clients say what happened and what to do, and never
//! send a turn twice.

use turnproof::backend::error::BackendErrorKind;
use turnproof::emulator::fault::Counts;
use turnproof::model::endpoint::Protocol;
use turnproof::model::outcome::Sent;
use turnproof::model::suite::Via;

use crate::faulty::{
    LONG, LOSING, SHORT, STATUSES, Services, Way, calls_outlive_their_connections,
    harmless_faults_lose_nothing, most_calls, noise, play, strike, words,
};

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

fn is_live(way: Way) -> bool {
    way.1 == Via::Bidi
}

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
    for fault in LOSING {
        let timeout = if fault.starts_with("hang") { SHORT } else { LONG };
        for (way, outcome, counts) in strike(&services, &WAYS, fault, timeout).await {
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
    harmless_faults_lose_nothing(&WAYS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_retired_connection_calls_go_another_way() {
    calls_outlive_their_connections(Protocol::Rest).await;
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
