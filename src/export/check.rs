//! References within an agent that lead nowhere: routes to pages, intents, flows and webhooks that the export does
//! not hold. Warnings, because the service would refuse such an agent only when that route is taken.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::agent::{Agent, Entity, EventHandler, Flow, FormParameter, Fulfillment, Route};
use super::archive::Package;
use super::target::SymbolicTarget;
use crate::diagnostic::{Diagnostic, suggest};

/// What file names keep as it is.
const FILE_NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b' ')
    .remove(b'_')
    .remove(b'-')
    .remove(b'.');

/// All references that lead nowhere, file by file.
pub(super) fn references(agent: &Agent, package: &Package) -> Vec<Diagnostic> {
    let mut check = Check {
        agent,
        package,
        file: String::new(),
        problems: Vec::new(),
    };
    check.settings();
    for (name, flow) in &agent.flows {
        check.flow(name, flow);
    }
    for (name, group) in &agent.route_groups {
        check.file = format!("agentTransitionRouteGroups/{}.json", encode(name));
        for route in &group.transition_routes {
            check.route(None, route);
        }
    }
    for (name, intent) in &agent.intents {
        check.file = format!("intents/{0}/{0}.json", encode(name));
        for parameter in &intent.parameters {
            check.entity_type(&parameter.entity_type, &format!("parameter `{}`", parameter.id));
        }
    }
    for (name, kind) in &agent.entity_types {
        for (language, entities) in &kind.entities {
            check.file = format!("entityTypes/{0}/entities/{language}.json", encode(name));
            if kind.kind != "KIND_REGEXP" {
                check.entities(entities);
            }
        }
    }
    check.problems
}

struct Check<'a> {
    agent: &'a Agent,
    package: &'a Package,
    /// The file looked at, from the export's root.
    file: String,
    problems: Vec<Diagnostic>,
}

