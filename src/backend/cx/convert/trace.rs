//! What a turn passed, by id, read from the diagnostics (cx-runtime 16.2, cx-sessions-api 6.5); what does not look
//! like them is passed over.

use crate::model::resource::last_id;
use crate::model::trace::Trace;
use crate::model::{Map, Value};
use crate::proto::cx_v3beta1 as cx;

/// Where a session is after its end; no page of the flow that it stands under.
const END_SESSION: &str = "END_SESSION";

/// The pages and handlers of the turn; nothing without diagnostics.
pub(super) fn trace(result: &cx::QueryResult, diagnostics: Option<&Map>) -> Trace {
    let mut trace = Trace::default();
    let Some(diagnostics) = diagnostics.filter(|diagnostics| !diagnostics.is_empty()) else {
        return trace;
    };
    let list = |key: &str| {
        diagnostics
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let steps = list("Execution Sequence")
        .filter_map(Value::as_object)
        .flat_map(Map::values);
    for step in steps {
        take_step(&mut trace, step);
    }
    // The handlers of the steps are among these; a step may leave out that it called one (cx-runtime 7.3).
    for handler in list("Triggered Transition Names").filter_map(Value::as_str) {
        call(&mut trace, handler);
    }
    // Where the turn ended may come after the last step.
    let at_the_end = result
        .current_page
        .as_ref()
        .and_then(|page| flow_and_page(&page.name));
    if let Some((flow, page)) = at_the_end {
        trace.pass(flow, page);
    }
    trace
}

fn take_step(trace: &mut Trace, step: &Value) {
    let Some(state) = step.get("InitialState").or_else(|| step.get("StateMachine")) else {
        return;
    };
    let flow_state = state.get("FlowState");
    let page_state = flow_state.and_then(|flow| flow.get("PageState"));
    if let (Some(flow), Some(page)) = (id(flow_state, "FlowId"), id(page_state, "PageId"))
        && page != END_SESSION
    {
        trace.pass(flow, page);
    }
    let asked = page_state.and_then(|page| page.get("ActiveParameter")?.as_str());
    if let Some(asked) = asked.filter(|name| !name.is_empty()) {
        trace.ask(asked);
    }
    if let Some(handler) = state.get("TriggeredTransitionRouteId").and_then(Value::as_str) {
        call(trace, handler);
    }
}

/// The id of a flow or page. An export made by hand may have none: then the name stands for it.
fn id<'state>(state: Option<&'state Value>, key: &str) -> Option<&'state str> {
    let text = |key: &str| state?.get(key)?.as_str().filter(|text| !text.is_empty());
    text(key).map(last_id).or_else(|| text("Name"))
}

fn call(trace: &mut Trace, handler: &str) {
    let handler = last_id(handler);
    if !handler.is_empty() {
        trace.call(handler);
    }
}

/// The ids in `…/flows/F/pages/P`; the end of the session is no page of a flow.
fn flow_and_page(name: &str) -> Option<(&str, &str)> {
    let (flow, page) = name.rsplit_once("/pages/")?;
    let flow = last_id(flow);
    (page != END_SESSION && !flow.is_empty() && !page.is_empty()).then_some((flow, page))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(diagnostics: &Value, page: &str) -> Value {
        let result = cx::QueryResult {
            current_page: Some(cx::Page {
                name: page.to_owned(),
                ..cx::Page::default()
            }),
            ..cx::QueryResult::default()
        };
        serde_json::to_value(trace(&result, diagnostics.as_object())).unwrap()
    }

    #[test]
    fn pages_handlers_and_what_was_asked_are_kept_once() {
        let flow = |page: &str, name: &str, active: Option<&str>| {
            let mut state = json!({"PageId": page, "Name": name, "Status": "PROCESSING_FORM"});
            if let Some(active) = active {
                state["ActiveParameter"] = active.into();
            }
            json!({"FlowId": "f1", "Name": "Booking", "Version": 0, "PageState": state})
        };
        let diagnostics = json!({
            "Execution Sequence": [
                {"Step 1": {"Type": "INITIAL_STATE", "InitialState": {"FlowState": flow("START_PAGE", "Start Page", None)}}},
                {"Step 2": {"Type": "STATE_MACHINE", "StateMachine": {
                    "FlowState": flow("START_PAGE", "Start Page", None), "TriggeredTransitionRouteId": "r1"}}},
                {"Step 3": {"Type": "STATE_MACHINE", "StateMachine": {"FlowState": flow("p1", "Size", Some("size"))}}},
                {"Step 4": {"Type": "STATE_MACHINE", "StateMachine": {"FlowState": flow("p1", "Size", Some("size"))}}},
            ],
            "Triggered Transition Names": ["r1", "projects/p/handlers/e1", "", 7],
        });
        assert_eq!(
            read(&diagnostics, "projects/p/locations/l/agents/a/flows/f1/pages/p2"),
            json!({
                "pages": ["f1/START_PAGE", "f1/p1", "f1/p2"],
                "asked": ["size"],
                "handlers": ["r1", "e1"],
            })
        );
    }

    #[test]
    fn other_shapes_are_passed_over() {
        for strange in [
            json!({"Execution Sequence": "none", "Triggered Transition Names": {"a": 1}}),
            json!({"Execution Sequence": [1, {"Step 1": 2}, {"Step 2": {"StateMachine": {"FlowState": [{}]}}}]}),
            json!({"Execution Sequence": [{"Step 1": {"InitialState": {"FlowState": {"FlowId": 5}}}}]}),
        ] {
            assert_eq!(
                read(&strange, "p/flows/f/pages/END_SESSION"),
                json!({}),
                "{strange}"
            );
        }
        // Without diagnostics a place alone would look like a turn that called nothing.
        assert_eq!(read(&json!({}), "a/flows/f/pages/p"), json!({}));
    }

    #[test]
    fn what_has_no_id_is_known_by_its_name() {
        let state = json!({"FlowId": "", "Name": "Main", "PageState": {"PageId": "", "Name": "Ask"}});
        let diagnostics = json!({"Execution Sequence": [{"Step 1": {"InitialState": {"FlowState": state}}}]});
        assert_eq!(read(&diagnostics, ""), json!({"pages": ["Main/Ask"]}));
    }
}
