//! `diagnosticInfo` the way the service fills it, with one key of our own (cx-runtime 16.2, 16.3).

use serde_json::json;

use super::messages::{ResponseKind, Said, SaidContent};
use super::program::Program;
use super::trace::{PageStatus, State, Step, TargetTaken};
use super::turn::TurnResult;
use super::understanding::{Meaning, Understood};
use crate::model::{Map, Value};

/// Bytes of what was said that are repeated from step to step; a turn in a loop would repeat itself without end.
const MOST_REPEATED: usize = 256 << 10;

/// What the emulator assumed or could not do, for the author: a list of texts.
const OWN_KEY: &str = "Emulator";

/// The diagnostics of a turn.
pub(super) fn diagnostics(
    program: &Program,
    session_id: &str,
    response_id: &str,
    result: &TurnResult,
) -> Map {
    let trace = &result.trace;
    let mut info = Map::new();
    let mut put = |key: &str, value: Value| {
        info.insert(key.to_owned(), value);
    };
    put("Session Id", session_id.into());
    put("Response Id", response_id.into());
    let alternatives = alternatives(program, &result.understood);
    if !alternatives.is_empty() {
        put("Alternative Matched Intents", alternatives.into());
    }
    if !trace.called.is_empty() {
        put("Triggered Transition Names", trace.called.clone().into());
    }
    if !trace.chain.is_empty() {
        put(
            "Transition Targets Chain",
            trace
                .chain
                .iter()
                .map(|target| target_taken(program, target))
                .collect(),
        );
    }
    put("Execution Sequence", execution_sequence(program, result));
    if !result.webhooks.is_empty() {
        let latencies = result.webhooks.iter().map(|called| called.waited.as_millis());
        put(
            "Webhook Latencies (ms)",
            latencies
                .map(|latency| u64::try_from(latency).unwrap_or(u64::MAX))
                .collect(),
        );
    }
    if let Some(parameter) = trace
        .steps
        .last()
        .and_then(|step| step.state.active_parameter.as_ref())
    {
        put("Unfulfilled Parameters", json!([parameter]));
    }
    if !trace.notes.is_empty() {
        put(OWN_KEY, trace.notes.clone().into());
    }
    info
}

/// The intents that were weighed; the matched one is among them.
fn alternatives(program: &Program, understood: &Understood) -> Vec<Value> {
    let entry = |name: &str, score: f64, active: bool| {
        let id = program
            .intents_by_name
            .get(name)
            .map(|index| program.intents[*index].id.as_str());
        json!({ "Id": id.unwrap_or_default(), "DisplayName": name, "Score": score, "Type": "NLU", "Active": active })
    };
    let mut entries: Vec<Value> = understood
        .alternatives
        .iter()
        .map(|alternative| entry(&alternative.intent, alternative.score, alternative.in_scope))
        .collect();
    if let Meaning::Intent { intent, .. } = understood.meaning {
        let name = program.intents[intent].name.as_str();
        if !understood
            .alternatives
            .iter()
            .any(|alternative| alternative.intent == name)
        {
            entries.insert(0, entry(name, understood.confidence, true));
        }
    }
    entries
}

fn execution_sequence(program: &Program, result: &TurnResult) -> Value {
    let mut repeated = 0;
    let steps = result.trace.steps.iter().enumerate().map(|(index, step)| {
        let written = if index == 0 {
            initial_state(program, result, step)
        } else {
            let so_far = result.messages.iter().take(step.responses.unwrap_or_default());
            repeated += so_far.map(|said| said.content.size()).sum::<usize>();
            state_machine(program, result, step, repeated < MOST_REPEATED)
        };
        let mut named = Map::new();
        named.insert(format!("Step {}", index + 1), written);
        Value::Object(named)
    });
    steps.collect()
}

fn initial_state(program: &Program, result: &TurnResult, step: &Step) -> Value {
    let mut initial = Map::new();
    match &result.understood.meaning {
        Meaning::Intent { intent, .. } => {
            let intent = &program.intents[*intent];
            initial.insert(
                "MatchedIntent".to_owned(),
                json!({
                    "Id": intent.id,
                    "DisplayName": intent.name,
                    "Score": result.understood.confidence,
                    "Type": "NLU",
                    "Active": true,
                }),
            );
        }
        Meaning::Fill(_) => {}
        _ => {
            if let Some(event) = &result.event {
                initial.insert("Event".to_owned(), event.clone().into());
            }
        }
    }
    let before = &result.trace.parameters_before;
    if !before.is_empty() {
        initial.insert("SessionParameters".to_owned(), Value::Object(before.clone()));
    }
    initial.insert("FlowState".to_owned(), flow_state(program, &step.state));
    let mut written = json!({ "Type": "INITIAL_STATE", "InitialState": initial });
    push_functions(&mut written, result, step, true);
    written
}

