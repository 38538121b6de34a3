//! What the service refuses, and what is never sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use prost::Message;
use prost::bytes::Bytes;
use serde_json::json;
use tonic::Status;
use turnproof::backend::cx::{CxBackend, CxTarget};
use turnproof::backend::error::BackendErrorKind;
use turnproof::backend::names::NoNames;
use turnproof::backend::transport::{Call, Lasts, Line, LiveStream, Outgoing, Part, Transport};
use turnproof::backend::{Backend, BackendError, ToolResult, TurnError, TurnInput, TurnRequest};
use turnproof::model::Map;
use turnproof::model::outcome::Sent;
use turnproof::model::suite::{Input, Name, Start, Via, With};
use turnproof::model::transcript::AgentReply;
use turnproof::proto::cx_v3beta1 as cx;

use crate::scripted::{Reply, ScriptedServer, object};

use super::*;

async fn played(server: &ScriptedServer, request: TurnRequest) -> Result<Box<AgentReply>, TurnError> {
    open(server).await.play(request).await
}

#[tokio::test]
async fn a_result_that_nothing_waits_for_is_not_sent() {
    let server = ScriptedServer::start().await;
    let result = ToolResult {
        id: "call-9".to_owned(),
        tool: "orders/find".to_owned(),
        result: Ok(json!({})),
    };
    let request = TurnRequest {
        input: TurnInput::ToolResults(vec![result]),
        ..say("")
    };
    let failed = open(&server).await.play(request).await.unwrap_err();
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Request, Sent::No)
    );
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_refusal_says_what_and_whether_it_was_applied() {
    for (status, kind, sent) in [
        (
            Status::unauthenticated("expired"),
            BackendErrorKind::Auth,
            Sent::Yes,
        ),
        (Status::permission_denied("no"), BackendErrorKind::Auth, Sent::Yes),
        (
            Status::resource_exhausted("slow down"),
            BackendErrorKind::Quota,
            Sent::Yes,
        ),
        (
            Status::not_found("no such agent"),
            BackendErrorKind::Request,
            Sent::Yes,
        ),
        (
            Status::unavailable("restarting"),
            BackendErrorKind::Service,
            Sent::Unknown,
        ),
        (Status::internal("oops"), BackendErrorKind::Service, Sent::Unknown),
    ] {
        for via in [Via::Detect, Via::ServerStream, Via::Match] {
            let server = ScriptedServer::start().await;
            for method in ["DetectIntent", "ServerStreamingDetectIntent", "MatchIntent"] {
                server.reply(method, Reply::fail(status.clone()));
            }
            let failed = played(
                &server,
                TurnRequest {
                    via: Some(via),
                    ..say("hi")
                },
            )
            .await
            .unwrap_err();
            assert_eq!(
                (failed.error.kind, failed.sent),
                (kind, sent),
                "{via:?} {status:?}"
            );
            assert!(failed.error.message.contains(status.message()));
            assert_eq!(server.received().len(), 1, "never sent twice");
        }
    }
}

#[tokio::test]
async fn a_stream_that_fails_halfway_is_no_answer() {
    let server = ScriptedServer::start().await;
    let part = answer(vec![text("half")]).encode_to_vec();
    server.reply(
        "ServerStreamingDetectIntent",
        Reply::Broken(vec![part], Status::unavailable("gone")),
    );
    let failed = played(
        &server,
        TurnRequest {
            via: Some(Via::ServerStream),
            ..say("hi")
        },
    )
    .await
    .unwrap_err();
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Service, Sent::Unknown)
    );
}

#[tokio::test]
async fn answers_of_another_shape_are_told_as_such() {
    let fine = answer(vec![]).encode_to_vec();
    for (messages, expected) in [
        (vec![vec![0xff, 0xff, 0xff]], "cannot be read"),
        (vec![], "0 messages where one was expected"),
        (vec![fine.clone(), fine], "2 messages where one was expected"),
    ] {
        let server = ScriptedServer::start().await;
        server.reply("DetectIntent", Reply::Messages(messages));
        let failed = played(&server, say("hi")).await.unwrap_err();
        assert_eq!(
            (failed.error.kind, failed.sent),
            (BackendErrorKind::Protocol, Sent::Yes)
        );
        assert!(failed.error.message.contains(expected), "{}", failed.error);
    }
}

