//! What an export mentions of itself, and so what nothing leads to.

use std::collections::HashSet;

use crate::coverage::entities::references;
use crate::export::agent::{Agent, EventHandler, Fulfillment, Page, Route};

/// What the export itself mentions. What nothing mentions cannot be touched.
#[derive(Default)]
pub(super) struct Uses<'a> {
    pub(super) flows: HashSet<&'a str>,
    /// By flow and name.
    pub(super) pages: HashSet<(&'a str, &'a str)>,
    /// By flow and name.
    pub(super) flow_groups: HashSet<(&'a str, &'a str)>,
    pub(super) agent_groups: HashSet<&'a str>,
    pub(super) intents: HashSet<&'a str>,
    pub(super) webhooks: HashSet<&'a str>,
    /// Without `@`.
    pub(super) entity_types: HashSet<&'a str>,
}

impl<'a> Uses<'a> {
    pub(super) fn of(agent: &'a Agent) -> Self {
        let mut uses = Self::default();
        let start = agent.settings.start_flow.as_str();
        uses.flows.insert(if agent.flows.contains_key(start) {
            start
        } else {
            "Default Start Flow"
        });
        for (name, flow) in &agent.flows {
            uses.take_routes(name, &flow.transition_routes);
            uses.take_handlers(name, &flow.event_handlers);
            uses.take_groups(
                agent,
                name,
                &flow.transition_route_groups,
                &flow.agent_transition_route_groups,
            );
            for group in flow.groups.values() {
                uses.take_routes(name, &group.transition_routes);
            }
            for page in flow.pages.values() {
                uses.take_page(agent, name, page);
            }
        }
        // A group of the agent has its targets among the pages of whatever flow lists it.
        for group in agent.route_groups.values() {
            for flow in agent.flows.keys() {
                uses.take_routes(flow, &group.transition_routes);
            }
        }
        for intent in agent.intents.values() {
            uses.entity_types.extend(
                intent
                    .parameters
                    .iter()
                    .filter_map(|parameter| parameter.entity_type.strip_prefix('@')),
            );
        }
        for entity in agent
            .entity_types
            .values()
            .flat_map(|kind| kind.entities.values().flatten())
        {
            uses.entity_types
                .extend(references(&entity.value).map(|(name, _)| name));
        }
        uses
    }

    fn take_page(&mut self, agent: &'a Agent, flow: &'a str, page: &'a Page) {
        self.take_fulfillment(&page.entry_fulfillment);
        self.take_routes(flow, &page.transition_routes);
        self.take_handlers(flow, &page.event_handlers);
        self.take_groups(
            agent,
            flow,
            &page.transition_route_groups,
            &page.agent_transition_route_groups,
        );
        for parameter in &page.form.parameters {
            self.entity_types.extend(parameter.entity_type.strip_prefix('@'));
            self.take_fulfillment(&parameter.fill_behavior.initial_prompt_fulfillment);
            self.take_handlers(flow, &parameter.fill_behavior.reprompt_event_handlers);
        }
    }

    /// A name that the flow has no group of is one of the agent's.
    fn take_groups(&mut self, agent: &'a Agent, flow: &'a str, own: &'a [String], of_agent: &'a [String]) {
        let groups = agent.flows.get(flow).map(|flow| &flow.groups);
        for name in own {
            if groups.is_some_and(|groups| groups.contains_key(name)) {
                self.flow_groups.insert((flow, name));
            } else {
                self.agent_groups.insert(name);
            }
        }
        self.agent_groups.extend(of_agent.iter().map(String::as_str));
    }

    fn take_routes(&mut self, flow: &'a str, routes: &'a [Route]) {
        for route in routes {
            self.intents.insert(&route.intent);
            self.take_target(flow, &route.target_page, &route.target_flow);
            self.take_fulfillment(&route.trigger_fulfillment);
        }
    }

    fn take_handlers(&mut self, flow: &'a str, handlers: &'a [EventHandler]) {
        for handler in handlers {
            self.take_target(flow, &handler.target_page, &handler.target_flow);
            self.take_fulfillment(&handler.trigger_fulfillment);
        }
    }

    fn take_target(&mut self, flow: &'a str, target_page: &'a str, target_flow: &'a str) {
        self.pages.insert((flow, target_page));
        self.flows.insert(target_flow);
    }

    fn take_fulfillment(&mut self, fulfillment: &'a Fulfillment) {
        self.webhooks.insert(&fulfillment.webhook);
    }
}
