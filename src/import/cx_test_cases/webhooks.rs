//! What webhooks did in a recording: session parameters that appear, or change, although nothing in the export sets
//! them. Only a webhook can have.

use std::collections::HashSet;

use super::messages::for_each_fulfillment;
use super::recording::{Turn, plain_name};
use crate::export::agent::Agent;
use crate::model::{Map, Value};

/// Numbers closer than this are one number: the service keeps doubles.
const SAME_NUMBER: f64 = 1e-6;

/// The parameters that the export itself can set, in lower case.
#[derive(Debug, Default)]
pub(super) struct Settable(HashSet<String>);

impl Settable {
    /// Presets, form parameters and intent parameters of an agent.
    pub(super) fn of(agent: &Agent) -> Self {
        let mut names = HashSet::new();
        for_each_fulfillment(agent, &mut |fulfillment| {
            let actions = fulfillment.set_parameter_actions.iter();
            names.extend(actions.map(|action| plain_name(&action.parameter).to_lowercase()));
        });
        let pages = agent.flows.values().flat_map(|flow| flow.pages.values());
        names.extend(
            pages
                .flat_map(|page| &page.form.parameters)
                .map(|parameter| parameter.display_name.to_lowercase()),
        );
        let intents = agent.intents.values().flat_map(|intent| &intent.parameters);
        names.extend(intents.map(|parameter| parameter.id.to_lowercase()));
        Self(names)
    }

    /// What a webhook must have set in a turn.
    pub(super) fn answer(&self, turn: &Turn, before: &Map) -> Map {
        let injected: HashSet<String> = turn.injected().keys().map(|name| name.to_lowercase()).collect();
        let is_from_elsewhere = |name: &str| {
            let name = name.to_lowercase();
            !self.0.contains(&name) && !injected.contains(&name)
        };
        let recorded = turn.parameters().iter();
        recorded
            .filter(|(name, value)| {
                is_from_elsewhere(name) && !is_same(before.get(*name).unwrap_or(&Value::Null), value)
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

/// Whether two recorded values are one value.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() < SAME_NUMBER,
            _ => one == other,
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| is_same(value, other)))
        }
        _ => one == other,
    }
}
