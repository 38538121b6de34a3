//! What of an agent needs a language model: the generators its fulfillments call, the playbooks it hands over to, the
//! data stores it asks. Nothing of them is in an export but their names.

use std::collections::BTreeSet;

use super::agent::{Agent, EventHandler, Flow, Fulfillment, KnowledgeConnectorSettings, Page, Route};
use crate::model::resource::last_id;

/// What of an agent needs a language model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generative {
    /// Generators that fulfillments call, by display name.
    pub generators: BTreeSet<String>,
    /// Playbooks that handlers lead to, or that sessions start in, by display name.
    pub playbooks: BTreeSet<String>,
    /// The flows, and pages of flows, that ask data stores, for people.
    pub data_stores: BTreeSet<String>,
}

impl Generative {
    /// Collects what an agent uses; what it has and never uses does not count.
    pub fn of(agent: &Agent) -> Self {
        let mut found = Collector {
            agent,
            used: Self::default(),
        };
        found.playbook(&agent.settings.start_playbook);
        for group in agent.route_groups.values() {
            found.routes(&group.transition_routes);
        }
        for (name, flow) in &agent.flows {
            found.flow(name, flow);
        }
        found.used
    }
}

struct Collector<'a> {
    agent: &'a Agent,
    used: Generative,
}

impl Collector<'_> {
    fn flow(&mut self, name: &str, flow: &Flow) {
        let place = format!("flow `{name}`");
        self.data_stores(&flow.knowledge_connector_settings, &place);
        self.routes(&flow.transition_routes);
        self.handlers(&flow.event_handlers);
        for group in flow.groups.values() {
            self.routes(&group.transition_routes);
        }
        for (page_name, page) in &flow.pages {
            let place = format!("page `{page_name}` of {place}");
            self.data_stores(&page.knowledge_connector_settings, &place);
            self.page(page);
        }
    }

    fn page(&mut self, page: &Page) {
        self.fulfillment(&page.entry_fulfillment);
        self.routes(&page.transition_routes);
        self.handlers(&page.event_handlers);
        for parameter in &page.form.parameters {
            let behaviour = &parameter.fill_behavior;
            self.fulfillment(&behaviour.initial_prompt_fulfillment);
            self.handlers(&behaviour.reprompt_event_handlers);
        }
    }

    fn routes(&mut self, routes: &[Route]) {
        for route in routes {
            self.fulfillment(&route.trigger_fulfillment);
            self.playbook(&route.target_playbook);
        }
    }

    fn handlers(&mut self, handlers: &[EventHandler]) {
        for handler in handlers {
            self.fulfillment(&handler.trigger_fulfillment);
            self.playbook(&handler.target_playbook);
        }
    }

    fn fulfillment(&mut self, fulfillment: &Fulfillment) {
        for generator in &fulfillment.generators {
            let name = self.agent.generator_name(&generator.generator).to_owned();
            self.used.generators.insert(name);
        }
    }

    fn playbook(&mut self, name: &str) {
        if !name.is_empty() {
            self.used.playbooks.insert(name.to_owned());
        }
    }

    fn data_stores(&mut self, settings: &KnowledgeConnectorSettings, place: &str) {
        if settings.enabled && !settings.data_store_connections.is_empty() {
            self.used.data_stores.insert(place.to_owned());
        }
    }
}

impl Agent {
    /// The display name of a generator as fulfillments refer to it: by its resource name, or by its display name
    /// (cx-runtime 18).
    pub fn generator_name<'a>(&'a self, reference: &'a str) -> &'a str {
        let id = last_id(reference);
        let known = self
            .generators
            .iter()
            .find(|generator| !id.is_empty() && last_id(&generator.name) == id);
        known.map_or(reference, |generator| generator.display_name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::export::agent::Named;

    #[test]
    fn only_what_is_used_counts() {
        let calls = |generator: &str| json!({ "generators": [{ "generator": generator }] });
        let flow = json!({
            "transitionRoutes": [{ "intent": "a", "triggerFulfillment": calls("projects/p/generators/g1") }],
            "eventHandlers": [{ "event": "e", "targetPlaybook": "Helper" }],
            "knowledgeConnectorSettings": { "enabled": true, "dataStoreConnections": [{}] },
        });
        let page = json!({
            "entryFulfillment": calls("Plain"),
            "form": { "parameters": [{
                "fillBehavior": { "initialPromptFulfillment": calls("g1") },
            }] },
            "knowledgeConnectorSettings": { "enabled": false, "dataStoreConnections": [{}] },
        });
        let mut agent = Agent::default();
        let mut flow: Flow = serde_json::from_value(flow).unwrap();
        flow.pages
            .insert("P".to_owned(), serde_json::from_value(page).unwrap());
        agent.flows.insert("F".to_owned(), flow);
        agent.settings.start_playbook = "Front".to_owned();
        for (id, name) in [("g1", "First"), ("g2", "Unused")] {
            agent.generators.push(Named {
                name: id.to_owned(),
                display_name: name.to_owned(),
            });
        }
        let set = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(
            Generative::of(&agent),
            Generative {
                generators: set(&["First", "Plain"]),
                playbooks: set(&["Front", "Helper"]),
                data_stores: set(&["flow `F`"]),
            }
        );
    }
}
