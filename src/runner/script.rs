//! What a running conversation fills into what its author wrote: the names bound before it, and what it has captured
//! since.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};

use crate::model::Value;
use crate::model::suite::{Conversation, Expectation, Start, StubRule, Turn};
use crate::suite::template::{Scope, TemplateError, filled};

/// The names known so far in an attempt.
#[derive(Debug)]
pub(super) struct Script {
    scope: Scope,
}

impl Script {
    /// The names that are known before the first turn; `now` gives today's date.
    pub(super) fn new(conversation: &Conversation, now: DateTime<FixedOffset>) -> Self {
        Self {
            scope: Scope::new(conversation.bindings.clone(), now),
        }
    }

    /// Binds what was captured.
    pub(super) fn remember(&mut self, name: &str, value: Value) {
        self.scope.bind(name, value);
    }

    /// A turn ready to be sent.
    pub(super) fn turn<'turn>(&self, turn: &'turn Turn) -> Result<Cow<'turn, Turn>, String> {
        filled(turn, &self.scope).map_err(told)
    }

    /// Expectations ready to be evaluated.
    pub(super) fn expectations<'turn>(
        &self,
        expectations: &'turn Vec<Expectation>,
    ) -> Result<Cow<'turn, [Expectation]>, String> {
        Ok(match filled(expectations, &self.scope).map_err(told)? {
            Cow::Borrowed(expectations) => Cow::Borrowed(expectations),
            Cow::Owned(expectations) => Cow::Owned(expectations),
        })
    }

    /// Where a session starts.
    pub(super) fn start<'start>(&self, start: &'start Start) -> Result<Cow<'start, Start>, String> {
        filled(start, &self.scope).map_err(told)
    }

    /// A stub ready to be asked.
    pub(super) fn stub<'stub>(&self, rule: &'stub StubRule) -> Result<Cow<'stub, StubRule>, String> {
        filled(rule, &self.scope).map_err(told)
    }
}

/// A name that is not bound here was checked when the suite was read: it is a capture that did not come about.
fn told(error: TemplateError) -> String {
    match error.unknown {
        Some(name) => format!("`{name}` was not captured before this turn"),
        None => error.message,
    }
}
