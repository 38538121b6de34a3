//! What an export holds, as a list of resources, and how they are found by what a reply says.

use std::collections::{BTreeMap, HashMap};

use super::entities::EntityValues;
use super::{Kind, Resource};
use crate::export::SymbolicTarget;
use crate::export::agent::{
    Agent, Entity, EntityType, EventHandler, Flow, FormParameter, Fulfillment, Intent, Page, Route,
    RouteGroup, Webhook,
};

use shared::{Shared, page_key};
use uses::Uses;

mod shared;
mod uses;

/// The page that every flow has.
const START_PAGE: &str = "START_PAGE";

/// What a resource is made of: to be compared with that of another export.
#[derive(Debug, Clone)]
pub(super) enum Content<'a> {
    Flow(&'a Flow),
    Page(&'a Page),
    Route(&'a Route),
    RouteGroup(&'a RouteGroup),
    EventHandler(&'a EventHandler),
    Intent(&'a Intent),
    FormParameter(&'a FormParameter),
    Webhook(&'a Webhook),
    /// With the type's own settings, by language.
    EntityValue(&'a EntityType, BTreeMap<&'a str, &'a Entity>),
}

/// A form parameter of a page.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    pub(super) resource: usize,
    /// In lower case and without its scope: the service compares names so.
    pub(super) name: String,
    pub(super) entity_type: &'a str,
}

/// The resources of an export in the order of its names.
#[derive(Debug, Default)]
pub struct Inventory<'a> {
    resources: Vec<Resource>,
    contents: Vec<Content<'a>>,
    /// By id.
    flows: HashMap<&'a str, usize>,
    /// By `FLOW/PAGE`, with their flow; a start page is its flow.
    pages: HashMap<String, (usize, Option<usize>)>,
    /// By id.
    handlers: HashMap<&'a str, usize>,
    /// The group of a route.
    group_of: HashMap<usize, usize>,
    /// By display name, and by id.
    intents: HashMap<&'a str, usize>,
    /// The entity types of an intent's parameters, by name in lower case.
    intent_parameters: HashMap<usize, HashMap<String, &'a str>>,
    /// By page.
    forms: HashMap<usize, Vec<Slot<'a>>>,
    webhooks: HashMap<&'a str, usize>,
    /// The webhooks that a resource calls.
    calls: HashMap<usize, Vec<usize>>,
    pub(super) entities: EntityValues<'a>,
    shared: Shared<'a>,
}

impl<'a> Inventory<'a> {
    /// Lists an export's resources.
    pub fn new(agent: &'a Agent) -> Self {
        let uses = Uses::of(agent);
        let mut inventory = Self {
            shared: Shared::of(agent),
            ..Self::default()
        };
        for (name, webhook) in &agent.webhooks {
            let orphan = (!uses.webhooks.contains(name.as_str())).then_some("nothing calls it");
            let resource = Resource {
                orphan,
                ..plain(Kind::Webhook, &webhook.name, name)
            };
            let index = inventory.add(resource, Content::Webhook(webhook));
            inventory.webhooks.insert(name, index);
        }
        for (name, intent) in agent.intents.iter().filter(|(_, intent)| !intent.is_fallback) {
            inventory.add_intent(name, intent, &uses);
        }
        for (name, flow) in &agent.flows {
            inventory.add_flow(name, flow, &uses);
        }
        for (name, group) in &agent.route_groups {
            let orphan = (!uses.agent_groups.contains(name.as_str())).then_some("no flow or page lists it");
            let owner = Resource {
                group: Some(name.clone()),
                orphan,
                ..plain(Kind::RouteGroup, &group.name, name)
            };
            inventory.add_group(owner, group);
        }
        for (name, kind) in &agent.entity_types {
            let orphan = (!uses.entity_types.contains(name.as_str())).then_some("nothing takes its type");
            inventory.add_entity_type(name, kind, orphan);
        }
        inventory
    }

    fn add(&mut self, resource: Resource, content: Content<'a>) -> usize {
        self.resources.push(resource);
        self.contents.push(content);
        self.resources.len() - 1
    }

    fn add_intent(&mut self, name: &'a str, intent: &'a Intent, uses: &Uses<'a>) {
        let orphan = (!uses.intents.contains(name)).then_some("no route waits for it");
        let resource = Resource {
            orphan,
            ..plain(Kind::Intent, &intent.name, name)
        };
        let index = self.add(resource, Content::Intent(intent));
        self.intents.insert(&intent.name, index);
        self.intents.insert(name, index);
        let parameters = intent.parameters.iter();
        let types = parameters.map(|parameter| (folded(&parameter.id), parameter.entity_type.as_str()));
        self.intent_parameters.insert(index, types.collect());
    }

    fn add_flow(&mut self, name: &'a str, flow: &'a Flow, uses: &Uses<'a>) {
        let flow_id = or(&flow.name, name);
        let is_shared = self.shared.flows.contains(flow_id);
        let orphan = (!uses.flows.contains(name)).then_some("nothing leads to it");
        let orphan = is_shared.then_some("another flow has its id").or(orphan);
        let of_flow = Resource {
            flow: Some(name.to_owned()),
            ..plain(Kind::Flow, "", "")
        };
        let resource = Resource {
            orphan,
            ..named(&of_flow, Kind::Flow, &flow.name, name)
        };
        let index = self.add(resource, Content::Flow(flow));
        let flow_index = index;
        if !is_shared {
            self.flows.insert(flow_id, index);
            self.pages.insert(page_key(flow_id, START_PAGE), (index, None));
        }
        self.add_routes(&of_flow, &flow.transition_routes, None);
        self.add_handlers(&of_flow, &flow.event_handlers);
        for (group_name, group) in &flow.groups {
            let is_listed = uses.flow_groups.contains(&(name, group_name.as_str()));
            let resource = Resource {
                group: Some(group_name.clone()),
                orphan: (!is_listed).then_some("neither flow nor page lists it"),
                ..named(&of_flow, Kind::RouteGroup, &group.name, group_name)
            };
            self.add_group(resource, group);
        }
        for (page_name, page) in &flow.pages {
            let of_page = Resource {
                page: Some(page_name.clone()),
                ..of_flow.clone()
            };
            let is_target = uses.pages.contains(&(name, page_name.as_str()));
            // The answer of a webhook may lead anywhere.
            let orphan = (!is_target).then_some("no route or event handler leads to it");
            let key = page_key(flow_id, or(&page.name, page_name));
            let is_shared = self.shared.pages.contains(&key);
            let orphan = is_shared.then_some("another page has its id").or(orphan);
            let resource = Resource {
                orphan,
                ..named(&of_page, Kind::Page, &page.name, page_name)
            };
            let index = self.add(resource, Content::Page(page));
            if !is_shared {
                self.pages.insert(key, (flow_index, Some(index)));
            }
            self.add_calls(index, [&page.entry_fulfillment]);
            self.add_routes(&of_page, &page.transition_routes, None);
            self.add_form(&of_page, index, &page.form.parameters);
            self.add_handlers(&of_page, &page.event_handlers);
        }
    }

    fn add_group(&mut self, resource: Resource, group: &'a RouteGroup) {
        let owner = Resource {
            orphan: None,
            ..resource.clone()
        };
        // A group without routes has nothing that could be touched.
        let index = (!group.transition_routes.is_empty()).then(|| {
            let is_named = |route: &Route| self.shared.why_unnamed(&route.name).is_none();
            let unnamed = !group.transition_routes.iter().any(is_named);
            let orphan = unnamed.then_some("no turn can name a route of it");
            let resource = Resource {
                orphan: orphan.or(resource.orphan),
                ..resource
            };
            self.add(resource, Content::RouteGroup(group))
        });
        self.add_routes(&owner, &group.transition_routes, index);
    }

    fn add_routes(&mut self, owner: &Resource, routes: &'a [Route], group: Option<usize>) {
        for route in routes {
            let resource = Resource {
                target: target(&route.target_page, &route.target_flow, &route.target_playbook),
                ..named(owner, Kind::Route, &route.name, &waits_for(route))
            };
            let index = self.add_handler(&route.name, resource, Content::Route(route));
            self.add_calls(index, [&route.trigger_fulfillment]);
            self.group_of.extend(group.map(|group| (index, group)));
        }
    }

    fn add_handlers(&mut self, owner: &Resource, handlers: &'a [EventHandler]) {
        for handler in handlers {
            let resource = Resource {
                target: target(
                    &handler.target_page,
                    &handler.target_flow,
                    &handler.target_playbook,
                ),
                ..named(owner, Kind::EventHandler, &handler.name, &handler.event)
            };
            let index = self.add_handler(&handler.name, resource, Content::EventHandler(handler));
            self.add_calls(index, [&handler.trigger_fulfillment]);
        }
    }

    /// A route or event handler. Of one that no turn can name nothing tells that it was called; it counts all the same,
    /// as flows and pages do: left out, it could change and no minimum would be missed.
    fn add_handler(&mut self, id: &'a str, resource: Resource, content: Content<'a>) -> usize {
        let orphan = self.shared.why_unnamed(id);
        let index = self.add(Resource { orphan, ..resource }, content);
        if orphan.is_none() {
            self.handlers.insert(id, index);
        }
        index
    }

    fn add_form(&mut self, of_page: &Resource, page: usize, parameters: &'a [FormParameter]) {
        for parameter in parameters {
            let name = &parameter.display_name;
            let resource = named(of_page, Kind::FormParameter, "", name);
            let index = self.add(resource, Content::FormParameter(parameter));
            self.forms.entry(page).or_default().push(Slot {
                resource: index,
                name: folded(name),
                entity_type: &parameter.entity_type,
            });
            // A prompt is said on the page, and its webhook called there.
            self.add_calls(page, [&parameter.fill_behavior.initial_prompt_fulfillment]);
            let owner = Resource {
                parameter: Some(name.clone()),
                ..of_page.clone()
            };
            self.add_handlers(&owner, &parameter.fill_behavior.reprompt_event_handlers);
        }
    }

    fn add_calls(&mut self, caller: usize, fulfillments: [&Fulfillment; 1]) {
        for fulfillment in fulfillments {
            if let Some(webhook) = self.webhooks.get(fulfillment.webhook.as_str()) {
                self.calls.entry(caller).or_default().push(*webhook);
            }
        }
    }

    /// The values of all languages; one value is one resource.
    fn add_entity_type(&mut self, name: &'a str, kind: &'a EntityType, orphan: Option<&'static str>) {
        let mut values: BTreeMap<&str, BTreeMap<&str, &Entity>> = BTreeMap::new();
        for (language, entities) in &kind.entities {
            for entity in entities {
                values.entry(&entity.value).or_default().insert(language, entity);
            }
        }
        for (value, languages) in values {
            let resource = Resource {
                entity_type: Some(name.to_owned()),
                orphan,
                ..plain(Kind::EntityValue, "", value)
            };
            let index = self.add(resource, Content::EntityValue(kind, languages));
            self.entities.add(name, &kind.kind, value, index);
        }
    }

    /// Every resource.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    pub(super) fn contents(&self) -> &[Content<'a>] {
        &self.contents
    }

    /// Whether an id that a turn names is that of several resources, so that none of them is touched.
    pub(super) fn is_shared(&self, id: &str) -> bool {
        self.shared.has(id)
    }

    /// The flow and the page that `FLOW/PAGE` means: a start page is none, and of a page that is not known the flow may be.
    pub(super) fn place(&self, ids: &str) -> (Option<usize>, Option<usize>) {
        if let Some((flow, page)) = self.pages.get(ids) {
            return (Some(*flow), *page);
        }
        let flow = ids.split_once('/').and_then(|(flow, _)| self.flows.get(flow));
        (flow.copied(), None)
    }

    /// Whether `FLOW/PAGE` is a page that every flow has.
    pub(super) fn is_start_page(ids: &str) -> bool {
        ids.ends_with("/START_PAGE")
    }

    pub(super) fn handler(&self, id: &str) -> Option<usize> {
        self.handlers.get(id).copied()
    }

    pub(super) fn group_of(&self, route: usize) -> Option<usize> {
        self.group_of.get(&route).copied()
    }

    /// An intent, by display name or id.
    pub(super) fn intent(&self, name: &str) -> Option<usize> {
        self.intents.get(name).copied()
    }

    /// The entity type of an intent's parameter.
    pub(super) fn type_of_intent_parameter(&self, intent: usize, name: &str) -> Option<&'a str> {
        self.intent_parameters.get(&intent)?.get(&folded(name)).copied()
    }

    /// The form of a page.
    pub(super) fn form(&self, page: usize) -> &[Slot<'a>] {
        self.forms.get(&page).map_or(&[], Vec::as_slice)
    }

    pub(super) fn webhook(&self, name: &str) -> Option<usize> {
        self.webhooks.get(name).copied()
    }

    /// The webhooks that a resource calls when it is touched.
    pub(super) fn called_by(&self, resource: usize) -> &[usize] {
        self.calls.get(&resource).map_or(&[], Vec::as_slice)
    }
}

/// A parameter's name without its scope, as names are compared.
pub(super) fn folded(name: &str) -> String {
    let name = name.trim();
    let scopes = ["$session.params.", "$page.params.", "$flow."];
    let bare = scopes.iter().find_map(|scope| name.strip_prefix(scope));
    bare.unwrap_or(name).to_lowercase()
}

fn or<'a>(id: &'a str, name: &'a str) -> &'a str {
    if id.is_empty() { name } else { id }
}

fn plain(kind: Kind, id: &str, name: &str) -> Resource {
    Resource {
        kind,
        id: id.to_owned(),
        flow: None,
        page: None,
        group: None,
        parameter: None,
        entity_type: None,
        name: name.to_owned(),
        target: None,
        orphan: None,
    }
}

/// A resource in the place of its owner.
fn named(owner: &Resource, kind: Kind, id: &str, name: &str) -> Resource {
    Resource {
        kind,
        id: id.to_owned(),
        name: name.to_owned(),
        orphan: None,
        target: None,
        ..owner.clone()
    }
}

/// What a route waits for, in a line.
fn waits_for(route: &Route) -> String {
    let condition = route.condition.split_whitespace().collect::<Vec<_>>().join(" ");
    match (route.intent.as_str(), condition.as_str()) {
        ("", "") => "always".to_owned(),
        ("", condition) => format!("if {condition}"),
        (intent, "") => format!("intent {intent}"),
        (intent, condition) => format!("intent {intent}, if {condition}"),
    }
}

fn target(page: &str, flow: &str, playbook: &str) -> Option<String> {
    match (page, flow, playbook) {
        ("", "", "") => None,
        ("", "", playbook) => Some(format!("playbook {playbook}")),
        ("", flow, _) => Some(format!("flow {flow}")),
        (page, ..) => Some(
            SymbolicTarget::parse(page)
                .map_or_else(|| page.to_owned(), |symbol| symbol.display_name().to_owned()),
        ),
    }
}
