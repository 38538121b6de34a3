//! What the diagnostics of a turn tell: messages with their chunks (ces-api 2.1), and a tree of spans (ces-api 2.2).

use chrono::{DateTime, Utc};
use serde_json::json;
use tonic::Status;

use crate::model::suite::AttachmentKind;
use crate::model::{Map, Value};
use crate::proto::Struct;
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::chunk::Data;
use crate::proto::json::json_to_struct;
use crate::proto::time::{duration_to_proto, timestamp_to_proto};

use super::app::{Agent, App, Tool};

/// The role of the user's messages.
pub(super) const USER: &str = "user";

/// The attribute of the root span that holds the emulator's remarks.
const NOTES: &str = "emulator";

/// The trace of a turn in the making.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    started: DateTime<Utc>,
    messages: Vec<ces::Message>,
    spans: Vec<ces::Span>,
    inputs: Vec<&'static str>,
    /// What the emulator could not do, for the author.
    notes: Vec<String>,
}

/// A call of a tool as its span tells it.
pub(super) struct ToolSpan<'a> {
    pub(super) tool: &'a str,
    pub(super) agent: &'a str,
    /// Type of the tool.
    pub(super) kind: &'static str,
    /// Id of the call; empty when it has none.
    pub(super) id: &'a str,
    pub(super) args: &'a Map,
    pub(super) response: Option<&'a Map>,
    pub(super) started: DateTime<Utc>,
}

/// Type of a tool whose fake answered.
pub(super) const FAKE: &str = "ToolFake";

