//! What the diagnostics of a turn say, found in one pass where it lies.
//!
//! Their keys are not documented; the shapes are those seen in real answers (cx-sessions-api 6.5, cx-runtime 16.2), and
//! whatever does not look like them is passed over.

use crate::model::resource::last_id;
use crate::proto::{WireObject, WireValue};

/// The diagnostics of a turn; there are some.
#[derive(Debug, Default)]
pub(super) struct Diagnostics<'a> {
    /// The steps of the execution sequence.
    pub(super) steps: Vec<Step<'a>>,
    triggered: WireValue<'a>,
    targets: WireValue<'a>,
    notes: WireValue<'a>,
}

/// A step of the execution sequence.
#[derive(Debug, Default)]
pub(super) struct Step<'a> {
    /// Where the session stood, if the step says so.
    pub(super) place: Option<Place<'a>>,
    /// The id of the handler that it called; empty when it called none.
    pub(super) handler: &'a str,
}

/// Where a session stands. What is not said is empty.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct Place<'a> {
    /// Id of the flow.
    pub(super) flow_id: &'a str,
    /// Display name of the flow.
    pub(super) flow: &'a str,
    /// Id of the page, or a symbol.
    pub(super) page_id: &'a str,
    /// Display name of the page.
    pub(super) page: &'a str,
    /// The form parameter that was asked for.
    pub(super) asked: &'a str,
}

impl<'a> Diagnostics<'a> {
    /// Reads them; nothing when there are none.
    pub(super) fn read(diagnostics: WireObject<'a>) -> Option<Self> {
        if diagnostics.is_empty() {
            return None;
        }
        let [sequence, triggered, targets, notes] = diagnostics.pick([
            "Execution Sequence",
            "Triggered Transition Names",
            "Transition Targets Chain",
            "Emulator",
        ]);
        Some(Self {
            steps: members_of_items(sequence).map(|(_, value)| step(value)).collect(),
            triggered,
            targets,
            notes,
        })
    }

    /// Ids of the handlers that were called. Those of the steps are among them; a step may leave out that it called one
    /// (cx-runtime 7.3).
    pub(super) fn triggered(&self) -> impl Iterator<Item = &'a str> {
        self.triggered.items().map(id)
    }

    /// Ids of what the transitions led to.
    pub(super) fn targets(&self) -> impl Iterator<Item = &'a str> {
        let targets = members_of_items(self.targets).filter_map(|(_, target)| target.as_str());
        targets.map(last_id)
    }

    /// What the emulator had to assume in this turn: a list of texts under its own key (cx-runtime 16.3).
    pub(super) fn notes(&self) -> impl Iterator<Item = &'a str> {
        self.notes.items().filter_map(WireValue::as_str)
    }
}

fn step(step: WireValue<'_>) -> Step<'_> {
    let [initial, machine] = step.pick(["InitialState", "StateMachine"]);
    let state = if initial == WireValue::Null {
        machine
    } else {
        initial
    };
    let [flow_state, handler] = state.pick(["FlowState", "TriggeredTransitionRouteId"]);
    Step {
        place: flow_state.as_object().map(place),
        handler: id(handler),
    }
}

fn place(flow_state: WireObject<'_>) -> Place<'_> {
    let [flow_id, flow, page_state] = flow_state.pick(["FlowId", "Name", "PageState"]);
    let [page_id, page, asked] = page_state.pick(["PageId", "Name", "ActiveParameter"]);
    Place {
        flow_id: id(flow_id),
        flow: text(flow),
        page_id: id(page_id),
        page: text(page),
        asked: text(asked),
    }
}

/// The members of the objects in a list: `[{"Step 1": …}, {"Step 2": …}]`.
fn members_of_items(list: WireValue<'_>) -> impl Iterator<Item = (&str, WireValue<'_>)> {
    list.items()
        .filter_map(WireValue::as_object)
        .flat_map(WireObject::members)
}

/// The last part of a resource name; ids stand alone as well.
fn id(value: WireValue<'_>) -> &str {
    last_id(text(value))
}

/// The text; anything else is empty.
fn text(value: WireValue<'_>) -> &str {
    value.as_str().unwrap_or_default()
}
