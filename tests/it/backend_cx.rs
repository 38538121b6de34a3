//! The Dialogflow CX client over real gRPC: what leaves, what comes back, and what is never sent.

mod answers;
mod feedback;
mod refusals;
mod requests;

use std::sync::Arc;
use std::time::Duration;

use turnproof::backend::cx::{CxBackend, CxTarget};
use turnproof::backend::names::Names;
use turnproof::backend::{Backend, Session, SessionStart, Take, TurnInput, TurnRequest};
use turnproof::model::suite::{ApiVersion, Input, Start, Via, With};
use turnproof::proto::cx_v3beta1 as cx;
use turnproof::proto::cx_v3beta1::response_message;

use crate::scripted::ScriptedServer;

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
        audio: turnproof::model::suite::AudioSettings::default(),
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
        stubs: Arc::default(),
        take: Take::default(),
    }
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
