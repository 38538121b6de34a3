//! The CES emulator over real gRPC: turns, tool round trips, transfers, diagnostics, streams, and what it refuses.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_stream::StreamExt as _;
use tonic::transport::Channel;
use tonic::{Code, Request};
use turnproof::diagnostic::SourceFile;
use turnproof::emulator::ces::app::App;
use turnproof::emulator::ces::{CesEmulator, CesOptions};
use turnproof::emulator::clock::Clock;
use turnproof::emulator::fault::Faults;
use turnproof::emulator::{Emulator, EmulatorOptions, RunningEmulator};
use turnproof::proto::ces_v1::bidi_session_client_message::MessageType as ClientMessage;
use turnproof::proto::ces_v1::bidi_session_server_message::MessageType as ServerMessage;
use turnproof::proto::ces_v1::chunk::Data;
use turnproof::proto::ces_v1::session_input::InputType;
use turnproof::proto::ces_v1::session_output::OutputType;
use turnproof::proto::ces_v1::session_service_client::SessionServiceClient;
use turnproof::proto::ces_v1::{self as ces, SessionOutput};
use turnproof::proto::json::{json_to_struct, struct_to_json};

const SCRIPT: &str = r#"
app: Parcel support
variables: { customer: guest, order_id: null, tries: 0 }
tools:
  lookup_order: { run_by: client, fake: { status: pretended } }
  notify: { run_by: client }
  crm/find:
    answers:
      - { when: { name: { icontains: ada } }, respond: { tier: gold } }
      - respond: { error: not found }
agents:
  Front desk:
    rules:
      - when: { event: welcome }
        do: [{ say: "Hello {{ customer }}." }, { say: How can I help? }]
      - when: { matches: "(?i)order (?<found>[A-Z]\\d+)" }
        do:
          - set: { order_id: "{{ found }}" }
          - say: One moment.
          - { call: lookup_order, args: { order_id: "{{ order_id }}", deep: { n: 1 } } }
      - when: { result: lookup_order, response: { status: shipped } }
        do: [{ say: "{{ order_id }} is {{ lookup_order.status }}." }]
      - when: { result: lookup_order }
        do: [{ say: "Sorry: {{ lookup_order.error }}{{ lookup_order.status }}" }]
      - when: { says: two tools }
        do:
          - call: lookup_order
          - { call: notify, args: { who: x } }
          - say: "{{ lookup_order.status }} and {{ notify }}"
      - when: { says: find me }
        do:
          - { call: crm/find, args: { name: "{{ customer }}" } }
          - say: "tier {{ crm/find.tier }}{{ crm/find.error }}"
          - { call: crm/find, by_callback: true, args: { name: hidden } }
          - { call: crm/find, respond: { tier: bronze } }
      - when: { result: crm/find, response: { tier: bronze } }
        do: [{ say: bronze! }]
      - when: { says: [billing, money back] }
        do: [{ say: Transferring. }, { transfer: Billing }]
      - when: { dtmf: "12" }
        do: [{ payload: { keys: "{{ input }}", list: [1] } }]
      - when: { says: surprise }
        do: [{ say: { one_of: [a, b, c, d, e, f, g, h] } }]
      - when: { says: what day }
        do: [{ say: "{{ today }} {{ tomorrow }}" }]
      - when: { says: circles }
        do: [{ transfer: Round }]
      - when: { says: again, variables: { tries: { gte: 1 } } }
        do: [{ say: enough }]
      - when: { says: again }
        do: [{ set: { tries: 1 } }, { say: once }]
      - when: { says: grow }
        do: [{ set: { order_id: "{{ order_id }}{{ order_id }}{{ order_id }}{{ order_id }}" } }]
      - when: { says: long }
        do: [{ say: one two three four five six seven }, { say: eight }]
      - when: { says: nothing }
        do: []
      - when: { says: bye }
        do: [{ say: Goodbye. }, { end: { reason: done, session_escalated: false } }]
    otherwise: [{ say: "I heard {{ input }}." }]
  Billing:
    rules:
      - when: { transfer: true }
        do: [{ say: Billing speaking. }]
      - when: { says: back }
        do: [{ transfer: Front desk }, { say: Here again. }]
    otherwise: [{ say: Billing listens. }]
  Round:
    rules: [{ when: { transfer: true }, do: [{ transfer: About }] }]
  About:
    rules: [{ when: { transfer: true }, do: [{ transfer: Round }] }]
"#;

const APP: &str = "projects/p/locations/us/apps/support";

struct Served {
    client: SessionServiceClient<Channel>,
    emulator: CesEmulator,
    running: RunningEmulator,
    session: String,
}

