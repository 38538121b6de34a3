//! What differs between two exports: by content, wherever a resource stands in its file.

use std::collections::{BTreeMap, HashMap};

use super::inventory::{Content, Inventory};
use super::{Kind, Resource};
use crate::export::agent::{
    Entity, EntityType, EventHandler, Flow, FormParameter, Intent, Page, Route, RouteGroup, Webhook,
};

/// How a resource differs from an older export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    New,
    /// It was there, with another content.
    Changed,
}

impl Change {
    /// As reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
        }
    }
}

/// For each resource of the new export how it differs from the old one. One is the same as another when it has its id,
/// else its name in the same place; routes and event handlers are compared without regard to their order, and what
/// belongs to a page or flow on its own is not a change of the page or flow.
pub fn changes(new: &Inventory<'_>, old: &Inventory<'_>) -> Vec<Option<Change>> {
    let mut by_id = HashMap::new();
    let mut by_place = HashMap::new();
    for (index, resource) in old.resources().iter().enumerate() {
        if !resource.id.is_empty() {
            by_id
                .entry((resource.kind, resource.id.as_str()))
                .or_insert(index);
        }
        by_place.entry(place(resource)).or_insert(index);
    }
    let compare = |(resource, content): (&Resource, &Content<'_>)| {
        let before = by_id
            .get(&(resource.kind, resource.id.as_str()))
            .or_else(|| by_place.get(&place(resource)));
        match before.and_then(|index| old.contents().get(*index)) {
            None => Some(Change::New),
            Some(before) if is_same(content, before) => None,
            Some(_) => Some(Change::Changed),
        }
    };
    new.resources().iter().zip(new.contents()).map(compare).collect()
}

/// What names a resource to people.
type Place<'a> = (Kind, [Option<&'a str>; 5], &'a str, Option<&'a str>);

fn place(resource: &Resource) -> Place<'_> {
    let owners = [
        &resource.flow,
        &resource.page,
        &resource.group,
        &resource.parameter,
        &resource.entity_type,
    ];
    let target = resource
        .target
        .as_deref()
        .filter(|_| resource.kind == Kind::Route);
    (
        resource.kind,
        owners.map(Option::as_deref),
        &resource.name,
        target,
    )
}

fn is_same(new: &Content<'_>, old: &Content<'_>) -> bool {
    match (new, old) {
        (Content::Flow(new), Content::Flow(old)) => same_flow(new, old),
        (Content::Page(new), Content::Page(old)) => same_page(new, old),
        (Content::Route(new), Content::Route(old)) => same_route(new, old),
        (Content::RouteGroup(new), Content::RouteGroup(old)) => same_group(new, old),
        (Content::EventHandler(new), Content::EventHandler(old)) => same_handler(new, old),
        (Content::Intent(new), Content::Intent(old)) => same_intent(new, old),
        (Content::FormParameter(new), Content::FormParameter(old)) => same_parameter(new, old),
        (Content::Webhook(new), Content::Webhook(old)) => same_webhook(new, old),
        (Content::EntityValue(new, values), Content::EntityValue(old, before)) => {
            same_settings(new, old) && same_entities(values, before)
        }
        _ => false,
    }
}

fn same_flow(new: &Flow, old: &Flow) -> bool {
    new.display_name == old.display_name
        && new.transition_route_groups == old.transition_route_groups
        && new.agent_transition_route_groups == old.agent_transition_route_groups
        && new.nlu_settings == old.nlu_settings
        && new.knowledge_connector_settings == old.knowledge_connector_settings
}

fn same_page(new: &Page, old: &Page) -> bool {
    new.display_name == old.display_name
        && new.entry_fulfillment == old.entry_fulfillment
        && new.transition_route_groups == old.transition_route_groups
        && new.agent_transition_route_groups == old.agent_transition_route_groups
        && new.knowledge_connector_settings == old.knowledge_connector_settings
}

