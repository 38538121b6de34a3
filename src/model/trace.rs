//! Which parts of a Dialogflow CX agent a turn passed, by the service's ids: what coverage is counted from.
//!
//! It is kept with every turn of a result, so it is small: each id once, nothing that the reply says elsewhere (the
//! intent is its match, the webhooks are its webhooks).

use serde::{Deserialize, Serialize};

/// Most pages, and most handlers, kept of one turn: far more than a turn passes unless it loops.
const MOST: usize = 256;

/// What a turn passed; empty when the service did not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trace {
    /// The pages as `FLOW/PAGE`, in the order they were first passed; the first is where the turn began. The page of a
    /// flow's own start is `START_PAGE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<String>,
    /// Names of the form parameters that were asked for on them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// Ids of the routes and event handlers that were called, in the order they first were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<String>,
}

impl Trace {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty() && self.handlers.is_empty()
    }

    /// Notes that a page was passed.
    pub fn pass(&mut self, flow: &str, page: &str) {
        let is_it =
            |known: &String| known.strip_prefix(flow).and_then(|rest| rest.strip_prefix('/')) == Some(page);
        if self.pages.len() < MOST && !self.pages.iter().any(is_it) {
            self.pages.push([flow, "/", page].concat());
        }
    }

    /// Notes that a form parameter was asked for.
    pub fn ask(&mut self, parameter: &str) {
        note(&mut self.asked, parameter);
    }

    /// Notes that a route or an event handler was called.
    pub fn call(&mut self, handler: &str) {
        note(&mut self.handlers, handler);
    }

    /// Adds what a later part of the same turn passed.
    pub fn extend(&mut self, later: &Self) {
        later.pages.iter().for_each(|page| note(&mut self.pages, page));
        later.asked.iter().for_each(|parameter| self.ask(parameter));
        later.handlers.iter().for_each(|handler| self.call(handler));
    }
}

fn note(list: &mut Vec<String>, item: &str) {
    if list.len() < MOST && !list.iter().any(|known| known == item) {
        list.push(item.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_is_kept_once_and_in_order() {
        let mut trace = Trace::default();
        trace.pass("f", "START_PAGE");
        trace.pass("f", "p");
        trace.ask("size");
        trace.pass("f", "START_PAGE");
        trace.call("r1");
        trace.call("r1");
        let mut later = Trace::default();
        later.pass("f", "p");
        later.pass("g", "p");
        later.ask("size");
        later.ask("drink");
        later.call("r2");
        trace.extend(&later);
        assert_eq!(
            serde_json::to_value(&trace).unwrap(),
            serde_json::json!({
                "pages": ["f/START_PAGE", "f/p", "g/p"],
                "asked": ["size", "drink"],
                "handlers": ["r1", "r2"]
            })
        );
    }

    #[test]
    fn a_turn_in_a_loop_stays_small() {
        let mut trace = Trace::default();
        for number in 0..10_000 {
            trace.pass("f", &number.to_string());
            trace.ask(&number.to_string());
            trace.call(&number.to_string());
        }
        assert_eq!(
            (trace.pages.len(), trace.asked.len(), trace.handlers.len()),
            (MOST, MOST, MOST)
        );
    }
}