async fn served_with(options: CesOptions) -> Served {
    let file = Arc::new(SourceFile {
        path: PathBuf::from("support.app.yaml"),
        text: SCRIPT.to_owned(),
    });
    let emulator = CesEmulator::from_app(App::parse(&file).unwrap().app, options);
    let running = Emulator::start(EmulatorOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        cx: None,
        others: Some(tonic::service::Routes::new(emulator.clone().into_service())),
    })
    .await
    .unwrap();
    let address = format!("http://{}", running.address());
    let channel = Channel::from_shared(address).unwrap().connect().await.unwrap();
    Served {
        client: SessionServiceClient::new(channel),
        emulator,
        running,
        session: format!("{APP}/sessions/session-1"),
    }
}

async fn served() -> Served {
    served_with(CesOptions::default()).await
}

fn input(kind: InputType) -> ces::SessionInput {
    ces::SessionInput {
        will_continue: false,
        input_type: Some(kind),
    }
}

fn text(text: &str) -> ces::SessionInput {
    input(InputType::Text(text.to_owned()))
}

fn variables(values: &serde_json::Value) -> ces::SessionInput {
    input(InputType::Variables(
        json_to_struct(values.as_object().unwrap()).unwrap(),
    ))
}

fn answer(id: &str, response: &serde_json::Value) -> ces::ToolResponse {
    ces::ToolResponse {
        id: id.to_owned(),
        response: Some(json_to_struct(response.as_object().unwrap()).unwrap()),
        ..Default::default()
    }
}

fn answers(responses: Vec<ces::ToolResponse>) -> ces::SessionInput {
    input(InputType::ToolResponses(ces::ToolResponses {
        tool_responses: responses,
    }))
}

impl Served {
    fn config(&self) -> ces::SessionConfig {
        ces::SessionConfig {
            session: self.session.clone(),
            ..Default::default()
        }
    }

    async fn run_with(
        &mut self,
        config: ces::SessionConfig,
        inputs: Vec<ces::SessionInput>,
    ) -> Result<Vec<SessionOutput>, tonic::Status> {
        let request = ces::RunSessionRequest {
            config: Some(config),
            inputs,
        };
        Ok(self.client.run_session(request).await?.into_inner().outputs)
    }

    async fn run(&mut self, inputs: Vec<ces::SessionInput>) -> Vec<SessionOutput> {
        self.run_with(self.config(), inputs).await.unwrap()
    }

    async fn say(&mut self, words: &str) -> Vec<SessionOutput> {
        self.run(vec![text(words)]).await
    }

    async fn refused(
        &mut self,
        config: ces::SessionConfig,
        inputs: Vec<ces::SessionInput>,
    ) -> (Code, String) {
        let status = self.run_with(config, inputs).await.unwrap_err();
        (status.code(), status.message().to_owned())
    }
}

