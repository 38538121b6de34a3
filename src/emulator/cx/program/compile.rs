//! Export → program: every name is looked up and every expression parsed, once.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use super::content::ContentCompiler;
use super::{
    FlowIndex, FlowPart, FormParameter, Handler, IntentIndex, IntentPart, Keys, PagePart, Place, Program,
    Route, START_PAGE, Target,
};
use crate::diagnostic::Diagnostic;
use crate::emulator::cx::patterns;
use crate::export::SymbolicTarget;
use crate::export::agent::{self, Agent};

/// The flow that sessions start in unless the agent says otherwise.
const DEFAULT_START_FLOW: &str = "Default Start Flow";
/// The id the service gives that flow.
const DEFAULT_START_FLOW_ID: &str = "00000000-0000-0000-0000-000000000000";

/// A parameter and where it is kept (cx-runtime 10.3, 10.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator::cx) enum Scoped {
    /// In the session.
    Session(String),
    /// In the active flow's instance.
    Flow(String),
}

impl Scoped {
    /// Reads a name as forms and presets spell it: plain, `$session.params.x`, `$page.params.x` or `$flow.x`.
    pub(in crate::emulator::cx) fn parse(name: &str) -> Self {
        let name = name.trim();
        if let Some(name) = name.strip_prefix("$flow.") {
            return Self::Flow(name.to_owned());
        }
        let name = ["$session.params.", "$page.params."]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .unwrap_or(name);
        Self::Session(name.to_owned())
    }

    /// The name without its scope.
    pub(in crate::emulator::cx) fn name(&self) -> &str {
        match self {
            Self::Session(name) | Self::Flow(name) => name,
        }
    }
}

/// What is the same for all flows.
struct Names {
    flows: HashMap<String, FlowIndex>,
    intents: HashMap<String, IntentIndex>,
    webhooks: HashMap<String, Arc<super::WebhookPart>>,
}

pub(super) fn compile(agent: Arc<Agent>) -> Program {
    let mut problems = Vec::new();
    let mut intents = Vec::new();
    let mut webhooks = HashMap::new();
    for intent in agent.intents.values() {
        intents.push(compile_intent(intent, &mut problems));
    }
    for (name, webhook) in &agent.webhooks {
        webhooks.insert(name.clone(), Arc::new(super::webhook::compile(webhook)));
    }
    // The flows' order is the export's; a program without any gets an empty one, so that a session has a place.
    let mut flows: Vec<(&str, &agent::Flow)> = agent
        .flows
        .iter()
        .map(|(name, flow)| (name.as_str(), flow))
        .collect();
    let nothing = agent::Flow {
        name: DEFAULT_START_FLOW_ID.to_owned(),
        ..agent::Flow::default()
    };
    if flows.is_empty() {
        flows.push((DEFAULT_START_FLOW, &nothing));
    }
    let names = Names {
        flows: flows
            .iter()
            .enumerate()
            .map(|(index, (name, _))| ((*name).to_owned(), index))
            .collect(),
        intents: agent
            .intents
            .keys()
            .enumerate()
            .map(|(index, name)| (name.clone(), index))
            .collect(),
        webhooks,
    };
    let compiled: Vec<(FlowPart, Vec<Diagnostic>)> = flows
        .par_iter()
        .enumerate()
        .map(|(index, (name, flow))| FlowCompiler::new(&agent, &names, index, name, flow).compile())
        .collect();
    let start = start_flow(&agent, &flows, &names.flows);
    let mut parts = Vec::new();
    for (flow, found) in compiled {
        parts.push(flow);
        problems.extend(found);
    }
    let settings = &agent.settings;
    let playbook = &settings.start_playbook;
    Program {
        start,
        start_playbook: (!playbook.is_empty()).then(|| playbook.clone()),
        languages: languages(&agent),
        time_zone: settings.time_zone.parse().unwrap_or(chrono_tz::UTC),
        flows: parts,
        flows_by_name: names.flows,
        intents,
        intents_by_name: names.intents,
        problems,
        agent,
    }
}

