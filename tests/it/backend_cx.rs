//! The Dialogflow CX client over real gRPC: what leaves, what comes back, and what is never sent.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use prost::Message;
use serde_json::{Value, json};
use tonic::Status;
use turnproof::backend::cx::{ApiVersion, CxBackend, CxTarget};
use turnproof::backend::error::BackendErrorKind;
use turnproof::backend::names::{Names, NoNames};
use turnproof::backend::{Backend, Session, SessionStart, ToolResult, TurnError, TurnInput, TurnRequest};
use turnproof::model::Map;
use turnproof::model::outcome::Sent;
use turnproof::model::suite::{EmulatorOverride, Input, Name, SessionEntityType, Start, Via, With};
use turnproof::model::transcript::{AgentReply, CallSource, Observed};
use turnproof::proto::cx_v3beta1::{query_input, response_message};
use turnproof::proto::json::{json_to_struct, struct_to_json};
use turnproof::proto::{cx_v3, cx_v3beta1 as cx};

use crate::scripted::{Reply, ScriptedServer};

const AGENT: &str = "projects/p/locations/global/agents/a";
const FULL: i32 = cx::DetectIntentResponseView::Full as i32;

struct Directory;

impl Names for Directory {
    fn flow(&self, name: &str) -> Option<String> {
        (name == "Billing").then(|| "flow-1".to_owned())
    }
    fn start_flow(&self) -> Option<String> {
        Some("flow-0".to_owned())
    }
    fn page(&self, flow: &str, name: &str) -> Option<String> {
        (name == "Pay").then(|| format!("pay-of-{flow}"))
    }
    fn playbook(&self, name: &str) -> Option<String> {
        (name == "Support").then(|| "playbook-1".to_owned())
    }
    fn intent(&self, name: &str) -> Option<String> {
        (name == "pay.bill").then(|| "intent-1".to_owned())
    }
    fn entity_type(&self, name: &str) -> Option<String> {
        (name == "size").then(|| "entity-1".to_owned())
    }
    fn agent(&self, _: &str) -> Option<String> {
        None
    }
}

fn target() -> CxTarget {
    CxTarget {
        agent: AGENT.parse().unwrap(),
        environment: None,
        flow_versions: Vec::new(),
        api_version: ApiVersion::V3,
        via: Via::Detect,
        language: "en".to_owned(),
        names: Arc::new(Directory),
        emulator: false,
    }
}

async fn open_with(server: &ScriptedServer, target: CxTarget, start: Start) -> Box<dyn Session> {
    let backend = CxBackend::new(target, server.connection()).unwrap();
    backend.open(session_start(start)).await.unwrap()
}

async fn open(server: &ScriptedServer) -> Box<dyn Session> {
    open_with(server, target(), Start::default()).await
}

