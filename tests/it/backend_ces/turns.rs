//! One call per turn, answered at once or as a stream.

use std::sync::Arc;

use serde_json::json;
use turnproof::backend::ces::{CesBackend, CesTarget};
use turnproof::backend::error::BackendErrorKind;
use turnproof::backend::names::NoNames;
use turnproof::backend::{Backend, SessionStart, TurnRequest};
use turnproof::model::Map;
use turnproof::model::outcome::Sent;
use turnproof::model::suite::{AttachmentKind, HistoryChunk, HistoryMessage, Input, Name, Start, Via, With};
use turnproof::model::transcript::Observed;
use turnproof::proto::ces_v1 as ces;
use turnproof::proto::ces_v1::session_input::InputType;
use turnproof::proto::json::struct_to_json;

use crate::scripted::{Reply, ScriptedServer, object};

use super::*;

#[tokio::test]
async fn a_turn_is_one_request() {
    let server = ScriptedServer::start().await;
    server.reply(
        "RunSession",
        Reply::one(&response(vec![text("one", false), text("two", true)])),
    );
    let reply = open(&server, Via::Run)
        .await
        .play(TurnRequest {
            want_raw: true,
            ..say("hi")
        })
        .await
        .unwrap();
    assert_eq!(reply.texts, ["one", "two"]);
    assert_eq!(
        reply.raw,
        Some(json!({"outputs": [{"text": "one"}, {"text": "two", "turnCompleted": true}]}))
    );
    let received = server.only();
    assert_eq!(received.path, "/google.cloud.ces.v1.SessionService/RunSession");
    assert_eq!(
        received.header("x-goog-request-params"),
        format!("config.session={SESSION}")
    );
    assert!(!received.header("grpc-timeout").is_empty());
    let request = received.read::<ces::RunSessionRequest>();
    assert_eq!(
        request.config,
        Some(ces::SessionConfig {
            session: SESSION.to_owned(),
            ..Default::default()
        })
    );
    assert_eq!(inputs(&received), [InputType::Text("hi".to_owned())]);
}

/// An answer that never said that its turn is complete was taken as whole.
#[tokio::test]
async fn a_turn_that_is_not_complete_is_not_whole() {
    let server = ScriptedServer::start().await;
    let half = || vec![text("half", false)];
    for (outputs, is_whole) in [(half(), false), (vec![], true), (vec![handed_out()], true)] {
        let answer = response(outputs);
        server.reply("RunSession", Reply::one(&answer));
        let reply = open(&server, Via::Run).await.play(say("hi")).await.unwrap();
        let is_told = reply.notes.iter().any(|note| note.contains("complete"));
        assert_eq!(is_told, !is_whole, "{:?}", reply.notes);
        server.reply("StreamRunSession", Reply::many(&[answer]));
        let streamed = open(&server, Via::Stream).await.play(say("hi")).await;
        assert_eq!(streamed.is_ok(), is_whole);
        if let Err(failed) = streamed {
            assert_eq!(failed.error.kind, BackendErrorKind::Protocol);
            assert_eq!(failed.sent, Sent::Unknown);
            assert!(
                failed.error.message.contains("before the turn was complete"),
                "{failed}"
            );
        }
    }
}

#[tokio::test]
async fn a_streamed_answer_is_any_number_of_responses() {
    let server = ScriptedServer::start().await;
    let responses = [
        response(vec![text("a", false)]),
        response(vec![]),
        response(vec![text("b", false), text("c", true)]),
    ];
    server.reply("StreamRunSession", Reply::many(&responses));
    let reply = open(&server, Via::Stream)
        .await
        .play(TurnRequest {
            want_raw: true,
            ..say("hi")
        })
        .await
        .unwrap();
    assert_eq!(reply.texts, ["a", "b", "c"]);
    assert_eq!(reply.raw.unwrap().as_array().unwrap().len(), 3);
    assert_eq!(
        server.only().path,
        "/google.cloud.ces.v1.SessionService/StreamRunSession"
    );
}

