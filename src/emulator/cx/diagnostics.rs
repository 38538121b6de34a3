//! `diagnosticInfo` the way the service fills it, with one key of our own (cx-runtime 16.2, 16.3).

use super::messages::{ResponseKind, Said, SaidContent};
use super::program::Program;
use super::trace::{PageStatus, State, Step, TargetTaken};
use super::turn::TurnResult;
use super::understanding::{Meaning, Understood};
use crate::proto::{ListWriter, ObjectWriter, Struct};

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
) -> Struct {
    let trace = &result.trace;
    Struct::write(|info| {
        info.text("Session Id", session_id);
        info.text("Response Id", response_id);
        alternatives(info, program, &result.understood);
        if !trace.called.is_empty() {
            info.list("Triggered Transition Names", |names| texts(names, &trace.called));
        }
        if !trace.chain.is_empty() {
            info.list("Transition Targets Chain", |chain| {
                for target in &trace.chain {
                    chain.object(|taken| target_taken(taken, program, target));
                }
            });
        }
        info.list("Execution Sequence", |steps| {
            execution_sequence(steps, program, result);
        });
        if !result.webhooks.is_empty() {
            info.list("Webhook Latencies (ms)", |latencies| {
                for called in &result.webhooks {
                    latencies.item(|latency| latency.number((called.waited.as_secs_f64() * 1e3).floor()));
                }
            });
        }
        let waiting = trace
            .steps
            .last()
            .and_then(|step| step.state.active_parameter.as_ref());
        if let Some(parameter) = waiting {
            info.list("Unfulfilled Parameters", |parameters| parameters.text(parameter));
        }
        if !trace.notes.is_empty() {
            info.list(OWN_KEY, |notes| texts(notes, &trace.notes));
        }
    })
}

fn texts(list: &mut ListWriter<'_>, texts: &[String]) {
    for text in texts {
        list.text(text);
    }
}

/// The intents that were weighed; the matched one is among them.
fn alternatives(info: &mut ObjectWriter<'_>, program: &Program, understood: &Understood) {
    let weighed = &understood.alternatives;
    let matched = match understood.meaning {
        Meaning::Intent { intent, .. } => Some(program.intents[intent].name.as_str()),
        _ => None,
    };
    let missing = matched.filter(|name| weighed.iter().all(|alternative| alternative.intent != *name));
    if weighed.is_empty() && missing.is_none() {
        return;
    }
    info.list("Alternative Matched Intents", |list| {
        if let Some(name) = missing {
            list.object(|entry| intent(entry, program, name, understood.confidence, true));
        }
        for alternative in weighed {
            list.object(|entry| {
                intent(
                    entry,
                    program,
                    &alternative.intent,
                    alternative.score,
                    alternative.in_scope,
                );
            });
        }
    });
}

fn intent(entry: &mut ObjectWriter<'_>, program: &Program, name: &str, score: f64, active: bool) {
    let known = program.intents_by_name.get(name);
    entry.text(
        "Id",
        known.map_or("", |index| program.intents[*index].id.as_str()),
    );
    entry.text("DisplayName", name);
    entry.number("Score", score);
    entry.text("Type", "NLU");
    entry.flag("Active", active);
}

fn execution_sequence(steps: &mut ListWriter<'_>, program: &Program, result: &TurnResult) {
    let mut repeated = 0;
    for (index, step) in result.trace.steps.iter().enumerate() {
        let so_far = result.messages.iter().take(step.responses.unwrap_or_default());
        repeated += so_far.map(|said| said.content.size()).sum::<usize>();
        steps.object(|named| {
            named.object(&format!("Step {}", index + 1), |written| {
                if index == 0 {
                    written.text("Type", "INITIAL_STATE");
                    written.object("InitialState", |state| {
                        initial_state(state, program, result, step);
                    });
                } else {
                    written.text("Type", "STATE_MACHINE");
                    written.object("StateMachine", |machine| state_machine(machine, program, step));
                }
                function_execution(written, result, step, repeated < MOST_REPEATED);
            });
        });
    }
}

fn initial_state(initial: &mut ObjectWriter<'_>, program: &Program, result: &TurnResult, step: &Step) {
    match &result.understood.meaning {
        Meaning::Intent { intent: index, .. } => initial.object("MatchedIntent", |matched| {
            let name = &program.intents[*index].name;
            intent(matched, program, name, result.understood.confidence, true);
        }),
        Meaning::Fill(_) => {}
        _ => {
            if let Some(event) = &result.event {
                initial.text("Event", event);
            }
        }
    }
    let before = &result.trace.parameters_before;
    if !before.is_empty() {
        initial.object("SessionParameters", |parameters| parameters.members(before));
    }
    initial.object("FlowState", |state| flow_state(state, program, &step.state));
}

