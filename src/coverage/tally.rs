//! Counting what turns touched.

use std::collections::HashSet;

use super::inventory::{Inventory, folded};
use super::run_file::Reply;
use crate::model::{Map, Value};

/// What turns touched so far of an export's resources.
#[derive(Debug)]
pub struct Tally<'i, 'a> {
    inventory: &'i Inventory<'a>,
    /// By resource: the turns that touched it, and the last of them.
    touched: Vec<(u64, u64)>,
    /// By resource.
    asked: Vec<bool>,
    turns: u64,
    untraced: u64,
    /// Pages and handlers that the export has, and ids of those that it does not have.
    known: HashSet<usize>,
    unknown: HashSet<String>,
}

/// Most ids kept of those that the export does not have: a run with another export has them all.
const MOST_UNKNOWN: usize = 10_000;

impl<'i, 'a> Tally<'i, 'a> {
    /// Nothing is touched yet.
    pub fn new(inventory: &'i Inventory<'a>) -> Self {
        let count = inventory.resources().len();
        Self {
            inventory,
            touched: vec![(0, 0); count],
            asked: vec![false; count],
            turns: 0,
            untraced: 0,
            known: HashSet::new(),
            unknown: HashSet::new(),
        }
    }

    pub(super) fn inventory(&self) -> &'i Inventory<'a> {
        self.inventory
    }

    /// How many turns touched a resource.
    pub(super) fn turns_of(&self, resource: usize) -> u64 {
        self.touched.get(resource).map_or(0, |(turns, _)| *turns)
    }

    pub(super) fn was_asked(&self, resource: usize) -> bool {
        self.asked.get(resource).copied().unwrap_or_default()
    }

    /// Turns counted.
    pub fn turns(&self) -> u64 {
        self.turns
    }

    /// Turns that do not say where they went.
    pub fn untraced(&self) -> u64 {
        self.untraced
    }

    /// How many pages and handlers of the run the export has, and how many it does not have.
    pub fn ids(&self) -> (usize, usize) {
        (self.known.len(), self.unknown.len())
    }

    /// Counts what a turn's reply says it touched.
    pub fn turn(&mut self, reply: &Reply) {
        self.turns += 1;
        // Who only asks what would match goes nowhere.
        self.untraced += u64::from(reply.trace.is_empty() && reply.candidates.is_empty());
        let pages = self.pages(reply);
        self.handlers(reply, &pages);
        self.form_parameters(reply, &pages);
        self.intent(reply);
    }

    /// Flows and pages; returns the pages, in order.
    fn pages(&mut self, reply: &Reply) -> Vec<usize> {
        let inventory = self.inventory;
        let mut passed = Vec::new();
        for ids in &reply.trace.pages {
            let (flow, page) = inventory.place(ids);
            if let Some(flow) = flow {
                // No proof of the right export: the default start flow has the same id in every agent.
                self.touch(flow);
            }
            if page.is_some() || !(flow.is_some() && Inventory::is_start_page(ids)) {
                self.identify(page, ids);
            }
            passed.extend(page);
        }
        let asked: Vec<String> = reply.trace.asked.iter().map(|name| folded(name)).collect();
        for slot in passed.iter().flat_map(|page| inventory.form(*page)) {
            self.asked[slot.resource] |= asked.contains(&slot.name);
        }
        passed
    }

    /// Routes with their groups, event handlers, webhooks.
    fn handlers(&mut self, reply: &Reply, pages: &[usize]) {
        let mut callers = pages.to_vec();
        for id in &reply.trace.handlers {
            let handler = self.inventory.handler(id);
            self.identify(handler, id);
            let Some(handler) = handler else { continue };
            callers.push(handler);
            if let Some(group) = self.inventory.group_of(handler) {
                self.touch(group);
            }
        }
        let inventory = self.inventory;
        let names = reply.webhooks.iter().filter_map(|call| call.name.as_deref());
        for webhook in names.filter_map(|name| inventory.webhook(name)) {
            self.touch(webhook);
        }
        if reply.webhooks.iter().any(|call| call.name.is_none()) {
            for webhook in callers.iter().flat_map(|caller| inventory.called_by(*caller)) {
                self.touch(*webhook);
            }
        }
    }

    /// The forms of the pages passed, with the values that they have now, or that the input filled.
    fn form_parameters(&mut self, reply: &Reply, pages: &[usize]) {
        let inventory = self.inventory;
        let none = Map::new();
        let filled = reply
            .matched
            .as_ref()
            .filter(|found| found.kind == "parameter_filling");
        let filled = filled.map_or(&none, |found| &found.parameters);
        let now = reply.parameters.as_ref().unwrap_or(&none);
        for (position, page) in pages.iter().enumerate() {
            // What an input fills belongs to the page on which it was said.
            let filled = if position == 0 { filled } else { &none };
            for slot in inventory.form(*page) {
                for value in [value_of(filled, &slot.name), value_of(now, &slot.name)]
                    .into_iter()
                    .flatten()
                {
                    self.touch(slot.resource);
                    self.entity_values(slot.entity_type, value);
                }
            }
        }
    }

    fn intent(&mut self, reply: &Reply) {
        let Some(found) = &reply.matched else { return };
        let intent = found
            .intent
            .as_deref()
            .and_then(|name| self.inventory.intent(name));
        let Some(intent) = intent else { return };
        self.touch(intent);
        for (name, value) in &found.parameters {
            if let Some(entity_type) = self.inventory.type_of_intent_parameter(intent, name) {
                self.entity_values(entity_type, value);
            }
        }
    }

    fn entity_values(&mut self, entity_type: &str, value: &Value) {
        for entry in self.inventory.entities.shown(entity_type, value) {
            self.touch(entry);
        }
    }

    /// Touches what an id means; one that means nothing is remembered.
    fn identify(&mut self, resource: Option<usize>, id: &str) {
        match resource {
            Some(resource) => {
                self.known.insert(resource);
                self.touch(resource);
            }
            None if self.inventory.is_shared(id) => {}
            None if self.unknown.len() < MOST_UNKNOWN && !self.unknown.contains(id) => {
                self.unknown.insert(id.to_owned());
            }
            None => {}
        }
    }

    /// Counts each turn once.
    fn touch(&mut self, resource: usize) {
        if let Some((turns, last)) = self.touched.get_mut(resource)
            && *last != self.turns
        {
            *turns += 1;
            *last = self.turns;
        }
    }
}

/// The value of a parameter, names compared as the service does; null is none.
fn value_of<'m>(values: &'m Map, name: &str) -> Option<&'m Value> {
    let exact = values.get(name);
    let found = exact.or_else(|| {
        values
            .iter()
            .find(|(key, _)| folded(key) == name)
            .map(|(_, value)| value)
    });
    found.filter(|value| !value.is_null())
}