fn texts(outputs: &[SessionOutput]) -> Vec<&str> {
    outputs
        .iter()
        .filter_map(|output| match &output.output_type {
            Some(OutputType::Text(text)) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

fn calls(outputs: &[SessionOutput]) -> Vec<ces::ToolCall> {
    outputs
        .iter()
        .filter_map(|output| match &output.output_type {
            Some(OutputType::ToolCalls(calls)) => Some(calls.tool_calls.clone()),
            _ => None,
        })
        .flatten()
        .collect()
}

/// The diagnostics, which only the last output of a complete turn has.
fn diagnostics(outputs: &[SessionOutput]) -> ces::session_output::DiagnosticInfo {
    let (last, before) = outputs.split_last().unwrap();
    assert!(last.turn_completed);
    assert!(
        before
            .iter()
            .all(|output| !output.turn_completed && output.diagnostic_info.is_none())
    );
    last.diagnostic_info.clone().unwrap()
}

/// The messages of a turn in short: role, and each chunk's kind and content.
fn messages(outputs: &[SessionOutput]) -> Vec<String> {
    let json = |fields: &prost_types::Struct| serde_json::Value::Object(struct_to_json(fields)).to_string();
    let chunk = |data: &Data| match data {
        Data::Text(text) => format!("text {text}"),
        Data::ToolCall(call) => format!("call {} {}", call.display_name, json(call.args.as_ref().unwrap())),
        Data::ToolResponse(response) => {
            format!(
                "answer {} {}",
                response.display_name,
                json(response.response.as_ref().unwrap())
            )
        }
        Data::AgentTransfer(transfer) => {
            format!("transfer {} {}", transfer.target_agent, transfer.display_name)
        }
        Data::UpdatedVariables(values) => format!("set {}", json(values)),
        Data::DefaultVariables(values) => format!("defaults {}", json(values)),
        Data::Payload(payload) => format!("payload {}", json(payload)),
        other => format!("{other:?}"),
    };
    diagnostics(outputs)
        .messages
        .iter()
        .flat_map(|message| {
            assert!(message.event_time.is_some());
            let role = message.role.clone();
            message
                .chunks
                .iter()
                .map(move |part| format!("{role}: {}", chunk(part.data.as_ref().unwrap())))
        })
        .collect()
}

/// Names and chosen attributes of the spans below the root.
fn spans(outputs: &[SessionOutput]) -> Vec<String> {
    fn told(span: &ces::Span, depth: usize, found: &mut Vec<String>) {
        let attributes = struct_to_json(span.attributes.as_ref().unwrap());
        let shown = |key: &str| {
            attributes
                .get(key)
                .and_then(|value| value.as_str())
                .unwrap_or("-")
                .to_owned()
        };
        assert!(span.start_time.is_some() && span.end_time.is_some() && span.duration.is_some());
        if depth > 0 {
            let indent = ">".repeat(depth - 1);
            found.push(format!(
                "{indent}{} {} {} {}",
                span.name,
                shown("agent"),
                shown("name"),
                shown("type")
            ));
        }
        for child in &span.child_spans {
            told(child, depth + 1, found);
        }
    }
    let mut found = Vec::new();
    let root = diagnostics(outputs).root_span.unwrap();
    assert_eq!(root.name, "Turn");
    told(&root, 0, &mut found);
    found
}

#[tokio::test]
async fn turns_are_counted_and_completed() {
    let mut served = served().await;
    let welcome = input(InputType::Event(ces::Event {
        event: "WELCOME".into(),
    }));
    let outputs = served
        .run(vec![variables(&serde_json::json!({"customer": "Ada"})), welcome])
        .await;
    assert_eq!(texts(&outputs), ["Hello Ada.", "How can I help?"]);
    assert!(outputs.iter().all(|output| output.turn_index == 1));
    assert_eq!(
        messages(&outputs),
        [
            r#"user: defaults {"customer":"guest","order_id":null,"tries":0}"#,
            r#"user: set {"customer":"Ada"}"#,
            "user: text <event>welcome</event>"
                .replace("welcome", "WELCOME")
                .as_str(),
            "Front desk: text Hello Ada.",
            "Front desk: text How can I help?",
        ]
    );
    let outputs = served.say("Anything, really").await;
    assert_eq!(texts(&outputs), ["I heard Anything, really."]);
    assert_eq!(outputs[0].turn_index, 2);
    assert_eq!(
        messages(&outputs),
        [
            "user: text Anything, really",
            "Front desk: text I heard Anything, really."
        ]
    );
    // Another session knows nothing of it.
    served.session = format!("{APP}/sessions/session-2");
    let welcome = input(InputType::Event(ces::Event {
        event: "welcome".into(),
    }));
    assert_eq!(texts(&served.run(vec![welcome]).await)[0], "Hello guest.");
}

#[tokio::test]
async fn a_client_runs_tools_within_the_turn() {
    let mut served = served().await;
    let outputs = served.say("where is order A1?").await;
    assert_eq!(texts(&outputs), ["One moment."]);
    assert!(
        outputs
            .iter()
            .all(|output| !output.turn_completed && output.diagnostic_info.is_none())
    );
    let call = &calls(&outputs)[0];
    assert_eq!(call.display_name, "lookup_order");
    let tool = ces::tool_call::ToolIdentifier::Tool(format!("{APP}/tools/lookup_order"));
    assert_eq!(call.tool_identifier, Some(tool));
    assert_eq!(
        serde_json::Value::Object(struct_to_json(call.args.as_ref().unwrap())),
        serde_json::json!({"order_id": "A1", "deep": {"n": 1}})
    );
    let outputs = served
        .run(vec![answers(vec![answer(
            &call.id,
            &serde_json::json!({"status": "shipped"}),
        )])])
        .await;
    assert_eq!(texts(&outputs), ["A1 is shipped."]);
    assert_eq!(outputs[0].turn_index, 1);
    assert_eq!(
        messages(&outputs)[1..],
        [
            "user: text where is order A1?",
            r#"Front desk: set {"order_id":"A1"}"#,
            "Front desk: text One moment.",
            r#"Front desk: call lookup_order {"deep":{"n":1},"order_id":"A1"}"#,
            r#"Front desk: answer lookup_order {"status":"shipped"}"#,
            "Front desk: text A1 is shipped.",
        ]
    );
    assert_eq!(
        spans(&outputs),
        [
            "LLM Front desk - -",
            "Tool Front desk lookup_order ClientFunctionTool",
            "LLM Front desk - -",
        ]
    );
    // `output` is the result, `error` an error.
    let outputs = served.say("order B2").await;
    let id = calls(&outputs)[0].id.clone();
    assert_ne!(id, call.id);
    let lost = answer(&id, &serde_json::json!({"output": {"status": "lost"}}));
    assert_eq!(
        texts(&served.run(vec![answers(vec![lost])]).await),
        ["Sorry: lost"]
    );
    let id = calls(&served.say("order B3").await)[0].id.clone();
    let failed = answer(&id, &serde_json::json!({"error": "down"}));
    assert_eq!(
        texts(&served.run(vec![answers(vec![failed])]).await),
        ["Sorry: down"]
    );
}

#[tokio::test]
async fn several_calls_are_answered_together() {
    let mut served = served().await;
    let made = calls(&served.say("Two tools!").await);
    let names: Vec<&str> = made.iter().map(|call| call.display_name.as_str()).collect();
    assert_eq!(names, ["lookup_order", "notify"]);
    let config = served.config();
    let status = serde_json::json!({"status": "s"});
    let first = answer(&made[0].id, &status);
    for (responses, message) in [
        (
            vec![answer("call-9-9", &status)],
            "no tool call `call-9-9` waits for an answer, but call-1-1, call-1-2",
        ),
        (vec![first.clone()], "the tool call `call-1-2` is not answered"),
        (
            vec![first.clone(), first.clone()],
            "the tool call `call-1-1` is answered twice",
        ),
    ] {
        let refused = served.refused(config.clone(), vec![answers(responses)]).await;
        assert_eq!(refused, (Code::InvalidArgument, message.to_owned()));
    }
    // Refused answers change nothing.
    let both = vec![answer(&made[1].id, &serde_json::json!({"output": true})), first];
    let outputs = served.run(vec![answers(both)]).await;
    assert_eq!(texts(&outputs), ["s and true"]);
    let refused = served
        .refused(config, vec![answers(vec![answer("call-1-1", &status)])])
        .await;
    assert_eq!(
        refused,
        (
            Code::InvalidArgument,
            "no tool call waits for an answer".to_owned()
        )
    );
}

#[tokio::test]
async fn a_turn_that_waits_is_given_up_when_the_user_goes_on() {
    let mut served = served().await;
    served.say("order A1").await;
    let outputs = served.say("hm").await;
    assert_eq!((texts(&outputs), outputs[0].turn_index), (vec!["I heard hm."], 2));
}

#[tokio::test]
async fn the_service_runs_tools_that_only_diagnostics_tell_of() {
    let mut served = served().await;
    let outputs = served
        .run(vec![
            variables(&serde_json::json!({"customer": "Ada"})),
            text("find me"),
        ])
        .await;
    assert_eq!(texts(&outputs), ["tier gold", "bronze!"]);
    assert!(calls(&outputs).is_empty());
    let told = messages(&outputs);
    assert!(
        told.contains(&r#"Front desk: call  {"name":"Ada"}"#.to_owned()),
        "{told:?}"
    );
    assert!(told.contains(&r#"Front desk: answer  {"tier":"gold"}"#.to_owned()));
    assert!(!told.iter().any(|line| line.contains("hidden")));
    let of_set = diagnostics(&outputs)
        .messages
        .iter()
        .flat_map(|message| message.chunks.clone())
        .find_map(|chunk| match chunk.data {
            Some(Data::ToolCall(call)) => call.tool_identifier,
            _ => None,
        });
    let expected = ces::ToolsetTool {
        toolset: format!("{APP}/toolsets/crm"),
        tool_id: "find".into(),
    };
    assert_eq!(
        of_set,
        Some(ces::tool_call::ToolIdentifier::ToolsetTool(expected))
    );
    assert_eq!(
        spans(&outputs),
        [
            "LLM Front desk - -",
            "Tool Front desk crm/find OpenApiTool",
            "Callback Front desk - -",
            ">Tool Front desk crm/find OpenApiTool",
            "Tool Front desk crm/find OpenApiTool",
            "LLM Front desk - -",
        ]
    );
}

#[tokio::test]
async fn fakes_answer_when_they_are_switched_on() {
    let mut served = served().await;
    let config = ces::SessionConfig {
        use_tool_fakes: true,
        ..served.config()
    };
    let outputs = served.run_with(config, vec![text("order A1")]).await.unwrap();
    assert_eq!(texts(&outputs), ["One moment.", "Sorry: pretended"]);
    assert!(spans(&outputs).contains(&"Fake Tool Front desk lookup_order ToolFake".to_owned()));
}

#[tokio::test]
async fn transfers_change_the_agent() {
    let mut served = served().await;
    let outputs = served.say("Money back!").await;
    assert_eq!(texts(&outputs), ["Transferring.", "Billing speaking."]);
    assert_eq!(
        messages(&outputs)[2..],
        [
            "Front desk: text Transferring.".to_owned(),
            format!("Front desk: transfer {APP}/agents/billing Billing"),
            "Billing: text Billing speaking.".to_owned(),
        ]
    );
    assert!(spans(&outputs).contains(&"Tool Front desk transfer_to_agent TransferToAgentTool".to_owned()));
    assert_eq!(texts(&served.say("hm").await), ["Billing listens."]);
    let outputs = served.say("back").await;
    assert_eq!(texts(&outputs), ["Here again."]);
    assert!(messages(&outputs).contains(&"Front desk: text Here again.".to_owned()));
    let (code, message) = served.refused(served.config(), vec![text("circles")]).await;
    assert_eq!(code, Code::Internal);
    assert!(message.contains("goes round in circles"), "{message}");
    // The session is where it was.
    assert_eq!(texts(&served.say("hm").await), ["I heard hm."]);
}

#[tokio::test]
async fn variables_payloads_and_conditions() {
    let mut served = served().await;
    let outputs = served
        .run(vec![variables(&serde_json::json!({"customer": "Bo"}))])
        .await;
    assert!(texts(&outputs).is_empty());
    assert_eq!((outputs.len(), outputs[0].turn_completed), (1, true));
    let outputs = served.run(vec![input(InputType::Dtmf("12#".into()))]).await;
    let payload = outputs.iter().find_map(|output| match &output.output_type {
        Some(OutputType::Payload(payload)) => Some(serde_json::Value::Object(struct_to_json(payload))),
        _ => None,
    });
    assert_eq!(payload, Some(serde_json::json!({"keys": "12#", "list": [1]})));
    assert_eq!(texts(&served.say("again").await), ["once"]);
    assert_eq!(texts(&served.say("again").await), ["enough"]);
    let outputs = served.say("nothing").await;
    assert_eq!((outputs.len(), outputs[0].output_type.is_none()), (1, true));
    assert_eq!(diagnostics(&outputs).messages.last().unwrap().role, "Front desk");
}

#[tokio::test]
async fn values_cannot_grow_for_ever() {
    let mut served = served().await;
    served
        .run(vec![variables(&serde_json::json!({"order_id": "0123456789"}))])
        .await;
    let mut refused = None;
    for _ in 0..20 {
        refused = refused.or(served.run_with(served.config(), vec![text("grow")]).await.err());
    }
    assert_eq!(refused.unwrap().code(), Code::Internal);
    assert_eq!(texts(&served.say("hm").await), ["I heard hm."]);
}

#[tokio::test]
async fn an_ended_session_stays_ended() {
    let mut served = served().await;
    let outputs = served.say("bye").await;
    let Some(OutputType::EndSession(end)) = &outputs[1].output_type else {
        panic!("{outputs:?}");
    };
    assert!(outputs[1].turn_completed);
    assert_eq!(
        serde_json::Value::Object(struct_to_json(end.metadata.as_ref().unwrap())),
        serde_json::json!({"reason": "done", "session_escalated": false})
    );
    assert!(
        messages(&outputs)
            .iter()
            .any(|line| line.starts_with("Front desk: call end_session"))
    );
    let refused = served.refused(served.config(), vec![text("hello?")]).await;
    assert_eq!(
        refused,
        (Code::FailedPrecondition, "the session has ended".to_owned())
    );
}

#[tokio::test]
async fn a_session_can_begin_elsewhere_and_with_a_history() {
    let mut served = served().await;
    let config = ces::SessionConfig {
        entry_agent: format!("{APP}/agents/billing"),
        ..served.config()
    };
    assert_eq!(
        texts(&served.run_with(config.clone(), vec![text("hm")]).await.unwrap()),
        ["Billing listens."]
    );
    served.session = format!("{APP}/sessions/session-2");
    let chunk = |data: Data| ces::Chunk { data: Some(data) };
    let set = json_to_struct(serde_json::json!({"tries": 5}).as_object().unwrap()).unwrap();
    let message = |role: &str, chunks: Vec<ces::Chunk>| ces::Message {
        role: role.into(),
        chunks,
        event_time: None,
    };
    let history = vec![
        message("user", vec![chunk(Data::Text("hi".into()))]),
        message("Billing", vec![chunk(Data::UpdatedVariables(set))]),
    ];
    let config = ces::SessionConfig {
        historical_contexts: history,
        ..served.config()
    };
    let outputs = served.run_with(config.clone(), vec![text("back")]).await.unwrap();
    assert_eq!(texts(&outputs), ["Here again."]);
    assert_eq!(texts(&served.say("again").await), ["enough"]);
    // A history seeds new sessions only.
    assert_eq!(
        texts(&served.run_with(config, vec![text("hm")]).await.unwrap()),
        ["I heard hm."]
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let mut served = served().await;
    let config = served.config();
    let with = |change: fn(&mut ces::SessionConfig)| {
        let mut changed = config.clone();
        change(&mut changed);
        changed
    };
    let hello = || vec![text("hello")];
    for (config, inputs, code, part) in [
        (
            with(|config| config.session = "sessions/abcde".into()),
            hello(),
            Code::InvalidArgument,
            "must be projects/*",
        ),
        (
            with(|config| config.session = format!("{APP}/sessions/abc")),
            hello(),
            Code::InvalidArgument,
            "[a-zA-Z0-9][a-zA-Z0-9-_]{4,62}",
        ),
        (config.clone(), vec![], Code::InvalidArgument, "inputs is empty"),
        (
            config.clone(),
            vec![ces::SessionInput::default()],
            Code::InvalidArgument,
            "no input_type",
        ),
        (
            config.clone(),
            vec![input(InputType::Audio(vec![1]))],
            Code::Unimplemented,
            "audio",
        ),
        (
            with(|config| config.time_zone = "Mars".into()),
            hello(),
            Code::InvalidArgument,
            "time zone",
        ),
        (
            with(|config| config.entry_agent = format!("{APP}/agents/nobody")),
            hello(),
            Code::NotFound,
            "no agent `nobody`, but front-desk (Front desk)",
        ),
        (
            with(|config| config.entry_agent = "billing".into()),
            hello(),
            Code::InvalidArgument,
            "/agents/*",
        ),
        (
            with(|config| config.deployment = "x/y".into()),
            hello(),
            Code::InvalidArgument,
            "/deployments/*",
        ),
        (
            with(|config| {
                config.historical_contexts = vec![ces::Message {
                    role: "Nobody".into(),
                    ..Default::default()
                }];
            }),
            hello(),
            Code::InvalidArgument,
            "neither `user` nor an agent",
        ),
    ] {
        let (found, message) = served.refused(config, inputs).await;
        assert_eq!(found, code, "{message}");
        assert!(message.contains(part), "{message}");
    }
    let request = ces::RunSessionRequest {
        config: None,
        inputs: hello(),
    };
    assert_eq!(
        served.client.run_session(request).await.unwrap_err().code(),
        Code::InvalidArgument
    );
}

#[tokio::test]
async fn any_app_name_and_the_time_of_a_zone() {
    let clock = chrono::DateTime::parse_from_rfc3339("2026-03-01T23:30:00Z").unwrap();
    let mut served = served_with(CesOptions {
        clock: Clock::Fixed(clock),
        ..CesOptions::default()
    })
    .await;
    served.session = "projects/other/locations/eu/apps/1234/sessions/abcde".into();
    assert_eq!(texts(&served.say("what day").await), ["2026-03-01 2026-03-02"]);
    let config = ces::SessionConfig {
        time_zone: "Asia/Tokyo".into(),
        deployment: "projects/other/locations/eu/apps/1234/deployments/prod".into(),
        ..served.config()
    };
    let outputs = served.run_with(config, vec![text("what day")]).await.unwrap();
    assert_eq!(texts(&outputs), ["2026-03-02 2026-03-03"]);
    let root = diagnostics(&outputs).root_span.unwrap();
    let attributes = struct_to_json(root.attributes.as_ref().unwrap());
    assert_eq!(attributes.get("deployment id"), Some(&serde_json::json!("prod")));
    assert_eq!(attributes.get("input types"), Some(&serde_json::json!(["text"])));
    let mut request = Request::new(ces::RunSessionRequest {
        config: Some(served.config()),
        inputs: vec![text("what day")],
    });
    request
        .metadata_mut()
        .insert("x-turnproof-clock", "2030-01-01T00:00:00Z".parse().unwrap());
    let outputs = served
        .client
        .run_session(request)
        .await
        .unwrap()
        .into_inner()
        .outputs;
    assert_eq!(texts(&outputs), ["2030-01-01 2030-01-02"]);
}

#[tokio::test]
async fn chance_is_repeatable() {
    async fn choices(seed: u64, session: &str) -> Vec<String> {
        let mut served = served_with(CesOptions {
            seed,
            ..CesOptions::default()
        })
        .await;
        served.session = format!("{APP}/sessions/{session}");
        let mut said = Vec::new();
        for _ in 0..6 {
            said.push(texts(&served.say("surprise").await).concat());
        }
        said
    }
    let first = choices(7, "session-1").await;
    assert_eq!(first, choices(7, "session-2").await);
    assert_ne!(first, choices(8, "session-1").await);
    assert!(first.iter().any(|text| *text != first[0]));
}

#[tokio::test(start_paused = true)]
async fn latency_is_added_to_every_answer() {
    let latency = Duration::from_mins(1);
    let mut served = served_with(CesOptions {
        faults: Faults { latency },
        ..CesOptions::default()
    })
    .await;
    let before = tokio::time::Instant::now();
    served.say("hello").await;
    assert!(before.elapsed() >= latency);
}

#[tokio::test]
async fn streams_give_outputs_one_by_one() {
    let mut served = served().await;
    for in_fragments in [false, true] {
        let request = ces::RunSessionRequest {
            config: Some(ces::SessionConfig {
                enable_text_streaming: in_fragments,
                ..served.config()
            }),
            inputs: vec![text("long")],
        };
        let stream = served
            .client
            .stream_run_session(request)
            .await
            .unwrap()
            .into_inner();
        let responses: Vec<_> = stream.map(Result::unwrap).collect().await;
        assert!(responses.iter().all(|response| response.outputs.len() == 1));
        let outputs: Vec<SessionOutput> = responses
            .into_iter()
            .flat_map(|response| response.outputs)
            .collect();
        let _ = diagnostics(&outputs);
        if in_fragments {
            assert_eq!(
                texts(&outputs),
                ["one two three ", "four five six ", "seven", "eight"]
            );
        } else {
            assert_eq!(texts(&outputs), ["one two three four five six seven", "eight"]);
        }
    }
    let request = ces::RunSessionRequest {
        config: Some(served.config()),
        inputs: vec![],
    };
    let status = served.client.stream_run_session(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

/// Plays a live stream: the messages that come back, and how it ended.
async fn live(served: &mut Served, sent: Vec<ClientMessage>) -> (Vec<SessionOutput>, Option<tonic::Status>) {
    let messages = sent.into_iter().map(|message| ces::BidiSessionClientMessage {
        message_type: Some(message),
    });
    let request = tokio_stream::iter(messages.collect::<Vec<_>>());
    let mut stream = served
        .client
        .bidi_run_session(request)
        .await
        .unwrap()
        .into_inner();
    let mut outputs = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(message)) => {
                let output = match message.message_type {
                    Some(ServerMessage::SessionOutput(output)) => Some(output),
                    _ => None,
                };
                outputs.push(output.unwrap());
            }
            Ok(None) => return (outputs, None),
            Err(status) => return (outputs, Some(status)),
        }
    }
}

#[tokio::test]
async fn a_live_stream_of_text() {
    let mut served = served().await;
    let config = || ClientMessage::Config(served.config());
    let first = config();
    let goes_on = |input: ces::SessionInput| {
        ClientMessage::RealtimeInput(ces::SessionInput {
            will_continue: true,
            ..input
        })
    };
    let sent = vec![
        first.clone(),
        goes_on(variables(&serde_json::json!({"customer": "Ada"}))),
        goes_on(text("find ")),
        ClientMessage::RealtimeInput(text("me")),
        ClientMessage::RealtimeInput(text("two tools")),
    ];
    let (outputs, status) = live(&mut served, sent).await;
    assert!(status.is_none(), "{status:?}");
    assert_eq!(texts(&outputs), ["tier gold", "bronze!"]);
    let waiting = calls(&outputs);
    assert_eq!(waiting.len(), 2);
    // The session outlives the stream.
    let answered = waiting
        .iter()
        .map(|call| answer(&call.id, &serde_json::json!({"output": "ok"})));
    let sent = vec![
        first.clone(),
        ClientMessage::RealtimeInput(answers(answered.collect())),
        goes_on(input(InputType::Dtmf("12".into()))),
        ClientMessage::RealtimeInput(text("bye")),
        ClientMessage::RealtimeInput(text("too late")),
    ];
    let (outputs, status) = live(&mut served, sent).await;
    assert!(status.is_none(), "{status:?}");
    let indices: Vec<i32> = outputs
        .iter()
        .filter(|output| output.turn_completed)
        .map(|output| output.turn_index)
        .collect();
    assert_eq!(indices, [2, 3, 4]);
    assert!(matches!(
        outputs.last().unwrap().output_type,
        Some(OutputType::EndSession(_))
    ));
    let (_, status) = live(
        &mut served,
        vec![first, ClientMessage::RealtimeInput(text("hello"))],
    )
    .await;
    assert_eq!(status.unwrap().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn a_live_stream_that_makes_no_sense() {
    let mut served = served().await;
    let config = ClientMessage::Config(served.config());
    let hello = ClientMessage::RealtimeInput(text("hello"));
    let audio = ClientMessage::RealtimeInput(input(InputType::Audio(vec![0; 320])));
    for (sent, code) in [
        (vec![hello.clone()], Code::InvalidArgument),
        (vec![config.clone(), config.clone()], Code::InvalidArgument),
        (vec![config.clone(), hello, audio], Code::Unimplemented),
        (
            vec![ClientMessage::Config(ces::SessionConfig::default())],
            Code::InvalidArgument,
        ),
    ] {
        let (_, status) = live(&mut served, sent).await;
        assert_eq!(status.unwrap().code(), code);
    }
    let (outputs, status) = live(&mut served, vec![config]).await;
    assert!(outputs.is_empty() && status.is_none());
}

#[tokio::test]
async fn a_session_can_be_forgotten() {
    let mut served = served().await;
    served.say("bye").await;
    assert_eq!(served.emulator.sessions(), 1);
    served.emulator.forget_session("session-1");
    assert_eq!(served.emulator.sessions(), 0);
    assert_eq!(served.say("hm").await[0].turn_index, 1);
}

/// Our own client understands it all: what suites expect of such an app can be observed.
#[tokio::test]
async fn our_client_sees_everything() {
    use turnproof::backend::ces::{CesBackend, CesTarget};
    use turnproof::backend::{Backend as _, SessionStart, ToolResult, TurnInput, TurnRequest};
    use turnproof::model::suite::{Input, Name, Start, Via, With};
    use turnproof::model::transcript::{CallSource, Observed};

    let served = served().await;
    for via in [Via::Run, Via::Stream, Via::Bidi] {
        let target = CesTarget {
            app: APP.parse().unwrap(),
            deployment: None,
            via,
            names: Arc::new(served.emulator.clone()),
        };
        let backend = CesBackend::new(target, crate::scripted::connection(served.running.address())).unwrap();
        let start = SessionStart {
            session_id: format!("session-{via:?}"),
            start: Start {
                agent: Some(Name::Display("Front desk".into())),
                parameters: serde_json::Map::from_iter([("customer".to_owned(), "Ada".into())]),
                ..Start::default()
            },
            webhooks: Arc::default(),
        };
        let mut session = backend.open(start).await.unwrap();
        let turn = |input: TurnInput| TurnRequest {
            input,
            with: With::default(),
            via: None,
            timeout: Duration::from_secs(30),
            want_raw: true,
        };
        let say = |text: &str| turn(TurnInput::User(Input::Say(text.to_owned())));
        let reply = session.play(say("find me")).await.unwrap();
        assert_eq!(reply.texts, ["tier gold", "bronze!"]);
        let calls: Vec<(String, CallSource)> = reply
            .tool_calls
            .seen()
            .unwrap()
            .iter()
            .map(|call| (call.tool.clone(), call.source))
            .collect();
        assert_eq!(
            calls.iter().filter(|(tool, _)| tool == "crm/find").count(),
            3,
            "{calls:?}"
        );
        assert_eq!(
            calls
                .iter()
                .filter(|(_, source)| *source == CallSource::Nested)
                .count(),
            1
        );
        assert_eq!(reply.agent, Observed::Seen("Front desk".into()));
        assert_eq!(
            reply.parameters.seen().unwrap().get("customer"),
            Some(&"Ada".into())
        );
        let reply = session.play(say("order A1")).await.unwrap();
        let results = reply.pending.iter().map(|call| ToolResult {
            id: call.id.clone(),
            tool: call.tool.clone(),
            result: Ok(serde_json::json!({"status": "shipped"})),
        });
        let reply = session
            .play(turn(TurnInput::ToolResults(results.collect())))
            .await
            .unwrap();
        assert_eq!(reply.texts, ["A1 is shipped."]);
        let calls = reply.tool_calls.seen().unwrap();
        assert_eq!(
            (calls.len(), calls[0].source),
            (1, CallSource::Client),
            "{calls:?}"
        );
        assert_eq!(calls[0].response, Some(serde_json::json!({"status": "shipped"})));
        let reply = session.play(say("billing")).await.unwrap();
        assert_eq!(reply.transfers, Observed::Seen(vec!["Billing".into()]));
        assert_eq!(
            reply.visited,
            Observed::Seen(vec!["Front desk".into(), "Billing".into()])
        );
        assert_eq!(reply.agent, Observed::Seen("Billing".into()));
        session.play(say("back")).await.unwrap();
        let reply = session.play(say("bye")).await.unwrap();
        assert_eq!(reply.ended.unwrap().get("reason"), Some(&"done".into()));
        assert!(reply.tool_calls.seen().unwrap().is_empty());
    }
}
