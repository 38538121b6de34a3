//! What a turn passed, by id, as the diagnostics tell it.

use super::diagnostics::{Diagnostics, Place};
use crate::model::resource::last_id;
use crate::model::trace::Trace;
use crate::proto::cx_v3beta1 as cx;

/// Where a session is after its end; no page of the flow that it stands under.
const END_SESSION: &str = "END_SESSION";

/// The pages and handlers of the turn; nothing without diagnostics.
pub(super) fn trace(result: &cx::QueryResult, diagnostics: Option<&Diagnostics<'_>>) -> Trace {
    let mut trace = Trace::default();
    let Some(diagnostics) = diagnostics else {
        return trace;
    };
    for step in &diagnostics.steps {
        if let Some(place) = &step.place {
            take_place(&mut trace, place);
        }
        call(&mut trace, step.handler);
    }
    diagnostics
        .triggered()
        .for_each(|handler| call(&mut trace, handler));
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

fn take_place(trace: &mut Trace, place: &Place<'_>) {
    if !place.asked.is_empty() {
        trace.ask(place.asked);
    }
    // An export made by hand may have no ids: then the names stand for them.
    let [flow, page] = [(place.flow_id, place.flow), (place.page_id, place.page)]
        .map(|(id, name)| if id.is_empty() { name } else { id });
    if !flow.is_empty() && !page.is_empty() && page != END_SESSION {
        trace.pass(flow, page);
    }
}

fn call(trace: &mut Trace, handler: &str) {
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
    use serde_json::{Value, json};

    use super::*;
    use crate::proto::json::json_to_struct;

    fn read(diagnostics: &Value, page: &str) -> Value {
        let result = cx::QueryResult {
            current_page: Some(cx::Page {
                name: page.to_owned(),
                ..cx::Page::default()
            }),
            ..cx::QueryResult::default()
        };
        let diagnostics = json_to_struct(diagnostics.as_object().unwrap()).unwrap();
        let diagnostics = Diagnostics::read(diagnostics.object());
        serde_json::to_value(trace(&result, diagnostics.as_ref())).unwrap()
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
