//! Why an attempt cannot go on: what it would show cannot be found out.

use std::time::Duration;

use super::retry::{Ended, Patience};
use crate::backend::BackendError;
use crate::backend::error::BackendErrorKind;
use crate::model::outcome::{AttemptOutcome, ErrorRecord};

/// Ends an attempt as errored, unless something had failed before.
#[derive(Debug, Clone)]
pub(super) struct Unknown {
    /// What happened, for people.
    pub(super) error: ErrorRecord,
    transient: bool,
    patience: Patience,
}

impl Unknown {
    /// The service did not show what an expectation or a condition is about; it would not in another session either.
    pub(super) fn unobservable(message: String) -> Self {
        Self {
            error: ErrorRecord {
                kind: "unobservable".to_owned(),
                code: None,
                message,
                hint: Some("`required: false` beside an expectation lets it be unobservable".to_owned()),
                diff: None,
            },
            transient: false,
            patience: Patience::None,
        }
    }

    /// The service did not show what a capture is to take.
    pub(super) fn not_captured(message: String) -> Self {
        let hint = "capture something that this service shows, or play the conversation where it is shown: `only_on`";
        let mut unknown = Self::unobservable(message);
        unknown.error.hint = Some(hint.to_owned());
        unknown
    }

    /// The suite asks for something that cannot be sent.
    pub(super) fn suite(message: String) -> Self {
        Self {
            error: ErrorRecord {
                kind: "suite".to_owned(),
                code: None,
                message,
                hint: None,
                diff: None,
            },
            transient: false,
            patience: Patience::None,
        }
    }

    /// The run was stopped.
    pub(super) fn cancelled(why: &str) -> Self {
        Self {
            error: ErrorRecord {
                kind: "cancelled".to_owned(),
                code: None,
                message: why.to_owned(),
                hint: None,
                diff: None,
            },
            transient: false,
            patience: Patience::None,
        }
    }

    /// Time ran out; `what` took longer than `limit`.
    pub(super) fn timeout(what: &str, limit: Duration) -> Self {
        Self {
            error: ErrorRecord {
                kind: "timeout".to_owned(),
                code: None,
                message: format!("{what} within {limit:?}"),
                hint: Some("`timeouts:` sets how long turns and conversations may take".to_owned()),
                diff: None,
            },
            transient: true,
            patience: Patience::None,
        }
    }

    /// It happened when an answer was rated: the turn itself was answered.
    pub(super) fn of_rating(mut self) -> Self {
        self.error.message = format!("`feedback`: {}", self.error.message);
        self
    }

    /// How the retries see it.
    pub(super) fn ended(&self, outcome: AttemptOutcome) -> Ended {
        Ended {
            outcome,
            transient: self.transient,
            patience: self.patience,
        }
    }
}

impl From<&BackendError> for Unknown {
    fn from(error: &BackendError) -> Self {
        Self {
            error: ErrorRecord::from(error),
            transient: error.is_transient(),
            patience: match error.kind {
                BackendErrorKind::Quota => Patience::Quota,
                BackendErrorKind::Service | BackendErrorKind::Connect => Patience::Fault,
                _ => Patience::None,
            },
        }
    }
}
