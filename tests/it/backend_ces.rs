//! The CES client over real gRPC: one call per turn, a stream of outputs, and text on a live stream.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tonic::Status;
use turnproof::backend::ces::{CesBackend, CesTarget};
use turnproof::backend::error::BackendErrorKind;
use turnproof::backend::names::{Names, NoNames};
use turnproof::backend::{Backend, Session, SessionStart, ToolResult, TurnInput, TurnRequest};
use turnproof::model::Map;
use turnproof::model::outcome::Sent;
use turnproof::model::suite::{Input, Name, Start, Via, With};
use turnproof::model::transcript::Observed;
use turnproof::proto::ces_v1 as ces;
use turnproof::proto::ces_v1::bidi_session_client_message::MessageType as FromClient;
use turnproof::proto::ces_v1::bidi_session_server_message::MessageType as FromServer;
use turnproof::proto::ces_v1::session_input::InputType;
use turnproof::proto::ces_v1::session_output::OutputType;
use turnproof::proto::json::struct_to_json;

use crate::scripted::{Received, Reply, ScriptedServer};

const APP: &str = "projects/p/locations/us/apps/shop";
const SESSION: &str = "projects/p/locations/us/apps/shop/sessions/session-1";

struct Directory;

impl Names for Directory {
    fn flow(&self, _: &str) -> Option<String> {
        None
    }
    fn start_flow(&self) -> Option<String> {
        None
    }
    fn page(&self, _: &str, _: &str) -> Option<String> {
        None
    }
    fn playbook(&self, _: &str) -> Option<String> {
        None
    }
    fn intent(&self, _: &str) -> Option<String> {
        None
    }
    fn entity_type(&self, _: &str) -> Option<String> {
        None
    }
    fn agent(&self, name: &str) -> Option<String> {
        (name == "Billing Agent").then(|| "billing".to_owned())
    }
}

fn target() -> CesTarget {
    CesTarget {
        app: APP.parse().unwrap(),
        deployment: None,
        via: Via::Run,
        names: Arc::new(Directory),
    }
}

fn session_start(start: Start) -> SessionStart {
    SessionStart {
        session_id: "session-1".to_owned(),
        start,
        webhooks: Arc::default(),
    }
}

async fn open_with(server: &ScriptedServer, target: CesTarget, start: Start) -> Box<dyn Session> {
    let backend = CesBackend::new(target, server.connection()).unwrap();
    backend.open(session_start(start)).await.unwrap()
}

async fn open(server: &ScriptedServer, via: Via) -> Box<dyn Session> {
    open_with(server, CesTarget { via, ..target() }, Start::default()).await
}

fn turn(input: Input) -> TurnRequest {
    TurnRequest {
        input: TurnInput::User(input),
        with: With::default(),
        via: None,
        timeout: Duration::from_secs(30),
        want_raw: false,
    }
}

fn say(text: &str) -> TurnRequest {
    turn(Input::Say(text.to_owned()))
}

fn object(value: Value) -> Map {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

fn text(words: &str, turn_completed: bool) -> ces::SessionOutput {
    ces::SessionOutput {
        turn_completed,
        output_type: Some(OutputType::Text(words.to_owned())),
        ..Default::default()
    }
}

fn response(outputs: Vec<ces::SessionOutput>) -> ces::RunSessionResponse {
    ces::RunSessionResponse { outputs }
}

fn from_server(message: FromServer) -> ces::BidiSessionServerMessage {
    ces::BidiSessionServerMessage {
        message_type: Some(message),
    }
}

fn live(outputs: Vec<ces::SessionOutput>) -> Vec<ces::BidiSessionServerMessage> {
    outputs
        .into_iter()
        .map(|output| from_server(FromServer::SessionOutput(output)))
        .collect()
}

fn inputs(received: &Received) -> Vec<InputType> {
    let request = received.read::<ces::RunSessionRequest>();
    request
        .inputs
        .into_iter()
        .map(|input| input.input_type.unwrap())
        .collect()
}

fn variables(input: &InputType) -> Value {
    match input {
        InputType::Variables(fields) => Value::Object(struct_to_json(fields)),
        other => panic!("{other:?} are no variables"),
    }
}

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
            InputType::Variables(prost_types::Struct::default()),
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
            ("user".to_owned(), "hello".to_owned()),
            ("Root".to_owned(), "hi".to_owned()),
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
        session.play(TurnRequest { with, ..turn(input) }).await.unwrap();
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
        .play(TurnRequest { with, ..say("hi") })
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

fn handed_out() -> ces::SessionOutput {
    let call = |id: &str| ces::ToolCall {
        id: id.to_owned(),
        display_name: "lookup".to_owned(),
        tool_identifier: Some(ces::tool_call::ToolIdentifier::Tool(format!("{APP}/tools/t1"))),
        args: None,
    };
    ces::SessionOutput {
        output_type: Some(OutputType::ToolCalls(ces::ToolCalls {
            tool_calls: vec![call("c1"), call("c2"), call("c3")],
        })),
        ..Default::default()
    }
}

fn results() -> TurnInput {
    let result = |id: &str, result| ToolResult {
        id: id.to_owned(),
        tool: "lookup".to_owned(),
        result,
    };
    TurnInput::ToolResults(vec![
        result("c1", Ok(json!({"status": "shipped"}))),
        result("c2", Ok(json!(3))),
        result("c3", Err("no such order".to_owned())),
    ])
}

fn check_answers(input: &InputType) {
    let InputType::ToolResponses(sent) = input else {
        panic!("{input:?} are no tool responses")
    };
    let answers: Vec<_> = sent
        .tool_responses
        .iter()
        .map(|sent| {
            (
                sent.id.as_str(),
                Value::Object(struct_to_json(sent.response.as_ref().unwrap())),
            )
        })
        .collect();
    let expected = [
        ("c1", json!({"status": "shipped"})),
        ("c2", json!({"output": 3})),
        ("c3", json!({"error": "no such order"})),
    ];
    assert_eq!(answers, expected);
    let identifier = Some(ces::tool_response::ToolIdentifier::Tool(format!(
        "{APP}/tools/t1"
    )));
    assert!(
        sent.tool_responses
            .iter()
            .all(|sent| sent.tool_identifier == identifier)
    );
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
            with: with.clone(),
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
            with,
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
    let with = |with: With| TurnRequest { with, ..say("hi") };
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
            with,
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