#[tokio::test]
async fn every_input_has_its_own_field() {
    for (input, expected) in [
        (
            Input::Event("welcome".to_owned()),
            InputType::Event(ces::Event {
                event: "welcome".to_owned(),
            }),
        ),
        (
            Input::Dtmf {
                digits: "12".to_owned(),
                finish: Some("#".to_owned()),
            },
            InputType::Dtmf("12#".to_owned()),
        ),
        (
            Input::Variables(Map::new()),
            InputType::Variables(turnproof::proto::Struct::default()),
        ),
    ] {
        let server = ScriptedServer::start().await;
        server.reply("RunSession", Reply::one(&response(vec![])));
        open(&server, Via::Run).await.play(turn(input)).await.unwrap();
        assert_eq!(inputs(&server.only()), [expected]);
    }
}

#[tokio::test]
async fn variables_come_before_the_input_and_the_start_with_the_first_turn_only() {
    let server = ScriptedServer::start().await;
    let start = Start {
        agent: Some(Name::Display("Billing Agent".to_owned())),
        parameters: object(json!({"tier": "gold", "size": "S"})),
        history: vec![
            HistoryMessage::text("user".to_owned(), "hello".to_owned()),
            HistoryMessage::text("Root".to_owned(), "hi".to_owned()),
        ],
        ..Start::default()
    };
    let mut session = open_with(&server, target(), start).await;
    for input in [
        Input::Say("hi".to_owned()),
        Input::Variables(object(json!({"size": "M"}))),
    ] {
        server.reply("RunSession", Reply::one(&response(vec![])));
        let with = With {
            variables: object(json!({"size": "XL"})),
            ..With::default()
        };
        session
            .play(TurnRequest {
                with: with.into(),
                ..turn(input)
            })
            .await
            .unwrap();
    }
    let received = server.received();
    let first = received[0].read::<ces::RunSessionRequest>().config.unwrap();
    assert_eq!(first.entry_agent, format!("{APP}/agents/billing"));
    assert_eq!(
        first
            .historical_contexts
            .iter()
            .map(|message| message.role.as_str())
            .collect::<Vec<_>>(),
        ["user", "Root"]
    );
    let [set, said] = inputs(&received[0]).try_into().unwrap();
    assert_eq!(
        (variables(&set), said),
        (
            json!({"size": "XL", "tier": "gold"}),
            InputType::Text("hi".to_owned())
        )
    );
    let second = received[1].read::<ces::RunSessionRequest>().config.unwrap();
    assert_eq!(
        (second.entry_agent.as_str(), second.historical_contexts.len()),
        ("", 0)
    );
    let [set] = inputs(&received[1]).try_into().unwrap();
    assert_eq!(variables(&set), json!({"size": "M"}));
}

#[tokio::test]
async fn what_was_said_before_is_told_as_it_was_said() {
    use turnproof::proto::ces_v1::chunk::Data;
    let server = ScriptedServer::start().await;
    server.reply("RunSession", Reply::one(&response(vec![])));
    let file = |kind, mime_type: &str, bytes: &[u8]| HistoryChunk::File {
        kind,
        mime_type: mime_type.to_owned(),
        bytes: Arc::from(bytes),
    };
    let of_user = HistoryMessage {
        role: HistoryMessage::USER.to_owned(),
        chunks: vec![
            file(AttachmentKind::Image, "image/png", b"a picture"),
            file(AttachmentKind::Blob, "text/csv", b"a,b"),
            HistoryChunk::Text("look".to_owned()),
            HistoryChunk::Transcript("at this".to_owned()),
        ],
    };
    let start = Start {
        history: vec![
            of_user,
            HistoryMessage::text("Root".to_owned(), "I see.".to_owned()),
        ],
        ..Start::default()
    };
    let mut session = open_with(&server, target(), start).await;
    session.play(say("hi")).await.unwrap();
    let config = server.only().read::<ces::RunSessionRequest>().config.unwrap();
    let data = |message: &ces::Message| -> Vec<Data> {
        let chunks = message.chunks.iter();
        chunks.map(|chunk| chunk.data.clone().unwrap()).collect()
    };
    assert_eq!(
        data(&config.historical_contexts[0]),
        [
            Data::Image(ces::Image {
                mime_type: "image/png".to_owned(),
                data: b"a picture".to_vec()
            }),
            Data::Blob(ces::Blob {
                mime_type: "text/csv".to_owned(),
                data: b"a,b".to_vec()
            }),
            Data::Text("look".to_owned()),
            Data::Transcript("at this".to_owned()),
        ]
    );
    assert_eq!(
        data(&config.historical_contexts[1]),
        [Data::Text("I see.".to_owned())]
    );
}

