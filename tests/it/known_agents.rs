//! Agents whose names are known beforehand, for reading suites without loading anything.

use std::collections::{BTreeMap, BTreeSet};

use turnproof::suite::{Agents, Names};

/// The names of the agents behind roles; of other roles nobody can tell.
#[derive(Default)]
pub(crate) struct KnownAgents(pub(crate) BTreeMap<String, Names>);

impl Agents for KnownAgents {
    fn names(&mut self, roles: &BTreeSet<String>) -> BTreeMap<String, Names> {
        let names = |role: &String| self.0.get(role).cloned().unwrap_or(Names::Unchecked);
        roles.iter().map(|role| (role.clone(), names(role))).collect()
    }
}
