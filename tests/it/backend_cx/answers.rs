//! What comes back: streamed, matched, fulfilled, or waiting for a tool.

use prost::Message;
use serde_json::json;
use turnproof::backend::{ToolResult, TurnInput, TurnRequest};
use turnproof::model::suite::{Name, Start, Via, With};
use turnproof::model::transcript::{CallSource, Observed};
use turnproof::proto::cx_v3beta1::tool_call_result::Result as Outcome;
use turnproof::proto::cx_v3beta1::{query_input, response_message};
use turnproof::proto::json::{json_to_struct, struct_to_json};
use turnproof::proto::{cx_v3, cx_v3beta1 as cx};

use crate::scripted::{Reply, ScriptedServer, object};

use super::*;

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
        .seen()
        .unwrap()
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
        (reply.texts.as_slice(), reply.candidates.seen().unwrap().len()),
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
    waiting.query_result.as_mut().unwrap().diagnostic_info = Some(turnproof::proto::Struct::default());
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
            with: with.clone().into(),
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
        with: with.into(),
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
    assert_eq!(
        (sent(1).tool, sent(1).action),
        (left_to_us("").tool, "find".to_owned())
    );
    assert!(
        matches!(sent(1).result, Some(Outcome::OutputParameters(fields)) if struct_to_json(&fields)["status"] == "shipped")
    );
    assert!(matches!(sent(2).result, Some(Outcome::Error(error)) if error.message == "no such order"));
}