fn session_start(start: Start) -> SessionStart {
    SessionStart {
        session_id: "s1".to_owned(),
        start,
        webhooks: Arc::default(),
    }
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

fn text(words: &str) -> cx::ResponseMessage {
    let text = response_message::Text {
        text: vec![words.to_owned()],
        ..Default::default()
    };
    cx::ResponseMessage {
        message: Some(response_message::Message::Text(text)),
        ..Default::default()
    }
}

fn answer(messages: Vec<cx::ResponseMessage>) -> cx::DetectIntentResponse {
    cx::DetectIntentResponse {
        query_result: Some(cx::QueryResult {
            response_messages: messages,
            ..Default::default()
        }),
        response_type: cx::detect_intent_response::ResponseType::Final.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_turn_is_one_request_that_says_everything() {
    for (api_version, package) in [(ApiVersion::V3, "v3"), (ApiVersion::V3Beta1, "v3beta1")] {
        let server = ScriptedServer::start().await;
        server.reply("DetectIntent", Reply::one(&answer(vec![text("hello")])));
        let mut session = open_with(
            &server,
            CxTarget {
                api_version,
                ..target()
            },
            Start::default(),
        )
        .await;
        let reply = session.play(say("hi")).await.unwrap();
        assert_eq!(reply.texts, ["hello"]);
        assert!(reply.latency.first <= reply.latency.total && !reply.latency.total.is_zero());
        assert_eq!(reply.raw, None, "nobody asked");

        let received = server.only();
        assert_eq!(
            received.path,
            format!("/google.cloud.dialogflow.cx.{package}.Sessions/DetectIntent")
        );
        assert_eq!(
            received.header("x-goog-request-params"),
            format!("session={AGENT}/sessions/s1")
        );
        assert!(received.header("user-agent").starts_with("turnproof/"));
        assert!(!received.header("grpc-timeout").is_empty());
        for absent in ["authorization", "x-goog-user-project", "x-turnproof-clock"] {
            assert_eq!(received.header(absent), "");
        }
        let expected = cx_v3::DetectIntentRequest {
            session: format!("{AGENT}/sessions/s1"),
            query_params: Some(cx_v3::QueryParameters::default()),
            query_input: Some(cx_v3::QueryInput {
                language_code: "en".to_owned(),
                input: Some(cx_v3::query_input::Input::Text(cx_v3::TextInput {
                    text: "hi".to_owned(),
                })),
            }),
            response_view: FULL,
            ..Default::default()
        };
        assert_eq!(received.read::<cx_v3::DetectIntentRequest>(), expected);
    }
}

#[tokio::test]
async fn every_input_has_its_own_field() {
    use query_input::Input as Sent;
    for (input, expected) in [
        (Input::Silence, Sent::Text(cx::TextInput::default())),
        (
            Input::Event("welcome".to_owned()),
            Sent::Event(cx::EventInput {
                event: "welcome".to_owned(),
            }),
        ),
        (
            Input::Intent(Name::Display("pay.bill".to_owned())),
            Sent::Intent(cx::IntentInput {
                intent: format!("{AGENT}/intents/intent-1"),
            }),
        ),
        (
            Input::Intent(Name::Id("other".to_owned())),
            Sent::Intent(cx::IntentInput {
                intent: format!("{AGENT}/intents/other"),
            }),
        ),
        (
            Input::Dtmf {
                digits: "12".to_owned(),
                finish: Some("#".to_owned()),
            },
            Sent::Dtmf(cx::DtmfInput {
                digits: "12".to_owned(),
                finish_digit: "#".to_owned(),
            }),
        ),
    ] {
        let server = ScriptedServer::start().await;
        server.reply("DetectIntent", Reply::one(&answer(vec![])));
        open(&server).await.play(turn(input)).await.unwrap();
        let sent = server
            .only()
            .read::<cx::DetectIntentRequest>()
            .query_input
            .unwrap();
        assert_eq!(sent.input, Some(expected));
    }
}

#[tokio::test]
async fn everything_that_goes_along_arrives() {
    let server = ScriptedServer::start().await;
    server.reply("DetectIntent", Reply::one(&answer(vec![])));
    let with = With {
        parameters: object(json!({"tier": "gold", "gone": null})),
        language: Some("de".to_owned()),
        time_zone: Some("Europe/Berlin".to_owned()),
        payload: Some(object(json!({"a": [1]}))),
        disable_webhook: Some(true),
        webhook_headers: vec![("x-test".to_owned(), "1".to_owned())],
        channel: Some("web".to_owned()),
        session_entity_types: vec![SessionEntityType {
            entity_type: Name::Display("size".to_owned()),
            supplement: true,
            entities: vec![("XL".to_owned(), vec!["huge".to_owned()])],
        }],
        sentiment: Some(true),
        session_ttl: Some(Duration::from_mins(90)),
        flow_versions: vec!["flow-1/3".to_owned()],
        ..With::default()
    };
    open(&server)
        .await
        .play(TurnRequest { with, ..say("hi") })
        .await
        .unwrap();
    let request = server.only().read::<cx::DetectIntentRequest>();
    assert_eq!(request.query_input.unwrap().language_code, "de");
    let params = request.query_params.unwrap();
    assert_eq!(
        Value::Object(struct_to_json(&params.parameters.unwrap())),
        json!({"gone": null, "tier": "gold"})
    );
    assert_eq!(params.time_zone, "Europe/Berlin");
    assert_eq!(
        Value::Object(struct_to_json(&params.payload.unwrap())),
        json!({"a": [1]})
    );
    assert!(params.disable_webhook && params.analyze_query_text_sentiment);
    assert_eq!(params.webhook_headers["x-test"], "1");
    assert_eq!(
        (params.channel.as_str(), params.session_ttl.unwrap().seconds),
        ("web", 5_400)
    );
    assert_eq!(params.flow_versions, [format!("{AGENT}/flows/flow-1/versions/3")]);
    let [kind] = params.session_entity_types.as_slice() else {
        panic!("one entity type")
    };
    assert_eq!(kind.name, format!("{AGENT}/sessions/s1/entityTypes/entity-1"));
    assert_eq!(
        kind.entity_override_mode(),
        cx::session_entity_type::EntityOverrideMode::Supplement
    );
    assert_eq!(
        (
            kind.entities[0].value.as_str(),
            kind.entities[0].synonyms[0].as_str()
        ),
        ("XL", "huge")
    );
}

#[tokio::test]
async fn the_start_goes_with_the_first_turn_only() {
    let name = |name: &str| Some(Name::Display(name.to_owned()));
    for (start, page, playbook) in [
        (
            Start {
                flow: name("Billing"),
                page: name("Pay"),
                ..Start::default()
            },
            "flows/flow-1/pages/pay-of-flow-1",
            "",
        ),
        (
            Start {
                flow: name("Billing"),
                ..Start::default()
            },
            "flows/flow-1/pages/START_PAGE",
            "",
        ),
        (
            Start {
                page: name("Pay"),
                ..Start::default()
            },
            "flows/flow-0/pages/pay-of-flow-0",
            "",
        ),
        (
            Start {
                page: name("Start Page"),
                ..Start::default()
            },
            "flows/flow-0/pages/START_PAGE",
            "",
        ),
        (
            Start {
                page: Some(Name::Id("x".to_owned())),
                ..Start::default()
            },
            "flows/flow-0/pages/x",
            "",
        ),
        (
            Start {
                playbook: name("Support"),
                ..Start::default()
            },
            "",
            "playbooks/playbook-1",
        ),
    ] {
        let server = ScriptedServer::start().await;
        let full = |part: &str| {
            if part.is_empty() {
                String::new()
            } else {
                format!("{AGENT}/{part}")
            }
        };
        let start = Start {
            parameters: object(json!({"tier": "gold", "size": "S"})),
            ..start
        };
        let mut session = open_with(&server, target(), start).await;
        for _ in 0..2 {
            server.reply("DetectIntent", Reply::one(&answer(vec![])));
            let with = With {
                parameters: object(json!({"size": "XL"})),
                ..With::default()
            };
            session.play(TurnRequest { with, ..say("hi") }).await.unwrap();
        }
        let params = |turn: usize| {
            server.received()[turn]
                .read::<cx::DetectIntentRequest>()
                .query_params
                .unwrap()
        };
        assert_eq!(
            (params(0).current_page, params(0).current_playbook),
            (full(page), full(playbook))
        );
        assert_eq!(
            (params(1).current_page, params(1).current_playbook),
            (String::new(), String::new())
        );
        let sent = |turn: usize| Value::Object(struct_to_json(&params(turn).parameters.unwrap()));
        assert_eq!(
            (sent(0), sent(1)),
            (json!({"size": "XL", "tier": "gold"}), json!({"size": "XL"}))
        );
    }
}

#[tokio::test]
async fn environments_and_pinned_versions_come_from_the_target() {
    let server = ScriptedServer::start().await;
    server.reply("DetectIntent", Reply::one(&answer(vec![])));
    let target = CxTarget {
        environment: Some("prod".to_owned()),
        flow_versions: vec!["flow-1/7".to_owned()],
        ..target()
    };
    open_with(&server, target, Start::default())
        .await
        .play(say("hi"))
        .await
        .unwrap();
    let request = server.only().read::<cx::DetectIntentRequest>();
    assert_eq!(request.session, format!("{AGENT}/environments/prod/sessions/s1"));
    assert_eq!(
        request.query_params.unwrap().flow_versions,
        [format!("{AGENT}/flows/flow-1/versions/7")]
    );
}

#[tokio::test]
async fn a_streamed_answer_is_any_number_of_parts() {
    let partial = |words| cx::DetectIntentResponse {
        response_type: cx::detect_intent_response::ResponseType::Partial.into(),
        ..answer(vec![text(words)])
    };
    for (responses, expected) in [
        (vec![answer(vec![text("only")])], vec!["only"]),
        (
            vec![
                partial("a"),
                partial("b"),
                answer(vec![text("a"), text("b"), text("c")]),
            ],
            vec!["a", "b", "c"],
        ),
        (vec![partial("a"), answer(vec![text("b")])], vec!["a", "b"]),
    ] {
        let server = ScriptedServer::start().await;
        server.reply("ServerStreamingDetectIntent", Reply::many(&responses));
        let request = TurnRequest {
            via: Some(Via::ServerStream),
            want_raw: true,
            ..say("hi")
        };
        let reply = open(&server).await.play(request).await.unwrap();
        assert_eq!(reply.texts, expected);
        assert!(reply.latency.first <= reply.latency.total);
        let raw = reply.raw.unwrap();
        assert_eq!(raw.as_array().map_or(1, Vec::len), responses.len(), "{raw}");
    }
}

#[tokio::test]
async fn the_raw_answer_is_that_of_the_version_asked() {
    let message = cx_v3::ResponseMessage {
        response_type: cx_v3::response_message::ResponseType::EntryPrompt.into(),
        message: Some(cx_v3::response_message::Message::Text(
            cx_v3::response_message::Text {
                text: vec!["hello".to_owned()],
                ..Default::default()
            },
        )),
        ..Default::default()
    };
    let parameters = json_to_struct(&object(json!({"count": 2}))).unwrap();
    let response = cx_v3::DetectIntentResponse {
        query_result: Some(cx_v3::QueryResult {
            response_messages: vec![message],
            parameters: Some(parameters),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut bytes = response.encode_to_vec();
    bytes.extend([0xfa, 0x7c, 0x03, b'n', b'e', b'w']);
    let server = ScriptedServer::start().await;
    server.reply("DetectIntent", Reply::Messages(vec![bytes]));
    let reply = open(&server)
        .await
        .play(TurnRequest {
            want_raw: true,
            ..say("hi")
        })
        .await
        .unwrap();
    let expected = json!({"queryResult": {
        "parameters": {"count": 2},
        "responseMessages": [{"text": {"text": ["hello"]}, "responseType": "ENTRY_PROMPT"}],
    }});
    assert_eq!(reply.raw, Some(expected));
}

fn offered() -> cx::MatchIntentResponse {
    let found = |kind: cx::r#match::MatchType, confidence| cx::Match {
        match_type: kind.into(),
        confidence,
        ..Default::default()
    };
    cx::MatchIntentResponse {
        matches: vec![
            found(cx::r#match::MatchType::Intent, 0.75),
            found(cx::r#match::MatchType::NoMatch, 0.25),
        ],
        ..Default::default()
    }
}

#[tokio::test]
async fn matching_changes_nothing_so_the_start_is_still_to_come() {
    let server = ScriptedServer::start().await;
    server.reply("MatchIntent", Reply::one(&offered()));
    server.reply("DetectIntent", Reply::one(&answer(vec![])));
    let start = Start {
        page: Some(Name::Id("x".to_owned())),
        ..Start::default()
    };
    let mut session = open_with(&server, target(), start).await;
    let reply = session
        .play(TurnRequest {
            via: Some(Via::Match),
            ..say("hi")
        })
        .await
        .unwrap();
    let kinds: Vec<_> = reply
        .candidates
        .iter()
        .map(|found| (found.kind.as_str(), found.confidence))
        .collect();
    assert_eq!(kinds, [("intent", 0.75), ("no_match", 0.25)]);
    session.play(say("hi")).await.unwrap();
    let received = server.received();
    let asked = received[0].read::<cx::MatchIntentRequest>();
    let page = format!("{AGENT}/flows/flow-0/pages/x");
    assert!(!asked.persist_parameter_changes);
    assert_eq!(asked.query_params.unwrap().current_page, page);
    assert_eq!(
        received[1]
            .read::<cx::DetectIntentRequest>()
            .query_params
            .unwrap()
            .current_page,
        page
    );
}

#[tokio::test]
async fn a_match_is_fulfilled_as_it_was_offered() {
    let server = ScriptedServer::start().await;
    server.reply("MatchIntent", Reply::one(&offered()));
    let fulfilled = cx::FulfillIntentResponse {
        query_result: answer(vec![text("done")]).query_result,
        ..Default::default()
    };
    server.reply("FulfillIntent", Reply::one(&fulfilled));
    let request = TurnRequest {
        via: Some(Via::MatchThenFulfill),
        want_raw: true,
        ..say("pay")
    };
    let reply = open(&server).await.play(request).await.unwrap();
    assert_eq!(
        (reply.texts.as_slice(), reply.candidates.len()),
        (["done".to_owned()].as_slice(), 2)
    );
    assert_eq!(reply.raw.unwrap().as_array().unwrap().len(), 2);
    let received = server.received();
    let asked = received[1].read::<cx::FulfillIntentRequest>();
    assert_eq!(asked.match_intent_request, Some(received[0].read()));
    assert_eq!(asked.r#match, Some(offered().matches.remove(0)));
    let session = format!("{AGENT}/sessions/s1");
    assert_eq!(
        received[1].header("x-goog-request-params"),
        format!("match_intent_request.session={session}")
    );
}

fn left_to_us(id: &str) -> cx::ToolCall {
    cx::ToolCall {
        tool: format!("{AGENT}/tools/orders"),
        action: "find".to_owned(),
        input_parameters: Some(json_to_struct(&object(json!({ "id": id }))).unwrap()),
    }
}

#[tokio::test]
async fn tool_results_answer_the_calls_that_wait() {
    let server = ScriptedServer::start().await;
    let call = |id| cx::ResponseMessage {
        message: Some(response_message::Message::ToolCall(left_to_us(id))),
        ..Default::default()
    };
    let mut waiting = answer(vec![text("one moment"), call("A1"), call("A2")]);
    waiting.query_result.as_mut().unwrap().diagnostic_info = Some(prost_types::Struct::default());
    server.reply("DetectIntent", Reply::one(&waiting));
    server.reply("DetectIntent", Reply::one(&answer(vec![text("shipped")])));
    server.reply("DetectIntent", Reply::one(&answer(vec![text("lost")])));
    let mut session = open(&server).await;
    let with = With {
        parameters: object(json!({"tier": "gold"})),
        channel: Some("web".to_owned()),
        ..With::default()
    };
    let first = session
        .play(TurnRequest {
            with: with.clone(),
            ..say("where is it")
        })
        .await
        .unwrap();
    assert_eq!(first.pending.len(), 2);
    assert_eq!(first.tool_calls, Observed::Seen(first.pending.clone()));
    assert_eq!(
        (first.pending[0].tool.as_str(), first.pending[0].source),
        ("orders/find", CallSource::Client)
    );

    let result = |at: usize, result| ToolResult {
        id: first.pending[at].id.clone(),
        tool: first.pending[at].tool.clone(),
        result,
    };
    let results = vec![
        result(1, Ok(json!({"status": "shipped"}))),
        result(0, Err("no such order".to_owned())),
    ];
    let request = TurnRequest {
        input: TurnInput::ToolResults(results),
        with,
        ..say("")
    };
    let second = session.play(request).await.unwrap();
    assert_eq!(second.texts, ["shipped", "lost"]);

    let sent = |at: usize| {
        let request = server.received()[at].read::<cx::DetectIntentRequest>();
        let params = request.query_params.unwrap();
        assert_eq!(
            (params.parameters, params.channel.as_str()),
            (None, "web"),
            "parameters are set once"
        );
        match request.query_input.unwrap().input {
            Some(query_input::Input::ToolCallResult(result)) => result,
            other => panic!("{other:?} is no tool result"),
        }
    };
    use cx::tool_call_result::Result::{Error, OutputParameters};
    assert_eq!(
        (sent(1).tool, sent(1).action),
        (left_to_us("").tool, "find".to_owned())
    );
    assert!(
        matches!(sent(1).result, Some(OutputParameters(fields)) if struct_to_json(&fields)["status"] == "shipped")
    );
    assert!(matches!(sent(2).result, Some(Error(error)) if error.message == "no such order"));
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
async fn only_an_emulator_sees_what_is_pinned_of_it() {
    let emulator = EmulatorOverride {
        clock: Some(DateTime::parse_from_rfc3339("2026-03-01T09:00:00Z").unwrap()),
        matched: Some(Some("größe".to_owned())),
        webhook: Some(object(json!({"parameters": {"ok": true}}))),
    };
    for (is_emulator, expected) in [
        (
            true,
            [
                "2026-03-01T09:00:00+00:00",
                r#"{"intent":"gr\u00f6\u00dfe"}"#,
                r#"{"parameters":{"ok":true}}"#,
            ],
        ),
        (false, ["", "", ""]),
    ] {
        let server = ScriptedServer::start().await;
        server.reply("DetectIntent", Reply::one(&answer(vec![])));
        let mut session = open_with(
            &server,
            CxTarget {
                emulator: is_emulator,
                ..target()
            },
            Start::default(),
        )
        .await;
        let with = With {
            emulator: emulator.clone(),
            ..With::default()
        };
        session.play(TurnRequest { with, ..say("hi") }).await.unwrap();
        let received = server.only();
        let names = ["x-turnproof-clock", "x-turnproof-match", "x-turnproof-webhook"];
        assert_eq!(names.map(|name| received.header(name).to_owned()), expected);
    }
}

async fn played(server: &ScriptedServer, request: TurnRequest) -> Result<AgentReply, TurnError> {
    open(server).await.play(request).await
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
            },
            ..say("hi")
        },
        TurnRequest {
            with: With {
                parameters: object(json!({ "deep": deep })),
                ..With::default()
            },
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
