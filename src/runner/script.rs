//! What a running conversation fills into what its author wrote. Until suites are read by `suite`, nothing is left to
//! be filled when a conversation is played, and what was captured is only kept.

use chrono::{DateTime, FixedOffset};

use crate::model::suite::{Conversation, Expectation, Start, StubRule, Turn};
use crate::model::{Map, Value};

/// The names known so far in an attempt.
#[derive(Debug)]
pub(super) struct Script {
    names: Map,
}

impl Script {
    /// The names that are known before the first turn.
    pub(super) fn new(conversation: &Conversation, _now: DateTime<FixedOffset>) -> Self {
        Self {
            names: conversation.bindings.clone(),
        }
    }

    /// Binds what was captured.
    pub(super) fn remember(&mut self, name: &str, value: Value) {
        self.names.insert(name.to_owned(), value);
    }

    /// A turn ready to be sent.
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "templates are to come"
    )]
    pub(super) fn turn(&self, turn: &Turn) -> Result<Turn, String> {
        Ok(turn.clone())
    }

    /// Expectations ready to be evaluated.
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "templates are to come"
    )]
    pub(super) fn expectations(&self, expectations: &[Expectation]) -> Result<Vec<Expectation>, String> {
        Ok(expectations.to_vec())
    }

    /// Where a session starts.
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "templates are to come"
    )]
    pub(super) fn start(&self, start: &Start) -> Result<Start, String> {
        Ok(start.clone())
    }

    /// A stub ready to be asked.
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "templates are to come"
    )]
    pub(super) fn stub(&self, rule: &StubRule) -> Result<StubRule, String> {
        Ok(rule.clone())
    }
}
