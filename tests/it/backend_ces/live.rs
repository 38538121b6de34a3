//! Text on a live stream: one stream for the whole conversation, as long as the service lets it.

use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;
use tonic::Status;
use turnproof::backend::TurnRequest;
use turnproof::backend::ces::CesTarget;
use turnproof::backend::error::BackendErrorKind;
use turnproof::model::outcome::Sent;
use turnproof::model::suite::{Name, Start, Via, With};
use turnproof::proto::ces_v1 as ces;
use turnproof::proto::ces_v1::bidi_session_client_message::MessageType as FromClient;
use turnproof::proto::ces_v1::bidi_session_server_message::MessageType as FromServer;
use turnproof::proto::ces_v1::session_input::InputType;

use crate::scripted::{Reply, ScriptedServer, object};

use super::*;

fn live(outputs: Vec<ces::SessionOutput>) -> Vec<ces::BidiSessionServerMessage> {
    outputs
        .into_iter()
        .map(|output| from_server(FromServer::SessionOutput(output)))
        .collect()
}

fn from_server(message: FromServer) -> ces::BidiSessionServerMessage {
    ces::BidiSessionServerMessage {
        message_type: Some(message),
    }
}

/// The messages of a live stream in the order they were received.
fn live_messages(server: &ScriptedServer) -> Vec<(usize, FromClient)> {
    let messages = server.received().into_iter();
    messages
        .map(|received| {
            (
                received.call,
                received
                    .read::<ces::BidiSessionClientMessage>()
                    .message_type
                    .unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_live_stream_carries_the_whole_conversation() {
    let server = ScriptedServer::start().await;
    server.reply(
        "BidiRunSession",
        Reply::many(&live(vec![text("a", false), text("b", true), text("late", true)])),
    );
    server.reply("BidiRunSession", Reply::many(&live(vec![handed_out()])));
    server.reply("BidiRunSession", Reply::many(&live(vec![text("done", true)])));
    let mut session = open(&server, Via::Bidi).await;
    let with = With {
        variables: object(json!({"tier": "gold"})),
        ..With::default()
    };
    let first = session
        .play(TurnRequest {
            with: with.into(),
            want_raw: true,
            ..say("hi")
        })
        .await
        .unwrap();
    assert_eq!(
        first.texts,
        ["a", "b", "late"],
        "a turn may complete more than once"
    );
    assert_eq!(first.raw.unwrap()[0], json!({"sessionOutput": {"text": "a"}}));
    let second = session.play(say("look it up")).await.unwrap();
    assert_eq!(second.pending.len(), 3);
    let third = session
        .play(TurnRequest {
            input: results(),
            ..say("")
        })
        .await
        .unwrap();
    assert_eq!(third.texts, ["done"]);

    let received = live_messages(&server);
    assert!(received.iter().all(|(call, _)| *call == 0), "one stream");
    let headers = &server.received()[0];
    assert_eq!(headers.header("x-goog-request-params"), "location=locations/us");
    assert_eq!(headers.header("grpc-timeout"), "", "the stream outlives the turn");
    let [config, set, said, more, answers] = received
        .into_iter()
        .map(|(_, message)| message)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    assert!(matches!(config, FromClient::Config(config) if config.session == SESSION));
    let input = |message| match message {
        FromClient::RealtimeInput(input) => (input.input_type.unwrap(), input.will_continue),
        FromClient::Config(config) => panic!("{config:?} is no input"),
    };
    let (set, continues) = input(set);
    assert_eq!((variables(&set), continues), (json!({"tier": "gold"}), true));
    assert_eq!(input(said), (InputType::Text("hi".to_owned()), false));
    assert_eq!(input(more), (InputType::Text("look it up".to_owned()), false));
    check_answers(&input(answers).0);
}

#[tokio::test]
async fn a_stream_that_goes_away_is_opened_again_in_the_same_session() {
    let go_away = from_server(FromServer::GoAway(ces::GoAway {}));
    let mut leaving = live(vec![text("a", true)]);
    leaving.push(go_away);
    for reply in [
        Reply::many(&leaving),
        Reply::Close(vec![prost::Message::encode_to_vec(&leaving[0])]),
    ] {
        let server = ScriptedServer::start().await;
        server.reply("BidiRunSession", reply);
        server.reply("BidiRunSession", Reply::many(&live(vec![text("b", true)])));
        let start = Start {
            agent: Some(Name::Id("sales".to_owned())),
            ..Start::default()
        };
        let mut session = open_with(
            &server,
            CesTarget {
                via: Via::Bidi,
                ..target()
            },
            start,
        )
        .await;
        assert_eq!(session.play(say("one")).await.unwrap().texts, ["a"]);
        assert_eq!(session.play(say("two")).await.unwrap().texts, ["b"]);
        let configs: Vec<_> = live_messages(&server)
            .into_iter()
            .filter_map(|(call, message)| match message {
                FromClient::Config(config) => Some((call, config.session, config.entry_agent)),
                FromClient::RealtimeInput(_) => None,
            })
            .collect();
        let agent = format!("{APP}/agents/sales");
        assert_eq!(
            configs,
            [
                (0, SESSION.to_owned(), agent),
                (1, SESSION.to_owned(), String::new())
            ]
        );
    }
}

#[tokio::test]
async fn the_end_of_a_live_session_is_an_answer() {
    let metadata = turnproof::proto::json::json_to_struct(&object(json!({"reason": "done"}))).unwrap();
    let end = ces::EndSession {
        metadata: Some(metadata),
    };
    let goodbye = Status::failed_precondition("session has ended, goodbye");
    let messages = [
        from_server(FromServer::SessionOutput(text("bye", false))),
        from_server(FromServer::EndSession(end)),
        from_server(FromServer::SessionOutput(text("trailing", false))),
    ];
    let encoded = messages.iter().map(prost::Message::encode_to_vec).collect();
    let server = ScriptedServer::start().await;
    server.reply("BidiRunSession", Reply::Broken(encoded, goodbye));
    let reply = open(&server, Via::Bidi).await.play(say("bye")).await.unwrap();
    assert_eq!(reply.texts, ["bye", "trailing"]);
    assert_eq!(reply.ended, Some(object(json!({"reason": "done"}))));
}

#[tokio::test]
async fn a_live_turn_that_does_not_complete_is_no_answer() {
    let half = || vec![prost::Message::encode_to_vec(&live(vec![text("half", false)])[0])];
    for (reply, timeout, kind, sent) in [
        (
            Reply::Close(half()),
            30_000,
            BackendErrorKind::Protocol,
            Sent::Unknown,
        ),
        (
            Reply::Broken(half(), Status::unavailable("x")),
            30_000,
            BackendErrorKind::Service,
            Sent::Unknown,
        ),
        (
            Reply::fail(Status::not_found("no such app")),
            30_000,
            BackendErrorKind::Request,
            Sent::Yes,
        ),
        (
            Reply::Messages(half()),
            100,
            BackendErrorKind::Timeout,
            Sent::Unknown,
        ),
        (Reply::Never, 100, BackendErrorKind::Timeout, Sent::Unknown),
        (
            Reply::Messages(vec![vec![0xff]]),
            30_000,
            BackendErrorKind::Protocol,
            Sent::Yes,
        ),
    ] {
        let server = ScriptedServer::start().await;
        server.reply("BidiRunSession", reply);
        let request = TurnRequest {
            timeout: Duration::from_millis(timeout),
            ..say("hi")
        };
        let failed = open(&server, Via::Bidi).await.play(request).await.unwrap_err();
        assert_eq!((failed.error.kind, failed.sent), (kind, sent), "{}", failed.error);
    }
}

#[tokio::test]
async fn messages_newer_than_this_program_are_passed_over() {
    let heard = ces::RecognitionResult {
        transcript: "hi".to_owned(),
    };
    let messages = [
        ces::BidiSessionServerMessage::default(),
        from_server(FromServer::RecognitionResult(heard)),
        from_server(FromServer::SessionOutput(ces::SessionOutput::default())),
        from_server(FromServer::SessionOutput(text("hello", true))),
    ];
    let server = ScriptedServer::start().await;
    server.reply("BidiRunSession", Reply::many(&messages));
    assert_eq!(
        open(&server, Via::Bidi)
            .await
            .play(say("hi"))
            .await
            .unwrap()
            .texts,
        ["hello"]
    );
}

#[tokio::test]
async fn a_stream_that_ended_between_turns_is_opened_again() {
    let encoded = |message: ces::BidiSessionServerMessage| prost::Message::encode_to_vec(&message);
    let answer = |words: &str| vec![encoded(from_server(FromServer::SessionOutput(text(words, true))))];
    let go_away = encoded(from_server(FromServer::GoAway(ces::GoAway {})));
    for later in [Vec::new(), vec![go_away], answer("too late")] {
        let server = ScriptedServer::start().await;
        let (close, told) = oneshot::channel();
        server.reply("BidiRunSession", Reply::Later(answer("a"), told, later));
        server.reply("BidiRunSession", Reply::Messages(answer("b")));
        server.reply("RunSession", Reply::one(&response(vec![])));
        let mut session = open(&server, Via::Bidi).await;
        assert_eq!(session.play(say("one")).await.unwrap().texts, ["a"]);
        close.send(()).unwrap();
        // An answer on the same connection: whatever was sent before it has come too.
        session
            .play(TurnRequest {
                via: Some(Via::Run),
                ..say("meanwhile")
            })
            .await
            .unwrap();
        assert_eq!(session.play(say("two")).await.unwrap().texts, ["b"]);
    }
}

/// A turn that says something else by its `with` was played with what the turn before had said.
#[tokio::test]
async fn a_turn_with_another_configuration_opens_another_stream() {
    let server = ScriptedServer::start().await;
    for _ in 0..4 {
        server.reply("BidiRunSession", Reply::many(&live(vec![text("a", true)])));
    }
    let mut session = open(&server, Via::Bidi).await;
    let fakes = With {
        use_tool_fakes: Some(true),
        ..With::default()
    };
    let zone = With {
        time_zone: Some("Asia/Tokyo".to_owned()),
        ..fakes.clone()
    };
    for with in [With::default(), fakes.clone(), fakes, zone] {
        let turn = TurnRequest {
            with: with.into(),
            ..say("go")
        };
        session.play(turn).await.unwrap();
    }
    let messages = live_messages(&server);
    let opened = messages.iter().filter_map(|(_, message)| match message {
        FromClient::Config(config) => Some((config.use_tool_fakes, config.time_zone.as_str())),
        FromClient::RealtimeInput(_) => None,
    });
    assert_eq!(
        opened.collect::<Vec<_>>(),
        [(false, ""), (true, ""), (true, "Asia/Tokyo")]
    );
}

/// It was taken for the answer to the next turn, whose own answer was then that of the turn after it.
#[tokio::test]
async fn what_comes_late_is_no_answer_to_the_next_turn() {
    let numbered = |number: i32, words: &str| ces::SessionOutput {
        turn_index: number,
        ..text(words, true)
    };
    let server = ScriptedServer::start().await;
    server.reply("BidiRunSession", Reply::many(&live(vec![numbered(1, "one")])));
    server.reply(
        "BidiRunSession",
        Reply::many(&live(vec![numbered(1, "one, late"), numbered(2, "two")])),
    );
    let mut session = open(&server, Via::Bidi).await;
    assert_eq!(session.play(say("1")).await.unwrap().texts, ["one"]);
    let second = session.play(say("2")).await.unwrap();
    assert_eq!(second.texts, ["two"]);
    assert!(
        second.notes.len() == 1 && second.notes[0].ends_with("after it was over: \"one, late\""),
        "{:?}",
        second.notes
    );
}
