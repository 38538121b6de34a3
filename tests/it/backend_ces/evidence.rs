//! Files that are handed over, texts in pieces, and what the service shows of how an answer came about.

use serde_json::json;
use turnproof::backend::error::BackendErrorKind;
use turnproof::backend::{Handed, TurnRequest};
use turnproof::model::outcome::Sent;
use turnproof::model::suite::{AttachmentKind, Via, With};
use turnproof::model::transcript::Observed;
use turnproof::proto::ces_v1::bidi_session_client_message::MessageType as FromClient;
use turnproof::proto::ces_v1::bidi_session_server_message::MessageType as FromServer;
use turnproof::proto::json::json_to_struct;

use crate::scripted::{Reply, object};

use super::*;

fn handed(kind: AttachmentKind, mime_type: &str, bytes: &[u8]) -> Handed {
    Handed {
        kind,
        mime_type: mime_type.to_owned(),
        bytes: bytes.into(),
    }
}

fn shows(say: Option<&str>) -> TurnRequest {
    let input = TurnInput::Attached {
        say: say.map(str::to_owned),
        files: vec![
            handed(AttachmentKind::Image, "image/png", b"a picture"),
            handed(AttachmentKind::Blob, "application/pdf", b"a page"),
        ],
    };
    let with = With {
        variables: object(json!({"tier": "gold"})),
        ..With::default()
    };
    TurnRequest {
        input,
        with: with.into(),
        ..super::say("")
    }
}

fn image() -> InputType {
    InputType::Image(ces::Image {
        mime_type: "image/png".to_owned(),
        data: b"a picture".to_vec(),
    })
}

fn blob() -> InputType {
    InputType::Blob(ces::Blob {
        mime_type: "application/pdf".to_owned(),
        data: b"a page".to_vec(),
    })
}

fn streamed(outputs: Vec<ces::SessionOutput>) -> Reply {
    let message = |output| ces::BidiSessionServerMessage {
        message_type: Some(FromServer::SessionOutput(output)),
    };
    Reply::many(&outputs.into_iter().map(message).collect::<Vec<_>>())
}

#[tokio::test]
async fn files_come_before_the_words_in_one_request() {
    for (via, method) in [(Via::Run, "RunSession"), (Via::Stream, "StreamRunSession")] {
        for say in [Some("what is this?"), None] {
            let server = ScriptedServer::start().await;
            server.reply(method, Reply::one(&response(vec![text("a lamp", true)])));
            let reply = open(&server, via).await.play(shows(say)).await.unwrap();
            assert_eq!(reply.texts, ["a lamp"]);
            let sent = inputs(&server.only());
            assert_eq!(variables(&sent[0]), json!({"tier": "gold"}));
            let said = say.map(|text| InputType::Text(text.to_owned()));
            let expected: Vec<InputType> = [image(), blob()].into_iter().chain(said).collect();
            assert_eq!(sent[1..], expected);
        }
    }
}

#[tokio::test]
async fn on_a_live_stream_files_and_words_are_one_input() {
    let server = ScriptedServer::start().await;
    server.reply("BidiRunSession", streamed(vec![text("a lamp", true)]));
    open(&server, Via::Bidi)
        .await
        .play(shows(Some("what is this?")))
        .await
        .unwrap();
    let received = server.received();
    let sent: Vec<(InputType, bool)> = received[1..]
        .iter()
        .map(
            |received| match received.read::<ces::BidiSessionClientMessage>().message_type {
                Some(FromClient::RealtimeInput(input)) => (input.input_type.unwrap(), input.will_continue),
                other => panic!("{other:?} is no input"),
            },
        )
        .collect();
    assert_eq!(
        sent[1..],
        [
            (image(), true),
            (blob(), true),
            (InputType::Text("what is this?".to_owned()), false)
        ]
    );
    assert!(sent[0].1, "the variables belong to it, too");
}

fn in_pieces(request: TurnRequest) -> TurnRequest {
    let with = With {
        text_streaming: Some(true),
        ..With::clone(&request.with)
    };
    TurnRequest {
        with: with.into(),
        ..request
    }
}

fn pieces() -> Vec<ces::SessionOutput> {
    let payload = ces::SessionOutput {
        output_type: Some(OutputType::Payload(
            json_to_struct(&object(json!({"n": 1}))).unwrap(),
        )),
        ..Default::default()
    };
    vec![
        text("It will ", false),
        text("be there ", false),
        text("tomorrow.", false),
        payload,
        text("Any", false),
        text("thing else?", true),
        text("Well then.", true),
    ]
}

