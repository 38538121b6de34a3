//! Names of the agent's things as suites mention them, to be checked against the agent's export.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::SourceFile;

/// A name and its place. Mentions are equal, and in order, by place first.
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

impl Mention {
    fn key(&self) -> impl Ord {
        let Range { start, end } = self.span;
        (start, end, &self.file.path, &self.kind, &self.name, self.sent)
    }
}

impl Ord for Mention {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Mention {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Mention {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Mention {}

/// What a name names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
    /// A page, flow or playbook; of an app, an agent.
    Place,
    /// A type of match: a word of turnproof's own.
    MatchType,
    /// A playbook.
    Playbook,
    /// An agent of an app; of a Dialogflow CX agent, a playbook or flow that acts.
    Agent,
    /// A tool; of a Dialogflow CX agent possibly with one of its actions: `tool/action`.
    Tool,
    /// A session parameter, possibly with a path below it.
    Parameter,
    /// An entity type.
    EntityType,
    /// A webhook.
    Webhook,
    /// A generator.
    Generator,
    /// An operator used right below a parameter.
    Operator {
        /// The parameter.
        parameter: String,
    },
}
