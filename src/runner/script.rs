//! What a running conversation fills into what its author wrote: what it has captured so far, dates of its clock, and
//! environment variables.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};

use crate::model::Value;
use crate::model::suite::{Conversation, EmulatorStubs, Expectation, Location, Start, StubRule, Turn, With};
use crate::suite::template::{
    Scope, TemplateError, render_expectations, render_start, render_stub, render_stubs, render_time_zone,
    render_turn,
};

/// The names known so far in an attempt.
#[derive(Debug)]
pub(super) struct Script {
    scope: Scope,
    /// Where the conversation stands, for messages.
    location: Location,
}

impl Script {
    /// Before the first turn; `now` gives dates, `variables` are those of the environment that may be read.
    pub(super) fn new(
        conversation: &Conversation,
        now: DateTime<FixedOffset>,
        variables: &BTreeMap<String, String>,
    ) -> Self {
        Self {
            scope: Scope::new(now, variables.clone()),
            location: conversation.location.clone(),
        }
    }

    /// The time zone that options name.
    pub(super) fn time_zone(&self, with: &With) -> Option<String> {
        render_time_zone(with.time_zone.as_deref()?, &self.scope)
    }

    /// Dates are those of this time from now on.
    pub(super) fn set_clock(&mut self, now: DateTime<FixedOffset>) {
        self.scope.now = now;
    }

    /// Binds what was captured.
    pub(super) fn remember(&mut self, name: &str, value: Value) {
        self.scope.captures.insert(name.to_owned(), value);
    }

    /// A turn ready to be sent.
    pub(super) fn turn<'turn>(&self, turn: &'turn Turn) -> Result<Cow<'turn, Turn>, TemplateError> {
        render_turn(turn, &self.scope)
    }

    /// Expectations ready to be evaluated.
    pub(super) fn expectations(&self, expectations: &[Expectation]) -> Result<Vec<Expectation>, String> {
        render_expectations(expectations, &self.location, &self.scope).map_err(told)
    }

    /// Where a session starts.
    pub(super) fn start(&self, start: &Start) -> Result<Start, String> {
        render_start(start, &self.location, &self.scope).map_err(told)
    }

    /// A stub ready to be asked.
    pub(super) fn stub(&self, rule: &StubRule) -> Result<StubRule, TemplateError> {
        render_stub(rule, &self.scope)
    }

    /// Stubs ready to be handed on.
    pub(super) fn stubs(&self, stubs: &EmulatorStubs) -> Result<EmulatorStubs, String> {
        render_stubs(stubs, &self.location, &self.scope).map_err(told)
    }
}

/// The turn that it concerns is known where the message goes.
fn told(error: TemplateError) -> String {
    error.message
}
