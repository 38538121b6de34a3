//! Forms: which parameter is asked for next, and what the references to a page say (cx-runtime 4).
//!
//! A form parameter has no value of its own: it shares the session's (or flow's) parameter of its name, which gives
//! the same result as a separate value in every recording (cx-runtime 4.3).

use std::borrow::Cow;

use super::nlu::FormSlot;
use super::program::{FormParameter, PagePart, Scoped};
use super::reference::{Step, descend};
use super::session::Session;
use crate::model::Value;

/// The value of a form parameter; the empty text counts as one.
pub(super) fn value<'s>(session: &'s Session, parameter: &FormParameter) -> Option<&'s Value> {
    match &parameter.key {
        Scoped::Session(name) => session.parameters.get(name),
        Scoped::Flow(name) => session.flow_parameters.get(name),
    }
}

/// The first required parameter without a value: the one asked for.
pub(super) fn active<'p>(session: &Session, page: &'p PagePart) -> Option<&'p FormParameter> {
    page.form
        .iter()
        .find(|parameter| parameter.required && value(session, parameter).is_none())
}

/// The other parameters that nobody gave a value, required or not: a default is none that was given (cx-runtime 4.4, 4.7).
/// Who chose just that value is asked again; nothing decides that case, and no session has to remember where values came
/// from.
pub(super) fn others<'p>(session: &Session, page: &'p PagePart, active: &FormParameter) -> Vec<FormSlot<'p>> {
    let is_open = |parameter: &FormParameter| {
        let value = value(session, parameter);
        value.is_none() || (!parameter.required && value == parameter.default.as_ref())
    };
    page.form
        .iter()
        .filter(|parameter| parameter.name != active.name && is_open(parameter))
        .map(slot)
        .collect()
}

/// Optional parameters that nobody gave a value get their defaults as the form of a page begins (cx-runtime 4.7).
pub(super) fn begin(session: &mut Session, page: &PagePart) {
    for parameter in page.form.iter().filter(|parameter| !parameter.required) {
        if let Some(default) = &parameter.default
            && value(session, parameter).is_none()
        {
            session.set(&parameter.key, default.clone());
        }
    }
}

/// A parameter as language understanding sees it.
pub(super) fn slot(parameter: &FormParameter) -> FormSlot<'_> {
    FormSlot {
        name: &parameter.name,
        entity_type: &parameter.entity_type,
        is_list: parameter.is_list,
    }
}

/// What happened to form parameters in a turn, by their names.
#[derive(Debug, Default)]
pub(super) struct Collected {
    /// The input filled them.
    pub(super) updated: Vec<String>,
    /// A webhook refused them.
    pub(super) refused: Vec<String>,
}

impl Collected {
    /// Whether the input filled it.
    pub(super) fn is_updated(&self, name: &str) -> bool {
        self.updated.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether a webhook refused it, and it was not asked for since.
    pub(super) fn is_refused(&self, name: &str) -> bool {
        self.refused.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// It is asked for again; whether a webhook had refused it.
    pub(super) fn ask_again(&mut self, name: &str) -> bool {
        let is_refused = self.is_refused(name);
        self.refused.retain(|known| !known.eq_ignore_ascii_case(name));
        is_refused
    }
}

/// What a path below `$page.params` means: the status of the page or of a parameter, or a value (cx-runtime 4.2).
pub(super) fn resolve<'s>(
    session: &'s Session,
    page: &PagePart,
    collected: &Collected,
    path: &[Step],
) -> Option<Cow<'s, Value>> {
    let [Step::Name(name), rest @ ..] = path else {
        return None;
    };
    if rest.is_empty() && name.eq_ignore_ascii_case("status") {
        return active(session, page)
            .is_none()
            .then(|| Cow::Owned("FINAL".into()));
    }
    let parameter = page
        .form
        .iter()
        .find(|parameter| parameter.key.name().eq_ignore_ascii_case(name))?;
    let value = value(session, parameter);
    if let [Step::Name(member)] = rest
        && member.eq_ignore_ascii_case("status")
    {
        let status = match value {
            Some(_) if collected.is_updated(&parameter.name) => "UPDATED",
            Some(_) => "FILLED",
            None if collected.is_refused(&parameter.name) => "INVALID",
            None => "EMPTY",
        };
        return Some(Cow::Owned(status.into()));
    }
    descend(value?, rest).map(Cow::Borrowed)
}
