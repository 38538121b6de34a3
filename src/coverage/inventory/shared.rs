//! Ids that several resources have, as when the folder of a flow was copied: of what has one, nothing tells which was
//! touched.

use std::collections::HashSet;
use std::hash::Hash;

use super::or;
use crate::export::agent::{Agent, EventHandler, Flow, Page, Route};

/// The ids of an export that are not unique.
#[derive(Debug, Default)]
pub(super) struct Shared<'a> {
    pub(super) flows: HashSet<&'a str>,
    /// As `FLOW/PAGE`.
    pub(super) pages: HashSet<String>,
    /// Of routes and event handlers.
    pub(super) handlers: HashSet<&'a str>,
}

impl<'a> Shared<'a> {
    pub(super) fn of(agent: &'a Agent) -> Self {
        let flows = || {
            agent
                .flows
                .iter()
                .map(|(name, flow)| (or(&flow.name, name), flow))
        };
        let pages = flows().flat_map(|(flow_id, flow)| {
            let key = move |(name, page): (&String, &Page)| page_key(flow_id, or(&page.name, name));
            flow.pages.iter().map(key)
        });
        Self {
            flows: repeated(flows().map(|(id, _)| id)),
            pages: repeated(pages),
            handlers: repeated(handlers(agent).into_iter().filter(|id| !id.is_empty())),
        }
    }

    /// Whether what a turn says it passed or called is one of several.
    pub(super) fn has(&self, id: &str) -> bool {
        let flow = id.split_once('/').map(|(flow, _)| flow);
        self.handlers.contains(id)
            || self.pages.contains(id)
            || flow.is_some_and(|flow| self.flows.contains(flow))
    }

    /// Why no turn can name a route or event handler with this id, if none can.
    pub(super) fn why_unnamed(&self, handler: &str) -> Option<&'static str> {
        match handler {
            "" => Some("it has no id"),
            id => self
                .handlers
                .contains(id)
                .then_some("another route or event handler has its id"),
        }
    }
}

/// What a turn calls a page.
pub(super) fn page_key(flow_id: &str, page_id: &str) -> String {
    format!("{flow_id}/{page_id}")
}

fn repeated<T: Clone + Eq + Hash>(ids: impl Iterator<Item = T>) -> HashSet<T> {
    let mut seen = HashSet::new();
    ids.filter(|id| !seen.insert(id.clone())).collect()
}

/// The ids of all routes and event handlers.
fn handlers(agent: &Agent) -> Vec<&str> {
    let mut ids = Vec::new();
    for group in agent.route_groups.values() {
        ids.extend(of_routes(&group.transition_routes));
    }
    for flow in agent.flows.values() {
        of_flow(flow, &mut ids);
    }
    ids
}

fn of_flow<'a>(flow: &'a Flow, ids: &mut Vec<&'a str>) {
    ids.extend(of_routes(&flow.transition_routes));
    ids.extend(of_handlers(&flow.event_handlers));
    for group in flow.groups.values() {
        ids.extend(of_routes(&group.transition_routes));
    }
    for page in flow.pages.values() {
        ids.extend(of_routes(&page.transition_routes));
        ids.extend(of_handlers(&page.event_handlers));
        for parameter in &page.form.parameters {
            ids.extend(of_handlers(&parameter.fill_behavior.reprompt_event_handlers));
        }
    }
}

fn of_routes(routes: &[Route]) -> impl Iterator<Item = &str> {
    routes.iter().map(|route| route.name.as_str())
}

fn of_handlers(handlers: &[EventHandler]) -> impl Iterator<Item = &str> {
    handlers.iter().map(|handler| handler.name.as_str())
}
