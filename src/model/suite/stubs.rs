//! Stubs: what an author answers in the place of tools, webhooks, generators and playbooks.

use std::sync::Arc;
use std::time::Duration;

use super::{Location, Matcher};
use crate::model::Map;

/// What answers in the place of what an emulated agent asks; other services ask nobody here.
#[derive(Debug, Clone, Default)]
pub struct EmulatorStubs {
    /// Answers to webhook calls, nearest first.
    pub webhooks: Vec<Stubs>,
    /// Texts of generators, nearest first.
    pub generators: Vec<Stubs>,
    /// What playbooks say and where they lead, nearest first.
    pub playbooks: Vec<Stubs>,
}

impl EmulatorStubs {
    /// Whether nothing is answered.
    pub fn is_empty(&self) -> bool {
        self.webhooks.is_empty() && self.generators.is_empty() && self.playbooks.is_empty()
    }

    /// Puts levels that are further away behind these.
    pub fn extend(&mut self, further: Self) {
        self.webhooks.extend(further.webhooks);
        self.generators.extend(further.generators);
        self.playbooks.extend(further.playbooks);
    }
}

/// The stubs of one level (turn, conversation, suite, settings): by the name of what they stand for, first that fits
/// wins.
#[derive(Debug, Clone, Default)]
pub struct Stubs {
    /// Name of the tool, webhook, generator or playbook, and its rules in order. Shared: all conversations have those
    /// of the settings.
    pub by_name: Arc<[(String, Vec<StubRule>)]>,
}

/// When a stub applies and what it answers.
#[derive(Debug, Clone)]
pub struct StubRule {
    /// Where it stands.
    pub location: Location,
    /// Conditions over the call: for tools `args`, for the others `parameters`, `page`, …
    /// as one subset matcher over the call's description; none means always.
    pub when: Option<Matcher>,
    /// The answer.
    pub respond: StubResponse,
}

/// What a stub answers.
#[derive(Debug, Clone, PartialEq)]
pub enum StubResponse {
    /// A JSON object: a tool's result; for a webhook the keys `parameters`, `messages`, `target_page`,
    /// `target_flow`, `payload`, `form`, `body`; for a generator `text` or `error`; for a playbook `messages`,
    /// `parameters`, and one of `target_page`, `target_flow`, `target_playbook` and `end_session`.
    Answer(Map),
    /// An HTTP status (webhooks), or an error result that names it (tools).
    Status(u16),
    /// An answer that comes late.
    Delayed {
        /// How late.
        delay: Duration,
        /// What then comes.
        then: Box<StubResponse>,
    },
    /// No answer within the time allowed.
    Timeout,
    /// Nobody there.
    Unreachable,
}
