//! The emulated CX service over real gRPC: names, sessions, versions, overrides, streams, refusals.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Code, Request};
use turnproof::emulator::clock::Clock;
use turnproof::emulator::cx::engine::Engine;
use turnproof::emulator::cx::service::{CxOptions, CxService};
use turnproof::emulator::fault::{Faults, Rules};
use turnproof::emulator::{Emulator, EmulatorOptions, RunningEmulator};
use turnproof::export::{self, Loaded};
use turnproof::model::suite::{EmulatorStubs, Location, StubResponse, StubRule, Stubs};
use turnproof::proto::cx_v3 as cx;
use turnproof::proto::cx_v3::detect_intent_response::ResponseType;
use turnproof::proto::cx_v3::r#match::MatchType;
use turnproof::proto::cx_v3::query_input::Input;
use turnproof::proto::cx_v3::response_message::ResponseType as Kind;
use turnproof::proto::cx_v3::sessions_client::SessionsClient;
use turnproof::proto::cx_v3beta1 as beta;
use turnproof::proto::json::{json_to_struct, struct_to_json};
use turnproof::proto::transcode;

mod generative;
mod limits;
mod pins;
mod speech;

const AGENT: &str = "projects/local/locations/global/agents/any";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn load(path: &Path) -> Loaded {
    let loaded = export::load_runtime(path);
    assert!(loaded.is_ok(), "{}: {:?}", path.display(), loaded.err());
    loaded.unwrap()
}

async fn serve(path: &Path, options: CxOptions) -> RunningEmulator {
    let service = CxService::new(Engine::new(load(path).agent, 7), options);
    let listen = "127.0.0.1:0".parse().unwrap();
    Emulator::start(EmulatorOptions {
        listen,
        cx: Some(service),
        others: None,
        faults: Rules::default(),
    })
    .await
    .unwrap()
}

async fn counter() -> RunningEmulator {
    serve(&root().join("tests/agents/counter"), CxOptions::default()).await
}

async fn channel(emulator: &RunningEmulator) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{}", emulator.address())).unwrap();
    endpoint.connect().await.unwrap()
}

async fn client(emulator: &RunningEmulator) -> SessionsClient<Channel> {
    SessionsClient::new(channel(emulator).await)
}

fn session(id: &str) -> String {
    format!("{AGENT}/sessions/{id}")
}

fn request(session_id: &str, input: Input) -> cx::DetectIntentRequest {
    cx::DetectIntentRequest {
        session: session(session_id),
        query_input: Some(cx::QueryInput {
            input: Some(input),
            language_code: "en".to_owned(),
        }),
        ..cx::DetectIntentRequest::default()
    }
}

fn text(text: &str) -> Input {
    Input::Text(cx::TextInput {
        text: text.to_owned(),
    })
}

fn event(name: &str) -> Input {
    Input::Event(cx::EventInput {
        event: name.to_owned(),
    })
}

fn texts(result: &cx::QueryResult) -> Vec<String> {
    let messages = result.response_messages.iter();
    messages
        .filter_map(|message| match &message.message {
            Some(cx::response_message::Message::Text(text)) => Some(text.text.concat()),
            _ => None,
        })
        .collect()
}

fn diagnostics(result: &cx::QueryResult) -> Value {
    Value::Object(struct_to_json(result.diagnostic_info.as_ref().unwrap()))
}

async fn detect(client: &mut SessionsClient<Channel>, id: &str, input: Input) -> cx::QueryResult {
    let response = client
        .detect_intent(request(id, input))
        .await
        .unwrap()
        .into_inner();
    response.query_result.unwrap()
}

/// A stub for every call of the webhook.
fn stub(webhook: &str, respond: StubResponse) -> Arc<EmulatorStubs> {
    Arc::new(EmulatorStubs {
        webhooks: vec![stubs(webhook, respond)],
        ..EmulatorStubs::default()
    })
}

/// One rule that always fits.
fn stubs(name: &str, respond: StubResponse) -> Stubs {
    let rule = StubRule {
        location: Location {
            file: Path::new("test.yaml").into(),
            line: 1,
        },
        when: None,
        respond,
    };
    Stubs {
        by_name: [(name.to_owned(), vec![rule])].into(),
    }
}

