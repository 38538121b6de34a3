//! Names of the agent's things as suites mention them, to be checked against the agent's export.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::SourceFile;

/// A name and its place.
#[derive(Debug, Clone)]
pub(super) struct Mention {
    /// What it names.
    pub(super) kind: Kind,
    /// The name.
    pub(super) name: String,
    /// The file.
    pub(super) file: Arc<SourceFile>,
    /// Its place.
    pub(super) span: Range<usize>,
    /// Whether the service is sent the name, rather than asked for it.
    pub(super) sent: bool,
}

/// What a name names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// An intent.
    Intent,
    /// A flow.
    Flow,
    /// A page; of a flow, if that is said beside it.
    Page {
        /// The flow's display name.
        flow: Option<String>,
    },
    /// A page, flow or playbook.
    Place,
    /// A type of match: a word of turnproof's own.
    MatchType,
    /// A playbook.
    Playbook,
    /// A session parameter, possibly with a path below it.
    Parameter,
    /// An entity type.
    EntityType,
    /// A webhook.
    Webhook,
    /// An operator used right below a parameter.
    Operator {
        /// The parameter.
        parameter: String,
    },
}