impl Check<'_> {
    fn settings(&mut self) {
        "agent.json".clone_into(&mut self.file);
        let start = &self.agent.settings.start_flow;
        if !start.is_empty() && !self.agent.flows.contains_key(start) {
            self.missing("the agent", "starts in flow", start, self.agent.flows.keys());
        }
        if self.agent.flows.is_empty() {
            self.problems.push(
                Diagnostic::warning("no-flow", "the agent has no flow")
                    .in_file(self.package.path_of("agent.json")),
            );
        }
    }

    fn flow(&mut self, name: &str, flow: &Flow) {
        let folder = encode(name);
        self.file = format!("flows/{folder}/{folder}.json");
        for route in &flow.transition_routes {
            self.route(Some(flow), route);
        }
        for handler in &flow.event_handlers {
            self.handler(flow, handler);
        }
        self.groups(
            flow,
            &flow.transition_route_groups,
            &flow.agent_transition_route_groups,
        );
        for (name, group) in &flow.groups {
            self.file = format!("flows/{folder}/transitionRouteGroups/{}.json", encode(name));
            for route in &group.transition_routes {
                self.route(Some(flow), route);
            }
        }
        for (name, page) in &flow.pages {
            self.file = format!("flows/{folder}/pages/{}.json", encode(name));
            self.fulfillment(&page.entry_fulfillment, "the entry fulfillment");
            for parameter in &page.form.parameters {
                self.form_parameter(flow, parameter);
            }
            for route in &page.transition_routes {
                self.route(Some(flow), route);
            }
            for handler in &page.event_handlers {
                self.handler(flow, handler);
            }
            self.groups(
                flow,
                &page.transition_route_groups,
                &page.agent_transition_route_groups,
            );
        }
    }

    fn form_parameter(&mut self, flow: &Flow, parameter: &FormParameter) {
        let whose = format!("form parameter `{}`", parameter.display_name);
        self.entity_type(&parameter.entity_type, &whose);
        self.fulfillment(
            &parameter.fill_behavior.initial_prompt_fulfillment,
            &format!("the prompt of {whose}"),
        );
        for handler in &parameter.fill_behavior.reprompt_event_handlers {
            self.handler(flow, handler);
        }
    }

    fn route(&mut self, flow: Option<&Flow>, route: &Route) {
        let whose = if route.intent.is_empty() {
            format!("the route on `{}`", shorten(&route.condition))
        } else {
            format!("the route on intent `{}`", route.intent)
        };
        if !route.intent.is_empty() && !self.agent.intents.contains_key(&route.intent) {
            self.missing(
                "a route",
                "names intent",
                &route.intent,
                self.agent.intents.keys(),
            );
        }
        self.fulfillment(&route.trigger_fulfillment, &whose);
        self.target(flow, &whose, &route.target_page, &route.target_flow);
    }

    fn handler(&mut self, flow: &Flow, handler: &EventHandler) {
        let whose = format!("the handler of event `{}`", handler.event);
        self.fulfillment(&handler.trigger_fulfillment, &whose);
        self.target(Some(flow), &whose, &handler.target_page, &handler.target_flow);
    }

    fn target(&mut self, flow: Option<&Flow>, whose: &str, page: &str, target_flow: &str) {
        // A group of the agent serves many flows; its pages are known only where it is used.
        if let Some(flow) = flow
            && !page.is_empty()
            && SymbolicTarget::parse(page).is_none()
            && !flow.pages.contains_key(page)
        {
            self.missing(whose, "leads to page", page, flow.pages.keys());
        }
        if !target_flow.is_empty() && !self.agent.flows.contains_key(target_flow) {
            self.missing(whose, "leads to flow", target_flow, self.agent.flows.keys());
        }
    }

    fn fulfillment(&mut self, fulfillment: &Fulfillment, whose: &str) {
        if !fulfillment.webhook.is_empty() && !self.agent.webhooks.contains_key(&fulfillment.webhook) {
            self.missing(
                whose,
                "calls webhook",
                &fulfillment.webhook,
                self.agent.webhooks.keys(),
            );
        }
    }

    fn groups(&mut self, flow: &Flow, of_flow: &[String], of_agent: &[String]) {
        for name in of_flow {
            if !flow.groups.contains_key(name) && !self.agent.route_groups.contains_key(name) {
                self.missing(
                    "the list of groups",
                    "names route group",
                    name,
                    flow.groups.keys(),
                );
            }
        }
        for name in of_agent {
            if !self.agent.route_groups.contains_key(name) {
                let known = self.agent.route_groups.keys();
                self.missing("the list of groups", "names route group", name, known);
            }
        }
    }

    fn entity_type(&mut self, entity_type: &str, whose: &str) {
        let name = entity_type.strip_prefix('@').unwrap_or(entity_type);
        if !name.is_empty() && !name.starts_with("sys.") && !self.agent.entity_types.contains_key(name) {
            self.missing(whose, "has the entity type", name, self.agent.entity_types.keys());
        }
    }

    /// Entries may be made of other types: `@size:chosen shirt`.
    fn entities(&mut self, entities: &[Entity]) {
        let mut reported: Vec<&str> = Vec::new();
        for text in entities.iter().flat_map(|entity| &entity.synonyms) {
            for word in text.split_whitespace() {
                let Some(reference) = word.strip_prefix('@') else {
                    continue;
                };
                let name = reference.split_once(':').map_or(reference, |(name, _)| name);
                let known = name.is_empty()
                    || name.starts_with("sys.")
                    || !name.starts_with(char::is_alphabetic)
                    || self.agent.entity_types.contains_key(name);
                // An entry may simply contain an at sign; only a reference with an alias is surely one.
                if !known && reference.contains(':') && !reported.contains(&name) {
                    reported.push(name);
                    self.missing(
                        "an entry",
                        "refers to entity type",
                        name,
                        self.agent.entity_types.keys(),
                    );
                }
            }
        }
    }

    fn missing<'n>(&mut self, whose: &str, verb: &str, name: &str, known: impl Iterator<Item = &'n String>) {
        let mut problem = Diagnostic::warning(
            "dangling-reference",
            format!(
                "{whose} {verb} `{}`, which the export does not hold",
                shorten(name)
            ),
        )
        .in_file(self.package.path_of(&self.file));
        problem = problem.help(match suggest::nearest(name, known.map(String::as_str)) {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => "add it to the agent, or take out what names it: as it is, it leads nowhere".to_owned(),
        });
        self.problems.push(problem);
    }
}

/// The name a file of this display name has: escapes are in lower case.
fn encode(display_name: &str) -> String {
    utf8_percent_encode(display_name, FILE_NAME)
        .map(|piece| {
            if piece.starts_with('%') {
                piece.to_ascii_lowercase()
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

/// A name or condition cut to what a message can bear.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_encoded_as_the_console_does() {
        assert_eq!(encode("> confirm (a/b)"), "%3e confirm %28a%2fb%29");
        assert_eq!(encode("Café"), "Caf%c3%a9");
        assert_eq!(encode("x_y-z.w"), "x_y-z.w");
    }
}
