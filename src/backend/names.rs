//! From the names people see to the ids the services want: the question a backend asks its target's export.

use super::error::{BackendError, BackendErrorKind};
use crate::model::suite::Name;

/// Knows an agent's things by the names people see. A target without an export uses [`NoNames`].
pub trait Names: Send + Sync {
    /// Id of a flow.
    fn flow(&self, name: &str) -> Option<String>;
    /// Id of the flow in which sessions start.
    fn start_flow(&self) -> Option<String>;
    /// Id of a page of the flow with this id.
    fn page(&self, flow: &str, name: &str) -> Option<String>;
    /// Id of a playbook.
    fn playbook(&self, name: &str) -> Option<String>;
    /// Id of an intent.
    fn intent(&self, name: &str) -> Option<String>;
    /// Id of an entity type.
    fn entity_type(&self, name: &str) -> Option<String>;
    /// Id of one of the agents of a CES app.
    fn agent(&self, name: &str) -> Option<String>;
}

/// Without an export nothing is known but what is the same for every agent.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNames;

impl Names for NoNames {
    fn flow(&self, name: &str) -> Option<String> {
        (name == "Default Start Flow").then(|| DEFAULT_START_FLOW.to_owned())
    }

    fn start_flow(&self) -> Option<String> {
        Some(DEFAULT_START_FLOW.to_owned())
    }

    fn page(&self, _flow: &str, _name: &str) -> Option<String> {
        None
    }

    fn playbook(&self, _name: &str) -> Option<String> {
        None
    }

    fn intent(&self, _name: &str) -> Option<String> {
        None
    }

    fn entity_type(&self, _name: &str) -> Option<String> {
        None
    }

    fn agent(&self, _name: &str) -> Option<String> {
        None
    }
}

/// Every agent's start flow has this id, unless it was told to start in another one (cx-runtime 1).
const DEFAULT_START_FLOW: &str = "00000000-0000-0000-0000-000000000000";

/// The id of `name`: itself, or what `look_up` knows of the display name.
///
/// # Errors
/// When the display name is not known.
pub(in crate::backend) fn id(
    kind: &str,
    name: &Name,
    look_up: impl FnOnce(&str) -> Option<String>,
) -> Result<String, BackendError> {
    match name {
        Name::Id(id) => Ok(id.clone()),
        Name::Display(name) => look_up(name).ok_or_else(|| {
            BackendError::new(
                BackendErrorKind::Request,
                format!("no {kind} called `{name}` is known"),
            )
            .hint("name the agent's export in the target (`export:`), or write {id: …}")
        }),
    }
}
