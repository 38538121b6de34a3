//! The tool calls of a turn, merged from the three places where CES tells of them (ces-api 2.1): outputs for calls
//! left to the client, messages of the diagnostics for what agents called, spans for what callbacks and other
//! tools called. Repeated calls are separate calls; the order is that of the messages.

use super::spans::{self, ToolSpan};
use crate::model::resource::last_id;
use crate::model::transcript::{CallSource, ToolCall};
use crate::model::{Map, Value};
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::chunk::Data;
use crate::proto::json::struct_to_json;

/// Tools of the system itself: what they do is told as the end of the session and as transfers.
const RESERVED: [&str; 2] = ["end_session", "transfer_to_agent"];

/// All calls that an answer tells of. `waiting` are those that it hands to the client, `left_to_us` these and those
/// of earlier answers in the same turn.
pub(super) fn tool_calls<'a>(
    messages: &[&ces::Message],
    roots: impl Iterator<Item = &'a ces::Span>,
    waiting: &[ces::ToolCall],
    left_to_us: &[ces::ToolCall],
) -> Vec<ToolCall> {
    let mut calls = of_messages(messages, left_to_us);
    for call in waiting.iter().map(left_to_client) {
        if !calls.iter().any(|known| is_same(known, &call)) {
            calls.push(call);
        }
    }
    merge_spans(&mut calls, roots.flat_map(spans::tools));
    calls.retain(|call| !RESERVED.contains(&call.tool.as_str()));
    calls
}

/// A call that the client has to run.
pub(super) fn left_to_client(call: &ces::ToolCall) -> ToolCall {
    shown(call, CallSource::Client, None)
}

/// The same id, or without ids the same call of the client's.
fn is_same(known: &ToolCall, call: &ToolCall) -> bool {
    match (known.id.as_str(), call.id.as_str()) {
        ("", "") => known.source == call.source && known.tool == call.tool && known.args == call.args,
        (known, id) => known == id,
    }
}

fn of_messages(messages: &[&ces::Message], left_to_us: &[ces::ToolCall]) -> Vec<ToolCall> {
    let mut calls: Vec<ToolCall> = Vec::new();
    for message in messages {
        for data in message.chunks.iter().filter_map(|chunk| chunk.data.as_ref()) {
            match data {
                // Diagnostics of several outputs may tell of the same call.
                Data::ToolCall(call)
                    if calls
                        .iter()
                        .any(|known| !known.id.is_empty() && known.id == call.id) => {}
                Data::ToolCall(call) => {
                    let ours = left_to_us.iter().any(|left| match left.id.as_str() {
                        "" => left == call,
                        id => id == call.id,
                    });
                    let source = if ours {
                        CallSource::Client
                    } else {
                        CallSource::Agent
                    };
                    let agent =
                        (message.role != "user" && !message.role.is_empty()).then(|| message.role.clone());
                    calls.push(shown(call, source, agent));
                }
                Data::ToolResponse(response) => take_response(&mut calls, response),
                _ => {}
            }
        }
    }
    calls
}

fn shown(call: &ces::ToolCall, source: CallSource, agent: Option<String>) -> ToolCall {
    use ces::tool_call::ToolIdentifier::{Tool, ToolsetTool};
    let tool = match &call.tool_identifier {
        Some(Tool(name)) => tool_name(&call.display_name, Some(name), None),
        Some(ToolsetTool(tool)) => tool_name(&call.display_name, None, Some(tool)),
        None => call.display_name.clone(),
    };
    let args = call.args.as_ref().map(struct_to_json).unwrap_or_default();
    ToolCall {
        id: call.id.clone(),
        tool,
        args,
        response: None,
        source,
        agent,
    }
}

/// The display name; else the id of the tool; for a tool of a set, `toolset/tool`.
fn tool_name(display_name: &str, tool: Option<&str>, of_set: Option<&ces::ToolsetTool>) -> String {
    if !display_name.is_empty() {
        return display_name.to_owned();
    }
    match (tool, of_set) {
        (Some(tool), _) => last_id(tool).to_owned(),
        (None, Some(tool)) => format!("{}/{}", last_id(&tool.toolset), tool.tool_id),
        (None, None) => String::new(),
    }
}

/// An answer belongs to the call of its id; without ids, to the first call of that tool that has none yet.
fn take_response(calls: &mut [ToolCall], response: &ces::ToolResponse) {
    use ces::tool_response::ToolIdentifier::{Tool, ToolsetTool};
    let tool = match &response.tool_identifier {
        Some(Tool(name)) => tool_name(&response.display_name, Some(name), None),
        Some(ToolsetTool(tool)) => tool_name(&response.display_name, None, Some(tool)),
        None => response.display_name.clone(),
    };
    let belongs = |call: &&mut ToolCall| match response.id.as_str() {
        "" => call.response.is_none() && call.tool == tool,
        id => call.id == id,
    };
    if let Some(call) = calls.iter_mut().find(belongs) {
        let answer = response.response.as_ref().map(struct_to_json).unwrap_or_default();
        call.response = Some(result(answer));
    }
}

/// A result that stands under `output` alone is what is in it (ces-api 1.3).
fn result(mut answer: Map) -> Value {
    match answer.remove("output") {
        Some(output) if answer.is_empty() => output,
        Some(output) => {
            answer.insert("output".to_owned(), output);
            Value::Object(answer)
        }
        None => Value::Object(answer),
    }
}

/// Adds what only the spans know: answers and agents of known calls, and calls that no message tells of.
fn merge_spans(calls: &mut Vec<ToolCall>, tools: impl Iterator<Item = ToolSpan>) {
    let mut taken = vec![false; calls.len()];
    // A call that no message tells of came after the call of the span before it.
    let mut place = 0;
    for span in tools {
        let known = calls.iter().zip(&taken).position(|(call, taken)| {
            let same_call = call.tool == span.tool && (span.args.is_empty() || call.args == span.args);
            if span.id.is_empty() || call.id.is_empty() {
                !taken && same_call
            } else {
                // A span within another may repeat its call.
                call.id == span.id
            }
        });
        if let Some(position) = known {
            taken[position] = true;
            place = position + 1;
            let call = &mut calls[position];
            call.response = call.response.take().or(span.response);
            call.agent = call.agent.take().or(span.agent);
        } else {
            taken.insert(place, true);
            calls.insert(place, nested(span));
            place += 1;
        }
    }
}

fn nested(span: ToolSpan) -> ToolCall {
    let ToolSpan {
        id,
        tool,
        args,
        response,
        agent,
    } = span;
    ToolCall {
        id,
        tool,
        args,
        response,
        source: CallSource::Nested,
        agent,
    }
}
