//! What conditions, templates and functions may know: parameters, the time, chance. The turn implements it; tests
//! bring their own.

use std::borrow::Cow;

use chrono::DateTime;
use chrono_tz::Tz;

use super::reference::Reference;
use crate::model::Value;

/// The surroundings of an expression.
pub trait Environment {
    /// The value a reference means; `None` when it is not set.
    fn lookup(&self, reference: &Reference) -> Option<Cow<'_, Value>>;

    /// The present moment in the session's time zone.
    fn now(&self) -> DateTime<Tz>;

    /// The next random bits of this turn.
    fn random(&self) -> u64;

    /// Notes what a function call came to, for the diagnostics (cx-runtime 11.1).
    fn record(&self, call: &str, result: Result<&Value, &str>);
}