fn start_flow(
    agent: &Agent,
    flows: &[(&str, &agent::Flow)],
    by_name: &HashMap<String, FlowIndex>,
) -> FlowIndex {
    by_name
        .get(&agent.settings.start_flow)
        .or_else(|| by_name.get(DEFAULT_START_FLOW))
        .copied()
        .or_else(|| {
            flows
                .iter()
                .position(|(_, flow)| flow.name == DEFAULT_START_FLOW_ID)
        })
        .unwrap_or_default()
}

/// The languages the agent knows, its default first: those of its settings, and those it has phrases in.
fn languages(agent: &Agent) -> Vec<String> {
    let settings = &agent.settings;
    let default = settings.default_language_code.to_ascii_lowercase();
    let default = if default.is_empty() {
        "en".to_owned()
    } else {
        default
    };
    let mut others: BTreeSet<String> = settings
        .supported_language_codes
        .iter()
        .map(|code| code.to_ascii_lowercase())
        .collect();
    for intent in agent.intents.values() {
        others.extend(intent.training_phrases.keys().cloned());
    }
    others.remove(&default);
    std::iter::once(default).chain(others).collect()
}

fn compile_intent(intent: &agent::Intent, problems: &mut Vec<Diagnostic>) -> IntentPart {
    IntentPart {
        id: intent.name.clone(),
        name: intent.display_name.clone(),
        keys: compile_keys(intent, problems),
    }
}

/// The keys that trigger an intent. Those of a telephone alone are themselves, whatever they mean as a pattern.
fn compile_keys(intent: &agent::Intent, problems: &mut Vec<Diagnostic>) -> Option<Keys> {
    let source = intent.dtmf_pattern.clone();
    if source.is_empty() {
        return None;
    }
    let pattern = patterns::whole(&source);
    let are_keys = source
        .chars()
        .all(|key| matches!(key, '0'..='9' | '*' | '#' | 'A'..='D'));
    if let Err(error) = &pattern
        && !are_keys
    {
        problems.push(Diagnostic::warning(
            "invalid-pattern",
            format!(
                "the DTMF pattern of intent `{}` cannot be read: {error}",
                intent.display_name
            ),
        ));
    }
    Some(Keys {
        source,
        pattern: pattern.ok(),
    })
}

/// A list of routes, by what calls them.
#[derive(Default, Clone)]
struct RouteLists {
    with_intent: Vec<Arc<Route>>,
    condition_only: Vec<Arc<Route>>,
}

impl RouteLists {
    fn extend(&mut self, other: &Self) {
        self.with_intent.extend(other.with_intent.iter().cloned());
        self.condition_only.extend(other.condition_only.iter().cloned());
    }
}

/// Compiles one flow.
struct FlowCompiler<'a> {
    agent: &'a Agent,
    names: &'a Names,
    index: FlowIndex,
    name: &'a str,
    flow: &'a agent::Flow,
    pages: HashMap<String, usize>,
    /// Route groups that were needed so far; one of the agent has its targets among this flow's pages.
    groups: HashMap<(bool, &'a str), RouteLists>,
    content: ContentCompiler<'a>,
}

impl<'a> FlowCompiler<'a> {
    fn new(
        agent: &'a Agent,
        names: &'a Names,
        index: FlowIndex,
        name: &'a str,
        flow: &'a agent::Flow,
    ) -> Self {
        Self {
            agent,
            names,
            index,
            name,
            flow,
            pages: flow
                .pages
                .keys()
                .enumerate()
                .map(|(index, name)| (name.clone(), index))
                .collect(),
            groups: HashMap::new(),
            content: ContentCompiler::new(format!("flow `{name}`"), names.webhooks.clone(), agent),
        }
    }