#[tokio::test]
async fn a_match_without_candidates_cannot_be_fulfilled() {
    let server = ScriptedServer::start().await;
    server.reply("MatchIntent", Reply::one(&cx::MatchIntentResponse::default()));
    let failed = played(
        &server,
        TurnRequest {
            via: Some(Via::MatchThenFulfill),
            ..say("hi")
        },
    )
    .await
    .unwrap_err();
    assert!(failed.error.message.contains("no match"), "{}", failed.error);
}

/// Answers one call and cannot be reached for the next.
#[derive(Default)]
struct GoneAfterOne(AtomicBool);

#[async_trait]
impl Transport for GoneAfterOne {
    async fn line(self: Arc<Self>, _: &SessionStart) -> Result<Arc<dyn Line>, BackendError> {
        Ok(self)
    }
}

#[async_trait]
impl Line for GoneAfterOne {
    async fn ask(&self, _: &Call, _: Bytes) -> Result<Vec<Part>, TurnError> {
        if self.0.swap(true, Ordering::SeqCst) {
            return Err(TurnError::unsent(BackendError::new(
                BackendErrorKind::Connect,
                "gone",
            )));
        }
        let answer = cx::MatchIntentResponse {
            matches: vec![cx::Match::default()],
            ..Default::default()
        };
        Ok(vec![Part {
            bytes: answer.encode_to_vec().into(),
            at: Duration::ZERO,
        }])
    }

    async fn open(&self, _: &Call, _: Vec<Bytes>) -> Result<Box<dyn LiveStream>, TurnError> {
        unreachable!("there are no streams")
    }

    async fn stream(
        &self,
        _: &Call,
        _: BoxStream<'static, Outgoing>,
        _: Lasts,
    ) -> Result<Box<dyn LiveStream>, TurnError> {
        unreachable!("there are no streams")
    }
}

#[tokio::test]
async fn a_turn_that_was_matched_has_left_though_it_could_not_be_fulfilled() {
    let backend = CxBackend::over(target(), Arc::new(GoneAfterOne::default())).unwrap();
    let mut session = backend.open(session_start(Start::default())).await.unwrap();
    let input = say("hi").input;
    let via = Some(Via::MatchThenFulfill);
    assert_eq!(
        (session.requests(&input, via), session.requests(&input, None)),
        (2, 1)
    );
    let failed = session.play(TurnRequest { via, ..say("hi") }).await.unwrap_err();
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Connect, Sent::Unknown)
    );
}

#[tokio::test]
async fn what_cannot_be_said_to_the_service_is_not_sent() {
    let server = ScriptedServer::start().await;
    let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
    for request in [
        TurnRequest {
            via: Some(Via::Run),
            ..say("hi")
        },
        turn(Input::Variables(Map::new())),
        turn(Input::Intent(Name::Display("unheard of".to_owned()))),
        TurnRequest {
            with: With {
                flow_versions: vec!["x".to_owned()],
                ..With::default()
            }
            .into(),
            ..say("hi")
        },
        TurnRequest {
            with: With {
                parameters: object(json!({ "deep": deep })),
                ..With::default()
            }
            .into(),
            ..say("hi")
        },
    ] {
        let failed = played(&server, request).await.unwrap_err();
        assert_eq!(
            (failed.error.kind, failed.sent),
            (BackendErrorKind::Request, Sent::No),
            "{}",
            failed.error
        );
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn unknown_names_fail_before_the_first_turn() {
    let server = ScriptedServer::start().await;
    let display = |name: &str| Some(Name::Display(name.to_owned()));
    let backend = CxBackend::new(
        CxTarget {
            names: Arc::new(NoNames),
            ..target()
        },
        server.connection(),
    )
    .unwrap();
    for (start, expected) in [
        (
            Start {
                flow: display("Billing"),
                ..Start::default()
            },
            "no flow called `Billing` is known",
        ),
        (
            Start {
                page: display("Pay"),
                ..Start::default()
            },
            "no page called `Pay` is known",
        ),
        (
            Start {
                playbook: display("Support"),
                ..Start::default()
            },
            "no playbook called `Support` is known",
        ),
        (
            Start {
                agent: display("Root"),
                ..Start::default()
            },
            "are of CES",
        ),
    ] {
        let error = backend.open(session_start(start)).await.map(|_| ()).unwrap_err();
        assert!(error.message.contains(expected), "{error}");
    }
    let wrong = CxTarget {
        flow_versions: vec!["nonsense".to_owned()],
        ..target()
    };
    assert!(CxBackend::new(wrong, server.connection()).is_err());
}