fn state_machine(program: &Program, result: &TurnResult, step: &Step, with_responses: bool) -> Value {
    let mut machine = Map::new();
    machine.insert("FlowState".to_owned(), flow_state(program, &step.state));
    if let Some(handler) = &step.handler {
        machine.insert("TriggeredTransitionRouteId".to_owned(), handler.id.clone().into());
        if let Some(intent) = handler.intent {
            machine.insert(
                "TriggeredIntent".to_owned(),
                program.intents[intent].name.clone().into(),
            );
        }
        if let Some(condition) = &handler.condition {
            machine.insert("TriggeredCondition".to_owned(), condition.clone().into());
        }
        if let Some(event) = &handler.event {
            machine.insert("TriggeredEvent".to_owned(), event.clone().into());
        }
        machine.insert("FlowLevelTransition".to_owned(), handler.of_flow.into());
    }
    if let Some(target) = &step.target
        && let Value::Object(target) = target_taken(program, target)
    {
        machine.extend(target);
    }
    let mut written = json!({ "Type": "STATE_MACHINE", "StateMachine": machine });
    push_functions(&mut written, result, step, with_responses);
    written
}

/// What was said up to the end of the step, and what functions came to in it.
fn push_functions(written: &mut Value, result: &TurnResult, step: &Step, with_responses: bool) {
    let mut execution = Map::new();
    if let Some(count) = step.responses.filter(|_| with_responses) {
        let said = result.messages.iter().take(count).map(response);
        execution.insert("Responses".to_owned(), said.collect());
    }
    if !step.functions.is_empty() {
        let mut functions = Map::new();
        for function in &step.functions {
            let result = match &function.result {
                Ok(value) => value.clone(),
                Err(message) => json!({ "error": message }),
            };
            functions.insert(function.call.clone(), result);
        }
        execution.insert("SystemFunctionResults".to_owned(), Value::Object(functions));
    }
    if !execution.is_empty() {
        written["FunctionExecution"] = Value::Object(execution);
    }
}

fn flow_state(program: &Program, state: &State) -> Value {
    let flow = program.flow(state.place);
    let page = program.page(state.place);
    let status = match state.status {
        PageStatus::Entering => "ENTERING_PAGE",
        PageStatus::ProcessingForm => "PROCESSING_FORM",
        PageStatus::Routing => "TRANSITION_ROUTING",
    };
    let mut page_state = json!({
        "PageId": page.id,
        "Name": page.name,
        "Status": status,
        "FormFilled": state.active_parameter.is_none(),
    });
    if let Some(parameter) = &state.active_parameter {
        page_state["ActiveParameter"] = parameter.clone().into();
    }
    json!({ "FlowId": flow.id, "Name": flow.name, "Version": 0, "PageState": page_state })
}

fn target_taken(program: &Program, target: &TargetTaken) -> Value {
    match target {
        TargetTaken::Page(place) => json!({ "TargetPage": program.page(*place).id }),
        TargetTaken::Flow(flow) => json!({ "TargetFlow": program.flows[*flow].id }),
        TargetTaken::Symbol(symbol) => json!({ "TargetPage": symbol }),
    }
}

/// A message as the diagnostics show it.
fn response(said: &Said) -> Value {
    let kind = match said.kind {
        ResponseKind::Entry => "ENTRY_PROMPT",
        ResponseKind::Prompt => "PARAMETER_PROMPT",
        ResponseKind::Handler => "HANDLER_PROMPT",
    };
    let mut written = json!({ "responseType": kind, "source": "VIRTUAL_AGENT" });
    let (key, content) = match &said.content {
        SaidContent::Text { text, .. } => ("text", json!({ "text": [text], "redactedText": [text] })),
        SaidContent::Payload(payload) => ("payload", Value::Object(payload.clone())),
        SaidContent::OutputAudioText(value) => ("outputAudioText", value.clone()),
        SaidContent::LiveAgentHandoff(metadata) => ("liveAgentHandoff", json!({ "metadata": metadata })),
        SaidContent::ConversationSuccess(metadata) => {
            ("conversationSuccess", json!({ "metadata": metadata }))
        }
        SaidContent::PlayAudio(value) => ("playAudio", value.clone()),
        SaidContent::TelephonyTransferCall(value) => ("telephonyTransferCall", value.clone()),
        SaidContent::EndInteraction => ("endInteraction", json!({})),
    };
    written[key] = content;
    written
}
