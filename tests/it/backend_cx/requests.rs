//! What leaves: one request per turn that says everything the author wrote.

use std::time::Duration;

use chrono::DateTime;
use serde_json::{Value, json};
use turnproof::backend::TurnRequest;
use turnproof::backend::cx::CxTarget;
use turnproof::model::suite::{ApiVersion, EmulatorOverride, Input, Name, SessionEntityType, Start, With};
use turnproof::proto::cx_v3beta1::query_input;
use turnproof::proto::json::struct_to_json;
use turnproof::proto::{cx_v3, cx_v3beta1 as cx};

use crate::scripted::{Reply, ScriptedServer, object};

use super::*;

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
        data_store_signals: Some(true),
        session_ttl: Some(Duration::from_mins(90)),
        flow_versions: vec!["flow-1/3".to_owned()],
        ..With::default()
    };
    open(&server)
        .await
        .play(TurnRequest {
            with: with.into(),
            ..say("hi")
        })
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
    assert!(params.populate_data_store_connection_signals);
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
            session
                .play(TurnRequest {
                    with: with.into(),
                    ..say("hi")
                })
                .await
                .unwrap();
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
async fn only_an_emulator_sees_what_is_pinned_of_it() {
    let emulator = EmulatorOverride {
        clock: Some(DateTime::parse_from_rfc3339("2026-03-01T09:00:00Z").unwrap()),
        matched: Some(Some("größe".to_owned())),
        webhook: Some(object(json!({"parameters": {"ok": true}}))),
        sentiment: None,
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
        session
            .play(TurnRequest {
                with: with.into(),
                ..say("hi")
            })
            .await
            .unwrap();
        let received = server.only();
        let names = ["x-turnproof-clock", "x-turnproof-match", "x-turnproof-webhook"];
        assert_eq!(names.map(|name| received.header(name).to_owned()), expected);
    }
}
