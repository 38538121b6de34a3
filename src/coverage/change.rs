//! What differs between two exports: by content, wherever a resource stands in its file.

use std::collections::{BTreeMap, HashMap};

use super::inventory::{Content, Inventory};
use super::{Kind, Resource};
use crate::export::agent::{
    Agent, AgentSettings, Entity, EntityType, EventHandler, Flow, FormParameter, Intent, Page, Route,
    RouteGroup, Webhook,
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

/// What differs from an older export.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Since {
    /// How each resource differs, in their order.
    pub(super) changes: Vec<Option<Change>>,
    /// Settings that no resource carries. They are in force in every turn, so that no part of the agent is as it was
    /// before.
    pub(super) settings: Vec<&'static str>,
}

impl Since {
    /// Compares two exports; `inventory` is that of the new one.
    pub fn of(new: &Agent, inventory: &Inventory<'_>, old: &Agent) -> Self {
        Self {
            changes: changes(inventory, &Inventory::new(old)),
            settings: different_settings(new, old),
        }
    }

    /// Settings of the agent that differ, by their names in the export.
    pub fn settings(&self) -> &[&'static str] {
        &self.settings
    }
}

/// For each resource of the new export how it differs from the old one. One is the same as another when it has its id,
/// which nothing else may have, else its name in the same place; routes and event handlers are compared without regard
/// to their order, and what belongs to a page or flow on its own is not a change of the page or flow. What was moved to
/// another flow, page, group or form parameter has changed.
fn changes(new: &Inventory<'_>, old: &Inventory<'_>) -> Vec<Option<Change>> {
    let (today, before) = (Known::of(new.resources()), Known::of(old.resources()));
    let by_place: HashMap<_, _> = places(old.resources()).into_iter().zip(0_usize..).collect();
    let compare = |((resource, content), place): ((&Resource, &Content<'_>), (Place<'_>, usize))| {
        let index = today.only(resource).and_then(|_| before.only(resource));
        let index = index.or_else(|| by_place.get(&place).copied());
        let found = index.and_then(|index| old.resources().get(index).zip(old.contents().get(index)));
        let Some((was, content_was)) = found else {
            return Some(Change::New);
        };
        let is_there = same_owners(today.owners(resource), before.owners(was));
        (!is_there || !is_same(content, content_was)).then_some(Change::Changed)
    };
    let resources = new.resources().iter().zip(new.contents());
    resources.zip(places(new.resources())).map(compare).collect()
}

/// Names of what decides how the agent answers, and is no resource that a turn could touch: settings of the agent, and
/// intents that stand for no match.
fn different_settings(new: &Agent, old: &Agent) -> Vec<&'static str> {
    let negative_is_same = negative_phrases(new) == negative_phrases(old);
    let (new, old) = (&new.settings, &old.settings);
    let start = |settings: &AgentSettings| match settings.start_flow.as_str() {
        "" => "Default Start Flow".to_owned(),
        named => named.to_owned(),
    };
    let rows = [
        (
            "defaultLanguageCode",
            new.default_language_code == old.default_language_code,
        ),
        (
            "supportedLanguageCodes",
            sorted(&new.supported_language_codes) == sorted(&old.supported_language_codes),
        ),
        ("timeZone", new.time_zone == old.time_zone),
        ("startFlow", start(new) == start(old)),
        ("startPlaybook", new.start_playbook == old.start_playbook),
        (
            "enableSpellCorrection",
            new.enable_spell_correction == old.enable_spell_correction,
        ),
        ("phrases of the negative intent", negative_is_same),
    ];
    let differ = rows.into_iter().filter(|(_, is_same)| !is_same);
    differ.map(|(name, _)| name).collect()
}

fn negative_phrases(agent: &Agent) -> Vec<Phrase<'_>> {
    let negative = agent.intents.values().filter(|intent| intent.is_fallback);
    let mut all: Vec<_> = negative.flat_map(phrases).collect();
    all.sort_unstable();
    all
}