fn same_route(new: &Route, old: &Route) -> bool {
    new.intent == old.intent
        && new.condition == old.condition
        && new.trigger_fulfillment == old.trigger_fulfillment
        && new.target_page == old.target_page
        && new.target_flow == old.target_flow
        && new.target_playbook == old.target_playbook
}

/// A group is its routes: all that a flow or page gets by listing it. A route without its id in the other group is compared
/// with the one in its place.
fn same_group(new: &RouteGroup, old: &RouteGroup) -> bool {
    let (new, old) = (&new.transition_routes, &old.transition_routes);
    let by_id: HashMap<&str, &Route> = old.iter().map(|route| (route.name.as_str(), route)).collect();
    let same = |(position, route): (usize, &Route)| {
        let before = by_id
            .get(route.name.as_str())
            .copied()
            .or_else(|| old.get(position));
        before.is_some_and(|before| same_route(route, before))
    };
    new.len() == old.len() && new.iter().enumerate().all(same)
}

fn same_handler(new: &EventHandler, old: &EventHandler) -> bool {
    new.event == old.event
        && new.trigger_fulfillment == old.trigger_fulfillment
        && new.target_page == old.target_page
        && new.target_flow == old.target_flow
        && new.target_playbook == old.target_playbook
}

fn same_intent(new: &Intent, old: &Intent) -> bool {
    new.display_name == old.display_name
        && new.priority == old.priority
        && new.dtmf_pattern == old.dtmf_pattern
        && new.parameters == old.parameters
        && phrases(new) == phrases(old)
}

/// A training phrase: its language, its pieces with their parameters, and its weight.
type Phrase<'a> = (&'a str, Vec<(&'a str, &'a str)>, i64);

/// The phrases of all languages, sorted: their order means nothing.
fn phrases(intent: &Intent) -> Vec<Phrase<'_>> {
    let mut all: Vec<_> = intent
        .training_phrases
        .iter()
        .flat_map(|(language, phrases)| phrases.iter().map(move |phrase| (language.as_str(), phrase)))
        .map(|(language, phrase)| {
            let parts = phrase.parts.iter();
            let parts = parts.map(|part| (part.text.as_str(), part.parameter_id.as_str()));
            (language, parts.collect(), phrase.repeat_count.max(1))
        })
        .collect();
    all.sort_unstable();
    all
}

/// Its reprompt handlers are resources of their own.
fn same_parameter(new: &FormParameter, old: &FormParameter) -> bool {
    new.display_name == old.display_name
        && new.required == old.required
        && new.entity_type == old.entity_type
        && new.is_list == old.is_list
        && new.default_value == old.default_value
        && new.fill_behavior.initial_prompt_fulfillment == old.fill_behavior.initial_prompt_fulfillment
        && new.advanced_settings == old.advanced_settings
}

fn same_webhook(new: &Webhook, old: &Webhook) -> bool {
    new.display_name == old.display_name
        && new.disabled == old.disabled
        && new.service() == old.service()
        && new.timeout == old.timeout
}

/// The settings of a type, which decide how each of its values is found.
fn same_settings(new: &EntityType, old: &EntityType) -> bool {
    new.kind == old.kind
        && new.auto_expansion_mode == old.auto_expansion_mode
        && new.enable_fuzzy_extraction == old.enable_fuzzy_extraction
}

fn same_entities(new: &BTreeMap<&str, &Entity>, old: &BTreeMap<&str, &Entity>) -> bool {
    let same = |new: &Entity, old: &Entity| {
        new.dtmf_pattern == old.dtmf_pattern && sorted(&new.synonyms) == sorted(&old.synonyms)
    };
    new.len() == old.len()
        && new
            .iter()
            .all(|(language, entity)| old.get(language).is_some_and(|before| same(entity, before)))
}

fn sorted(texts: &[String]) -> Vec<&str> {
    let mut sorted: Vec<&str> = texts.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}
