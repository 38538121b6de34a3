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
use turnproof::emulator::fault::{Faults, Rules};
use turnproof::emulator::{Emulator, EmulatorOptions, RunningEmulator};
use turnproof::proto::ces_v1::bidi_session_client_message::MessageType as ClientMessage;
use turnproof::proto::ces_v1::bidi_session_server_message::MessageType as ServerMessage;
use turnproof::proto::ces_v1::chunk::Data;
use turnproof::proto::ces_v1::session_input::InputType;
use turnproof::proto::ces_v1::session_output::OutputType;
use turnproof::proto::ces_v1::session_service_client::SessionServiceClient;
use turnproof::proto::ces_v1::{self as ces, SessionOutput};
use turnproof::proto::json::{json_to_struct, struct_to_json};

mod client;
mod files;
mod requests;
mod streams;
mod turns;

/// The app that all these tests talk to.
const SCRIPT: &str = include_str!("ces_emulator/parcels.app.yaml");

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
        faults: Rules::default(),
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
    let json =
        |fields: &turnproof::proto::Struct| serde_json::Value::Object(struct_to_json(fields)).to_string();
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
