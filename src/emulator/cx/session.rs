//! What a session remembers between turns (cx-runtime 1.1). Nothing here runs; the turn does.

use std::collections::VecDeque;

use super::entities::SessionEntityType;
use super::parameters::Parameters;
use super::program::{IntentIndex, Place, Program, Scoped};
use crate::model::Value;

/// How deep flows may call each other; of deeper calls the oldest are forgotten (cx-runtime 6.3).
const DEEPEST_STACK: usize = 25;
/// How many pages back can be gone.
const LONGEST_HISTORY: usize = 25;

/// How many of a session's answers can be rated.
const MOST_RATEABLE: usize = 50;

/// A conversation between turns.
#[derive(Debug, Clone)]
pub struct Session {
    /// The page; while a playbook speaks, the page from which it took over.
    pub(super) place: Place,
    /// The playbook that speaks, if one does.
    pub(super) playbook: Option<InPlaybook>,
    /// The session ended with the last turn; the next input begins a new one (cx-runtime 1.3).
    pub(super) ended: bool,
    stack: Vec<Frame>,
    /// Pages that were left by transition, for `PREVIOUS_PAGE`.
    history: Vec<Resume>,
    pub(super) parameters: Parameters,
    /// Of the active flow's instance (cx-runtime 10.4).
    pub(super) flow_parameters: Parameters,
    /// Consecutive inputs that matched nothing (cx-runtime 7.3).
    pub(super) no_match: u32,
    /// Consecutive empty inputs.
    pub(super) no_input: u32,
    pub(super) entity_types: Vec<SessionEntityType>,
    pub(super) last_intent: Option<LastIntent>,
    /// Turns played, the seed of what is left to chance.
    pub(super) turns: u64,
    /// Ids of the last answers: those that can still be rated.
    answers: VecDeque<Box<str>>,
}

/// The intent that was matched last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LastIntent {
    pub(super) intent: IntentIndex,
    /// 0 to 1.
    pub(super) confidence: f64,
}

/// Being in a playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InPlaybook {
    /// Display name.
    pub(super) name: String,
    /// Where the conversation came from: the page that led here, or where a flow that the playbook called ended.
    pub(super) from: Place,
}

/// A page that was left, and where its list of condition routes goes on when it is come back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resume {
    pub(super) place: Place,
    /// The first condition route still to be evaluated.
    pub(super) next: usize,
}

/// A call of one flow by another.
#[derive(Debug, Clone)]
struct Frame {
    caller: Resume,
    /// The playbook that called.
    playbook: Option<InPlaybook>,
    flow_parameters: Parameters,
    /// Length of the history when the flow was called.
    history: usize,
}

impl Session {
    /// A session that has not heard anything yet: on the start page of the start flow.
    pub fn new(program: &Program) -> Self {
        Self::at(program.start_place())
    }

    /// A session that starts elsewhere (cx-runtime 15, `currentPage`).
    pub(super) fn at(place: Place) -> Self {
        Self {
            place,
            playbook: None,
            ended: false,
            stack: Vec::new(),
            history: Vec::new(),
            parameters: Parameters::default(),
            flow_parameters: Parameters::default(),
            no_match: 0,
            no_input: 0,
            entity_types: Vec::new(),
            last_intent: None,
            turns: 0,
            answers: VecDeque::new(),
        }
    }

    /// Begins anew, but goes on counting turns.
    pub(super) fn restart_at(&mut self, place: Place) {
        *self = Self {
            turns: self.turns,
            answers: std::mem::take(&mut self.answers),
            ..Self::at(place)
        };
    }

    /// Sets a parameter where it is kept; null removes it.
    pub(super) fn set(&mut self, key: &Scoped, value: Value) {
        match key {
            Scoped::Session(name) => self.parameters.set(name, value),
            Scoped::Flow(name) => self.flow_parameters.set(name, value),
        }
    }

    /// Remembers an answer, so that it can be rated.
    pub(super) fn answered(&mut self, response_id: &str) {
        if self.answers.len() >= MOST_RATEABLE {
            self.answers.pop_front();
        }
        self.answers.push_back(response_id.into());
    }

    /// Whether an answer of this session has the id.
    pub(super) fn has_answered(&self, response_id: &str) -> bool {
        self.answers.iter().any(|known| **known == *response_id)
    }

    /// Hands over to a playbook.
    pub(super) fn enter_playbook(&mut self, name: &str) {
        self.playbook = Some(InPlaybook {
            name: name.to_owned(),
            from: self.place,
        });
    }

    /// Leaves the current page for another of the same flow.
    pub(super) fn go_to_page(&mut self, left: Resume, page: Place) {
        if left.place != page {
            self.remember(left);
        }
        self.place = page;
    }

    /// Calls a flow.
    pub(super) fn call_flow(&mut self, left: Resume, start_page: Place) {
        if self.stack.len() >= DEEPEST_STACK {
            self.stack.remove(0);
        }
        self.stack.push(Frame {
            caller: left,
            playbook: self.playbook.take(),
            flow_parameters: std::mem::take(&mut self.flow_parameters),
            history: self.history.len(),
        });
        self.remember(left);
        self.place = start_page;
    }

    /// Returns to the caller of the active flow, which may be a playbook; `None` when there is none.
    pub(super) fn end_flow(&mut self) -> Option<Resume> {
        let frame = self.stack.pop()?;
        self.flow_parameters = frame.flow_parameters;
        self.history.truncate(frame.history);
        let ended = std::mem::replace(&mut self.place, frame.caller.place);
        self.playbook = frame.playbook.map(|playbook| InPlaybook {
            from: ended,
            ..playbook
        });
        Some(frame.caller)
    }

    /// Goes back to the page that led here; `None` when none did.
    pub(super) fn go_back(&mut self) -> Option<Resume> {
        let previous = self.history.pop()?;
        // Going back past the beginning of a flow leaves it.
        if let Some(frame) = self.stack.pop_if(|frame| self.history.len() <= frame.history) {
            self.flow_parameters = frame.flow_parameters;
        }
        self.place = previous.place;
        Some(previous)
    }

    fn remember(&mut self, left: Resume) {
        if self.history.len() >= LONGEST_HISTORY {
            self.history.remove(0);
            for frame in &mut self.stack {
                frame.history = frame.history.saturating_sub(1);
            }
        }
        self.history.push(left);
    }
}
