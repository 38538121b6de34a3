//! Display names → ids, for people who write names and a service that wants ids.

use std::collections::HashMap;

use super::agent::Agent;
use super::target::SymbolicTarget;

/// The ids of an agent's resources by display name. Ids are bare, not resource names.
#[derive(Debug, Clone, Default)]
pub struct NameIndex {
    flows: Ids,
    /// By the flow's id.
    pages: HashMap<String, Ids>,
    intents: Ids,
    entity_types: Ids,
}

/// The ids of one kind by display name.
type Ids = HashMap<String, String>;

impl NameIndex {
    /// Indexes an agent.
    pub fn new(agent: &Agent) -> Self {
        let pages = agent.flows.values().map(|flow| {
            let pages = flow.pages.iter().map(|(name, page)| (name, &page.name));
            (flow.name.clone(), ids(pages))
        });
        Self {
            pages: pages.collect(),
            flows: ids(agent.flows.iter().map(|(name, flow)| (name, &flow.name))),
            intents: ids(agent.intents.iter().map(|(name, intent)| (name, &intent.name))),
            entity_types: ids(agent.entity_types.iter().map(|(name, kind)| (name, &kind.name))),
        }
    }

    /// The id of a flow.
    pub fn flow_id(&self, display_name: &str) -> Option<&str> {
        self.flows.get(display_name).map(String::as_str)
    }

    /// The id of a page of the flow with this id; the start page and the other symbolic targets have their constants
    /// as ids.
    pub fn page_id(&self, flow: &str, display_name: &str) -> Option<&str> {
        if let Some(symbol) = SymbolicTarget::parse(display_name) {
            return Some(symbol.id());
        }
        self.pages.get(flow)?.get(display_name).map(String::as_str)
    }

    /// The id of an intent.
    pub fn intent_id(&self, display_name: &str) -> Option<&str> {
        self.intents.get(display_name).map(String::as_str)
    }

    /// The id of an entity type, without its `@`; system types are their own ids.
    pub fn entity_type_id<'a>(&'a self, display_name: &'a str) -> Option<&'a str> {
        let name = display_name.strip_prefix('@').unwrap_or(display_name);
        if name.starts_with("sys.") {
            return Some(name);
        }
        self.entity_types.get(name).map(String::as_str)
    }
}

fn ids<'a>(pairs: impl Iterator<Item = (&'a String, &'a String)>) -> Ids {
    pairs.map(|(name, id)| (name.clone(), id.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::agent::{Flow, Intent, Page};

    fn agent() -> Agent {
        let mut agent = Agent::default();
        let mut flow = Flow {
            name: "f1".to_owned(),
            ..Flow::default()
        };
        flow.pages.insert(
            "Collect Date".to_owned(),
            Page {
                name: "p1".to_owned(),
                ..Page::default()
            },
        );
        agent.flows.insert("Booking".to_owned(), flow);
        agent.intents.insert(
            "book.flight".to_owned(),
            Intent {
                name: "i1".to_owned(),
                ..Intent::default()
            },
        );
        agent
    }

    #[test]
    fn names_have_ids() {
        let names = NameIndex::new(&agent());
        assert_eq!(names.flow_id("Booking"), Some("f1"));
        assert_eq!(names.page_id("f1", "Collect Date"), Some("p1"));
        assert_eq!(names.intent_id("book.flight"), Some("i1"));
        assert_eq!(names.page_id("f1", "Elsewhere"), None);
        assert_eq!(names.page_id("f2", "Collect Date"), None);
    }

    #[test]
    fn symbolic_pages_have_their_constants_in_every_flow() {
        let names = NameIndex::new(&agent());
        assert_eq!(names.page_id("f1", "Start Page"), Some("START_PAGE"));
    }

    #[test]
    fn system_entity_types_are_their_own_ids() {
        let names = NameIndex::new(&agent());
        assert_eq!(names.entity_type_id("@sys.date"), Some("sys.date"));
        assert_eq!(names.entity_type_id("@size"), None);
    }
}