fn answer(value: &Value) -> StubResponse {
    StubResponse::Answer(value.as_object().cloned().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_answered_as_the_service_answers_it() {
    let emulator = counter().await;
    let mut client = client(&emulator).await;
    let response = client
        .detect_intent(request("s1", text("Hello!")))
        .await
        .unwrap()
        .into_inner();
    assert!(!response.response_id.is_empty());
    assert_eq!(response.response_type(), ResponseType::Final);
    let result = response.query_result.unwrap();
    assert_eq!(
        result.query,
        Some(cx::query_result::Query::Text("Hello!".to_owned()))
    );
    assert_eq!(result.language_code, "en");
    assert_eq!(texts(&result), ["Hello, what shall I count?", "Which size?"]);
    let page = result.current_page.clone().unwrap();
    assert_eq!(page.display_name, "Size");
    assert_eq!(
        page.name,
        format!(
            "{AGENT}/flows/00000000-0000-0000-0000-000000000000/pages/8c6a0b5e-31d8-4f5c-9a5e-5a3b1f0d7c08"
        )
    );
    assert_eq!(
        result.current_flow.clone().unwrap().display_name,
        "Default Start Flow"
    );
    let found = result.r#match.clone().unwrap();
    assert_eq!((found.match_type(), found.confidence), (MatchType::Intent, 1.0));
    assert_eq!(found.intent.clone().unwrap().display_name, "hello");
    assert_eq!(result.intent, found.intent);
    let kinds: Vec<i32> = result
        .response_messages
        .iter()
        .map(|message| message.response_type)
        .collect();
    assert_eq!(
        kinds,
        [i32::from(Kind::HandlerPrompt), i32::from(Kind::ParameterPrompt)]
    );

    let diagnostics = diagnostics(&result);
    assert_eq!(diagnostics["Session Id"], "s1");
    assert_eq!(diagnostics["Response Id"], response.response_id.as_str());
    assert_eq!(
        diagnostics["Triggered Transition Names"],
        json!(["8c6a0b5e-31d8-4f5c-9a5e-5a3b1f0d7c01"])
    );
    assert_eq!(
        diagnostics["Transition Targets Chain"],
        json!([{ "TargetPage": "8c6a0b5e-31d8-4f5c-9a5e-5a3b1f0d7c08" }])
    );
    assert_eq!(
        diagnostics["Alternative Matched Intents"][0]["DisplayName"],
        "hello"
    );
    let steps = diagnostics["Execution Sequence"].as_array().unwrap();
    assert_eq!(steps[0]["Step 1"]["Type"], "INITIAL_STATE");
    assert_eq!(
        steps[0]["Step 1"]["InitialState"]["MatchedIntent"]["DisplayName"],
        "hello"
    );
    assert_eq!(steps[1]["Step 2"]["StateMachine"]["TriggeredIntent"], "hello");
    let last = steps
        .last()
        .unwrap()
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap();
    assert_eq!(
        last["StateMachine"]["FlowState"]["PageState"]["ActiveParameter"],
        "size"
    );
    assert_eq!(
        last["StateMachine"]["FlowState"]["PageState"]["Status"],
        "PROCESSING_FORM"
    );
    assert_eq!(
        last["FunctionExecution"]["Responses"][1]["responseType"],
        "PARAMETER_PROMPT"
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_ends_and_begins_anew() {
    let emulator = counter().await;
    let mut client = client(&emulator).await;
    detect(&mut client, "s1", text("hello")).await;
    let result = detect(&mut client, "s1", text("a big one, please")).await;
    assert_eq!(
        result.r#match.clone().unwrap().match_type(),
        MatchType::ParameterFilling
    );
    assert_eq!(texts(&result), ["Size L."]);
    assert_eq!(
        struct_to_json(&result.parameters.clone().unwrap()),
        *json!({ "size": "L" }).as_object().unwrap()
    );
    assert_eq!(result.current_page.clone().unwrap().display_name, "End Session");
    assert!(matches!(
        result.response_messages.last().unwrap().message,
        Some(cx::response_message::Message::EndInteraction(_))
    ));
    let result = detect(&mut client, "s1", text("mumble")).await;
    assert_eq!(result.current_page.unwrap().display_name, "Start Page");
    assert_eq!(result.parameters, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_apart_and_one_sessions_turns_come_one_after_the_other() {
    let emulator = counter().await;
    let client = client(&emulator).await;
    let turns = (0..60).map(|number| {
        let mut client = client.clone();
        let id = format!("s{}", number % 3);
        async move { detect(&mut client, &id, event("count")).await }
    });
    let results = futures::future::join_all(turns).await;
    let mut counts: Vec<i64> = results
        .iter()
        .map(|result| texts(result)[0].parse().unwrap())
        .collect();
    counts.sort_unstable();
    let expected: Vec<i64> = (1..=20).flat_map(|count| [count; 3]).collect();
    assert_eq!(counts, expected);
    assert_eq!(emulator.cx().unwrap().sessions(), 3);
    emulator.forget_session("s0");
    assert_eq!(emulator.cx().unwrap().sessions(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_and_all_environments_reach_the_agent() {
    let emulator = counter().await;
    let mut client = beta::sessions_client::SessionsClient::new(channel(&emulator).await);
    let mut asked: beta::DetectIntentRequest = transcode(&request("s1", event("look-up"))).unwrap();
    asked.session = format!("{AGENT}/environments/prod/sessions/s1");
    let result = client
        .detect_intent(asked)
        .await
        .unwrap()
        .into_inner()
        .query_result
        .unwrap();
    assert_eq!(result.webhook_display_names, ["Stock"]);
    assert_eq!(result.webhook_tags, ["stock"]);
    assert_eq!(result.webhook_statuses[0].code, i32::from(Code::NotFound));
    let matched = client
        .match_intent(beta::MatchIntentRequest {
            session: session("s2"),
            query_input: Some(beta::QueryInput {
                language_code: "en".to_owned(),
                input: Some(beta::query_input::Input::Text(beta::TextInput {
                    text: "hello".to_owned(),
                })),
            }),
            ..beta::MatchIntentRequest::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(matched.matches[0].intent.clone().unwrap().display_name, "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn matching_leaves_no_trace_and_fulfilling_goes_on_from_the_match() {
    let emulator = counter().await;
    let mut client = client(&emulator).await;
    let asked = cx::MatchIntentRequest {
        session: session("s1"),
        query_input: request("s1", text("hello")).query_input,
        ..cx::MatchIntentRequest::default()
    };
    for _ in 0..2 {
        let matched = client.match_intent(asked.clone()).await.unwrap().into_inner();
        assert_eq!(
            matched.query,
            Some(cx::match_intent_response::Query::Text("hello".to_owned()))
        );
        assert_eq!(matched.current_page.unwrap().display_name, "Start Page");
        assert_eq!(matched.matches[0].match_type(), MatchType::Intent);
    }
    assert_eq!(emulator.cx().unwrap().sessions(), 0);
    let found = client
        .match_intent(asked.clone())
        .await
        .unwrap()
        .into_inner()
        .matches
        .remove(0);
    let fulfilled = client
        .fulfill_intent(cx::FulfillIntentRequest {
            match_intent_request: Some(asked),
            r#match: Some(found),
            output_audio_config: None,
        })
        .await
        .unwrap()
        .into_inner();
    let result = fulfilled.query_result.unwrap();
    assert_eq!(texts(&result), ["Hello, what shall I count?", "Which size?"]);
    let asked = cx::MatchIntentRequest {
        session: session("s1"),
        query_input: request("s1", text("large")).query_input,
        ..cx::MatchIntentRequest::default()
    };
    let found = client
        .match_intent(asked.clone())
        .await
        .unwrap()
        .into_inner()
        .matches
        .remove(0);
    assert_eq!(found.match_type(), MatchType::ParameterFilling);
    let fulfilled = client
        .fulfill_intent(cx::FulfillIntentRequest {
            match_intent_request: Some(asked),
            r#match: Some(found),
            output_audio_config: None,
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(texts(&fulfilled.query_result.unwrap()), ["Size L."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_ahead_of_a_webhook_comes_as_a_partial_response() {
    let emulator = counter().await;
    emulator.register_stubs(
        "s1",
        stub("Stock", answer(&json!({ "messages": ["Three left."] }))),
    );
    let mut client = client(&emulator).await;
    let mut stream = client
        .server_streaming_detect_intent(request("s1", event("look-up")))
        .await
        .unwrap()
        .into_inner();
    let mut parts = Vec::new();
    while let Some(part) = stream.message().await.unwrap() {
        parts.push((part.response_type(), texts(&part.query_result.unwrap())));
    }
    assert_eq!(
        parts,
        [
            (ResponseType::Partial, vec!["One moment.".to_owned()]),
            (
                ResponseType::Final,
                vec!["One moment.".to_owned(), "Three left.".to_owned()]
            ),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn text_may_come_over_the_two_way_stream() {
    let emulator = counter().await;
    let mut client = client(&emulator).await;
    let ask = |input: Input| cx::StreamingDetectIntentRequest {
        session: session("s1"),
        query_input: request("s1", input).query_input,
        ..cx::StreamingDetectIntentRequest::default()
    };
    let requests = futures::stream::iter([ask(text("hello"))]);
    let mut stream = client
        .streaming_detect_intent(requests)
        .await
        .unwrap()
        .into_inner();
    let answered = stream.message().await.unwrap().unwrap();
    let Some(cx::streaming_detect_intent_response::Response::DetectIntentResponse(answered)) =
        answered.response
    else {
        panic!("the answer is no turn's");
    };
    assert_eq!(texts(&answered.query_result.unwrap()).len(), 2);
    assert!(stream.message().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_direct_intents_are_echoed() {
    let emulator = counter().await;
    let mut client = client(&emulator).await;
    let keys = Input::Dtmf(cx::DtmfInput {
        digits: "42".to_owned(),
        finish_digit: "#".to_owned(),
    });
    let result = detect(&mut client, "s1", keys).await;
    assert!(matches!(&result.query, Some(cx::query_result::Query::Dtmf(dtmf)) if dtmf.digits == "42"));
    let intent = format!("{AGENT}/intents/8c6a0b5e-31d8-4f5c-9a5e-5a3b1f0d7c10");
    let result = detect(
        &mut client,
        "s1",
        Input::Intent(cx::IntentInput {
            intent: intent.clone(),
        }),
    )
    .await;
    assert_eq!(result.query, Some(cx::query_result::Query::TriggerIntent(intent)));
    assert_eq!(result.r#match.unwrap().match_type(), MatchType::DirectIntent);
}