/// What the resources of an export are known by, apart from their places.
struct Known<'a> {
    /// By id; none where several have it.
    by_id: HashMap<(Kind, &'a str), Option<usize>>,
    /// The ids of flows, pages and groups, by flow and name.
    owners: HashMap<(Kind, Option<&'a str>, &'a str), &'a str>,
}

/// What something belongs to: its name and its id.
type Owner<'a> = (Option<&'a str>, Option<&'a str>);

impl<'a> Known<'a> {
    fn of(resources: &'a [Resource]) -> Self {
        let mut by_id = HashMap::new();
        for (index, resource) in resources.iter().enumerate() {
            if !resource.id.is_empty() {
                by_id
                    .entry((resource.kind, resource.id.as_str()))
                    .and_modify(|only| *only = None)
                    .or_insert(Some(index));
            }
        }
        let mut known = Self {
            by_id,
            owners: HashMap::new(),
        };
        for resource in resources {
            if known.only(resource).is_some() {
                let key = (resource.kind, resource.flow.as_deref(), resource.name.as_str());
                known.owners.insert(key, &resource.id);
            }
        }
        known
    }

    /// The only one that has the resource's id.
    fn only(&self, resource: &Resource) -> Option<usize> {
        let found = self.by_id.get(&(resource.kind, resource.id.as_str()));
        found.copied().flatten()
    }

    fn owners<'r>(&'r self, resource: &'r Resource) -> [Owner<'r>; 4] {
        let flow = resource.flow.as_deref();
        let owner = |kind: Kind, name: &'r Option<String>| {
            let name = name.as_deref();
            let id = name.and_then(|name| self.owners.get(&(kind, flow, name)));
            (name, id.copied())
        };
        [
            owner(Kind::Flow, &resource.flow),
            owner(Kind::Page, &resource.page),
            owner(Kind::RouteGroup, &resource.group),
            (resource.parameter.as_deref(), None),
        ]
    }
}

/// Whether these are the same, be it by name, as in an agent that was built again, or by id, as when they were renamed.
fn same_owners(new: [Owner<'_>; 4], old: [Owner<'_>; 4]) -> bool {
    let same = |((name, id), (name_was, id_was)): (Owner<'_>, Owner<'_>)| {
        name == name_was || (id.is_some() && id == id_was)
    };
    new.into_iter().zip(old).all(same)
}

/// What names a resource to people; twins have the same.
type Place<'a> = (Kind, [Option<&'a str>; 5], &'a str, Option<&'a str>);

/// The place of each resource, and how many came before it in the same place: of twins the first is compared with the
/// first.
fn places(resources: &[Resource]) -> Vec<(Place<'_>, usize)> {
    let mut before = HashMap::new();
    let number = |resource| {
        let place = place(resource);
        let count: &mut usize = before.entry(place).or_default();
        *count += 1;
        (place, *count)
    };
    resources.iter().map(number).collect()
}

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

/// A group is its routes: all that a flow or page gets by listing it. A route whose id is not that of one in the other
/// group is compared with the one in its place.
fn same_group(new: &RouteGroup, old: &RouteGroup) -> bool {
    let (new, old) = (&new.transition_routes, &old.transition_routes);
    let mut by_id: HashMap<&str, Option<&Route>> = HashMap::new();
    for route in old {
        by_id
            .entry(&route.name)
            .and_modify(|only| *only = None)
            .or_insert(Some(route));
    }
    let same = |(position, route): (usize, &Route)| {
        let only = by_id.get(route.name.as_str()).copied().flatten();
        let before = only.or_else(|| old.get(position));
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
        && excluded(new) == excluded(old)
}

/// The phrases that never match, by language.
fn excluded(kind: &EntityType) -> BTreeMap<&str, Vec<&str>> {
    let languages = kind.excluded_phrases.iter();
    languages
        .map(|(language, phrases)| (language.as_str(), sorted(phrases)))
        .filter(|(_, phrases)| !phrases.is_empty())
        .collect()
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
