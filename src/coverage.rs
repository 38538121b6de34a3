//! Which parts of an exported agent a run touched, and which it did not.
//!
//! [`Inventory`] lists what an export holds; [`Tally`] counts, turn by turn, what replies say was touched; [`Since`]
//! narrows the list down to what is new or different since another export; [`Coverage`] is the result, written for
//! people by [`terminal`] and for programs by [`json`]. [`run_file`] reads the replies from a run's result file, which
//! comes from anywhere: one conversation is in memory at a time.
//!
//! Only what a service says of a turn counts, so that runs on the real service and on the emulator count alike. What
//! that means for each kind:
//!
//! - A **flow** or **page** is touched when a turn passed it, be it only to begin there. A flow's start page is the flow.
//! - A **route** or **event handler** is touched when it was called; a **route group** when one of its routes was.
//! - An **intent** is touched when an input matched it. The default negative intent is no match, and is not counted.
//! - A **form parameter** is touched when it had a value while a turn passed its page, or when an input filled it there;
//!   to be asked for is not enough. A value that `start` gave counts: nothing tells it from one that was said.
//! - An **entity value** is touched when a parameter of its type, of a matched intent or of a form, had it: which synonym
//!   was said, the service does not tell. An entry of a regexp type is touched when a value fits its pattern. Entity values
//!   are counted by themselves and not in the total, which one list of cities would outweigh.
//! - A **webhook** is touched when it was called, whatever it answered. API version `v3` does not name it: then it is the
//!   webhook of every handler and page that the turn touched, if there was a call at all.
//!
//! What no turn can name, because it has no id or that of another one, is there and untouched: nothing tells that it was
//! touched, and a minimum must not be reached by leaving it out. (A choice: the exports that services write have no such
//! ids, flows that were copied in files do.)
//!
//! Playbooks, tools, generators and data stores are not counted. All attempts of a conversation count, whatever came of
//! them; what a redacted parameter held is not known.

use std::fmt;
use std::str::FromStr;

use crate::redact::{Redact, Redactor};

pub use change::{Change, Since};
pub use figure::{Figure, Minimum, Missed};
pub use inventory::Inventory;
pub use tally::Tally;

mod change;
mod entities;
mod figure;
mod inventory;
pub mod json;
pub mod run_file;
mod tally;
pub mod terminal;

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A flow.
    Flow,
    /// A page other than a flow's start page.
    Page,
    /// A route of a flow, page or route group.
    Route,
    /// A route group of a flow or of the agent.
    RouteGroup,
    /// An event handler of a flow, a page or a form parameter.
    EventHandler,
    /// An intent.
    Intent,
    /// A parameter of a page's form.
    FormParameter,
    /// A webhook.
    Webhook,
    /// An entry of a custom entity type, in whatever languages.
    EntityValue,
}

impl Kind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Flow,
        Self::Page,
        Self::Route,
        Self::RouteGroup,
        Self::EventHandler,
        Self::Intent,
        Self::FormParameter,
        Self::Webhook,
        Self::EntityValue,
    ];

    /// One of it, for people.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Page => "page",
            Self::Route => "route",
            Self::RouteGroup => "route group",
            Self::EventHandler => "event handler",
            Self::Intent => "intent",
            Self::FormParameter => "form parameter",
            Self::Webhook => "webhook",
            Self::EntityValue => "entity value",
        }
    }

    /// Several of it, for people.
    pub fn plural(self) -> String {
        format!("{}s", self.noun())
    }

    /// Several of it, as it is written on the command line and in JSON: `event-handlers`.
    pub fn key(self) -> String {
        self.plural().replace(' ', "-")
    }

    /// Whether it counts in the total.
    pub fn is_in_total(self) -> bool {
        self != Self::EntityValue
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.noun())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|kind| kind.key() == text);
        known.ok_or_else(|| {
            let keys: Vec<String> = Self::ALL.into_iter().map(Self::key).collect();
            format!("there is no kind `{text}`; the kinds are {}", keys.join(", "))
        })
    }
}

/// A resource of an export. Names that do not apply are `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// What it is.
    pub kind: Kind,
    /// The service's id; empty where it has none of its own.
    pub id: String,
    /// The flow it belongs to, or is.
    pub flow: Option<String>,
    /// The page it belongs to, or is.
    pub page: Option<String>,
    /// The route group it belongs to, or is.
    pub group: Option<String>,
    /// The form parameter that a reprompt handler belongs to.
    pub parameter: Option<String>,
    /// The entity type that a value belongs to.
    pub entity_type: Option<String>,
    /// Its display name; what it waits for, for a route or an event handler.
    pub name: String,
    /// Where a route or an event handler leads.
    pub target: Option<String>,
    /// Why no conversation can touch it, or be known to: nothing in the export leads to it, or no turn can name it.
    pub orphan: Option<&'static str>,
}