    fn compile(mut self) -> (FlowPart, Vec<Diagnostic>) {
        let flow = self.flow;
        let own = self.routes(&flow.transition_routes, true);
        let mut of_flow = own;
        let groups = self.listed_groups(&flow.transition_route_groups, &flow.agent_transition_route_groups);
        of_flow.extend(&groups);
        let handlers = self.handlers(&flow.event_handlers);
        let mut pages = Vec::new();
        for (name, page) in &flow.pages {
            self.content.at(format!("page `{name}` of flow `{}`", self.name));
            pages.push(self.page(page, &of_flow));
        }
        let part = FlowPart {
            id: flow.name.clone(),
            name: self.name.to_owned(),
            start: PagePart {
                id: START_PAGE.0.to_owned(),
                name: START_PAGE.1.to_owned(),
                intent_routes: of_flow.with_intent,
                condition_routes: of_flow.condition_only,
                keys: self.keys(None),
                ..PagePart::default()
            },
            pages,
            pages_by_name: self.pages,
            handlers,
            threshold: flow.nlu_settings.classification_threshold,
            asks_data_stores: asks_data_stores(&flow.knowledge_connector_settings),
        };
        (part, self.content.into_problems())
    }

    /// A page: its own routes, then its groups, then the routes of the flow that have an intent (cx-runtime 3.3).
    fn page(&mut self, page: &'a agent::Page, of_flow: &RouteLists) -> PagePart {
        let mut routes = self.routes(&page.transition_routes, false);
        let groups = self.listed_groups(&page.transition_route_groups, &page.agent_transition_route_groups);
        routes.extend(&groups);
        routes.with_intent.extend(of_flow.with_intent.iter().cloned());
        PagePart {
            id: page.name.clone(),
            name: page.display_name.clone(),
            entry: self.content.fulfillment(&page.entry_fulfillment),
            form: page
                .form
                .parameters
                .iter()
                .map(|parameter| self.parameter(parameter))
                .collect(),
            intent_routes: routes.with_intent,
            condition_routes: routes.condition_only,
            handlers: self.handlers(&page.event_handlers),
            keys: self.keys(page.advanced_settings.dtmf_settings.as_ref()),
            asks_data_stores: asks_data_stores(&page.knowledge_connector_settings),
        }
    }

    fn parameter(&mut self, parameter: &agent::FormParameter) -> FormParameter {
        FormParameter {
            name: parameter.display_name.clone(),
            key: Scoped::parse(&parameter.display_name),
            required: parameter.required,
            entity_type: parameter.entity_type.clone(),
            is_list: parameter.is_list,
            default: parameter.default_value.clone(),
            keys: parameter.advanced_settings.dtmf_settings.clone(),
            prompt: self
                .content
                .fulfillment(&parameter.fill_behavior.initial_prompt_fulfillment),
            reprompts: self.handlers(&parameter.fill_behavior.reprompt_event_handlers),
        }
    }

    /// A page's settings, or what its flow has, or the agent.
    fn keys(&self, of_page: Option<&agent::DtmfSettings>) -> Option<agent::DtmfSettings> {
        let of_flow = self.flow.advanced_settings.dtmf_settings.as_ref();
        let of_agent = self.agent.settings.advanced_settings.dtmf_settings.as_ref();
        of_page.or(of_flow).or(of_agent).cloned()
    }

    /// Groups in the order they are listed, those of the flow before those of the agent (cx-runtime 3.3).
    fn listed_groups(&mut self, of_flow: &'a [String], of_agent: &'a [String]) -> RouteLists {
        let mut lists = RouteLists::default();
        let listed = of_flow
            .iter()
            .map(|name| (false, name))
            .chain(of_agent.iter().map(|name| (true, name)));
        for (is_agents, name) in listed {
            let group = self.group(is_agents, name);
            lists.extend(&group);
        }
        lists
    }

