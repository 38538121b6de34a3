//! The tool calls of a turn: those the service ran, from its traces, and those it left to the client.

use crate::model::resource::last_id;
use crate::model::transcript::{CallSource, Observed, ToolCall};
use crate::model::{Map, Value};
use crate::proto::cx_v3beta1 as cx;
use crate::proto::cx_v3beta1::response_message::Message as Content;
use crate::proto::cx_v3beta1::trace_block::TraceMetadata;
use crate::proto::json::struct_to_json;

/// All calls of the turn in order, and the ones of them that wait for the client's answer.
pub(super) fn tool_calls<'a>(
    results: impl Iterator<Item = &'a cx::QueryResult>,
    messages: &[&cx::ResponseMessage],
) -> (Observed<Vec<ToolCall>>, Vec<cx::ToolCall>) {
    let waiting: Vec<cx::ToolCall> = messages
        .iter()
        .filter_map(|message| match &message.message {
            Some(Content::ToolCall(call)) => Some(call.clone()),
            _ => None,
        })
        .collect();
    let (mut calls, mut observable) = (Vec::new(), false);
    for result in results {
        observable |= result.diagnostic_info.is_some() || !result.trace_blocks.is_empty();
        observable |= result.generative_info.is_some();
        calls.extend(traced(result));
    }
    if !observable {
        return (Observed::Unseen("the reply has no diagnostics".into()), waiting);
    }
    for call in &waiting {
        add_waiting(&mut calls, call);
    }
    (
        Observed::Seen(calls.into_iter().map(|(call, _)| call).collect()),
        waiting,
    )
}

/// A call that waits for the client, as the model has it; the id is the session's to give.
pub(super) fn waiting(call: &cx::ToolCall) -> ToolCall {
    ToolCall {
        id: String::new(),
        tool: named(last_id(&call.tool), &call.action),
        args: call
            .input_parameters
            .as_ref()
            .map(struct_to_json)
            .unwrap_or_default(),
        response: None,
        source: CallSource::Client,
        agent: None,
    }
}

/// A call and the tool's resource name, by which it is recognised.
type Traced = (ToolCall, String);

/// The trace's calls. Trace blocks and generative info tell the same story; the blocks tell who made a call.
fn traced(result: &cx::QueryResult) -> Vec<Traced> {
    if !result.trace_blocks.is_empty() {
        let blocks = result.trace_blocks.iter();
        return blocks
            .flat_map(|block| {
                block
                    .actions
                    .iter()
                    .filter_map(|action| used(action, owner(block)))
            })
            .collect();
    }
    let info = result
        .generative_info
        .as_ref()
        .and_then(|info| info.action_tracing_info.as_ref());
    info.into_iter()
        .flat_map(|example| &example.actions)
        .filter_map(|action| used(action, None))
        .collect()
}

fn owner(block: &cx::TraceBlock) -> Option<String> {
    let name = match block.trace_metadata.as_ref()? {
        TraceMetadata::PlaybookTraceMetadata(owner) => &owner.display_name,
        TraceMetadata::FlowTraceMetadata(owner) => &owner.display_name,
        TraceMetadata::SpeechProcessingMetadata(_) => return None,
    };
    (!name.is_empty()).then(|| name.clone())
}

fn used(action: &cx::Action, agent: Option<String>) -> Option<Traced> {
    let Some(cx::action::Action::ToolUse(used)) = &action.action else {
        return None;
    };
    let tool = if used.display_name.is_empty() {
        last_id(&used.tool)
    } else {
        used.display_name.as_str()
    };
    let call = ToolCall {
        id: String::new(),
        tool: named(tool, &used.action),
        args: used
            .input_action_parameters
            .as_ref()
            .map(struct_to_json)
            .unwrap_or_default(),
        response: used
            .output_action_parameters
            .as_ref()
            .map(struct_to_json)
            .map(output),
        source: CallSource::Agent,
        agent,
    };
    Some((call, used.tool.clone()))
}

/// A good answer of an API stands under its HTTP status (cx-sessions-api 6.5); tests ask about what is in it.
fn output(mut fields: Map) -> Value {
    match fields.remove("200") {
        Some(body) if fields.is_empty() => body,
        Some(body) => {
            fields.insert("200".to_owned(), body);
            Value::Object(fields)
        }
        None => Value::Object(fields),
    }
}

/// Adds a call that waits, unless the trace has it already: then that one is the client's.
fn add_waiting(calls: &mut Vec<Traced>, call: &cx::ToolCall) {
    let shown = waiting(call);
    let same = |(traced, tool): &&mut Traced| {
        traced.source == CallSource::Agent
            && traced.response.is_none()
            && *tool == call.tool
            && traced.args == shown.args
            && traced.tool.ends_with(&call.action)
    };
    match calls.iter_mut().find(same) {
        Some((traced, _)) => traced.source = CallSource::Client,
        None => calls.push((shown, call.tool.clone())),
    }
}

fn named(tool: &str, action: &str) -> String {
    if action.is_empty() {
        tool.to_owned()
    } else {
        format!("{tool}/{action}")
    }
}