impl Redact for Resource {
    fn redact(&mut self, redactor: &Redactor) {
        self.name.redact(redactor);
        for name in [
            &mut self.flow,
            &mut self.page,
            &mut self.group,
            &mut self.parameter,
            &mut self.entity_type,
            &mut self.target,
        ] {
            name.redact(redactor);
        }
    }
}

/// A resource, and whether it was touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// The resource.
    pub resource: Resource,
    /// Turns that touched it.
    pub turns: u64,
    /// A form parameter that was asked for.
    pub asked: bool,
    /// How it differs from the export that it was compared with.
    pub change: Option<Change>,
}

impl Covered {
    /// Whether a turn touched it.
    pub fn is_touched(&self) -> bool {
        self.turns > 0
    }

    /// What is worth knowing of it while it is untouched.
    pub fn note(&self) -> Option<&'static str> {
        if self.is_touched() {
            return None;
        }
        self.resource
            .orphan
            .or_else(|| self.asked.then_some("asked for, never answered"))
    }
}

/// What came of counting.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// The resources that matter, in the order of the export's names: all, or those that changed.
    pub resources: Vec<Covered>,
    /// Flows and pages that were touched, whether or not they are among the resources: `(flow, page)`.
    pub entered: std::collections::BTreeSet<(String, Option<String>)>,
    /// Whether the resources are those that changed.
    pub only_changes: bool,
    /// Settings of the agent that differ from the export that it was compared with, by name.
    pub different_settings: Vec<&'static str>,
    /// Turns that were counted.
    pub turns: u64,
    /// Turns that do not say where they went.
    pub untraced: u64,
    /// How many pages and handlers of the run the export has, and how many it does not have.
    pub ids: (usize, usize),
}

impl Coverage {
    /// Joins what the export holds and what turns touched. Since an older export only what changed is kept, unless
    /// settings of the agent changed: whatever it does may have changed with them, and no turn could be known to touch
    /// a setting, so that everything is asked for. (A choice: to ask for less would let a minimum be reached by what
    /// nobody played since, to ask for the impossible would be a gate that nobody can pass.)
    pub fn new(tally: &Tally<'_, '_>, since: Option<&Since>) -> Self {
        let inventory = tally.inventory();
        let change_of = |index: usize| since.and_then(|since| since.changes.get(index).copied().flatten());
        let different_settings = since.map_or_else(Vec::new, |since| since.settings.clone());
        let only_changes = since.is_some() && different_settings.is_empty();
        let all = inventory.resources().iter().enumerate();
        let entered = all
            .clone()
            .filter(|(index, resource)| {
                matches!(resource.kind, Kind::Flow | Kind::Page) && tally.turns_of(*index) > 0
            })
            .filter_map(|(_, resource)| Some((resource.flow.clone()?, resource.page.clone())));
        let kept = all
            .clone()
            .filter(|(index, _)| !only_changes || change_of(*index).is_some());
        Self {
            entered: entered.collect(),
            resources: kept
                .map(|(index, resource)| Covered {
                    resource: resource.clone(),
                    turns: tally.turns_of(index),
                    asked: tally.was_asked(index),
                    change: change_of(index),
                })
                .collect(),
            only_changes,
            different_settings,
            turns: tally.turns(),
            untraced: tally.untraced(),
            ids: tally.ids(),
        }
    }

    /// The figure of one kind, or the total.
    pub fn figure(&self, kind: Option<Kind>) -> Figure {
        let counts = |resource: &&Covered| {
            let its = resource.resource.kind;
            kind.map_or(its.is_in_total(), |kind| kind == its)
        };
        let mut figure = Figure::default();
        for covered in self.resources.iter().filter(counts) {
            figure.of += 1;
            figure.touched += usize::from(covered.is_touched());
        }
        figure
    }

    /// The minima that are not reached.
    pub fn missed(&self, minima: &[Minimum]) -> Vec<Missed> {
        let missed = minima.iter().map(|minimum| (minimum, self.figure(minimum.kind)));
        missed
            .filter(|(minimum, figure)| !figure.reaches(minimum.percent))
            .map(|(minimum, figure)| Missed {
                minimum: *minimum,
                figure,
            })
            .collect()
    }
}

impl Redact for Coverage {
    fn redact(&mut self, redactor: &Redactor) {
        if redactor.is_empty() {
            return;
        }
        self.resources
            .iter_mut()
            .for_each(|covered| covered.resource.redact(redactor));
        self.entered = std::mem::take(&mut self.entered)
            .into_iter()
            .map(|(mut flow, mut page)| {
                flow.redact(redactor);
                page.redact(redactor);
                (flow, page)
            })
            .collect();
    }
}

#[cfg(test)]
mod tests;
