//! What happened in a turn, step by step, kept as plain data; [`diagnostics`](super::diagnostics) writes it the way the
//! service does.

use super::program::{FlowIndex, IntentIndex, Place};
use crate::model::{Map, Value};

/// The steps of a turn and what came of it.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) steps: Vec<Step>,
    /// Ids of the handlers that were called, with or without target.
    pub(super) called: Vec<String>,
    /// Where the turn went.
    pub(super) chain: Vec<TargetTaken>,
    /// Session parameters when the turn began.
    pub(super) parameters_before: Map,
    /// Who spoke, in order.
    pub(super) blocks: Vec<Block>,
    /// What the emulator assumed or could not do, for the author.
    pub(super) notes: Vec<String>,
}

/// A part of the turn that one flow or playbook led.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) speaker: Speaker,
    /// How many messages were queued before.
    pub(super) from: usize,
}

/// A flow, or a playbook by its display name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Speaker {
    Flow(FlowIndex),
    Playbook(String),
}

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) state: State,
    pub(super) handler: Option<HandlerCalled>,
    pub(super) target: Option<TargetTaken>,
    /// How many messages were queued after it; `None` when it said nothing.
    pub(super) responses: Option<usize>,
    pub(super) functions: Vec<FunctionResult>,
}

/// Where the session was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) place: Place,
    pub(super) status: PageStatus,
    /// The parameter asked for.
    pub(super) active_parameter: Option<String>,
}

/// What the page was doing (cx-runtime 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageStatus {
    Entering,
    ProcessingForm,
    Routing,
}

/// The handler that was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HandlerCalled {
    pub(super) id: String,
    pub(super) intent: Option<IntentIndex>,
    /// Text of the condition; `true` for a route without.
    pub(super) condition: Option<String>,
    pub(super) event: Option<String>,
    pub(super) of_flow: bool,
}

/// Where a transition led.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TargetTaken {
    Page(Place),
    Flow(FlowIndex),
    /// `END_FLOW` and the like.
    Symbol(&'static str),
}

/// What a function call came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FunctionResult {
    pub(super) call: String,
    pub(super) result: Result<Value, String>,
}

impl Trace {
    /// Adds a note once.
    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}