fn state_machine(machine: &mut ObjectWriter<'_>, program: &Program, step: &Step) {
    machine.object("FlowState", |state| flow_state(state, program, &step.state));
    if let Some(handler) = &step.handler {
        machine.text("TriggeredTransitionRouteId", &handler.id);
        if let Some(intent) = handler.intent {
            machine.text("TriggeredIntent", &program.intents[intent].name);
        }
        if let Some(condition) = &handler.condition {
            machine.text("TriggeredCondition", condition);
        }
        if let Some(event) = &handler.event {
            machine.text("TriggeredEvent", event);
        }
        machine.flag("FlowLevelTransition", handler.of_flow);
    }
    if let Some(target) = &step.target {
        target_taken(machine, program, target);
    }
}

/// What was said up to the end of the step, and what functions came to in it.
fn function_execution(
    written: &mut ObjectWriter<'_>,
    result: &TurnResult,
    step: &Step,
    with_responses: bool,
) {
    let said = step.responses.filter(|_| with_responses);
    if said.is_none() && step.functions.is_empty() {
        return;
    }
    written.object("FunctionExecution", |execution| {
        if let Some(count) = said {
            execution.list("Responses", |responses| {
                for said in result.messages.iter().take(count) {
                    responses.object(|written| response(written, said));
                }
            });
        }
        if !step.functions.is_empty() {
            execution.object("SystemFunctionResults", |results| {
                for function in &step.functions {
                    match &function.result {
                        Ok(value) => results.value(&function.call, value),
                        Err(message) => {
                            results.object(&function.call, |failed| failed.text("error", message));
                        }
                    }
                }
            });
        }
    });
}

fn flow_state(written: &mut ObjectWriter<'_>, program: &Program, state: &State) {
    let flow = program.flow(state.place);
    let page = program.page(state.place);
    written.text("FlowId", &flow.id);
    written.text("Name", &flow.name);
    written.number("Version", 0.0);
    written.object("PageState", |written| {
        written.text("PageId", &page.id);
        written.text("Name", &page.name);
        let status = match state.status {
            PageStatus::Entering => "ENTERING_PAGE",
            PageStatus::ProcessingForm => "PROCESSING_FORM",
            PageStatus::Routing => "TRANSITION_ROUTING",
        };
        written.text("Status", status);
        written.flag("FormFilled", state.active_parameter.is_none());
        if let Some(parameter) = &state.active_parameter {
            written.text("ActiveParameter", parameter);
        }
    });
}

fn target_taken(taken: &mut ObjectWriter<'_>, program: &Program, target: &TargetTaken) {
    match target {
        TargetTaken::Page(place) => taken.text("TargetPage", &program.page(*place).id),
        TargetTaken::Flow(flow) => taken.text("TargetFlow", &program.flows[*flow].id),
        TargetTaken::Symbol(symbol) => taken.text("TargetPage", symbol),
    }
}

/// A message as the diagnostics show it.
pub(super) fn response(written: &mut ObjectWriter<'_>, said: &Said) {
    let kind = match said.kind {
        ResponseKind::Entry => "ENTRY_PROMPT",
        ResponseKind::Prompt => "PARAMETER_PROMPT",
        ResponseKind::Handler => "HANDLER_PROMPT",
    };
    written.text("responseType", kind);
    written.text("source", "VIRTUAL_AGENT");
    match &said.content {
        SaidContent::Text { text, .. } => written.object("text", |content| {
            content.list("text", |texts| texts.text(text));
            content.list("redactedText", |texts| texts.text(text));
        }),
        SaidContent::Payload(payload) => written.object("payload", |content| content.members(payload)),
        SaidContent::OutputAudioText(value) => written.value("outputAudioText", value),
        SaidContent::LiveAgentHandoff(metadata) => {
            written.object("liveAgentHandoff", |content| {
                content.object("metadata", |content| content.members(metadata));
            });
        }
        SaidContent::ConversationSuccess(metadata) => {
            written.object("conversationSuccess", |content| {
                content.object("metadata", |content| content.members(metadata));
            });
        }
        SaidContent::PlayAudio(value) => written.value("playAudio", value),
        SaidContent::TelephonyTransferCall(value) => written.value("telephonyTransferCall", value),
        SaidContent::EndInteraction => written.object("endInteraction", |_| {}),
    }
}
