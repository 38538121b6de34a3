//! From CES's outputs to the model's reply. No protocol buffer type goes further than this.

mod calls;
mod evidence;
mod spans;

use std::sync::Arc;

use crate::audio::Format;
use crate::model::resource::last_id;
use crate::model::transcript::{AgentReply, Observed, Spoken};
use crate::model::{Map, Value};
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::chunk::Data;
use crate::proto::ces_v1::session_output::OutputType;
use crate::proto::json::struct_to_json;

/// What is known of a session beyond a single answer.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The variables: set by us, or told by the diagnostics.
    variables: Map,
    /// Whether any diagnostics have come at all.
    diagnosed: bool,
    /// An answer had none: what it changed is not known.
    has_gap: bool,
    /// The calls of this turn that were left to us, in earlier answers.
    calls: Vec<ces::ToolCall>,
}

impl Known {
    /// A new turn of the user begins.
    pub(super) fn begin_turn(&mut self) {
        self.calls.clear();
    }

    /// Variables that we have set ourselves.
    pub(super) fn set(&mut self, variables: Map) {
        self.variables.extend(variables);
    }
}

/// The reply, and the tool calls in it that wait for an answer (the same as `pending`, in the same order).
pub(super) fn reply(outputs: &[ces::SessionOutput], known: &mut Known) -> (AgentReply, Vec<ces::ToolCall>) {
    let mut reply = AgentReply::default();
    let mut waiting: Vec<ces::ToolCall> = Vec::new();
    let mut citations = Vec::new();
    for output in outputs.iter().filter_map(|output| output.output_type.as_ref()) {
        match output {
            OutputType::Text(text) => reply.texts.push(text.clone()),
            OutputType::ToolCalls(calls) => waiting.extend(calls.tool_calls.iter().cloned()),
            OutputType::EndSession(end) => {
                take_end(
                    &mut reply,
                    end.metadata.as_ref().map(struct_to_json).unwrap_or_default(),
                );
            }
            OutputType::Payload(payload) => take_payload(&mut reply, struct_to_json(payload)),
            OutputType::Citations(told) => citations.extend(evidence::citations(told)),
            OutputType::GoogleSearchSuggestions(told) => {
                reply.suggestions.extend(evidence::suggestions(told));
            }
            OutputType::Audio(_) => {}
        }
    }
    reply.citations = Observed::Seen(citations);
    reply.sentiment = Observed::Unseen("CES does not analyse sentiment".into());
    known.calls.extend(waiting.iter().cloned());
    let diagnostics: Vec<_> = outputs
        .iter()
        .filter_map(|output| output.diagnostic_info.as_ref())
        .collect();
    take_diagnostics(&mut reply, &diagnostics, &waiting, (known, !outputs.is_empty()));
    reply.pending = waiting.iter().map(calls::left_to_client).collect();
    (reply, waiting)
}

/// What the agent spoke, its pieces joined; `asked` is the format that was asked for.
pub(super) fn take_speech(reply: &mut AgentReply, outputs: &[ces::SessionOutput], asked: Option<Format>) {
    let bytes: Vec<u8> = outputs
        .iter()
        .filter_map(|output| match &output.output_type {
            Some(OutputType::Audio(bytes)) => Some(bytes.as_slice()),
            _ => None,
        })
        .flatten()
        .copied()
        .collect();
    let is_spoken = !bytes.is_empty();
    reply.audio = match asked {
        Some(format) => Observed::Seen(is_spoken.then(|| Spoken {
            format,
            bytes: Arc::new(bytes),
        })),
        None => Observed::Unseen(
            "speech comes on live streams of targets that ask for it: `audio: { output: … }`, and `via: bidi`".into(),
        ),
    };
    reply.transcript = Observed::Unseen("the user did not speak in this turn".into());
}

/// Texts that came in pieces, each made whole again: pieces follow each other until something else comes, or the turn
/// is complete (ces-api 1.3).
pub(super) fn joined(outputs: Vec<ces::SessionOutput>) -> Vec<ces::SessionOutput> {
    let mut whole: Vec<ces::SessionOutput> = Vec::with_capacity(outputs.len());
    for output in outputs {
        if let (Some(last), Some(OutputType::Text(piece))) = (whole.last_mut(), &output.output_type)
            && let Some(OutputType::Text(text)) = last.output_type.as_mut().filter(|_| !last.turn_completed)
        {
            text.push_str(piece);
            last.turn_completed = output.turn_completed;
            last.diagnostic_info = output.diagnostic_info.or(last.diagnostic_info.take());
        } else {
            whole.push(output);
        }
    }
    whole
}

