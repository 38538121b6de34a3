//! Display names ↔ ids, for people who write names and a service that wants ids.

use std::collections::HashMap;

use super::agent::Agent;
use super::target::SymbolicTarget;

/// The names and ids of an agent's resources. Ids are bare, not resource names.
#[derive(Debug, Clone, Default)]
pub struct NameIndex {
    flows: Names,
    /// By the flow's display name.
    pages: HashMap<String, Names>,
    intents: Names,
    entity_types: Names,
    webhooks: Names,
}

/// Names and ids of one kind.
#[derive(Debug, Clone, Default)]
struct Names {
    id_of: HashMap<String, String>,
    name_of: HashMap<String, String>,
}

impl Names {
    fn collect<'a>(pairs: impl Iterator<Item = (&'a String, &'a String)>) -> Self {
        let mut names = Self::default();
        for (display_name, id) in pairs {
            names.id_of.insert(display_name.clone(), id.clone());
            names.name_of.insert(id.clone(), display_name.clone());
        }
        names
    }

    fn id(&self, display_name: &str) -> Option<&str> {
        self.id_of.get(display_name).map(String::as_str)
    }

    fn name(&self, id: &str) -> Option<&str> {
        self.name_of.get(id).map(String::as_str)
    }

    fn known(&self) -> impl Iterator<Item = &str> {
        self.id_of.keys().map(String::as_str)
    }
}

impl NameIndex {
    /// Indexes an agent.
    pub fn new(agent: &Agent) -> Self {
        Self {
            flows: Names::collect(agent.flows.iter().map(|(name, flow)| (name, &flow.name))),
            pages: agent
                .flows
                .iter()
                .map(|(flow_name, flow)| {
                    let pages = flow.pages.iter().map(|(name, page)| (name, &page.name));
                    (flow_name.clone(), Names::collect(pages))
                })
                .collect(),
            intents: Names::collect(agent.intents.iter().map(|(name, intent)| (name, &intent.name))),
            entity_types: Names::collect(agent.entity_types.iter().map(|(name, kind)| (name, &kind.name))),
            webhooks: Names::collect(agent.webhooks.iter().map(|(name, webhook)| (name, &webhook.name))),
        }
    }

    /// The id of a flow.
    pub fn flow_id(&self, display_name: &str) -> Option<&str> {
        self.flows.id(display_name)
    }

    /// The display name of a flow.
    pub fn flow_name(&self, id: &str) -> Option<&str> {
        self.flows.name(id)
    }

    /// The id of a page of a flow (by the flow's display name); the start page and the other symbolic targets
    /// have their constants as ids.
    pub fn page_id(&self, flow: &str, display_name: &str) -> Option<&str> {
        if let Some(symbol) = SymbolicTarget::parse(display_name) {
            return Some(symbol.id());
        }
        self.pages.get(flow)?.id(display_name)
    }

    /// The display name of a page of a flow (by the flow's display name).
    pub fn page_name(&self, flow: &str, id: &str) -> Option<&str> {
        if let Some(symbol) = SymbolicTarget::parse(id) {
            return Some(symbol.display_name());
        }
        self.pages.get(flow)?.name(id)
    }

    /// The id of an intent.
    pub fn intent_id(&self, display_name: &str) -> Option<&str> {
        self.intents.id(display_name)
    }

    /// The display name of an intent.
    pub fn intent_name(&self, id: &str) -> Option<&str> {
        self.intents.name(id)
    }

    /// The id of an entity type, without its `@`; system types are their own ids.
    pub fn entity_type_id<'a>(&'a self, display_name: &'a str) -> Option<&'a str> {
        let name = display_name.strip_prefix('@').unwrap_or(display_name);
        if name.starts_with("sys.") {
            return Some(name);
        }
        self.entity_types.id(name)
    }

    /// The display name of an entity type.
    pub fn entity_type_name(&self, id: &str) -> Option<&str> {
        self.entity_types.name(id)
    }

    /// The id of a webhook.
    pub fn webhook_id(&self, display_name: &str) -> Option<&str> {
        self.webhooks.id(display_name)
    }

    /// The display name of a webhook.
    pub fn webhook_name(&self, id: &str) -> Option<&str> {
        self.webhooks.name(id)
    }

    /// The flow's name that is most like a misspelt one.
    pub fn similar_flow(&self, name: &str) -> Option<&str> {
        closest(name, self.flows.known())
    }

    /// The page's name that is most like a misspelt one, in that flow or else in any.
    pub fn similar_page(&self, flow: Option<&str>, name: &str) -> Option<&str> {
        match flow.and_then(|flow| self.pages.get(flow)) {
            Some(pages) => closest(name, pages.known()),
            None => closest(name, self.pages.values().flat_map(Names::known)),
        }
    }

    /// The intent's name that is most like a misspelt one.
    pub fn similar_intent(&self, name: &str) -> Option<&str> {
        closest(name, self.intents.known())
    }

    /// Whether any flow has a page of this name.
    pub fn is_page(&self, display_name: &str) -> bool {
        SymbolicTarget::parse(display_name).is_some()
            || self.pages.values().any(|pages| pages.id(display_name).is_some())
    }
}

/// Of the names known, the one most like a misspelt name, if any is like it at all. Ties go to the first in
/// alphabetical order.
pub(super) fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this likeness a suggestion confuses more than it helps.
    const ALIKE: f64 = 0.8;
    /// Names longer than this are not compared letter by letter.
    const LONGEST: usize = 200;
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    known
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| {
            (
                strsim::jaro_winkler(&wanted, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|left, right| left.0.total_cmp(&right.0).then_with(|| right.1.cmp(left.1)))
        .map(|(_, candidate)| candidate)
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
    fn names_and_ids_map_both_ways() {
        let names = NameIndex::new(&agent());
        assert_eq!(names.flow_id("Booking"), Some("f1"));
        assert_eq!(names.flow_name("f1"), Some("Booking"));
        assert_eq!(names.page_id("Booking", "Collect Date"), Some("p1"));
        assert_eq!(names.page_name("Booking", "p1"), Some("Collect Date"));
        assert_eq!(names.intent_id("book.flight"), Some("i1"));
        assert_eq!(names.intent_name("i1"), Some("book.flight"));
        assert_eq!(names.page_id("Booking", "Elsewhere"), None);
    }

    #[test]
    fn symbolic_pages_have_their_constants_in_every_flow() {
        let names = NameIndex::new(&agent());
        assert_eq!(names.page_id("Booking", "Start Page"), Some("START_PAGE"));
        assert_eq!(names.page_name("Booking", "END_SESSION"), Some("End Session"));
    }

    #[test]
    fn system_entity_types_are_their_own_ids() {
        let names = NameIndex::new(&agent());
        assert_eq!(names.entity_type_id("@sys.date"), Some("sys.date"));
        assert_eq!(names.entity_type_id("@size"), None);
    }

    #[test]
    fn misspelt_names_are_recognised() {
        let names = NameIndex::new(&agent());
        assert_eq!(names.similar_intent("book.fligth"), Some("book.flight"));
        assert_eq!(
            names.similar_page(Some("Booking"), "collect date"),
            Some("Collect Date")
        );
        assert_eq!(names.similar_flow("something else entirely"), None);
    }
}