impl Trace {
    /// Begins a turn.
    pub(super) fn new(started: DateTime<Utc>) -> Self {
        Self {
            started,
            messages: Vec::new(),
            spans: Vec::new(),
            inputs: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Notes what the emulator could not do.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Notes what kind of input came.
    pub(super) fn input(&mut self, kind: &'static str) {
        if !self.inputs.contains(&kind) {
            self.inputs.push(kind);
        }
    }

    /// Adds what `role` said or did; a message goes on as long as its role does.
    pub(super) fn add(&mut self, role: &str, data: Data, now: DateTime<Utc>) {
        self.message(role, now)
            .chunks
            .push(ces::Chunk { data: Some(data) });
    }

    /// The message that `role` is at, also when nothing comes of it.
    pub(super) fn message(&mut self, role: &str, now: DateTime<Utc>) -> &mut ces::Message {
        let is_new = self.messages.last().is_none_or(|message| message.role != role);
        if is_new {
            self.messages.push(ces::Message {
                role: role.to_owned(),
                chunks: Vec::new(),
                event_time: Some(timestamp_to_proto(now)),
            });
        }
        let last = self.messages.len() - 1;
        &mut self.messages[last]
    }

    /// Notes that an agent decided what to do.
    pub(super) fn decision(&mut self, agent: &str, now: DateTime<Utc>) -> Result<(), Status> {
        let attributes = json!({ "agent": agent, "model": "scripted" });
        self.spans.push(span("LLM", now, now, &attributes, Vec::new())?);
        Ok(())
    }

    /// Notes a call of a tool.
    pub(super) fn tool(&mut self, call: &ToolSpan<'_>, now: DateTime<Utc>) -> Result<(), Status> {
        let span = tool_span(call, now)?;
        self.spans.push(span);
        Ok(())
    }

    /// Notes a call that a callback made.
    pub(super) fn by_callback(&mut self, call: &ToolSpan<'_>, now: DateTime<Utc>) -> Result<(), Status> {
        let inner = tool_span(call, now)?;
        let attributes = json!({ "agent": call.agent, "stage": "AfterModel", "description": "scripted" });
        self.spans
            .push(span("Callback", call.started, now, &attributes, vec![inner])?);
        Ok(())
    }

    /// The diagnostics of the turn, when it is complete.
    pub(super) fn finish(
        self,
        deployment: &str,
        now: DateTime<Utc>,
    ) -> Result<ces::session_output::DiagnosticInfo, Status> {
        let elapsed = now.signed_duration_since(self.started).num_milliseconds().max(0);
        let mut attributes = Map::new();
        attributes.insert("perceived latency (ms)".to_owned(), Value::from(elapsed));
        attributes.insert("input types".to_owned(), Value::from(self.inputs));
        if !self.notes.is_empty() {
            attributes.insert(NOTES.to_owned(), Value::from(self.notes));
        }
        attributes.insert("version id".to_owned(), Value::from("-"));
        if !deployment.is_empty() {
            attributes.insert("deployment id".to_owned(), Value::from(deployment));
        }
        let root = span("Turn", self.started, now, &Value::Object(attributes), self.spans)?;
        Ok(ces::session_output::DiagnosticInfo {
            messages: self.messages,
            root_span: Some(root),
        })
    }
}

fn tool_span(call: &ToolSpan<'_>, now: DateTime<Utc>) -> Result<ces::Span, Status> {
    let mut attributes = Map::new();
    let mut put = |name: &str, value: Value| attributes.insert(name.to_owned(), value);
    put("name", Value::from(call.tool));
    put("toolDisplayName", Value::from(call.tool));
    put("agent", Value::from(call.agent));
    put("type", Value::from(call.kind));
    if !call.id.is_empty() {
        put("tool call id", Value::from(call.id));
    }
    put("args", Value::Object(call.args.clone()));
    if let Some(response) = call.response {
        put("response", Value::Object(response.clone()));
    }
    let name = if call.kind == FAKE { "Fake Tool" } else { "Tool" };
    span(name, call.started, now, &Value::Object(attributes), Vec::new())
}

fn span(
    name: &str,
    started: DateTime<Utc>,
    ended: DateTime<Utc>,
    attributes: &Value,
    child_spans: Vec<ces::Span>,
) -> Result<ces::Span, Status> {
    let attributes = match attributes {
        Value::Object(members) => Some(fields(members)?),
        _ => None,
    };
    let duration = ended.signed_duration_since(started).to_std().unwrap_or_default();
    Ok(ces::Span {
        name: name.to_owned(),
        start_time: Some(timestamp_to_proto(started)),
        end_time: Some(timestamp_to_proto(ended)),
        attributes,
        child_spans,
        duration: Some(duration_to_proto(duration)),
    })
}

/// Largest value, in bytes of text and about as many for the rest: variables that grow from turn to turn must end
/// somewhere.
const LARGEST: usize = 1 << 20;

/// Whether members are larger than a turn may make them.
///
/// # Errors
/// When they are.
pub(super) fn check_size(members: &Map) -> Result<(), Status> {
    fn spend(value: &Value, left: &mut usize) -> Option<()> {
        const EACH: usize = 16;
        *left = left.checked_sub(EACH)?;
        match value {
            Value::String(text) => *left = left.checked_sub(text.len())?,
            Value::Array(items) => items.iter().try_for_each(|item| spend(item, left))?,
            Value::Object(members) => spend_members(members, left)?,
            _ => {}
        }
        Some(())
    }
    fn spend_members(members: &Map, left: &mut usize) -> Option<()> {
        members.iter().try_for_each(|(name, value)| {
            *left = left.checked_sub(name.len())?;
            spend(value, left)
        })
    }
    let mut left = LARGEST;
    spend_members(members, &mut left).ok_or_else(too_large)
}

/// As [`check_size`], for a text.
pub(super) fn check_length(text: &str) -> Result<(), Status> {
    if text.len() > LARGEST {
        return Err(too_large());
    }
    Ok(())
}

fn too_large() -> Status {
    Status::internal("the values of this session have grown larger than 1 MiB")
}

/// An object for the wire.
///
/// # Errors
/// When templates have made it too deep or too large to be sent.
pub(super) fn fields(members: &Map) -> Result<Struct, Status> {
    check_size(members)?;
    json_to_struct(members)
        .map_err(|error| Status::internal(format!("the script has made a value that is {error}")))
}

/// A call for the wire.
pub(super) fn tool_call(app_name: &str, tool: &Tool, id: &str, args: &Map) -> Result<ces::ToolCall, Status> {
    use ces::tool_call::ToolIdentifier;
    let identifier = match identity(app_name, tool) {
        Identity::Alone(name) => ToolIdentifier::Tool(name),
        Identity::OfSet(tool) => ToolIdentifier::ToolsetTool(tool),
    };
    Ok(ces::ToolCall {
        id: id.to_owned(),
        args: Some(fields(args)?),
        display_name: display_name(tool),
        tool_identifier: Some(identifier),
    })
}

/// An answer for the wire.
pub(super) fn tool_response(
    app_name: &str,
    tool: &Tool,
    id: &str,
    answer: &Map,
) -> Result<ces::ToolResponse, Status> {
    use ces::tool_response::ToolIdentifier;
    let identifier = match identity(app_name, tool) {
        Identity::Alone(name) => ToolIdentifier::Tool(name),
        Identity::OfSet(tool) => ToolIdentifier::ToolsetTool(tool),
    };
    Ok(ces::ToolResponse {
        id: id.to_owned(),
        response: Some(fields(answer)?),
        display_name: display_name(tool),
        tool_identifier: Some(identifier),
    })
}

/// What tells a tool from others: calls and answers have types of their own for the same two ways.
enum Identity {
    Alone(String),
    OfSet(ces::ToolsetTool),
}

fn identity(app_name: &str, tool: &Tool) -> Identity {
    match &tool.toolset {
        None => Identity::Alone(format!("{app_name}/tools/{}", tool.id)),
        Some(toolset) => Identity::OfSet(ces::ToolsetTool {
            toolset: format!("{app_name}/toolsets/{toolset}"),
            tool_id: tool.id.clone(),
        }),
    }
}

/// A tool of a set is told by its set and its id.
fn display_name(tool: &Tool) -> String {
    match tool.toolset {
        None => tool.name.clone(),
        Some(_) => String::new(),
    }
}

/// The call of the system's own tool that ends a session.
pub(super) fn end_call(id: &str, metadata: &Map) -> Result<ces::ToolCall, Status> {
    Ok(ces::ToolCall {
        id: id.to_owned(),
        args: Some(fields(metadata)?),
        display_name: "end_session".to_owned(),
        tool_identifier: None,
    })
}

/// A file as the diagnostics tell of it: which type it had; what was in it the client knows.
pub(super) fn file(kind: AttachmentKind, mime_type: &str) -> Data {
    let (mime_type, data) = (mime_type.to_owned(), Vec::new());
    match kind {
        AttachmentKind::Image => Data::Image(ces::Image { mime_type, data }),
        AttachmentKind::Blob => Data::Blob(ces::Blob { mime_type, data }),
    }
}

/// A transfer for the wire.
pub(super) fn transfer(app_name: &str, agent: &Agent) -> ces::AgentTransfer {
    ces::AgentTransfer {
        target_agent: format!("{app_name}/agents/{}", agent.id),
        display_name: agent.name.clone(),
    }
}

/// The variables that a session begins with.
pub(super) fn defaults(app: &App) -> Result<Data, Status> {
    Ok(Data::DefaultVariables(fields(&app.variables)?))
}