fn take_end(reply: &mut AgentReply, metadata: Map) {
    if metadata.get("session_escalated") == Some(&Value::Bool(true)) {
        reply.handoff = Some(metadata.clone());
    }
    reply.ended = Some(metadata);
}

/// Some hand-offs are told in a payload only (ces-api 1.3).
fn take_payload(reply: &mut AgentReply, payload: Map) {
    if ["transferToNga", "transferToDialogflow"]
        .iter()
        .any(|key| payload.contains_key(*key))
    {
        reply.handoff.get_or_insert_with(|| payload.clone());
    }
    reply.payloads.push(Value::Object(payload));
}

fn take_diagnostics(
    reply: &mut AgentReply,
    diagnostics: &[&ces::session_output::DiagnosticInfo],
    waiting: &[ces::ToolCall],
    (known, is_answer): (&mut Known, bool),
) {
    if diagnostics.is_empty() && !waiting.is_empty() {
        // The turn goes on with the answers to these calls, and its last output tells everything else.
        reply.visited = Observed::Seen(Vec::new());
        reply.spans = Observed::Seen(Vec::new());
        reply.tool_calls = Observed::Seen(waiting.iter().map(calls::left_to_client).collect());
        reply.transfers = Observed::Seen(Vec::new());
    } else if diagnostics.is_empty() {
        let unseen = "the answer has no diagnostics";
        known.has_gap |= is_answer;
        reply.agent = Observed::Unseen(unseen.into());
        reply.visited = Observed::Unseen(unseen.into());
        reply.spans = Observed::Unseen(unseen.into());
        reply.tool_calls = Observed::Unseen(unseen.into());
        reply.transfers = Observed::Unseen(unseen.into());
    } else {
        known.diagnosed = true;
        let messages: Vec<_> = diagnostics
            .iter()
            .flat_map(|diagnostic| &diagnostic.messages)
            .collect();
        take_variables(&messages, known);
        take_agents(reply, &messages);
        let spans = diagnostics
            .iter()
            .filter_map(|diagnostic| diagnostic.root_span.as_ref());
        reply.notes = spans.clone().flat_map(notes).collect();
        reply.spans = Observed::Seen(evidence::spans(spans.clone()));
        reply.tool_calls = Observed::Seen(calls::tool_calls(&messages, spans, waiting, &known.calls));
    }
    reply.matched = Observed::Unseen("CES does not match intents".into());
    reply.parameters = match (known.diagnosed, known.has_gap) {
        (true, false) => Observed::Seen(known.variables.clone()),
        (false, _) => Observed::Unseen("no answer had diagnostics, which tell the variables".into()),
        (true, true) => {
            Observed::Unseen("an answer had no diagnostics, which tell how the variables changed".into())
        }
    };
}

/// What the emulator could not do: a list of texts under an attribute of its own.
fn notes(root: &ces::Span) -> Vec<String> {
    let attributes = root.attributes.as_ref().map(struct_to_json).unwrap_or_default();
    let notes = attributes.get("emulator").and_then(Value::as_array);
    notes
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn take_variables(messages: &[&ces::Message], known: &mut Known) {
    for data in messages
        .iter()
        .flat_map(|message| &message.chunks)
        .filter_map(|chunk| chunk.data.as_ref())
    {
        match data {
            // Defaults are what the session began with: what was set since then stays.
            Data::DefaultVariables(defaults) => {
                for (name, value) in struct_to_json(defaults) {
                    known.variables.entry(name).or_insert(value);
                }
            }
            Data::UpdatedVariables(updated) => known.variables.extend(struct_to_json(updated)),
            _ => {}
        }
    }
}

/// Who spoke, in order, and to whom the conversation went on.
fn take_agents(reply: &mut AgentReply, messages: &[&ces::Message]) {
    let (mut visited, mut transfers): (Vec<String>, Vec<String>) = Default::default();
    let mut last_speaker = None;
    for message in messages {
        if message.role != "user" && !message.role.is_empty() {
            last_speaker = Some(message.role.clone());
            visited.push(message.role.clone());
        }
        for transfer in message.chunks.iter().filter_map(|chunk| match &chunk.data {
            Some(Data::AgentTransfer(transfer)) => Some(transfer),
            _ => None,
        }) {
            let name = match transfer.display_name.as_str() {
                "" => last_id(&transfer.target_agent),
                name => name,
            };
            transfers.push(name.to_owned());
            visited.push(name.to_owned());
        }
    }
    visited.dedup();
    reply.agent = match last_speaker {
        Some(agent) => Observed::Seen(agent),
        None => Observed::Unseen("the diagnostics do not tell which agent spoke".into()),
    };
    reply.visited = Observed::Seen(visited);
    reply.transfers = Observed::Seen(transfers);
}

#[cfg(test)]
mod tests;