#[tokio::test]
async fn pieces_of_a_text_are_one_text_wherever_they_end() {
    let whole = ["It will be there tomorrow.", "Anything else?", "Well then."];
    let server = ScriptedServer::start().await;
    let parts: Vec<_> = pieces().into_iter().map(|piece| response(vec![piece])).collect();
    server.reply("StreamRunSession", Reply::many(&parts));
    let reply = open(&server, Via::Stream)
        .await
        .play(in_pieces(say("hi")))
        .await
        .unwrap();
    assert_eq!(reply.texts, whole);
    assert_eq!(reply.payloads, [json!({"n": 1})]);
    assert!(reply.latency.first <= reply.latency.total);
    let config = server.only().read::<ces::RunSessionRequest>().config.unwrap();
    assert!(config.enable_text_streaming);

    let server = ScriptedServer::start().await;
    server.reply("BidiRunSession", streamed(pieces()));
    server.reply("BidiRunSession", streamed(vec![text("whole", true)]));
    let mut session = open(&server, Via::Bidi).await;
    assert_eq!(session.play(in_pieces(say("hi"))).await.unwrap().texts, whole);
    assert_eq!(session.play(say("hi")).await.unwrap().texts, ["whole"]);
    let configs: Vec<(usize, bool)> = server
        .received()
        .iter()
        .filter_map(
            |received| match received.read::<ces::BidiSessionClientMessage>().message_type {
                Some(FromClient::Config(config)) => Some((received.call, config.enable_text_streaming)),
                _ => None,
            },
        )
        .collect();
    assert_eq!(
        configs,
        [(0, true), (1, false)],
        "a stream is opened for one way or the other"
    );
}

#[tokio::test]
async fn one_response_has_no_pieces() {
    let server = ScriptedServer::start().await;
    let failed = open(&server, Via::Run)
        .await
        .play(in_pieces(say("hi")))
        .await
        .unwrap_err();
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Request, Sent::No)
    );
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn sources_searches_and_spans_are_told() {
    let server = ScriptedServer::start().await;
    let output = |content| ces::SessionOutput {
        output_type: Some(content),
        ..Default::default()
    };
    let cited = OutputType::Citations(ces::Citations {
        cited_chunks: vec![ces::citations::CitedChunk {
            uri: "https://help/brakes".to_owned(),
            title: "Brakes".to_owned(),
            text: "Replace the pads.".to_owned(),
            requires_attribution: true,
        }],
    });
    let searches = OutputType::GoogleSearchSuggestions(ces::GoogleSearchSuggestions {
        htmls: vec!["<b>brake pads</b>".to_owned()],
        web_search_queries: vec![ces::WebSearchQuery {
            query: "brake pads".to_owned(),
            uri: "https://search/?q=brake+pads".to_owned(),
        }],
    });
    let span = |name: &str, attributes: Value, child_spans| ces::Span {
        name: name.to_owned(),
        attributes: json_to_struct(&object(attributes)).ok(),
        child_spans,
        ..Default::default()
    };
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let model = ces::Span {
        duration: Some(prost_types::Duration {
            seconds: 1,
            nanos: 250_000_000,
        }),
        ..span(
            "LLM",
            json!({"agent": "Root", "model": "fast", "input token count": "700"}),
            vec![],
        )
    };
    let tool = span(
        "Tool: find",
        json!({"agent": "Root", "tool call id": "1"}),
        vec![],
    );
    let callback = span(
        "Callback",
        json!({"agent": "Root", "stage": "BeforeTool"}),
        vec![tool],
    );
    let root = ces::Span {
        start_time: at(100),
        end_time: at(103),
        ..span("root", json!({}), vec![model, callback])
    };
    let last = ces::SessionOutput {
        turn_completed: true,
        diagnostic_info: Some(ces::session_output::DiagnosticInfo {
            messages: Vec::new(),
            root_span: Some(root),
        }),
        ..text("Replace them.", true)
    };
    server.reply(
        "RunSession",
        Reply::one(&response(vec![output(cited), output(searches), last])),
    );
    let reply = open(&server, Via::Run).await.play(say("brakes")).await.unwrap();
    assert_eq!(
        serde_json::to_value(reply.citations.seen().unwrap()).unwrap(),
        json!([{"uri": "https://help/brakes", "title": "Brakes", "text": "Replace the pads.",
                "requires_attribution": true}])
    );
    assert_eq!(
        serde_json::to_value(&reply.suggestions).unwrap(),
        json!([{"query": "brake pads", "uri": "https://search/?q=brake+pads"}])
    );
    assert_eq!(
        serde_json::to_value(reply.spans.seen().unwrap()).unwrap(),
        json!([
            {"kind": "turn", "name": "root", "within": [], "duration": 3.0, "attributes": {}},
            {"kind": "llm", "name": "fast", "agent": "Root", "within": ["turn"], "duration": 1.25,
             "attributes": {"agent": "Root", "model": "fast", "input token count": "700"}},
            {"kind": "callback", "name": "BeforeTool", "agent": "Root", "within": ["turn"],
             "attributes": {"agent": "Root", "stage": "BeforeTool"}},
            {"kind": "tool", "name": "find", "agent": "Root", "within": ["turn", "callback"],
             "attributes": {"agent": "Root", "tool call id": "1"}},
        ])
    );
}

#[tokio::test]
async fn without_diagnostics_there_are_no_spans_but_no_sources_is_an_answer() {
    let server = ScriptedServer::start().await;
    server.reply("RunSession", Reply::one(&response(vec![text("hi", true)])));
    let reply = open(&server, Via::Run).await.play(say("hi")).await.unwrap();
    assert!(reply.spans.seen().is_none() && reply.sentiment.seen().is_none());
    assert_eq!(reply.citations, Observed::Seen(Vec::new()));
    assert!(reply.suggestions.is_empty());
}