    fn group(&mut self, is_agents: bool, name: &'a str) -> RouteLists {
        if let Some(known) = self.groups.get(&(is_agents, name)) {
            return known.clone();
        }
        let own = self.flow.groups.get(name).filter(|_| !is_agents);
        let Some(group) = own.or_else(|| self.agent.route_groups.get(name)) else {
            return RouteLists::default();
        };
        let lists = self.routes(&group.transition_routes, false);
        self.groups.insert((is_agents, name), lists.clone());
        lists
    }

    fn routes(&mut self, routes: &[agent::Route], of_flow: bool) -> RouteLists {
        let mut lists = RouteLists::default();
        for route in routes {
            let has_intent = !route.intent.is_empty();
            let compiled = Arc::new(Route {
                id: route.name.clone(),
                intent: self.names.intents.get(&route.intent).copied(),
                condition: self.content.test(&route.condition),
                fulfillment: self.content.fulfillment(&route.trigger_fulfillment),
                target: self.target(&route.target_page, &route.target_flow, &route.target_playbook),
                of_flow,
            });
            if has_intent {
                lists.with_intent.push(compiled);
            } else if compiled.condition.is_some() {
                lists.condition_only.push(compiled);
            }
        }
        lists
    }

    fn handlers(&mut self, handlers: &[agent::EventHandler]) -> Vec<Handler> {
        handlers
            .iter()
            .map(|handler| Handler {
                id: handler.name.clone(),
                event: canonical_event(&handler.event),
                fulfillment: self.content.fulfillment(&handler.trigger_fulfillment),
                target: self.target(
                    &handler.target_page,
                    &handler.target_flow,
                    &handler.target_playbook,
                ),
            })
            .collect()
    }

    fn target(&mut self, page: &str, flow: &str, playbook: &str) -> Option<Target> {
        if !page.is_empty() {
            return Some(self.page_target(page));
        }
        if !flow.is_empty() {
            return Some(
                self.names
                    .flows
                    .get(flow)
                    .map_or_else(|| Target::Missing(flow.to_owned()), |flow| Target::Flow(*flow)),
            );
        }
        (!playbook.is_empty()).then(|| Target::Playbook(playbook.to_owned()))
    }

    fn page_target(&self, page: &str) -> Target {
        if let Some(symbol) = SymbolicTarget::parse(page) {
            return symbolic(symbol);
        }
        match self.pages.get(page) {
            Some(index) => Target::Page(Place {
                flow: self.index,
                page: Some(*index),
            }),
            None => Target::Missing(page.to_owned()),
        }
    }
}

/// The symbolic targets as what they do (cx-runtime 6.1).
pub(in crate::emulator::cx) fn symbolic(symbol: SymbolicTarget) -> Target {
    match symbol {
        SymbolicTarget::StartPage => Target::StartPage,
        SymbolicTarget::CurrentPage => Target::CurrentPage,
        SymbolicTarget::PreviousPage => Target::PreviousPage,
        SymbolicTarget::EndFlow => Target::EndFlow(None),
        SymbolicTarget::EndSession => Target::EndSession,
        SymbolicTarget::EndFlowWithFailure => Target::EndFlow(Some("flow.failed")),
        SymbolicTarget::EndFlowWithHumanEscalation => Target::EndFlow(Some("flow.failed.human-escalation")),
        SymbolicTarget::EndFlowWithCancellation => Target::EndFlow(Some("flow.cancelled")),
    }
}

/// An event's name in lower case; the events that flows raise have two spellings (cx-runtime 7.1).
pub(in crate::emulator::cx) fn canonical_event(event: &str) -> String {
    let event = event.to_lowercase();
    match event.as_str() {
        "flow-cancelled" => "flow.cancelled".to_owned(),
        "flow-failed" => "flow.failed".to_owned(),
        "flow-failed-human-escalation" => "flow.failed.human-escalation".to_owned(),
        _ => event,
    }
}

fn asks_data_stores(settings: &agent::KnowledgeConnectorSettings) -> bool {
    settings.enabled && !settings.data_store_connections.is_empty()
}
