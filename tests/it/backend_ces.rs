//! The CES client over real gRPC: one call per turn, a stream of outputs, and text on a live stream.

mod evidence;
mod live;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use turnproof::backend::ces::{CesBackend, CesTarget};
use turnproof::backend::names::Names;
use turnproof::backend::{Backend, Session, SessionStart, Take, ToolResult, TurnInput, TurnRequest};
use turnproof::model::suite::{Input, Start, Via, With};
use turnproof::proto::ces_v1 as ces;
use turnproof::proto::ces_v1::session_input::InputType;
use turnproof::proto::ces_v1::session_output::OutputType;
use turnproof::proto::json::struct_to_json;

use crate::scripted::{Received, ScriptedServer};

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
        audio: turnproof::model::suite::AudioSettings::default(),
        names: Arc::new(Directory),
        emulator: false,
    }
}

fn session_start(start: Start) -> SessionStart {
    SessionStart {
        session_id: "session-1".to_owned(),
        start,
        stubs: Arc::default(),
        take: Take::default(),
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
        with: With::default().into(),
        via: None,
        timeout: Duration::from_secs(30),
        want_raw: false,
    }
}

fn say(text: &str) -> TurnRequest {
    turn(Input::Say(text.to_owned()))
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

fn inputs(received: &Received) -> Vec<InputType> {
    let request = received.read::<ces::RunSessionRequest>();
    request
        .inputs
        .into_iter()
        .map(|input| input.input_type.unwrap())
        .collect()
}

fn variables(input: &InputType) -> Value {
    let InputType::Variables(fields) = input else {
        return Value::Null;
    };
    Value::Object(struct_to_json(fields))
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
    let none = ces::ToolResponses::default();
    let sent = match input {
        InputType::ToolResponses(sent) => sent,
        _ => &none,
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