#[tokio::test]
async fn everything_that_goes_along_arrives() {
    let server = ScriptedServer::start().await;
    server.reply("RunSession", Reply::one(&response(vec![])));
    let with = With {
        time_zone: Some("Europe/Berlin".to_owned()),
        deployment: Some("beta".to_owned()),
        entry_agent: Some(Name::Id("sales".to_owned())),
        use_tool_fakes: Some(true),
        remote_dialogflow: Some(object(json!({
            "webhook_headers": {"x-test": "1"}, "payload": {"a": 1}, "end_user_metadata": {"b": 2},
        }))),
        ..With::default()
    };
    let target = CesTarget {
        deployment: Some("prod".to_owned()),
        ..target()
    };
    open_with(&server, target, Start::default())
        .await
        .play(TurnRequest {
            with: with.into(),
            ..say("hi")
        })
        .await
        .unwrap();
    let config = server.only().read::<ces::RunSessionRequest>().config.unwrap();
    assert_eq!(
        config.deployment,
        format!("{APP}/deployments/beta"),
        "the turn's own"
    );
    assert_eq!(config.entry_agent, format!("{APP}/agents/sales"));
    assert_eq!(
        (config.time_zone.as_str(), config.use_tool_fakes),
        ("Europe/Berlin", true)
    );
    assert!(!config.enable_text_streaming);
    let remote = config.remote_dialogflow_query_parameters.unwrap();
    assert_eq!(remote.webhook_headers["x-test"], "1");
    assert_eq!(struct_to_json(&remote.payload.unwrap())["a"], 1);
    assert_eq!(struct_to_json(&remote.end_user_metadata.unwrap())["b"], 2);
}

#[tokio::test]
async fn tool_results_go_back_with_the_ids_of_their_calls() {
    let server = ScriptedServer::start().await;
    server.reply("RunSession", Reply::one(&response(vec![handed_out()])));
    server.reply("RunSession", Reply::one(&response(vec![text("done", true)])));
    let mut session = open(&server, Via::Run).await;
    let with = With {
        variables: object(json!({"tier": "gold"})),
        ..With::default()
    };
    let first = session
        .play(TurnRequest {
            with: with.clone().into(),
            ..say("hi")
        })
        .await
        .unwrap();
    assert_eq!(
        first
            .pending
            .iter()
            .map(|call| call.id.as_str())
            .collect::<Vec<_>>(),
        ["c1", "c2", "c3"]
    );
    assert_eq!(first.tool_calls, Observed::Seen(first.pending.clone()));
    let second = session
        .play(TurnRequest {
            input: results(),
            with: with.into(),
            ..say("")
        })
        .await
        .unwrap();
    assert_eq!(
        (second.texts.as_slice(), second.pending.len()),
        (["done".to_owned()].as_slice(), 0)
    );
    let [answers] = inputs(&server.received()[1]).try_into().unwrap();
    check_answers(&answers);
}

#[tokio::test]
async fn what_cannot_be_said_to_the_service_is_not_sent() {
    let server = ScriptedServer::start().await;
    let with = |with: With| TurnRequest {
        with: with.into(),
        ..say("hi")
    };
    for request in [
        TurnRequest {
            via: Some(Via::Detect),
            ..say("hi")
        },
        turn(Input::Silence),
        turn(Input::Intent(Name::Id("i".to_owned()))),
        with(With {
            deployment: Some("a/b".to_owned()),
            ..With::default()
        }),
        with(With {
            entry_agent: Some(Name::Display("Nobody".to_owned())),
            ..With::default()
        }),
        with(With {
            remote_dialogflow: Some(object(json!({"other": {}}))),
            ..With::default()
        }),
        TurnRequest {
            input: results(),
            ..say("")
        },
    ] {
        let failed = open(&server, Via::Run).await.play(request).await.unwrap_err();
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
async fn a_start_of_the_other_service_fails_before_the_first_turn() {
    let server = ScriptedServer::start().await;
    let backend = CesBackend::new(
        CesTarget {
            names: Arc::new(NoNames),
            ..target()
        },
        server.connection(),
    )
    .unwrap();
    let page = Start {
        page: Some(Name::Id("p".to_owned())),
        ..Start::default()
    };
    assert!(backend.open(session_start(page)).await.is_err());
    let short = SessionStart {
        session_id: "abc".to_owned(),
        ..session_start(Start::default())
    };
    assert!(backend.open(short).await.is_err());
}
